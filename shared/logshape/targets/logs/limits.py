"""Turns quotas that the wanted resources would break into blockers that name them, before anything is written."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING, Final

from logshape.dialects.filter_pattern import parse
from logshape.dialects.filter_pattern.limits import (
    METRIC_FILTERS_A_GROUP,
    REGEX_PATTERNS_A_GROUP,
    SUBSCRIPTION_FILTERS_A_GROUP,
    regexes_of,
)
from logshape.errors import InvalidPattern
from logshape.plan import Blocked

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from logshape.plan import Resource
    from logshape.plan.resources import Key
    from logshape.targets.logs.account import Account, Raw

QUERIES: Final = 1000
"""Saved queries of one Region, by the quotas of CloudWatch Logs."""


def blocked(account: Account, wanted: Sequence[Resource], found: Sequence[Resource]) -> Iterator[Blocked]:
    """Yield each resource of *wanted* for which there is no room beside what is not ours, with what takes the room."""
    ours = {resource.key: resource for resource in found}
    by_group: defaultdict[str, list[Resource]] = defaultdict(list)
    for resource in wanted:
        if resource.kind == "metric-filter":
            by_group[resource.body["logGroupName"]].append(resource)
        elif resource.kind == "subscription-filter" and ours.get(resource.key) != resource:
            yield from _slot(resource, (account.subscriptions or {}).get(resource.body["logGroupName"], []))
    for group, filters in by_group.items():
        if any(ours.get(resource.key) != resource for resource in filters):
            yield from _filters(filters, ours, _others(account, group, {one.name for one in found}))
    yield from _queries(account, wanted, found)


def _slot(resource: Resource, present: Sequence[Raw]) -> Iterator[Blocked]:
    others = [raw for raw in present if raw["filterName"] != resource.body["filterName"]]
    twins = [raw for raw in others if raw["destinationArn"] == resource.body["destinationArn"]]
    if twins:
        reason = f"{_told(twins)} already, so that each line would arrive twice; delete that filter"
        yield Blocked(resource.name, reason)
    elif len(others) >= SUBSCRIPTION_FILTERS_A_GROUP and len(others) == len(present):
        taken = f"both subscription slots of the log group are taken: {_told(others)}"
        yield Blocked(resource.name, f"{taken}; delete one of them")


def _told(filters: Sequence[Raw]) -> str:
    return ", ".join(f"`{raw['filterName']}` sends to {raw['destinationArn']}" for raw in filters)


def _others(account: Account, group: str, ours: set[str]) -> tuple[list[str], list[str]]:
    """Return the patterns of the metric filters, and of the subscription filters, that *group* has beside *ours*."""
    metric_filters, subscriptions = account.metric_filters.get(group, []), (account.subscriptions or {}).get(group, [])
    first, second = (
        [raw.get("filterPattern", "") for raw in raws if f"{group}:{raw['filterName']}" not in ours]
        for raws in (metric_filters, subscriptions)
    )
    return first, second


def _filters(
    wanted: Sequence[Resource], ours: dict[Key, Resource], others: tuple[list[str], list[str]]
) -> Iterator[Blocked]:
    """Yield those of one log group's *wanted* metric filters for which others, and those before them, leave no room."""
    count = len(others[0])
    regexes = sum(map(_has_regex, (*others[0], *others[1])))
    for resource in sorted(wanted, key=lambda resource: ours.get(resource.key) != resource):
        counted = _has_regex(resource.body["filterPattern"])
        if count == METRIC_FILTERS_A_GROUP:
            yield Blocked(resource.name, _full(f"{count} metric filters", len(others[0])))
        elif counted and regexes == REGEX_PATTERNS_A_GROUP:
            theirs = sum(map(_has_regex, (*others[0], *others[1])))
            yield Blocked(resource.name, _full(f"{regexes} filters with a regex", theirs))
        else:
            count += 1
            regexes += counted


def _full(what: str, others: int) -> str:
    return (
        f"the log group has room for {what}, and {others} of them are not ours; delete some, or count by `via: ingest`"
    )


@cache
def _has_regex(pattern: str) -> bool:
    try:
        return any(True for _ in regexes_of(parse(pattern)))
    except InvalidPattern:  # CloudWatch took it, whatever it is
        return "%" in pattern


def _queries(account: Account, wanted: Sequence[Resource], found: Sequence[Resource]) -> Iterator[Blocked]:
    if account.queries is None:
        return
    ours = {resource.key for resource in found if resource.kind == "query"}
    names = {resource.key: resource.name for resource in wanted if resource.kind == "query"}
    room = QUERIES - (len(account.queries) - len(ours - names.keys()))
    for name in sorted(name for key, name in names.items() if key not in ours)[max(room, 0) :]:
        yield Blocked(name, f"the Region has room for {QUERIES} saved queries, and they are all there; delete some")
