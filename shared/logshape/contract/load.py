"""Load: a contract's file, with the built-in formats, as one `Contract`, or as all its problems."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from logshape.contract import documents, library
from logshape.contract.drafts import Draft, draft
from logshape.contract.fields import CORE, FROM_LINES, declared
from logshape.contract.groups import Known, groups, kept
from logshape.contract.metrics import metrics
from logshape.contract.model import Contract, Field, Group, Index, Keep
from logshape.contract.redaction import detectors
from logshape.contract.resolve import completed, inherited
from logshape.errors import InvalidContract

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping

    from logshape.contract.documents import Document
    from logshape.contract.library import Library
    from logshape.contract.model import FieldType, Format
    from logshape.contract.rules import Judge
    from logshape.errors import Advice, Problem

JUDGES: Final[frozenset[Judge]] = frozenset(("yaml", "schema", "contract"))
"""Who has judged a contract that is read; the examples are judged by `logshape.proof`."""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """
    What was made of a file: the contract, if its faults leave it a meaning, and what each document says of itself.

    *formats* and *built_in* have the formats without faults: those of the file, and the library's with its own fields.
    """

    contract: Contract | None
    document: Document
    library: Library
    fields: dict[str, Field]
    formats: dict[str, Format]
    built_in: dict[str, Format]

    def problems(self, judges: frozenset[Judge] = JUDGES) -> list[Problem]:
        """Return all problems, sorted by place, once *judges* have added their faults to the documents."""
        found = (problem for document in self.documents for problem in document.problems(judges))
        return sorted(found)

    def advice(self, judges: frozenset[Judge] = JUDGES) -> list[Advice]:
        """Return all advice, sorted by place, as `problems` returns the problems."""
        return sorted(advice for document in self.documents for advice in document.advice(judges))

    @property
    def documents(self) -> tuple[Document, ...]:
        """The file, then the library's."""
        return (self.document, *self.library.documents)


def load(path: str | os.PathLike[str]) -> Contract:
    """
    Return the contract in the YAML file *path*; its examples are not run, which `logshape check` does.

    Raises:
        InvalidContract: with every problem of the file.
        UnreadableInput: there is no such file, or it may not be read.

    """
    contract, found = problems(path)
    if found or contract is None:
        raise InvalidContract(found)
    return contract


def problems(path: str | os.PathLike[str], folder: Path = library.FOLDER) -> tuple[Contract | None, list[Problem]]:
    """
    Return the contract in *path*, None if it has no meaning, and all its problems, sorted by place.

    Raises:
        UnreadableInput: there is no such file, or it may not be read.

    """
    reading = read(path, folder)
    return reading.contract, reading.problems()


def read(path: str | os.PathLike[str], folder: Path = library.FOLDER) -> Reading:
    """
    Read the contract in *path* and the built-in formats in *folder*, whatever is wrong with them.

    Raises:
        UnreadableInput: there is no such file, or it may not be read.

    """
    document, shelf = documents.read(Path(path), str(path)), library.read(folder)
    own = declared(document)
    drafts = _drafts(document, shelf, own)
    complete = inherited(drafts)
    fields = {**own, **_borrowed(document, shelf, own, complete)}
    formats = {name: completed(draft, fields) for name, draft in complete.items()}
    known = _known(document, fields, drafts)
    parts = {
        "groups": groups(document, known),
        "metrics": metrics(document, known),
        "redact": detectors(document),
    }
    sound = all(one.is_sound() and not one.source.problems for one in (document, *shelf.documents))
    return Reading(
        contract=_contract(document.data, fields, formats, parts) if sound else None,
        document=document,
        library=shelf,
        fields=fields,
        formats={name: formats[name] for name in document.data.get("formats", {}) if _is_sound(name, drafts)},
        built_in={name: completed(complete[name], shelf.fields) for name in shelf.drafts if _is_sound(name, drafts)},
    )


def _drafts(document: Document, shelf: Library, own: Mapping[str, Field]) -> dict[str, Draft]:
    types: dict[str, FieldType | None] = dict.fromkeys(document.names("fields"))
    types = {**FROM_LINES, **_types(shelf.fields.values()), **types, **_types(own.values())}
    mine = {name: draft(name, document, types) for name in document.data.get("formats", {})}
    return {**mine, **shelf.drafts}


def _borrowed(
    document: Document, shelf: Library, own: Mapping[str, Field], drafts: Mapping[str, Draft]
) -> dict[str, Field]:
    """Return the library's fields that the formats of the groups name and the contract does not declare."""
    entries = (entry for entry in document.data.get("groups", []) if entry is not None)
    used = {name for entry in entries for name in entry.get("formats", ()) if name in drafts}
    names = {name for format_ in used for name in drafts[format_].names}
    return {name: field for name, field in shelf.fields.items() if name in names and name not in own}


def _known(document: Document, fields: Mapping[str, Field], drafts: Mapping[str, Draft]) -> Known:
    untyped: dict[str, FieldType | None] = dict.fromkeys(document.names("fields"))
    types = {**untyped, **_types(fields.values())}
    return Known(
        formats=(*document.names("formats"), *drafts),
        settable={**types, **FROM_LINES},
        fields={**types, **CORE},
        keep=_keep(document.data),
    )


def _types(fields: Iterable[Field]) -> dict[str, FieldType | None]:
    return {field.name: field.type for field in fields}


def _is_sound(name: str, drafts: Mapping[str, Draft]) -> bool:
    """Say whether neither *name* nor what it extends has a fault; nor the fields, by which its values are read."""
    seen: set[str] = set()
    while name in drafts and name not in seen:
        document = drafts[name].document
        if not document.is_sound("fields") or not document.is_sound("formats", name):
            return False
        seen.add(name)
        name = drafts[name].extends or ""
    return True


def _keep(data: Mapping[str, Any]) -> Keep:
    written = data.get("keep", {})
    return Keep(logs=kept(written.get("logs")), says_logs="logs" in written, index=kept(written.get("index")))


def _contract(
    data: Mapping[str, Any],
    fields: Mapping[str, Field],
    formats: dict[str, Format],
    parts: Mapping[str, Any],
) -> Contract:
    index = {key: value for key, value in data.get("index", {}).items() if key in Index.__struct_fields__}
    return Contract(
        version=int(data["version"]),
        name=data["name"],
        fields=tuple(fields.values()),
        formats=formats,
        keep=_keep(data),
        keep_archive=kept(data.get("keep", {}).get("archive")),
        index=msgspec.convert(index, Index),
        **parts,
    )


def built_in(folder: Path = library.FOLDER) -> Contract:
    """Return a contract that reads every log group with every built-in format and declares what they read."""
    shelf = library.read(folder)
    formats = {name: completed(draft, shelf.fields) for name, draft in inherited(shelf.drafts).items()}
    return Contract(
        version=1,
        name="built-in",
        fields=tuple(shelf.fields.values()),
        formats=formats,
        groups=(Group(name="all", match=("*",), formats=tuple(formats)),),
    )
