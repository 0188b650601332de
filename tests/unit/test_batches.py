"""Batches: each call keeps PutLogEvents' limits, and no event is lost between two."""

from __future__ import annotations

import pytest

from logshape.local.batches import batches, refusal
from logshape.local.sample import LogEvent

DAY_MS = 86_400_000


def _event(message: str, timestamp: int, log_stream: str = "s") -> LogEvent:
    return LogEvent(message=message, timestamp=timestamp, log_group="/g", log_stream=log_stream)


def test_each_stream_has_its_batches_in_the_order_of_time() -> None:
    """A call is for one stream, and out of order it is refused."""
    made = batches([_event("c", 3, "t"), _event("b", 2), _event("a", 1), _event("d", 4)])

    assert [(batch.log_stream, [event.message for event in batch.events]) for batch in made] == [
        ("s", ["a", "b", "d"]),
        ("t", ["c"]),
    ]


@pytest.mark.parametrize(
    ("events", "sizes"),
    [
        ([_event("x", 1)] * 10_001, [10_000, 1]),
        ([_event("é" * 262_131, 1)] * 3, [2, 1]),
        ([_event("x", 0), _event("x", DAY_MS - 1), _event("x", DAY_MS)], [2, 1]),
    ],
    ids=["10,000 events", "1 MiB with 26 bytes an event", "24 hours"],
)
def test_a_batch_ends_where_the_call_would_be_refused(events: list[LogEvent], sizes: list[int]) -> None:
    """One event more and the whole call fails."""
    assert [len(batch.events) for batch in batches(events)] == sizes


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (_event("x", 15 * DAY_MS), None),
        (_event("", 15 * DAY_MS), "empty"),
        (_event("x" * 1_048_551, 15 * DAY_MS), "larger than 1 MiB"),
        (_event("x" * 1_048_550, 15 * DAY_MS), None),
        (_event("x", DAY_MS - 1), "older than 14 days"),
        (_event("x", 15 * DAY_MS + 7_200_001), "more than two hours ahead"),
    ],
)
def test_an_event_that_cloudwatch_never_takes_is_refused_with_the_reason(event: LogEvent, reason: str | None) -> None:
    """It is no event of the ledger, and it must not spoil its batch."""
    assert refusal(event, 15 * DAY_MS) == reason
