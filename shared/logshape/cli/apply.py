"""Apply: makes a plan that was shown, all of it that can be made."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from logshape.cli import planning
from logshape.errors import OutsideFailure, StalePlan
from logshape.plan.rendering import signs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logshape.plan import Plan
    from logshape.targets.planning import Failure


@click.command("apply")
@planning.options
@click.option("--fingerprint", metavar="F", help="Make only the plan that has it, as plan printed it.")
@click.option("--yes", is_flag=True, help="Make whatever plan there is, without asking.")
def command(*, as_json: bool, fingerprint: str | None, yes: bool, **options: Any) -> None:  # noqa: ANN401 # as in plan
    """
    Make the account as the contract wants it.

    Shows the plan and asks, on a terminal; elsewhere wants --fingerprint or --yes. A change that fails stops no other:
    it is named, the exit code is 3, and to run the same again makes what is left. Exits 1 when a guard or a wrong
    fingerprint stops it, before anything is changed.
    """
    from logshape.targets.planning import make

    if not (yes or fingerprint or (sys.stdin.isatty() and not as_json)):  # who reads JSON cannot answer
        raise click.UsageError("nobody can be asked here; say --fingerprint F, as `logshape plan` prints it, or --yes")
    asked = planning.Asked(**options)
    plan, targets = planning.planned(asked)
    if not as_json:
        planning.show(plan, as_json=False)
    if fingerprint:
        _compare(plan, fingerprint)
    plan.check(force=asked.force)
    if plan.changes and not (yes or fingerprint):
        click.confirm(f"Make {_counted(len(plan.changes))}?", abort=True, err=True)
    with planning.progress(len(plan.changes), "changes") as tell:
        failures = make(plan, targets, tell)
    if as_json:
        planning.show(plan, as_json=True, failed=[_row(failure) for failure in failures])
    _sum_up(plan, failures)


def _compare(plan: Plan, fingerprint: str) -> None:
    """
    Refuse *plan* unless it has *fingerprint*.

    Raises:
        StalePlan: it has another, with the log groups that were born since if that is why.

    """
    if plan.fingerprint() == fingerprint:
        return
    if newcomers := plan.newcomers(fingerprint):
        why = f"since then these log groups were made: {', '.join(newcomers)}"
    else:
        why = "account, contract or options have changed since then"
    raise StalePlan(f"the plan is not the one that was shown: {why}; run `logshape plan` again")


def _sum_up(plan: Plan, failures: Sequence[Failure]) -> None:
    for failure in failures:
        click.echo(f"failed to {_told(failure)}: {failure.reason}", err=True)
    if failures:
        made = len(plan.changes) - len(failures)
        raise OutsideFailure(f"made {made} of {_counted(len(plan.changes))}; run it again for what is left")
    click.echo(f"made {_counted(len(plan.changes))}", err=True)
    click.echo("Next: `logshape drift` tells when somebody changes it", err=True)


def _told(failure: Failure) -> str:
    return f"{signs(failure.change)[1]} {failure.change.resource.kind} {failure.change.resource.name}"


def _row(failure: Failure) -> dict[str, str]:
    resource = failure.change.resource
    return {
        "action": signs(failure.change)[1],
        "target": resource.target,
        "kind": resource.kind,
        "name": resource.name,
        "reason": failure.reason,
    }


def _counted(number: int) -> str:
    return "1 change" if number == 1 else f"{number} changes"
