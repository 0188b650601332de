"""Quotas of CloudWatch Logs: what there is no room for is named before anything is written."""

from __future__ import annotations

from typing import Any

from logshape.plan import Blocked, Resource
from logshape.targets.logs.account import Account
from logshape.targets.logs.limits import blocked
from logshape.targets.logs.reading import resource

GROUP = "/app/orders"
VIA = "delete some, or count by `via: ingest`"


def metric_filter(name: str, pattern: str = '"x"') -> Resource:
    """Return a metric filter of ours."""
    return resource("metric-filter", {"logGroupName": GROUP, "filterName": name, "filterPattern": pattern})


def foreign(count: int, pattern: str = '"x"') -> list[dict[str, Any]]:
    """Return what describe says of other people's filters."""
    return [
        {"logGroupName": GROUP, "filterName": f"theirs-{number}", "filterPattern": pattern, "destinationArn": "arn"}
        for number in range(count)
    ]


def account(**held: Any) -> Account:  # noqa: ANN401 # whatever an account holds
    """Return an account that holds nothing else."""
    return Account(**{"groups": {}, "metric_filters": {}, "subscriptions": {}, "queries": None} | held)


def test_the_hundred_and_first_metric_filter_is_blocked() -> None:
    """CloudWatch would refuse it, after the others were written."""
    held = account(metric_filters={GROUP: foreign(98)})
    reason = f"the log group has room for 100 metric filters, and 98 of them are not ours; {VIA}"

    assert list(blocked(held, [metric_filter(name) for name in "abc"], [])) == [Blocked(f"{GROUP}:c", reason)]


def test_what_is_there_keeps_its_room() -> None:
    """A new filter is blocked, never one that counts already; and what is deleted makes room."""
    ours = [metric_filter("b"), metric_filter("old")]
    raws = [*foreign(98), *({"filterName": one.body["filterName"], "filterPattern": '"x"'} for one in ours)]
    held = account(metric_filters={GROUP: raws})

    assert list(blocked(held, [metric_filter("a"), metric_filter("b")], ours)) == []
    assert [one.name for one in blocked(held, [metric_filter(name) for name in "abc"], ours)] == [f"{GROUP}:c"]


def test_the_sixth_pattern_with_a_regex_is_blocked() -> None:
    """Five is the limit of a log group, subscriptions and other people's filters included; others fit still."""
    held = account(
        metric_filters={GROUP: foreign(3, "%x%")}, subscriptions={GROUP: foreign(1, "[a=%b%, c] %! none of ours")}
    )
    wanted = [metric_filter("a", "%x%"), metric_filter("b", "%y%"), metric_filter("c")]
    reason = f"the log group has room for 5 filters with a regex, and 4 of them are not ours; {VIA}"

    assert list(blocked(held, wanted, [])) == [Blocked(f"{GROUP}:b", reason)]


def test_the_thousand_and_first_query_is_blocked() -> None:
    """And a leftover of ours makes room for one."""
    wanted = [resource("query", {"name": name}, name) for name in ("logshape/shop/a", "logshape/shop/b")]
    leftover = resource("query", {"name": "logshape/shop/old"}, "logshape/shop/old")
    reason = "the Region has room for 1000 saved queries, and they are all there; delete some"

    assert list(blocked(account(queries=[{}] * 1000), wanted, [leftover])) == [Blocked("logshape/shop/b", reason)]
    assert list(blocked(account(queries=[{}] * 999), wanted, [leftover])) == []


def test_one_slot_is_enough() -> None:
    """Ours may be one of two."""
    sent = resource(
        "subscription-filter", {"logGroupName": GROUP, "filterName": "logshape/shop/ingest", "destinationArn": "ours"}
    )

    assert list(blocked(account(subscriptions={GROUP: foreign(1)}), [sent], [])) == []
