"""Withheld: a field that declares `redact` is in no byte of its line, wherever it was read from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

import logshape
from logshape.contract.load import built_in
from logshape.contract.model import Detector
from logshape.lines.envelope import LogEvent, Payload

if TYPE_CHECKING:
    from pathlib import Path

TIME = 1761950301010
CONTRACT = """
version: 1
name: shop
fields:
  who:    {type: keyword, why: "who ordered", redact: hash}
  tan:    {type: keyword, why: "number of one payment", redact: mask}
  age:    {type: integer, why: "how old", redact: drop}
  buyer:  {type: object, why: "who buys"}
  copy:   {type: keyword, why: "the same again"}
formats:
  text:
    line: "[{level}] {who} pays with {tan?}: {message}"
    examples: [{line: "[INFO] a pays with 1: m", record: {who: a}}]
  shared:
    line: "{level} of {who,message}"
    examples: [{line: "INFO of a", record: {who: a}}]
  behind:
    line: "event {level} {*:json}"
    json: {who: user.mail}
    examples: [{line: 'event INFO {"user":{"mail":"a"}}', record: {who: a}}]
  pairs:
    line: "DONE {*:pairs}"
    pairs: ["Who: {who}", "Age: {age} years"]
    examples: [{line: "DONE Who: a\\tAge: 7 years", record: {who: a, age: 7}}]
  json:
    json: {who: [user.mail, mail], copy: mail, buyer: user}
    needs: [message]
    examples: [{line: '{"message":"m","mail":"a"}', record: {who: a}}]
groups:
  - {name: fixed, match: /fixed, formats: [text, json], set: {who: nobody}}
  - {name: all, match: "*", formats: [pairs, behind, shared, text, json]}
redact: []
"""
ANNA = "[who:76fad479f8dc7a26248acc996ba7969d]"  # HMAC-SHA-256 of `anna` by the key `k`


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> logshape.Pipeline:
    """Return a pipeline of the contract above with a key."""
    path: Path = tmp_path_factory.mktemp("contract") / "contract.yaml"
    path.write_text(CONTRACT)
    return logshape.Pipeline(logshape.load(path), redact_key=b"k")


def record(pipeline: logshape.Pipeline, line: str, group: str = "/a") -> dict[str, Any]:
    """Return the record of *line* without what its event says."""
    payload = Payload(owner="", log_group=group, log_stream="", events=[LogEvent("1", TIME, line)])
    (found,) = pipeline.records(payload)
    of_event = ("@timestamp", "observed_time", "event_id", "log_group", "contract_version", "severity_number", "format")
    return {name: value for name, value in found.items() if name not in of_event}


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (
            "[INFO] anna pays with 123: to anna\n",
            {"level": "INFO", "who": ANNA, "tan": "[tan]", "message": "to anna", "raw": f"[INFO] {ANNA} pays with [tan]: to anna\n"},
        ),
        (
            "[INFO] anna pays with : m",
            {"level": "INFO", "who": ANNA, "message": "m", "raw": f"[INFO] {ANNA} pays with : m"},
        ),
        ("INFO of anna", {"level": "INFO", "who": ANNA, "message": ANNA, "raw": f"INFO of {ANNA}"}),
        (
            'event INFO {"user":{"mail":"anna"},"n":1}',
            {"level": "INFO", "who": ANNA, "attributes": {"n": 1}, "raw": f'event INFO {{"user":{{"mail":"{ANNA}"}},"n":1}}'},
        ),
        (
            "DONE Who: anna\tAge: 17 years",
            {"who": ANNA, "raw": f"DONE Who: {ANNA}\tAge:  years"},
        ),
        (
            "DONE Age: seventeen years",
            {"parse_errors": ["type:age"], "attributes": {}, "raw": "DONE Age:  years"},
        ),
        (
            '{"message":"m","user":{"mail":"anna","name":"A"},"mail":"anna"}',
            {"message": "m", "who": ANNA, "copy": ANNA, "buyer": {"name": "A"}, "raw": f'{{"message":"m","user":{{"mail":"{ANNA}","name":"A"}},"mail":"{ANNA}"}}'},
        ),
        (
            r'{"message":"m","ag\u0065":"old","tan":4}',
            {"message": "m", "tan": "[tan]", "parse_errors": ["type:age"], "attributes": {}, "raw": '{"message":"m","tan":"[tan]"}'},
        ),
        (
            '{"message":"m","tan":{"deep":"1"},"tan2":1}',
            {"message": "m", "parse_errors": ["type:tan"], "attributes": {"tan": "[tan]", "tan2": 1}, "raw": '{"message":"m","tan":"[tan]","tan2":1}'},
        ),
        (
            '{"message":"m","user":{"mail":"first"},"user":{}}',
            {"message": "m", "raw": '{"message":"m","user":{}}'},
        ),
        (
            '{"message":"m","n":1.50}',
            {"message": "m", "attributes": {"n": 1.5}, "raw": '{"message":"m","n":1.50}'},
        ),
    ],
)  # fmt: skip
def test_a_field_is_taken_out_of_where_it_was_read_from(
    pipeline: logshape.Pipeline, line: str, wanted: dict[str, Any]
) -> None:
    """A hole, a pair, a path with its aliases; what did not fit, and what another field reads from there."""
    assert record(pipeline, line) == wanted


def test_a_value_that_the_group_gives_is_not_in_raw_either(pipeline: logshape.Pipeline) -> None:
    """The line's own is not heard, and stands in it all the same."""
    assert record(pipeline, "[INFO] anna pays with 1: m", "/fixed")["raw"] == f"[INFO] {ANNA} pays with [tan]: m"
    assert record(pipeline, '{"message":"m","mail":"anna"}', "/fixed")["raw"] == f'{{"message":"m","mail":"{ANNA}"}}'


