"""
Compiled: a contract and its saved queries as one MessagePack file beside a hash of all that it was made from.

Reading it imports neither YAML nor the schema. ``python -m logshape.contract.compiled SOURCE TARGET`` writes it.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Final

import msgspec

from logshape.contract.model import Contract  # noqa: TC001 # msgspec reads the annotations
from logshape.contract.queries import beside, some
from logshape.errors import InvalidContract, LogshapeError, UnreadableInput

YAML: Final = (".yaml", ".yml")
_HERE: Final = Path(__file__).parent
_FORMATS: Final = _HERE.parent / "formats"


class _Compiled(msgspec.Struct, frozen=True, kw_only=True):
    sources: str
    contract: Contract
    queries: dict[str, str]


def write(contract_path: Path, target: Path) -> None:
    """
    Compile *contract_path* into *target*, which is replaced as a whole or not at all.

    Raises:
        InvalidContract: with every problem of the contract.
        UnreadableInput: a file may not be read or written.

    """
    from logshape.contract.load import load

    compiled = _Compiled(
        sources=_fingerprint(contract_path), contract=load(contract_path), queries=beside(contract_path)
    )
    draft = target.with_name(f".{target.name}.new")
    try:
        draft.write_bytes(msgspec.msgpack.encode(compiled))
        draft.replace(target)
    except OSError as error:
        message = f"{target} cannot be written: {error.strerror}"
        raise UnreadableInput(message) from error


def read(path: Path) -> Contract:
    """
    Return the contract that was compiled into *path*.

    Raises:
        UnreadableInput: there is no such file, or another version of logshape compiled it.

    """
    return _decoded(path).contract


def queries(path: Path) -> dict[str, str]:
    """
    Return the texts of the queries that were compiled into *path*, or lie beside it where it is YAML, by file name.

    Raises:
        UnreadableInput: as `read` says, or there is no query.

    """
    return some(beside(path) if path.suffix in YAML else _decoded(path).queries, path)


def fresh(path: Path, contract_path: Path) -> bool:
    """Say whether *path* was compiled from *contract_path*, its queries and the built-in formats as they are now."""
    try:
        return _decoded(path).sources == _fingerprint(contract_path)
    except UnreadableInput:
        return False


def _decoded(path: Path) -> _Compiled:
    try:
        return msgspec.msgpack.decode(_content(path), type=_Compiled)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        message = f"{path} is no contract that this version of logshape compiled: {error}; run `make build`"
        raise UnreadableInput(message) from error


def _fingerprint(contract_path: Path) -> str:
    """Hash the contract, its queries, the built-in formats and the language itself, each under its name."""
    language = (path for path in _HERE.iterdir() if path.suffix in (".py", ".json"))
    digest = hashlib.sha256()
    for path in (contract_path, *sorted(_FORMATS.glob("*.yaml")), *sorted(language)):
        name = "contract" if path == contract_path else path.name
        digest.update(f"{name}\0{hashlib.sha256(_content(path)).hexdigest()}\n".encode())
    for name, text in beside(contract_path).items():
        digest.update(f"{name}\0{hashlib.sha256(text.encode()).hexdigest()}\n".encode())
    return digest.hexdigest()


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}"
        raise UnreadableInput(message) from error


if __name__ == "__main__":
    try:
        write(*map(Path, sys.argv[1:3]))
    except InvalidContract as invalid:
        raise SystemExit(str(invalid)) from None
    except LogshapeError as error:
        raise SystemExit(str(error)) from None
