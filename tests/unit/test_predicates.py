"""Predicates: the language, its faults, and what a condition makes of a record."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logshape.contract.predicates import misfits, parse
from logshape.errors import InvalidPredicate
from logshape.lines.conditions import any_of

TYPES = {
    "level": "keyword",
    "message": "text",
    "status": "integer",
    "duration": "double",
    "cached": "boolean",
    "client": "ip",
    "at": "timestamp",
    "body": "object",
}
RECORD: dict[str, object] = {
    "level": "WARN",
    "severity_number": 13,
    "message": "it's slow",
    "status": 429,
    "cached": True,
    "client": "192.0.2.1",
    "at": "2025-10-31T22:38:21.010Z",
    "body": {},
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("level >= WARN", True),
        ("level > WARN", False),
        ("level != ERROR", True),
        ("level in (ERROR, WARN)", True),
        ("status = 429", True),
        ("status = 429.0", True),
        ("status in (500, 502)", False),
        ("status < 500 and status >= 400", True),
        ("message = 'it''s slow'", True),
        ('message = "it\'s slow"', True),
        ("message like 'it*'", True),
        ("message like '*s*low'", True),
        ("message like 'slow'", False),
        ("message like 'it''s slowslow*'", False),
        ("exists duration", False),
        ("duration < 1", False),
        ("duration != 1", False),
        ("not duration = 1", True),
        ("not exists duration", True),
        ("cached = true", True),
        ("client = '192.0.2.1'", True),
        ("at >= '2025-10-31T22:38:21Z'", True),
        ("at < '2025-10-31T23:38:21+01:00'", False),
        ("exists body", True),
        ("status = 1 or status = 429 and cached = false", False),
        ("(status = 1 or status = 429) and cached = true", True),
    ],
)
def test_a_condition_holds_or_does_not(text: str, expected: bool) -> None:  # noqa: FBT001 # the table's last column
    """A drop rule that reads differently from how it is written loses lines."""
    predicate = parse(text)

    assert list(misfits(predicate, TYPES)) == []
    assert any_of([predicate], TYPES)(RECORD) is expected


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("", 1, "saw the end at column 1, wanted a field's name"),
        (
            "level >=",
            9,
            "saw the end at column 9, wanted text in quotes, a number, true, false or a level (TRACE, DEBUG, INFO, WARN, ERROR, FATAL)",
        ),
        ("level ERROR", 7, "saw `ERROR` at column 7, wanted one of = != < <= > >= in like"),
        ("status = 1 status = 2", 12, "saw `status` at column 12, wanted `and`, `or` or the end"),
        ("status in 1", 11, "saw `1` at column 11, wanted `(`"),
        ("message like 3", 14, "saw `3` at column 14, wanted text in quotes behind `like`"),
        (
            "a = 1e999",
            5,
            "saw `1e999` at column 5, wanted text in quotes, a number, true, false or a level (TRACE, DEBUG, INFO, WARN, ERROR, FATAL)",
        ),
        ("a = 'open", 5, "`'` at column 5 begins no word, number, text or operator"),
        ("(" * 200, 52, "saw `(` at column 52, wanted at most 50 levels of `not` and parentheses"),
    ],
)
def test_a_fault_has_its_column(text: str, column: int, message: str) -> None:
    """`where` stands in a line of YAML; without the column one reads it all."""
    with pytest.raises(InvalidPredicate) as caught:
        parse(text)

    assert (caught.value.column, str(caught.value)) == (column, message)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("duration > 'x'", (1, "`duration` is of type double and is compared with a number, not with 'x'")),
        (
            "exists message and level = 'warning'",
            (20, "`warning` is no level; use one of TRACE, DEBUG, INFO, WARN, ERROR, FATAL"),
        ),
        ("cached > true", (1, "`cached` is of type boolean, which has no order")),
        ("status like '4*'", (1, "`like` reads text and `status` is of type integer")),
        ("body = 'x'", (1, "`body` is an object: only `exists` can be asked of it")),
        (
            "at > '2025-10-31T22:38'",
            (
                1,
                "`at` is of type timestamp and is compared with a time like '2025-10-31T22:38:21Z', not with '2025-10-31T22:38'",
            ),
        ),
        (
            "at > 'yesterday'",
            (
                1,
                "`at` is of type timestamp and is compared with a time like '2025-10-31T22:38:21Z', not with 'yesterday'",
            ),
        ),
        (
            "client = '10.0.0.0/8'",
            (1, "`client` is of type ip and is compared with an address like '192.0.2.1', not with '10.0.0.0/8'"),
        ),
        ("statsu = 1", (1, "`statsu` is no field of this contract")),
        ("message in ('a', 1)", (1, "`message` is of type text and is compared with text in quotes, not with 1")),
    ],
)
def test_a_senseless_comparison_is_found(text: str, expected: tuple[int, str]) -> None:
    """It would be false for every line there is, and nobody would know why."""
    assert list(misfits(parse(text), TYPES)) == [expected]


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    """A contract is written by people."""
    column = 0
    try:
        parse(text)
    except InvalidPredicate as fault:
        column = fault.column

    assert 0 <= column <= len(text) + 1