def test_without_a_key_what_should_be_hashed_is_masked(pipeline: logshape.Pipeline) -> None:
    """The mask tells nobody from anybody."""
    keyless = logshape.Pipeline(pipeline.contract)

    assert record(keyless, "INFO of anna")["who"] == "[who]"


def test_a_line_that_no_format_reads_has_no_fields(pipeline: logshape.Pipeline) -> None:
    """Nothing says where in it the value would be; that is for detectors."""
    assert record(pipeline, "anna was here") == {"message": "anna was here"}


def test_detectors_leave_alone_what_stands_for_a_field(pipeline: logshape.Pipeline) -> None:
    """A hash looks like anything."""
    digits = Detector(name="digits", pattern=r"[0-9a-f]{8,}")
    both = logshape.Pipeline(msgspec.structs.replace(pipeline.contract, redact=(digits,)), redact_key=b"k")

    assert record(both, '{"message":"0123456789","mail":"anna"}')["who"] == ANNA
    assert json.loads(record(both, '{"message":"0123456789","mail":"anna"}')["raw"])["message"] == "[digits]"


@pytest.mark.parametrize("name", ["client_ip", "path", "duration_ms", "billed_duration_ms", "status"])
def test_what_the_built_in_formats_read_is_nowhere(name: str) -> None:
    """Every example that gives a field, in text and in JSON: what was read is not in what is stored."""
    contract = built_in()
    fields = tuple(
        msgspec.structs.replace(field, redact="drop") if field.name == name else field for field in contract.fields
    )
    plain, dropping = (
        logshape.Pipeline(contract),
        logshape.Pipeline(msgspec.structs.replace(contract, fields=fields, redact=())),
    )
    for format_ in contract.formats.values():
        for example in format_.examples:
            if name in example.record and str(example.record[name]) in example.line:
                before, after = record(plain, example.line), record(dropping, example.line)

                assert before[name] == example.record[name]
                assert name not in after
                assert after["raw"].count(str(example.record[name])) < example.line.count(str(example.record[name]))
