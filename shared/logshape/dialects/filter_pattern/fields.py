"""Space-delimited patterns, from the text of a line to its fields and from slots to tests of them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias

import msgspec

from logshape.dialects.filter_pattern.tree import Rest, Slot
from logshape.dialects.filter_pattern.values import text_test

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from logshape.dialects.filter_pattern.switches import Unconfirmed
    from logshape.dialects.filter_pattern.tree import Delimited
    from logshape.dialects.filter_pattern.values import TextTest

Fields: TypeAlias = "list[tuple[str, int]]"
FieldsTest: TypeAlias = "Callable[[str], dict[str, str] | None]"

_UNNAMED: Final[tuple[str, TextTest | None]] = ("", None)


class _Marks(msgspec.Struct, frozen=True):
    """What parts fields and what closes those that are in brackets or quotes, as the switches say."""

    parting: re.Pattern[str]
    other: re.Pattern[str]
    closing: dict[str, re.Pattern[str]]


@lru_cache
def _marks(switches: Unconfirmed) -> _Marks:
    parting = r" \t" if switches.tab_parts_fields else " "
    behind = "" if switches.closing_parts_fields else rf"(?=[{parting}]|\Z)"
    return _Marks(
        parting=re.compile(f"[{parting}]"),
        other=re.compile(f"[^{parting}]"),
        closing={"[": re.compile(rf"\]{behind}"), '"': re.compile(f'"{behind}')},
    )


def split(line: str, switches: Unconfirmed) -> Fields:
    """
    Split *line* into its fields, each with the offset at which it begins.

    What stands in brackets or double quotes is one field, and these are dropped; one that is never closed is a
    character like any other. The time is linear in the line.
    """
    marks, together = _marks(switches), switches.spaces_run_together
    unclosed: set[str] = set()
    fields: Fields = []
    at = _start(marks.other.search(line), line) if together else 0
    more = at < len(line)
    while more:
        text, end = _field(line, at, marks, unclosed)
        fields.append((text, at))
        at = _start(marks.other.search(line, end), line) if together else end + bool(marks.parting.match(line, end))
        more = at < len(line) or (at > end and not together)
    return fields


def fields_test(pattern: Delimited, switches: Unconfirmed) -> FieldsTest:
    """Return what reads a line by *pattern*: the extracted values where it takes the line, else None."""
    slots = pattern.slots
    gap = next((place for place, slot in enumerate(slots) if isinstance(slot, Rest)), None if slots else 0)
    named = [(slot.name, _slot_test(slot, switches)) for slot in slots if isinstance(slot, Slot)]
    absorbs = _takes_rest(slots, switches)

    def read(line: str) -> dict[str, str] | None:
        fields = split(line, switches)
        extra = len(fields) - len(named)
        if absorbs and extra > 0:
            start = fields[-extra - 1][1]
            fields[-extra - 1 :] = [(line[start:], start)]
            extra = 0
        if extra < 0 or (extra and gap is None):
            return None
        placed = [*named[:gap], *[_UNNAMED] * extra, *named[gap:]] if gap is not None else named
        if not all(test(text) for (_, test), (text, _) in zip(placed, fields, strict=True) if test):
            return None
        return {
            f"${name or place}": text
            for place, ((name, _), (text, _)) in enumerate(zip(placed, fields, strict=True), start=1)
        }

    return read


def _slot_test(slot: Slot, switches: Unconfirmed) -> TextTest | None:
    if not slot.any_of:
        return None
    any_of = [[text_test(check.operator, check.value, switches) for check in checks] for checks in slot.any_of]
    return lambda text: any(all(test(text) for test in tests) for tests in any_of)


def _takes_rest(slots: Sequence[Slot | Rest], switches: Unconfirmed) -> bool:
    """Tell whether the last slot takes what is left of a line that has more fields than there are slots."""
    if switches.last_name_takes_rest == "never" or not slots:
        return False
    *before, last = slots
    if not isinstance(last, Slot) or not last.name or last.any_of or any(isinstance(slot, Rest) for slot in before):
        return False
    tested = bool(before) and all(isinstance(slot, Slot) and slot.any_of for slot in before)
    return tested or switches.last_name_takes_rest == "always"


def _field(line: str, at: int, marks: _Marks, unclosed: set[str]) -> tuple[str, int]:
    """Return the field that begins at *at*, and the offset behind it; add to *unclosed* what is never closed again."""
    opening = line[at : at + 1]
    closing = marks.closing.get(opening)
    if closing and opening not in unclosed:
        close = closing.search(line, at + 1)
        if close:
            return line[at + 1 : close.start()], close.end()
        unclosed.add(opening)
    end = _start(marks.parting.search(line, at), line)
    return line[at:end], end


def _start(match: re.Match[str] | None, line: str) -> int:
    return match.start() if match else len(line)
