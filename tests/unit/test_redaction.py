"""Redaction: payloads with secrets in, bytes without them out."""

from __future__ import annotations

import base64
import gzip
import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import logshape
from logshape.contract.detectors import BUILT_IN
from logshape.contract.model import Detector
from logshape.lines.measures import Measured
from logshape.lines.redaction import FAILED, Redactor, Shortfall
from logshape.lines.searching import Searcher
from tests.planted import KINDS, PLACES, REDACT, leaks, planted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from logshape.contract.model import Contract
    from logshape.pipeline import Shipment

TIME = 1761950301010  # 2025-10-31T22:38:21.010Z
MAIL = "anna@example.com"
HASH = "[email:75f0c1f43a2a1d6a2b4c3ef5a7bd16c5]"
CONTRACT = """
version: 1
name: shop
fields:
  duration: {type: double, why: "time that a step took"}
  client:   {type: ip, why: "who asked"}
  count:    {type: long, why: "how many"}
  cart:     {type: object, why: "what is bought"}
groups:
  - name: all
    match: ["*"]
    formats: [aws/lambda-platform, aws/powertools-json, aws/lambda-json, aws/lambda-text]
metrics:
  senders: {where: exists service, by: [service], via: ingest}
"""


@pytest.fixture
def pipeline(tmp_path: Path) -> Callable[..., logshape.Pipeline]:
    """Return a function from what the contract says of redaction to a pipeline."""

    def made(redact: str = REDACT, key: bytes | None = None) -> logshape.Pipeline:
        path = tmp_path / "contract.yaml"
        path.write_text(f"{CONTRACT}{redact}\n")
        return logshape.Pipeline(logshape.load(path), redact_key=key)

    return made


def event(*messages: Any) -> dict[str, Any]:  # noqa: ANN401 # anything can come
    """Return a subscription event; a message that is a dict stands for its whole log event."""
    events = [
        message if isinstance(message, dict) else {"id": str(number), "timestamp": TIME + number, "message": message}
        for number, message in enumerate(messages)
    ]
    payload = {"messageType": "DATA_MESSAGE", "owner": "123456789012", "logGroup": "/aws/lambda/a", "logStream": "s"}
    packed = gzip.compress(json.dumps({**payload, "logEvents": events}).encode())
    return {"awslogs": {"data": base64.b64encode(packed).decode()}}


def row(shipment: Shipment) -> dict[str, Any]:
    """Return the one archive row."""
    ((line,),) = (record.splitlines() for record in shipment.records)
    return json.loads(line)


def document(shipment: Shipment) -> dict[str, Any]:
    """Return the one index document."""
    return json.loads(b"".join(shipment.bodies).splitlines()[1])


def written(shipment: Shipment) -> bytes:
    """Return every byte that *shipment* would have written."""
    whole = [*(one.document for one in shipment.oversize), *(one.document for one in shipment.quarantined)]
    measured = json.dumps([[one.name, one.dimensions, one.values] for one in shipment.measured]).encode()
    return b"\n".join([*shipment.records, *shipment.bodies, *whole, measured])


def test_a_secret_is_masked_in_both_stores(pipeline: Callable[..., logshape.Pipeline]) -> None:
    """Message, attributes and raw; the rest of the line stays as it was."""
    line = '{"level": "INFO", "timestamp": "2025-10-31 22:38:21,010+0000", "location": "f:1", "service": "s", "message": "to anna@example.com", "x": {"anna@example.com": ["b", 1.50]}}\n'

    shipment = pipeline().shape(event(line))

    assert row(shipment)["message"] == document(shipment)["message"] == "to [email]"
    assert document(shipment)["attributes"]["x"] == {"[email]": ["b", 1.5]}
    assert row(shipment)["raw"] == (
        '{"level":"INFO","timestamp":"2025-10-31 22:38:21,010+0000","location":"f:1","service":"s",'
        '"message":"to [email]","x":{"[email]":["b",1.5]}}\n'
    )
    assert shipment.shortfall == Shortfall()


def test_without_a_word_the_secrets_set_is_on(pipeline: Callable[..., logshape.Pipeline]) -> None:
    """What opens doors is in no log on purpose; an address may be what a log is for."""
    shipment = pipeline("").shape(event(f"key AKIAIOSFODNN7EXAMPLE of {MAIL}"))

    assert row(shipment)["message"] == f"key [aws-access-key] of {MAIL}"


def test_an_empty_list_is_off(pipeline: Callable[..., logshape.Pipeline]) -> None:
    """Somebody may have to see it all."""
    line = f'{{"level":"INFO","time":"2025-10-31T22:38:21Z","message":"AKIAIOSFODNN7EXAMPLE {MAIL}"}}'

    assert row(pipeline("redact: []").shape(event(line)))["raw"] == line


