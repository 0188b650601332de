"""Conditions: a predicate as a function from a record to whether it holds."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, Final, assert_never

from logshape.contract.levels import SEVERITY
from logshape.contract.predicates import And, Compare, Exists, In, Like, Not, Or
from logshape.lines.formats import glob
from logshape.lines.instants import reader

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from logshape.contract.predicates import Node, Value
    from logshape.lines.records import Record

    Condition = Callable[[Record], bool]

_OPERATORS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def condition(node: Node, types: Mapping[str, str]) -> Condition:
    """
    Return a test of records for *node*, whose fields are of *types*.

    A comparison with a field that is absent or null is false, ``!=`` included. Levels are compared by their severity,
    times as instants and text by code point.
    """
    match node:
        case Compare(field=field, operator=sign, value=value):
            key, wanted = _side(field, value, types)
            return _comparison(key, _OPERATORS[sign], wanted)
        case In(field=field, values=values):
            key = _side(field, values[0], types)[0]
            allowed = frozenset(_side(field, value, types)[1] for value in values)
            return lambda record: record.get(key) in allowed
        case Like(field=field, pattern=pattern):
            like = glob(pattern)
            return lambda record: like(record.get(field))
        case Exists(field=field):
            return lambda record: record.get(field) is not None
        case Not(term=term):
            inner = condition(term, types)
            return lambda record: not inner(record)
        case And(terms=terms):
            tests = [condition(term, types) for term in terms]
            return lambda record: all(test(record) for test in tests)
        case Or(terms=terms):
            tests = [condition(term, types) for term in terms]
            return lambda record: any(test(record) for test in tests)
        case _:
            assert_never(node)


def _comparison(key: str, compare: Callable[[Any, Any], bool], wanted: object) -> Condition:
    def holds(record: Record) -> bool:
        value = record.get(key)
        return value is not None and compare(value, wanted)

    return holds


def _side(field: str, value: Value, types: Mapping[str, str]) -> tuple[str, object]:
    """Return the key to compare and the value to compare it with: levels by number, times as they are written."""
    if field == "level" and isinstance(value, str):
        return "severity_number", SEVERITY[value]  # type: ignore[index] # predicates.misfits has refused other words
    if types.get(field) == "timestamp" and isinstance(value, str):
        return field, reader("UTC")(value) or value
    return field, value
