"""
Turns a predicate into the condition of Logs Insights' ``filter``, over fields by the contract's names.

What Insights makes of a comparison with a field that a line lacks is not documented, so that question is never left to
it: negations are carried down to the comparisons, and each that would have to hold without a field says so.
"""

from __future__ import annotations

import operator
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, assert_never

from logshape.artefacts.conditions.canonical import canonical
from logshape.contract.levels import SEVERITY
from logshape.contract.predicates import And, Compare, Exists, In, Like, Not, Or, leaves
from logshape.errors import InvalidPredicate
from logshape.lines.instants import epoch_ms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from logshape.contract.predicates import Node, Operator, Predicate, Value

# What CloudWatch itself knows of an event; it has no other time than the event's.
_NAMES: Final[Mapping[str, str]] = {
    "observed_time": "@timestamp",
    "account": "@aws.account",
    "region": "@aws.region",
    "log_stream": "@logStream",
    "severity_number": "level",
}
_TIMES: Final = ("@timestamp", "observed_time")
_UNKNOWN: Final = ("log_group", "event_id", "format", "contract_version", "parse_errors")
_OPPOSITE: Final[Mapping[Operator, Operator]] = {"=": "!=", "!=": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_HOLDS: Final[Mapping[Operator, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ALWAYS: Final = "ispresent(@message)"  # every event has one
_SPECIAL: Final = re.compile(r"[^\w\s]")


def compile_insights(predicate: Predicate, types: Mapping[str, str]) -> str:
    """
    Return what stands behind ``filter`` for the lines that *predicate* holds for.

    Fields go by their names in the contract, and levels by their own: where a raw line says otherwise, the query must
    give its fields these names first.

    Raises:
        InvalidPredicate: it speaks of what only a record has, or of a time that CloudWatch does not know; with the
            column.

    """
    for leaf in leaves(predicate.tree):
        unread = types[leaf.field] == "timestamp" and leaf.field not in _TIMES and not isinstance(leaf, Exists)
        if unread or leaf.field in _UNKNOWN:
            message = f"`{leaf.field}` at column {leaf.column} is known once a line is read, and to no Insights query"
            raise InvalidPredicate(message, leaf.column)
    return _condition(canonical(predicate, types), negated=False)


def _condition(node: Node, *, negated: bool) -> str:
    match node:
        case Not(term=term):
            return _condition(term, negated=not negated)
        case Or(terms=()):
            return _never(negated=negated)
        case And(terms=terms) | Or(terms=terms):
            word = " and " if isinstance(node, And) is not negated else " or "
            return f"({word.join(_condition(term, negated=negated) for term in terms)})"
        case Exists(field=field):
            return f"not ispresent({_name(field)})" if negated else f"ispresent({_name(field)})"
        case Compare() | In() | Like():
            return _leaf(_as_told(node), negated=negated)
        case _:
            assert_never(node)


def _leaf(leaf: Compare | In | Like, *, negated: bool) -> str:
    name = _name(leaf.field)
    no = "not " if negated else ""
    match leaf:
        case Compare(operator=sign, value=value):
            told = f"toMillis({name})" if leaf.field in _TIMES else name
            test = f"{told} {_OPPOSITE[sign] if negated else sign} {_literal(value)}"
        case In(values=()):
            return _never(negated=negated)
        case In(values=values):
            test = f"{name} {no}in [{', '.join(map(_literal, values))}]"
        case Like(pattern=pattern):
            test = f"{name} {no}like {_regex(pattern)}"
    if negated:
        return f"(not ispresent({name}) or {test})"
    return f"(ispresent({name}) and {test})" if isinstance(leaf, Compare) and leaf.operator == "!=" else test


def _never(*, negated: bool) -> str:
    return _ALWAYS if negated else f"not {_ALWAYS}"


def _as_told(leaf: Compare | In | Like) -> Compare | In | Like:
    """Ask for what CloudWatch has: levels by name, the time as a number, booleans as 1, 0 or their words."""
    match leaf:
        case Compare(field="severity_number", operator=sign, value=bound):
            return In("level", tuple(name for name, number in SEVERITY.items() if _HOLDS[sign](number, bound)))
        case In(field="severity_number", values=values):
            return In("level", tuple(name for name, number in SEVERITY.items() if number in values))
        case Compare(value=bool() as value, operator=sign):
            return In(leaf.field, (1, "true") if value is (sign == "=") else (0, "false"))
        case In(values=(bool(), *_) as values):
            return In(leaf.field, tuple(told for value in values for told in ((1, "true") if value else (0, "false"))))
        case Compare(value=str() as value) if leaf.field in _TIMES:
            return Compare(leaf.field, leaf.operator, epoch_ms(value))
        case _:
            return leaf


def _name(field: str) -> str:
    return _NAMES.get(field, field)


def _literal(value: Value) -> str:
    match value:
        case str():
            escaped = value.replace("\\", "\\\\").replace('"', '\\"')
            return f'"{escaped}"'
        case float():
            return f"{Decimal(repr(value)):f}"  # no exponents are documented
        case _:
            return str(value)


def _regex(pattern: str) -> str:
    """Match the whole text, line breaks too."""
    parts = (_SPECIAL.sub(lambda match: f"\\{match[0]}", part) for part in pattern.split("*"))
    return rf"/(?s)\A{'.*'.join(parts)}\z/"
