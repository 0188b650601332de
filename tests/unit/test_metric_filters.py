"""Metric filters: what CloudWatch is told, and that it then counts what the records say."""

from __future__ import annotations

import base64
import gzip
import json
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from logshape.artefacts import metric_filters
from logshape.artefacts.metric_names import metric_names
from logshape.contract import load
from logshape.contract.model import CORE_FIELDS
from logshape.dialects.filter_pattern import group_problems, matcher, parse
from logshape.lines.conditions import any_of
from logshape.lines.envelope import Payload, opened
from logshape.pipeline import Pipeline
from tests.unit.botocore_shapes import faults

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logshape.contract.model import Contract

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "shared" / "logshape" / "local" / "sample" / "events.ndjson"
HEAD = """\
version: 1
name: shop
fields: {took: {type: double}, code: {type: integer, range: [100, 599]}}
formats:
  app: {json: {}, needs: [level], examples: &x [{line: x, record: {message: x}}]}
  text: {line: "[{level}] {message}", examples: *x}
groups:
"""


@pytest.fixture(scope="module")
def shipped() -> Contract:
    """Return the project's own contract."""
    return load.load(ROOT / "shared" / "contract.yaml")


def contract(tmp_path: Path, text: str) -> Contract:
    """Return the contract of HEAD and *text*."""
    path = tmp_path / "c.yaml"
    path.write_text(HEAD + text)
    return load.load(path)


