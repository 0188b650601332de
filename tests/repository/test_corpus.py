"""Facts about the captured sample: that it shows what a real account shows, and that what is expected of it fits it."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "shared/logshape/local/sample"
EXPECTED = ROOT / "tests/corpus/expected.ndjson"
HOUR_MS = 3_600_000
EVENT_KEYS = ["message", "timestamp", "id", "logGroup", "logStream", "owner"]
EXPECTED_KEYS = {
    "id", "level", "@timestamp", "request_id", "request_id_inherited", "trace_id", "message", "logger", "service",
    "error_type", "error_message", "event", "duration_ms", "billed_duration_ms", "memory_size_mb",
    "max_memory_used_mb", "init_duration_ms", "restore_duration_ms", "status", "method", "path", "client_ip",
    "protocol", "response_length",
}  # fmt: skip
PLATFORM_EVENTS = {
    "start", "end", "report", "runtime_done", "init_start", "init_report", "init_runtime_done", "restore_start",
    "restore_report", "restore_runtime_done", "extension", "telemetry_subscription", "logs_dropped", "timeout", "exit",
}  # fmt: skip


def rows(path: Path) -> list[dict[str, Any]]:
    """Read NDJSON."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


EVENTS = rows(SAMPLE / "events.ndjson")
TOLD = rows(EXPECTED)


def test_the_sample_is_large_enough_to_show_a_pipeline() -> None:
    """A first run must have something to count, in many groups, and still be quick."""
    starts = [row["request_id"] for row in TOLD if row.get("event") == "start"]

    assert 2_000 <= len(EVENTS) <= 3_000
    assert len({event["logGroup"] for event in EVENTS}) >= 8
    assert len(set(starts)) >= 100


def test_events_are_what_cloudwatch_logs_sends() -> None:
    """Duplicate detection rests on the ids, inheritance on the order within a stream."""
    streams: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for event in EVENTS:
        streams[event["logGroup"], event["logStream"]].append(event["timestamp"])

    assert all(list(event) == EVENT_KEYS for event in EVENTS)
    assert all(re.fullmatch(r"\d{56}", event["id"]) for event in EVENTS)
    assert len({event["id"] for event in EVENTS}) == len(EVENTS)
    assert all(times == sorted(times) for times in streams.values())
    assert EVENTS[-1]["timestamp"] - EVENTS[0]["timestamp"] < HOUR_MS


@pytest.mark.parametrize(
    ("kind", "pattern", "at_least"),
    [
        ("Japanese", r"[\u3040-\u30ff\u4e00-\u9fff]", 100),
        ("emoji", r"[\U0001f300-\U0001faff]", 50),
        ("trace of several lines", r"Traceback \(most recent call last\):\n", 10),
        ("chained trace", r"direct cause of the following exception", 2),
        ("unhandled error", r"^\[ERROR\] \w+(: |\n)", 5),
        ("unhandled error of an earlier client", r'"log_level": "ERROR"', 1),
        ("unhandled error of Node", r"Invoke Error \t\{", 3),
        ("failed import", r"Runtime\.ImportModuleError|Init Error", 4),
        ("time-out", r"Task timed out after", 3),
        ("end of the process", r"Runtime exited with error", 3),
        ("cold start", r"^INIT_START|platform\.initStart", 20),
        ("restored snapshot", r"^RESTORE_REPORT|platform\.restoreReport", 2),
        ("print noise", r"^---- begin of import ----\n", 3),
        ("line outside an invocation", r"^\[INFO\]\t[^\t]+\t\t", 2),
        ("a level in prose", r"ERROR rate is 0\.02", 5),
        ("exception of Powertools", r'"exception_name"', 3),
        ("keys beside the message", r'"order_id": ?"o-', 50),
        ("missing value of an access log", r"\] ?\"[A-Z]+ - HTTP", 1),
        ("throttled request", r'" 429 |,429,|"status": "429"', 5),
    ],
)
def test_the_sample_shows_each_kind_of_line(kind: str, pattern: str, at_least: int) -> None:
    """What is not in the sample is seen by no one before production."""
    seen = sum(bool(re.search(pattern, event["message"])) for event in EVENTS)

    assert seen >= at_least, f"{kind}: {seen} lines"


def test_every_expectation_is_about_one_event() -> None:
    """An expectation without a line would pass in silence."""
    ids = [row["id"] for row in TOLD]

    assert set(ids) <= {event["id"] for event in EVENTS}
    assert len(set(ids)) == len(ids)


def test_nearly_every_event_has_an_expectation() -> None:
    """Only what Node prints when it crashes was told by nobody."""
    told = {row["id"] for row in TOLD}
    untold = {event["logGroup"] for event in EVENTS if event["id"] not in told}

    assert len(TOLD) >= len(EVENTS) * 0.95
    assert untold == {"/aws/lambda/web-node", "/aws/lambda/web-node-json"}


def test_expectations_speak_of_declared_fields_only() -> None:
    """A misspelt key would be compared with nothing."""
    levels = {row["level"] for row in TOLD}
    events = {row["event"] for row in TOLD if "event" in row}

    assert {key for row in TOLD for key in row} == EXPECTED_KEYS
    assert levels == {None, "TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"}
    assert events == PLATFORM_EVENTS


def test_the_manifest_tells_where_each_group_comes_from() -> None:
    """Nobody may take a made-up line for a captured one."""
    sources = json.loads((SAMPLE / "manifest.json").read_text(encoding="utf-8"))
    prose = (SAMPLE / "README.md").read_text(encoding="utf-8")

    assert sources.keys() == {event["logGroup"] for event in EVENTS}
    assert Counter(source["source"] for source in sources.values()) == {"captured": 6, "published": 13}
    assert [group for group in sources if f"`{group}`" not in prose] == []


def test_no_line_names_a_folder_of_the_machine_that_captured_it() -> None:
    """Traces name files; here they are Lambda's own."""
    text = (SAMPLE / "events.ndjson").read_text(encoding="utf-8") + EXPECTED.read_text(encoding="utf-8")

    assert re.findall(r"/(?:tmp|home|root|Users)/|\.pyenv|site-packages/awslambdaric", text) == []
