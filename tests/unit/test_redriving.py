"""Where the documents of an object that waits end, whatever the sinks, the spool and the object itself do."""

from __future__ import annotations

import gzip
import hashlib
import json
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from logshape.connections import Folder, NoAnswer, Reply
from logshape.delivery.contents import LARGEST_FAILURE, kind_of
from logshape.delivery.sending import MOST_BYTES, PROBE, Tally, Waits
from logshape.delivery.waiting import Wish, find
from logshape.errors import Undeliverable
from logshape.local.subscriptions import data_message
from tests.waiting import (
    ARCHIVE,
    BUSY,
    DENIED,
    FAILED,
    NOW,
    SPOOLED,
    UNCONVERTED,
    Killed,
    World,
    acknowledged,
    documents,
    kind,
    rows,
    statuses,
    unconverted,
)
from tests.wires import ids, row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Return stores that work, and make pauses short."""
    monkeypatch.setattr("logshape.delivery.patience.FIRST_PAUSE", 0.001)
    return World(tmp_path / "bucket")


def test_documents_go_as_they_are_and_the_object_goes_last(world: World) -> None:
    """The good day: rows share records, and a document keeps its index and its id."""
    world.spool(ARCHIVE, rows("1", "2", "3"))
    world.spool(SPOOLED, documents("1", "2", "3"))

    assert world.redrive(ARCHIVE) == (None, {"archive": Tally(redriven=3)})
    assert world.redrive(SPOOLED) == (None, {"index": Tally(redriven=3)})
    assert world.asked == [[["1", "2", "3"]], ["1", "2", "3"]]
    assert world.done == ["put", f"remove {ARCHIVE}", "bulk", f"remove {SPOOLED}"]
    assert world.found() == []


def test_an_object_that_is_not_packed_is_read_too(world: World) -> None:
    """Somebody may have looked into it and laid it back."""
    world.spool("spool/undelivered/index/1.ndjson", documents("1"))

    assert world.redrive("spool/undelivered/index/1.ndjson") == (None, {"index": Tally(redriven=1)})


def test_an_object_that_is_gone_is_done(world: World) -> None:
    """S3 may tell of it twice, and a sweep once more."""
    assert world.redrive(SPOOLED) == (None, {})


@pytest.mark.parametrize("answer", [BUSY, DENIED, NoAnswer(reason="ConnectionError")], ids=["busy", "denied", "silent"])
def test_a_sink_that_is_down_is_asked_a_little_and_then_left_alone(world: World, answer: Reply | NoAnswer) -> None:
    """A store that starts again must not find a day's worth of documents at its door."""
    world.spool(SPOOLED, documents(*map(str, range(500))))
    world.spool("spool/undelivered/index/2.gz", documents("500"))
    world.bulk = lambda _: answer
    redriver = world.redriver()

    first = redriver.redrive(world.bucket, SPOOLED, kind(SPOOLED))
    asked = len(world.asked)
    second = redriver.redrive(world.bucket, "spool/undelivered/index/2.gz", kind(SPOOLED))

    assert first is not None
    assert (first, first.stop) == (second, answer == DENIED)
    assert max(len(sent) for sent in world.asked if isinstance(sent, list)) == PROBE
    assert (len(world.asked), len(world.found())) == (asked, 2)


def test_one_sink_that_is_down_does_not_hold_up_the_other(world: World) -> None:
    """They fail for reasons of their own."""
    world.spool(ARCHIVE, rows("1"))
    world.spool(SPOOLED, documents("1"))
    world.bulk = lambda _: DENIED
    redriver = world.redriver()

    assert redriver.redrive(world.bucket, SPOOLED, kind(SPOOLED)) is not None
    assert redriver.redrive(world.bucket, ARCHIVE, kind(ARCHIVE)) is None


def test_the_wait_that_a_store_asks_for_is_told(world: World) -> None:
    """Whoever gives the message back shall not come earlier."""
    world.spool(SPOOLED, documents("1"))
    world.bulk = lambda _: Reply(status=503, body="", after=900.0)

    assert world.redrive(SPOOLED)[0] == Waits(rule="index-503", after=900.0)


