"""Turns what a contract wants of an account into changes made in the time that there is, and a slice that is left."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec.structs import replace

from logshape.errors import OutsideFailure
from logshape.plan import Create, Delete, Update
from logshape.targets import planning
from logshape.targets.occasions import Slice
from logshape.targets.runs import Seen
from logshape.targets.slices import globs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from logshape.contract.model import Contract
    from logshape.plan import Plan
    from logshape.targets import Target
    from logshape.targets.place import Place
    from logshape.targets.runs import Runs

MOST: Final = 500
"""Log groups of one slice: their filters are read at five a second."""
READING: Final = 240.0
"""Seconds that a slice may take to be read, so that none begins with less."""
_BATCH: Final = 50  # changes between two looks at the clock
_WORDS: Final = {Create: "created", Update: "updated", Delete: "deleted"}


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """What a round has done: counts by word, what failed and why, and the slice that it had no time for."""

    counts: Counter[str]
    failures: tuple[str, ...] = ()
    rest: Slice | None = None

    def then(self, later: Tally) -> Tally:
        """Return what both have done; what is left, *later* knows."""
        return Tally(counts=self.counts + later.counts, failures=(*self.failures, *later.failures), rest=later.rest)


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """
    What is kept as *contract* wants it: *logs*, and what is *beside* it.

    *queries* and *leavers* are the parts of *logs* that no slice reads. Without *runs* nobody knows what slices have
    seen, and what is to be deleted stays. The time is given as `until`, of *clock*, which counts seconds.
    """

    contract: Contract
    place: Place
    logs: Target
    queries: Target
    leavers: Target
    beside: tuple[Target, ...] = ()
    runs: Runs | None = None
    clock: Callable[[], float] = time.monotonic

    def whole(self, names: Sequence[str], until: float) -> Tally:
        """
        Make all as the contract wants it, where *names* are the log groups that it matches.

        More than can be read in one invocation are taken in slices, as a run.

        Raises:
            OutsideFailure: something could not be read.
            UnsafePlan: much of what is there would be deleted; nothing of this is.

        """
        if len(names) <= MOST:
            everything = Slice(globs=("*",))
            return _moving(self._whole((self.logs, *self.beside), everything, until), everything)
        slices = self._begun(tuple(globs(names, MOST)))
        first = self._whole((self.queries, *self.beside), slices, until)
        if first.rest or self.clock() > until - READING:
            return replace(first, rest=slices)
        return first.then(self._slices(slices, until))

    def slices(self, begun: Slice, until: float) -> Tally:
        """
        Create and update what belongs to the log groups of *begun*, then delete what its run found unwanted.

        A run that was begun for another contract or more than a day ago is given up: another one does its work.

        Raises:
            OutsideFailure: something could not be read, or takes longer to read than an invocation may last.
            UnsafePlan: much of what is there would be deleted; none of it is.

        """
        if begun.run and self.runs is not None and not self.runs.goes_on(begun.run, _now_ms()):
            return Tally(counts=Counter(given_up=1))
        return _moving(self._slices(begun, until), begun)

    def _begun(self, slices: tuple[str, ...]) -> Slice:
        """Begin a run, if somebody keeps what it sees."""
        if self.runs is None:
            return Slice(globs=slices)
        plan = self._planned((self.leavers,), None)
        seen = Seen(found=plan.found, unwanted=_deletions(plan))
        return Slice(globs=slices, run=self.runs.begin(slices, seen, _now_ms()))

    def _slices(self, begun: Slice, until: float) -> Tally:
        done = Tally(counts=Counter())
        for number, glob in enumerate(begun.globs):
            rest = replace(begun, globs=begun.globs[number:])
            if number and self.clock() > until - READING:
                return replace(done, rest=rest)
            done = done.then(self._slice(glob, rest, until))
            if done.rest:
                return done
        if not begun.run or self.runs is None:
            return done
        return done.then(self._deleted(self.runs.deletions(begun.run), replace(begun, globs=()), until))

    def _slice(self, glob: str, rest: Slice, until: float) -> Tally:
        """Create and update what *glob* matches; what is to be deleted is left to the end of the run."""
        plan = self._planned((self.logs,), glob)
        unwanted = _deletions(plan)
        changes = tuple(change for change in plan.changes if not isinstance(change, Delete))
        done, made = self._made(replace(plan, changes=changes), (self.logs,), until)
        if made < len(changes):
            return replace(done, rest=rest)
        if rest.run and self.runs is not None:
            self.runs.keep(rest.run, glob, Seen(found=plan.found, unwanted=unwanted))
            return done
        return replace(done, counts=+(done.counts + Counter(undeleted=len(unwanted))))

    def _deleted(self, plan: Plan, begun: Slice, until: float) -> Tally:
        """Make the deletions of *plan*, beginning behind those that *begun* counts."""
        plan.check()
        left = plan.changes[begun.deleted :]
        done, made = self._made(replace(plan, changes=left), (self.logs,), until)
        return done if made == len(left) else replace(done, rest=replace(begun, deleted=begun.deleted + made))

    def _whole(self, targets: Sequence[Target], rest: Slice, until: float) -> Tally:
        """Make all of *targets* as it should be; where time runs out, *rest* is left."""
        plan = self._planned(targets, None)
        plan.check()
        done, made = self._made(plan, targets, until)
        return done if made == len(plan.changes) else replace(done, rest=rest)

    def _planned(self, targets: Sequence[Target], glob: str | None) -> Plan:
        return planning.plan(targets, self.contract, self.place, planning.Wish(glob=glob), _now_ms())

    def _made(self, plan: Plan, targets: Sequence[Target], until: float) -> tuple[Tally, int]:
        """Make *plan*, a batch at a time while there is time, and return what was done and how many changes it took."""
        counts = Counter(skipped=len(plan.skipped), blocked=len(plan.blocked))
        failures: list[str] = []
        for start in range(0, len(plan.changes), _BATCH):
            if self.clock() > until:
                return Tally(counts=+counts, failures=tuple(failures)), start
            batch = plan.changes[start : start + _BATCH]
            failed = planning.make(replace(plan, changes=batch), targets)
            failures += (one.reason for one in failed)
            counts.update(_WORDS[type(change)] for change in batch)
            counts.subtract(_WORDS[type(one.change)] for one in failed)
            counts["failed"] += len(failed)
        return Tally(counts=+counts, failures=tuple(failures)), len(plan.changes)


def _moving(tally: Tally, begun: Slice) -> Tally:
    """
    Return *tally* of what was *begun*, unless the next invocation would fare no better.

    Raises:
        OutsideFailure: all is left, and nothing was made.

    """
    if tally.rest != begun or any(tally.counts[word] for word in _WORDS.values()):
        return tally
    what = f"log groups {begun.globs[0]}" if begun.globs else f"what run {begun.run} saw"
    why = tally.failures[0] if tally.failures else "to read it takes longer than an invocation may last"
    raise OutsideFailure(f"{what}: nothing could be made; {why}")


def _deletions(plan: Plan) -> tuple[Delete, ...]:
    return tuple(change for change in plan.changes if isinstance(change, Delete))


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
