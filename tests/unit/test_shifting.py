"""Shifting: a line keeps all but its times."""

from __future__ import annotations

import pytest

from logshape.local.shifting import shifted

AROUND_MS = 1761950301010  # 2025-10-31T22:38:21.010Z
TWO_DAYS_AND_A_SECOND = 2 * 86_400 + 1


@pytest.mark.parametrize(
    ("line", "later"),
    [
        ("2025-10-31T22:38:21.010Z", "2025-11-02T22:38:22.010Z"),
        ("2025-10-31T22:38:21.010123456+09:00 x", "2025-11-02T22:38:22.010123456+09:00 x"),
        ('{"timestamp":"2025-10-31 22:38:21,010+0000"}', '{"timestamp":"2025-11-02 22:38:22,010+0000"}'),
        ("2025/10/31 22:38:21.010203 order", "2025/11/02 22:38:22.010203 order"),
        ("- - [31/Oct/2025:22:38:21 +0900] GET", "- - [02/Nov/2025:22:38:22 +0900] GET"),
        ('{"requestTimeEpoch":1761950301010}', '{"requestTimeEpoch":1762123102010}'),
        ("at 1761950301.123", "at 1762123102.123"),
    ],
    ids=["ISO 8601", "nanoseconds with a zone", "Powertools", "Go", "Common Log Format", "milliseconds", "seconds"],
)
def test_each_spelling_of_a_time_moves_and_keeps_its_form(line: str, later: str) -> None:
    """A format is only tried on the sample if its lines look as the runtime wrote them."""
    assert shifted(line, TWO_DAYS_AND_A_SECOND, AROUND_MS) == later


@pytest.mark.parametrize(
    "line",
    [
        "order 1861950301010, card 1761950301010123",
        "Root=1-67891233-abcdef012345678912345678 id-1761950301010",
        "version 2012-10-17",
        "2025-13-31T22:38:21Z and 2025/02/30 00:00:00",
        "9999-12-31T23:59:59Z",
        "31/Xxx/2025:22:38:21 +0000",
    ],
)
def test_what_is_no_time_of_the_line_stays(line: str) -> None:
    """A number that looks like one may be anybody's, and an impossible day was put there to be seen."""
    assert shifted(line, TWO_DAYS_AND_A_SECOND, AROUND_MS) == line
