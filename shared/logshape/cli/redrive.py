"""Redrive: sends again, by hand, what waits in a spool."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click
import msgspec

from logshape.cli import contracts, depots
from logshape.cli.ledger import aligned
from logshape.errors import OutsideFailure, Undeliverable
from logshape.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from logshape.connections import Aws
    from logshape.delivery.redriving import Redriver
    from logshape.delivery.sending import Waits
    from logshape.delivery.waiting import Waiting
    from logshape.sinks import SinkName


@click.command("redrive")
@depots.options
@click.option("--sink", type=click.Choice(("archive", "index")), help="Only what waits for this one.")
@click.option("--reason", metavar="GLOB", help="Only what waits by such a rule, `index-5*`; see what is shown.")
@click.option("--rate", type=click.IntRange(min=1), metavar="N", help="At most N documents a second.")
@click.option("--yes", is_flag=True, help="Send what is found, without asking.")
def command(
    *,
    sink: SinkName | None,
    reason: str | None,
    rate: int | None,
    yes: bool,
    as_json: bool,
    **options: Any,  # noqa: ANN401 # as in plan
) -> None:
    """
    Send again what waits in a spool.

    Shows what it has found and asks, on a terminal; elsewhere sends only with --yes. An object is removed once its last
    document is stored, in quarantine, or in a smaller object. Exits 3 when a store takes nothing: all of that stays,
    and to run the same again sends what is left.
    """
    from logshape import connections
    from logshape.delivery import waiting

    asked = depots.Asked(**options)
    environ = depots.environment(asked)
    aws = connections.Aws(environ)
    found = list(waiting.find(waiting.depots(environ, aws), depots.wish(asked, sink, reason)))
    if not as_json:
        click.echo(_table(found) if found else "nothing waits")
    if not found or not depots.asks(f"Send {_counted(len(found))}?", yes=yes, as_json=as_json):
        if as_json:
            click.echo(json.dumps({"found": _found(found)}, indent=2))
        return
    redriver, waits = _send(found, asked, rate, environ, aws)
    tallies = {name: msgspec.to_builtins(tally) for name, tally in redriver.sending.tallies.items()}
    answer = {
        "found": _found(found),
        "sinks": tallies,
        "invocations": _events(redriver).counts(),
        "waiting": dict(waits),
    }
    click.echo(json.dumps(answer, indent=2) if as_json else _told(redriver))
    if waits:
        said = ", ".join(f"{count} for {rule}" for rule, count in sorted(waits.items()))
        raise OutsideFailure(f"still waiting: {_counted(waits.total())}, {said}; run it again when that is mended")


def _send(
    found: Sequence[Waiting], asked: depots.Asked, rate: int | None, environ: Mapping[str, str], aws: Aws
) -> tuple[Redriver, Counter[str]]:
    """Send all that was *found*, and count what has to wait, by rule."""
    from logshape.delivery import pipeline
    from logshape.delivery.redriving import Redriver

    contract = contracts.load(asked.contract)
    sinks, spool = depots.sending(contract, environ, aws)
    redriver = Redriver(pipeline(contract, environ), sinks, spool, depots.terms(rate))
    waits: Counter[str] = Counter()
    with depots.quiet(), depots.progress(len(found), "objects") as tell:
        for each in found:
            if left := _one(redriver, each):
                waits[left.rule] += 1
            tell(each)
    return redriver, waits


def _one(redriver: Redriver, each: Waiting) -> Waits | None:
    from logshape.delivery.sending import Waits

    try:
        return redriver.redrive(each.store, each.item.key, each.kind)
    except (OutsideFailure, Undeliverable) as error:
        click.echo(f"{each.store.address(each.item.key)}: {error}", err=True)
        return Waits(rule="a failure that is told above")


def _table(found: Sequence[Waiting]) -> str:
    rows: list[Sequence[object]] = [("waits for", "reason", "objects", "bytes", "oldest", "newest")]
    for name, reason in sorted({(each.name, each.reason) for each in found}):
        items = [each.item for each in found if (each.name, each.reason) == (name, reason)]
        times = [item.modified for item in items]
        rows.append((name, reason, len(items), sum(item.size for item in items), _time(min(times)), _time(max(times))))
    return aligned(rows)


def _found(found: Sequence[Waiting]) -> list[dict[str, object]]:
    return [
        {
            "object": each.store.address(each.item.key),
            "waits_for": each.name,
            "reason": each.reason,
            "bytes": each.item.size,
            "since": _time(each.item.modified),
        }
        for each in found
    ]


def _told(redriver: Redriver) -> str:
    rows: list[Sequence[object]] = [("sink", "redriven", "quarantined", "expired", "left")]
    for name, tally in sorted(redriver.sending.tallies.items()):
        rows.append((name, tally.redriven, tally.quarantined, tally.expired, tally.left))
    told = aligned(rows) if len(rows) > 1 else ""
    if received := _events(redriver).received:
        told += f"\n{received:,} events of invocations that had failed: {_events(redriver).counts()}"
    return told.lstrip("\n") or "nothing was sent"


def _events(redriver: Redriver) -> Ledger:
    return sum((ledger for taken in redriver.taken for ledger in taken.books.values()), start=Ledger())


def _time(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _counted(number: int) -> str:
    return "1 object" if number == 1 else f"{number:,} objects"
