"""
Writing: a record as a line of its format, which is reading backwards.

A record can often be written in several ways: a level has many spellings, a time many forms, a JSON value many paths.
Each time *choose* is given all of them and picks one, so that a caller can have the plainest or meet every one.
"""

from __future__ import annotations

import json
from collections import defaultdict
from itertools import islice, product
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from logshape.contract.templates import Hole, Maybe, Text, holes
from logshape.lines import spellings
from logshape.lines.formats import Tools, look
from logshape.lines.pairs import parts_of
from logshape.lines.readers import reader_for

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from logshape.contract.model import Field, Format, Key, Line, Path
    from logshape.contract.templates import Part
    from logshape.lines.records import Record

_T = TypeVar("_T")
_TRIES: Final = (
    64  # ways to spread a record over the paths of its JSON keys, of which the first that reads back is taken
)
_STYLES: Final = ((",", ":"), (", ", ": "))
_PADDING: Final = ("", " ", "    ")
_BETWEEN_PAIRS: Final = ("\t", "\n", " \t")
_BEHIND_PAIRS: Final = ("", "\t")


class Choose(Protocol):
    """Picks one of several ways to write the same thing; the first is the plainest."""

    def __call__(self, options: Sequence[_T], /) -> _T:
        """Return one of *options*, which are never empty."""


def plainest(options: Sequence[_T]) -> _T:
    """Choose the first."""
    return options[0]


class Writer:
    """Writes records as lines of one format."""

    def __init__(self, format_: Format, fields: Mapping[str, Field]) -> None:
        """Write as *format_* says; *fields* are the core and the declared ones."""
        self.format = format_
        self.tools = Tools(format_, fields)
        self.read = reader_for(format_, fields)
        self._keys = [key for key in format_.json or () if key.field in self.tools.types]
        self._entangled = frozenset(_entangled(self._keys))

    def write(self, record: Record, choose: Choose = plainest) -> str | None:
        """
        Return a line that the format reads as exactly *record*, or None where no way to write it was found.

        None is the answer for a record that no line of the format can give: it lacks what every line holds, it holds
        what none has a place for, or a text in it has the literal that ends its hole, stands for no value or is empty
        or not trimmed where padding may be. It is also the answer where *choose* picked what reads differently there.
        """
        return next((text for text in self.texts(record, choose) if self.read(text) == record), None)

    def texts(self, record: Record, choose: Choose = plainest) -> Iterator[str]:
        """Yield what each way to write *record* comes to, JSON before text; what is read of it is another matter."""
        if self.format.reads_json:
            yield from self.json_texts(record, choose)
        for line in self.format.lines:
            text = self.text(line, record, choose)
            if text is not None:
                yield text

    def json_texts(self, record: Record, choose: Choose) -> Iterator[str]:
        """Yield *record* as JSON lines that differ in the paths that hold its values."""
        separators = choose(_STYLES)
        for document in self._documents(record, choose, ()):
            yield json.dumps(document, ensure_ascii=False, separators=separators)

    def text(self, line: Line, record: Record, choose: Choose) -> str | None:
        """Return *record* as *line* writes it, or None where it lacks what the line holds."""
        pieces = _Pieces(self, line, record, choose)
        return pieces.of(line.template.parts)

    def inner_json(self, record: Record, choose: Choose, given: Collection[str]) -> str | None:
        """Return the JSON object that holds all of *record* but the fields that are *given* around it."""
        document = next(self._documents(record, choose, given), None)
        return None if document is None else json.dumps(document, ensure_ascii=False, separators=choose(_STYLES))

    def pairs(self, record: Record, choose: Choose, given: Collection[str]) -> str:
        """Return the pairs that hold all of *record* but the fields that are *given* around them."""
        items = [f"{name}: {value}" for name, value in record.get("attributes", {}).items()]
        for template in reversed(self.format.pairs):
            head, hole, tail = parts_of(template)
            name = hole.names[0] if hole.names else None
            if name is not None and name in record and name not in given:
                value = choose(spellings.in_text(self.tools, name, record[name], hole.shape))
                items.insert(0, f"{head}: {value}{tail}")
        return choose(_BETWEEN_PAIRS).join(items) + choose(_BEHIND_PAIRS)

    def _documents(self, record: Record, choose: Choose, given: Collection[str]) -> Iterator[dict[str, Any]]:
        """Yield JSON objects that hold *record*, each with its values at other paths."""
        keys = [key for key in self._keys if key.field not in given]
        if not choose((False, True)):  # nulls are written too
            keys = [key for key in keys if key.field in record]
        places = [self._places(key, record, choose) for key in keys]
        for chosen in islice(product(*places), _TRIES):
            document: dict[str, Any] = copy(record.get("attributes", {}))
            if all(path is None or put(document, path.steps, value) for path, value in chosen):
                yield document

    def _places(self, key: Key, record: Record, choose: Choose) -> Sequence[tuple[Path | None, object]]:
        """Return where and how *key* can stand, the chosen way first; None for a path is nowhere."""
        name = key.field
        if name not in record:
            absent = choose((None, *key.paths))
            if absent is None or look(record.get("attributes"), absent.steps[:1]) is not None:
                return [(None, None)]
            return [(absent, choose(spellings.of_nothing(self.tools, name)))]
        chosen = choose(key.paths)
        others = [path for path in key.paths if path is not chosen] if name in self._entangled else []
        return [(path, choose(spellings.in_json(self.tools, name, record[name], path))) for path in (chosen, *others)]


