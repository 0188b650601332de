"""Alarms and dashboard: put as derived, found as they are, and nobody else's touched."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from logshape.artefacts import alarms, dashboard
from logshape.connections import Control
from logshape.contract.model import Alarm, Contract, Metric
from logshape.contract.predicates import parse
from logshape.errors import OutsideFailure
from logshape.plan import Create, Delete, Update, diff
from logshape.targets.cloudwatch import CloudWatch
from logshape.targets.place import Place

if TYPE_CHECKING:
    from logshape.local.aws import LocalAws
    from logshape.plan import Change

TOPIC = "arn:aws:sns:us-east-1:123456789012:alarms"
PLACE = Place(account="123456789012", region="us-east-1", topic=TOPIC)


def _metric(name: str, *, over: float = 5.0) -> Metric:
    alarm = Alarm(over=over, within=300)
    return Metric(name=name, where=parse("level >= ERROR"), groups=("orders",), default=0, alarm=alarm)


CONTRACT = Contract(
    version=1, name="shop", fields=(), formats={}, groups=(), metrics=(_metric("errors"), _metric("fatal"))
)


@pytest.fixture
def control(aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> Control:
    """Talk to the AWS on this machine as an operator does."""
    for name, value in aws.environment().items():
        monkeypatch.setenv(name, value)
    return Control(aws.environment())


@pytest.fixture
def target(control: Control) -> CloudWatch:
    """Return the target of a stack with a topic."""
    return CloudWatch(control, PLACE, "shop-stack")


def changes(target: CloudWatch, contract: Contract = CONTRACT) -> tuple[Change, ...]:
    """Return what *contract* would change."""
    found = target.find(contract, None)
    hands_off = {one.name for one in (*found.skipped, *found.blocked)}
    return diff(found.resources, target.wanted(contract, found), hands_off)


def applied(target: CloudWatch, contract: Contract = CONTRACT) -> list[tuple[str, str]]:
    """Make all changes, and return what was done to what."""
    done = changes(target, contract)
    for change in done:
        target.apply(change)
    return [(type(change).__name__, change.resource.name) for change in done]


def test_what_was_applied_needs_nothing_more(target: CloudWatch) -> None:
    """A service gives back more than it was given: that is no drift."""
    assert applied(target) == [
        ("Create", "logshape/shop/errors"),
        ("Create", "logshape/shop/fatal"),
        ("Create", "logshape-shop"),
    ]
    assert changes(target) == ()


def test_an_alarm_tells_the_topic_of_the_stack(target: CloudWatch, aws: LocalAws) -> None:
    """An alarm that tells nobody is a red dot that nobody sees."""
    applied(target)

    [alarm] = aws.client("cloudwatch").describe_alarms(AlarmNames=["logshape/shop/errors"])["MetricAlarms"]
    assert (alarm["AlarmActions"], alarm["Threshold"], alarm["ActionsEnabled"]) == ([TOPIC], 5.0, True)


def test_a_contract_that_changes_changes_its_own(target: CloudWatch) -> None:
    """Of a metric that is gone the alarm goes too: it would watch what nobody publishes any more."""
    applied(target)
    other = msgspec.structs.replace(CONTRACT, metrics=(_metric("errors", over=9),))

    assert applied(target, other) == [
        ("Delete", "logshape/shop/fatal"),
        ("Update", "logshape/shop/errors"),
        ("Update", "logshape-shop"),
    ]
    assert changes(target, other) == ()


def test_what_a_hand_changed_is_drift(target: CloudWatch, aws: LocalAws) -> None:
    """Whoever silences an alarm by hand at night is reminded by day."""
    applied(target)
    client = aws.client("cloudwatch")
    client.put_metric_alarm(**{**_body(target, "logshape/shop/errors"), "ActionsEnabled": False, "OKActions": [TOPIC]})
    client.put_dashboard(DashboardName="logshape-shop", DashboardBody=json.dumps({"widgets": []}))

    found = changes(target)
    assert [(type(change), change.resource.name, change.reason) for change in found] == [
        (Update, "logshape/shop/errors", "differs in ActionsEnabled, OKActions"),
        (Update, "logshape-shop", "differs in DashboardBody"),
    ]
    applied(target)
    assert changes(target) == ()


def test_a_dashboard_that_is_written_otherwise_is_the_same(target: CloudWatch, aws: LocalAws) -> None:
    """CloudWatch's editor writes JSON in a way of its own, and 5.0 as 5."""
    applied(target)
    client = aws.client("cloudwatch")
    body = client.get_dashboard(DashboardName="logshape-shop")["DashboardBody"]
    assert '"value": 5.0' in body
    other = json.dumps(json.loads(body), indent=4).replace('"value": 5.0', '"value": 5')
    client.put_dashboard(DashboardName="logshape-shop", DashboardBody=other)

    assert changes(target) == ()


