"""Pipeline: one payload in, the bytes for both sinks and the counts out."""

from __future__ import annotations

import base64
import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import logshape
from logshape.ledger import Ledger
from logshape.lines.packing import LARGEST_BODY, LARGEST_RECORD
from logshape.lines.routes import service_of
from logshape.pipeline import Shipment

if TYPE_CHECKING:
    from pathlib import Path

TIME = 1761950301010  # 2025-10-31T22:38:21.010Z
DAY = 86_400_000
REQUEST = "79b4f56e-95b1-4643-9700-2807f4e68189"
CONTRACT = """
version: 3
name: shop
fields:
  order_id: {type: keyword, why: "the order", example: o-1}
  took: {type: double, unit: ms, why: "time", example: 1.5}
  cart: {type: object, why: "what is bought"}
formats:
  app:
    json: {request_id: rid, took: [took, took_ms]}
    line: "{level} {@timestamp} {message}"
    examples:
      - {line: '{"message": "m"}', record: {message: m}}
groups:
  - name: app
    match: [/app/*]
    except: [/app/quiet]
    formats: [aws/lambda-platform, app]
    keep: {index: 14d}
    drop: ["message = 'ping'", "level < INFO"]
  - name: bare
    match: [/bare]
    formats: [app]
    set: {service: fixed, order_id: none}
    raw: never
redact: []
"""


@pytest.fixture(scope="module")
def contract(tmp_path_factory: pytest.TempPathFactory) -> logshape.contract.model.Contract:
    """Load the contract above."""
    path: Path = tmp_path_factory.mktemp("contract") / "contract.yaml"
    path.write_text(CONTRACT)
    return logshape.load(path)


@pytest.fixture
def pipeline(contract: logshape.contract.model.Contract) -> logshape.Pipeline:
    """Return a pipeline that knows its own group and Region."""
    return logshape.Pipeline(contract, own_groups=("/aws/lambda/ingest",), region="eu-west-1")


def event(*messages: Any, group: str = "/app/a", stream: str = "s", time: int = TIME) -> dict[str, Any]:  # noqa: ANN401 # anything can come
    """Return a subscription event; a message that is a dict stands for its whole log event."""
    events = [
        message if isinstance(message, dict) else {"id": str(number), "timestamp": time + number, "message": message}
        for number, message in enumerate(messages)
    ]
    payload = {"messageType": "DATA_MESSAGE", "owner": "123456789012", "logGroup": group, "logStream": stream}
    return packed({**payload, "subscriptionFilters": [], "logEvents": events})


def packed(payload: object) -> dict[str, Any]:
    """Return *payload* as Lambda hands it over."""
    return {"awslogs": {"data": base64.b64encode(gzip.compress(json.dumps(payload).encode())).decode()}}


def rows(shipment: Shipment) -> list[dict[str, Any]]:
    """Return the archive's rows."""
    return [json.loads(line) for record in shipment.records for line in record.splitlines()]


def documents(shipment: Shipment) -> list[tuple[dict[str, str], dict[str, Any]]]:
    """Return the index's actions and documents."""
    lines = [json.loads(line) for body in shipment.bodies for line in body.splitlines()]
    return [(action["create"], document) for action, document in zip(lines[::2], lines[1::2], strict=True)]


def test_an_event_becomes_a_row_and_a_document(pipeline: logshape.Pipeline) -> None:
    """The archive keeps the line as it came, the index what no field took; neither holds a thing twice."""
    line = '{"level": "ERROR", "@timestamp": "2025-10-31T22:38:20.5Z", "message": "boom", "rid": "r", "took_ms": "2", "x": 1}'

    shipment = pipeline.shape(event(line))

    common = {
        "observed_time": "2025-10-31T22:38:21.010Z",
        "level": "ERROR",
        "severity_number": 17,
        "request_id": "r",
        "message": "boom",
        "took": 2.0,
        "account": "123456789012",
        "region": "eu-west-1",
        "log_group": "/app/a",
        "log_stream": "s",
        "event_id": "0",
        "format": "app",
        "contract_version": 3,
    }
    assert rows(shipment) == [{**common, "event_time": "2025-10-31T22:38:20.500Z", "raw": line}]
    assert documents(shipment) == [
        (
            {"_index": "logs-shop-14d-2025.10.31", "_id": "0"},
            {**common, "@timestamp": "2025-10-31T22:38:20.500Z", "attributes": {"x": 1}},
        ),
    ]
    assert shipment.ledger == Ledger(received=1)


