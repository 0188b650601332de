"""Turns a predicate into one whose values are what the stores hold, so that every engine decides it alike."""

from __future__ import annotations

import math
import re
import sys
from typing import TYPE_CHECKING, Final, assert_never

from logshape.contract.levels import SEVERITY
from logshape.contract.predicates import LISTS, And, Compare, Exists, In, Like, Node, Not, Or
from logshape.errors import InvalidPredicate
from logshape.lines import instants, values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logshape.contract.predicates import Operator, Predicate

NEVER: Final = Or(())
"""What holds for no record: not one of its terms does."""

_RANGES: Final[Mapping[str, tuple[float, float]]] = {
    "integer": values.INTEGER,
    "long": values.LONG,
    "double": (-sys.float_info.max, sys.float_info.max),
}
# What a comparison becomes with a number that no field can hold: the greatest one below it takes its place.
_BETWEEN: Final[Mapping[Operator, Operator | None]] = {
    "<": "<=",
    "<=": "<=",
    ">": ">",
    ">=": ">",
    "=": None,
    "!=": None,
}


def canonical(predicate: Predicate, types: Mapping[str, str]) -> Node:
    """
    Return the tree of *predicate*, in which `misfits` has found nothing, with every comparison as stores can decide it.

    Levels are compared by their number, times are text as stores hold them, whole numbers and doubles are such that the
    field can hold them. A comparison whose answer is known is `Exists` or `NEVER`; a pattern of ``like`` has a ``*``.

    Raises:
        InvalidPredicate: a time or an address is none, or a list is compared with one value; with the column.

    """
    return _canonical(predicate.tree, types)


def _canonical(node: Node, types: Mapping[str, str]) -> Node:
    match node:
        case Exists():
            return node
        case Compare():
            return _compare(node, types[node.field])
        case In():
            return _in(node, types)
        case Like():
            return _like(node)
        case Not(term=term):
            return Not(_canonical(term, types))
        case And(terms=terms):
            return And(tuple(_canonical(term, types) for term in terms))
        case Or(terms=terms):
            return Or(tuple(_canonical(term, types) for term in terms))
        case _:
            assert_never(node)


def _compare(leaf: Compare, kind: str) -> Node:
    _refuse_list(leaf)
    match leaf.value:
        case str() as word if leaf.field == "level":
            return Compare("severity_number", leaf.operator, SEVERITY[word], leaf.column)  # type: ignore[index] # misfits has refused other words
        case str() as text if kind == "timestamp":
            return Compare(leaf.field, leaf.operator, _instant(leaf, text), leaf.column)
        case str() as text if kind == "ip":
            return Compare(leaf.field, leaf.operator, _address(leaf, text), leaf.column)
        case "":
            return _compare_with_nothing(leaf)
        case bool() | str():
            return leaf
        case number:
            return _compare_number(leaf, number, kind)


def _address(leaf: Compare, text: str) -> str:
    address = values.ip(text)
    if not isinstance(address, str):
        message = f"`{text}` is no address to compare `{leaf.field}` at column {leaf.column} with"
        raise InvalidPredicate(message, leaf.column)
    return address


def _instant(leaf: Compare, text: str) -> str:
    instant = instants.reader("UTC")(text)
    if instant is None:
        message = (
            f"`{text}` is no time to compare `{leaf.field}` at column {leaf.column} with; write 2025-10-31T22:38:21Z"
        )
        raise InvalidPredicate(message, leaf.column)
    return instant


def _compare_with_nothing(leaf: Compare) -> Node:
    """Nothing is less than the empty text."""
    match leaf.operator:
        case "<":
            return NEVER
        case "<=":
            return Compare(leaf.field, "=", "", leaf.column)
        case ">":
            return Compare(leaf.field, "!=", "", leaf.column)
        case ">=":
            return Exists(leaf.field, leaf.column)
        case "=" | "!=":
            return leaf


def _compare_number(leaf: Compare, number: float, kind: str) -> Node:
    lowest, highest = _RANGES[kind]
    if not lowest <= number <= highest:
        always = ("!=", "<", "<=") if number > highest else ("!=", ">", ">=")
        return Exists(leaf.field, leaf.column) if leaf.operator in always else NEVER
    below = _below(number, kind)
    operator = leaf.operator if below == number else _BETWEEN[leaf.operator]
    if operator is None:
        return Exists(leaf.field, leaf.column) if leaf.operator == "!=" else NEVER
    return Compare(leaf.field, operator, below, leaf.column)


def _below(number: float, kind: str) -> float:
    """Return *number* as a field of *kind* holds it, or the greatest below it that it can hold."""
    if kind != "double":
        return math.floor(number)
    nearest = float(number) + 0.0  # there is one zero
    return nearest if nearest <= number else math.nextafter(nearest, -math.inf)


def _in(leaf: In, types: Mapping[str, str]) -> Node:
    terms = (_compare(Compare(leaf.field, "=", value, leaf.column), types[leaf.field]) for value in leaf.values)
    possible = dict.fromkeys(term for term in terms if isinstance(term, Compare))
    if not possible:
        return NEVER
    field = next(iter(possible)).field
    return In(field, tuple(term.value for term in possible), leaf.column)


def _like(leaf: Like) -> Node:
    _refuse_list(leaf)
    pattern = re.sub(r"\*+", "*", leaf.pattern)
    if pattern == "*":
        return Exists(leaf.field, leaf.column)
    return Like(leaf.field, pattern, leaf.column) if "*" in pattern else Compare(leaf.field, "=", pattern, leaf.column)


def _refuse_list(leaf: Compare | Like) -> None:
    if leaf.field in LISTS:
        message = f"`{leaf.field}` at column {leaf.column} is a list: only `exists` can be asked of it"
        raise InvalidPredicate(message, leaf.column)
