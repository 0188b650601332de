"""Metrics: what a contract says of them as facts, and its faults at their places."""

from __future__ import annotations

from typing import TYPE_CHECKING

import botocore.session
import msgspec
import pytest

from logshape.contract import load
from logshape.contract.model import Alarm, Contract, Metric, Unit
from logshape.contract.predicates import parse

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

HEAD = """\
version: 1
name: shop
fields: {took: {type: double}, host: {type: keyword}, cart: {type: object}, code: {type: integer}}
groups:
- {name: api, match: /api/*, formats: [aws/lambda-text]}
- {name: rest, match: "*", formats: [aws/lambda-json]}
metrics:
"""


@pytest.fixture
def reading(tmp_path: Path) -> Any:  # noqa: ANN401 # a function of the test's own
    """Return a function that reads a contract with the metrics given."""

    def read(metrics: str) -> load.Reading:
        path = tmp_path / "c.yaml"
        path.write_text(HEAD + metrics)
        return load.read(path)

    return read


def test_a_metric_is_all_that_the_contract_says_of_it(reading: Any) -> None:  # noqa: ANN401 # as above
    """Compilers read facts and no YAML; what is not said has a meaning."""
    found = reading("""\
  errors: {where: level >= ERROR, default: 0, alarm: {over: 5, within: 5m}}
  latency: {in: [rest], where: exists took, value: took, unit: Milliseconds, by: [host, code], per: group}
""")

    assert found.problems() == []
    assert found.contract.metrics == (
        Metric(
            name="errors",
            where=parse("level >= ERROR"),
            groups=("api", "rest"),
            default=0,
            alarm=Alarm(over=5, within=300),
        ),
        Metric(
            name="latency",
            where=parse("exists took"),
            groups=("rest",),
            value="took",
            unit="Milliseconds",
            by=("host", "code"),
            per_group=True,
        ),
    )


def test_metrics_survive_compilation(reading: Any) -> None:  # noqa: ANN401 # as above
    """The functions read the compiled file, where facts must be the same."""
    contract = reading("  a: {where: 'code in (429, 500.5)', alarm: {over: 0.5, within: 1d}}\n").contract

    assert msgspec.msgpack.decode(msgspec.msgpack.encode(contract), type=Contract) == contract


def test_units_are_those_of_the_service() -> None:
    """A unit that CloudWatch refuses would fail only when it is applied."""
    model = botocore.session.get_session().get_service_model("logs")
    (transformation,) = [
        shape for name in model.shape_names if name == "StandardUnit" for shape in [model.shape_for(name)]
    ]

    assert sorted(Unit.__args__) == sorted(transformation.enum)


@pytest.mark.parametrize(
    ("within", "seconds"), [("1m", 60), ("90m", 5400), ("1440m", 86400), ("24h", 86400), ("1d", 86400)]
)
def test_an_alarm_watches_whole_minutes_up_to_a_day(reading: Any, within: str, seconds: int) -> None:  # noqa: ANN401 # as above
    """Metrics of filters have a value a minute, and an alarm looks back one day."""
    contract = reading(f"  a: {{where: exists took, alarm: {{over: 1, within: {within}}}}}\n").contract

    assert contract.metrics[0].alarm == Alarm(over=1, within=seconds)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("  a: {}", '8:6: missing-key: metric `a` has no `where`; add a predicate such as "level >= ERROR"'),
        (
            "  a: {where: 'host = 1'}",
            "8:15: misfit-predicate: `host` is of type keyword and is compared with text in quotes, not with 1",
        ),
        (
            "  a: {where: exists host and hots = 'a'}",
            "8:30: unknown-field: `hots` is no field of this contract; declare it under `fields`. Did you mean `host`?",
        ),
        (
            "  a: {where: host ==}",
            (
                "8:20: wrong-predicate: saw `=` at column 7, wanted text in quotes, a number, true, false or a level "
                "(TRACE, DEBUG, INFO, WARN, ERROR, FATAL)"
            ),
        ),
        (
            "  a: {where: exists host, in: [apis]}",
            "8:32: unknown-group: `apis` is no entry of `groups`; use one of api, rest. Did you mean `api`?",
        ),
        (
            "  a: {where: exists host, value: host}",
            (
                "8:34: wrong-metric: `host` is of type keyword and cannot be measured; use a field of type integer, long, "
                "double"
            ),
        ),
        (
            "  a: {where: exists host, value: tok}",
            "8:34: unknown-field: `tok` is no field of this contract; declare it under `fields`. Did you mean `took`?",
        ),
        (
            "  a: {where: exists host, by: [cart]}",
            (
                "8:32: wrong-metric: `cart` is of type object and cannot be a dimension; use a field of type keyword, "
                "boolean, integer, long, ip"
            ),
        ),
        (
            "  a: {where: exists host, by: [hots]}",
            "8:32: unknown-field: `hots` is no field of this contract; declare it under `fields`. Did you mean `host`?",
        ),
        (
            "  a: {where: exists host, by: [host], default: 0}",
            (
                "8:39: wrong-metric: `default` and `by` exclude each other, for CloudWatch takes no default where there are "
                "dimensions; leave one of them out"
            ),
        ),
        (
            "  a: {where: exists host, value: took, default: 0}",
            (
                "8:40: wrong-metric: `default` and `value` exclude each other, for only a count has one; leave one of them "
                "out"
            ),
        ),
        (
            "  a: {where: exists host, by: [host, code, level, logger]}",
            "8:31: wrong-value: `by` of metric `a` is a list; wanted a list of one to three fields",
        ),
        (
            "  a: {where: exists host, unit: ms}",
            "8:33: wrong-value: `unit` of metric `a` is `ms`; wanted a unit that CloudWatch knows, such as Count, Milliseconds or Bytes",
        ),
        (
            "  a: {where: exists host, alarm: {over: 5}}",
            (
                "8:34: missing-key: `alarm` of metric `a` has no `within`; add whole minutes or hours up to a day, such as "
                "`5m` or `1h`"
            ),
        ),
        (
            "  a: {where: exists host, alarm: {over: 5, within: 90s}}",
            (
                "8:52: wrong-value: `alarm.within` of metric `a` is `90s`; wanted whole minutes or hours up to a day, such "
                "as `5m` or `1h`"
            ),
        ),
        (
            "  'a:b': {where: exists host}",
            (
                "8:3: wrong-name: `a:b` is no name for a metric; wanted a name of letters, digits, `_`, `.` and `-` that "
                "begins with a letter, of at most 64 characters"
            ),
        ),
        (
            "  a: {where: exists host, via: filter}",
            "8:32: wrong-value: `via` of metric `a` is `filter`; wanted `ingest`",
        ),
    ],
)
def test_a_fault_stands_at_its_place_and_says_what_to_do(reading: Any, text: str, problem: str) -> None:  # noqa: ANN401 # as above
    """Whoever reads the problem mends the line without another document."""
    found = reading(text + "\n").problems()

    assert [str(one).removeprefix(f"{one.file}:") for one in found] == [problem]


def test_a_metric_may_be_called_ignore(reading: Any) -> None:  # noqa: ANN401 # as above
    """The names of metrics are the user's own."""
    assert [metric.name for metric in reading("  ignore: {where: exists host}\n").contract.metrics] == ["ignore"]
