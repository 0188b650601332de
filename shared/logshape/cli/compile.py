"""Compile: what one service wants of a contract, as JSON: the very arguments of the API call that takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from logshape.cli import contracts
from logshape.errors import UnreadableInput

if TYPE_CHECKING:
    from pathlib import Path

    from logshape.artefacts import Arguments

_QUERIES: Final = "queries"
_LATER: Final = "saved-objects"


@click.command("compile")
@click.argument("artefact")
@contracts.option
def command(artefact: str, contract: Path | None) -> None:
    """
    Print what the contract compiles to for one service, the same bytes every time.

    ARTEFACT is metric-filters, subscription-filters, retention, index-template, glue, firehose, queries, alarms or
    dashboard. What only a deployed stack knows is printed as ${IngestArn} and the like; where a log group's name
    belongs, a glob stands.
    """
    from logshape.artefacts import render

    click.echo(render(_derived(artefact, contract)), nl=False)


def _derived(artefact: str, contract: Path | None) -> Arguments | list[Arguments]:
    from logshape.artefacts import ARTEFACTS, queries
    from logshape.contract.wording import suggestion

    if artefact == _LATER:
        raise UnreadableInput(f"`{_LATER}` cannot be compiled yet")
    known = sorted((*ARTEFACTS, _QUERIES))
    if artefact not in known:
        raise UnreadableInput(
            f"`{artefact}` is no artefact; use one of {', '.join(known)}{suggestion(artefact, known)}"
        )
    if artefact == _QUERIES:
        return queries.derive(contracts.load(contract), contracts.queries(contract))
    return ARTEFACTS[artefact](contracts.load(contract))
