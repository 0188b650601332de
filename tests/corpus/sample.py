"""Turns lines, as they are written, into CloudWatch events with ids and into rows of what a parser must find in them."""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

OWNER = "123456789012"
Told = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Line:
    """One event before it has an id; *told* is None where nothing is known about the line."""

    group: str
    stream: str
    at: int
    message: str
    told: Told | None


@dataclass
class Stream:
    """One log stream; its lines never go back in time, as CloudWatch keeps them by arrival."""

    group: str
    name: str
    lines: list[Line] = field(default_factory=list)

    def add(self, at: int, message: str, told: Told | None) -> None:
        """Append a line that arrived at *at*, in milliseconds."""
        at = max(at, self.lines[-1].at) if self.lines else at
        self.lines.append(Line(group=self.group, stream=self.name, at=at, message=message, told=told))


class Sample:
    """The streams of one capture; threads may open them at once."""

    def __init__(self) -> None:
        """Begin with no stream."""
        self._streams: list[Stream] = []
        self._lock = threading.Lock()

    def stream(self, group: str, at: int, suffix: str) -> Stream:
        """Open the stream that Lambda, or API Gateway, would name at the time *at*."""
        day = datetime.fromtimestamp(at / 1000, UTC).strftime("%Y/%m/%d")
        digest = hashlib.sha256(f"{group}{suffix}".encode()).hexdigest()[:32]
        name = f"{day}/[$LATEST]{digest}" if group.startswith("/aws/lambda/") else digest
        stream = Stream(group, name)
        with self._lock:
            self._streams.append(stream)
        return stream

    def span(self) -> tuple[int, int]:
        """Give the times of the first and the last line, in milliseconds."""
        times = [line.at for stream in self._streams for line in stream.lines]
        return min(times), max(times)

    def write(self, events: Path, expected: Path) -> None:
        """Write events in time order (streams stay in order) as NDJSON, and beside them what was told."""
        lines = sorted((line for stream in self._streams for line in stream.lines), key=lambda line: line.at)
        ids = [event_id(line, ordinal) for ordinal, line in enumerate(lines)]
        _write(events, (_event(line, id_) for line, id_ in zip(lines, ids, strict=True)))
        told = (
            {"id": id_, **_stamped(line.told, line.at)}
            for line, id_ in zip(lines, ids, strict=True)
            if line.told is not None
        )
        _write(expected, told)


def event_id(line: Line, ordinal: int) -> str:
    """Give an event a number as CloudWatch does: the milliseconds above 144 bits that tell the stream and the place."""
    stream = int.from_bytes(hashlib.sha256(line.stream.encode()).digest()[:12])
    return f"{line.at << 144 | stream << 48 | ordinal:056d}"


def iso(at: int) -> str:
    """Write milliseconds as contracts do."""
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _event(line: Line, id_: str) -> dict[str, object]:
    return {
        "message": line.message,
        "timestamp": line.at,
        "id": id_,
        "logGroup": line.group,
        "logStream": line.stream,
        "owner": OWNER,
    }


def _stamped(told: Told, at: int) -> Told:
    """Put the arrival in the place of a time that the line itself does not name."""
    return {key: iso(at) if (key, value) == ("@timestamp", "event") else value for key, value in told.items()}


def _write(path: Path, rows: Iterable[Mapping[str, object]]) -> None:
    text = "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
