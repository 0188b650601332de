"""Turns a sink that may fail into an outcome, in bounded tries and bounded time."""

from __future__ import annotations

import random
import threading
import time
from typing import TYPE_CHECKING, Final

import msgspec

from logshape.sinks import Again, Answer, Poison, Stop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from logshape.sinks import Sink

TRIES: Final = 3
SECONDS: Final = 5.0
"""What a sink gets of an invocation at most: more would multiply the concurrency in an outage."""
SHARE: Final = 0.5
"""What the sinks get at most of the time that is left; the rest is the spool's."""
FIRST_PAUSE: Final = 0.2
WITHOUT_CONTEXT: Final = 60.0
"""Seconds for an invocation whose context does not say."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """
    What is known of a sink's documents so far: how many are stored, and the parcels that are not.

    *open* were not stored, or nobody knows; *poison* never will be. Every document is in exactly one of the four.
    """

    stored: int = 0
    duplicates: int = 0
    open: tuple[Again | Stop, ...] = ()
    poison: tuple[Poison, ...] = ()

    @classmethod
    def before(cls, sink: Sink, parcels: Sequence[bytes]) -> Outcome:
        """Return what is known before any of *parcels* was sent to *sink*."""
        return cls(open=tuple(Again(parcel=parcel, rule=f"{sink.name}-not-sent") for parcel in parcels))

    def after(self, call: Sequence[bytes], answer: Answer) -> Outcome:
        """Return what is known once *call*, some of the open parcels, had *answer*."""
        sent = set(map(id, call))
        failed = [failure for failure in answer.failures if not isinstance(failure, Poison)]
        return Outcome(
            stored=self.stored + answer.stored,
            duplicates=self.duplicates + answer.duplicates,
            open=(*(failure for failure in self.open if id(failure.parcel) not in sent), *failed),
            poison=(*self.poison, *(failure for failure in answer.failures if isinstance(failure, Poison))),
        )


def deadline(context: object) -> float:
    """Return when the invocation of *context* ends, in seconds of the monotonic clock."""
    left_ms = getattr(context, "get_remaining_time_in_millis", lambda: WITHOUT_CONTEXT * 1000)
    return time.monotonic() + float(left_ms()) / 1000


def patience(end: float) -> float:
    """Return until when sinks are waited for in an invocation that ends at *end*."""
    now = time.monotonic()
    return now + max(0.0, min(SECONDS, (end - now) * SHARE))


def tries(sink: Sink, outcome: Outcome, until: float) -> Iterator[Outcome]:
    """
    Send to *sink* what is open in *outcome*, again where that may help, and yield what is known after each call.

    Whatever is open in the last outcome stays so: after three tries, after a stop of the whole sink, and where the next
    pause would last beyond *until*.
    """
    for attempt in range(TRIES):
        waiting = [failure for failure in outcome.open if isinstance(failure, Again)]
        pause = _pause(attempt, waiting)
        if not waiting or time.monotonic() + pause >= until:
            return
        time.sleep(pause)
        for call in sink.calls([failure.parcel for failure in waiting]):
            if time.monotonic() >= until:
                return
            answer = sink.write(call, until)
            outcome = outcome.after(call, answer)
            yield outcome
            if any(isinstance(failure, Stop) and failure.whole for failure in answer.failures):
                return


def _pause(attempt: int, waiting: Sequence[Again]) -> float:
    """
    Return the seconds to wait before *attempt*, none before the first.

    They double, and are spread so that containers do not fall in step; they are never fewer than a store asked for.
    """
    if attempt == 0:
        return 0.0
    spread = random.uniform(0.5, 1)  # noqa: S311 # no secret depends on it
    return max([FIRST_PAUSE * 2.0 ** (attempt - 1) * spread, *(failure.after for failure in waiting)])


def at_once(jobs: Iterable[Callable[[], None]], until: float) -> None:
    """
    Run *jobs*, which do not raise, at once, and return when all have ended or it is *until*.

    One that is late is left behind: a read that hangs cannot be ended from outside.
    """
    threads = [threading.Thread(target=job, daemon=True) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
