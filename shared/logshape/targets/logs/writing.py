"""Turns one change into the call of CloudWatch Logs that makes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

from logshape.plan import Create, Delete, Kind, Update
from logshape.targets.calls import Rejected
from logshape.targets.logs.account import ACTIONS as READS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logshape.plan import Change
    from logshape.targets.calls import Calls

_GROUPS: Final = READS["logs:DescribeLogGroups"]
ACTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "iam:PassRole": ("${LineStreamRole.Arn}",),
    "logs:DeleteMetricFilter": _GROUPS,
    "logs:DeleteQueryDefinition": ("*",),
    "logs:DeleteRetentionPolicy": _GROUPS,
    "logs:DeleteSubscriptionFilter": _GROUPS,
    "logs:PutMetricFilter": _GROUPS,
    "logs:PutQueryDefinition": ("*",),
    "logs:PutRetentionPolicy": _GROUPS,
    "logs:PutSubscriptionFilter": _GROUPS,
}
_PUT: Final[Mapping[Kind, str]] = {
    "retention": "put_retention_policy",
    "subscription-filter": "put_subscription_filter",
    "metric-filter": "put_metric_filter",
    "query": "put_query_definition",
}
# What undoes it, with the arguments that it takes.
_DELETE: Final[Mapping[Kind, tuple[str, tuple[str, ...]]]] = {
    "retention": ("delete_retention_policy", ("logGroupName",)),
    "subscription-filter": ("delete_subscription_filter", ("logGroupName", "filterName")),
    "metric-filter": ("delete_metric_filter", ("logGroupName", "filterName")),
    "query": ("delete_query_definition", ("queryDefinitionId",)),
}
_GONE: Final = "ResourceNotFoundException"


def make(calls: Calls, change: Change) -> None:
    """
    Make *change*; what is gone already counts as deleted.

    Raises:
        OutsideFailure: it was not made, or nobody knows.

    """
    match change:
        case Create(resource=resource) | Update(after=resource):
            calls.call(_PUT[resource.kind], resource.name, **resource.body)
        case Delete(resource=resource):
            operation, names = _DELETE[resource.kind]
            try:
                calls.call(operation, resource.name, **{name: resource.body[name] for name in names})
            except Rejected as error:
                if error.code != _GONE:
                    raise
        case _:
            assert_never(change)
