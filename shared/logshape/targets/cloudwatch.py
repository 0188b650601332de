"""Turns a contract into alarms and a dashboard of CloudWatch."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, Literal, assert_never

from logshape.artefacts import alarms, bind, dashboard
from logshape.artefacts.alarms import alarm_name
from logshape.artefacts.arguments import ALARM_TOPIC, REGION, STACK_NAME
from logshape.plan import Blocked, Create, Delete, Resource, Update
from logshape.targets import Found
from logshape.targets.calls import Calls, Rejected

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from logshape.connections import Control
    from logshape.contract.model import Contract
    from logshape.plan import Change
    from logshape.targets.calls import Time
    from logshape.targets.place import Place

_ACCOUNT: Final = "arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}"
_ALARMS: Final = (f"{_ACCOUNT}:alarm:logshape/*",)
_DASHBOARDS: Final = ("arn:${AWS::Partition}:cloudwatch::${AWS::AccountId}:dashboard/logshape-*",)
READS: Final[Mapping[str, tuple[str, ...]]] = {
    "cloudwatch:DescribeAlarms": (f"{_ACCOUNT}:alarm:*",),
    "cloudwatch:GetDashboard": _DASHBOARDS,
}
"""What `find` needs."""
WRITES: Final[Mapping[str, tuple[str, ...]]] = {
    "cloudwatch:DeleteAlarms": _ALARMS,
    "cloudwatch:DeleteDashboards": _DASHBOARDS,
    "cloudwatch:PutDashboard": _DASHBOARDS,
    "cloudwatch:PutMetricAlarm": _ALARMS,
}
"""What `apply` needs."""
RATES: Final[Mapping[str, int]] = {
    "describe_alarms": 9,
    "get_dashboard": 10,
    "put_metric_alarm": 3,
    "delete_alarms": 3,
    "put_dashboard": 10,
    "delete_dashboards": 10,
}
"""Calls a second, by the quotas of CloudWatch."""
_PAGE: Final = 100
# All that PutMetricAlarm takes and DescribeAlarms gives back; what is empty was not given.
_ARGUMENTS: Final = (
    "AlarmName", "AlarmDescription", "ActionsEnabled", "OKActions", "AlarmActions", "InsufficientDataActions",
    "MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Dimensions", "Period", "Unit", "EvaluationPeriods",
    "DatapointsToAlarm", "Threshold", "ComparisonOperator", "TreatMissingData", "EvaluateLowSampleCountPercentile",
    "Metrics", "ThresholdMetricId",
)  # fmt: skip
_MISSING: Final = frozenset(("ResourceNotFound", "ResourceNotFoundException", "DashboardNotFoundError"))
_NO_TOPIC: Final = "whom it tells, a deployed stack knows; name one by --stack, or its topic by LOGSHAPE_ALARM_TOPIC"


class CloudWatch:
    """The alarms and the dashboard of one account and Region; neither belongs to a log group."""

    name: Literal["cloudwatch"] = "cloudwatch"

    def __init__(self, control: Control, place: Place, stack: str, time: Time | None = None) -> None:
        """Let alarms tell the topic of *place*, and the dashboard show the ledger of *stack*."""
        self.calls = Calls(control, self.name, RATES, time)
        self._topic = place.topic
        self._known = {ALARM_TOPIC: place.topic, REGION: place.region, STACK_NAME: stack}

    def find(self, contract: Contract, glob: str | None) -> Found:
        """
        Read the alarms under the contract's prefix and the dashboard of its name, whatever the *glob*.

        Raises:
            OutsideFailure: something could not be read.

        """
        del glob
        return Found(
            resources=(*self._alarms(contract), *self._dashboard(contract)),
            blocked=() if self._topic else tuple(self._without_topic(contract)),
        )

    def wanted(self, contract: Contract, found: Found) -> list[Resource]:
        """Return each alarm of *contract* and its dashboard."""
        del found
        bound = [bind(alarm, self._known) for alarm in alarms.derive(contract)]
        return [*map(_alarm, bound), _dashboard(bind(dashboard.derive(contract), self._known))]

    def apply(self, change: Change) -> None:
        """
        Make *change*; what should go and is not there is gone.

        Raises:
            OutsideFailure: it was not made, or nobody knows.

        """
        match change:
            case Create(resource=resource) | Update(after=resource):
                operation = "put_metric_alarm" if resource.kind == "alarm" else "put_dashboard"
                self.calls.call(operation, resource.name, **resource.body)
            case Delete(resource=resource):
                self._delete(resource)
            case _:
                assert_never(change)

    def _delete(self, resource: Resource) -> None:
        try:
            if resource.kind == "alarm":
                self.calls.call("delete_alarms", resource.name, AlarmNames=[resource.name])
            else:
                self.calls.call("delete_dashboards", resource.name, DashboardNames=[resource.name])
        except Rejected as error:
            if error.code not in _MISSING:
                raise

    def _without_topic(self, contract: Contract) -> Iterator[Blocked]:
        return (Blocked(alarm["AlarmName"], _NO_TOPIC) for alarm in alarms.derive(contract))

    def _alarms(self, contract: Contract) -> Iterator[Resource]:
        prefix = alarm_name(contract, "")
        asked: dict[str, Any] = {"AlarmNamePrefix": prefix, "AlarmTypes": ["MetricAlarm"], "MaxRecords": _PAGE}
        for raw in self.calls.pages("describe_alarms", "MetricAlarms", f"{prefix}*", **asked):
            yield _alarm({name: raw[name] for name in _ARGUMENTS if raw.get(name) not in (None, [], "")})

    def _dashboard(self, contract: Contract) -> Iterator[Resource]:
        """Yield the dashboard; its body is written as we write it, so that only what it says can differ."""
        name = dashboard.dashboard_name(contract)
        try:
            there = str(self.calls.call("get_dashboard", name, DashboardName=name)["DashboardBody"])
        except Rejected as error:
            if error.code not in _MISSING:
                raise
            return
        ours = str(bind(dashboard.derive(contract), self._known)["DashboardBody"])
        yield _dashboard({"DashboardName": name, "DashboardBody": ours if _same(there, ours) else there})


def _alarm(body: dict[str, Any]) -> Resource:
    return Resource(target="cloudwatch", kind="alarm", name=body["AlarmName"], body=body)


def _dashboard(body: dict[str, Any]) -> Resource:
    return Resource(target="cloudwatch", kind="dashboard", name=body["DashboardName"], body=body)


def _same(one: str, other: str) -> bool:
    """Say whether both texts are the same JSON; 5 and 5.0 are one number."""
    try:
        return bool(json.loads(one) == json.loads(other))
    except ValueError:
        return False