def test_what_is_left_is_kept_before_the_object_goes(world: World) -> None:
    """Between the two it is in both, which is a duplicate at the worst; the other way round it would be nowhere."""
    large = [{"event_id": e, "document": json.loads(row(e)) | {"message": "x" * 900_000}} for e in ("1", "2")]
    world.spool(ARCHIVE, large)
    world.put = failing_second

    assert world.redrive(ARCHIVE) == (None, {"archive": Tally(redriven=1, left=1)})
    assert world.archived == ["1"]
    assert world.done[-2:] == ["write spool/undelivered/archive/1970/01/01/00", f"remove {ARCHIVE}"]
    assert [line["event_id"] for line in world.kept("spool/undelivered/archive")] == ["2"]


def failing_second(records: Sequence[bytes]) -> Mapping[str, object]:
    """Be a stream that takes the row 1 alone."""
    said = [{"RecordId": "r"} if b'"event_id":"1"' in record else {"ErrorCode": "Busy"} for record in records]
    return {"FailedPutCount": sum("ErrorCode" in each for each in said), "RequestResponses": said}


def test_poison_is_judged_by_its_own_answer(world: World) -> None:
    """However often a message has come: what the cluster says of a value is final, and of its neighbours nothing."""
    world.spool(SPOOLED, documents("1", "2", "3"))
    world.bulk = statuses(_2=400)

    assert world.redrive(SPOOLED) == (None, {"index": Tally(redriven=2, quarantined=1)})
    assert world.kept("spool/quarantine/index") == [
        documents("2")[0]
        | {"reason": "failed to parse", "rule": "index-mapper_parsing_exception", "contract_version": 1}
    ]
    assert world.found("spool/undelivered") == []


def test_a_document_that_stops_waits_alone(world: World) -> None:
    """A period that somebody has closed must not hold up today's, nor be sent for ever with them."""
    world.spool(SPOOLED, documents("1", "2"))
    world.bulk = statuses(_2=404)

    assert world.redrive(SPOOLED) == (None, {"index": Tally(redriven=1, left=1)})
    (left,) = world.found("spool/undelivered")
    redriver = world.redriver()
    assert redriver.redrive(world.bucket, left, kind(left)) == Waits(rule="index-404", stop=True)
    assert world.found() == [left]

    world.spool(SPOOLED, documents("3"))
    assert redriver.redrive(world.bucket, SPOOLED, kind(SPOOLED)) is None


def test_what_the_index_keeps_no_longer_is_not_sent(world: World) -> None:
    """A deleted period would come back, with one document, and stay."""
    world.spool(
        SPOOLED,
        [*documents("1", index="logs-shop-14d-2020.01.02"), *documents("2", index="logs-shop-forever-2020.01.02")],
    )

    waits, tallies = world.redrive(SPOOLED)

    assert tallies["index"].expired == 1
    assert waits is None
    assert [line["event_id"] for line in world.kept("spool/undelivered")] == ["2"]  # the template does not cover it


def test_without_time_nothing_is_begun(world: World) -> None:
    """An invocation that is killed has given nothing back."""
    world.spool(SPOOLED, documents("1"))

    assert world.redrive(SPOOLED, seconds=0.0) == (Waits(rule="redrive-no-time-left", soon=True), {})
    assert (world.asked, world.found()) == ([], [SPOOLED])


def test_a_line_that_cannot_be_read_costs_no_other(world: World) -> None:
    """It is kept where people look, and the rest goes its way."""
    world.spool(SPOOLED, documents("1"))
    content = gzip.compress(b'{"event_id":"2"}\nno JSON\n\n' + msgspec.json.encode(documents("1")[0]))
    Folder.write(world.bucket, SPOOLED, content)

    assert world.redrive(SPOOLED) == (None, {"index": Tally(redriven=1, quarantined=2)})
    lines = world.kept("spool/quarantine/index")
    assert [line["document"] for line in lines] == [{"event_id": "2"}, "no JSON"]
    assert {line["rule"] for line in lines} == {"redrive-unreadable-line"}


