"""Turns one predicate into a condition of each engine that is asked by it: a module an engine, all in one table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logshape.artefacts.conditions.insights import compile_insights
from logshape.artefacts.conditions.query_string import compile_query_string
from logshape.artefacts.conditions.sql import compile_sql

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from logshape.contract.predicates import Predicate

__all__ = ["ENGINES", "compile_insights", "compile_query_string", "compile_sql"]

# From a predicate in which `misfits` has found nothing, with the types of its fields, to the engine's text.
ENGINES: Final[Mapping[str, Callable[[Predicate, Mapping[str, str]], str]]] = {
    "athena": compile_sql,
    "duckdb": compile_sql,
    "insights": compile_insights,
    "query-string": compile_query_string,
}
