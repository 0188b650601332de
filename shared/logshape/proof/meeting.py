"""Meeting: predicates and what a group's formats can give, as whether one record can be as all of them say."""

from __future__ import annotations

from itertools import islice, product
from math import floor
from typing import TYPE_CHECKING, Any, Final

import msgspec

from logshape.contract import globs
from logshape.contract.levels import SEVERITY
from logshape.contract.model import CORE_FIELDS, LINE_FIELDS, Path, Scalar
from logshape.contract.predicates import Compare, Exists, In, Like, Predicate, leaves
from logshape.contract.templates import holes
from logshape.lines.conditions import any_of
from logshape.lines.instants import reader
from logshape.lines.json_text import read_object

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from logshape.contract.model import Contract, Format, Group
    from logshape.contract.predicates import Leaf, Value

_SOME: Final[Mapping[str, object]] = {"boolean": True, "integer": 0, "long": 0, "double": 0}
_MOST: Final = 10_000  # records that are tried for two predicates; beyond, they are taken to meet
_NONE: Final[frozenset[str]] = frozenset()
_FILLED: Final = ("@timestamp", "request_id", "service")  # a record may have them though its line does not say them
_NEVER_SAID: Final = frozenset(field.name for field in CORE_FIELDS) - frozenset(LINE_FIELDS)


class Shape(msgspec.Struct, frozen=True):
    """Which fields a line can give, which are *fixed* whatever it says, and globs for the texts of some."""

    said: frozenset[str]
    fixed: dict[str, Scalar] = {}
    like: dict[str, str] = {}

    def only(self, name: str) -> Iterable[object]:
        """Return the one value, null included, that the field *name* has in each record; nothing if it may vary."""
        if name in self.fixed:
            return (self.fixed[name],)
        return () if name in self.said or name in _FILLED or name in _NEVER_SAID else (None,)


def shapes(contract: Contract, group: Group) -> Iterator[Shape]:
    """Yield the shapes of records that the formats of *group* give."""
    for name in group.formats:
        format_ = contract.formats[name]
        always = {**group.set, "format": name}
        keys = _keys(format_)
        pairs = frozenset(field for pair in format_.pairs for field in pair.names)
        if format_.reads_json:
            yield Shape(keys, _unsaid(format_.set, keys) | always)
        for line in format_.lines:
            inner = {hole.shape for hole in holes(line.template.parts)}
            said = frozenset(line.template.names) | (keys if "json" in inner else _NONE)
            said |= pairs if "pairs" in inner else _NONE
            yield Shape(said, _unsaid({**format_.set, **line.set}, said) | always, line.like)


def _keys(format_: Format) -> frozenset[str]:
    """Return the fields that JSON lines of *format_* say: those with a path written for them, and those of examples."""
    documents = [document for one in format_.examples if (document := read_object(one.line)) is not None]
    return frozenset(
        key.field
        for key in format_.json or ()
        if not documents or key.paths != (Path(steps=(key.field,)),) or any(key.field in one for one in documents)
    )


def _unsaid(constants: Mapping[str, Scalar], said: frozenset[str]) -> dict[str, Scalar]:
    return {name: value for name, value in constants.items() if name not in said}


def meet(predicates: Sequence[Predicate], types: Mapping[str, str], shape: Shape) -> bool:
    """
    Say whether a record of *shape* can be such that all of *predicates* hold, their fields being of *types*.

    Every value is tried that one of them could tell from another. Where these are too many the answer is yes.
    """
    every = [*predicates, *(Predicate("", Like(name, glob)) for name, glob in shape.like.items())]
    asked: dict[str, list[Leaf]] = {}
    for predicate in every:
        for leaf in leaves(predicate.tree):
            asked.setdefault(leaf.field, []).append(leaf)
    values = {name: shape.only(name) or _telling(name, own, types.get(name)) for name, own in asked.items()}
    values = {name: list(dict.fromkeys(some)) for name, some in values.items()}
    tests = [any_of([predicate], types) for predicate in every]
    tried = list(islice(product(*values.values()), _MOST + 1))
    records = (_record(dict(zip(values, record, strict=True))) for record in tried)
    return len(tried) > _MOST or any(all(test(record) for test in tests) for record in records)


def _record(values: dict[str, Any]) -> dict[str, Any]:
    """Give a record with a level the level's number, as every record has it."""
    return values | {"severity_number": SEVERITY.get(values["level"])} if "level" in values else values


def _telling(name: str, asked: Sequence[Leaf], kind: str | None) -> Iterator[object]:
    """Yield null, and values of the field *name* on each side of all that is *asked* of it."""
    yield None
    if name == "level":
        yield from SEVERITY
        return
    yield _SOME.get(kind or "", "")
    patterns = [leaf.pattern for leaf in asked if isinstance(leaf, Like)]
    for one, two in product(patterns, patterns):
        both = globs.common(one, two) or ""
        yield from (both.replace("*", ""), both.replace("*", "x"))
    compared = [value for leaf in asked for value in _compared(leaf)]
    texts = [value for value in compared if isinstance(value, str)]
    for text in (reader("UTC")(text) or text for text in texts) if kind == "timestamp" else texts:
        yield from (text, text + "x")
    if kind == "boolean":
        yield False
    numbers = [value for value in compared if isinstance(value, int | float)]
    if kind == "double":
        yield from ((one + two) / 2 + step for one, two in product(numbers, numbers) for step in (-1, 0, 1))
    else:
        yield from (floor(number) + step for number in numbers for step in (-1, 0, 1))


def _compared(leaf: Leaf) -> tuple[Value, ...]:
    match leaf:
        case Compare(value=value):
            return (value,)
        case In(values=values):
            return values
        case Like() | Exists():
            return ()
