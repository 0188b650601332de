"""Measures: metrics that go by ingest are what filters would have counted, and printed as EMF."""

from __future__ import annotations

import base64
import gzip
import json
from typing import TYPE_CHECKING, Any

import logshape
from logshape import telemetry
from logshape.lines.measures import Measured
from logshape.proof import agreement
from logshape.proof.bench import Bench

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

CONTRACT = """
version: 1
name: shop
fields:
  took: {type: double, unit: ms, why: "time", example: 1.5}
  path: {type: keyword, why: "where", example: /a}
formats:
  app:
    line: "{level} {path} {took} {message}"
    examples: [{line: "INFO /a 1.5 m", record: {took: 1.5}}]
groups:
  - {name: app, match: [/app/*], formats: [app], drop: ["message = 'ping'"]}
  - {name: web, match: [/web/*], formats: [app]}
metrics:
  latency:
    where: exists took
    value: took
    unit: Milliseconds
    by: [path]
    alarm: {over: 5, within: 5m}
    via: ingest
  errors: {where: level >= ERROR, default: 0, via: ingest, per: group}
  slow: {in: [web], where: took > 9, via: ingest}
"""


def _measured(tmp_path: Path, *messages: str) -> list[Measured]:
    path = tmp_path / "contract.yaml"
    path.write_text(CONTRACT)
    events: list[dict[str, Any]] = [
        {"id": str(number), "timestamp": 1761950301010, "message": message} for number, message in enumerate(messages)
    ]
    payload = {"messageType": "DATA_MESSAGE", "logGroup": "/app/a", "logStream": "s", "logEvents": events}
    data = base64.b64encode(gzip.compress(json.dumps(payload).encode())).decode()
    return logshape.Pipeline(logshape.load(path)).shape({"awslogs": {"data": data}}).measured


def test_values_are_taken_by_dimension_and_for_the_alarm_without(tmp_path: Path) -> None:
    """Dropped lines are measured as a filter would measure them, and lines without a dimension are left out."""
    measured = _measured(tmp_path, "INFO /a 1.5 x", "INFO /a 2 ping", "ERROR /b 3 y", "no format")

    assert measured == [
        Measured(name="errors/app", unit="None", dimensions={}, values=[1.0]),
        Measured(name="latency", unit="Milliseconds", dimensions={"path": "/a"}, values=[1.5, 2.0]),
        Measured(name="latency", unit="Milliseconds", dimensions={}, values=[1.5, 2.0, 3.0]),
        Measured(name="latency", unit="Milliseconds", dimensions={"path": "/b"}, values=[3.0]),
    ]


def test_a_count_that_counts_nothing_says_its_default(tmp_path: Path) -> None:
    """An alarm on it sees zero, not a gap; without any event there is nothing to say."""
    assert _measured(tmp_path, "no format") == [Measured(name="errors/app", unit="None", dimensions={}, values=[0])]
    assert _measured(tmp_path) == []


def test_no_filter_is_asked_for(tmp_path: Path) -> None:
    """The parser itself counts, so that nothing can disagree with it."""
    path = tmp_path / "contract.yaml"
    path.write_text(CONTRACT)
    reading = logshape.contract.load.read(path)
    assert reading.contract is not None

    agreement.judge(reading, Bench(reading.contract))

    assert reading.problems(frozenset(("agreement",))) == []
    assert logshape.artefacts.metric_filters.derive(reading.contract) == []


def test_values_are_printed_a_hundred_at_a_time(capsys: pytest.CaptureFixture[str]) -> None:
    """CloudWatch takes no more of one metric in one line."""
    telemetry.measured(
        [Measured(name="latency", unit="Milliseconds", dimensions={"path": "/a"}, values=[1.5] * 150)], "shop"
    )

    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert [len(line["latency"]) for line in (first, second)] == [100, 50]
    (directive,) = first["_aws"]["CloudWatchMetrics"]
    assert directive == {
        "Namespace": "logshape/shop",
        "Dimensions": [["path"]],
        "Metrics": [{"Name": "latency", "Unit": "Milliseconds"}],
    }
    assert first["path"] == "/a"
