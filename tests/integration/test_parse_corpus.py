"""Every captured line, read from the command line, says what its handler was told to log."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
EVENTS = ROOT / "shared/logshape/local/sample/events.ndjson"
EXPECTED = ROOT / "tests/corpus/expected.ndjson"
INHERITED = "request_id_inherited"


def rows(path: Path) -> list[dict[str, Any]]:
    """Read a file of NDJSON."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


@pytest.fixture(scope="module")
def records() -> dict[str, dict[str, Any]]:
    """Read the sample as a user would, and return the records by event id."""
    command = [sys.executable, "-m", "logshape.cli", "parse", "--auto", "--events", EVENTS]
    run = subprocess.run(command, capture_output=True, check=True, text=True, encoding="utf-8")
    assert run.stderr == ""
    read = [json.loads(line) for line in run.stdout.split("\n") if line]
    assert [record["event_id"] for record in read] == [event["id"] for event in rows(EVENTS)]
    return {record["event_id"]: record for record in read}


def _differences(expected: dict[str, Any], record: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    seen = {**record, INHERITED: INHERITED in record.get("parse_errors", [])}
    wanted = {name: value for name, value in expected.items() if name != "id"}
    return {name: (value, seen.get(name)) for name, value in wanted.items() if seen.get(name) != value}


def test_each_line_is_read_as_it_was_told(records: dict[str, dict[str, Any]]) -> None:
    """The table comes from the drivers and handlers, not from a parser; a difference is a line that we misread."""
    expected = rows(EXPECTED)
    differences = {row["id"]: _differences(row, records[row["id"]]) for row in expected}

    assert len(expected) > 2000
    assert {event_id: found for event_id, found in differences.items() if found} == {}


def test_only_prints_are_unparsed(records: dict[str, dict[str, Any]]) -> None:
    """A line without level and time is all that no built-in format fits."""
    expected = {row["id"]: row for row in rows(EXPECTED)}
    unparsed = [record for record in records.values() if record["format"] == "unparsed"]
    told = [expected[record["event_id"]] for record in unparsed if record["event_id"] in expected]

    assert {row.get("level") for row in told} == {None}
    assert {row.get("event") for row in told} == {None}
