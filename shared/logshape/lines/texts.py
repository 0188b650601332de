"""
Texts: a line template as one reader, which goes through the line once, from left to right.

Each hole is found by the literal behind it and tested as soon as it is found; what fails ends the reading. No step is
ever tried again, so a reader's time grows with the line and with nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from logshape.contract.templates import TIME_SHAPES, Hole, Maybe, Text, holes
from logshape.lines.formats import Tools, json_reader, start
from logshape.lines.holes import demands, ends_of, head_of, nearest, nulls
from logshape.lines.pairs import pairs_reader
from logshape.lines.records import set_aside
from logshape.lines.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Set as AbstractSet

    from logshape.contract.model import Line
    from logshape.contract.templates import Part, Template
    from logshape.lines.formats import Reader
    from logshape.lines.holes import Demand

Found: TypeAlias = "tuple[str, int, int]"
_NO_FIELDS: Final[frozenset[str]] = frozenset()


def text_reader(tools: Tools, line: Line, fixed: frozenset[str] = _NO_FIELDS) -> Reader:
    """Return the reader of text that is written as *line* says; fields in *fixed* are found and not kept."""
    return _Writer(tools, line, fixed).reader()


def span_reader(tools: Tools, line: Line, names: AbstractSet[str]) -> Callable[[str], list[Found] | None]:
    """
    Return what tells of a text that is written as *line* says where the holes are that fill one of *names*.

    A hole of JSON or of pairs is told, too, by its shape; of a text that is not written so, None.
    """
    return _Writer(tools, line, _NO_FIELDS).span_reader(names)


def first_characters(template: Template, tools: Tools) -> str | None:
    """Return the characters that a line of *template* can begin with, or None where it can be any."""
    match template.parts[0]:
        case Text(text=text):
            return text[0]
        case Hole(names=("@timestamp", *_), optional=False, filter=None):
            return "0123456789"
        case Hole(names=("level", *_), optional=False, filter=None):
            return "".join({word[0] for word in tools.levels if word})
        case Hole(shape="uuid", optional=False):
            return "0123456789abcdefABCDEF"
        case Hole(shape="json", optional=False):
            return "{ \t\r\n"
        case _:
            return None


class _Writer:
    """Writes the source of one template's reader; `_at` says where the next part begins: a number, or the name `at`."""

    def __init__(self, tools: Tools, line: Line, fixed: frozenset[str]) -> None:
        self._tools = tools
        self._line = line
        self._fixed = fixed
        self._source = Source("line, document=None")
        self._at = "0"
        parts = line.template.parts
        self._holes = {id(hole): number for number, hole in enumerate(holes(parts))}
        self._certain = {id(part) for part in parts if isinstance(part, Hole) and not part.optional}
        self._told: dict[int, str] = {}

    def reader(self) -> Reader:
        parts = self._line.template.parts
        self._walk()
        self._source.add(f"record = {{{', '.join(self._entries())}}}")
        for hole in holes(parts):
            self._keep(hole)
        self._source.add("return record")
        return self._source.function(f"{self._tools.format.name}, {self._line.template.source}")

    def span_reader(self, names: AbstractSet[str]) -> Callable[[str], list[Found] | None]:
        parts = self._line.template.parts
        for hole in holes(parts):
            if hole.shape in ("json", "pairs") or any(name in names for name in hole.names):
                told: str = next((name for name in hole.names if name in names), "") or hole.shape or ""
                self._told[id(hole)] = told
        self._source.add("found = []")
        self._walk()
        inner = [hole for hole in holes(parts) if hole.shape == "json"]
        for hole in inner:
            read = self._source.name(json_reader(self._tools, self._fixed, inner=True), "inner")
            self._refuse_if(f"{read}(line, {self._value(hole)}, {{}}) is None")
        self._source.add("return found")
        return self._source.function(f"{self._tools.format.name}, spans of {self._line.template.source}")

    def _walk(self) -> None:
        """Add the steps through the whole line."""
        parts = self._line.template.parts
        for hole in holes(parts):
            if id(hole) not in self._certain:
                self._source.add(f"{self._value(hole)} = None")
        self._add(parts, ())
        if isinstance(parts[-1], Text | Maybe):
            self._refuse_if(f"{self._at} != len(line)")

    def _add(self, parts: tuple[Part, ...], after: tuple[Part, ...]) -> None:
        """Add the steps for *parts*, behind which *after* stands."""
        taken = False  # a hole has already moved `at` behind the literal that ended it
        for number, part in enumerate(parts):
            rest = (*parts[number + 1 :], *after)
            match part:
                case Text(text=text):
                    if not taken:
                        self._refuse_if(f"not line.startswith({text!r}, {self._at})")
                        self._move(len(text))
                    taken = False
                case Hole():
                    taken = self._find(part, rest, inside=number + 1 == len(parts) and bool(after))
                case Maybe(parts=inner):
                    self._name_place()
                    with self._source.block(f"if line.startswith({head_of(part)!r}, at):"):
                        self._add(inner, rest)

    def _find(self, hole: Hole, rest: tuple[Part, ...], *, inside: bool) -> bool:
        """Add the steps that find where *hole* ends; answer whether they passed the literal that ends it."""
        source = self._source
        if hole.filter == "pad":
            self._skip_spaces()
        literal = rest[0].text if rest and isinstance(rest[0], Text) else ""
        ends = ends_of(rest)
        if ends == (None,):
            source.add("end = len(line)")
        else:
            near = source.name(nearest, "nearest") if not literal else ""
            source.add(
                f"end = {near}(line, {self._at}, {ends!r})" if near else f"end = line.find({literal!r}, {self._at})"
            )
            self._refuse_if("end < 0")
        source.add(f"{self._value(hole)} = {self._taken(hole)}")
        if "@timestamp" in hole.names and literal.startswith(" "):
            self._stretch(hole, literal)
        if id(hole) in self._told:
            source.add(f"found.append(({self._told[id(hole)]!r}, {self._at}, end))")
        self._test(hole)
        passes = bool(literal) and not inside
        source.add(f"at = end + {len(literal)}" if passes else "at = end")
        self._at = "at"
        if hole.filter == "pad" and literal == " " and passes:
            self._skip_spaces()
        return passes

    def _move(self, length: int) -> None:
        if self._at == "at":
            self._source.add(f"at += {length}")
        else:
            self._at = str(int(self._at) + length)

    def _name_place(self) -> None:
        """Make `at` a variable from here on, since what comes may move it or not."""
        if self._at != "at":
            self._source.add(f"at = {self._at}")
            self._at = "at"

    def _entries(self) -> list[str]:
        """Return the entries that every record of the line has: its constants, and the holes that are always filled."""
        first = start(self._tools, {**self._tools.format.set, **self._line.set})
        entries = [f"{name!r}: {value!r}" for name, value in first.items()]
        for hole in holes(self._line.template.parts):
            for name in hole.names:
                if id(hole) in self._certain and name in self._tools.types and name not in self._fixed:
                    value = self._stored(name, hole)
                    level = f"'level': {value}[0], 'severity_number': {value}[1]"
                    entries.append(level if name == "level" else f"{name!r}: {value}")
        return entries

    def _stretch(self, hole: Hole, literal: str) -> None:
        """Add that a time takes two words where one is none: a space may stand between date and time."""
        clock = self._source.name(self._tools.clock(hole.shape if hole.shape in TIME_SHAPES else None), "clock")
        empty = f"{self._value(hole)} not in {('', *nulls(self._tools, hole))!r} and " if hole.optional else ""
        with self._source.block(f"if {empty}{clock}({self._value(hole)}) is None:"):
            self._source.add(f"end = line.find({literal!r}, end + 1)")
            self._refuse_if("end < 0")
            self._source.add(f"{self._value(hole)} = {self._taken(hole)}")

    def _test(self, hole: Hole) -> None:
        value, source = self._value(hole), self._source
        if words := nulls(self._tools, hole):
            with source.block(f"if {value} in {words!r}:"):
                source.add(f"{value} = ''")
        asked = list(demands(self._tools, self._line, hole))
        if not hole.optional:
            if (hole.names or hole.shape) and not any(demand.becomes for demand in asked):
                self._refuse_if(f"not {value}")
            self._ask(hole, asked)
        elif asked:
            with source.block(f"if {value}:"):
                self._ask(hole, asked)

    def _ask(self, hole: Hole, asked: list[Demand]) -> None:
        value = self._value(hole)
        for demand in asked:
            call = self._source.name(demand.call, "ask")
            if demand.becomes:
                refusal = "None" if demand.refusal is None else self._source.name(demand.refusal, "MISFIT")
                self._source.add(f"{value} = {call}({value})")
                self._refuse_if(f"{value} is {refusal}")
            else:
                self._refuse_if(f"not {call}({value})")

    def _keep(self, hole: Hole) -> None:
        value, source = self._value(hole), self._source
        if hole.shape == "json":
            inner = source.name(json_reader(self._tools, self._fixed, inner=True), "inner")
            self._refuse_if(f"{inner}(line, {value}, record) is None")
        elif hole.shape == "pairs":
            source.add(f"{source.name(pairs_reader(self._tools, self._fixed), 'pairs')}({value}, record)")
        for name in hole.names:
            if name not in self._fixed:
                self._keep_as(name, hole)

    def _keep_as(self, name: str, hole: Hole) -> None:
        value = self._stored(name, hole)
        if name not in self._tools.types:
            step = f"{self._source.name(set_aside, 'set_aside')}(record, {name!r}, {value})"
        elif id(hole) in self._certain:
            return  # it is among the entries
        elif name == "level":
            step = f"record['level'], record['severity_number'] = {value}"
        else:
            step = f"record[{name!r}] = {value}"
        if id(hole) in self._certain:
            self._source.add(step)
        else:
            with self._source.block(f"if {self._value(hole)} is not None and {self._value(hole)} != '':"):
                self._source.add(step)

    def _stored(self, name: str, hole: Hole) -> str:
        """Write the value that the field *name* gets of *hole*: a time that is not the line's own is a plain text."""
        is_time = hole.shape in TIME_SHAPES or self._tools.types.get(hole.names[0]) == "timestamp"
        return f"str({self._value(hole)})" if is_time and name != "@timestamp" else self._value(hole)

    def _taken(self, hole: Hole) -> str:
        stripped = ".rstrip(' ')" if hole.filter == "pad" else ""
        return f"line[{self._at}:end]{stripped}"

    def _value(self, hole: Hole) -> str:
        return f"value_{self._holes[id(hole)]}"

    def _skip_spaces(self) -> None:
        self._name_place()
        with self._source.block("while line.startswith(' ', at):"):
            self._source.add("at += 1")

    def _refuse_if(self, test: str) -> None:
        with self._source.block(f"if {test}:"):
            self._source.add("return None")
