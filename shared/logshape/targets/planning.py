"""Turns targets and a contract into a plan, and a plan into calls: what the command line and the function share."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from logshape.errors import OutsideFailure
from logshape.plan import Plan, diff
from logshape.plan.guards import guarded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from logshape.contract.model import Contract
    from logshape.plan import Blocked, Change, Kind, Resource, Skipped
    from logshape.plan import Target as Name
    from logshape.targets import Target
    from logshape.targets.place import Place


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of a plan: only log groups that *glob* matches, and whether retentions may be shortened."""

    glob: str | None = None
    allow_shorten: bool = False


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """A change that was not made, or of which nobody knows, and why."""

    change: Change
    reason: str


def plan(targets: Iterable[Target], contract: Contract, place: Place, wish: Wish, now_ms: int) -> Plan:
    """
    Return what makes *targets* be as *contract* wants, as of *now_ms*; nothing is changed.

    With a glob only what belongs to a log group is in it.

    Raises:
        OutsideFailure: something could not be read, so that nothing can be planned.

    """
    changes: list[Change] = []
    skipped: list[Skipped] = []
    blocked: list[Blocked] = []
    counts: Counter[Kind] = Counter()
    born: dict[str, int] = {}
    for target in targets:
        found = target.find(contract, wish.glob)
        hands_off = {one.name for one in found.skipped} | {one.name for one in found.blocked}
        ours, wanted = (_within(wish.glob, some) for some in (found.resources, target.wanted(contract, found)))
        planned = diff(ours, wanted, hands_off)
        kept, left = guarded(planned, contract, found.facts, now_ms, allow_shorten=wish.allow_shorten)
        changes += kept
        skipped += (*found.skipped, *left)
        blocked += found.blocked
        counts.update(resource.kind for resource in ours)
        born |= {name: figures.born_ms for name, figures in found.facts.items()}
    return Plan(
        account=place.account,
        region=place.region,
        contract=contract.name,
        changes=tuple(changes),
        skipped=tuple(sorted(skipped)),
        blocked=tuple(sorted(blocked)),
        found=dict(counts),
        born=born,
    )


def make(plan: Plan, targets: Sequence[Target], tell: Callable[[Change], None] = lambda _: None) -> list[Failure]:
    """
    Make each change of *plan*, call *tell* after each, and return those that failed; one that fails stops no other.

    The same plan may be made again, and harms nothing that is made already.
    """
    by_name: Mapping[Name, Target] = {target.name: target for target in targets}
    failures: list[Failure] = []
    for change in plan.changes:
        try:
            by_name[change.resource.target].apply(change)
        except OutsideFailure as error:
            failures.append(Failure(change=change, reason=str(error)))
        tell(change)
    return failures


def _within(glob: str | None, resources: Iterable[Resource]) -> list[Resource]:
    return [resource for resource in resources if glob is None or "logGroupName" in resource.body]
