"""Turns events put into a log group into what CloudWatch Logs hands to a subscribed function."""

from __future__ import annotations

import base64
import gzip
import itertools
import secrets
from collections import defaultdict, deque
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from logshape.local.functions import Event

# An event's id begins with its time: 2^144 times the milliseconds, which makes 56 digits in this century.
TIME_SHIFT: Final = 144
GZIP_LEVEL: Final = 6


class EventIds:
    """The ids of events: those that were promised for a stream in their order, else new ones."""

    def __init__(self) -> None:
        """Begin where no other run's ids are."""
        self._promised: dict[tuple[str, str], deque[str]] = defaultdict(deque)
        self._next = itertools.count(secrets.randbits(TIME_SHIFT - 1))

    def promise(self, log_group: str, log_stream: str, ids: Iterable[str]) -> None:
        """Give the next events of the stream these *ids*, which PutLogEvents cannot carry; an empty one becomes new."""
        self._promised[log_group, log_stream].extend(ids)

    def take(self, log_group: str, log_stream: str, timestamp: int) -> str:
        """Return the id of the next event of the stream."""
        promised = self._promised.get((log_group, log_stream))
        return (promised.popleft() if promised else "") or str((timestamp << TIME_SHIFT) + next(self._next))


def data_message(
    owner: str, log_group: str, log_stream: str, name: str, events: Sequence[Mapping[str, object]]
) -> Event:
    """Return the event of a function to which the filter *name* sends *events*: id, timestamp, message."""
    return _packed(
        {
            "messageType": "DATA_MESSAGE",
            "owner": owner,
            "logGroup": log_group,
            "logStream": log_stream,
            "subscriptionFilters": [name],
            "logEvents": events,
        }
    )


def control_message(now_ms: int) -> Event:
    """Return the event with which CloudWatch Logs asks whether a destination is there."""
    text = "CWL CONTROL MESSAGE: Checking health of destination Lambda function."
    return _packed(
        {
            "messageType": "CONTROL_MESSAGE",
            "owner": "CloudwatchLogs",
            "logGroup": "",
            "logStream": "",
            "subscriptionFilters": [],
            "logEvents": [{"id": "", "timestamp": now_ms, "message": text}],
        }
    )


def unpacked(event: Event) -> dict[str, object]:
    """Return the payload that *event* carries: the reverse of the two above."""
    match event:
        case {"awslogs": {"data": str(data)}}:
            return msgspec.json.decode(gzip.decompress(base64.b64decode(data)), type=dict[str, object])
        case _:
            return {}


def _packed(payload: dict[str, object]) -> Event:
    data = gzip.compress(msgspec.json.encode(payload), GZIP_LEVEL, mtime=0)
    return {"awslogs": {"data": base64.b64encode(data).decode()}}
