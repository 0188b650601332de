"""Metric filters on this machine: put as on AWS, and counted when lines come."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from logshape.local.subscriptions import unpacked

if TYPE_CHECKING:
    from logshape.local.aws import LocalAws

GROUP = "/aws/lambda/orders"


def _filter(pattern: str, name: str = "errors", **transformation: Any) -> dict[str, Any]:  # noqa: ANN401 # its own keys
    metric = {"metricNamespace": "logshape/shop", "metricName": name, "metricValue": "1", **transformation}
    return {"logGroupName": GROUP, "filterName": name, "filterPattern": pattern, "metricTransformations": [metric]}


def _put(aws: LocalAws, *messages: str) -> None:
    now_ms = time.time_ns() // 1_000_000
    events = [{"timestamp": now_ms, "message": message} for message in messages]
    aws.client("logs").put_log_events(logGroupName=GROUP, logStreamName="s", logEvents=events)


@pytest.fixture
def logs(aws: LocalAws) -> Any:  # noqa: ANN401 # a client, made at run time
    """Return a client of CloudWatch Logs that has a group and a stream."""
    client = aws.client("logs")
    client.create_log_group(logGroupName=GROUP)
    client.create_log_stream(logGroupName=GROUP, logStreamName="s")
    return client


def test_a_filter_counts_the_lines_that_come_after_it(aws: LocalAws, logs: Any) -> None:  # noqa: ANN401 # as above
    """CloudWatch does not look back."""
    _put(aws, "[ERROR] before")
    logs.put_metric_filter(**_filter(r"%^\[ERROR\]%"))
    _put(aws, "[ERROR] one", "[INFO] says [ERROR]", "[ERROR] two")

    assert aws.metrics.data["logshape/shop", "errors", ()].count == 2


def test_a_filter_measures_what_lines_hold(aws: LocalAws, logs: Any) -> None:  # noqa: ANN401 # as above
    """A line without a number publishes nothing."""
    logs.put_metric_filter(**_filter("{ $.ms = * }", "latency", metricValue="$.ms"))
    _put(aws, '{"ms": 1.5}', '{"ms": "x"}', '{"other": 1}', '{"ms": 2}')

    datum = aws.metrics.data["logshape/shop", "latency", ()]
    assert (datum.count, datum.sum) == (2, 3.5)


def test_a_line_without_a_dimension_is_left_out(aws: LocalAws, logs: Any) -> None:  # noqa: ANN401 # as above
    """There would be no metric to put it under."""
    logs.put_metric_filter(
        **_filter("{ $.ms = * && $.path = * }", "latency", metricValue="$.ms", dimensions={"path": "$.path"})
    )
    _put(aws, '{"ms": 1, "path": "/a"}', '{"ms": 2}')

    assert aws.metrics.data["logshape/shop", "latency", ("path",)].sum == 1


def test_a_filter_that_is_put_again_is_one_filter(aws: LocalAws, logs: Any) -> None:  # noqa: ANN401 # as above
    """PutMetricFilter takes the place of the filter with its name."""
    logs.put_metric_filter(**_filter('"a"'))
    logs.put_metric_filter(**_filter('"b"'))
    _put(aws, "a", "b", "b")

    assert len(logs.describe_metric_filters(logGroupName=GROUP)["metricFilters"]) == 1
    assert aws.metrics.data["logshape/shop", "errors", ()].count == 2


def test_what_aws_refuses_is_refused(logs: Any) -> None:  # noqa: ANN401 # as above
    """A pattern that only moto takes would fail on the first real account."""
    with pytest.raises(ClientError, match="InvalidParameterException"):
        logs.put_metric_filter(**_filter("{ $.level = }"))
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        logs.put_metric_filter(**_filter('"a"') | {"logGroupName": "/none"})


def test_a_subscription_sends_on_what_its_pattern_takes(aws: LocalAws, logs: Any) -> None:  # noqa: ANN401 # as above
    """Ours is empty and takes all; a foreign one may not."""
    got: list[Any] = []
    arn = aws.function("f", lambda event, _: got.append(event) or {}, failures="none")
    logs.put_subscription_filter(logGroupName=GROUP, filterName="f", filterPattern='"yes"', destinationArn=arn)
    _put(aws, "yes", "no", "oh yes")
    aws.drain(time.monotonic() + 10)

    assert [event["message"] for event in unpacked(got[-1])["logEvents"]] == ["yes", "oh yes"]  # type: ignore[attr-defined, index] # a payload
