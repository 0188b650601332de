"""Envelope and mending: whatever Lambda hands over is sound events, or one reason why it is not."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logshape.lines.envelope import LARGEST, LogEvent, Payload, Unreadable, opened, read
from logshape.lines.mending import MOST_COMMAS, MOST_EVENTS

TIME = 1761950301010


def _event(payload: object) -> dict[str, object]:
    return {"awslogs": {"data": base64.b64encode(gzip.compress(json.dumps(payload).encode())).decode()}}


def _payload(*events: object) -> dict[str, object]:
    envelope = {"owner": "123456789012", "logGroup": "/aws/lambda/f", "logStream": "s", "subscriptionFilters": ["f"]}
    return {"messageType": "DATA_MESSAGE", **envelope, "logEvents": list(events)}


def _mend(*events: object) -> Payload:
    payload = opened(_event(_payload(*events)))
    assert isinstance(payload, Payload)
    return payload


def _sha(ordinal: int, time: int | None, text: str) -> str:
    return hashlib.sha256(f"s\n{time}\n{ordinal}\n{text}".encode()).hexdigest()


def test_a_payload_as_aws_documents_it_is_taken_as_it_is() -> None:
    """It is all that a healthy account ever sends."""
    payload = _mend({"id": "1", "timestamp": TIME, "message": "hello"}, {"id": "2", "timestamp": TIME, "message": "ho"})

    assert payload == Payload(
        owner="123456789012",
        log_group="/aws/lambda/f",
        log_stream="s",
        events=[LogEvent("1", TIME, "hello"), LogEvent("2", TIME, "ho")],
    )


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({}, 'not a subscription event: wanted {"awslogs": {"data": "..."}}'),
        ([], 'not a subscription event: wanted {"awslogs": {"data": "..."}}'),
        ({"awslogs": {"data": 12}}, 'not a subscription event: wanted {"awslogs": {"data": "..."}}'),
        (
            {"awslogs": {"data": "é"}},
            "not base64: 'ascii' codec can't encode character '\\xe9' in position 0: ordinal not in range(128)",
        ),
        ({"awslogs": {"data": "abc"}}, "not base64: Incorrect padding"),
        ({"awslogs": {"data": ""}}, "not gzip: no gzip header"),
        ({"awslogs": {"data": base64.b64encode(b"plain text").decode()}}, "not gzip: no gzip header"),
        ({"awslogs": {"data": base64.b64encode(gzip.compress(b"{}" * 99)[:-9]).decode()}}, "gzip stream is truncated"),
        (_event([1]), "not a subscription payload: not a JSON object"),
        (
            _event({"messageType": "DATA_MESSAGE"}),
            "not a subscription payload: it has no messageType or no list of logEvents",
        ),
        (_event({"logEvents": []}), "not a subscription payload: it has no messageType or no list of logEvents"),
        (
            _event({"messageType": 1, "logEvents": []}),
            "not a subscription payload: it has no messageType or no list of logEvents",
        ),
        ({"awslogs": {"data": base64.b64encode(gzip.compress(b"not json")).decode()}}, "not JSON"),
        ({"awslogs": {"data": base64.b64encode(gzip.compress(b"")).decode()}}, "not JSON"),
    ],
)
def test_what_is_no_payload_says_why(event: object, reason: str) -> None:
    """It goes to quarantine with this reason, where a person reads it."""
    unreadable = opened(event)

    assert isinstance(unreadable, Unreadable)
    assert unreadable.reason == reason


def test_a_corrupt_checksum_is_seen() -> None:
    """A payload that was damaged on its way is not data."""
    packed = bytearray(gzip.compress(json.dumps(_payload()).encode()))
    packed[-5] ^= 0xFF

    data = base64.b64encode(packed).decode()

    unreadable = opened({"awslogs": {"data": data}})

    assert isinstance(unreadable, Unreadable)
    assert unreadable.payload == data.encode()


def test_a_bomb_is_refused_at_the_cap() -> None:
    """One megabyte of gzip can hold a gigabyte."""
    bomb = base64.b64encode(gzip.compress(b" " * (LARGEST + 1))).decode()

    unreadable = opened({"awslogs": {"data": bomb}})

    assert isinstance(unreadable, Unreadable)
    assert unreadable.reason == f"inflates to more than {LARGEST} bytes"


@pytest.mark.parametrize(
    ("event", "count", "reason"),
    [
        ("{}", MOST_COMMAS + 2, f"more than {MOST_COMMAS} commas"),
        ("0", MOST_EVENTS + 1, f"more than {MOST_EVENTS} events"),
    ],
)
def test_a_bomb_of_tiny_events_is_refused_before_it_is_mended(event: str, count: int, reason: str) -> None:
    """Two hundred kilobytes of gzip can hold eleven million of them, and each costs a kilobyte to mend."""
    text = f'{{"messageType":"DATA_MESSAGE","logEvents":[{",".join([event] * count)}]}}'

    assert read(text.encode()) == f"not sound, and too much to be mended: {reason}"


def test_a_gzip_stream_may_have_several_members() -> None:
    """RFC 1952 allows it, and a cap that counts only the first would be none."""
    text = json.dumps(_payload()).encode()
    packed = gzip.compress(text[:20]) + gzip.compress(text[20:])

    assert isinstance(opened({"awslogs": {"data": base64.b64encode(packed).decode()}}), Payload)


def test_missing_names_are_empty() -> None:
    """Without owner, group or stream it still is a payload."""
    payload = read(b'{"messageType": "DATA_MESSAGE", "logEvents": []}')

    assert payload == Payload(owner="", log_group="", log_stream="", events=[])


def test_a_control_message_is_known() -> None:
    """CloudWatch Logs sends one to see whether the destination answers."""
    payload = read(b'{"messageType": "CONTROL_MESSAGE", "logEvents": [{"id": "", "timestamp": 1, "message": "CWL"}]}')

    assert isinstance(payload, Payload)
    assert payload.control


@pytest.mark.parametrize(
    ("event", "mended", "faults"),
    [
        ({"timestamp": TIME, "message": "m"}, LogEvent(_sha(0, TIME, "m"), TIME, "m"), ("missing:event_id",)),
        ({"id": "", "timestamp": TIME, "message": "m"}, LogEvent(_sha(0, TIME, "m"), TIME, "m"), ("missing:event_id",)),
        (
            {"id": "x" * 600, "timestamp": TIME, "message": "m"},
            LogEvent(_sha(0, TIME, "m"), TIME, "m"),
            ("missing:event_id",),
        ),
        ({"id": 7, "timestamp": TIME, "message": "m"}, LogEvent("7", TIME, "m"), ()),
        ({"id": "a", "timestamp": float(TIME), "message": "m"}, LogEvent("a", TIME, "m"), ()),
        ({"id": "a", "timestamp": TIME, "message": {"b": [1]}}, LogEvent("a", TIME, '{"b":[1]}'), ("type:message",)),
        ({"id": "a", "timestamp": TIME, "message": 1.5}, LogEvent("a", TIME, "1.5"), ("type:message",)),
        ({"id": "a", "timestamp": TIME}, LogEvent("a", TIME, f'{{"id":"a","timestamp":{TIME}}}'), ("type:message",)),
        ({"id": "a", "timestamp": TIME, "message": "\ud83d!"}, LogEvent("a", TIME, "�!"), ("surrogate:message",)),
        ({"id": "a", "timestamp": TIME, "message": "\x00"}, LogEvent("a", TIME, "\x00"), ()),
        ({"id": "a", "timestamp": 1.5, "message": "m"}, LogEvent("a", TIME, "m"), ("neighbour:observed_time",)),
        ({"id": "a", "timestamp": -1, "message": "m"}, LogEvent("a", TIME, "m"), ("neighbour:observed_time",)),
        (
            {"id": "a", "timestamp": 253402300800000, "message": "m"},
            LogEvent("a", TIME, "m"),
            ("neighbour:observed_time",),
        ),
        ({"id": "a", "timestamp": str(TIME), "message": "m"}, LogEvent("a", TIME, "m"), ("neighbour:observed_time",)),
        ({"id": "a", "timestamp": True, "message": "m"}, LogEvent("a", TIME, "m"), ("neighbour:observed_time",)),
        ("text", LogEvent(_sha(0, TIME, '"text"'), TIME, '"text"'), ("event:not-an-object", "neighbour:observed_time")),
        (None, LogEvent(_sha(0, TIME, "null"), TIME, "null"), ("event:not-an-object", "neighbour:observed_time")),
    ],
)
def test_a_bad_event_is_mended_and_its_neighbour_unharmed(
    event: object, mended: LogEvent, faults: tuple[str, ...]
) -> None:
    """Nothing is dropped because something beside it is broken."""
    good = LogEvent("good", TIME, "good")

    payload = _mend(event, {"id": "good", "timestamp": TIME, "message": "good"})

    assert payload.events == [mended, good]
    assert payload.faults == ({0: faults} if faults else {})


def test_an_event_takes_the_time_of_the_nearest_neighbour() -> None:
    """Of two as near it is the earlier one's, for an event cannot come before its predecessor."""
    events = [
        {"id": str(n), "timestamp": time, "message": "m"} for n, time in enumerate([None, TIME, None, TIME + 9, 0, 0])
    ]

    payload = _mend(*events)

    assert [event.timestamp for event in payload.events] == [TIME, TIME, TIME, TIME + 9, TIME + 9, TIME + 9]


