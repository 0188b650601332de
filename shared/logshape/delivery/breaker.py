"""Turns the outcomes that a sink had into what it is sent next: all, one document, or nothing."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from logshape import telemetry

if TYPE_CHECKING:
    from collections.abc import Callable

    from logshape.delivery.patience import Outcome
    from logshape.sinks import SinkName

FIRST_SECONDS: Final = 2.0
LONGEST_SECONDS: Final = 60.0
"""How long a breaker stays open at first and at most, whatever a store asks for: then one document may ask."""

Leave: TypeAlias = Literal["all", "one", "none"]
"""How many documents of a shipment a sink may be sent; `one` is a probe, and decides on the rest."""


class Breaker:
    """
    What a container remembers of one sink: closed while the sink answers, open after it did not.

    It opens when a sink was sent to and has answered for no document at all: there was no answer, or a busy one at
    every try, or one that stops the whole sink. It closes when the sink has answered for one, with whatever verdict.
    While it is open nothing is sent. Each probe that fails doubles the time until the next, up to a minute; the times
    are spread, so that containers do not fall in step.
    """

    def __init__(
        self,
        sink: SinkName,
        clock: Callable[[], float] = time.monotonic,
        spread: Callable[[float, float], float] = random.uniform,
    ) -> None:
        """Begin closed; *clock* gives seconds, *spread* a number between two."""
        self._sink = sink
        self._clock = clock
        self._spread = spread
        self._seconds = 0.0
        self._until: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether the sink did not answer when it was last sent to."""
        return self._until is not None

    def leave(self) -> Leave:
        """Return what the sink may be sent now."""
        if self._until is None:
            return "all"
        return "one" if self._clock() >= self._until else "none"

    def learn(self, outcome: Outcome) -> None:
        """Open or close by *outcome*, and log a change; a sink that was not sent to says nothing."""
        was_open = self.is_open
        if outcome.answered:
            self._seconds, self._until = 0.0, None
        elif outcome.sent:
            self._seconds = min(LONGEST_SECONDS, self._seconds * 2 or FIRST_SECONDS)
            asked = max((failure.after for failure in outcome.waiting), default=0.0)
            pause = max(self._spread(0.5, 1.0) * self._seconds, min(asked, LONGEST_SECONDS))
            self._until = self._clock() + pause
        if self.is_open != was_open:
            telemetry.breaker(self._sink, is_open=self.is_open)
