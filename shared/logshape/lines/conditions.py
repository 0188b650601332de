"""Conditions: a predicate as a function from a record to whether it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, assert_never

from logshape.contract.levels import SEVERITY
from logshape.contract.predicates import And, Compare, Exists, In, Like, Not, Or
from logshape.lines.formats import glob
from logshape.lines.instants import reader
from logshape.lines.source import Source
from logshape.lines.values import ip

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from logshape.contract.predicates import Node, Operator, Predicate, Value
    from logshape.lines.records import Record

_SIGNS: Final[Mapping[Operator, str]] = {"=": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


def any_of(predicates: Sequence[Predicate], types: Mapping[str, str]) -> Callable[[Record], bool]:
    """
    Return a test of records that holds where one of *predicates* does; their fields are of *types*.

    A comparison with a field that is absent or null is false, ``!=`` included. Levels are compared by their severity,
    times as instants and text by code point.
    """
    source = Source("record")
    source.add("get = record.get")
    tests = [_expression(source, predicate.tree, types) for predicate in predicates]
    source.add(f"return {' or '.join(tests) or 'False'}")
    function: Callable[[Record], bool] = source.function("; ".join(predicate.source for predicate in predicates))
    return function


def _expression(source: Source, node: Node, types: Mapping[str, str]) -> str:
    match node:
        case Compare(field=field, operator=operator, value=value):
            key, wanted = _side(field, value, types)
            test = f"get({key!r}) {_SIGNS[operator]} {wanted!r}"
            return f"({test})" if operator == "=" else f"(get({key!r}) is not None and {test})"
        case In(field=field, values=values):
            key = _side(field, values[0], types)[0]
            return f"(get({key!r}) in {tuple(_side(field, value, types)[1] for value in values)!r})"
        case Like(field=field, pattern=pattern):
            return f"{source.name(glob(pattern), 'like')}(get({field!r}))"
        case Exists(field=field):
            return f"(get({field!r}) is not None)"
        case Not(term=term):
            return f"(not {_expression(source, term, types)})"
        case And(terms=terms):
            return f"({' and '.join(_expression(source, term, types) for term in terms)})"
        case Or(terms=terms):
            return f"({' or '.join(_expression(source, term, types) for term in terms)})"
        case _:
            assert_never(node)


def _side(field: str, value: Value, types: Mapping[str, str]) -> tuple[str, Any]:
    """Return the key to compare and the value to compare with: levels by number, times and addresses as stored."""
    if field == "level":
        return "severity_number", SEVERITY[value]  # type: ignore[index] # predicates.misfits has refused other words
    match types.get(field):
        case "timestamp":
            return field, reader("UTC")(value) or value
        case "ip":
            return field, ip(value)
        case _:
            return field, value