def test_an_object_that_breaks_off_is_kept_whole(world: World) -> None:
    """What can be read of it is sent, and all of it is there for whoever can mend it."""
    content = gzip.compress(b"".join(msgspec.json.encode(line) + b"\n" for line in documents(*map(str, range(9)))))[
        :-12
    ]
    Folder.write(world.bucket, SPOOLED, content)

    waits, tallies = world.redrive(SPOOLED)

    ((line),) = world.kept("spool/quarantine/index")
    assert (waits, tallies["index"].quarantined, line["rule"]) == (None, 1, "redrive-unreadable-object")
    assert line["document"] == {"part": 1, "base64": b64encode(content).decode()}
    assert world.indexed == [str(n) for n in range(tallies["index"].redriven)]


def test_rows_that_failed_together_go_each_alone_and_what_failed_alone_is_poison(world: World) -> None:
    """Firehose says which record failed, and never which row of it."""
    lines = [unconverted("1", "2", "3"), unconverted("4")]
    world.spool(UNCONVERTED, lines)

    assert world.redrive(UNCONVERTED) == (None, {"archive": Tally(redriven=3, quarantined=1)})
    assert world.asked == [[["1"], ["2"], ["3"]]]
    ((line),) = world.kept("spool/quarantine/archive")
    assert (line["event_id"], line["rule"], line["reason"]) == (
        "4",
        "archive-DataFormatConversion.MalformedData",
        "why",
    )


def test_many_rows_that_failed_are_a_call_for_every_500(world: World) -> None:
    """A call for each of them would be a day of calls."""
    world.spool(UNCONVERTED, [unconverted(*map(str, range(1, 1_041)))])

    world.redrive(UNCONVERTED)

    assert [len(call) for call in world.asked if isinstance(call, list)] == [PROBE, 500, 500, 20]


def test_both_names_that_firehose_has_for_a_code_are_read(world: World) -> None:
    """Its guide has had ErrorCode and lastErrorCode."""
    line = unconverted("1")
    world.spool(
        UNCONVERTED, [line | {"lastErrorCode": line.pop("ErrorCode"), "lastErrorMessage": line.pop("ErrorMessage")}]
    )

    assert world.redrive(UNCONVERTED) == (None, {"archive": Tally(quarantined=1)})
    assert world.kept("spool/quarantine")[0]["reason"] == "why"


@pytest.mark.parametrize("code", ["DataFormatConversion.InvalidSchema", "DataFormatConversion.EntityNotFound", "Other"])
def test_a_fault_of_the_table_stops_and_poisons_nothing(world: World, code: str) -> None:
    """Each record would fail again, and each is well: the table is to be mended."""
    world.spool(UNCONVERTED, [unconverted("1"), unconverted("2", "3", code=code)])

    assert world.redrive(UNCONVERTED) == (Waits(rule=f"archive-{code}", stop=True), {})
    assert (world.asked, world.found()) == ([], [UNCONVERTED])


def test_a_row_that_is_no_json_cannot_be_sent_again(world: World) -> None:
    """It has no event id either; it would fail alone."""
    raw = b64encode(row("1") + b"\n{cut\n").decode()
    world.spool(UNCONVERTED, [unconverted("1") | {"rawData": raw}, {"rawData": "!"}])

    assert world.redrive(UNCONVERTED) == (None, {"archive": Tally(redriven=1, quarantined=2)})
    assert [line["document"] for line in world.kept("spool/quarantine/archive")] == ["{cut", {"rawData": "!"}]


EVENTS = [{"id": f"{n}", "timestamp": NOW, "message": "[ERROR] boom\n"} for n in range(3)]
PAYLOAD = data_message("1", "/aws/lambda/shop-a", "s", "logshape/shop", EVENTS)
BATCH = {"Records": [{"kinesis": {"data": PAYLOAD["awslogs"]["data"]}, "eventSource": "aws:kinesis"}]}  # type: ignore[index] # as it is made


