"""Turns a step that a handler was told into what a correct parser finds in the line that came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sample import iso

if TYPE_CHECKING:
    from plans import Step
    from sample import Told

LEVELS = {"WARNING": "WARN", "CRITICAL": "FATAL"}
SECOND = 1000


@dataclass(frozen=True, kw_only=True)
class Note:
    """What a handler noted about one record: its own time, and the message as its runtime completes it."""

    at: int | None
    message: str


@dataclass(frozen=True, kw_only=True)
class Around:
    """What the line stands in: the invocation, none while the runtime comes up, and what the function has set."""

    dialect: str
    request: str | None
    trace: str | None = None
    service: str | None = None


def logged(step: Step, note: Note, arrived: int, around: Around) -> Told:
    """State what a log call gives: `log`, `object` and `caught`."""
    caught = step["do"] == "caught"
    level = step.get("level", "ERROR" if caught else "INFO")
    # Node's client stamps frame and line with one reading of the clock; Python's JSON lines show whole seconds.
    at = arrived if note.at is None else note.at
    told: Told = {
        "level": LEVELS.get(level, level),
        "@timestamp": iso(at // SECOND * SECOND if around.dialect == "python-json" else at),
        "request_id": around.request,
    }
    message = _message(step, note, around)
    if message is not None:
        told["message"] = message
    if around.dialect == "python-json":
        told["logger"] = step["logger"] or "root"
    if around.dialect == "powertools":
        told["service"] = around.service
        if around.request:
            told["trace_id"] = around.trace
    if caught and around.dialect in ("python-json", "node-json"):
        told |= {"error_type": step["error"], "error_message": step["why"]}
    if caught and around.dialect == "powertools":
        told["error_type"] = step["error"]
    return told


def printed(text: str, around: Around) -> Told:
    """State what a line of standard output gives; inside an invocation it inherits its id."""
    told: Told = {"level": None, "@timestamp": "event", "message": text}
    return told | _inherited(around)


def unhandled(error: str, why: str, arrived: int, around: Around) -> Told:
    """State what the runtime's own line about an unhandled error gives; why may be empty."""
    told: Told = {"level": "ERROR", "error_type": error}
    if why:
        told |= {"message": why, "error_message": why}
    if around.dialect in ("python-text", "powertools"):
        return told | {"@timestamp": "event"} | _inherited(around)
    if around.dialect in ("node-text", "node-json"):
        told["@timestamp"] = iso(arrived)
    return told | {"request_id": around.request}


def _message(step: Step, note: Note, around: Around) -> str | None:
    """Give the message where it is text; JSON keeps an object, and Powertools makes one of text that is JSON."""
    if around.dialect in ("python-text", "node-text") or (around.dialect == "node-json" and "text" in step):
        return note.message
    text: str | None = step.get("text")
    return None if text and around.dialect == "powertools" and text.startswith("{") else text


def _inherited(around: Around) -> Told:
    if around.request is None:
        return {"request_id": None}
    return {"request_id": around.request, "request_id_inherited": True}
