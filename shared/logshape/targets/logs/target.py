"""Turns a contract and an account into what CloudWatch Logs should hold, and each change into a call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from msgspec.structs import replace

from logshape.artefacts import metric_filters, retention, subscription_filters
from logshape.artefacts import queries as query_definitions
from logshape.contract import globs
from logshape.plan import Blocked, Figures, Skipped
from logshape.targets import Found
from logshape.targets.calls import Calls
from logshape.targets.logs import account, limits, permission, reading, writing
from logshape.targets.logs.account import Account
from logshape.targets.place import DESTINATION

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from logshape.artefacts import Arguments
    from logshape.connections import Control
    from logshape.contract.model import Contract
    from logshape.plan import Change, Resource
    from logshape.targets.calls import Time
    from logshape.targets.logs.account import LogGroup
    from logshape.targets.place import Place

RATES: Final[Mapping[str, int]] = {
    "describe_log_groups": 10,
    "describe_metric_filters": 5,
    "describe_subscription_filters": 5,
    "describe_query_definitions": 10,
    "put_retention_policy": 5,
    "delete_retention_policy": 5,
    "put_metric_filter": 5,
    "delete_metric_filter": 5,
    "put_subscription_filter": 5,
    "delete_subscription_filter": 5,
    "put_query_definition": 5,
    "delete_query_definition": 5,
}
"""Calls a second, by the quotas of CloudWatch Logs; all but the first are fixed."""
_POLICY: Final = "the account's policy `{}` decides its retention"


class Logs:
    """Log groups, their filters, and saved queries, of one account and Region."""

    name: Literal["logs"] = "logs"

    def __init__(
        self,
        control: Control,
        place: Place,
        queries: Mapping[str, str] | None,
        time: Time | None = None,
        *,
        piecewise: bool = False,
    ) -> None:
        """
        Deploy *queries*, texts by file name; None is that nobody knows them, so that those there are left alone.

        *piecewise* takes a glob for a small part of a great many log groups: there is no scan of the Region for those
        that have left the contract.
        """
        self._piecewise = piecewise
        self.calls = Calls(control, self.name, RATES, time)
        self._functions = Calls(control, "lambda")
        self._place = place
        self._texts = queries

    def find(self, contract: Contract, glob: str | None) -> Found:
        """
        Read log groups, filters and queries; saved queries belong to no log group, and are not read with a *glob*.

        Raises:
            OutsideFailure: something could not be read.

        """
        matched = sorted(account.log_groups(self.calls, contract, glob), key=lambda group: group.name)
        skipped = [Skipped(group.name, reason) for group in matched if (reason := self._untouchable(group))]
        names = {one.name for one in skipped}
        groups = {group.name: group for group in matched if group.name not in names}
        there = self._read(groups, contract, glob)
        found = Found(
            resources=tuple(reading.ours(contract, there)),
            skipped=(
                *skipped,
                *(Skipped(one.name, _POLICY.format(one.policy)) for one in groups.values() if one.policy),
            ),
            blocked=tuple(self._unknown(contract, glob)),
            facts={
                name: Figures(born_ms=group.born_ms, stored_bytes=group.stored_bytes) for name, group in groups.items()
            },
        )
        wanted = self.wanted(contract, found)
        full = limits.blocked(there, wanted, found.resources)
        sent = [one for one in wanted if one.kind == "subscription-filter"]
        unread, unmet = permission.unmet(self._functions, self._place, sent)
        return replace(found, skipped=(*found.skipped, *unread), blocked=(*found.blocked, *full, *unmet))

    def wanted(self, contract: Contract, found: Found) -> list[Resource]:
        """Return what each log group of *found* should have, and the saved queries under the ids that they have."""
        counting = {group.name: metric_filters.calls(contract, group) for group in contract.groups}
        wanted: list[Resource] = []
        for name in found.facts:
            if group := contract.group_for(name):
                wanted += self._of_group(contract, name, counting[group.name])
        ids = {one.name: one.body["queryDefinitionId"] for one in found.resources if one.kind == "query"}
        for query in query_definitions.derive(contract, self._texts or {}):
            known = {"queryDefinitionId": ids[query["name"]]} if query["name"] in ids else {}
            wanted.append(reading.resource("query", known | query, query["name"]))
        return wanted

    def apply(self, change: Change) -> None:
        """
        Make *change*; to make it again does no harm.

        Raises:
            OutsideFailure: it was not made, or nobody knows.

        """
        writing.make(self.calls, change)

    def _read(self, groups: dict[str, LogGroup], contract: Contract, glob: str | None) -> Account:
        if self._piecewise and glob is not None:
            filters, subscribed = account.filters(self.calls, groups, subscribed=bool(self._place.destination))
            return Account(groups=groups, metric_filters=filters, subscriptions=subscribed, queries=None)
        filters = {
            name: raws
            for name, raws in account.metric_filters(self.calls, glob).items()
            if name in groups or (contract.group_for(name) is None and (glob is None or globs.covers(glob, name)))
        }
        # Of the log groups that have left the contract, those that have our filters still show themselves.
        left = [name for name in filters.keys() - groups if reading.ours_among(contract, filters[name])]
        subscribed = account.subscriptions(self.calls, [*groups, *sorted(left)]) if self._place.destination else None
        return Account(
            groups=groups,
            metric_filters=filters,
            subscriptions=subscribed,
            queries=account.queries(self.calls) if glob is None and self._texts is not None else None,
        )

    def _of_group(self, contract: Contract, name: str, counting: Sequence[Arguments]) -> Iterator[Resource]:
        if kept := retention.arguments(contract, name):
            yield reading.resource("retention", kept)
        sent = subscription_filters.arguments(contract, name, self._place.destination, self._place.role)
        if sent and self._place.destination:
            yield reading.resource("subscription-filter", sent)
        for call in counting:
            yield reading.resource("metric-filter", {"logGroupName": name, **call})

    def _untouchable(self, group: LogGroup) -> str | None:
        """Return why nothing of *group* is changed, if that is so."""
        if group.name in self._place.own_groups:
            return "it is on the way that lines take; to send it there would be a loop"
        if group.log_class != account.STANDARD:
            return f"its log class is {group.log_class}, which takes no filters"
        return None

    def _unknown(self, contract: Contract, glob: str | None) -> Iterator[Blocked]:
        if not self._place.destination and any(group.subscribe for group in contract.groups):
            reason = "nobody says where lines are sent; name a deployed stack by --stack, or an ARN by"
            yield Blocked(subscription_filters.filter_name(contract), f"{reason} {DESTINATION}")
        if self._texts is None and glob is None:
            yield Blocked(f"{reading.prefix(contract)}*", "there are no saved queries beside the contract, in queries/")
