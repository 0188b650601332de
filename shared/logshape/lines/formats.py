"""
Formats: each as one reader, a function from a line to its record or None where the format does not fit.

A reader is called as ``read(line, document)``; *document* is the line as a JSON object, or None, and is the reader's to
take apart. What it leaves of it becomes `attributes`.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from logshape.contract.levels import SEVERITY
from logshape.contract.model import LINE_FIELDS, Path
from logshape.lines import instants, json_text
from logshape.lines.records import note, set_aside
from logshape.lines.source import Source
from logshape.lines.values import COERCIONS, INTEGER, LONG, MISFIT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from logshape.contract.model import Field, Format, Key, Need
    from logshape.lines.records import Record

Reader: TypeAlias = "Callable[[str, Record | None], Record | None]"

# What a reader does itself for a value of the usual type; anything else goes to the slow way of `_Slowly`.
_USUAL: Final[Mapping[str, str]] = {
    "keyword": "type(value) is str",
    "text": "type(value) is str",
    "boolean": "value is True or value is False",
    "integer": f"type(value) is int and {INTEGER[0]} <= value <= {INTEGER[1]}",
    "long": f"type(value) is int and {LONG[0]} <= value <= {LONG[1]}",
    "double": "type(value) is float",
    "object": "type(value) is dict",
}


class Tools:
    """What the readers of one format share: its levels, its clock, its words for nothing and the fields' types."""

    def __init__(self, format_: Format, fields: Mapping[str, Field]) -> None:
        """Take *fields* for the core and the declared ones; a field that is not there goes to `attributes`."""
        self.format = format_
        self.types = {name: field.type for name, field in fields.items()}
        self.levels = {word: (level, SEVERITY[level]) for word, level in format_.levels.items()}
        self.nulls = format_.nulls
        self._clocks: dict[str | None, Callable[[object], str | None]] = {}

    def clock(self, shape: str | None = None) -> Callable[[object], str | None]:
        """Return the format's reader of times of *shape*; there is one for each, with one memory."""
        if shape not in self._clocks:
            self._clocks[shape] = instants.reader(self.format.zone, shape)
        return self._clocks[shape]

    def coercion(self, name: str) -> Callable[[object], Any]:
        """Return what makes of a value what the field *name* takes, or `MISFIT`; a level comes with its number."""
        kind = self.types[name]
        if name == "level":
            return lambda value: self.levels.get(value if isinstance(value, str) else str(value), MISFIT)
        if kind == "timestamp":
            clock = self.clock()
            if name == "@timestamp":
                return lambda value: clock(value) or MISFIT
            return lambda value: str(clock(value) or "") or MISFIT if isinstance(value, str) else MISFIT
        return COERCIONS[kind]


def start(tools: Tools, also: Mapping[str, Any]) -> Record:
    """Return what each record of the format begins with: its name, and what is *also* said of it."""
    record: Record = {"format": tools.format.name}
    for name, value in also.items():
        if name == "level":
            record["level"], record["severity_number"] = value, SEVERITY[value]
        elif name in tools.types:
            record[name] = tools.coercion(name)(value)
        else:
            set_aside(record, name, value)
    return record


def json_reader(tools: Tools, fixed: frozenset[str], *, inner: bool = False) -> Callable[..., Record | None]:
    """
    Return the reader of the format's JSON lines; fields in *fixed* are given by the group and not read.

    An *inner* one reads an object inside of a text line, and takes the record to fill as a third argument.
    """
    source = Source("line, document, record" if inner else "line, document")
    with source.block("if document is None:"):
        source.add("return None")
    for need in tools.format.needs:
        _add_need(source, need)
    if not inner:
        source.add(f"record = {start(tools, tools.format.set)!r}")
    source.add("take = document.pop")
    keys = [key for key in tools.format.json or () if key.field in tools.types and key.field not in fixed]
    named = {key.field: _Slowly(tools, key) for key in keys if _is_by_name(key, tools)}
    uses = Counter(path.steps for key in keys if key.field not in named for path in key.paths if path.when is None)
    conditions: dict[Need, str] = {}
    for when in dict.fromkeys(path.when for key in keys for path in key.paths if path.when is not None):
        conditions[when] = f"when_{len(conditions)}"  # asked of the whole document, before any key is taken
        source.add(f"{conditions[when]} = {_meets(source, when)}")
    for key in keys:
        if key.field not in named:
            _add_key(source, key, tools, uses, conditions)
    if named:
        with source.block(f"if not {source.name(frozenset(named).isdisjoint, 'none_of_named')}(document):"):
            source.add(f"{source.name(partial(_by_name, named), 'by_name')}(line, document, record)")
    with source.block("if document:"):
        source.add(
            "record['attributes'] = {**document, **record['attributes']} if 'attributes' in record else document"
        )
    source.add("return record")
    return source.function(f"{tools.format.name}, json")


