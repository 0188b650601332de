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
_SHARED: Final = "shared"  # where a project keeps its contract, one step below its root
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
        return queries.derive(contracts.load(contract), _texts(contracts.find(contract)))
    return ARTEFACTS[artefact](contracts.load(contract))


def _texts(contract: Path) -> dict[str, str]:
    """Return the queries that lie beside *contract* or in the project's root, by file name."""
    from logshape.artefacts.queries import SUFFIX

    home = contract.resolve().parent
    places = [home / _QUERIES, *([home.parent / _QUERIES] if home.name == _SHARED else [])]
    folder = next((place for place in places if place.is_dir()), places[0])
    files = sorted(folder.glob(f"*{SUFFIX}"))
    if not files:
        raise UnreadableInput(
            f"{contract}: there is no query *{SUFFIX} in {_QUERIES}/ beside it or in the project's root"
        )
    try:
        return {file.name: file.read_text(encoding="utf-8") for file in files}
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableInput(f"{folder}: a query cannot be read: {error}") from error
