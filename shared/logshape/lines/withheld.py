"""
Withheld: fields that declare `redact`, taken out of a record and of the places in its line that they were read from.

A value is known by where it stands, not by how it reads: a hole of a template, a pair, a key of JSON. What stands at
such a place is taken out even if the record has it elsewhere: in `attributes`, because it did not fit its type or an
alias came first; in another field that is read from the same place; in an object around it. The same text in prose is
for detectors to find. A line that no format reads has no fields.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import msgspec

from logshape.contract.model import TEXTS, Field  # msgspec reads the annotations when it makes the class
from logshape.contract.templates import holes
from logshape.lines.formats import Tools
from logshape.lines.json_text import read_exactly, text_of
from logshape.lines.pairs import parts_of
from logshape.lines.texts import span_reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from logshape.contract.model import Action, Contract, Format
    from logshape.lines.records import Record
    from logshape.lines.texts import Found

_NOTHING: Final[frozenset[str]] = frozenset()
# Records hold these in words of their own.
_TRANSLATED: Final = ("@timestamp", "level")


class _Places(msgspec.Struct, frozen=True, kw_only=True):
    """Where one format reads what is withheld from: paths, also inside of object fields, templates and pairs."""

    fields: dict[str, Field]
    paths: tuple[tuple[tuple[str, ...], Field], ...]
    inside: tuple[tuple[str, tuple[str, ...], Field], ...]
    spans: tuple[Callable[[str], list[Found] | None], ...]
    pairs: tuple[tuple[re.Pattern[str], Field], ...]
    in_text: bool
    keys: tuple[str, ...]


class Withholding:
    """Withholds the fields of *contract* that say `redact`."""

    def __init__(
        self, contract: Contract, fields: Mapping[str, Field], replaced: Callable[[str, Action, str], str | None]
    ) -> None:
        """Prepare for all formats of *contract*; *replaced* gives what stands for a value of a field."""
        self.fields = {name: field for name, field in fields.items() if field.redact is not None}
        self._formats = contract.formats
        self._all_fields = fields
        self._replaced = replaced
        self._places: dict[str, _Places] = {}

    def concerns(self, record: Record, line: str) -> bool:
        """Say whether *record*, read from *line*, may hold something that is withheld."""
        places = self._of(record)
        if places is None:
            return False
        named = places.in_text or any(name in record for name in places.fields)
        return named or any(key in line for key in places.keys) or (bool(places.keys) and "\\u" in line)

    def withhold(self, record: Record, line: str) -> frozenset[str]:
        """Take what is withheld out of *record*, read from *line*; return the fields that hold what stands for it."""
        places = self._of(record) if self.fields else None
        if places is None:
            return _NOTHING
        kept = {name for name, field in places.fields.items() if name in record and self._put(record, name, field)}
        for name, steps, field in places.inside:
            self._withhold_at(record.get(name), steps, field)
        for steps, field in places.paths:
            self._withhold_at(record.get("attributes"), steps, field)
        if "raw" in record:
            record["raw"] = self._line(places, line)
        return frozenset(kept)

    def _of(self, record: Record) -> _Places | None:
        name = record["format"]
        if name not in self._formats:
            return None
        if name not in self._places:
            self._places[name] = _places(self._formats[name], self.fields, self._all_fields)
        return self._places[name]

    def _put(self, record: Record, name: str, field: Field) -> bool:
        """Put what stands for the value of *field* into the field *name*, or take it out where no text can be."""
        stands = self._standing(field, record[name]) if self._all_fields[name].type in TEXTS else None
        if stands is None:
            del record[name]
            return False
        record[name] = stands
        return True

    def _standing(self, field: Field, value: object) -> str | None:
        text = value if type(value) is str else text_of(value)
        return self._replaced(field.name, field.redact or "drop", text)

    def _withhold_at(self, document: Any, steps: tuple[str, ...], field: Field) -> bool:  # noqa: ANN401 # whatever JSON holds
        """Withhold what is at *steps* below *document*; answer whether there was something."""
        *parents, last = steps
        for step in parents:
            document = document.get(step) if type(document) is dict else None
        if type(document) is not dict or document.get(last) is None:
            return False
        stands = self._standing(field, document[last])
        if stands is None:
            del document[last]
        else:
            document[last] = stands
        return True

    def _line(self, places: _Places, line: str) -> str:
        body = line.rstrip("\r\n")
        for read in places.spans:
            found = read(body)
            if found is not None:
                return self._text(places, body, found) + line[len(body) :]
        return self._json(places, body) + line[len(body) :] if places.keys else line

    def _text(self, places: _Places, body: str, found: list[Found]) -> str:
        pieces: list[str] = []
        start = 0
        for name, begin, end in found:
            pieces += (body[start:begin], self._hole(places, name, body[begin:end]))
            start = end
        return "".join((*pieces, body[start:]))

    def _hole(self, places: _Places, name: str, text: str) -> str:
        match name:
            case "json":
                return self._json(places, text)
            case "pairs":
                for pair, field in places.pairs:
                    text = pair.sub(partial(self._pair, field), text)
                return text
            case _:
                return (self._standing(self.fields[name], text) or "") if text else text

    def _pair(self, field: Field, found: re.Match[str]) -> str:
        return found[1] + (self._standing(field, found[2]) or "")

    def _json(self, places: _Places, text: str) -> str:
        document = read_exactly(text)
        if type(document) is not dict:
            return text
        # Of a key that stands twice only the last value was read; written anew, the other is gone.
        before = text_of(document)
        changed = [self._withhold_at(document, steps, field) for steps, field in places.paths]
        twice = any(text.count(f'"{key}"') > before.count(f'"{key}"') for key in places.keys)
        return text_of(document) if any(changed) or twice else text


def _places(format_: Format, withheld: Mapping[str, Field], fields: Mapping[str, Field]) -> _Places:
    tools = Tools(format_, fields)
    paths = dict.fromkeys(_paths(format_, withheld))
    names = frozenset(withheld)
    told = [
        line
        for line in format_.lines
        if any(_tells(hole.names, hole.shape, names) for hole in holes(line.template.parts))
    ]
    return _Places(
        fields={**dict(_neighbours(format_, withheld)), **withheld},
        paths=tuple((steps, field) for steps, field in paths),
        inside=tuple(_inside(format_, paths, fields)),
        spans=tuple(span_reader(tools, line, names) for line in format_.lines) if told else (),
        pairs=tuple(_pairs(format_, withheld)),
        in_text=any(not names.isdisjoint(line.template.names) for line in format_.lines)
        or any(not names.isdisjoint(template.names) for template in format_.pairs),
        keys=tuple({steps[-1] for steps, _ in paths}) if format_.json is not None else (),
    )


def _tells(hole_names: tuple[str, ...], shape: str | None, names: frozenset[str]) -> bool:
    return shape in ("json", "pairs") or not names.isdisjoint(hole_names)


def _paths(format_: Format, withheld: Mapping[str, Field]) -> Iterator[tuple[tuple[str, ...], Field]]:
    """Yield the paths at which JSON, or `attributes`, hold what is withheld."""
    for field in withheld.values():
        yield (field.name,), field
    for key in format_.json or ():
        if key.field in withheld:
            yield from ((path.steps, withheld[key.field]) for path in key.paths)


def _neighbours(format_: Format, withheld: Mapping[str, Field]) -> Iterator[tuple[str, Field]]:
    """Yield the other fields that are read from the same place as a withheld one, with that one."""
    templates = (*(line.template for line in format_.lines), *format_.pairs)
    for hole in (hole for template in templates for hole in holes(template.parts)):
        for field in (withheld[name] for name in hole.names if name in withheld):
            yield from ((name, field) for name in hole.names if name not in _TRANSLATED)
    places = {
        path.steps: withheld[key.field] for key in format_.json or () if key.field in withheld for path in key.paths
    }
    for key in format_.json or ():
        if key.field not in _TRANSLATED:
            yield from ((key.field, places[path.steps]) for path in key.paths if path.steps in places)


def _inside(
    format_: Format, paths: Mapping[tuple[tuple[str, ...], Field], None], fields: Mapping[str, Field]
) -> Iterator[tuple[str, tuple[str, ...], Field]]:
    """Yield the object fields around a withheld path, with the rest of the path."""
    for key in format_.json or ():
        if key.field in fields and fields[key.field].type == "object":
            for outer in key.paths:
                for steps, field in paths:
                    if len(steps) > len(outer.steps) and steps[: len(outer.steps)] == outer.steps:
                        yield key.field, steps[len(outer.steps) :], field


def _pairs(format_: Format, withheld: Mapping[str, Field]) -> Iterator[tuple[re.Pattern[str], Field]]:
    for template in format_.pairs:
        head, hole, tail = parts_of(template)
        for field in (withheld[name] for name in hole.names if name in withheld):
            yield (
                re.compile(rf"((?:^|[\t\n])\s*{re.escape(head)}: )([^\t\n]+?)(?={re.escape(tail)}\s*(?:[\t\n]|$))"),
                field,
            )