def _add_need(source: Source, need: Need) -> None:
    with source.block(f"if not ({_meets(source, need)}):"):
        source.add("return None")


def _meets(source: Source, need: Need) -> str:
    """Write the test whether the document is as *need* says."""
    if need.like is None:
        return " or ".join(f"{_look(source, path)} is not None" for path in need.paths)
    like = source.name(glob(need.like), "like")
    return " or ".join(f"{like}({_look(source, path)})" for path in need.paths)


def _look(source: Source, path: Path) -> str:
    if len(path.steps) == 1:
        return f"document.get({path.steps[0]!r})"
    return f"({source.name(look, 'look')}(document, {path.steps!r}) if {path.steps[0]!r} in document else None)"


def _add_key(
    source: Source, key: Key, tools: Tools, uses: Counter[tuple[str, ...]], conditions: Mapping[Need, str]
) -> None:
    for number, path in enumerate(key.paths):
        if path.when is not None:
            taken = f"({_take(source, path)}) if {conditions[path.when]} else None"
        else:
            uses[path.steps] -= 1
            taken = _take(source, path) if uses[path.steps] == 0 else _look(source, path)
        if path.filter == "lines":
            taken = f"{source.name(joined, 'joined')}({taken}) if {path.steps[0]!r} in document else None"
        if number == 0:
            source.add(f"value = {taken}")
        else:
            with source.block(f"if value is None{_or_null(tools, key.field)}:"):
                source.add(f"value = {taken}")
    with source.block(f"if value is not None{_nor_null(tools, key.field)}:"):
        if key.field in tools.format.words:
            words = source.name(tools.format.words[key.field], "words")
            source.add(f"value = {words}.get(value, value) if type(value) is str else value")
        _add_value(source, key, tools)


def _is_by_name(key: Key, tools: Tools) -> bool:
    """Say whether *key* is a declared field read by its own name, of which a contract has many and a line has few."""
    own_name = key.paths == (Path(steps=(key.field,)),)
    return own_name and key.field not in (*LINE_FIELDS, *tools.format.words)


def _by_name(named: Mapping[str, _Slowly], line: str, document: Record, record: Record) -> None:
    for name in [key for key in document if key in named]:
        slowly = named[name]
        value = document.pop(name)
        if value is not None and not (_has_nulls(slowly.tools, name) and value in slowly.tools.nulls):
            slowly(line, document, record, value)


def _take(source: Source, path: Path) -> str:
    """Write how the value at *path* is taken out, so that the last field that reads it leaves it to none."""
    if len(path.steps) == 1:
        return f"take({path.steps[0]!r}, None)"
    return f"{source.name(take, 'dig')}(document, {path.steps!r}) if {path.steps[0]!r} in document else None"


