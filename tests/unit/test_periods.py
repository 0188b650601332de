"""Periods: which index an event goes to, and what an index's name tells of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from logshape.contract.model import Contract, Index, Period
from logshape.contract.periods import DAY_MS, Span, index_name, span_of


def _contract(name: str = "shop", period: Period = "day") -> Contract:
    return Contract(version=1, name=name, fields=(), formats={}, groups=(), index=Index(period=period))


def _ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("index", "keep_days", "end"),
    [
        ("logs-shop-14d-2025.10.31", 14, "2025-11-01"),
        ("logs-shop-14d-2024.02.28", 14, "2024-02-29"),
        ("logs-shop-1d-2025.12.31", 1, "2026-01-01"),
        ("logs-shop-400d-2025.w44", 400, "2025-11-03"),
        ("logs-shop-7d-2026.w53", 7, "2027-01-04"),
        ("logs-shop-7d-2025.w01", 7, "2025-01-06"),
        ("logs-shop-forever-2025.10", None, "2025-11-01"),
        ("logs-shop-90d-2025.12", 90, "2026-01-01"),
    ],
)
def test_a_name_says_when_its_period_ends(index: str, keep_days: int | None, end: str) -> None:
    """What is deleted is decided by this alone: years of weeks, leap days and the year's end are right."""
    assert span_of(_contract(), index) == Span(keep_days=keep_days, end_ms=_ms(end))


@pytest.mark.parametrize(
    "index",
    [
        "logs-shop-eu-14d-2025.10.31",
        "logs-shopper-14d-2025.10.31",
        "logs-shop-14d-2025.10.31-000001",
        ".ds-logs-shop-14d-2025.10.31",
        "xlogs-shop-14d-2025.10.31",
        "logs-shop-14d-2025.10.32",
        "logs-shop-14d-2025.13",
        "logs-shop-14d-2025.00",
        "logs-shop-14d-2025.w54",
        "logs-shop-14d-2025.w00",
        "logs-shop-14d-9999.12.31",
        "logs-shop-0d-2025.10.31",
        "logs-shop-14-2025.10.31",
        "logs-shop-14d-2025.1.1",
        "logs-shop-14d-",
        "logs-shop-14d-2025",
        "logs-shop-14d-2025.10.31\n",
        "logs-shop-14d-٢٠٢٥.10.31",
        "logs-shop",
    ],
)
def test_a_name_that_only_looks_like_ours_says_nothing(index: str) -> None:
    """Somebody else's index is never deleted."""
    assert span_of(_contract(), index) is None


@pytest.mark.parametrize("period", ["day", "week", "month"])
def test_the_end_of_a_period_is_in_the_next_one(period: Period) -> None:
    """Years on end, no event falls between two indexes or into an index that is over before it."""
    contract = _contract(period=period)
    for now in range(_ms("2019-12-20"), _ms("2029-01-15"), DAY_MS):
        current = index_name(contract, 14, now)
        span = span_of(contract, current)

        assert span is not None
        assert now < span.end_ms
        assert index_name(contract, 14, span.end_ms - 1) == current
        assert index_name(contract, 14, span.end_ms) > current


def test_a_period_is_over_when_its_last_event_is_too_old() -> None:
    """Fourteen days are fourteen days to fourteen days and one period, never less."""
    span = Span(keep_days=14, end_ms=_ms("2025-11-01"))

    assert not span.is_over(_ms("2025-11-15") - 1)
    assert span.is_over(_ms("2025-11-15"))
    assert not Span(keep_days=None, end_ms=0).is_over(_ms("2099-01-01"))