def test_a_hash_is_the_same_for_the_same_value_wherever_it_stands(pipeline: Callable[..., logshape.Pipeline]) -> None:
    """Who ordered twice can be counted, and not be named without the key."""
    hashing = pipeline("redact: [{name: email, as: hash}]", key=b"k")
    shipment = hashing.shape(
        event(json.dumps({"level": "INFO", "time": "2025-10-31T22:38:21Z", "message": MAIL, "to": [f"<{MAIL}>"]}))
    )

    (name, digest) = row(shipment)["message"][1:-1].split(":")
    assert (name, len(digest), shipment.shortfall) == ("email", 32, Shortfall())
    assert document(shipment)["attributes"] == {"to": [f"<[email:{digest}]>"]}
    assert (
        row(pipeline("redact: [{name: email, as: hash}]", key=b"other").shape(event(MAIL)))["message"]
        != f"[email:{digest}]"
    )


def test_a_hash_without_a_key_is_a_mask_and_counted(pipeline: Callable[..., logshape.Pipeline]) -> None:
    """A deployment that lost its key still says nothing, and somebody hears of it."""
    shipment = pipeline("redact: [{name: email, as: hash}]").shape(event(MAIL))

    assert (row(shipment)["message"], shipment.shortfall) == ("[email]", Shortfall(unhashed=1))


def test_what_is_dropped_leaves_nothing(pipeline: Callable[..., logshape.Pipeline]) -> None:
    """A field of which nothing is left is null; in a text the rest stays."""
    line = json.dumps({"level": "INFO", "time": "2025-10-31T22:38:21Z", "message": f"to {MAIL}!", "logger": MAIL})
    shipment = pipeline("redact: [{name: email, as: drop}]").shape(event(line))

    assert (row(shipment)["message"], row(shipment).get("logger")) == ("to !", None)
    assert json.loads(row(shipment)["raw"])["logger"] == ""


def test_a_field_that_can_hold_no_text_becomes_null(pipeline: Callable[..., logshape.Pipeline]) -> None:
    """A mask in a column of numbers would cost the whole row."""
    line = '{"level":"INFO","time":"2025-10-31T22:38:21Z","message":"m","client":"203.0.113.7","count":4111111111111111,"n":4111111111111111,"cart":{"by":"anna@example.com","n":1}}'

    shipment = pipeline().shape(event(line))

    assert {"client", "count"}.isdisjoint(row(shipment))
    assert json.loads(row(shipment)["cart"]) == document(shipment)["cart"] == {"by": "[email]", "n": 1}
    assert document(shipment)["attributes"] == {"n": "[card]"}
    assert row(shipment)["raw"] == line.replace("203.0.113.7", "[ipv4]").replace(
        "4111111111111111", '"[card]"'
    ).replace(MAIL, "[email]")


@pytest.mark.parametrize(
    "number", ["4111111111111111", "4111111111111111.0", "4.111111111111111e15", "41111111.11111111E+8"]
)
def test_a_number_is_found_however_it_is_spelled(pipeline: Callable[..., logshape.Pipeline], number: str) -> None:
    """Stores would spell them all alike."""
    shipment = pipeline().shape(event(f'{{"level":"INFO","time":"2025-10-31T22:38:21Z","message":"m","n":{number}}}'))

    assert document(shipment)["attributes"] == {"n": "[card]"}
    assert json.loads(row(shipment)["raw"])["n"] == "[card]"


def test_what_is_exempt_stays(pipeline: Callable[..., logshape.Pipeline]) -> None:
    """Times, ids and where an event came from are what everything is found by."""
    ids = {"requestId": "79b4f56e-95b1-4643-9700-2807f4e68189", "traceId": "1-69053a1d-0123456789abcdef01234567"}
    line = json.dumps({"level": "INFO", "time": "2025-10-31T22:38:21Z", "message": "m", **ids})
    everything = pipeline(r"redact: [{name: all, pattern: '[0-9a-zA-Z]+'}]").shape(event(line))

    found = row(everything)
    assert {
        name: found[name]
        for name in ("event_time", "level", "account", "log_group", "event_id", "request_id", "trace_id", "message")
    } == {
        "event_time": "2025-10-31T22:38:21.000Z",
        "level": "INFO",
        "account": "123456789012",
        "log_group": "/aws/lambda/a",
        "event_id": "0",
        "request_id": ids["requestId"],
        "trace_id": ids["traceId"],
        "message": "[all]",
    }