def test_a_line_that_no_format_fits_is_a_record_like_any_other(pipeline: logshape.Pipeline) -> None:
    """`print` is somebody's only way to say what happened."""
    (row,) = rows(pipeline.shape(event("hello\nworld")))

    assert row["format"] == "unparsed"
    assert row["message"] == "hello\nworld"
    assert "raw" not in row


def test_the_archive_is_lossless(pipeline: logshape.Pipeline) -> None:
    """A later contract reads the line again, its last new line included."""
    messages = [
        "plain",
        "print\n",
        "a\r\n",
        "INFO 2025-10-31T22:38:21Z text\n",
        '{"message": "json"} ',
        "",
        "\x00\x07 \t",
    ]

    shipped = rows(pipeline.shape(event(*messages)))

    assert [row.get("raw", row["message"]) for row in shipped] == messages


def test_dropped_lines_are_counted_and_go_nowhere(pipeline: logshape.Pipeline) -> None:
    """Noise costs nothing behind ingest, and the books still say that it came."""
    shipment = pipeline.shape(event('{"message": "ping"}', "DEBUG 2025-10-31T22:38:21Z x", "kept"))

    assert [row["message"] for row in rows(shipment)] == ["kept"]
    assert [document["message"] for _, document in documents(shipment)] == ["kept"]
    assert shipment.ledger == Ledger(received=3, filtered=2)


@pytest.mark.parametrize(
    ("line", "expected", "aside"),
    [
        ("INFO 2025-10-31T22:38:20Z m", "2025-10-31T22:38:20.000Z", None),
        ("INFO 2025-10-30T22:38:21.010Z m", "2025-10-30T22:38:21.010Z", None),
        ("INFO 2025-10-30T22:38:21.009Z m", "2025-10-31T22:38:21.010Z", "2025-10-30T22:38:21.009Z"),
        ("INFO 2025-11-02T00:00:00Z m", "2025-10-31T22:38:21.010Z", "2025-11-02T00:00:00.000Z"),
        ("INFO 2025-10-31T22:30:00 m", "2025-10-31T22:30:00.000Z", None),
        ("INFO 2025-10-31T20:38:21 m", "2025-10-31T22:38:21.010Z", "2025-10-31T20:38:21.000Z"),
        ("no time", "2025-10-31T22:38:21.010Z", None),
    ],
)
def test_the_lines_time_is_believed_near_the_events(
    pipeline: logshape.Pipeline, line: str, expected: str, aside: str | None
) -> None:
    """A clock that is wrong, or a zone that is not named, must not put a line into another day."""
    ((_, document),) = documents(pipeline.shape(event(line)))

    assert document["@timestamp"] == expected
    assert document.get("attributes", {}).get("@timestamp") == aside


def test_request_ids_are_inherited_between_start_and_end(pipeline: logshape.Pipeline) -> None:
    """Only there is it known whose line it is, and the record says that it was inherited."""
    shipment = pipeline.shape(
        event(
            "before",
            f"START RequestId: {REQUEST} Version: 1\n",
            "inside",
            '{"rid": "own", "message": "has one"}',
            f"END RequestId: {REQUEST}\n",
            "after",
        )
    )

    assert [(row.get("request_id"), row.get("parse_errors")) for row in rows(shipment)] == [
        (None, None),
        (REQUEST, None),
        (REQUEST, ["request_id_inherited"]),
        ("own", None),
        (REQUEST, None),
        (None, None),
    ]


def test_a_payload_inherits_nothing_from_the_one_before(pipeline: logshape.Pipeline) -> None:
    """Between two payloads anything may have happened in the stream."""
    pipeline.shape(event(f"START RequestId: {REQUEST} Version: 1\n"))

    (row,) = rows(pipeline.shape(event("a line")))

    assert "request_id" not in row


def test_the_groups_constants_stand_and_raw_can_be_left_out(pipeline: logshape.Pipeline) -> None:
    """`set` is for what the lines do not say, or say differently."""
    ((_, document),) = documents(pipeline.shape(event('{"service": "other", "message": "m"}', group="/bare")))
    (row,) = rows(pipeline.shape(event('{"service": "other", "message": "m"}', group="/bare")))

    assert (document["service"], document["order_id"]) == ("fixed", "none")
    assert document["attributes"] == {"service": "other"}
    assert "raw" not in row


