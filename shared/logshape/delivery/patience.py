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

    from logshape.delivery.reserve import Reserve
    from logshape.sinks import Sink

TRIES: Final = 3
SECONDS: Final = 5.0
"""What a sink gets of an invocation at most: more would multiply the concurrency in an outage."""
FIRST_PAUSE: Final = 0.2
BREAKER_OPEN: Final = "breaker-open"
"""Why documents are spooled at once: see `breaker`."""
WITHOUT_CONTEXT: Final = 60.0
"""Seconds for an invocation whose context does not say."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """
    What is known of a sink's documents so far: how many are stored, and the parcels that were not by us.

    *known* were stored before, *open* were not stored, or nobody knows, *poison* never will be. Every document is in
    exactly one of the four. *sent* says that a call was begun at all.
    """

    stored: int = 0
    known: tuple[bytes, ...] = ()
    open: tuple[Again | Stop, ...] = ()
    poison: tuple[Poison, ...] = ()
    sent: bool = False

    @classmethod
    def before(cls, sink: Sink, parcels: Iterable[bytes], reason: str = "not-sent") -> Outcome:
        """Return what is known before any of *parcels* was sent to *sink*, and the *reason* if none ever is."""
        return cls(open=tuple(Again(parcel=parcel, rule=f"{sink.name}-{reason}") for parcel in parcels))

    @property
    def duplicates(self) -> int:
        """How many documents were stored before; each parcel of them is one."""
        return len(self.known)

    @property
    def waiting(self) -> list[Again]:
        """What may be sent again without anybody's help."""
        return [failure for failure in self.open if isinstance(failure, Again)]

    @property
    def answered(self) -> bool:
        """Whether the sink has said of any document by itself what becomes of it."""
        alone = any(isinstance(failure, Stop) and not failure.whole for failure in self.open)
        return bool(self.stored or self.known or self.poison or alone)

    def during(self, sink: Sink, call: Sequence[bytes]) -> Outcome:
        """Return what is known while *call*, some of the open parcels, is on its way to *sink*."""
        unanswered = tuple(Again(parcel=parcel, rule=f"{sink.name}-unanswered") for parcel in call)
        return msgspec.structs.replace(self, open=(*self._without(call), *unanswered), sent=True)

    def after(self, call: Sequence[bytes], answer: Answer) -> Outcome:
        """Return what is known once *call*, some of the open parcels, had *answer*."""
        failed = [failure for failure in answer.failures if not isinstance(failure, Poison)]
        return Outcome(
            stored=self.stored + answer.stored,
            known=self.known + answer.known,
            open=(*self._without(call), *failed),
            poison=(*self.poison, *(failure for failure in answer.failures if isinstance(failure, Poison))),
            sent=True,
        )

    def __add__(self, other: Outcome) -> Outcome:
        """Join what is known of other documents of the same sink."""
        return Outcome(
            stored=self.stored + other.stored,
            known=self.known + other.known,
            open=self.open + other.open,
            poison=self.poison + other.poison,
            sent=self.sent or other.sent,
        )

    def _without(self, call: Sequence[bytes]) -> Iterator[Again | Stop]:
        sent = set(map(id, call))
        return (failure for failure in self.open if id(failure.parcel) not in sent)


def deadline(context: object) -> float:
    """Return when the invocation of *context* ends, in seconds of the monotonic clock."""
    left_ms = getattr(context, "get_remaining_time_in_millis", lambda: WITHOUT_CONTEXT * 1000)
    return time.monotonic() + float(left_ms()) / 1000


def patience(end: float, reserve: Reserve) -> float:
    """Return until when sinks are waited for in an invocation that ends at *end*, of which *reserve* is not theirs."""
    now = time.monotonic()
    left = end - now
    return now + max(0.0, min(SECONDS, left - reserve.of_sinks(left)))


def tries(sink: Sink, outcome: Outcome, until: float, most: int = TRIES) -> Iterator[Outcome]:
    """
    Send to *sink* what is open in *outcome*, again where that may help, and yield what is known as calls begin and end.

    Whatever is open in the last outcome stays so: after *most* tries, after a stop of the whole sink, and where the
    next pause would last beyond *until*. After that no call begins, so that a course that was left behind in a call
    that hangs ends with it.
    """
    for attempt in range(most):
        waiting = outcome.waiting
        pause = _pause(attempt, waiting)
        if not waiting or time.monotonic() + pause >= until:
            return
        time.sleep(pause)
        for call in sink.calls([failure.parcel for failure in waiting]):
            if time.monotonic() >= until:
                return
            outcome = outcome.during(sink, call)
            yield outcome
            answer = sink.write(call, until)
            outcome = outcome.after(call, answer)
            yield outcome
            if any(isinstance(failure, Stop) and failure.whole for failure in answer.failures):
                return


def probed(sink: Sink, parcels: Sequence[bytes], until: float) -> Iterator[Outcome]:
    """Send one document of *parcels* alone and once, and all others as `tries` does only if *sink* answers for it."""
    one, *rest = sink.parted(parcels[0])
    held = Outcome.before(sink, (*rest, *parcels[1:]), BREAKER_OPEN)
    alone = Outcome.before(sink, [one], BREAKER_OPEN)
    for outcome in tries(sink, alone, until, most=1):
        alone = outcome
        yield alone + held
    if alone.answered:
        yield from tries(sink, alone + held, until)


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
