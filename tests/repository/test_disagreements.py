"""
Disagreements: contracts in which parser, filters and stores do not say the same, each with the line that proves it.

The compilers are meant to be right. So what disagrees is a filter or a store as a person would have written it by hand,
given to the judge in the place of the compiled one, or a contract that contradicts itself.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from logshape.artefacts import metric_filters
from logshape.cli.check import command
from logshape.contract import load
from logshape.proof import agreement, stores
from logshape.proof.bench import Bench

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from logshape.contract.load import Reading
    from logshape.contract.model import Contract, Group

CONTRACT = """\
version: 1
name: shop
fields:
  took: {type: double, why: "time spent", example: 12.5}
  code: {type: integer, range: [100, 599], why: "HTTP status", example: 429}
formats:
  app-text:
    line: "[{level}] {message}"
    levels: {INFO: [INFO], ERROR: [ERROR, FAILURE]}
    examples:
      - line: "[ERROR] boom"
        record: {level: ERROR}
  app-json:
    needs: [app]
    json: {took: took_ms}
    examples:
      - line: '{"app":"shop","took_ms":1.5,"code":500}'
        record: {took: 1.5, code: 500}
groups:
  - {name: text, match: [/shop/text], formats: [app-text]}
  - {name: json, match: [/shop/json], formats: [app-json]}
"""
ERRORS = 'metrics: {errors: {in: [text], where: "level = ERROR"}}\n'
SLOW = 'metrics: {slow: {in: [json], where: "took > 1000", value: took}}\n'
CODES = 'metrics: {codes: {in: [json], where: "code != 200"}}\n'


def _reading(path: Path, text: str) -> Reading:
    (path / "c.yaml").write_text(text, encoding="utf-8")
    return load.read(path / "c.yaml")


def _found(reading: Reading) -> list[tuple[int, str, str]]:
    """Return line, rule and message of all that was found."""
    judges = load.JUDGES | {"agreement", "stores"}
    return [(one.line, one.rule, one.message) for one in (*reading.problems(judges), *reading.advice(judges))]


def _check(path: Path, text: str) -> tuple[int, list[dict[str, Any]], str]:
    """Run `logshape check --json`; return its exit code, its problems and its advice."""
    (path / "c.yaml").write_text(text, encoding="utf-8")
    result = CliRunner().invoke(command, [str(path / "c.yaml"), "--json"])
    return result.exit_code, json.loads(result.stdout), result.stderr


def _with(*patterns: str, **transformation: str) -> Any:  # noqa: ANN401 # a compiler, as the judge takes it
    """Return the compiler with *patterns* for those that it compiles, and *transformation* for theirs."""

    def compiled(contract: Contract, group: Group) -> list[Mapping[str, Any]]:
        (call, *_) = metric_filters.calls(contract, group)
        changed = {**call["metricTransformations"][0], **transformation}
        return [{**call, "filterPattern": pattern, "metricTransformations": [changed]} for pattern in patterns]

    return compiled


@pytest.mark.parametrize("metrics", [ERRORS, SLOW, CODES])
def test_what_is_compiled_agrees(tmp_path: Path, metrics: str) -> None:
    """Else each test below would show nothing."""
    code, problems, _ = _check(tmp_path, CONTRACT + metrics)

    assert (code, problems) == (0, [])


@pytest.mark.parametrize(
    ("metrics", "patterns", "line", "how"),
    [
        pytest.param(
            ERRORS,
            [r"%^\[ERROR\]\s%"],
            "[FAILURE] ",
            "is read as `app-text` and counts, and no filter counts it",
            id="parser says ERROR and the filter does not count it",
        ),
        pytest.param(
            ERRORS,
            [r"%\[ERROR\]\s|\[FAILURE\]\s%"],
            "[INFO] [",
            r"is read as `app-text` and does not count, and the filter `%\[ERROR\]\s|\[FAILURE\]\s%` counts it",
            id="filter counts a quoted word",
        ),
        pytest.param(
            ERRORS,
            [r"%^\[ERROR\]\s|^\[FAILURE\]\s%", r"%^\[FAILURE\]\s%"],
            "[FAILURE] ",
            "is read as `app-text` and counts once, and 2 filters count it: "
            r"`%^\[ERROR\]\s|^\[FAILURE\]\s%` and `%^\[FAILURE\]\s%`",
            id="two filters count one line",
        ),
        pytest.param(
            CODES,
            ["{ $.app = * && $.code = * && $.code != 200 && $.took_ms NOT EXISTS }"],
            '{"app',
            "is read as `app-json` and counts, and no filter counts it",
            id="filter knows half of the lines",
        ),
        pytest.param(
            SLOW,
            ["{ $.app = * && $.took_ms >= 1000 }"],
            '"took_ms": 1000',
            "is read as `app-json` and does not count, and the filter `{ $.app = * && $.took_ms >= 1000 }` counts it",
            id="filter is wrong at the boundary",
        ),
    ],
)  # fmt: skip
def test_filters_that_count_otherwise_are_a_problem(
    tmp_path: Path, metrics: str, patterns: list[str], line: str, how: str
) -> None:
    """The message has a line that anyone can try, and says who is right about it."""
    reading = _reading(tmp_path, CONTRACT + metrics)
    agreement.judge(reading, _bench(reading), _with(*patterns))
    [(at, rule, message)] = [found for found in _found(reading) if found[1] != "scalar-type"]

    assert (at, rule) == (22, "disagreement")
    assert line in message.replace('":', '": ').replace(":  ", ": ")
    assert message.startswith("the line `")
    assert message.endswith(how)


def test_a_filter_that_reports_another_number_is_a_problem(tmp_path: Path) -> None:
    """An alarm on a latency would watch the status."""
    reading = _reading(tmp_path, CONTRACT + SLOW)
    pattern = "{ $.app = * && $.took_ms > 1000 && ($.code = * || $.code NOT EXISTS || $.code IS NULL) }"
    agreement.judge(reading, _bench(reading), _with(pattern, metricValue="$.code"))
    [(at, rule, message)] = _found(reading)

    assert (at, rule) == (22, "disagreement")
    assert " in `took`, and the filter reports " in message


def test_a_metric_that_no_filter_can_ask_is_a_problem(tmp_path: Path) -> None:
    """There is no silent fallback: what is not counted must be said."""
    code, problems, _ = _check(tmp_path, CONTRACT + "metrics: {x: {where: \"level = ERROR and message != 'a'\"}}\n")

    assert code == 1
    assert [(one["line"], one["rule"]) for one in problems] == [(22, "uncountable")]


def test_a_range_beyond_its_column_is_a_problem(tmp_path: Path) -> None:
    """A value that the contract allows would be null in both stores."""
    code, problems, _ = _check(tmp_path, CONTRACT.replace("[100, 599]", "[100, 5000000000]"))

    assert code == 1
    assert [(one["line"], one["column"], one["rule"], one["message"]) for one in problems] == [
        (
            5,
            38,
            "narrow-column",
            (
                "the range of `code` reaches 5000000000, and a column of type integer only 2147483647; "
                "make the field a long or the range narrower"
            ),
        )
    ]


def test_an_example_that_no_column_takes_is_a_problem(tmp_path: Path) -> None:
    """The record says nothing of the value, so the example passes, and the value would be lost."""
    text = CONTRACT.replace('"took_ms":1.5', '"took_ms":"1.5 s"').replace("{took: 1.5, ", "{")
    code, problems, _ = _check(tmp_path, text)

    assert code == 1
    assert [(one["line"], one["rule"], one["message"]) for one in problems] == [
        (
            17,
            "narrow-column",
            (
                'the line `{"app":"shop","took_ms":"1.5 s","code":500}` has in `took` what is no double; no column takes it: '
                "change the type, read it into another field, or write `parse_errors: [type:took]` into the record"
            ),
        )
    ]


def test_an_example_may_say_that_it_means_to_lose_a_value(tmp_path: Path) -> None:
    """A format that is known to write rubbish at times is described by just such an example."""
    text = CONTRACT.replace('"took_ms":1.5', '"took_ms":"?"').replace("{took: 1.5, ", '{parse_errors: ["type:took"], ')

    assert _check(tmp_path, text)[:2] == (0, [])


def test_two_formats_that_want_two_mappings_for_a_field_are_a_problem(tmp_path: Path) -> None:
    """An index has one mapping for a field, and documents of the other kind would not be found by it."""
    other = """\
  old-json:
    needs: [old]
    examples:
      - line: '{"old":true,"took":{"ms":2}}'
        record: {attributes: {old: true}}