def test_two_keys_that_become_one_are_kept_apart(pipeline: Callable[..., logshape.Pipeline]) -> None:
    """Taking a secret out takes nothing else out."""
    line = '{"level":"INFO","time":"2025-10-31T22:38:21Z","message":"m","n":{"a@example.com":1,"b@example.com":2}}'

    assert document(pipeline().shape(event(line)))["attributes"] == {"n": {"[email]": 1, "[email]-2": 2}}


def test_metrics_measure_first_and_show_what_is_left(pipeline: Callable[..., logshape.Pipeline]) -> None:
    """A dimension is published; two that are masked alike are one."""
    lines = [
        json.dumps({"level": "INFO", "time": "2025-10-31T22:38:21Z", "message": "m", "service": who})
        for who in ("a@example.com", "b@example.com", "c")
    ]

    assert pipeline().shape(event(*lines)).measured == [
        Measured(name="senders", unit="None", dimensions={"service": "[email]"}, values=[1.0, 1.0]),
        Measured(name="senders", unit="None", dimensions={"service": "c"}, values=[1.0]),
    ]


def test_an_event_that_no_sink_can_take_is_redacted_too(pipeline: Callable[..., logshape.Pipeline]) -> None:
    """The quarantine is read by people."""
    lost = {"timestamp": None, "id": "7", "message": f'{{"to":"{MAIL}"}}', "more": [MAIL]}

    (kept,) = pipeline().shape(event(lost)).quarantined

    assert json.loads(kept.document) == {**lost, "message": '{"to":"[email]"}', "more": ["[email]"]}


def test_a_cut_does_not_hide_a_secret(pipeline: Callable[..., logshape.Pipeline]) -> None:
    """Half of a secret is one, too: long values are cut after they were looked through."""
    for shift in range(30):
        body = "x " * 16_360 + "y" * shift + " wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY " + "z " * 1000
        assert b"wJalrX" not in written(
            pipeline().shape(event(json.dumps({"level": "INFO", "time": "2025-10-31T22:38:21Z", "body": body})))
        )


def test_it_fails_closed(pipeline: Callable[..., logshape.Pipeline], monkeypatch: pytest.MonkeyPatch) -> None:
    """A detector that breaks must not open what it guards."""
    broken = pipeline()

    def find(*_: object) -> None:
        raise MemoryError

    assert broken._redactor is not None  # noqa: SLF001 # the fault is put where only a full memory could
    searcher = broken._redactor._searcher  # noqa: SLF001 # as above
    monkeypatch.setattr(searcher, "_any", find)
    line = json.dumps({"level": "INFO", "time": "2025-10-31T22:38:21Z", "message": MAIL, "to": MAIL})
    kept, lost = broken.shape(event(line)), broken.shape(event({"timestamp": None, "id": "7", "message": MAIL}))

    assert MAIL.encode() not in written(kept) + written(lost)
    assert row(kept)["message"] == document(kept)["message"] == FAILED
    assert kept.shortfall.failed > 0
    assert lost.shortfall.failed > 0


@pytest.mark.parametrize("seed", [1, 2])
def test_no_planted_secret_leaves(pipeline: Callable[..., logshape.Pipeline], seed: int) -> None:
    """Of every kind, in every place that a line has, in whatever bytes there are."""
    found = planted(260, seed)
    shaping = pipeline(f"{REDACT}")

    leaked = [
        name
        for start in range(0, len(found), 40)
        for name in leaks(
            written(shaping.shape(event(*(one.event for one in found[start : start + 40])))), found[start : start + 40]
        )
    ]

    assert leaked == []


@pytest.mark.parametrize("kind", KINDS)
def test_no_planted_secret_leaves_with_an_event_that_has_no_time(
    pipeline: Callable[..., logshape.Pipeline], kind: str
) -> None:
    """It is in quarantine, and nothing else is known of it."""
    found = planted(len(PLACES), kinds=[kind])
    shaping = pipeline()

    leaked = [
        name for one in found for name in leaks(written(shaping.shape(event({**one.event, "timestamp": None}))), [one])
    ]

    assert leaked == []


_ODD = st.sampled_from(
    ["", " ", '"', "\\", "/", "\n", "\t", "é", "日本", "=", "_", "-", ".", "x", "7", "{", "[1]", ":"]
)
_SECRET = st.tuples(st.sampled_from(sorted(KINDS)), st.integers(0, 30)).map(
    lambda pair: planted(31, seed=3, kinds=[pair[0]], places=["a print of its own"])[pair[1]].secret
)
_TEXT = st.lists(st.one_of(_ODD, _SECRET), max_size=6).map("".join)
_VALUE = st.recursive(
    st.one_of(_TEXT, st.integers(-(10**20), 10**20), st.just(4111111111111111), st.booleans(), st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_TEXT, inner, max_size=3)),
    max_leaves=8,
)