class _Pieces:
    """The pieces of one line of text."""

    def __init__(self, writer: Writer, line: Line, record: Record, choose: Choose) -> None:
        self._writer = writer
        self._tools = writer.tools
        self._record = record
        self._choose = choose
        self._given = line.template.names

    def of(self, parts: tuple[Part, ...]) -> str | None:
        """Return *parts* written one after the other, or None where one of them cannot be."""
        pieces = [self._piece(part) for part in parts]
        return None if None in pieces else "".join(filter(None, pieces))

    def _piece(self, part: Part) -> str | None:
        match part:
            case Text(text=text):
                return text
            case Maybe(parts=inner):
                return self.of(inner) if self._is_there(inner) else ""
            case Hole(shape="json"):
                return self._writer.inner_json(self._record, self._choose, self._given)
            case Hole(shape="pairs"):
                return self._writer.pairs(self._record, self._choose, self._given)
            case Hole():
                return self._padded(part)

    def _is_there(self, parts: tuple[Part, ...]) -> bool:
        """Say whether an optional part is written: it must where it holds a value, and may where it needs none."""
        inside = holes(parts)
        if any(self._value(name) is not None for hole in inside for name in hole.names):
            return True
        return all(hole.optional or not hole.names for hole in inside) and self._choose((False, True))

    def _padded(self, hole: Hole) -> str | None:
        text = self._hole(hole)
        if text is None or hole.filter != "pad":
            return text
        return f"{self._choose(_PADDING)}{text}{self._choose(_PADDING)}"

    def _hole(self, hole: Hole) -> str | None:
        if not hole.names:
            return self._choose(
                ("", *spellings.of_anything(hole.shape)) if hole.optional else spellings.of_anything(hole.shape)
            )
        value = self._value(hole.names[0])
        if value is not None:
            return self._choose(spellings.in_text(self._tools, hole.names[0], value, hole.shape))
        return self._choose(("", *spellings.words_for_nothing(self._tools, hole))) if hole.optional else None

    def _value(self, name: str) -> Any:  # noqa: ANN401 # whatever the field holds
        source = self._record if name in self._tools.types else self._record.get("attributes", {})
        return source.get(name)


def _entangled(keys: Sequence[Key]) -> Iterator[str]:
    """Yield the fields of *keys* with a path that is no affair of theirs alone: another reads it, or must be there."""
    readers: dict[str, set[str]] = defaultdict(set)  # of all that is below a key of the line
    for key in keys:
        for path in key.paths:
            readers[path.steps[0]].add(key.field)
    for key in keys:
        if any(path.when is not None or len(readers[path.steps[0]]) > 1 for path in key.paths):
            yield key.field


def put(document: dict[str, Any], steps: Sequence[str], value: object) -> bool:
    """Put *value* at *steps* below *document*; answer whether there was room."""
    *parents, last = steps
    for step in parents:
        document = document.setdefault(step, {})
        if type(document) is not dict:
            return False
    if last in document:
        return bool(document[last] == value)
    document[last] = value
    return True


def copy(value: Any) -> Any:  # noqa: ANN401 # JSON
    """Return *value* with its objects made anew, so that `put` does not change what it was copied from."""
    return {key: copy(inner) for key, inner in value.items()} if type(value) is dict else value
