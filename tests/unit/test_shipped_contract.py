"""The contract that is shipped: what it compiles to is golden, and what the services take."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from logshape.artefacts import ARTEFACTS, bind, metric_filters, render, retention, subscription_filters
from logshape.contract.load import load
from logshape.local import sample
from tests.unit.botocore_shapes import faults

if TYPE_CHECKING:
    from collections.abc import Callable

    from logshape.contract.model import Contract

INGEST = "arn:aws:lambda:eu-west-1:123456789012:function:ingest"
STACK = {
    "${AWS::Partition}": "aws",
    "${AWS::Region}": "eu-west-1",
    "${IngestArn}": INGEST,
    "${ArchiveBucket}": "shop-archive",
    "${FirehoseRoleArn}": "arn:aws:iam::123456789012:role/firehose",
    "${AlarmTopic}": "arn:aws:sns:eu-west-1:123456789012:alarms",
}
LOG_GROUPS = sorted({event.log_group for event in sample.captured()})


@pytest.fixture(scope="module")
def shipped() -> Contract:
    """Load shared/contract.yaml."""
    return load(Path(__file__).parents[2] / "shared/contract.yaml")


def _fit(calls: list[dict[str, Any]], operation: str, service: str = "logs") -> list[str]:
    return [fault for call in calls for fault in faults(service, operation, bind(call, STACK))]


@pytest.mark.parametrize("name", sorted(ARTEFACTS))
def test_what_it_compiles_to_is_golden(name: str, shipped: Contract, golden: Callable[[str, str], str]) -> None:
    """A user who copies it sees in a review what a change of the compiler does to an account."""
    actual = render(ARTEFACTS[name](shipped))

    assert actual == golden(f"shipped/{name}.json", actual)


def test_it_has_the_metrics_that_an_on_call_engineer_wants(shipped: Contract) -> None:
    """Errors, latency, cold starts, time-outs, throttling and failures."""
    assert [metric.name for metric in shipped.metrics] == [
        "errors",
        "latency",
        "cold_starts",
        "timeouts",
        "throttled",
        "failed",
    ]


@pytest.mark.parametrize("log_group", LOG_GROUPS)
def test_cloudwatch_logs_takes_every_call_for_every_log_group_of_the_sample(shipped: Contract, log_group: str) -> None:
    """Clients do not check maxima, patterns and enumerations."""
    filters = metric_filters.arguments(shipped, log_group)
    kept = retention.arguments(shipped, log_group)
    subscribed = subscription_filters.arguments(shipped, log_group, INGEST)

    assert filters
    assert kept is not None
    assert subscribed is not None
    assert _fit(filters, "PutMetricFilter") == []
    assert _fit([kept], "PutRetentionPolicy") == []
    assert _fit([subscribed], "PutSubscriptionFilter") == []