@pytest.mark.parametrize(
    "failure",
    [
        {"version": "1.0", "requestContext": {}, "requestPayload": PAYLOAD, "responsePayload": None},
        {"version": "1.0", "KinesisBatchInfo": {"batchSize": 1}, "payload": json.dumps(BATCH)},
    ],
    ids=["asynchronous", "Kinesis"],
)
def test_an_invocation_that_failed_is_shaped_again(world: World, failure: dict[str, Any]) -> None:
    """What Lambda keeps is the event as it came: nothing of it was ever read, nor redacted."""
    Folder.write(world.bucket, FAILED, json.dumps(failure).encode())

    assert world.redrive(FAILED) == (None, {})
    assert (world.archived, world.indexed, world.found()) == (["0", "1", "2"], ["0", "1", "2"], [])


@pytest.mark.parametrize(("group", "found"), [("/aws/lambda/shop-*", 4), ("/aws/lambda/other", 0), (None, 5)])
def test_what_waits_is_found_by_the_log_group_of_its_events(world: World, group: str | None, found: int) -> None:
    """Each kind names it in another place, and one that is broken names none."""
    body = {"log_group": "/aws/lambda/shop-a"}
    world.spool(SPOOLED, [line | {"document": line["document"] | body} for line in documents("1")])
    raw = b64encode(json.dumps({"event_id": "1"} | body).encode() + b"\n" + row("2")).decode()
    world.spool(UNCONVERTED, [unconverted("1") | {"rawData": raw}])
    for number, failure in enumerate(
        [{"requestPayload": PAYLOAD}, {"KinesisBatchInfo": {}, "payload": json.dumps(BATCH)}, "broken"]
    ):
        Folder.write(world.bucket, f"{FAILED}{number}", json.dumps(failure).encode())

    assert len(list(find([(world.bucket, "")], Wish(group=group)))) == found


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        ({"requestContext": {}}, "it holds no payload"),
        ({"KinesisBatchInfo": {"shardId": "1"}}, "it tells where the records are in the stream, and holds none"),
        ({"KinesisBatchInfo": {}, "payload": "{"}, "its payload is no event"),
        ("JSON that is no object", "it holds no payload"),
    ],
)
def test_a_failure_without_its_event_is_kept_as_it_is(world: World, failure: object, reason: str) -> None:
    """It says at least what is missing, and from when."""
    Folder.write(world.bucket, FAILED, json.dumps(failure).encode())

    assert world.redrive(FAILED) == (None, {})
    ((line),) = world.kept("spool/quarantine/payload")
    assert (line["document"], line["rule"], line["reason"]) == (failure, "redrive-failure-without-payload", reason)


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"\xff no JSON", "it is no JSON"), (b" " * LARGEST_FAILURE, "it is longer than any failure of Lambda's")],
    ids=["no JSON", "too long"],
)
def test_what_is_no_failure_of_lambdas_is_kept_to_the_last_byte(world: World, content: bytes, reason: str) -> None:
    """Somebody has put it there, and may want it back."""
    Folder.write(world.bucket, FAILED, content)

    assert world.redrive(FAILED) == (None, {})
    lines = world.kept("spool/quarantine/payload")
    parts = sorted((line["document"]["part"], line["document"]["base64"]) for line in lines)
    assert b"".join(b64decode(text) for _, text in parts) == content
    assert ({line["reason"] for line in lines}, world.found("aws/")) == ({reason}, [])


def test_what_a_sink_does_not_take_of_it_waits_as_documents(world: World) -> None:
    """The event is shaped once; from then on each sink has its own debt."""
    failure = {"requestPayload": PAYLOAD}
    Folder.write(world.bucket, FAILED, json.dumps(failure).encode())
    world.bulk = lambda _: BUSY

    assert world.redrive(FAILED) == (None, {})
    assert (world.archived, world.found(FAILED)) == (["0", "1", "2"], [])
    assert [line["event_id"] for line in world.kept("spool/undelivered/index")] == ["0", "1", "2"]


