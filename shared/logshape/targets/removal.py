"""Turns the end of a stack into log groups without its subscription filters, which would send to a dead function."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Final

from logshape.artefacts import subscription_filters
from logshape.errors import OutsideFailure
from logshape.targets.calls import Rejected
from logshape.targets.occasions import Slice
from logshape.targets.rounds import MOST, Tally
from logshape.targets.slices import globs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logshape.contract.model import Contract
    from logshape.targets.calls import Calls

_GONE: Final = "ResourceNotFoundException"


def unsubscribe(calls: Calls, contract: Contract, names: Sequence[str], until: float) -> Tally:
    """
    Delete the contract's filter of each of the log groups *names*, known by its name, by *until* (monotonic clock).

    What is not there is gone. Retention, metric filters, queries and all data stay. The globs that are left match names
    that are done, too.
    """
    counts: Counter[str] = Counter()
    failures: list[str] = []
    for number, name in enumerate(names):
        if time.monotonic() > until:
            rest = Slice(globs=tuple(globs(names[number:], MOST)))
            return Tally(counts=counts, failures=tuple(failures), rest=rest)
        try:
            calls.call(
                "delete_subscription_filter",
                name,
                logGroupName=name,
                filterName=subscription_filters.filter_name(contract),
            )
        except Rejected as error:
            if error.code != _GONE:
                failures.append(str(error))
        except OutsideFailure as error:
            failures.append(str(error))
        else:
            counts["deleted"] += 1
    return Tally(counts=counts, failures=tuple(failures))
