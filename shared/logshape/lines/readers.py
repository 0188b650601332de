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
    read = Readers((format_,), fields)

    def only(line: str) -> Record | None:
        record = read(line)
        return None if record["format"] == UNPARSED else record

    return only


class Readers:
    """
    What reads the lines of a group: its formats, tried in their order.

    A record has what the line gives: fields, `attributes`, `parse_errors`, and the format's name. A format is compiled
    when a line first begins with a character that one of its lines can begin with: a cold start pays for no other.
    """

    def __init__(
        self, formats: Sequence[Format], fields: Mapping[str, Field], fixed: frozenset[str] = _NO_FIELDS
    ) -> None:
        """Read as *formats* say; what is in *fixed* the group gives, and lines that give it too are not heard."""
        self._tools = [Tools(format_, fields) for format_ in formats]
        self._reads_json = [format_.reads_json for format_ in formats]
        self._fixed = fixed
        self._made: dict[tuple[int, int], Reader] = {}
        self._by_first: dict[str, tuple[bool, tuple[Reader, ...]]] = {}

    def __call__(self, line: str) -> Record:
        """Return the record of *line*; one that no format fits is `unparsed` and in `message` as a whole."""
        first = line[:1]
        known = self._by_first.get(first)
        if known is None:
            known = self._by_first[first] = self._candidates(first)
        may_be_json, readers = known
        document = read_object(line) if may_be_json else None
        for read in readers:
            record = read(line, document)
            if record is not None:
                return record
        return {"format": UNPARSED, "message": line}

    def _candidates(self, first: str) -> tuple[bool, tuple[Reader, ...]]:
        may_be_json = first != "" and first in _JSON_STARTS and any(self._reads_json)
        return may_be_json, tuple(
            read for number in range(len(self._tools)) for read in self._readers_of(number, first)
        )

    def _readers_of(self, number: int, first: str) -> Iterator[Reader]:
        """Yield the readers of one format that a line beginning with *first* can be for, JSON before text."""
        tools = self._tools[number]
        if self._reads_json[number] and first != "" and first in _JSON_STARTS:
            if (number, -1) not in self._made:
                self._made[number, -1] = json_reader(tools, self._fixed)
            yield self._made[number, -1]
        for place, line in enumerate(tools.format.lines):
            starts = first_characters(line.template, tools)
            if starts is None or (first != "" and first in starts):
                if (number, place) not in self._made:
                    self._made[number, place] = text_reader(tools, line, self._fixed)
                yield self._made[number, place]
