"""Carries out what an invocation is told to log, print and raise, and notes when each record was made."""

from __future__ import annotations

import builtins
import json
import logging
import os
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

LEVELS = logging.getLevelNamesMapping()


class PaymentDeclined(Exception):
    """The bank said no."""


class OutOfStock(LookupError):
    """The warehouse said no."""


def note(at: int | None, message: str | None) -> None:
    """Leave a line for the capture: the record's own milliseconds, and its message where the runtime completes it."""
    with Path(os.environ["CAPTURE_NOTES"]).open("a", encoding="utf-8") as notes:
        notes.write(json.dumps({"at": at, "message": message}) + "\n")


def record(*args: Any, **kwargs: Any) -> logging.LogRecord:  # noqa: ANN401 # as logging calls its factory
    """Make a log record, and note the time that it shows."""
    made = logging.LogRecord(*args, **kwargs)
    text = made.getMessage()
    if made.exc_info:
        text += "\n" + traceback.format_exc().removesuffix("\n")
    note(int(made.created) * 1000 + int(made.msecs), text)
    return made


logging.setLogRecordFactory(record)


def carry_out(steps: list[dict[str, Any]], named: Callable[[str | None], Any]) -> None:
    """Do each step in order; *named* gives the logger of a name."""
    for step in steps:
        match step["do"]:
            case "log":
                named(step.get("logger")).log(LEVELS[step["level"]], step["text"], extra=step.get("extra"))
            case "object":
                named(step.get("logger")).info(step["value"])
            case "print":
                print(step["text"])
            case "caught":
                try:
                    fail(step)
                except Exception:  # noqa: BLE001 # whatever it was told to raise
                    named(step.get("logger")).exception(step["text"])
            case "raise":
                fail(step)
            case "sleep":
                time.sleep(step["seconds"])
            case "exit":
                os._exit(step["code"])


def fail(step: dict[str, Any]) -> None:
    """Raise what the step says, from a cause if it names one."""
    error = find(step["error"])
    if not step.get("cause"):
        charge(error, step["why"])
    try:
        charge(KeyError, step["cause"])
    except KeyError as cause:
        raise error(step["why"]) from cause


def charge(error: type[Exception], why: str) -> None:
    """Fail one level deeper, so that a trace has something to show."""
    raise error(why) if why else error


def find(name: str) -> type[Exception]:
    """Look up an exception of ours or of Python's."""
    found: type[Exception] = globals().get(name) or getattr(builtins, name)
    return found
