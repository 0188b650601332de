"""Drift: whether somebody changed by hand what the contract decides."""

from __future__ import annotations

from typing import Any

import click

from logshape.cli import planning


@click.command("drift")
@planning.options
def command(*, as_json: bool, **options: Any) -> None:  # noqa: ANN401 # click gives what `Asked` takes
    """
    Show how the account differs from what the contract wants, as plan does, and exit 1 if it does.

    Indexes come and go with time: they are shown, and are no drift.
    """
    plan, _ = planning.planned(planning.Asked(**options))
    planning.show(plan, as_json=as_json)
    if plan.decided:
        click.echo("Next: `logshape apply` makes the account as the contract wants it", err=True)
    else:
        click.echo("Next: nothing; there is no drift", err=True)
    raise SystemExit(1 if plan.decided else 0)