def test_what_is_not_ours_is_not_seen(target: CloudWatch, aws: LocalAws) -> None:
    """Two contracts whose names begin alike share an account; so do people."""
    client = aws.client("cloudwatch")
    for name in ("logshape/shop-eu/errors", "logshape/shopper", "by-hand"):
        client.put_metric_alarm(**{**alarms.derive(CONTRACT)[0], "AlarmName": name, "AlarmActions": [TOPIC]})
    for name in ("logshape-shop-eu", "by-hand"):
        client.put_dashboard(DashboardName=name, DashboardBody='{"widgets": []}')
    applied(target)
    gone = msgspec.structs.replace(CONTRACT, metrics=())
    applied(target, gone)

    assert [alarm["AlarmName"] for alarm in client.describe_alarms()["MetricAlarms"]] == [
        "logshape/shop-eu/errors",
        "logshape/shopper",
        "by-hand",
    ]
    assert len(client.list_dashboards()["DashboardEntries"]) == 3


def test_without_a_topic_only_alarms_wait(control: Control) -> None:
    """A dashboard needs no stack; an alarm that is there is left as it is."""
    applied(CloudWatch(control, PLACE, "shop-stack"))
    target = CloudWatch(control, msgspec.structs.replace(PLACE, topic=""), "shop-stack")
    other = msgspec.structs.replace(CONTRACT, metrics=(_metric("errors", over=9), _metric("new")))
    found = target.find(other, None)

    assert [blocked.name for blocked in found.blocked] == ["logshape/shop/errors", "logshape/shop/new"]
    assert {blocked.reason for blocked in found.blocked} == {
        "whom it tells, a deployed stack knows; name one by --stack, or its topic by LOGSHAPE_ALARM_TOPIC"
    }
    assert [(type(change), change.resource.name) for change in changes(target, other)] == [
        (Delete, "logshape/shop/fatal"),
        (Update, "logshape-shop"),
    ]


def test_to_apply_twice_does_no_harm(target: CloudWatch) -> None:
    """A run that dies after a call makes the call again."""
    created = changes(target)
    for change in (*created, *created):
        target.apply(change)
    gone = [Delete(resource=change.resource, reason="") for change in created if isinstance(change, Create)]
    for change in (*gone, *gone):
        target.apply(change)

    assert changes(target) == created


def test_what_cannot_be_done_names_call_and_resource(target: CloudWatch) -> None:
    """The right that lacks is the name of the call, as IAM spells it."""
    body = {"DashboardName": "logshape-shop", "DashboardBody": "{"}
    [wanted] = [change.resource for change in changes(target) if change.resource.kind == "dashboard"]

    with pytest.raises(OutsideFailure, match=r"^cloudwatch:PutDashboard of logshape-shop: "):
        target.apply(Create(resource=msgspec.structs.replace(wanted, body=body), reason=""))


def test_the_names_are_those_of_the_artefacts(target: CloudWatch) -> None:
    """What `compile` prints and what `apply` makes are one thing."""
    names = {change.resource.name for change in changes(target)}

    assert names == {
        *(alarm["AlarmName"] for alarm in alarms.derive(CONTRACT)),
        dashboard.dashboard_name(CONTRACT),
    }


def _body(target: CloudWatch, name: str) -> dict[str, Any]:
    found = target.find(CONTRACT, None)
    [body] = [resource.body for resource in found.resources if resource.name == name]
    return body
