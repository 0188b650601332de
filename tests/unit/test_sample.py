"""Sample: whatever is given becomes events that CloudWatch Logs takes now."""

from __future__ import annotations

import msgspec
import pytest

from logshape.errors import UnreadableInput
from logshape.local import sample
from logshape.local.sample import LogEvent

NOW_MS = 1761950301999
GROUP = "/aws/lambda/f"


def _event(message: str, timestamp: int, id_: str = "") -> LogEvent:
    return LogEvent(message=message, timestamp=timestamp, log_group=GROUP, id=id_)


def test_plain_lines_are_events_of_one_group_now() -> None:
    """A person has lines before they have events."""
    content = '[ERROR] boom\r\n\n{"level":"INFO","message":"支払い"}\nx\u2028y\n'.encode() + b"\xff\n"
    events = sample.read(content, "lines.log", GROUP, NOW_MS)

    messages = ["[ERROR] boom", '{"level":"INFO","message":"支払い"}', "x\u2028y", "\ufffd"]
    assert events == [_event(message, NOW_MS) for message in messages]


def test_events_keep_what_they_say_and_get_the_rest() -> None:
    """All but the message may be missing, as for `parse --events`."""
    content = (
        b'{"message":"a","timestamp":5,"id":"7","logGroup":"/g","logStream":"s","owner":"123456789012"}\n'
        b'{"message":"\\ud800","id":null}\n'
    )
    events = sample.read(content, "events.ndjson", GROUP, NOW_MS)

    first = LogEvent(message="a", timestamp=5, log_group="/g", log_stream="s", id="7")
    assert events == [first, _event("\ufffd", NOW_MS)]


@pytest.mark.parametrize(
    "line",
    [
        '{"message":"hello"}',
        '{"message":"hello","timestamp":"2025-10-31T22:38:21Z"}',
        '{"message":"hello","level":"INFO"}',
    ],
)
def test_a_line_of_an_application_is_no_event(line: str) -> None:
    """JSON lines have a message too; taking them for events would lose their other half."""
    assert sample.read(line.encode(), "app.log", GROUP, NOW_MS) == [_event(line, NOW_MS)]


def test_a_line_among_events_that_is_none_is_named() -> None:
    """Guessing would send half of a file somewhere else."""
    with pytest.raises(UnreadableInput) as error:
        sample.read(b'{"message":"a","id":"1"}\n\nboom\n', "events.ndjson", GROUP, NOW_MS)

    assert str(error.value) == (
        "events.ndjson:3: not an event; wanted a JSON object with `message` and any of "
        "id, logGroup, logStream, owner, timestamp"
    )


def test_the_last_event_is_now_and_the_others_keep_their_distance() -> None:
    """The sample is as old as its capture, and CloudWatch Logs takes 14 days."""
    events = [_event("at 1970-01-01T00:00:01.500Z", 1500, "1"), _event("b", 4500, "2")]

    assert sample.ending(events, NOW_MS) == [
        _event("at 2025-10-31T22:38:18.500Z", 1761950298500, "1"),
        _event("b", 1761950301500, "2"),
    ]


def test_more_events_than_there_are_come_from_earlier_under_other_ids() -> None:
    """Twice the same id would be one document in the index and no load at all."""
    events = [_event("a", 1_000_000, "1"), _event("b", 1_002_000, "2")]
    scaled = sample.scaled(events, 5)

    assert [(event.message, event.timestamp) for event in scaled] == [
        ("b", 1_002_000), ("a", 1_000_000), ("b", 999_000), ("a", 997_000), ("b", 996_000),
    ]  # fmt: skip
    assert len({event.id for event in scaled}) == 5
    assert sample.scaled(events, 5) == scaled


def test_fewer_events_than_there_are_are_the_latest() -> None:
    """A run with ten events should show the newest ten."""
    events = [_event("a", 1), _event("b", 3), _event("c", 2)]

    assert [event.message for event in sample.scaled(events, 2)] == ["b", "c"]


def test_a_large_scale_still_fits_into_what_cloudwatch_takes() -> None:
    """Copies of a long sample would reach back for months."""
    day = 86_400_000
    events = [_event("a", NOW_MS - day), _event("b", NOW_MS)]

    assert sample.recent(sample.scaled(events, 1000), NOW_MS)


def test_the_captured_sample_is_there_and_whole() -> None:
    """`make run` sends it, and promises at least 2,000 lines of at least 8 log groups."""
    events = sample.captured()

    assert len(events) >= 2000
    assert len({event.log_group for event in events}) >= 8
    assert len({event.id for event in events}) == len(events)
    assert all(msgspec.structs.asdict(event)["message"] for event in events)
