"""
Turns a predicate into a condition of SQL over the archive's columns, in words that DuckDB and Athena share.

Comparisons with null are null in SQL, which a ``WHERE`` takes for false; only below a ``NOT`` must that be said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

from logshape.artefacts.conditions.canonical import canonical
from logshape.contract.predicates import And, Compare, Exists, In, Like, Not, Or
from logshape.lines.values import LONG

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logshape.contract.predicates import Node, Predicate, Value

_COLUMNS: Final = {"@timestamp": "event_time"}
_ESCAPE: Final = "\\"
_ESCAPED: Final = str.maketrans({character: _ESCAPE + character for character in (_ESCAPE, "%", "_")} | {"*": "%"})


def compile_sql(predicate: Predicate, types: Mapping[str, str]) -> str:
    """
    Return what stands behind ``WHERE`` for the rows that *predicate* holds for; elsewhere it is false or null.

    Names are quoted and values are literals of their column's type, whatever characters they hold.

    Raises:
        InvalidPredicate: no store can decide it; with the column.

    """
    return _condition(canonical(predicate, types), types)


def _condition(node: Node, types: Mapping[str, str]) -> str:
    match node:
        case Compare(field=field, operator=operator, value=value):
            sign = "<>" if operator == "!=" else operator
            return f"{_column(field)} {sign} {_literal(value, types[field])}"
        case In(field=field, values=values):
            listed = ", ".join(_literal(value, types[field]) for value in values)
            return f"{_column(field)} IN ({listed})"
        case Like(field=field, pattern=pattern):
            return f"{_column(field)} LIKE {_text(pattern.translate(_ESCAPED))} ESCAPE {_text(_ESCAPE)}"
        case Exists(field=field):
            return f"{_column(field)} IS NOT NULL"
        case Not(term=term):
            return f"NOT coalesce({_condition(term, types)}, FALSE)"
        case And(terms=terms):
            return f"({' AND '.join(_condition(term, types) for term in terms)})"
        case Or(terms=()):
            return "FALSE"
        case Or(terms=terms):
            return f"({' OR '.join(_condition(term, types) for term in terms)})"
        case _:
            assert_never(node)


def _column(field: str) -> str:
    name = _COLUMNS.get(field, field).replace('"', '""')
    return f'"{name}"'


def _literal(value: Value, kind: str) -> str:
    match value:
        case bool():
            return "TRUE" if value else "FALSE"
        case str() if kind == "timestamp":
            return f"TIMESTAMP {_text(value.replace('T', ' ').removesuffix('Z'))}"
        case str():
            return _text(value)
        case int() if value == LONG[0]:
            return f"({value + 1} - 1)"  # a minus is no part of a literal, and the number without it is out of range
        case int():
            return str(value)
        case float():
            spelled = repr(value)
            return spelled if "e" in spelled else f"{spelled}e0"  # without an exponent it would be a decimal


def _text(text: str) -> str:
    # A parser takes a NUL for the end of the query.
    quoted = text.replace("'", "''").replace("\0", "' || chr(0) || '")
    return f"'{quoted}'" if "\0" not in text else f"('{quoted}')"
