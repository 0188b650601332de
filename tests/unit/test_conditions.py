"""One predicate, every engine, the same answer: what each is told, and what DuckDB makes of it."""

from __future__ import annotations

import functools

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logshape.archive.openx import Converter
from logshape.artefacts import glue
from logshape.artefacts.conditions import ENGINES, compile_insights, compile_query_string, compile_sql
from logshape.contract.predicates import Predicate, misfits, parse
from logshape.errors import InvalidPredicate
from logshape.lines.conditions import any_of
from tests.conditions import CONTRACT, FIELD_TYPES, predicates, records, row


@given(st.lists(records(), min_size=1, max_size=12), predicates())
def test_duckdb_finds_the_rows_that_a_predicate_holds_for(found: list[dict[str, object]], predicate: Predicate) -> None:
    """A query, a metric and a drop rule that are written alike must mean one thing, nulls and odd characters too."""
    holds = any_of([predicate], FIELD_TYPES)

    assert list(misfits(predicate, FIELD_TYPES)) == []
    assert _answers(found, compile_sql(predicate, FIELD_TYPES)) == [
        record["event_id"] for record in _numbered(found) if holds(record)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("level >= ERROR", 'level in ["ERROR", "FATAL"]'),
        ("not level >= ERROR", '(not ispresent(level) or level not in ["ERROR", "FATAL"])'),
        ("level > FATAL", "not ispresent(@message)"),
        ("not level > FATAL", "ispresent(@message)"),
        ("level in (WARN, ERROR)", 'level in ["WARN", "ERROR"]'),
        ("a_integer = 429", "a_integer = 429"),
        ("a_integer != 429", "(ispresent(a_integer) and a_integer != 429)"),
        ("not a_integer != 429", "(not ispresent(a_integer) or a_integer = 429)"),
        ("not a_integer < 1", "(not ispresent(a_integer) or a_integer >= 1)"),
        ("a_integer > 99.5", "a_integer > 99"),
        ("a_integer < 3000000000", "ispresent(a_integer)"),
        ("a_double >= 1e21", "a_double >= 1000000000000000000000"),
        ("a_boolean = true", 'a_boolean in [1, "true"]'),
        ("a_boolean != true", 'a_boolean in [0, "false"]'),
        ("a_boolean in (true, false)", 'a_boolean in [1, "true", 0, "false"]'),
        ("a_ip = '192.0.2.1'", 'a_ip = "192.0.2.1"'),
        ("a_keyword = 'say \"a\\b\"'", r'a_keyword = "say \"a\\b\""'),
        ("a_keyword in ('a', 'b')", 'a_keyword in ["a", "b"]'),
        ("a_text like 'GET /*'", r"a_text like /(?s)\AGET \/.*\z/"),
        ("not a_text like '*.py'", r"(not ispresent(a_text) or a_text not like /(?s)\A.*\.py\z/)"),
        ("a_text like '*'", "ispresent(a_text)"),
        ("@timestamp >= '2025-10-31T22:38:21Z'", "toMillis(@timestamp) >= 1761950301000"),
        ("observed_time < '2025-10-31T22:38:21Z'", "toMillis(@timestamp) < 1761950301000"),
        ("exists log_stream", "ispresent(@logStream)"),
        (
            "not (exists level and (a_integer = 1 or a_integer = 2))",
            "(not ispresent(level) or ((not ispresent(a_integer) or a_integer != 1) and (not ispresent(a_integer) or a_integer != 2)))",
        ),
    ],
)
def test_insights_is_asked_so_that_no_missing_field_matters(text: str, expected: str) -> None:
    """What it makes of a comparison with nothing stands nowhere, and a query that guesses is wrong at night."""
    assert compile_insights(parse(text), FIELD_TYPES) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("level >= ERROR", '"severity_number" >= 17'),
        ("not a_integer = 429", 'NOT coalesce("a_integer" = 429, FALSE)'),
        ("a_integer = 1 or a_double > 1.5 and a_boolean = true", '("a_integer" = 1 OR ("a_double" > 1.5e0 AND "a_boolean" = TRUE))'),
        ("@timestamp < '2025-10-31T23:38:21,5+01:00'", "\"event_time\" < TIMESTAMP '2025-10-31 22:38:21.500'"),
        ("a_keyword = 'it''s'", "\"a_keyword\" = 'it''s'"),
        ("a_keyword like '50%*\\_'", "\"a_keyword\" LIKE '50\\%%\\\\\\_' ESCAPE '\\'"),
        ("a_long = -9223372036854775808", '"a_long" = (-9223372036854775807 - 1)'),
        ("a_integer in (1, 1.0, 1.5)", '"a_integer" IN (1)'),
        ("a_integer = 1.5", "FALSE"),
        ("exists parse_errors", '"parse_errors" IS NOT NULL'),
    ],
)  # fmt: skip
def test_athena_is_asked_in_the_words_that_duckdb_understands(text: str, expected: str) -> None:
    """What holds on this machine must hold in the account."""
    assert {ENGINES[engine](parse(text), FIELD_TYPES) for engine in ("athena", "duckdb")} == {expected}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("level >= ERROR", "severity_number:[17 TO *]"),
        ("a_integer = 429", "a_integer:429"),
        ("a_integer != -1", "(_exists_:a_integer AND NOT a_integer:[-1 TO -1])"),
        ("not a_boolean = true", "(*:* AND NOT a_boolean:true)"),
        ("a_double = 0", "a_double:[-0.0 TO 0.0]"),
        ("a_double > 0", "a_double:{0.0 TO *]"),
        ("a_ip in ('192.0.2.1', '::1')", '(a_ip:"192.0.2.1" OR a_ip:"::1")'),
        ("@timestamp < '2025-10-31T22:38:21Z'", '@timestamp:[* TO "2025-10-31T22:38:21.000Z"}'),
        ("a_keyword = 'say \"a\\b\"'", r'a_keyword:"say \u0022a\u005cb\u0022"'),
        ("a_keyword like '/a b?*'", r"a_keyword:\/a\ b\?*"),
        ("a_integer = 1.5 and exists a_text", "((*:* AND NOT *:*) AND _exists_:a_text)"),
    ],
)
def test_opensearch_is_asked_for_sets(text: str, expected: str) -> None:
    """These texts stand in saved searches, where people read them."""
    assert compile_query_string(parse(text), FIELD_TYPES) == expected


