"""Inputs: a file or stdin as lines, or as CloudWatch events."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Final

import msgspec

from logshape.errors import UnreadableInput

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STDIN: Final = "-"


class Event(msgspec.Struct, kw_only=True):
    """One event as `filter_log_events` and this project's sample write them; all but *message* may be missing."""

    message: str
    id: str | None = None
    timestamp: int | None = None
    log_group: str = ""
    log_stream: str = ""
    owner: str = ""
    faults: tuple[str, ...] = ()


def lines(file: Path | None) -> Iterator[str]:
    """
    Yield the lines of *file*, or of stdin where it is None or ``-``, without their line ends, Unix or Windows.

    Raises:
        UnreadableInput: there is no such file, or it is not UTF-8.

    """
    name = STDIN if file is None else str(file)
    try:
        if file is None or name == STDIN:
            opened = io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", newline="\n")
            yield from (line.removesuffix("\n").removesuffix("\r") for line in opened)
        else:
            with file.open(encoding="utf-8", newline="\n") as opened:
                yield from (line.removesuffix("\n").removesuffix("\r") for line in opened)
    except OSError as error:
        raise UnreadableInput(f"{name}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UnreadableInput(f"{name}: not UTF-8 at byte {error.start}; give text") from error


def events(file: Path | None) -> Iterator[Event]:
    """
    Yield the events of *file*, NDJSON, each mended as one of a payload would be; empty lines are passed over.

    Raises:
        UnreadableInput: as `lines` does, and where a line is no JSON object, with its number.

    """
    from logshape.lines.json_text import parse_patiently
    from logshape.lines.mending import drafted

    for number, line in enumerate(lines(file), start=1):
        if line.strip():
            value = parse_patiently(line)
            if not isinstance(value, dict):
                name = STDIN if file is None else file
                raise UnreadableInput(
                    f'{name}:{number}: no event; wanted {{"message": "…", "timestamp": 0, "id": "…"}}'
                )
            draft = drafted(value)
            yield Event(
                message=draft.message,
                id=draft.id,
                timestamp=draft.timestamp,
                log_group=str(value.get("logGroup") or ""),
                log_stream=str(value.get("logStream") or ""),
                owner=str(value.get("owner") or ""),
                faults=tuple(fault for fault in draft.faults if "id" in value or fault != "missing:event_id"),
            )
