"""Instants: every way in which loggers write a time ends as one text, or is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logshape.lines.instants import EARLIEST_MS, LATEST_MS, Zoneless, epoch_ms, reader, writer, written


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-10-31T22:38:21.010Z", "2025-10-31T22:38:21.010Z"),
        ("2025-10-31T22:38:21Z", "2025-10-31T22:38:21.000Z"),
        ("2025-10-31 22:38:21,010+0000", "2025-10-31T22:38:21.010Z"),
        ("2025-10-31T22:38:21.010+02:00", "2025-10-31T20:38:21.010Z"),
        ("2025-10-31T22:38:21.01-05", "2025-11-01T03:38:21.010Z"),
        ("2025-10-31T22:38:21.0109999Z", "2025-10-31T22:38:21.010Z"),
        ("2020/03/27 03:40:05", "2020-03-27T03:40:05.000Z"),
        ("10/Oct/2000:13:55:36 -0700", "2000-10-10T20:55:36.000Z"),
        ("1531171074631", "2018-07-09T21:17:54.631Z"),
        (1531171074631, "2018-07-09T21:17:54.631Z"),
        (1531171074, "2018-07-09T21:17:54.000Z"),
        (1531171074.631, "2018-07-09T21:17:54.631Z"),
    ],
)
def test_every_spelling_of_a_time_is_read_the_same_twice(text: object, expected: str) -> None:
    """The second reading takes the quick way through the memory, and must not differ from the first."""
    read = reader("UTC")

    assert [read(text), read(text)] == [expected, expected]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "today",
        "2025-10-31",
        "2025-02-30T00:00:00Z",
        "2025-10-31T24:00:00Z",
        "2025-10-31T22:38:21.010+99:00",
        "0001-01-01T00:00:00+05:00",
        "٢٠٢٥-10-31T22:38:21Z",
        "2025-10-31T22:38:21.٣٣٣Z",
        "31/Foo/2025:22:38:21 +0000",
        True,
        None,
        12,
        1e300,
        [],
    ],
)
def test_what_is_no_time_is_none(text: object) -> None:
    """A guess would put a line at a moment at which nothing happened."""
    assert reader("UTC")(text) is None


def test_a_time_without_a_zone_is_marked_where_the_format_names_none() -> None:
    """The pipeline believes such a time only when it is close to CloudWatch's own."""
    text = "2025-10-31T22:38:21.010"

    assert isinstance(reader(None)(text), Zoneless)
    assert type(reader("UTC")(text)) is str
    assert reader("Asia/Tokyo")(text) == "2025-10-31T13:38:21.010Z"


def test_a_shape_keeps_other_spellings_out() -> None:
    """Go's `2009/01/23 01:23:23` begins a template that must not take every time there is."""
    read = reader("UTC", "slashed")

    assert read("2009/01/23 01:23:23") == "2009-01-23T01:23:23.000Z"
    assert read("2009-01-23 01:23:23") is None
    assert read(1531171074631) is None


@given(st.integers(EARLIEST_MS, LATEST_MS - 1))
def test_writing_and_reading_agree(moment: int) -> None:
    """What one record says another must be able to compare with."""
    text = written(moment)

    assert epoch_ms(text) == moment
    assert writer()(moment) == text
    assert reader(None)(text) == text
