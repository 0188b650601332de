"""Pairs: text like ``Name: value`` with a tab or a new line between the pairs, into the fields of a record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from logshape.contract.templates import Hole, Text
from logshape.errors import InvalidTemplate
from logshape.lines.records import note, set_aside
from logshape.lines.values import MISFIT

if TYPE_CHECKING:
    from collections.abc import Callable

    from logshape.contract.templates import Template
    from logshape.lines.formats import Tools
    from logshape.lines.records import Record


def pairs_reader(tools: Tools, fixed: frozenset[str]) -> Callable[[str, Record], None]:
    """Return a function that adds a text's pairs to a record: ``Name: value``, a tab or a new line between them."""
    known = {}
    for template in tools.format.pairs:
        head, hole, tail = _pair(template)
        wanted = [name for name in hole.names if name not in fixed]
        known[head] = (tail, [(name, tools.coercion(name)) for name in wanted if name in tools.types], wanted)

    def read(text: str, record: Record) -> None:
        for item in (text.replace("\n", "\t") if "\n" in text else text).split("\t"):
            head, colon, value = item.strip().partition(": ")
            entry = known.get(head)
            if entry is None or not value.endswith(entry[0]):
                if colon:
                    set_aside(record, head, value)
                continue
            tail, fields, names = entry
            value = value[: len(value) - len(tail)]
            for name, coerce in fields:
                _add_pair(record, name, value, coerce(value))
            if len(fields) < len(names):
                set_aside(record, names[0], value)

    return read


def _pair(template: Template) -> tuple[str, Hole, str]:
    """Return the name, the hole and the unit of a pair's template."""
    match template.parts:
        case (Text(text=head), Hole() as hole) if head.endswith(": "):
            return head.removesuffix(": "), hole, ""
        case (Text(text=head), Hole() as hole, Text(text=tail)) if head.endswith(": "):
            return head.removesuffix(": "), hole, tail
        case _:
            raise InvalidTemplate("a pair is `Name: {field}`, and perhaps a unit behind it", 1)


def _add_pair(record: Record, name: str, value: str, coerced: Any) -> None:  # noqa: ANN401 # as the field's type says
    if coerced is MISFIT:
        set_aside(record, name, value)
        note(record, f"type:{name}")
    elif name == "level":
        record["level"], record["severity_number"] = coerced
    else:
        record[name] = coerced
