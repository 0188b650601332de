"""
Turns a predicate into OpenSearch's query_string syntax, over the fields of the index template.

Lucene knows sets and no null: what is asked for is what is found, and ``NOT`` needs something to take away from. Each
group has one kind of operator, since the syntax has no precedence.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, assert_never

from logshape.artefacts.conditions.canonical import canonical
from logshape.contract.predicates import And, Compare, Exists, In, Like, Not, Or, leaves
from logshape.errors import InvalidPredicate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logshape.contract.predicates import Node, Operator, Predicate, Value

_ALL: Final = "*:*"
_NUMBERED: Final = {ord(character): f"\\u{ord(character):04x}" for character in '"\\'}
_SYNTAX: Final = re.compile(r"[^\w*]")
# The first place takes the lower of two zeros, the second the upper.
_BOUNDS: Final[Mapping[Operator, str]] = {
    "=": "[{0} TO {1}]",
    "<": "[* TO {0}}}",
    "<=": "[* TO {1}]",
    ">": "{{{1} TO *]",
    ">=": "[{0} TO *]",
}


def compile_query_string(predicate: Predicate, types: Mapping[str, str]) -> str:
    """
    Return the query that finds the documents that *predicate* holds for.

    Raises:
        InvalidPredicate: it compares a field of type text, which the index cuts into words, or no store can decide it;
            with the column.

    """
    for leaf in leaves(predicate.tree):
        if types[leaf.field] == "text" and not isinstance(leaf, Exists):
            message = (
                f"`{leaf.field}` at column {leaf.column} is of type text, which the index keeps as words; "
                "ask the archive, or declare it a keyword"
            )
            raise InvalidPredicate(message, leaf.column)
    return _query(canonical(predicate, types), types)


def _query(node: Node, types: Mapping[str, str]) -> str:
    match node:
        case Compare(field=field, operator=operator, value=value):
            return _comparison(field, operator, value, types)
        case In(field=field, values=values):
            return _group("OR", [_comparison(field, "=", value, types) for value in values])
        case Like(field=field, pattern=pattern):
            return f"{field}:{_SYNTAX.sub(_escaped, pattern)}"
        case Exists(field=field):
            return f"_exists_:{field}"
        case Not(term=term):
            return f"({_ALL} AND NOT {_query(term, types)})"
        case And(terms=terms):
            return _group("AND", [_query(term, types) for term in terms])
        case Or(terms=terms):
            return _group("OR", [_query(term, types) for term in terms])
        case _:
            assert_never(node)


def _group(operator: str, queries: list[str]) -> str:
    return f"({f' {operator} '.join(queries)})" if queries else f"({_ALL} AND NOT {_ALL})"


def _comparison(field: str, operator: Operator, value: Value, types: Mapping[str, str]) -> str:
    if operator == "!=":
        return f"(_exists_:{field} AND NOT {_comparison(field, '=', value, types)})"
    match value:
        case bool():
            return f"{field}:{'true' if value else 'false'}"
        case int() if operator == "=" and value >= 0:
            return f"{field}:{value}"
        case str() if operator == "=" and types[field] != "timestamp":
            return f"{field}:{_quoted(value)}"
        case str():
            return f"{field}:{_BOUNDS[operator].format(_quoted(value), _quoted(value))}"
        case 0.0 if types[field] == "double":  # Lucene has two
            return f"{field}:{_BOUNDS[operator].format('-0.0', '0.0')}"
        case _:
            return f"{field}:{_BOUNDS[operator].format(value, value)}"


def _quoted(text: str) -> str:
    # By number: in a range the syntax does not know a backslash before a quote.
    return f'"{text.translate(_NUMBERED)}"'


def _escaped(match: re.Match[str]) -> str:
    return f"\\{match[0]}"
