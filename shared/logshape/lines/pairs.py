"""Pairs: text like ``Name: value`` with a tab or a new line between the pairs, into the fields of a record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from logshape.contract.templates import Hole, Text
from logshape.errors import InvalidTemplate
from logshape.lines.records import note, set_aside
from logshape.lines.values import MISFIT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from logshape.contract.templates import Template
    from logshape.lines.formats import Tools
    from logshape.lines.records import Record


_Known: TypeAlias = "tuple[str, Sequence[tuple[str, Callable[[object], Any]]] | None]"
_UNKNOWN: Final[_Known] = ("", None)


def pairs_reader(tools: Tools, fixed: frozenset[str]) -> Callable[[str, Record], None]:
    """Return a function that adds a text's pairs to a record: ``Name: value``, a tab or a new line between them."""
    known: dict[str, _Known] = {}
    for template in tools.format.pairs:
        head, hole, tail = parts_of(template)
        names = [name for name in hole.names if name not in fixed]
        known[head] = tail, [(name, tools.coercion(name) if name in tools.types else _refuse) for name in names]

    def read(text: str, record: Record) -> None:
        for item in (text.replace("\n", "\t") if "\n" in text else text).split("\t"):
            head, colon, value = item.strip().partition(": ")
            tail, fields = known.get(head, _UNKNOWN)
            if not value.endswith(tail) or fields is None:
                if colon:
                    set_aside(record, head, value)
                continue
            value = value.removesuffix(tail)
            for name, coerce in fields:
                coerced = coerce(value)
                if coerced is MISFIT:
                    _refused(tools, record, name, value)
                elif name == "level":
                    record["level"], record["severity_number"] = coerced
                else:
                    record[name] = coerced

    return read


def parts_of(template: Template) -> tuple[str, Hole, str]:
    """
    Return the name, the hole and the unit of a pair's template.

    Raises:
        InvalidTemplate: it is no pair.

    """
    match template.parts:
        case (Text(text=head), Hole() as hole) if head.endswith(": "):
            return head.removesuffix(": "), hole, ""
        case (Text(text=head), Hole() as hole, Text(text=tail)) if head.endswith(": "):
            return head.removesuffix(": "), hole, tail
        case _:
            raise InvalidTemplate("a pair is `Name: {field}`, and perhaps a unit behind it", 1)


def _refuse(_value: object) -> object:
    """Refuse any value: its field is not declared."""
    return MISFIT


def _refused(tools: Tools, record: Record, name: str, value: str) -> None:
    set_aside(record, name, value)
    if name in tools.types:
        note(record, f"type:{name}")
