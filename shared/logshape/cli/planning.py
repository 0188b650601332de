"""Planning: what plan, apply and drift have in common: their options, the targets, and how a plan is shown."""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, get_args

import click
import msgspec
from msgspec.structs import replace

from logshape.cli import contracts
from logshape.errors import UnsafePlan
from logshape.plan import Blocked, Plan, Skipped
from logshape.plan import Target as Name
from logshape.plan.rendering import place, rows, text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from logshape.connections import Control
    from logshape.contract.model import Contract
    from logshape.targets import Target
    from logshape.targets.place import Place

_NAMES: Final[tuple[Name, ...]] = get_args(Name)
_NO_INDEX: Final = "nobody says where the index is; name a deployed stack by --stack, or a URL by"


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the options of a command say, by their names there."""

    contract: Path | None = None
    target: tuple[Name, ...] = ()
    group: str | None = None
    stack: str | None = None
    allow_shorten: bool = False
    force: bool = False
    profile: str | None = None
    region: str | None = None


_OPTIONS: Final[Sequence[Callable[[click.decorators.FC], click.decorators.FC]]] = (
    contracts.option,
    click.option("--target", multiple=True, type=click.Choice(_NAMES), help="Only this one; may be repeated."),
    click.option("--group", metavar="GLOB", help="Only what belongs to log groups of such names."),
    click.option(
        "--stack",
        metavar="NAME",
        help="The stack whose outputs say where lines and alarms go.  [default: the contract's name]",
    ),
    click.option("--allow-shorten", is_flag=True, help="Let a retention be shortened, which deletes logs."),
    click.option("--force", is_flag=True, help="Let more than ten and more than 30 % of one kind be deleted."),
    click.option("--profile", metavar="NAME", help="As the AWS CLI has it."),
    click.option("--region", metavar="NAME", help="As the AWS CLI has it."),
    click.option("--json", "as_json", is_flag=True, help="Print {fingerprint, changes, skipped, blocked}."),
)


def options(command: click.decorators.FC) -> click.decorators.FC:
    """Give *command* the options that `Asked` takes, and `--json`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def planned(asked: Asked) -> tuple[Plan, list[Target]]:
    """
    Read what is there, and return the plan with the targets that can make it.

    Raises:
        OutsideFailure: something could not be read, so that nothing can be planned.
        InvalidContract, UnreadableInput, InvalidEnvironment: what is asked means nothing.

    """
    from logshape import connections
    from logshape.targets import place as places
    from logshape.targets import planning

    contract = contracts.load(asked.contract)
    control = connections.Control(os.environ, asked.profile, asked.region)
    with _waiting():
        found = places.find(control, asked.stack, os.environ, usual=contract.name)
        now_ms = time.time_ns() // 1_000_000
        targets = list(_targets(asked, contract, control, found, now_ms))
        wish = planning.Wish(glob=asked.group, allow_shorten=asked.allow_shorten)
        plan = planning.plan(targets, contract, found, wish, now_ms)
    if "opensearch" in _wanted(asked) and not found.endpoint:
        plan = _without_index(plan, found)
    return plan, targets


def show(plan: Plan, *, as_json: bool, **more: object) -> None:
    """Print *plan*, with *more* where it is JSON; which place it is for is told in any case."""
    if as_json:
        click.echo(place(plan), err=True)
        click.echo(json.dumps(rows(plan) | more, ensure_ascii=False, indent=2))
    else:
        click.echo(text(plan, lambda said, colour: click.style(said, fg=colour)), nl=False)


def warn(plan: Plan, asked: Asked) -> None:
    """Say now what would keep *plan* from being made."""
    try:
        plan.check(force=asked.force)
    except UnsafePlan as error:
        click.echo(f"apply will refuse: {error}", err=True)


@contextmanager
def progress(total: int, what: str) -> Iterator[Callable[[object], None]]:
    """Show how many of *total* are done, on a terminal only."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda _: bar.advance(task)


@contextmanager
def _waiting() -> Iterator[None]:
    """Show that something is read, on a terminal only: how much, nobody knows before."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status("reading what is there, at the rates that AWS allows"):
        yield


def _wanted(asked: Asked) -> Sequence[Name]:
    """Return the targets that are asked for; only one of them has to do with log groups."""
    return asked.target or (_NAMES if asked.group is None else ("logs",))


def _targets(asked: Asked, contract: Contract, control: Control, found: Place, now_ms: int) -> Iterator[Target]:
    from logshape import connections
    from logshape.targets.cloudwatch import CloudWatch
    from logshape.targets.logs import Logs
    from logshape.targets.opensearch import OpenSearch
    from logshape.targets.place import ENDPOINT

    wanted = _wanted(asked)
    if "logs" in wanted:
        yield Logs(control, found, _queries(asked.contract))
    if "cloudwatch" in wanted:
        yield CloudWatch(control, found, asked.stack or contract.name)
    if "opensearch" in wanted:
        environ = {**os.environ, ENDPOINT: found.endpoint}
        if request := connections.opensearch(environ, control, connections.CONTROL_SECONDS):
            yield OpenSearch(request, now_ms)


def _queries(given: Path | None) -> dict[str, str] | None:
    """Return the saved queries of the contract; None where there are none, so that those deployed are left alone."""
    from logshape.contract.queries import beside

    path = contracts.find(given)
    return contracts.queries(given) if path.suffix == contracts.COMPILED else beside(path) or None


def _without_index(plan: Plan, found: Place) -> Plan:
    from logshape.targets.place import ENDPOINT

    if found.deployed:
        return replace(plan, skipped=(*plan.skipped, Skipped("opensearch", "the stack has no index")))
    return replace(plan, blocked=(*plan.blocked, Blocked("opensearch", f"{_NO_INDEX} {ENDPOINT}")))
