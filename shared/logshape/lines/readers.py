"""Readers: formats in their order as one function from a line to its record, which it always gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logshape.contract.model import UNPARSED
from logshape.lines.formats import Tools, json_reader
from logshape.lines.json_text import read_object
from logshape.lines.texts import first_characters, text_reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from logshape.contract.model import Field, Format
    from logshape.lines.formats import Reader
    from logshape.lines.records import Record

_NO_FIELDS: Final[frozenset[str]] = frozenset()
_JSON_STARTS: Final = "{ \t\r\n"  # JSON allows white space before the brace


def reader_for(format_: Format, fields: Mapping[str, Field]) -> Callable[[str], Record | None]:
    """Return a function from a line to its record as *format_* alone reads it, or None where that does not fit."""
    read = readers((format_,), fields)

    def only(line: str) -> Record | None:
        record = read(line)
        return None if record["format"] == UNPARSED else record

    return only


def readers(
    formats: Sequence[Format], fields: Mapping[str, Field], fixed: frozenset[str] = _NO_FIELDS
) -> Callable[[str], Record]:
    """
    Return a function from a line to its record as the first of *formats* reads it that fits.

    A record has what the line gives: fields, `attributes`, `parse_errors`, and the format's name. A line that no format
    fits is `unparsed` and in `message` as a whole. What is in *fixed* the group gives, and a line that gives it too is
    not heard. A format is compiled when a line first begins with a character that one of its lines can begin with, so
    that a cold start pays for no other.
    """
    choices = _Choices(formats, fields, fixed)
    by_first = choices.by_first

    def read(line: str) -> Record:
        may_be_json, candidates = by_first.get(line[:1]) or choices.of(line[:1])
        document = read_object(line) if may_be_json else None
        for candidate in candidates:
            record = candidate(line, document)
            if record is not None:
                return record
        return {"format": UNPARSED, "message": line}

    return read


class _Choices:
    """The readers that a line can be for, by its first character."""

    def __init__(self, formats: Sequence[Format], fields: Mapping[str, Field], fixed: frozenset[str]) -> None:
        self.by_first: dict[str, tuple[bool, tuple[Reader, ...]]] = {}
        self._tools = [Tools(format_, fields) for format_ in formats]
        self._fixed = fixed
        self._made: dict[tuple[int, int], Reader] = {}
        starts = (first_characters(line.template, tools) for tools in self._tools for line in tools.format.lines)
        self._special = frozenset(_JSON_STARTS).union(*(start for start in starts if start is not None))

    def of(self, first: str) -> tuple[bool, tuple[Reader, ...]]:
        """Return whether a line beginning with *first* can be JSON, and the readers to try on it, in their order."""
        place = first if first in self._special else ""
        if place not in self.by_first:
            may_be_json = place in _JSON_STARTS and any(tools.format.reads_json for tools in self._tools)
            found = (read for number in range(len(self._tools)) for read in self._readers_of(number, place))
            self.by_first[place] = place != "" and may_be_json, tuple(found)
        return self.by_first[place]

    def _readers_of(self, number: int, first: str) -> Iterator[Reader]:
        """Yield the readers of one format, JSON before text."""
        tools = self._tools[number]
        if tools.format.reads_json and first != "" and first in _JSON_STARTS:
            if (number, -1) not in self._made:
                self._made[number, -1] = json_reader(tools, self._fixed)
            yield self._made[number, -1]
        for place, line in enumerate(tools.format.lines):
            starts = first_characters(line.template, tools)
            if starts is None or (first != "" and first in starts):
                if (number, place) not in self._made:
                    self._made[number, place] = text_reader(tools, line, self._fixed)
                yield self._made[number, place]
