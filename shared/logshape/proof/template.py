"""
Template: what in the stack's template is not as the contract beside it derives.

``python -m logshape.proof.template CONTRACT TEMPLATE`` mends it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from logshape.artefacts import stack_template
from logshape.contract.load import load
from logshape.errors import LogshapeError, Problem, UnreadableInput

if TYPE_CHECKING:
    from logshape.artefacts.stack_template import Difference
    from logshape.contract.model import Contract

NAME: Final = "template.yaml"
_SHARED: Final = "shared"
_LONGEST: Final = 160  # characters of a line in a message


def beside(contract_path: Path) -> Path | None:
    """Return the template beside *contract_path*, or in the root of a project that keeps the contract in ``shared``."""
    here = contract_path.parent
    places = [here / NAME]
    if here.resolve().name == _SHARED:
        places.append(Path(os.path.normpath(here / "..")) / NAME)
    return next((place for place in places if place.is_file()), None)


def judge(contract: Contract, path: Path) -> list[Problem]:
    """
    Return one problem for each block of the template *path* that is not as *contract* has it.

    Raises:
        UnreadableInput: it may not be read.

    """
    return [
        Problem(file=str(path), line=found.line, column=_column(found), rule="stale-template", message=_message(found))
        for found in stack_template.differences(contract, read(path))
    ]


def write(contract_path: Path, path: Path) -> None:
    """
    Write what follows from *contract_path* into the template *path*.

    Raises:
        InvalidContract: with every problem of the contract.
        UnreadableInput: a file may not be read or written, or the template has no place for a block.

    """
    text = read(path)
    wanted = stack_template.written(load(contract_path), text)
    if wanted != text:
        try:
            path.write_bytes(wanted.encode())
        except OSError as error:
            raise UnreadableInput(f"{path} cannot be written: {error.strerror}") from error


def read(path: Path) -> str:
    """
    Return the text of *path* with its line ends as they are.

    Raises:
        UnreadableInput: it may not be read, or is not UTF-8.

    """
    try:
        return path.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableInput(f"{path} cannot be read: {error}") from error


def _column(found: Difference) -> int:
    saw = found.saw or ""
    return len(saw) - len(saw.lstrip()) + 1


def _message(found: Difference) -> str:
    return (
        f"`{'.'.join(found.path)}` is not as the contract has it: saw {_shown(found.saw)}, "
        f"wanted {_shown(found.wanted)}; run `make template`"
    )


def _shown(line: str | None) -> str:
    if line is None:
        return "its end"
    text = line.strip()
    return f"`{text}`" if len(text) <= _LONGEST else f"`{text[:_LONGEST]}…`"


if __name__ == "__main__":
    try:
        write(*map(Path, sys.argv[1:3]))
    except LogshapeError as error:
        raise SystemExit(str(error)) from None
