"""JSON text: unsound lines stay JSON, with text where no store could take the value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logshape.lines.json_text import DEEPEST, read_object, read_spelled, text_of


def _depth(value: object) -> int:
    match value:
        case dict():
            return 1 + max(map(_depth, value.values()), default=0)
        case list():
            return 1 + max(map(_depth, value), default=0)
        case _:
            return 0


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('{"a": 1}', {"a": 1}),
        ('{"a": NaN, "b": -Infinity, "c": 1e999}', {"a": "NaN", "b": "-Infinity", "c": "inf"}),
        ('{"a": "\\ud83d x"}', {"a": "� x"}),
        ('{"\\ud83d": 1}', {"�": 1}),
        ('{"a": 1} trailing', None),
        ('{"a": ', None),
        ("[1]", None),
        ("", None),
        ("{" * 100_000, None),
    ],
)
def test_a_line_is_an_object_or_none(line: str, expected: object) -> None:
    """Python's logger writes NaN, and half of an emoji comes from a message that was cut."""
    assert read_object(line) == expected


@pytest.mark.parametrize("levels", [DEEPEST, DEEPEST + 1, 300, 100_000])
def test_what_is_nested_too_deep_becomes_text(levels: int) -> None:
    """A store that refuses the depth would refuse the whole document, and a recursive encoder would end the batch."""
    nested = "[" * (levels - 1) + '"]}"' + "]" * (levels - 1)

    document = read_object(f'{{"deep": {nested}, "near": 1}}')

    assert document is not None
    assert document["near"] == 1
    assert _depth(document) == min(levels, DEEPEST)


def test_what_is_only_opened_is_no_json() -> None:
    """A line of a megabyte of brackets is refused before anybody counts their levels."""
    assert read_object('{"a":' * 200_000) is None
    assert read_object('{"a":' + "[" * 2_000_000 + "]" * DEEPEST) is None


def test_numbers_can_be_had_as_they_are_spelled() -> None:
    """An order number of 23 digits is a keyword, and no float."""
    assert read_spelled('{"id": 12345678901234567890123, "price": 1.50}') == {
        "id": "12345678901234567890123",
        "price": "1.50",
    }


@given(st.text(alphabet='{}[]":,0a\\ ', max_size=200))
def test_no_text_raises(text: str) -> None:
    """Whatever a program prints between braces, it harms nobody else's events."""
    document = read_object("{" + text)

    assert document is None or isinstance(document, dict)


def test_anything_has_a_text() -> None:
    """An event without a message is kept as its own JSON."""
    assert text_of({"a": "\ud83d", "b": float("nan"), "c": None}) == '{"a":"�","b":NaN,"c":null}'
