"""
Source: YAML text, read into plain values that each know their place.

Whatever makes a file cost more than a contract can (size, depth, aliases that multiply) is a problem, as is what two
readers of YAML would take differently.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import msgspec
import yaml

from logshape.contract import scalars
from logshape.errors import InvalidContract, Problem, UnreadableInput

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from yaml.events import Event

Keys: TypeAlias = tuple[str | int, ...]
"""The way from the root of a document to a value: keys of maps, positions in lists."""
Side: TypeAlias = Literal["key", "value"]

LARGEST: Final = 1 << 20  # bytes; 50 formats with examples are 60 kB
DEEPEST: Final = 32  # libyaml needs quadratic time for deep nesting, and its composer ends the process
MOST: Final = 100_000  # values; what an alias repeats counts each time

_TAGGED: Final = (yaml.ScalarEvent, yaml.SequenceStartEvent, yaml.MappingStartEvent)
_UNPRINTABLE: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LINE_END: Final = re.compile(r"\r\n|\n|\r")
_TAB_INDENT: Final = re.compile(r" *\t")
_ESCAPED: Final = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)|.")
_DOUBLED: Final = re.compile(r"''|.")


class Span(msgspec.Struct, frozen=True):
    """Where a value stands; line and column count from 1, *raw* is a one-line scalar as it is written."""

    line: int
    column: int
    raw: str | None = None

    def inside(self, column: int) -> tuple[int, int]:
        """Return the place of a scalar's *column*-th character, or the scalar's start where that cannot be known."""
        raw = self.raw or ""
        if raw[:1] in ("'", '"'):
            pieces = (_ESCAPED if raw[0] == '"' else _DOUBLED).findall(raw[1:-1])
            return self.line, self.column + 1 + sum(map(len, pieces[: column - 1]))
        return self.line, self.column + min(column - 1, len(raw))


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """One file as values with places; *data* is None when it is not YAML at all, and then *problems* says why."""

    file: str
    text: str
    data: object
    values: dict[Keys, Span]
    keys: dict[Keys, Span]
    problems: tuple[Problem, ...]
    suspect: frozenset[Keys]
    """The values of which a problem speaks already."""

    def place(self, path: Keys, side: Side = "value", column: int = 1) -> tuple[int, int]:
        """Return line and column of the value at *path* or of its key, else of the nearest map around it."""
        span = self.keys.get(path) if side == "key" else self.values.get(path)
        if span is not None:
            return span.inside(column) if side == "value" else (span.line, span.column)
        if side == "key":
            return self.place(path)
        return self.place(path[:-1]) if path else (1, 1)

    @property
    def lines(self) -> list[str]:
        """The text by lines, as places count them."""
        return _LINE_END.split(self.text)


def read(path: Path, file: str) -> Source:
    """
    Read *path*, which problems call *file*.

    Raises:
        UnreadableInput: there is no such file, or it may not be read.

    """
    try:
        with path.open("rb") as stream:
            content = stream.read(LARGEST + 1)
    except OSError as error:
        message = f"{file} cannot be read: {error.strerror}"
        raise UnreadableInput(message) from error
    return parse(content, file)


def parse(content: bytes, file: str) -> Source:
    """Read *content*; whatever it holds, the answer is a `Source`."""
    text = content.decode("utf-8-sig", errors="replace")
    reader = _Reader(text, file)
    data: object = None
    try:
        reader.refuse_bytes(content)
        data = reader.document()
    except InvalidContract as fault:
        reader.problems.extend(fault.problems)
    return Source(
        file=file,
        text=text,
        data=data,
        values=reader.values,
        keys=reader.keys,
        problems=tuple(reader.problems),
        suspect=frozenset(reader.suspect),
    )


class _Node(msgspec.Struct):
    """A value before aliases are followed; *pairs* of a map, *items* of a list, else *text*."""

    span: Span
    text: str = ""
    plain: bool = False
    items: list[_Node] | None = None
    pairs: list[tuple[_Node, _Node]] | None = None


class _Reader:
    """libyaml's events → nodes → values, with a bound on each step."""

    def __init__(self, text: str, file: str) -> None:
        self._text, self._file = text, file
        self._starts = [0, *(end.end() for end in _LINE_END.finditer(text))]
        self._anchors: dict[str, _Node] = {}
        self._count = 0
        self._told: set[tuple[int, int]] = set()
        self.values: dict[Keys, Span] = {}
        self.keys: dict[Keys, Span] = {}
        self.problems: list[Problem] = []
        self.suspect: set[Keys] = set()

    def refuse_bytes(self, content: bytes) -> None:
        if len(content) > LARGEST:
            message = f"the file is larger than {LARGEST:,} bytes; a contract is written by people, and much smaller"
            raise self._refusal("yaml-size", message, (1, 1))
        try:
            content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            before = content.removeprefix(b"\xef\xbb\xbf")[: error.start].decode(errors="replace")
            message = f"the byte 0x{error.object[error.start]:02x} is not UTF-8; save the file as UTF-8"
            raise self._refusal("yaml-syntax", message, self._place(len(before))) from error
        if found := _UNPRINTABLE.search(self._text):
            code = f"{ord(found[0]):04x}"
            message = f'the control character U+{code.upper()} may not stand here; write "\\u{code}" in double quotes'
            raise self._refusal("yaml-syntax", message, self._place(found.start()))

    def document(self) -> object:
        """Return the value of the only document."""
        events = self._events()
        next(events)  # the stream's start
        first = next(events)
        if isinstance(first, yaml.StreamEndEvent):
            message = "the file is empty; wanted a map with `version`, `name` and `groups`"
            raise self._refusal("yaml-syntax", message, (1, 1))
        root = self._node(next(events), events, 0)
        next(events)  # the document's end
        after = next(events)
        if not isinstance(after, yaml.StreamEndEvent):
            message = "a second document begins here; a contract is one document, so give each a file of its own"
            raise self._refusal("yaml-syntax", message, self._start(after))
        return self._value(root, (), 0)

    def _events(self) -> Iterator[Event]:
        try:
            yield from yaml.parse(self._text, Loader=yaml.CSafeLoader)
        except yaml.MarkedYAMLError as error:
            raise self._not_yaml(error) from error

    def _not_yaml(self, error: yaml.MarkedYAMLError) -> InvalidContract:
        mark: Any = error.problem_mark or error.context_mark
        line, column = self._place(mark.index) if mark else (1, 1)
        indent = _TAB_INDENT.match(self._text, self._starts[line - 1])
        if indent:
            message = "a tab stands in the indentation, where YAML takes only spaces; put spaces in its place"
            return self._refusal("yaml-syntax", message, self._place(indent.end() - 1))
        if mark and self._text[mark.index : mark.index + 1] in ("@", "`", "%"):
            message = f"nothing in YAML begins with `{self._text[mark.index]}`; put the word in quotes"
            return self._refusal("yaml-syntax", message, (line, column))
        began: Any = error.context_mark
        context = f", {error.context} that began in line {self._place(began.index)[0]}" if began else ""
        message = f"this is not YAML: {error.problem}{context}; look for a missing quote, bracket, colon or space"
        return self._refusal("yaml-syntax", message, (line, column))

    def _node(self, event: Event, events: Iterator[Event], depth: int) -> _Node:
        place = self._start(event)
        if depth > DEEPEST:
            message = f"lists and maps stand more than {DEEPEST} deep; no contract needs that"
            raise self._refusal("yaml-size", message, place)
        if isinstance(event, yaml.AliasEvent):
            if event.anchor in self._anchors:
                return self._anchors[event.anchor]
            message = f"`*{event.anchor}` has no complete `&{event.anchor}` before it; write the value out"
            raise self._refusal("yaml-syntax", message, place)
        if isinstance(event, _TAGGED) and event.tag not in (None, "!"):
            message = f"the tag `{event.tag}` means nothing here; leave it out, and put text in quotes"
            self._tell("yaml-tag", message, place)
        node = self._content(event, events, depth)
        if isinstance(event, yaml.NodeEvent) and event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _content(self, event: Event, events: Iterator[Event], depth: int) -> _Node:
        span = Span(*self._start(event))
        if isinstance(event, yaml.SequenceStartEvent):
            items: list[_Node] = []
            while not isinstance(inner := next(events), yaml.SequenceEndEvent):
                items.append(self._node(inner, events, depth + 1))
            return _Node(span, items=items)
        if isinstance(event, yaml.MappingStartEvent):
            pairs: list[tuple[_Node, _Node]] = []
            while not isinstance(inner := next(events), yaml.MappingEndEvent):
                key = self._node(inner, events, depth + 1)
                pairs.append((key, self._node(next(events), events, depth + 1)))
            return _Node(span, pairs=pairs)
        return self._scalar(event, span)

    def _scalar(self, event: Any, span: Span) -> _Node:  # noqa: ANN401 # PyYAML's types lack what a scalar has
        begin, end = event.start_mark, event.end_mark
        one_line = begin.line == end.line and event.style not in ("|", ">")
        raw = self._text[begin.index : end.index] if one_line else None
        return _Node(Span(span.line, span.column, raw), text=event.value, plain=not event.style)

    def _value(self, node: _Node, path: Keys, depth: int) -> object:
        self._count += 1
        if self._count > MOST or depth > DEEPEST:
            message = (
                f"with its aliases followed, the file has more than {MOST:,} values or is more than {DEEPEST} deep"
            )
            raise self._refusal("yaml-size", message, (node.span.line, node.span.column))
        self.values[path] = node.span
        if node.pairs is not None:
            return self._map(node.pairs, path, depth)
        if node.items is not None:
            return [self._value(item, (*path, at), depth + 1) for at, item in enumerate(node.items)]
        reason = scalars.trap(node.text) if node.plain else None
        if reason:
            self._tell("yaml-trap", reason, (node.span.line, node.span.column))
            self.suspect.add(path)
        return node.text if reason or not node.plain else scalars.plain(node.text)

    def _map(self, pairs: list[tuple[_Node, _Node]], path: Keys, depth: int) -> dict[str, object]:
        found: dict[str, object] = {}
        for key, value in pairs:
            name, place = key.text, (key.span.line, key.span.column)
            if self._is_name(key):
                if name not in found:
                    self.keys[*path, name] = key.span
                    found[name] = self._value(value, (*path, name), depth + 1)
                    continue
                first = self.keys[*path, name]
                message = f"`{name}` stands in this map already, at {first.line}:{first.column}; leave one of them out"
                self._tell("duplicate-key", message, place)
        return found

    def _is_name(self, key: _Node) -> bool:
        place = key.span.line, key.span.column
        if key.items is not None or key.pairs is not None:
            self._tell("yaml-key", "a list or a map stands where a key belongs; wanted a name", place)
            return False
        if key.plain and key.text == "<<":
            self._tell("yaml-tag", "`<<` merges maps in YAML 1.1 alone; write the keys out, or use `extends`", place)
            return False
        if key.plain and (scalars.trap(key.text) or not isinstance(scalars.plain(key.text), str)):
            self._tell("yaml-key", f"the key `{key.text}` is no text in YAML; put it in quotes: '{key.text}'", place)
        return True

    def _tell(self, rule: str, message: str, place: tuple[int, int]) -> None:
        if place not in self._told:  # an alias would tell it again
            self._told.add(place)
            self.problems.append(self._problem(rule, message, place))

    def _refusal(self, rule: str, message: str, place: tuple[int, int]) -> InvalidContract:
        return InvalidContract([self._problem(rule, message, place)])

    def _problem(self, rule: str, message: str, place: tuple[int, int]) -> Problem:
        return Problem(file=self._file, line=place[0], column=place[1], rule=rule, message=message)

    def _start(self, event: Event) -> tuple[int, int]:
        mark: Any = event.start_mark  # there is one on whatever libyaml read
        return self._place(mark.index)

    def _place(self, index: int) -> tuple[int, int]:
        """Return the line and column of *index* as editors count them; libyaml ends lines at U+2028 too."""
        line = bisect_right(self._starts, index)
        return line, index - self._starts[line - 1] + 1
