"""Turns an account's log groups, filters and saved queries into one value, in as few calls as the API allows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from logshape.contract import globs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from logshape.contract.model import Contract
    from logshape.targets.calls import Calls

_GROUPS: Final = ("arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:*",)
ACTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "logs:DescribeLogGroups": _GROUPS,
    "logs:DescribeMetricFilters": _GROUPS,
    "logs:DescribeQueryDefinitions": ("*",),
    "logs:DescribeSubscriptionFilters": _GROUPS,
}
STANDARD: Final = "STANDARD"
_PAGE: Final = 50
_COMMON: Final = ("filterName", "filterPattern", "metricTransformations")
_QUERIES_A_PAGE: Final = 1000

Raw = dict[str, Any]
"""What a describe call says of one thing."""


class LogGroup(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One log group; *days* is None where nothing expires, *policy* names the account policy that decides instead."""

    name: str
    born_ms: int
    stored_bytes: int
    days: int | None
    log_class: str
    policy: str | None


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """
    What was read: log groups that the contract matches, and filters by log group, other people's too.

    *metric_filters* are those of all log groups of the Region, or of the one that was asked for. *subscriptions* are
    None where nobody asked. *queries* are all of the Region, or None where nobody asked.
    """

    groups: dict[str, LogGroup]
    metric_filters: dict[str, list[Raw]]
    subscriptions: dict[str, list[Raw]] | None
    queries: list[Raw] | None


def log_groups(calls: Calls, contract: Contract, glob: str | None) -> Iterator[LogGroup]:
    """Yield the log groups that *contract* matches, and *glob* if given."""
    for prefix in _prefixes(contract, glob):
        asked = {"logGroupNamePrefix": prefix} if prefix else {}
        for raw in calls.pages("describe_log_groups", "logGroups", prefix and f"{prefix}*", limit=_PAGE, **asked):
            name = raw["logGroupName"]
            if (glob is None or globs.covers(glob, name)) and contract.group_for(name):
                yield LogGroup(
                    name=name,
                    born_ms=raw.get("creationTime", 0),
                    stored_bytes=raw.get("storedBytes", 0),
                    days=raw.get("retentionInDays"),
                    log_class=raw.get("logGroupClass", STANDARD),
                    policy=raw.get("retentionPolicyName"),
                )


def metric_filters(calls: Calls, glob: str | None) -> dict[str, list[Raw]]:
    """Return the filters of the whole Region by log group, or of one log group where *glob* is its name."""
    asked = {"logGroupName": glob} if glob is not None and "*" not in glob else {}
    found: dict[str, list[Raw]] = {}
    pool: dict[bytes, Raw] = {}
    for raw in calls.pages("describe_metric_filters", "metricFilters", glob or "", limit=_PAGE, **asked):
        found.setdefault(raw["logGroupName"], []).append(_pooled(raw, pool))
    return found


def _pooled(raw: Raw, pool: dict[bytes, Raw]) -> Raw:
    """Return *raw* with what it has in common with others: thousands of log groups have few patterns between them."""
    common: Raw = {name: raw[name] for name in _COMMON if name in raw}
    return raw | pool.setdefault(msgspec.json.encode(common), common)


def subscriptions(calls: Calls, names: Iterable[str]) -> dict[str, list[Raw]]:
    """Return the filters of each of *names*: the API has no other way than one call for each log group."""
    return {
        name: list(
            calls.pages("describe_subscription_filters", "subscriptionFilters", name, limit=_PAGE, logGroupName=name)
        )
        for name in names
    }


def filters(
    calls: Calls, names: Iterable[str], *, subscribed: bool
) -> tuple[dict[str, list[Raw]], dict[str, list[Raw]] | None]:
    """
    Return the metric filters and, if *subscribed*, the subscription filters of each of *names*, read by turns.

    Each has a rate of its own, so that both take as long as one.
    """
    metric: dict[str, list[Raw]] = {}
    subscription: dict[str, list[Raw]] = {}
    for name in names:
        metric |= metric_filters(calls, name)
        subscription |= subscriptions(calls, (name,) if subscribed else ())
    return metric, subscription if subscribed else None


def queries(calls: Calls) -> list[Raw]:
    """Return the saved queries of the Region."""
    return list(calls.pages("describe_query_definitions", "queryDefinitions", maxResults=_QUERIES_A_PAGE))


def _prefixes(contract: Contract, glob: str | None) -> list[str]:
    """Return the fewest prefixes under which all log groups lie that *contract* matches, and *glob* if given."""
    matched = {match for group in contract.groups for match in group.match}
    if glob is not None:
        matched = {common for match in matched if (common := globs.common(match, glob)) is not None}
    found: list[str] = []
    for prefix in sorted(match.split("*", 1)[0] for match in matched):
        if not found or not prefix.startswith(found[-1]):
            found.append(prefix)
    return found
