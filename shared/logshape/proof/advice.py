"""Advice: what of a contract holds and will still surprise its author, as faults of rules that only advise."""

from __future__ import annotations

from itertools import islice, product
from math import floor
from typing import TYPE_CHECKING, Any, Final

from logshape.contract import globs
from logshape.contract.levels import SEVERITY
from logshape.contract.model import CORE_FIELDS, PLATFORM
from logshape.contract.predicates import Compare, Exists, In, Like, leaves
from logshape.contract.wording import listing
from logshape.lines.conditions import any_of
from logshape.lines.instants import reader
from logshape.lines.readers import reader_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from logshape.contract.load import Reading
    from logshape.contract.model import Contract, Group, Metric
    from logshape.contract.predicates import Leaf, Predicate, Value

_LAMBDA: Final = "/aws/lambda/*"
_SOME: Final[Mapping[str, object]] = {"boolean": True, "integer": 0, "long": 0, "double": 0}
_MOST: Final = 10_000  # records that are tried for two predicates; beyond, they are taken to meet


def judge(reading: Reading) -> None:
    """Look through the contract of *reading*, if it has one; each advice becomes a fault of its document."""
    contract = reading.contract
    if contract is None:
        return
    for at, group in enumerate(contract.groups):
        for number, drop in enumerate(group.drop):
            names = listing(f"`{metric.name}`" for metric in _counting(contract, group, drop))
            if names:
                message = (
                    f"lines that this drops are counted all the same, for CloudWatch's filters of {names} see them; "
                    "take them out by the metric's `where`, if they should not count"
                )
                reading.document.refuse(("groups", at, "drop", number), "counted-drop", message)
        if _leaves_platform(contract, group):
            message = (
                f"none of these reads START, END and REPORT, which Lambda writes to each log group of `{_LAMBDA}`: "
                f"they become `unparsed`; add {PLATFORM}"
            )
            reading.document.refuse(("groups", at, "formats"), "unread-platform", message)


def _counting(contract: Contract, group: Group, drop: Predicate) -> Iterator[Metric]:
    """Yield the metrics whose filters can count a line of *group* that *drop* takes out."""
    types = {field.name: field.type for field in (*CORE_FIELDS, *contract.fields)}
    for metric in contract.metrics:
        if group.name in metric.groups and not metric.via_ingest and meet((drop, metric.where), types):
            yield metric


def _leaves_platform(contract: Contract, group: Group) -> bool:
    """Say whether *group* has functions' log groups alone, and no format that reads a line of the platform."""
    if not all(globs.covers(_LAMBDA, glob) for glob in group.match):
        return False
    fields = {field.name: field for field in (*CORE_FIELDS, *contract.fields)}
    readers = [reader_for(contract.formats[name], fields) for name in group.formats]
    lines = [example.line for example in contract.formats[PLATFORM].examples]
    return not any(read(line) is not None for line in lines for read in readers)


def meet(predicates: Sequence[Predicate], types: Mapping[str, str]) -> bool:
    """
    Say whether a record can be such that all of *predicates* hold, their fields being of *types*.

    Every value is tried that one of them could tell from another. Where these are too many the answer is yes.
    """
    asked: dict[str, list[Leaf]] = {}
    for predicate in predicates:
        for leaf in leaves(predicate.tree):
            asked.setdefault(leaf.field, []).append(leaf)
    values = {name: list(dict.fromkeys(_telling(name, own, types.get(name)))) for name, own in asked.items()}
    tests = [any_of([predicate], types) for predicate in predicates]
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