def _add_value(source: Source, key: Key, tools: Tools) -> None:
    slowly = source.name(_Slowly(tools, key), "slowly")
    if key.field == "level":
        source.add(f"known = {source.name(tools.levels, 'levels')}.get(value) if type(value) is str else None")
        with source.block("if known is not None:"):
            source.add("record['level'], record['severity_number'] = known")
    elif tools.types[key.field] == "timestamp":
        source.add(f"moment = {source.name(tools.clock(), 'clock')}(value) if type(value) is str else None")
        with source.block("if moment is not None:"):
            own = "moment" if key.field == "@timestamp" else "str(moment)"
            source.add(f"record[{key.field!r}] = {own}")
    elif tools.types[key.field] in _USUAL:
        with source.block(f"if {_USUAL[tools.types[key.field]]}:"):
            source.add(f"record[{key.field!r}] = value")
    else:
        source.add(f"{slowly}(line, document, record, value)")
        return
    with source.block("else:"):
        source.add(f"{slowly}(line, document, record, value)")


def _or_null(tools: Tools, name: str) -> str:
    return f" or value in {tools.nulls!r}" if _has_nulls(tools, name) else ""


def _nor_null(tools: Tools, name: str) -> str:
    return f" and value not in {tools.nulls!r}" if _has_nulls(tools, name) else ""


def _has_nulls(tools: Tools, name: str) -> bool:
    # A text says what it says; words that stand for nothing are for the other types.
    return bool(tools.nulls) and tools.types[name] != "text"


class _Slowly:
    """The slow way of one key: an unusual value is coerced, or stays in the document and is named in `parse_errors`."""

    def __init__(self, tools: Tools, key: Key) -> None:
        self.tools = tools
        self._key = key
        self._coerce = tools.coercion(key.field)

    def __call__(self, line: str, document: Record, record: Record, value: object) -> None:
        name = self._key.field
        if isinstance(value, float) and self.tools.types[name] in ("keyword", "text") and name != "level":
            value = self._spelled(line, value)
        coerced = self._coerce(value)
        if coerced is MISFIT:
            _put_back(line, document, self._key.paths, value, self.tools.nulls)
            note(record, f"type:{name}")
        elif name == "level":
            record["level"], record["severity_number"] = coerced
        else:
            record[name] = coerced

    def _spelled(self, line: str, value: object) -> object:
        spelled = json_text.read_spelled(line[line.find("{") :])
        found = (look(spelled, path.steps) for path in self._key.paths) if spelled else iter(())
        return next((text for text in found if text is not None), value)


def _put_back(line: str, document: Record, paths: tuple[Path, ...], value: object, nulls: tuple[str, ...]) -> None:
    """Give *value* back to the place of *document* that it was taken from, found in the line itself."""
    original = json_text.read_object(line[line.find("{") :]) or {}
    for path in paths:
        found = look(original, path.steps)
        if found is not None and found not in nulls:
            value = found
            break
    *parents, last = path.steps
    for step in parents:
        inner = document.setdefault(step, {})
        if type(inner) is not dict:
            return
        document = inner
    document[last] = value


def look(document: object, steps: tuple[str, ...]) -> object:
    """Return the value at *steps* below *document*, or None."""
    for step in steps:
        if type(document) is not dict:
            return None
        document = document.get(step)
    return document


def take(document: Record, steps: tuple[str, ...]) -> object:
    """Remove and return the value at *steps* below *document*, with the objects that this leaves empty, or None."""
    inner = document.get(steps[0])
    if len(steps) == 1:
        return document.pop(steps[0], None)
    if type(inner) is not dict:
        return None
    value = take(inner, steps[1:])
    if not inner:
        del document[steps[0]]
    return value


def joined(value: object) -> object:
    """Return a list of strings as one text with a line each, anything else as it is."""
    if type(value) is list and all(type(line) is str for line in value):
        return "\n".join(line.rstrip("\n") for line in value)
    return value


def glob(pattern: str) -> Callable[[object], bool]:
    """Return a test for text that *pattern* matches as a whole, ``*`` standing for any run of characters; linear."""
    first, *rest = pattern.split("*")
    if not rest:
        return lambda value: value == pattern
    *middle, last = rest

    def like(value: object) -> bool:
        if type(value) is not str or not value.startswith(first) or not value.endswith(last):
            return False
        at, end = len(first), len(value) - len(last)
        for part in middle:
            at = value.find(part, at, end)
            if at < 0:
                return False
            at += len(part)
        return at <= end

    return like
