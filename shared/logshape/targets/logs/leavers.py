"""Turns log groups that have left a contract into a target by themselves, for which a slice does not look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from logshape.artefacts import subscription_filters
from logshape.targets import Found
from logshape.targets.logs import account, reading

if TYPE_CHECKING:
    from logshape.contract.model import Contract
    from logshape.plan import Change, Resource
    from logshape.targets.logs.account import Raw
    from logshape.targets.logs.target import Logs


class Leavers:
    """The log groups outside of the contract that have metric filters of ours; none of them is wanted."""

    name: Literal["logs"] = "logs"

    def __init__(self, logs: Logs) -> None:
        """Read and write as *logs* does."""
        self._logs = logs

    def find(self, contract: Contract, glob: str | None) -> Found:
        """
        Read the metric filters of the whole Region, whatever the *glob*.

        Whether such a log group is subscribed is not read, but taken for granted: to ask costs as much as to delete.

        Raises:
            OutsideFailure: they could not be read.

        """
        del glob
        filters = {
            name: raws
            for name, raws in account.metric_filters(self._logs.calls, None).items()
            if contract.group_for(name) is None and reading.ours_among(contract, raws)
        }
        subscriptions = {name: [_subscription(contract, name)] for name in filters}
        there = account.Account(groups={}, metric_filters=filters, subscriptions=subscriptions, queries=None)
        return Found(resources=tuple(reading.ours(contract, there)))

    def wanted(self, contract: Contract, found: Found) -> list[Resource]:
        """Return nothing: the contract wants nothing of them."""
        del contract, found
        return []

    def apply(self, change: Change) -> None:
        """
        Make *change*; to make it again does no harm.

        Raises:
            OutsideFailure: it was not made, or nobody knows.

        """
        self._logs.apply(change)


def _subscription(contract: Contract, group: str) -> Raw:
    name = subscription_filters.filter_name(contract)
    return {"logGroupName": group, "filterName": name, "filterPattern": "", "destinationArn": ""}
