"""How much of an invocation is kept for its end, by what ends have taken so far."""

from __future__ import annotations

import pytest

from logshape.delivery.reserve import FIRST_SPOOL, FIRST_WORD, LEAST, MARGIN, Reserve


class Clock:
    """A clock that is moved by whoever takes time."""

    seconds = 0.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    """Return a clock at nothing."""
    return Clock()


def kept(seconds: float) -> float:
    """Return what is kept for something that took *seconds*."""
    return seconds * MARGIN + LEAST


def test_before_anything_is_measured_there_is_a_first_value(clock: Clock) -> None:
    """A cold container has to open its connection to S3 yet."""
    assert Reserve(clock).of_sinks(120.0) == kept(FIRST_SPOOL) + kept(FIRST_WORD)


def test_what_took_longer_counts_at_once_and_fades_slowly(clock: Clock) -> None:
    """A slow spool is slow again soon; a fast one has to prove it."""
    reserve = Reserve(clock)
    found = []
    for took in (4.0, 2.0, 2.0):
        with reserve.spool:
            clock.seconds += took
        found.append(reserve.spool.seconds)

    assert found == [kept(4.0), kept(3.0), kept(2.5)]


def test_a_failure_has_taken_its_time_too(clock: Clock) -> None:
    """The spool that could not be written is the one to keep time for."""
    reserve = Reserve(clock)

    def hang() -> None:
        clock.seconds += 3.0
        raise OSError("no")

    with pytest.raises(OSError, match="no"), reserve.spool:
        hang()

    assert reserve.spool.seconds == kept(3.0)


@pytest.mark.parametrize(("left", "reserved"), [(4.0, 2.0), (0.0, 0.0), (-1.0, 0.0)])
def test_sinks_get_half_of_what_is_left_at_least(clock: Clock, left: float, reserved: float) -> None:
    """A spool that hung once would else keep the sinks from working for as long as the container lives."""
    reserve = Reserve(clock)
    with reserve.spool:
        clock.seconds += 60.0

    assert reserve.of_sinks(left) == reserved


def test_the_last_word_is_not_the_spools(clock: Clock) -> None:
    """What could not be kept must be said: Lambda ends a function that is late without a word."""
    reserve = Reserve(clock)

    assert [reserve.of_spool(left) for left in (60.0, 0.2, -1.0)] == [kept(FIRST_WORD), 0.1, 0.0]