groups:"""
    text = CONTRACT.replace("groups:", other).replace("[app-json]", "[app-json, old-json]")
    code, problems, _ = _check(tmp_path, text.replace("    needs: [old]\n", "    needs: [old]\n    json: {}\n"))

    assert code == 1
    assert [(one["line"], one["rule"], one["message"]) for one in problems] == [
        (
            23,
            "mapping-conflict",
            (
                'the line `{"old":true,"took":{"ms":2}}` has in `took` what is no double; format `app-json` gives one, and a '
                "field has one mapping: change the type, read it into another field, or write "
                "`parse_errors: [type:took]` into the record"
            ),
        )
    ]


def test_stores_that_do_not_take_a_record_are_a_problem(tmp_path: Path) -> None:
    """A table or a template of another version refuses whole records, and the spool fills."""
    reading = _reading(tmp_path, CONTRACT)
    own = stores.stores_of(_bench(reading).contract)
    narrow = stores.Stores(
        columns=[{**column, "Type": "int"} if column["Name"] == "took" else column for column in own.columns],
        properties={**own.properties, "code": {"type": "ip"}},
    )
    stores.judge(reading, _bench(reading), narrow)
    found = _found(reading)

    assert [(at, rule) for at, rule, _ in found] == [(13, "mapping-conflict"), (13, "narrow-column")]
    assert found[0][2].startswith("the record of the line `{")
    assert found[0][2].endswith("is refused: `code` is `500`, which a mapping of type ip does not take")
    assert found[1][2].endswith("is refused: the column `took` does not take it: 1.5 is no int")


def test_a_scalar_of_another_type_is_advice(tmp_path: Path) -> None:
    """The format would not write it, so nothing is wrong, and whoever does should know what is counted."""
    code, problems, advice = _check(tmp_path, CONTRACT + CODES)

    assert (code, problems) == (0, [])
    assert ": scalar-type: the line `{" in advice
    assert '"code"' in advice


def test_a_drop_that_touches_a_metric_is_advice(tmp_path: Path) -> None:
    """CloudWatch counts the line that ingest drops, and two figures differ for ever."""
    text = CONTRACT.replace("app-json]}", 'app-json], drop: ["code = 404"]}')
    code, problems, advice = _check(tmp_path, text + CODES)

    assert (code, problems) == (0, [])
    assert ": counted-drop: " in advice


def _bench(reading: Reading) -> Bench:
    assert reading.contract is not None
    return Bench(reading.contract)
