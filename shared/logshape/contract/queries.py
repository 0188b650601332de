"""Turns a contract's place into the texts of the saved queries that belong to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logshape.errors import UnreadableInput

if TYPE_CHECKING:
    from pathlib import Path

SUFFIX: Final = ".cwli"
_FOLDER: Final = "queries"
_SHARED: Final = "shared"  # where a project keeps its contract, one step below its root


def beside(contract: Path) -> dict[str, str]:
    """
    Return the queries that lie beside *contract* or in the project's root, by file name; empty when there are none.

    Raises:
        UnreadableInput: one cannot be read.

    """
    home = contract.resolve().parent
    places = [home / _FOLDER, *([home.parent / _FOLDER] if home.name == _SHARED else [])]
    folder = next((place for place in places if place.is_dir()), places[0])
    try:
        return {file.name: file.read_text(encoding="utf-8") for file in sorted(folder.glob(f"*{SUFFIX}"))}
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableInput(f"{folder}: a query cannot be read: {error}") from error


def some(found: dict[str, str], contract: Path) -> dict[str, str]:
    """
    Return *found*, which belongs to *contract*.

    Raises:
        UnreadableInput: there is none, which never means that none is wanted: it would delete all that are deployed.

    """
    if not found:
        raise UnreadableInput(
            f"{contract}: there is no query *{SUFFIX} in {_FOLDER}/ beside it or in the project's root"
        )
    return found
