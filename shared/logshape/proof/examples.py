"""Examples: the faults of formats that do not read their own examples as these say."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from logshape.contract.model import CORE_FIELDS
from logshape.contract.wording import shown
from logshape.lines.readers import reader_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from logshape.contract.documents import Document
    from logshape.contract.load import Reading
    from logshape.contract.model import Example, Field, Format

_RULE: Final = "failed-example"
_OF_THE_EVENT: Final = frozenset(
    ("observed_time", "account", "region", "log_group", "log_stream", "event_id", "contract_version")
)


def judge(reading: Reading) -> None:
    """Run every example of every format of *reading*; each that fails becomes a fault of its document."""
    _run(reading.document, reading.formats, reading.fields.values())
    for document in reading.library.documents:
        formats = {name: reading.built_in[name] for name in document.names("formats") if name in reading.built_in}
        _run(document, formats, reading.library.fields.values())


def _run(document: Document, formats: Mapping[str, Format], declared: Iterable[Field]) -> None:
    fields = {field.name: field for field in (*CORE_FIELDS, *declared)}
    for name, format_ in formats.items():
        if format_.examples:
            read = reader_for(format_, fields)
            entries = document.data["formats"][name]["examples"]
            for at, example in zip(_whole(entries), format_.examples, strict=True):
                message = _failure(example, read(example.line), fields)
                if message:
                    document.refuse(("formats", name, "examples", at, "record"), _RULE, f"{message}", side="key")


def _whole(entries: Iterable[Mapping[str, object] | None]) -> Iterator[int]:
    """Yield the places of the examples that have a line and a record; the others are faults already."""
    return (at for at, entry in enumerate(entries) if entry is not None and {"line", "record"} <= entry.keys())


def _failure(example: Example, record: Mapping[str, object] | None, fields: Mapping[str, Field]) -> str | None:
    """Say what *record* has otherwise than *example* wants, or None if it is as wanted."""
    if record is None:
        return f"the format does not fit the line {shown(example.line)}; `logshape explain` shows how far it does"
    wrong = [_difference(name, wanted, record.get(name), fields) for name, wanted in example.record.items()]
    differences = "; ".join(difference for difference in wrong if difference)
    return f"the line gives another record: {differences}; mend the format or the record" if differences else None


def _difference(name: str, wanted: object, seen: object, fields: Mapping[str, Field]) -> str | None:
    if name in _OF_THE_EVENT:
        return f"`{name}` comes from the event, which an example has none of"
    field = fields.get(name)
    if name == "attributes" and isinstance(wanted, dict) and isinstance(seen, dict):
        seen = {key: value for key, value in seen.items() if key in wanted}
    if field is not None and field.type == "timestamp":
        wanted = _moment(wanted)
    if _same(wanted, seen):
        return None
    unknown = " (it is no field)" if field is None and seen is None else ""
    return f"`{name}`{unknown} is {_spelled(seen)}, wanted {_spelled(wanted)}"


def _same(wanted: object, seen: object) -> bool:
    """Compare as JSON does, where 1 is 1.0 and not true."""
    if isinstance(wanted, bool) or isinstance(seen, bool):
        return wanted is seen
    if isinstance(wanted, dict) and isinstance(seen, dict):
        return wanted.keys() == seen.keys() and all(_same(value, seen[key]) for key, value in wanted.items())
    if isinstance(wanted, list) and isinstance(seen, list):
        return len(wanted) == len(seen) and all(map(_same, wanted, seen))
    return wanted == seen


def _moment(value: object) -> object:
    """Spell a time with a zone as records do, and leave anything else as it is."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return value
    if moment is None or moment.tzinfo is None:
        return value
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _spelled(value: object) -> str:
    return "null" if value is None else f"`{json.dumps(value, ensure_ascii=False, default=str)}`"
