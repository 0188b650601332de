"""Depots: what redrive and quarantine have in common: where the spool is, which objects are meant, how fast they go."""

from __future__ import annotations

import os
import re
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import msgspec

from logshape.cli import contracts
from logshape.cli.planning import progress
from logshape.errors import UnreadableInput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from logshape.connections import Aws
    from logshape.contract.model import Contract
    from logshape.delivery.outlets import Sinks
    from logshape.delivery.sending import Terms
    from logshape.delivery.waiting import Wish
    from logshape.sinks import SinkName
    from logshape.sinks.spool import Spool

__all__ = ["Asked", "Pace", "asks", "environment", "options", "progress", "quiet", "sending", "terms", "wish"]

VARIABLE: Final = "LOGSHAPE_SPOOL"
LOCAL: Final = Path(".logshape/spool")
_AGO: Final = re.compile(r"([0-9]+)([smhd])")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_LONG: Final = 7 * 86_400.0
"""Seconds that a command may take."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the options of a command say, by their names there."""

    contract: Path | None = None
    spool: str | None = None
    stack: str | None = None
    since: float | None = None
    until: float | None = None
    group: str | None = None


class _When(click.ParamType[float]):
    """A time in seconds since 1970, written as ISO 8601 has it or as so long ago: `2h`, `3d`."""

    name = "when"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:  # noqa: ANN401 # as in click
        if found := _AGO.fullmatch(value):
            return time.time() - int(found[1]) * _SECONDS[found[2]]
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"`{value}` is no time; use 2026-01-02T03:04:05Z, or 30m, 2h, 3d for so long ago", param, ctx)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


_OPTIONS: Final[Sequence[Callable[[click.decorators.FC], click.decorators.FC]]] = (
    contracts.option,
    click.option("--spool", metavar="URL|FOLDER", help=f"s3://bucket/prefix or a folder; else ${VARIABLE}."),
    click.option("--stack", metavar="NAME", help="Take spool, archive and index from the outputs of this stack."),
    click.option("--since", type=_When(), metavar="TIME", help="Only what was put there since; ISO 8601, or 2h, 3d."),
    click.option("--until", type=_When(), metavar="TIME", help="Only what was put there before."),
    click.option("--group", metavar="GLOB", help="Only what comes from log groups of such names."),
    click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON."),
)


def options(command: click.decorators.FC) -> click.decorators.FC:
    """Give *command* the options that `Asked` takes, and `--json`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def wish(asked: Asked, sink: SinkName | None = None, reason: str | None = None) -> Wish:
    """Return which objects are meant."""
    from logshape.delivery.waiting import Wish

    return Wish(sink=sink, since=asked.since, until=asked.until, group=asked.group, reason=reason)


def environment(asked: Asked) -> dict[str, str]:
    """
    Return the variables that say where things are: the option's, the stack's, else this shell's, else the local run's.

    Raises:
        UnreadableInput: nobody says where the spool is, or it is no folder.
        OutsideFailure: the stack cannot be asked.

    """
    variables = dict(os.environ)
    if asked.stack:
        from logshape import connections
        from logshape.targets import outputs

        control = connections.Control(os.environ)
        variables |= outputs.variables(control, asked.stack) | {"AWS_REGION": control.region}
    if asked.spool:
        variables[VARIABLE] = asked.spool
    elif not variables.get(VARIABLE) and LOCAL.is_dir():
        variables[VARIABLE] = str(LOCAL)
    spool = variables.get(VARIABLE)
    if not spool:
        raise UnreadableInput(f"nobody says where the spool is; name it by --spool, --stack or {VARIABLE}")
    if "://" not in spool and not Path(spool).is_dir():
        raise UnreadableInput(f"{spool}: there is no such folder")
    return variables


def sending(contract: Contract, environ: Mapping[str, str], aws: Aws) -> tuple[Sinks, Spool]:
    """
    Return the sinks that *environ* switches on, and its spool, which may be a folder.

    Raises:
        UnreadableInput: no sink is on.

    """
    from logshape.delivery import connected
    from logshape.delivery.waiting import base
    from logshape.sinks.spool import Spool

    sinks, _ = connected(contract, {**environ, VARIABLE: ""})
    if not list(sinks.on()):
        wanted = "LOGSHAPE_FIREHOSE_STREAM, LOGSHAPE_OPENSEARCH_URL or both"
        raise UnreadableInput(f"nobody says where documents go; set {wanted}, or name a --stack")
    store, prefix = base(environ, aws)
    return sinks, Spool(lambda key, body: store.write(prefix + key, body), contract.version)


def terms(rate: int | None) -> Terms:
    """Return the terms of a command: as long as it takes, and at most *rate* documents a second."""
    from logshape.delivery.sending import MOST_DOCUMENTS, Terms

    until, now_ms = time.monotonic() + _LONG, time.time_ns() // 1_000_000
    if rate is None:
        return Terms(until=until, now_ms=now_ms)
    return Terms(until=until, now_ms=now_ms, pace=Pace(rate), most=min(rate, MOST_DOCUMENTS))


class Pace:
    """At most so many documents a second, counted over the time since the first."""

    def __init__(
        self,
        rate: int,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Allow *rate* a second of *clock*."""
        self._rate = rate
        self._clock = clock
        self._sleep = sleep
        self._next = 0.0

    def __call__(self, documents: int) -> None:
        """Wait until *documents* more may go."""
        now = self._clock()
        if self._next > now:
            self._sleep(self._next - now)
        self._next = max(self._next, now) + documents / self._rate


def asks(question: str, *, yes: bool, as_json: bool) -> bool:
    """Tell whether to do what was shown: where nobody can be asked only *yes* says so."""
    if yes:
        return True
    if sys.stdin.isatty() and not as_json:  # who reads JSON cannot answer
        return click.confirm(question, abort=True, err=True)
    click.echo("nothing was sent; say --yes to send it", err=True)
    return False


@contextmanager
def quiet() -> Iterator[None]:
    """Let what a function would log go to standard error: the answer has standard output for itself."""
    before, sys.stdout = sys.stdout, sys.stderr
    try:
        yield
    finally:
        sys.stdout = before
