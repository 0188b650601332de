"""Turns what Lambda tells govern into work, and what became of it into the answer for whoever waits for one."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from logshape.errors import LogshapeError, OutsideFailure
from logshape.targets.answers import answer
from logshape.targets.occasions import Born, Nothing, Request, Routine, Slice, read
from logshape.targets.operator import Operator
from logshape.targets.rounds import Tally

if TYPE_CHECKING:
    from collections.abc import Mapping

_WAITS: Final = 3300  # seconds for which CloudFormation surely waits; it gives up after an hour


def govern(event: object, environ: Mapping[str, str], deadline: float) -> dict[str, int]:
    """
    Do what *event* gives occasion to, until *deadline* of the monotonic clock, and return counts of what was done.

    What there is no time for, another run does. CloudFormation gets its answer whatever happens.

    Raises:
        UnreadableInput: *event* is none that govern knows.
        OutsideFailure: something was not done, no other run follows, and nobody waits for an answer.
        UnsafePlan: much of what is there would be deleted; nothing is done.

    """
    match read(event):
        case Nothing():
            return {}
        case Request() as request:
            first = Slice(globs=("*",), request=request, expires=int(time.time()) + _WAITS)
            return _answered(request, first, environ, deadline)
        case Slice(request=Request() as request) as left:
            return _answered(request, left, environ, deadline)
        case Routine() | Born() | Slice() as occasion:
            before = occasion.failed if isinstance(occasion, Slice) else 0
            tally = _worked(Operator(environ, deadline), occasion, before)
            failed = before + len(tally.failures)
            if failed and not tally.rest:
                why = tally.failures[0] if tally.failures else "in an earlier invocation, whose log tells"
                raise OutsideFailure(f"{failed} changes were not made; the first: {why}")
            return dict(tally.counts)


def _worked(operator: Operator, occasion: Routine | Born | Slice, failed: int = 0) -> Tally:
    """Do what there is time for, and let another invocation do the rest; *failed* changes failed before."""
    tally = operator.work(occasion, time.time_ns() // 1_000_000)
    if tally.rest:
        operator.hand_on(replace(tally.rest, failed=failed + len(tally.failures)))
    return tally


def _answered(request: Request, left: Slice, environ: Mapping[str, str], deadline: float) -> dict[str, int]:
    """Do what *request* asks for where *left* says, and answer it, unless another run will."""
    # The resource bears the contract's name, so that a contract that is renamed is a new one, and the old is deleted.
    resource, problem, tally = request.physical_resource_id or request.logical_resource_id, "", Tally(counts=Counter())
    try:
        operator = Operator(environ, deadline)
        if request.request_type != "Delete":
            resource = operator.contract.name
            tally = _worked(operator, Routine())
        else:
            known = resource != request.logical_resource_id
            tally = operator.unsubscribe(resource if known else operator.contract.name, left.globs)
            rest = tally.rest.globs if tally.rest else ()
            left = replace(left, globs=rest, failed=left.failed + len(tally.failures))
            if rest and time.time() < left.expires:
                operator.hand_on(left)
                return dict(tally.counts)
            problem = _remaining(left)
    except Exception as error:  # noqa: BLE001 # without an answer the stack would wait for an hour
        problem = str(error) if isinstance(error, LogshapeError) else type(error).__name__
    answer(request, resource, tally.counts, problem)
    return dict(tally.counts)


def _remaining(left: Slice) -> str:
    """Return what is left of our filters, in words; empty when none is."""
    parts = [f"{left.failed} could not be deleted, as the function's log tells"] if left.failed else []
    parts += [f"no time was left for the log groups {', '.join(left.globs)}"] if left.globs else []
    return f"subscription filters of ours are left: {'; '.join(parts)}" if parts else ""
