"""Periods: the index that an event belongs to, by the contract's name, what it is kept and when CloudWatch saw it."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from logshape.contract.model import Contract, Period

DAY_MS: Final = 86_400_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TAIL: Final = re.compile(
    r"""(?: (?P<days>[1-9][0-9]*)d | forever ) -
    (?P<year>[0-9]{4}) \. (?: w(?P<week>[0-9]{2}) | (?P<month>[0-9]{2}) (?: \. (?P<day>[0-9]{2}) )? )""",
    re.VERBOSE,
)


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """What an index's name says: for how many days it keeps events, and when they are all from before, in ms."""

    keep_days: int | None
    end_ms: int

    def is_over(self, now_ms: int) -> bool:
        """Say whether all of it is older than it is kept."""
        return self.keep_days is not None and self.end_ms + self.keep_days * DAY_MS <= now_ms


def keep_class(keep_days: int | None) -> str:
    """Name how long an index is kept: ``14d``, or ``forever``."""
    return "forever" if keep_days is None else f"{keep_days}d"


def period_of(timestamp_ms: int, period: Period) -> str:
    """Name the period of *timestamp_ms* in UTC: ``2025.10.31``, ``2025.w44`` (ISO 8601's week) or ``2025.10``."""
    moment = _EPOCH + timedelta(milliseconds=timestamp_ms)
    match period:
        case "day":
            return f"{moment:%Y.%m.%d}"
        case "week":
            year, week, _ = moment.isocalendar()
            return f"{year}.w{week:02d}"
        case "month":
            return f"{moment:%Y.%m}"


def template_name(contract: Contract) -> str:
    """Name the index template that covers all of these indexes."""
    return f"logs-{contract.name}"


def index_name(contract: Contract, keep_days: int | None, timestamp_ms: int) -> str:
    """Name the index of an event that CloudWatch saw at *timestamp_ms* in a group whose index is kept *keep_days*."""
    return f"logs-{contract.name}-{keep_class(keep_days)}-{period_of(timestamp_ms, contract.index.period)}"


def span_of(contract: Contract, index: str) -> Span | None:
    """
    Return what the name *index* says, whichever period the contract has now, or None for one that is not ours.

    An index of the contract ``shop-eu`` is none of ``shop``: what follows the name must be a keep class and a period.
    """
    prefix = f"logs-{contract.name}-"
    match = _TAIL.fullmatch(index.removeprefix(prefix)) if index.startswith(prefix) else None
    if match is None:
        return None
    try:
        end = _end(match)
    except (ValueError, OverflowError):  # there is no such day
        return None
    days = match["days"]
    return Span(keep_days=int(days) if days else None, end_ms=(end - _EPOCH.date()).days * DAY_MS)


def _end(match: re.Match[str]) -> date:
    year = int(match["year"])
    if match["week"]:
        return date.fromisocalendar(year, int(match["week"]), 1) + timedelta(days=7)
    month = int(match["month"])
    if match["day"]:
        return date(year, month, int(match["day"])) + timedelta(days=1)
    return (date(year, month, 1) + timedelta(days=31)).replace(day=1)
