"""Turns a line into the same line written at another time."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

DAY_MS: Final = 86_400_000
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# Fractions and zones follow the second, and stay as they are: the shift is of whole seconds.
_TIMES: Final = re.compile(
    r"""(?<![\w.-])(?:
      (?P<numeric>\d{4}([-/])\d\d\2\d\d[T\ ]\d\d:\d\d:\d\d)            # ISO 8601, Python's logging, Go's log
    | (?P<common>\d\d/(?:[A-Z][a-z][a-z])/\d{4}:\d\d:\d\d:\d\d)       # Common Log Format
    | (?P<epoch>1\d{12}|1\d{9})(?![\w-])                              # milliseconds or seconds since 1970
    )""",
    re.VERBOSE | re.ASCII,
)


def shifted(line: str, seconds: int, around_ms: int) -> str:
    """
    Return *line* with each time in it moved by *seconds*.

    A bare number is a time only if it is within a day of *around_ms*: elsewhere it is somebody's number.
    """

    def moved(match: re.Match[str]) -> str:
        try:
            if match["numeric"]:
                return _numeric(match["numeric"], seconds)
            if match["common"]:
                return _common(match["common"], seconds)
        except (ValueError, OverflowError):  # no such day, or none after the move: it was no time
            return match[0]
        return _epoch(match["epoch"], seconds, around_ms)

    return _TIMES.sub(moved, line)


def _numeric(text: str, seconds: int) -> str:
    year, month, day, hour, minute, second = map(int, re.findall(r"\d+", text))
    moment = datetime(year, month, day, hour, minute, second) + timedelta(seconds=seconds)  # noqa: DTZ001 # its zone stays
    slash, blank = text[4], text[10]
    return f"{moment:%Y{slash}%m{slash}%d{blank}%H:%M:%S}"


def _common(text: str, seconds: int) -> str:
    day, month, rest = text.split("/")
    year, hour, minute, second = map(int, rest.split(":"))
    moment = datetime(year, _MONTHS.index(month) + 1, int(day), hour, minute, second) + timedelta(seconds=seconds)  # noqa: DTZ001 # as above
    return f"{moment:%d}/{_MONTHS[moment.month - 1]}/{moment:%Y:%H:%M:%S}"


def _epoch(digits: str, seconds: int, around_ms: int) -> str:
    unit = 1000 if len(digits) == len(str(around_ms)) else 1
    if abs(int(digits) * 1000 // unit - around_ms) > DAY_MS:
        return digits
    return str(int(digits) + seconds * unit)
