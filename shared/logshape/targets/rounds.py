"""Turns what a contract wants of an account into changes made in the time that there is, and globs that are left."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec.structs import replace

from logshape.errors import OutsideFailure
from logshape.plan import Create, Delete, Update
from logshape.targets import Target, planning
from logshape.targets.slices import globs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from logshape.contract.model import Contract
    from logshape.targets.place import Place

MOST: Final = 500
"""Log groups of one slice: their subscriptions are read at five a second."""
READING: Final = 400.0
"""Seconds that a slice may take to be read, so that none begins with less."""
_BATCH: Final = 50  # changes between two looks at the clock
_WORDS: Final = {Create: "created", Update: "updated", Delete: "deleted"}
_MADE: Final = (*_WORDS.values(), "failed")


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """What a round has done: counts by word, what failed and why, and the globs that it had no time for."""

    counts: Counter[str]
    failures: tuple[str, ...] = ()
    rest: tuple[str, ...] = ()

    def then(self, later: Tally) -> Tally:
        """Return what both have done; what is left, *later* knows."""
        return Tally(counts=self.counts + later.counts, failures=(*self.failures, *later.failures), rest=later.rest)


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """
    What is kept as *contract* wants it: *logs*, its *queries* by themselves, and what is *beside* it.

    The time is given as `until`, of *clock*, which counts seconds.
    """

    contract: Contract
    place: Place
    logs: Target
    queries: Target
    beside: tuple[Target, ...] = ()
    clock: Callable[[], float] = time.monotonic

    def whole(self, names: Sequence[str], until: float) -> Tally:
        """
        Make all as the contract wants it, where *names* are the log groups that it matches.

        More than can be read in one run are taken in slices, which only create and update: what is to be deleted is
        known once all is read. `logshape apply`, which has the time, deletes it.

        Raises:
            OutsideFailure: something could not be read.
            UnsafePlan: much of what is there would be deleted; nothing is done.

        """
        if len(names) <= MOST:
            return self._round((self.logs, *self.beside), None, ("*",), until)
        slices = tuple(globs(names, MOST))
        first = self._round((self.queries, *self.beside), None, slices, until)
        return first if first.rest else first.then(self.slices(slices, until))

    def slices(self, left: Sequence[str], until: float) -> Tally:
        """
        Create and update what belongs to the log groups that the globs *left* match, one glob after the other.

        Raises:
            OutsideFailure: something could not be read, or takes longer to read than a run may last.

        """
        done = Tally(counts=Counter())
        for number, glob in enumerate(left):
            rest = tuple(left[number:])
            if number and self.clock() > until - READING:
                return replace(done, rest=rest)
            done = done.then(self._round((self.logs,), glob, rest, until))
            if done.rest == tuple(left) and not any(done.counts[word] for word in _MADE):
                raise OutsideFailure(f"log groups {glob}: to read them takes longer than a run may last")
            if done.rest:
                return done
        return done

    def _round(self, targets: Sequence[Target], glob: str | None, rest: tuple[str, ...], until: float) -> Tally:
        """Plan and make, a batch at a time; *rest* is what is left where time runs out."""
        now_ms = time.time_ns() // 1_000_000
        plan = planning.plan(targets, self.contract, self.place, planning.Wish(glob=glob), now_ms)
        plan.check(force=glob is not None)
        changes = [change for change in plan.changes if glob is None or not isinstance(change, Delete)]
        counts = Counter(skipped=len(plan.skipped), blocked=len(plan.blocked))
        failures: list[str] = []
        for start in range(0, len(changes), _BATCH):
            if self.clock() > until:
                return Tally(counts=+counts, failures=tuple(failures), rest=rest)
            batch = tuple(changes[start : start + _BATCH])
            failed = planning.make(replace(plan, changes=batch), targets)
            failures += (one.reason for one in failed)
            counts.update(_WORDS[type(change)] for change in batch)
            counts.subtract(_WORDS[type(one.change)] for one in failed)
            counts["failed"] += len(failed)
        return Tally(counts=+counts, failures=tuple(failures))
