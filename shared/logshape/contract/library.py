"""Library: the files of built-in formats as fields and drafts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from logshape.contract import documents
from logshape.contract.drafts import Draft, draft
from logshape.contract.fields import FROM_LINES, declared
from logshape.contract.model import BUILT_IN, Field

if TYPE_CHECKING:
    from logshape.contract.documents import Document

FOLDER: Final = Path(__file__).parent.parent / "formats"


class Library(msgspec.Struct, frozen=True, kw_only=True):
    """The built-in formats in the order in which they are tried, and the fields that they use."""

    fields: dict[str, Field]
    drafts: dict[str, Draft]
    documents: tuple[Document, ...]


def files(folder: Path = FOLDER) -> tuple[Path, ...]:
    """Return the files of the library in *folder*, in their order."""
    return tuple(sorted(folder.glob("*.yaml")))


def read(folder: Path = FOLDER) -> Library:
    """Read the library in *folder*; what is wrong with it is in its documents."""
    found = tuple(documents.read(path, str(path), "library") for path in files(folder))
    fields: dict[str, Field] = {}
    for document in found:
        fields = {**declared(document), **fields}
    types = {**FROM_LINES, **{name: field.type for name, field in fields.items()}}
    drafts = {name: draft(name, document, types) for document in found for name in document.data.get("formats", {})}
    order = [*BUILT_IN, *sorted(drafts.keys() - set(BUILT_IN))]
    return Library(fields=fields, drafts={name: drafts[name] for name in order if name in drafts}, documents=found)
