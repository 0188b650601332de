"""Fields: the map `fields` of a document as fields in their stored order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from logshape.contract import constants
from logshape.contract.model import CORE_FIELDS, LINE_FIELDS, TEXTS, Field
from logshape.contract.wording import shown, suggestion

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logshape.contract.documents import Document
    from logshape.contract.model import Action, FieldType, Scalar
    from logshape.contract.source import Keys

CORE: Final[Mapping[str, FieldType]] = {field.name: field.type for field in CORE_FIELDS}
FROM_LINES: Final[Mapping[str, FieldType]] = {name: CORE[name] for name in LINE_FIELDS}
_RESERVED: Final = frozenset((*CORE, "event_time", "raw", "attributes", "arrived"))
_NUMBERS: Final = ("integer", "long", "double")
_REDACTED: Final = {"mask": "masked", "hash": "hashed"}


def declared(document: Document) -> dict[str, Field]:
    """Return the fields that *document* declares; one whose type is not known is left out."""
    found: dict[str, Field] = {}
    for name, entry in document.data.get("fields", {}).items():
        path = ("fields", name)
        if name in _RESERVED:
            message = f"`{name}` is a name of logshape's own; give the field another"
            document.refuse(path, "reserved-name", message, side="key")
        elif "type" in entry:
            found[name] = _field(document, path, entry)
    return found


def _field(document: Document, path: Keys, entry: Mapping[str, Any]) -> Field:
    field = Field(
        name=str(path[-1]),
        type=entry["type"],
        why=entry.get("why", ""),
        unit=entry.get("unit"),
        range=_range(document, path, entry),
        example=entry.get("example"),
        redact=_redact(document, path, entry),
    )
    wanted = constants.misfit(field.name, field.type, field.example) if field.example is not None else None
    if wanted and field.type != "object":
        message = (
            f"the example of `{field.name}` is {shown(field.example)}; wanted {wanted}, for its type is {field.type}"
        )
        document.refuse((*path, "example"), "wrong-constant", message)
    return field


def _range(document: Document, path: Keys, entry: Mapping[str, Any]) -> tuple[float, float] | None:
    written = entry.get("range")
    if written is None or None in written:
        return None
    least, greatest = written
    if entry["type"] not in _NUMBERS:
        message = f"a {entry['type']} has no range; leave it out, or make the field one of {', '.join(_NUMBERS)}"
        document.refuse((*path, "range"), "wrong-range", message)
        return None
    if least > greatest:
        message = f"the range ends at {greatest} before it begins at {least}; write the least number first"
        document.refuse((*path, "range"), "wrong-range", message)
        return None
    return float(least), float(greatest)


def _redact(document: Document, path: Keys, entry: Mapping[str, Any]) -> Action | None:
    action: Action | None = entry.get("redact")
    if action not in (None, "drop") and entry["type"] not in TEXTS:
        message = (
            f"a field of type {entry['type']} cannot be {_REDACTED[action]}, for its stores take no text; use `drop`, "
            f"or make it a {' or a '.join(TEXTS)}"
        )
        document.refuse((*path, "redact"), "wrong-redaction", message)
    return action


def checked_constants(
    document: Document, written: Mapping[str, Scalar], path: Keys, types: Mapping[str, FieldType | None]
) -> dict[str, Scalar]:
    """Return the constants *written* at *path* as the *types* of their fields take them, faults aside."""
    found: dict[str, Scalar] = {}
    for name, value in written.items():
        kind = types.get(name)
        wanted = constants.misfit(name, kind, value) if kind else None
        if name not in types:
            refuse_unknown(document, name, (*path, name), types)
        if wanted:
            message = f"`{name}` is set to {shown(value)}; wanted {wanted}, for its type is {kind}"
            document.refuse((*path, name), "wrong-constant", message)
        else:
            found[name] = constants.spelled(kind, value) if kind else value
    return found


def refuse_unknown(document: Document, name: str, path: Keys, known: Mapping[str, object], column: int = 0) -> None:
    """Add the fault that *name* is none of the *known* fields: at the key of *path*, or at a *column* of its text."""
    if name in CORE and name not in known:
        message = f"`{name}` comes from the event or the pipeline, not from a line; use a field of your own"
    else:
        message = f"`{name}` is no field of this contract; declare it under `fields`{suggestion(name, known)}"
    document.refuse(path, "unknown-field", message, side="value" if column else "key", column=column or 1)
