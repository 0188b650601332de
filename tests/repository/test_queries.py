"""The saved queries are such as CloudWatch takes, and the lines that they look for exist."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner

from logshape.cli.compile import command
from logshape.local import sample
from tests.unit.botocore_shapes import faults

ROOT: Final = Path(__file__).parents[2]
CLASSIC: Final = 'fields @timestamp, @message | sort @timestamp desc | filter @message like "[INFO]" | limit 20'


def compiled() -> dict[str, dict[str, Any]]:
    """Return what `logshape compile queries` prints for the project's own contract, by name."""
    result = CliRunner().invoke(command, ["queries", "--contract", str(ROOT / "shared/contract.yaml")])
    assert result.exit_code == 0
    return {call["name"]: call for call in json.loads(result.stdout)}


def test_cloudwatch_takes_every_query() -> None:
    """A deploy that stops halfway for one query leaves an account half done."""
    calls = compiled()

    assert list(calls) == [
        "logshape/shop/Cold starts by function",
        "logshape/shop/Latest INFO lines",
        "logshape/shop/Latest errors in JSON lines",
        "logshape/shop/Slowest invocations",
        "logshape/shop/Latest throttled requests (429)",
        "logshape/shop/Latest time-outs",
    ]
    assert [fault for call in calls.values() for fault in faults("logs", "PutQueryDefinition", call)] == []


def test_the_first_query_that_everybody_writes_is_there() -> None:
    """It is what the console suggests, with one filter more."""
    lines = compiled()["logshape/shop/Latest INFO lines"]["queryString"].splitlines()

    assert " ".join(lines[1:]) == CLASSIC


@pytest.mark.parametrize(
    ("query", "lines"),
    [
        # As many as `make run` counts with the contract's own metrics; JSON lines tell time-outs by their reports.
        ("Latest time-outs", 6 + 4),
        ("Latest throttled requests (429)", 39),
        ("Latest errors in JSON lines", 162),
    ],
)
def test_a_pattern_finds_the_lines_that_it_is_meant_for(query: str, lines: int) -> None:
    """A pattern that finds nothing looks like good news."""
    [(field, pattern)] = re.findall(
        r"filter (\S+) like /(.+)/$", compiled()[f"logshape/shop/{query}"]["queryString"], re.MULTILINE
    )
    values = (_value(event.message, field) for event in sample.captured())

    assert sum(re.search(pattern, value) is not None for value in values) == lines


def _value(message: str, field: str) -> str:
    """Return what CloudWatch knows as *field*: the line itself, or a key of a line that is JSON."""
    if field == "@message":
        return message
    try:
        return str(json.loads(message)[field])
    except (ValueError, KeyError, TypeError):
        return ""
