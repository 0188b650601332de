"""The pace of calls: never more in a second than a service allows, and never slower than that."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logshape.targets.calls import Bucket, Time

gaps = st.lists(st.floats(min_value=0, max_value=2, allow_nan=False), max_size=60)


def stamps(rate: int, waits: list[float]) -> tuple[list[float], float]:
    """Return when tokens were taken by somebody who does something else before each, and how long that was waited."""
    now, slept = [0.0], [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds
        slept[0] += seconds

    bucket = Bucket(rate, Time(clock=lambda: now[0], sleep=sleep))
    taken = []
    for wait in waits:
        now[0] += wait
        bucket.take()
        taken.append(now[0])
    return taken, slept[0]


@given(st.integers(1, 10), gaps)
def test_no_second_sees_more_calls_than_allowed(rate: int, waits: list[float]) -> None:
    """The quotas of CloudWatch Logs are fixed: who is faster is throttled, and throttles all others in the account."""
    taken, _ = stamps(rate, waits)

    assert all(later - earlier >= 1 - 1e-9 for earlier, later in zip(taken, taken[rate:], strict=False))


def test_a_few_calls_do_not_wait() -> None:
    """A small account is planned at once."""
    assert stamps(5, [0.0] * 5) == ([0.0] * 5, 0.0)


def test_many_calls_take_as_long_as_they_must() -> None:
    """10,000 log groups at five a second are half an hour, and not a minute more."""
    assert stamps(5, [0.0] * 101)[1] == pytest.approx(20)
