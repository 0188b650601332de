"""Turns captured events, a file of events or plain lines into events that happen now."""

from __future__ import annotations

import hashlib
import json
import re
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from logshape.errors import UnreadableInput
from logshape.local.shifting import DAY_MS, shifted
from logshape.local.subscriptions import TIME_SHIFT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

SAMPLE: Final = Path(__file__).parent / "sample"
STREAM: Final = "local"
# What PutLogEvents takes: up to 14 days back and two hours ahead. A day is left for the run itself.
OLDEST_MS: Final = 13 * DAY_MS
NEWEST_MS: Final = 2 * 3_600_000
_KEYS: Final = {"message", "timestamp", "id", "logGroup", "logStream", "owner"}
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


class LogEvent(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """One event of a log group; what was not given is empty, and a time that was not given is now."""

    message: str
    timestamp: int
    log_group: str
    log_stream: str = STREAM
    id: str = ""


def captured() -> list[LogEvent]:
    """
    Return the events of the sample, as they were captured.

    Raises:
        UnreadableInput: there is no sample.

    """
    files = sorted(SAMPLE.rglob("*.ndjson"))
    if not files:
        raise UnreadableInput(f"{SAMPLE}: holds no sample; give your own lines with --input")
    return [event for file in files for event in read(file.read_bytes(), str(file), "", 0)]


def read(content: bytes, name: str, log_group: str, now_ms: int) -> list[LogEvent]:
    """
    Read *content* as events, a JSON object a line, if its first line is one; else each line is an event of *log_group*.

    Raises:
        UnreadableInput: a line of a file of events is none.

    """
    lines = [(number, line) for number, line in enumerate(_lines(content), start=1) if line.strip()]
    first = _event(lines[0][1]) if lines else None
    if not first or len(first) == 1:  # a line of `{"message": …}` alone is an application's
        return [LogEvent(message=line, timestamp=now_ms, log_group=log_group) for _, line in lines]
    return [_located(line, f"{name}:{number}", log_group, now_ms) for number, line in lines]


def ending(events: Sequence[LogEvent], now_ms: int) -> list[LogEvent]:
    """Move *events*, and the times inside their lines, by one span of whole seconds, so that the last one is now."""
    seconds = (now_ms - max(event.timestamp for event in events)) // 1000
    return [_moved(event, seconds, event.id) for event in events]


def recent(events: Iterable[LogEvent], now_ms: int) -> bool:
    """Say whether CloudWatch Logs would take all of *events* now."""
    return all(-NEWEST_MS < now_ms - event.timestamp < OLDEST_MS for event in events)


def scaled(events: Sequence[LogEvent], count: int) -> list[LogEvent]:
    """
    Return *count* events: *events* again and again, each time earlier and under new ids.

    Fewer than there are leaves out the earliest.
    """
    latest_first = sorted(events, key=lambda event: event.timestamp, reverse=True)
    span_ms = latest_first[0].timestamp - latest_first[-1].timestamp + 1000
    copies = -(-count // len(latest_first))
    step = min(span_ms, (OLDEST_MS - span_ms) // copies) // 1000
    return list(islice(_copies(latest_first, step), count))


def _copies(events: Sequence[LogEvent], step: int) -> Iterator[LogEvent]:
    yield from events
    copy = 0
    while True:
        copy += 1
        yield from (_moved(event, -copy * step, _new_id(event, copy, step)) for event in events)


def _moved(event: LogEvent, seconds: int, id_: str) -> LogEvent:
    message = shifted(event.message, seconds, event.timestamp) if seconds else event.message
    return msgspec.structs.replace(event, message=message, timestamp=event.timestamp + seconds * 1000, id=id_)


def _new_id(event: LogEvent, copy: int, step: int) -> str:
    if not event.id:
        return ""
    digest = hashlib.blake2b(f"{event.id}/{copy}".encode(), digest_size=TIME_SHIFT // 8).digest()
    return str((event.timestamp - copy * step * 1000 << TIME_SHIFT) + int.from_bytes(digest))


def _lines(content: bytes) -> list[str]:
    return [line.removesuffix("\r") for line in content.decode(errors="replace").split("\n")]


def _event(line: str) -> dict[str, object] | None:
    """Return the event that *line* is, or None: a JSON line of an application has other keys, or another time."""
    try:
        value = json.loads(line)
    except ValueError:
        return None
    is_event = isinstance(value, dict) and value.keys() <= _KEYS and isinstance(value.get("message"), str)
    return value if is_event and isinstance(value.get("timestamp", 0), int) else None


def _located(line: str, where: str, log_group: str, now_ms: int) -> LogEvent:
    event = _event(line)
    if event is None:
        raise UnreadableInput(f"{where}: not an event; wanted a JSON object with `message` and any of {_KEYS_TEXT}")
    given = {"timestamp": now_ms, "logGroup": log_group} | {key: value for key, value in event.items() if value}
    message = _SURROGATE.sub("\ufffd", str(event["message"]))
    try:
        return msgspec.convert(given | {"message": message}, LogEvent)
    except msgspec.ValidationError as error:
        raise UnreadableInput(f"{where}: not an event: {error}") from error


_KEYS_TEXT: Final = ", ".join(sorted(_KEYS - {"message"}))