def told(call: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the name of a filter and its transformation."""
    return call["filterName"], call["metricTransformations"][0]


def test_a_count_is_a_one_for_each_line_with_its_default_on_one_filter(tmp_path: Path) -> None:
    """Two defaults of one metric would be added up."""
    shop = contract(
        tmp_path,
        """\
- {name: a, match: /a, formats: [app, text]}
metrics: {errors: {where: level = ERROR, default: 0, unit: Count}}
""",
    )
    every = {"metricName": "errors", "metricNamespace": "logshape/shop", "metricValue": "1", "unit": "Count"}

    assert list(map(told, metric_filters.arguments(shop, "/a"))) == [
        ("logshape/shop/errors", {**every, "defaultValue": 0}),
        ("logshape/shop/errors/2", every),
    ]


def test_a_metric_by_dimensions_has_a_twin_for_its_alarm(tmp_path: Path) -> None:
    """An alarm looks at the metric without dimensions, which counts the lines that lack one too."""
    shop = contract(
        tmp_path,
        """\
- {name: a, match: /a, formats: [app]}
metrics: {slow: {where: exists took, value: took, by: [logger], alarm: {over: 5, within: 5m}}}
""",
    )
    every = {"metricName": "slow", "metricNamespace": "logshape/shop", "metricValue": "$.took", "unit": "None"}
    calls = metric_filters.arguments(shop, "/a")

    assert list(map(told, calls)) == [
        ("logshape/shop/slow", {**every, "dimensions": {"logger": "$.logger"}}),
        ("logshape/shop/slow/2", every),
    ]
    assert [call["filterPattern"] for call in calls] == [
        "{ $.level = * && $.took = * && $.logger = * }",
        "{ $.level = * && $.took = * }",
    ]


def test_a_metric_per_group_has_a_name_for_each(tmp_path: Path) -> None:
    """The filters carry the same name in all groups, so that a metric is found by it."""
    shop = contract(
        tmp_path,
        """\
- {name: a, match: /a, formats: [app]}
- {name: b, match: /b, formats: [app]}
- {name: c, match: /c, formats: [app]}
metrics: {errors: {in: [a, b], where: level = ERROR, per: group}}
""",
    )
    names = [
        [(name, each["metricName"]) for name, each in map(told, metric_filters.arguments(shop, log_group))]
        for log_group in ("/a", "/b", "/c", "/d")
    ]

    assert names == [[("logshape/shop/errors", "errors/a")], [("logshape/shop/errors", "errors/b")], [], []]


def test_a_dimension_that_the_group_sets_is_in_no_line(tmp_path: Path) -> None:
    """CloudWatch takes no constant for a dimension; such lines lack it."""
    shop = contract(
        tmp_path,
        """\
- {name: a, match: /a, formats: [app], set: {logger: x}}
metrics: {slow: {where: exists took, by: [logger]}}
""",
    )

    assert metric_filters.arguments(shop, "/a") == []


def test_what_cannot_be_counted_is_told_for_each_group_and_metric(tmp_path: Path) -> None:
    """All at once, so that one mends them at once."""
    shop = contract(
        tmp_path,
        """\
- {name: a, match: /a, formats: [app]}
- {name: b, match: /b, formats: [text]}
metrics:
  one: {where: code = 5 and log_group = 'a'}
  two: {where: not message = 'x'}
  three: {where: level = ERROR}
""",
    )

    assert list(metric_filters.uncounted(shop)) == [
        metric_filters.Uncounted(
            "one",
            "a",
            "of JSON lines of `app`, `log_group` comes from the event or the pipeline, and a filter sees the line alone",
            14,
        ),
        metric_filters.Uncounted(
            "two",
            "b",
            (
                "of the text lines of `text`, `message`: a regex can say what a text is, and not what it is not; ask for levels "
                "or numbers"
            ),
            5,
        ),
    ]


def test_a_sixth_regex_in_a_group_is_a_problem(tmp_path: Path) -> None:
    """CloudWatch takes five patterns with a regex for a log group."""
    metrics = "".join(f"  m{number}: {{where: message = 'a{number}'}}\n" for number in range(6))
    shop = contract(tmp_path, f"- {{name: a, match: /a, formats: [text]}}\nmetrics:\n{metrics}")

    assert list(metric_filters.uncounted(shop)) == [
        metric_filters.Uncounted(
            None,
            "a",
            "6 patterns with a regex, metric and subscription filters together, in one log group; CloudWatch takes 5",
        )
    ]


def test_a_hundred_and_first_filter_in_a_group_is_a_problem(tmp_path: Path) -> None:
    """That is the other limit of a log group."""
    metrics = "".join(f"  m{number}: {{where: message = 'a{number}'}}\n" for number in range(101))
    shop = contract(tmp_path, f"- {{name: a, match: /a, formats: [app]}}\nmetrics:\n{metrics}")

    assert [each.message for each in metric_filters.uncounted(shop)] == [
        "101 metric filters in one log group; CloudWatch takes 100"
    ]


def test_a_metric_counted_in_ingest_has_no_filter(shipped: Contract) -> None:
    """It would count twice."""
    metrics = tuple(msgspec.structs.replace(metric, via_ingest=True) for metric in shipped.metrics)

    assert metric_filters.derive(msgspec.structs.replace(shipped, metrics=metrics)) == []


@pytest.mark.parametrize("number", range(4))
def test_cloudwatch_takes_the_filters_of_the_shipped_contract(shipped: Contract, number: int) -> None:
    """Each call by botocore's model, with its maxima and patterns, and all of a group by CloudWatch's limits."""
    group = shipped.groups[number]
    calls = [{"logGroupName": "/aws/x", **call} for call in metric_filters.calls(shipped, group)]

    assert [fault for call in calls for fault in faults("logs", "PutMetricFilter", call)] == []
    assert group_problems([call["filterPattern"] for call in calls], [""]) == []
    assert len({call["filterName"] for call in calls}) == len(calls) > 0


def payloads() -> Iterator[Payload]:
    """Yield the captured sample by log stream."""
    events = [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]
    for (log_group, log_stream), found in groupby(
        sorted(events, key=lambda event: (event["logGroup"], event["logStream"])),
        key=lambda event: (event["logGroup"], event["logStream"]),
    ):
        body = {
            "messageType": "DATA_MESSAGE",
            "owner": "123456789012",
            "logGroup": log_group,
            "logStream": log_stream,
            "logEvents": [{key: event[key] for key in ("id", "timestamp", "message")} for event in found],
        }
        data = base64.b64encode(gzip.compress(json.dumps(body).encode())).decode()
        payload = opened({"awslogs": {"data": data}})
        assert isinstance(payload, Payload)
        yield payload


def test_filters_count_in_the_captured_sample_what_the_predicates_do(shipped: Contract) -> None:
    """Line by line: real runtimes wrote them, and each is counted once or not at all."""
    pipeline = Pipeline(shipped)
    types = {field.name: field.type for field in (*CORE_FIELDS, *shipped.fields)}
    counts = dict.fromkeys((metric.name for metric in shipped.metrics), 0)
    for payload in payloads():
        records = list(pipeline.records(payload))
        group = shipped.group_for(payload.log_group)
        calls = metric_filters.arguments(shipped, payload.log_group)
        for metric in shipped.metrics:
            ((name, _),) = metric_names(metric)
            patterns = [matcher(parse(call["filterPattern"])) for call in calls if told(call)[1]["metricName"] == name]
            asked = group is not None and group.name in metric.groups
            holds = any_of([metric.where], types)
            for event, record in zip(payload.events, records, strict=True):
                has_value = metric.value is None or record.get(metric.value) is not None
                expected = int(asked and holds(record) and has_value)
                counts[metric.name] += expected

                assert (event.message, sum(match(event.message) is not None for match in patterns)) == (
                    event.message,
                    expected,
                )
    assert min(counts.values()) > 0