def _spelling(value: Any, ascii_only: bool, slashes: bool) -> str:  # noqa: ANN401, FBT001 # what JSON holds; two ways to write it
    text = json.dumps(value, ensure_ascii=ascii_only)
    return text.replace("/", "\\/") if slashes else text


_LINE = st.one_of(
    _TEXT,
    st.builds(_spelling, st.dictionaries(_TEXT, _VALUE, max_size=3), st.booleans(), st.booleans()),
    st.builds(
        lambda value, slashes: json.dumps({"body": _spelling(value, ascii_only=True, slashes=slashes)}),
        _VALUE,
        st.booleans(),
    ),
    st.builds(
        lambda head, value: (
            f"[INFO]\t2025-10-31T22:38:21.010Z\t\t{head}{_spelling(value, ascii_only=True, slashes=True)}"
        ),
        _TEXT,
        _VALUE,
    ),
)


@settings(max_examples=200, deadline=None)
@given(line=_LINE)
def test_the_quick_way_finds_whatever_the_patient_way_does(line: str) -> None:
    """One search of a batch is only allowed to be quick: what is in any text of any record it must have found."""
    quick, patient = shaped(QUICK, line), shaped(PATIENT, line)

    assert quick == patient


def shaped(pipeline: logshape.Pipeline, line: str) -> bytes:
    """Return what *pipeline* writes for *line* among others."""
    return written(pipeline.shape(event("before", line, "behind")))


def _contract() -> Contract:
    import msgspec

    from logshape.contract.load import built_in

    detectors = tuple(Detector(name=name) for name in BUILT_IN)
    return msgspec.structs.replace(built_in(), redact=(*detectors, Detector(name="own", pattern=r"\bxé|日本\b")))


class _Patient(Searcher):
    """Takes every line for a suspect, as if there were no quick way."""

    def suspects(self, texts: Any) -> set[int]:  # noqa: ANN401 # as the quick way has it
        return set(range(len(texts)))


QUICK = logshape.Pipeline(_contract())
PATIENT = logshape.Pipeline(_contract())
PATIENT._redactor._searcher = _Patient(_contract().redact)  # type: ignore[union-attr] # noqa: SLF001 # it is there


@pytest.mark.parametrize("place", [place for place in PLACES if "limit" not in place])
def test_what_was_redacted_stays_as_it_is(place: str) -> None:
    """A later contract reads `raw` again, and finds nothing in it to take out."""
    for one in planted(len(KINDS), places=[place]):
        found = row(QUICK.shape(event(one.event)))
        again = found.get("raw", found.get("message"))

        once_more = row(QUICK.shape(event(again)))

        assert once_more.get("raw", once_more.get("message")) == again


@pytest.mark.parametrize(
    "filler",
    [
        "lorem ",
        "a",
        "1234567890",
        "1:2:",
        "aB3/",
        "\\n",
        "\\\\",
        "\\u0041",
        "x@",
        "-----BEGIN ",
        "bearer bearer",
        '{"a":"',
    ],
)
def test_time_grows_with_the_line_and_with_nothing_else(filler: str) -> None:
    """A line of a megabyte, whoever made it up, must not stop a function."""

    def seconds(length: int) -> float:
        line = filler * (length // len(filler)) + f" {MAIL}"
        start = time.process_time()
        QUICK.shape(event(line))
        return time.process_time() - start

    seconds(1000)
    short, long = min(seconds(20_000) for _ in range(3)), seconds(320_000)

    assert long < 4 * 16 * max(short, 0.002)


def _keys(number: int) -> str:
    return json.dumps(
        {"level": "INFO", "time": "2025-10-31T22:38:21Z", **{f"a{each}@example.com": each for each in range(number)}}
    )


@pytest.mark.parametrize("written", [_keys, lambda number: f"{MAIL} " * number])
def test_time_grows_with_the_number_of_secrets(written: Callable[[int], str]) -> None:
    """A line that is nothing but addresses is made up by somebody who hopes for more than that."""

    def seconds(number: int) -> float:
        line = written(number)
        start = time.process_time()
        QUICK.shape(event(line))
        return time.process_time() - start

    seconds(10)
    few, many = min(seconds(400) for _ in range(3)), seconds(3200)

    assert many < 4 * 8 * max(few, 0.002)


def test_a_redactor_works_alone() -> None:
    """`explain` asks it for one text."""
    contract = _contract()

    assert Redactor(contract, {}, None).text(f"to {MAIL}") == "to [email]"