def objects(world: World) -> None:
    """Lay one object of each kind into the bucket: seven events, of which one is poison for the index."""
    world.spool(ARCHIVE, rows("a1", "a2"))
    world.spool(SPOOLED, documents("i1", "i2", "i3"))
    world.spool(UNCONVERTED, [unconverted("u1", "u2"), unconverted("u3")])
    Folder.write(world.bucket, FAILED, json.dumps({"requestPayload": PAYLOAD}).encode())


def run(world: World) -> None:
    """Send again all that waits, as often as something is left of it."""
    while waiting := [key for key in world.found() if kind_of(key)]:
        redriver = world.redriver()
        for key in waiting:
            assert redriver.redrive(world.bucket, key, kind(key)) is None


def once(bulk: bytes, world: World) -> Reply:
    """Be a cluster that keeps ids once, has no room for i2 at first, and never takes i3."""
    wanted = {"i3": 400} | ({"i2": 429} if "i1" not in world.indexed else {})
    error = {"type": "mapper_parsing_exception", "reason": "failed to parse"}
    items = []
    for event_id in ids(bulk):
        status = wanted.get(event_id, 409 if event_id in world.indexed else 201)
        if status == 201:
            world.indexed.append(event_id)
        items.append({"create": {"_id": event_id, "status": status} | ({"error": error} if status == 400 else {})})
    return Reply(status=200, body=json.dumps({"items": items}))


def steps(path: Path) -> int:
    """Return in how many steps all is sent again when nobody is killed."""
    world = World(path / "whole")
    world.bulk = lambda bulk: once(bulk, world)
    objects(world)
    run(world)
    return len(world.done)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_whoever_is_killed_between_any_two_steps_leaves_what_the_next_one_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is lost, the index has nothing twice, and what is twice in the archive has the same id."""
    monkeypatch.setattr("logshape.delivery.patience.FIRST_PAUSE", 0.001)
    total = steps(tmp_path)
    assert total >= 12

    for step in range(total):
        world = World(tmp_path / f"killed-{step}")
        world.bulk = lambda bulk, world=world: once(bulk, world)  # type: ignore[misc] # mypy takes no default for a lambda
        objects(world)
        world.die_before = step
        try:
            run(world)
        except (Killed, Undeliverable):  # which is raised where threads were killed
            world.die_before = None
        run(world)

        quarantined = {
            (key.split("/")[2], line["event_id"]) for key in world.found("spool/quarantine") for line in world.kept(key)
        }
        assert set(world.archived) == {"a1", "a2", "u1", "u2", "0", "1", "2"}, step
        assert sorted(world.indexed) == ["0", "1", "2", "i1", "i2"], step
        assert quarantined == {("index", "i3"), ("archive", "u3")}, step
        assert [key for key in world.found() if kind_of(key)] == []


def test_a_large_object_is_never_in_memory_as_a_whole(world: World) -> None:
    """A spool that filled for hours is read in parts, and each call keeps its store's limits."""
    message = "x" * 20_000
    lines = [{"event_id": str(n), "document": json.loads(row(str(n))) | {"message": message}} for n in range(1_000)]
    world.spool(ARCHIVE, lines)
    largest = 0

    def put(records: Sequence[bytes]) -> Mapping[str, object]:
        nonlocal largest
        largest = max(largest, sum(map(len, records)))
        return acknowledged(records)

    world.put = put

    assert world.redrive(ARCHIVE) == (None, {"archive": Tally(redriven=1_000)})
    assert largest <= MOST_BYTES + 20_000


def test_an_object_that_is_kept_anew_just_as_it_was_stays(world: World) -> None:
    """The name is made of the content: to remove the old one would remove the new one."""
    lines = [
        line | {"document": {"event_id": line["event_id"], "message": "x" * 900_000}} for line in documents(*"12345")
    ]
    content = b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
    key = f"spool/undelivered/index/1970/01/01/00/index-404.{hashlib.sha256(content).hexdigest()[:32]}.ndjson.gz"
    Folder.write(world.bucket, key, gzip.compress(content))
    world.bulk = statuses(_1=404, _2=404, _3=404, _4=404, _5=404)

    assert world.redrive(key) == (None, {"index": Tally(left=5)})
    assert (len(world.kept("spool/undelivered")), world.found()) == (5, [key])
