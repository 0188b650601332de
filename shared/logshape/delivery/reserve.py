"""Turns what an invocation's end has taken so far into the time that the next one keeps for it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

FIRST_SPOOL: Final = 0.9
FIRST_WORD: Final = 0.05
"""Seconds until something is measured: for a client's first connection to S3, and for printing the counts."""
MARGIN: Final = 2.0
LEAST: Final = 0.1
"""Twice what was measured and a little more: a pause of the machine is not measured beforehand."""
MOST: Final = 0.5
"""The part of the time left that is kept back at most: a spool that hung once must not end all work for the sinks."""


class Spent:
    """
    What something takes in this container, measured by the blocks that it is entered for.

    The longest counts, and half of it fades with each shorter one.
    """

    def __init__(self, first: float, clock: Callable[[], float]) -> None:
        """Begin with *first*, in seconds of *clock*."""
        self._held = first
        self._clock = clock
        self._began = 0.0

    @property
    def seconds(self) -> float:
        """What is to be kept for the next time."""
        return self._held * MARGIN + LEAST

    def __enter__(self) -> Self:
        """Begin to measure."""
        self._began = self._clock()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Have measured, whatever was raised."""
        took = self._clock() - self._began
        self._held = max(took, (self._held + took) / 2)


class Reserve:
    """What of an invocation belongs to the spool, and to the last word: to say what is so, and to return."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Measure by *clock*."""
        self.spool = Spent(FIRST_SPOOL, clock)
        self.word = Spent(FIRST_WORD, clock)

    def of_sinks(self, left: float) -> float:
        """Return how many of the seconds that are *left* the sinks do not get."""
        return min(max(left, 0.0) * MOST, self.spool.seconds + self.word.seconds)

    def of_spool(self, left: float) -> float:
        """Return how many of the seconds that are *left* after the sinks the spool does not get."""
        return min(max(left, 0.0) * MOST, self.word.seconds)

    def short(self, left: float) -> bool:
        """Tell whether of the seconds that are *left* the spool would get less than it has needed so far."""
        return left * MOST < self.spool.seconds + self.word.seconds
