"""Turns events into batches that PutLogEvents takes, and names those that it never would."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from logshape.local.sample import LogEvent

# PutLogEvents (CloudWatch Logs API reference).
MAX_EVENTS: Final = 10_000
MAX_BYTES: Final = 1_048_576
OVERHEAD_BYTES: Final = 26
DAY_MS: Final = 86_400_000
OLDEST_MS: Final = 14 * DAY_MS
NEWEST_MS: Final = 2 * 3_600_000


class Batch(msgspec.Struct, frozen=True):
    """Events of one stream in the order of their times, for one call."""

    log_group: str
    log_stream: str
    events: list[LogEvent]


def batches(events: Iterable[LogEvent]) -> list[Batch]:
    """Return the fewest batches that hold *events*, in the order of their first times."""
    by_stream = sorted(events, key=lambda event: (event.log_group, event.log_stream, event.timestamp))
    made = [
        Batch(group, stream, part)
        for (group, stream), of_stream in groupby(by_stream, key=lambda event: (event.log_group, event.log_stream))
        for part in _parts(of_stream)
    ]
    return sorted(made, key=lambda batch: batch.events[0].timestamp)


def refusal(event: LogEvent, now_ms: int) -> str | None:
    """Say why CloudWatch Logs takes no such event, or return None."""
    if not event.message:
        return "empty"
    if _size(event) > MAX_BYTES:
        return "larger than 1 MiB"
    if now_ms - event.timestamp > OLDEST_MS:
        return "older than 14 days"
    if event.timestamp - now_ms > NEWEST_MS:
        return "more than two hours ahead"
    return None


def _parts(events: Iterable[LogEvent]) -> Iterator[list[LogEvent]]:
    part: list[LogEvent] = []
    size = 0
    for event in events:
        size += _size(event)
        if part and (size > MAX_BYTES or len(part) == MAX_EVENTS or event.timestamp - part[0].timestamp >= DAY_MS):
            yield part
            part, size = [], _size(event)
        part.append(event)
    if part:
        yield part


def _size(event: LogEvent) -> int:
    return len(event.message.encode()) + OVERHEAD_BYTES
