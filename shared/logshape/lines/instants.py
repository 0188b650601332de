"""
Instants: the times that loggers write, as the one text that every store takes, ``2025-10-31T22:38:21.010Z``.

Read are ISO 8601 with a ``T`` or a space, a point or a comma before the fraction, and any way to write the zone; Go's
``2009/01/23 01:23:23``; the Common Log Format's ``10/Oct/2000:13:55:36 -0700``; and epoch seconds or milliseconds as
numbers. A fraction finer than a millisecond is cut.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import tzinfo

# CloudWatch Logs takes no event from outside of these years, and a time from there is a fault, not a moment.
EARLIEST_MS: Final = 946_684_800_000  # 2000-01-01
LATEST_MS: Final = 4_102_444_800_000  # 2100-01-01

_ISO: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))? ?(Z|[+-]\d\d(?::?\d\d)?)?",
    re.ASCII,
)
_SLASHED: Final = re.compile(r"(\d{4})/(\d\d)/(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?()", re.ASCII)
_CLF: Final = re.compile(r"(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-]\d{4})", re.ASCII)
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_REMEMBERED: Final = 4096  # seconds that a reader keeps; a payload spans few
_SECOND: Final = 19  # the length of `2025-10-31T22:38:21`
_FRACTION: Final = 20  # where the digits of `2025-10-31T22:38:21.010` begin,
_MILLISECOND: Final = 23  # and where they end
_DIGITS: Final = _MILLISECOND - _FRACTION
_EPOCH_DIGITS: Final = (10, 13)  # of seconds and of milliseconds, from 2001 to 2286
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Zoneless(str):
    """
    An instant whose text names no zone and whose format declares none: read as UTC, and trusted less.

    Only a line's own time is one, until the pipeline has decided; every other is a plain text, as encoders want it.
    """

    __slots__ = ()


def written(epoch_ms: int) -> str:
    """Write *epoch_ms*, milliseconds since 1970, as every store takes it."""
    return f"{_second(epoch_ms // 1000)}.{epoch_ms % 1000:03d}Z"


def writer() -> Callable[[int], str]:
    """Return `written` with a memory for the seconds that it has just seen."""
    seconds: dict[int, str] = {}

    def write(epoch_ms: int) -> str:
        second = epoch_ms // 1000
        known = seconds.get(second)
        if known is None:
            if len(seconds) >= _REMEMBERED:
                seconds.clear()
            known = seconds[second] = _second(second)
        return f"{known}.{epoch_ms % 1000:03d}Z"

    return write


def epoch_ms(instant: str) -> int:
    """Return the milliseconds since 1970 of *instant*, a text that `written` made."""
    return round(datetime.fromisoformat(instant).timestamp() * 1000)


def reader(zone: str | None, shape: str | None = None) -> Callable[[object], str | None]:
    """
    Return a function from a logger's time to the text that stores take, or None where it is no time.

    *zone* is the IANA name that times without a zone are in; where it is None they come back as `Zoneless`. *shape* is
    ``iso``, ``slashed``, ``clf`` or None for any. The function is quick on a second that it has just seen.
    """
    where: tzinfo | None = None if zone is None else UTC if zone == "UTC" else ZoneInfo(zone)
    patterns = _PATTERNS[shape]
    seconds: dict[str, str] = {}
    wholes: dict[str, str] = {}

    def read(value: object) -> str | None:
        if type(value) is not str:
            return _read(value, patterns, where)
        # The common cases by far: three digits behind the second, or none, in a second that is known already.
        key, fraction = value[:_FRACTION] + value[_MILLISECOND:], value[_FRACTION:_MILLISECOND]
        known = seconds.get(key)
        if known is not None and len(fraction) == _DIGITS and fraction.isascii() and fraction.isdigit():
            return f"{known}.{fraction}Z"
        known = wholes.get(value)
        return known if known is not None else _remember(value, key, fraction)

    def _remember(value: str, key: str, fraction: str) -> str | None:
        text = _read(value, patterns, where)
        if type(text) is str:
            memory, place, kept = (wholes, value, text)
            if text[_FRACTION:_MILLISECOND] == fraction and not value[_MILLISECOND : _MILLISECOND + 1].isdigit():
                memory, place, kept = (seconds, key, text[:_SECOND])
            if len(memory) >= _REMEMBERED:
                memory.clear()
            memory[place] = kept
        return text

    return read


def _read(value: object, patterns: tuple[re.Pattern[str], ...], where: tzinfo | None) -> str | None:
    if isinstance(value, str):
        for pattern in patterns:
            match = pattern.fullmatch(value)
            if match is not None:
                return _moment(match, where)
        if not (value.isascii() and value.isdigit() and len(value) in _EPOCH_DIGITS):
            return None
        value = int(value)
    if len(patterns) == 1 or isinstance(value, bool) or not isinstance(value, int | float):
        return None
    moment_ms = _epoch(value)
    return None if moment_ms is None else written(moment_ms)


def _moment(match: re.Match[str], where: tzinfo | None) -> str | None:
    if match.re is _CLF:
        day, month_name, year, hour, minute, second, zone = match.groups()
        month, fraction = str(MONTHS.index(month_name) + 1) if month_name in MONTHS else "0", ""
    else:
        year, month, day, hour, minute, second, fraction, zone = match.groups()
    millisecond = f"{fraction or '0':0<3.3}"
    try:
        offset = _offset(zone) if zone else where
        local = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second), tzinfo=offset or UTC)
        text = f"{local.astimezone(UTC).isoformat()[:_SECOND]}.{millisecond}Z"
    except (ValueError, OverflowError):
        return None
    return text if offset is not None else Zoneless(text)


def _offset(zone: str) -> tzinfo:
    if zone == "Z":
        return UTC
    hours, minutes = int(zone[1:3]), int(zone[-2:]) if len(zone) > len("+hh") else 0
    span = timedelta(hours=hours, minutes=minutes)
    return timezone(-span if zone[0] == "-" else span)


def _epoch(value: float) -> int | None:
    """Take *value* for milliseconds where that lies between 2000 and 2100, else for seconds."""
    for factor in (1, 1000):
        if EARLIEST_MS <= value * factor < LATEST_MS:
            return int(value * factor)
    return None


def _second(second: int) -> str:
    return (_EPOCH + timedelta(seconds=second)).isoformat()[:_SECOND]


_PATTERNS: Final[dict[str | None, tuple[re.Pattern[str], ...]]] = {
    None: (_ISO, _SLASHED, _CLF),
    "iso": (_ISO,),
    "slashed": (_SLASHED,),
    "clf": (_CLF,),
}
