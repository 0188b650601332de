"""Parse: the command, its options, its order and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from logshape.cli import contracts
from logshape.cli.parse import command
from logshape.errors import UnreadableInput

REQUEST = "79b4f56e-95b1-4643-9700-2807f4e68189"
OTHER = "11111111-95b1-4643-9700-2807f4e68189"
TIME = 1761950301010
STAMP = "2025-10-31T22:38:21.010Z"
CONTRACT = """\
version: 7
name: shop
formats:
  dash: {line: "{level} - {message}", examples: [{line: "INFO - x", record: {message: x}}]}
  hash: {line: "{level} # {message}", examples: [{line: "INFO # x", record: {message: x}}]}
groups:
  - {name: orders, match: /orders-*, formats: [dash], set: {logger: o}, drop: ["message = 'ping'"]}
  - {name: rest, match: /rest, formats: [hash]}
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(contracts.VARIABLE, raising=False)
    Path("contract.yaml").write_text(CONTRACT, encoding="utf-8")


def run(text: str | bytes, *options: str) -> Result:
    """Run `logshape parse` on *text*, given on stdin."""
    return CliRunner().invoke(command, options, input=text)


def parse(text: str | bytes, *options: str) -> list[dict[str, Any]]:
    """Return the records that the command prints."""
    result = run(text, *options)
    assert (result.exit_code, result.stderr) == (0, "")
    return [json.loads(line) for line in result.stdout.split("\n") if line]


def events(*found: dict[str, Any]) -> str:
    """Write events as NDJSON."""
    return "".join(json.dumps(event) + "\n" for event in found)


def test_each_line_is_one_record_in_its_order() -> None:
    """A blank line is a line, Windows' line ends are line ends, and what is said of no event stays out of the record."""
    assert parse("INFO - a\n\nERROR # b\r\n") == [
        {
            "level": "INFO",
            "severity_number": 9,
            "message": "a",
            "format": "dash",
            "contract_version": 7,
            "raw": "INFO - a",
        },
        {"message": "", "format": "unparsed", "contract_version": 7},
        {
            "level": "ERROR",
            "severity_number": 17,
            "message": "b",
            "format": "hash",
            "contract_version": 7,
            "raw": "ERROR # b",
        },
    ]


def test_the_last_line_needs_no_new_line() -> None:
    """Half of all files end without one."""
    assert [record["message"] for record in parse("INFO - a\nINFO - b")] == ["a", "b"]


def test_keys_stand_in_the_order_in_which_they_are_stored() -> None:
    """Two runs can be compared as text."""
    line = events(
        {"message": "INFO - a", "timestamp": TIME, "id": "1", "logGroup": "/orders-a", "logStream": "s", "owner": "1"}
    )

    assert list(parse(line, "--events")[0]) == [
        "@timestamp", "observed_time", "level", "severity_number", "logger", "message", "account",
        "log_group", "log_stream", "event_id", "format", "contract_version", "raw",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("options", "formats"),
    [
        ((), ["dash", "hash"]),
        (("--group", "orders"), ["dash", "unparsed"]),
        (("--group", "rest"), ["unparsed", "hash"]),
        (("--group", "/orders-new"), ["dash", "unparsed"]),
        (("--group", "/elsewhere"), ["unparsed", "unparsed"]),
        (("--auto",), ["unparsed", "unparsed"]),
    ],
)
def test_the_group_decides_which_formats_are_tried(options: tuple[str, ...], formats: list[str]) -> None:
    """By its entry's name, or by a log group's name, as in an account."""
    assert [record["format"] for record in parse("INFO - a\nINFO # b\n", *options)] == formats


def test_a_groups_constants_are_in_its_records_and_dropped_lines_are_shown() -> None:
    """Whoever parses wants to see the record, whatever happens to it later."""
    assert [(record["logger"], record["message"]) for record in parse("INFO - ping\n", "--group", "orders")] == [
        ("o", "ping")
    ]


def test_auto_reads_built_in_formats_without_a_contract() -> None:
    """The first command that a newcomer runs works anywhere."""
    Path("contract.yaml").unlink()

    assert [(r["format"], r["level"]) for r in parse(f"[ERROR]\t{STAMP}\t{REQUEST}\tboom\n", "--auto")] == [
        ("aws/lambda-text", "ERROR")
    ]


def test_auto_and_group_exclude_each_other() -> None:
    """One of them would not be heard."""
    result = run("", "--auto", "--group", "orders")

    assert (result.exit_code, "--auto and --group exclude each other" in result.stderr) == (2, True)


def test_plain_lines_inherit_no_request_id() -> None:
    """Nobody knows that they are of one stream."""
    lines = f"START RequestId: {REQUEST} Version: 1\nhello\n"

    assert [record.get("request_id") for record in parse(lines, "--auto")] == [REQUEST, None]