def test_an_event_without_any_time_is_lost_to_the_stores_and_kept() -> None:
    """No index and no partition could hold it; quarantine does."""
    payload = _mend({"id": "a", "timestamp": 99999999999999999999, "message": "m"})

    assert payload.events == []
    assert [(lost.id, lost.document) for lost in payload.lost] == [
        ("a", b'{"id":"a","timestamp":99999999999999999999,"message":"m"}')
    ]


def test_events_that_share_an_id_are_kept_apart_by_their_text() -> None:
    """The index would take the first and call the others duplicates."""
    events = [{"id": "a", "timestamp": TIME, "message": text} for text in ("one", "two", "one", "three", "two")]

    payload = _mend(*events)

    assert [event.id for event in payload.events] == ["a", "a-1", "a", "a-2", "a-1"]


def test_an_id_that_is_made_is_nobody_elses() -> None:
    """The index would take the second for a copy of the first, and the books would call it stored."""
    pairs = (("a", "one"), ("a", "two"), ("a-1", "three"))

    payload = _mend(*({"id": event_id, "timestamp": TIME, "message": text} for event_id, text in pairs))

    assert [(event.id, event.message) for event in payload.events] == [("a", "one"), ("a-2", "two"), ("a-1", "three")]


def test_a_deeply_nested_event_is_mended_too() -> None:
    """A recursive reader would have ended the invocation."""
    nested = f'{{"id":"a","timestamp":{TIME},"message":{"[" * 5000 + "]" * 5000}}}'
    events = f'[{nested},{{"id":"b","timestamp":{TIME},"message":"m"}}]'

    payload = read(f'{{"messageType":"DATA_MESSAGE","logEvents":{events}}}'.encode())

    assert isinstance(payload, Payload)
    assert payload.events[1] == LogEvent("b", TIME, "m")
    assert payload.events[0].message.count("[") == 5000


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_no_event_of_any_shape_raises(event: object) -> None:
    """Each one is an event of the payload, or lost with its document."""
    payload = opened(_event(_payload(event, {"id": "good", "timestamp": TIME, "message": "good"})))

    assert isinstance(payload, Payload)
    assert len(payload.events) == 2