def test_objects_are_text_in_the_archive_and_objects_in_the_index(pipeline: logshape.Pipeline) -> None:
    """Parquet has no column for any object, and a flat_object takes nothing else."""
    shipment = pipeline.shape(event('{"message": "m", "cart": {"a": [1]}}'))

    assert rows(shipment)[0]["cart"] == '{"a":[1]}'
    assert documents(shipment)[0][1]["cart"] == {"a": [1]}


def test_a_group_that_no_entry_matches_is_read_with_every_built_in_format(pipeline: logshape.Pipeline) -> None:
    """Nobody's lines are dropped because a contract has a gap."""
    shipment = pipeline.shape(event(f"[INFO]\t2025-10-31T22:38:21.010Z\t{REQUEST}\tping", group="/app/quiet"))

    ((action, document),) = documents(shipment)
    assert document["format"] == "aws/lambda-text"
    assert action["_index"] == "logs-shop-forever-2025.10.31"


def test_the_index_is_of_the_events_day_whenever_it_is_delivered(pipeline: logshape.Pipeline) -> None:
    """A replay writes into the same index, where its id is taken already."""
    shipment = pipeline.shape(event("a", "b", time=TIME - TIME % DAY - 1))

    assert [action["_index"][-10:] for action, _ in documents(shipment)] == ["2025.10.30", "2025.10.31"]


def test_events_too_old_for_the_index_still_go_to_the_archive(pipeline: logshape.Pipeline) -> None:
    """A late one would bring back an index that has been deleted."""
    shipment = pipeline.shape(event("old", "new", time=TIME - 14 * DAY), now_ms=TIME + 1)

    assert [row["message"] for row in rows(shipment)] == ["old", "new"]
    assert [document["message"] for _, document in documents(shipment)] == ["new"]
    assert shipment.ledger == Ledger(received=2, index_expired=1)
    assert pipeline.shape(event("old", time=TIME - 99 * DAY)).ledger.index_expired == 0


def test_the_delivery_paths_own_groups_are_refused(pipeline: logshape.Pipeline) -> None:
    """A function that ships its own log writes for ever."""
    shipment = pipeline.shape(event("a", "b", group="/aws/lambda/ingest"))

    assert shipment == Shipment(log_group="/aws/lambda/ingest", ledger=Ledger(received=2, filtered=2))


def test_a_control_message_is_acknowledged(pipeline: logshape.Pipeline) -> None:
    """CloudWatch Logs asks whether anybody is there."""
    payload = {
        "messageType": "CONTROL_MESSAGE",
        "logEvents": [{"id": "", "timestamp": TIME, "message": "CWL CONTROL MESSAGE"}],
    }

    assert pipeline.shape(packed(payload)) == Shipment()


def test_an_unreadable_payload_comes_back_whole(pipeline: logshape.Pipeline) -> None:
    """Trying again would not make it readable."""
    shipment = pipeline.shape({"awslogs": {"data": "@@"}})

    assert shipment.ledger == Ledger(payloads_quarantined=1)
    assert shipment.unreadable is not None
    assert shipment.unreadable.payload == b"@@"
    assert (shipment.records, shipment.bodies) == ([], [])


def test_an_event_that_no_store_can_take_is_quarantined_alone(pipeline: logshape.Pipeline) -> None:
    """It has no time and no neighbour; its payload is otherwise empty."""
    shipment = pipeline.shape(event({"id": "x", "timestamp": "never", "message": "m"}))

    assert [lost.id for lost in shipment.quarantined] == ["x"]
    assert shipment.ledger == Ledger(received=1, archive_quarantined=1, index_quarantined=1)


def test_what_was_mended_is_said_in_the_record(pipeline: logshape.Pipeline) -> None:
    """A person who wonders about a time finds out why."""
    shipment = pipeline.shape(event({"id": "x", "timestamp": 0, "message": "m"}, "good"))

    assert [row.get("parse_errors") for row in rows(shipment)] == [["neighbour:observed_time"], None]


def test_an_empty_payload_ships_nothing(pipeline: logshape.Pipeline) -> None:
    """Zero events are accounted for."""
    shipment = pipeline.shape(event())

    assert shipment == Shipment(log_group=shipment.log_group)


