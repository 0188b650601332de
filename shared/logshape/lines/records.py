"""Records: an event once shaped, by the names of its fields; null fields are not there."""

from __future__ import annotations

from typing import Any, TypeAlias

# A record is on its way to the wire, and which fields it has is the contract's to say.
Record: TypeAlias = "dict[str, Any]"


def note(record: Record, entry: str) -> None:
    """Add *entry* to the record's `parse_errors`, where it says what could not be read as declared."""
    entries = record.setdefault("parse_errors", [])
    if entry not in entries:
        entries.append(entry)


def set_aside(record: Record, name: str, value: object) -> None:
    """Put *value* in the record's `attributes`, where everything goes that no field takes."""
    record.setdefault("attributes", {})[name] = value
