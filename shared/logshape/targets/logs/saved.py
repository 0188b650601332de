"""Turns the saved queries of a Region into a target by themselves, where its log groups are too many to be read too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from logshape.targets import Found
from logshape.targets.logs import account, limits, reading

if TYPE_CHECKING:
    from logshape.contract.model import Contract
    from logshape.plan import Change, Resource
    from logshape.targets.logs.target import Logs


class SavedQueries:
    """The part of *logs* that belongs to no log group."""

    name: Literal["logs"] = "logs"

    def __init__(self, logs: Logs) -> None:
        """Read and write as *logs* does."""
        self._logs = logs

    def find(self, contract: Contract, glob: str | None) -> Found:
        """
        Read the saved queries of the Region, whatever the *glob*.

        Raises:
            OutsideFailure: they could not be read.

        """
        del glob
        queries = account.queries(self._logs.calls)
        there = account.Account(groups={}, metric_filters={}, subscriptions=None, queries=queries)
        found = Found(resources=tuple(reading.ours(contract, there)))
        full = limits.blocked(there, self.wanted(contract, found), found.resources)
        return Found(resources=found.resources, blocked=tuple(full))

    def wanted(self, contract: Contract, found: Found) -> list[Resource]:
        """Return the saved queries under the ids that they have."""
        return self._logs.wanted(contract, found)

    def apply(self, change: Change) -> None:
        """
        Make *change*; to make it again does no harm.

        Raises:
            OutsideFailure: it was not made, or nobody knows.

        """
        self._logs.apply(change)