@pytest.mark.parametrize(
    ("engine", "text", "column", "message"),
    [
        (
            "query-string",
            "exists a_text and a_text like 'a*'",
            19,
            "`a_text` at column 19 is of type text, which the index keeps as words; ask the archive, or declare it a keyword",
        ),
        ("insights", "format = 'x'", 1, "`format` at column 1 is known once a line is read, and to no Insights query"),
        (
            "insights",
            "a_timestamp > '2025-10-31T22:38:21Z'",
            1,
            "`a_timestamp` at column 1 is known once a line is read, and to no Insights query",
        ),
        (
            "duckdb",
            "not a_timestamp > 'yesterday'",
            5,
            "`yesterday` is no time to compare `a_timestamp` at column 5 with; write 2025-10-31T22:38:21Z",
        ),
        ("athena", "a_ip = '192.0.2.0/24'", 1, "`192.0.2.0/24` is no address to compare `a_ip` at column 1 with"),
        ("duckdb", "parse_errors = 'x'", 1, "`parse_errors` at column 1 is a list: only `exists` can be asked of it"),
        ("duckdb", "parse_errors like 'type:*'", 1, "`parse_errors` at column 1 is a list: only `exists` can be asked of it"),
        ("duckdb", "parse_errors in ('x')", 1, "`parse_errors` at column 1 is a list: only `exists` can be asked of it"),
    ],
)  # fmt: skip
def test_what_an_engine_cannot_decide_is_refused(engine: str, text: str, column: int, message: str) -> None:
    """An answer that is nearly right is the one that is believed."""
    with pytest.raises(InvalidPredicate) as caught:
        ENGINES[engine](parse(text), FIELD_TYPES)

    assert (caught.value.column, str(caught.value)) == (column, message)


def _numbered(found: list[dict[str, object]]) -> list[dict[str, object]]:
    return [record | {"event_id": f"{number:02}"} for number, record in enumerate(found)]


def _answers(found: list[dict[str, object]], condition: str) -> list[str]:
    converted = _converter().convert([b"".join(map(row, _numbered(found)))])
    connection = _connection()
    connection.register("logs", converted.table)
    rows = connection.execute(f"SELECT event_id FROM logs WHERE {condition} ORDER BY event_id").fetchall()  # noqa: S608 # the condition is what is tested
    return [event_id for (event_id,) in rows]


@functools.cache
def _converter() -> Converter:
    return Converter(glue.columns(CONTRACT))


@functools.cache
def _connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()
