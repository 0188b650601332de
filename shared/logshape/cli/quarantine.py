"""Quarantine: shows what no store will take as it is, and sends it again once the reason is mended."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import click
import msgspec

from logshape.cli import contracts, depots
from logshape.cli.ledger import aligned
from logshape.errors import OutsideFailure, Undeliverable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from logshape.connections import Aws, Item, Store
    from logshape.delivery.quarantine import Case, Choice, Replay
    from logshape.sinks.spool import Place

PLACES: Final = ("archive", "index", "payload")
_CASE: Final[Sequence[Callable[[click.decorators.FC], click.decorators.FC]]] = (
    click.option("--place", type=click.Choice(PLACES), help="Only what this one would not have."),
    click.option("--rule", metavar="GLOB", default="*", help="Only what such rules put there."),
)


def _options(command: click.decorators.FC) -> click.decorators.FC:
    for option in reversed(_CASE):
        command = option(command)
    return depots.options(command)


@click.group("quarantine")
def command() -> None:
    """Look at what no store will take as it is, and send it again once the reason is mended."""


@command.command("list")
@_options
def list_(*, place: Place | None, rule: str, as_json: bool, **options: Any) -> None:  # noqa: ANN401 # as in plan
    """Count what lies in quarantine: by place, rule, contract version and log group."""
    counts: Counter[tuple[str, str, int, str]] = Counter()
    for case in _meant(depots.Asked(**options), place, rule):
        line = case.line
        if line:
            counts[case.place, line.rule, line.contract_version, case.group] += 1
    names = ("place", "rule", "contract_version", "log_group", "documents")
    rows = [(*key, count) for key, count in sorted(counts.items())]
    if as_json:
        click.echo(json.dumps([dict(zip(names, row, strict=True)) for row in rows], indent=2))
    elif rows:
        heads = ("place", "rule", "contract", "log group", "documents")
        click.echo(aligned([heads, *((p, r, f"v{version}", group or "-", n) for p, r, version, group, n in rows)]))
        click.echo("Next: `logshape quarantine show` prints them, `replay` sends them again", err=True)
    else:
        click.echo("nothing is in quarantine")


@command.command("show")
@_options
@click.option(
    "--limit", type=click.IntRange(min=1), default=20, show_default=True, metavar="N", help="Print at most N."
)
def show(*, place: Place | None, rule: str, limit: int, as_json: bool, **options: Any) -> None:  # noqa: ANN401 # as in plan
    """Print what lies in quarantine, each document with the reason."""
    shown: list[dict[str, Any]] = []
    for case in _meant(depots.Asked(**options), place, rule):
        shown.append(
            {"place": case.place, "object": case.item.key, **msgspec.json.decode(msgspec.json.encode(case.line))}
        )
        if len(shown) == limit:
            break
    if as_json:
        click.echo(json.dumps(shown, indent=2, ensure_ascii=False))
        return
    for each in shown:
        click.echo(f"{each['place']}  {each['rule']}  contract v{each['contract_version']}  {each['object']}")
        click.echo(f"  {each['reason']}")
        click.echo(f"  {json.dumps(each['document'], ensure_ascii=False)}")


@command.command("replay")
@_options
@click.option("--rate", type=click.IntRange(min=1), metavar="N", help="At most N documents a second.")
@click.option("--yes", is_flag=True, help="Send what is found, without asking.")
def replay(
    *,
    place: Place | None,
    rule: str,
    rate: int | None,
    yes: bool,
    as_json: bool,
    **options: Any,  # noqa: ANN401 # as in plan
) -> None:
    """
    Send again what lies in quarantine: documents as they are, payloads as the present contract shapes them.

    Shows how many and asks, on a terminal; elsewhere sends only with --yes. What is refused again comes back, with the
    present reason. Exits 3 when a store takes nothing: all of that stays.
    """
    from logshape import connections
    from logshape.delivery import quarantine, waiting

    asked = depots.Asked(**options)
    environ = depots.environment(asked)
    aws = connections.Aws(environ)
    store, prefix = waiting.base(environ, aws)
    choice = _choice(asked, place, rule)
    objects = list(quarantine.objects(store, prefix, choice))
    meant = sum(choice.takes(case) for where, item in objects for case in quarantine.cases(store, where, item))
    if not as_json:
        click.echo(f"{meant:,} documents in quarantine are meant")
    if not meant or not depots.asks(f"Send {meant:,} documents again?", yes=yes, as_json=as_json):
        if as_json:
            click.echo(json.dumps({"meant": meant}))
        return
    replay, failed = _replay(objects, store, choice, _replayer(asked, rate, environ, aws))
    done = replay.done
    waits = Counter(waits.rule for waits in done.waits)
    if as_json:
        click.echo(json.dumps({"meant": meant, "sent": done.sent, "not_sendable": done.not_sendable, "waiting": waits}))
    else:
        click.echo(f"{done.sent:,} were sent; {done.not_sendable:,} are nothing that can be sent")
    if waits or failed:
        said = ", ".join([*sorted(waits), *failed])
        raise OutsideFailure(f"some still wait: {said}; run it again when that is mended")


def _replayer(asked: depots.Asked, rate: int | None, environ: Mapping[str, str], aws: Aws) -> Replay:
    from logshape.delivery import pipeline
    from logshape.delivery.quarantine import Replay
    from logshape.delivery.sending import Sending

    contract = contracts.load(asked.contract)
    sinks, spool = depots.sending(contract, environ, aws)
    return Replay(pipeline(contract, environ), Sending(contract, sinks, spool, depots.terms(rate)))


def _replay(
    objects: Sequence[tuple[Place, Item]], store: Store, choice: Choice, replay: Replay
) -> tuple[Replay, list[str]]:
    """Send what is meant of all *objects*, and return what failed."""
    failed: list[str] = []
    with depots.quiet(), depots.progress(len(objects), "objects") as tell:
        for place, item in objects:
            try:
                replay.replay(store, place, item, choice)
            except (OutsideFailure, Undeliverable) as error:
                failed.append(str(error))
            tell(item)
    return replay, failed


def _choice(asked: depots.Asked, place: Place | None, rule: str) -> Choice:
    from logshape.delivery.quarantine import PLACES as EVERYWHERE
    from logshape.delivery.quarantine import Choice

    return Choice(wish=depots.wish(asked), places=(place,) if place else EVERYWHERE, rule=rule)


def _meant(asked: depots.Asked, place: Place | None, rule: str) -> Iterator[Case]:
    """Yield the cases that are meant, and name the objects with lines that cannot be read."""
    from logshape import connections
    from logshape.delivery import quarantine, waiting

    environ = depots.environment(asked)
    store, prefix = waiting.base(environ, connections.Aws(environ))
    choice = _choice(asked, place, rule)
    for where, item in quarantine.objects(store, prefix, choice):
        found = quarantine.cases(store, where, item)
        if damaged := sum(case.line is None for case in found):
            click.echo(f"{store.address(item.key)}: {damaged} lines cannot be read", err=True)
        yield from filter(choice.takes, found)
