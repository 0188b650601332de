"""Contracts: which contract a command speaks of, from an option, the environment, or where it usually lies."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from logshape.errors import InvalidContract, UnreadableInput

if TYPE_CHECKING:
    from collections.abc import Callable

    from logshape.contract.model import Contract
    from logshape.contract.places import Places

VARIABLE: Final = "LOGSHAPE_CONTRACT"
USUAL: Final = (Path("shared/contract.yaml"), Path("contract.yaml"))
COMPILED: Final = ".msgpack"

option: Final[Callable[[click.decorators.FC], click.decorators.FC]] = click.option(
    "--contract",
    "contract",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help=f"The contract; else ${VARIABLE}, else {USUAL[0]}, else {USUAL[1]}.",
)


def find(given: Path | None) -> Path:
    """
    Return *given*, else what `LOGSHAPE_CONTRACT` names, else the first usual place that holds a file.

    Raises:
        UnreadableInput: none is given, and none is where it usually lies.

    """
    if given is not None:
        return given
    if named := os.environ.get(VARIABLE):
        return Path(named)
    for path in USUAL:
        if path.is_file():
            return path
    message = f"there is no contract: neither {USUAL[0]} nor {USUAL[1]} is here; name one by --contract or {VARIABLE}"
    raise UnreadableInput(message)


def load(given: Path | None) -> Contract:
    """
    Return the contract that `find` finds, from YAML or compiled.

    Raises:
        InvalidContract: with every problem of the contract.
        UnreadableInput: there is none, or it may not be read.

    """
    return load_with_places(given)[0]


def queries(given: Path | None) -> dict[str, str]:
    """
    Return the texts of the saved queries that belong to the contract that `find` finds, by the names of their files.

    Raises:
        UnreadableInput: there is none, or one may not be read.

    """
    from logshape.contract import compiled

    return compiled.queries(find(given))


def load_with_places(given: Path | None) -> tuple[Contract, Places | None]:
    """Return what `load` does, and where its files say it; a compiled contract has forgotten that."""
    path = find(given)
    if path.suffix == COMPILED:
        from logshape.contract import compiled

        return compiled.read(path), None
    from logshape.contract.load import read
    from logshape.contract.places import Places

    reading = read(path)
    problems = reading.problems()
    if problems or reading.contract is None:
        raise InvalidContract(problems)
    return reading.contract, Places(reading)
