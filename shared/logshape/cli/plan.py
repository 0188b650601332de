"""Plan: what apply would change in the account, and nothing is changed."""

from __future__ import annotations

from typing import Any

import click

from logshape.cli import planning


@click.command("plan")
@planning.options
@click.option("--markdown", is_flag=True, help="Print a comment for a pull request.")
def command(*, as_json: bool, markdown: bool, **options: Any) -> None:  # noqa: ANN401 # click gives what `Asked` takes
    """
    Show what is to be done so that the account is as the contract wants it.

    Reads log groups, filters, saved queries, alarms, the dashboard and the index, and changes nothing. The fingerprint
    at the end is what `logshape apply --fingerprint` takes: exactly this plan, and no other.
    """
    from logshape.plan.rendering import markdown as in_markdown

    asked = planning.Asked(**options)
    plan, _ = planning.planned(asked)
    if markdown:
        click.echo(in_markdown(plan), nl=False)
    else:
        planning.show(plan, as_json=as_json)
    planning.warn(plan, asked)
    if plan.changes:
        click.echo(f"Next: `logshape apply --fingerprint {plan.fingerprint()}` with the same options", err=True)
    else:
        click.echo("Next: nothing; the account is as the contract wants it, but for what is told above", err=True)