def test_events_of_one_group_and_stream_are_one_payload() -> None:
    """A request id is inherited inside of a stream and never across two, however the events are mixed."""
    found = parse(
        events(
            {
                "message": f"START RequestId: {REQUEST} Version: 1",
                "logGroup": "/a",
                "logStream": "1",
                "timestamp": TIME,
            },
            {"message": f"START RequestId: {OTHER} Version: 1", "logGroup": "/a", "logStream": "2", "timestamp": TIME},
            {"message": "one", "logGroup": "/a", "logStream": "1", "timestamp": TIME},
            {"message": "two", "logGroup": "/a", "logStream": "2", "timestamp": TIME},
            {"message": "three", "logGroup": "/b", "logStream": "1", "timestamp": TIME},
        ),
        "--events",
        "--auto",
    )

    assert [(record["message"], record.get("request_id"), record.get("parse_errors")) for record in found[2:]] == [
        ("one", REQUEST, ["request_id_inherited"]),
        ("two", OTHER, ["request_id_inherited"]),
        ("three", None, None),
    ]


def test_an_event_without_id_and_time_gives_a_record_without_them() -> None:
    """The command makes nothing up; a time of the line's own stands."""
    found = parse(events({"message": "plain"}, {"message": f"[INFO]\t{STAMP}\t{REQUEST}\tx"}), "--events", "--auto")

    assert [
        {key: record.get(key) for key in ("@timestamp", "observed_time", "event_id", "parse_errors")}
        for record in found
    ] == [
        {"@timestamp": None, "observed_time": None, "event_id": None, "parse_errors": None},
        {"@timestamp": STAMP, "observed_time": None, "event_id": None, "parse_errors": None},
    ]


def test_an_events_time_and_id_are_its_records() -> None:
    """The index is chosen by the one, and written once by the other."""
    found = parse(events({"message": "INFO - a", "timestamp": TIME, "id": "7", "logGroup": "/orders-a"}), "--events")

    assert {key: found[0][key] for key in ("@timestamp", "observed_time", "event_id", "log_group")} == {
        "@timestamp": STAMP,
        "observed_time": STAMP,
        "event_id": "7",
        "log_group": "/orders-a",
    }


def test_events_that_name_no_group_are_of_the_one_that_is_given() -> None:
    """Those that do keep theirs."""
    text = events({"message": "INFO # a"}, {"message": "INFO # b", "logGroup": "/orders-a"})

    assert [record["format"] for record in parse(text, "--events", "--group", "/rest")] == ["hash", "unparsed"]


def test_a_message_that_is_no_string_is_its_json() -> None:
    """One odd event harms no neighbour; blank lines between events are none."""
    text = '{"message": {"a": 1}, "timestamp": 1761950301010, "id": "1"}\n\n{"message": "INFO - a"}\n'

    assert [record["message"] for record in parse(text, "--events")] == ['{"a":1}', "INFO - a"]


def test_no_input_gives_no_records() -> None:
    """Empty is a good answer."""
    assert (parse(""), parse("", "--events")) == ([], [])


def test_a_file_stdin_and_a_dash_are_read_alike() -> None:
    """A pipe and a path need no different words."""
    Path("app.log").write_text("INFO - ü\n", encoding="utf-8")

    assert run("", "app.log").stdout == run("INFO - ü\n").stdout == run("INFO - ü\n", "-").stdout


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("", ("gone.log",), "gone.log: No such file or directory"),
        ("", (".",), ".: Is a directory"),
        (b"INFO - \xff\n", (), "-: not UTF-8 at byte 7; give text"),
        ('{"message": "a"}\n[1]\n', ("--events",), '-:2: no event; wanted {"message": "…", "timestamp": 0, "id": "…"}'),
        ("not json\n", ("--events", "-"), '-:1: no event; wanted {"message": "…", "timestamp": 0, "id": "…"}'),
        ("", ("--contract", "gone.yaml"), "gone.yaml cannot be read: No such file or directory"),
    ],
)
def test_input_that_cannot_be_read_ends_with_2(text: str | bytes, options: tuple[str, ...], message: str) -> None:
    """The message says where and what was wanted."""
    error = run(text, *options).exception

    assert isinstance(error, UnreadableInput)
    assert (error.exit_code, str(error)) == (2, message)


def test_records_are_printed_as_they_would_be_stored() -> None:
    """What is pasted from a terminal holds no secret; the contract here says nothing of redaction."""
    (record,) = parse("INFO - key AKIAIOSFODNN7EXAMPLE\n")

    assert (record["message"], record["raw"]) == ("key [aws-access-key]", "INFO - key [aws-access-key]")