def test_records_and_bodies_keep_their_limits_and_their_order(pipeline: logshape.Pipeline) -> None:
    """Firehose refuses a record over 1,000 KiB, and a small OpenSearch node a body over 10 MiB."""
    shipment = pipeline.shape(event(*[f"{number} " + "é" * 3000 for number in range(1500)]))

    assert len(shipment.records) > 1
    assert len(shipment.bodies) > 1
    assert max(map(len, shipment.records)) <= LARGEST_RECORD
    assert max(map(len, shipment.bodies)) <= LARGEST_BODY
    assert min(map(len, shipment.records[:-1])) > LARGEST_RECORD * 0.98
    assert [row["event_id"] for row in rows(shipment)] == [str(number) for number in range(1500)]
    assert [action["_id"] for action, _ in documents(shipment)] == [str(number) for number in range(1500)]


def test_a_line_that_looks_like_a_seam_is_not_cut_there(pipeline: logshape.Pipeline) -> None:
    """The cut is made between documents, whatever they say."""
    seam = '\n{"create":{"_index":"x"}}\n'

    shipment = pipeline.shape(event(*[seam * 40_000] * 8))

    assert len(shipment.bodies) > 1
    assert {document["message"].strip() for _, document in documents(shipment)} == {(seam * 40_000).strip()}


@pytest.mark.parametrize("character", ["x", "é", "\x00", "💳", '"', "\\"])
def test_a_row_too_large_is_cut_and_kept_whole_beside(pipeline: logshape.Pipeline, character: str) -> None:
    """A line of a megabyte can be six of JSON; its neighbour goes as ever."""
    line = character * 1_030_000

    shipment = pipeline.shape(event("before", line, "after"))

    before, cut, after = rows(shipment)
    assert (before["message"], after["message"]) == ("before", "after")
    assert cut["parse_errors"] == ["truncated:message"]
    assert line.startswith(cut["message"].removesuffix("…"))
    assert max(map(len, shipment.records)) <= LARGEST_RECORD
    assert max(map(len, shipment.bodies)) <= LARGEST_BODY
    (whole,) = shipment.oversize
    assert json.loads(whole.document)["message"] == line
    assert shipment.ledger == Ledger(received=3)


def test_a_value_too_long_for_the_index_is_cut_there_alone(pipeline: logshape.Pipeline) -> None:
    """OpenSearch would refuse the document; the archive takes the line."""
    line = json.dumps({"message": "m", "big": "x" * 40_000})

    shipment = pipeline.shape(event(line))

    assert rows(shipment)[0]["raw"] == line
    ((_, document),) = documents(shipment)
    assert document["parse_errors"] == ["truncated:attributes"]
    assert len(document["attributes"]["big"].encode()) < 32_766


@pytest.mark.parametrize(
    ("group", "stream", "service"),
    [
        ("/aws/lambda/orders", "2025/10/31/[$LATEST]ab", "orders"),
        ("/shared", "2025/10/31/orders[$LATEST]ab", "orders"),
        ("/shared", "2025/10/31/[$LATEST]ab", None),
        ("/shared", "orders[1]", None),
        ("/aws/lambda/", "", None),
        ("", "", None),
    ],
)
def test_the_service_is_the_functions_name(group: str, stream: str, service: str | None) -> None:
    """Where neither line nor contract names it, the group or the stream does."""
    assert service_of(group, stream) == service


def test_shaping_is_pure(contract: logshape.contract.model.Contract) -> None:
    """Two containers, or a replay, make the same bytes."""
    payload = event("INFO 2025-10-31T22:38:21Z a", '{"x": {"y": 1}, "message": "b"}', "c")

    assert logshape.Pipeline(contract).shape(payload) == logshape.Pipeline(contract).shape(payload)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
KEYS = st.sampled_from(
    ["message", "level", "@timestamp", "rid", "took", "cart", "event_id", "raw", "attributes", "LEVEL", "parse_errors"]
)


@settings(max_examples=150)
@given(st.lists(st.dictionaries(KEYS, JSON, max_size=5).map(json.dumps) | st.text(), min_size=1, max_size=6))
def test_every_event_is_accounted_for_and_every_byte_is_json(
    contract: logshape.contract.model.Contract, messages: list[str]
) -> None:
    """Whatever people log, under whatever keys, no neighbour is harmed by it."""
    shipment = logshape.Pipeline(contract).shape(event(*messages))

    kept = shipment.ledger.received - shipment.ledger.filtered
    assert shipment.ledger.received == len(messages)
    assert len(rows(shipment)) == kept
    assert len(documents(shipment)) == kept
    assert all(row["log_group"] == "/app/a" for row in rows(shipment))
