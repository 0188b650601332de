"""Periods: the index that an event belongs to, by the contract's name, what it is kept and when CloudWatch saw it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from logshape.contract.model import Contract, Period

DAY_MS: Final = 86_400_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


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


def index_name(contract: Contract, keep_days: int | None, timestamp_ms: int) -> str:
    """Name the index of an event that CloudWatch saw at *timestamp_ms* in a group whose index is kept *keep_days*."""
    return f"logs-{contract.name}-{keep_class(keep_days)}-{period_of(timestamp_ms, contract.index.period)}"
