"""Where every document of a shipment ends, whatever the sinks and the spool do."""

from __future__ import annotations

import gzip
import json
import threading
import time
from typing import TYPE_CHECKING

import pytest

from logshape.connections import NoAnswer, Refused, Reply
from logshape.delivery import Sinks, deadline, deliver
from logshape.delivery.patience import SECONDS, TRIES, Outcome, patience
from logshape.delivery.reserve import Reserve
from logshape.errors import OutsideFailure, UnbalancedLedger, Undeliverable, UnreadablePayload
from logshape.ledger import Ledger
from logshape.lines.envelope import Lost, Unreadable
from logshape.pipeline import Oversize, Shipment
from logshape.sinks.firehose import Archive
from logshape.sinks.opensearch import Index
from logshape.sinks.spool import Spool
from tests.wires import TEMPLATE, body, created, ids, record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

FULL = 60.0
HURRIED = 1.6
"""Seconds of an invocation in which something hangs: half of them are waited for, the rest must do on a busy machine."""
BUSY = Reply(status=503, body="")


class World:
    """Both stores and the bucket, each of which does as it is told."""

    def __init__(self) -> None:
        """Let everything work."""
        self.put: Callable[[Sequence[bytes]], Mapping[str, object] | Refused | NoAnswer] = acknowledged
        self.bulk: Callable[[bytes], Reply | NoAnswer] = stored
        self.keep: Callable[[str, bytes], None] = self._keep
        self.puts: list[list[bytes]] = []
        self.bulks: list[list[str]] = []
        self.objects: dict[str, list[dict[str, object]]] = {}

    @property
    def sinks(self) -> Sinks:
        """Both sinks."""
        return Sinks(archive=Archive(self._put), index=Index(self._request, "logs-shop"))

    @property
    def spool(self) -> Spool:
        """The bucket as a spool, in the first hour of 1970."""
        return Spool(self.keep, contract_version=1, clock=lambda: 0.0)

    def deliver(self, shipment: Shipment, seconds: float = FULL) -> Ledger:
        """Deliver *shipment* in an invocation that has *seconds* left."""
        return deliver_one(shipment, self.sinks, self.spool, time.monotonic() + seconds)

    def kept(self, folder: str) -> list[object]:
        """Return the ids of the documents in *folder*."""
        return [
            line["event_id"] for key, lines in self.objects.items() if key.startswith(f"{folder}/") for line in lines
        ]

    def _put(self, records: Sequence[bytes]) -> Mapping[str, object] | Refused | NoAnswer:
        self.puts.append(list(records))
        return self.put(records)

    def _request(self, method: str, _path: str, sent: bytes | None, _seconds: float) -> Reply | NoAnswer:
        if sent is None:
            assert method == "GET"
            return Reply(status=200, body=TEMPLATE)
        self.bulks.append(ids(sent))
        return self.bulk(sent)

    def _keep(self, key: str, content: bytes) -> None:
        assert key not in self.objects
        self.objects[key] = [json.loads(line) for line in gzip.decompress(content).splitlines()]


def deliver_one(shaped: Shipment, sinks: Sinks, spool: Spool | None, end: float) -> Ledger:
    """Deliver what one payload became, and return the ledger of its log group."""
    (ledger,) = deliver([shaped], sinks, spool, end).values()
    return ledger


def acknowledged(records: Sequence[bytes]) -> Mapping[str, object]:
    """Be a stream that takes everything."""
    return {"FailedPutCount": 0, "RequestResponses": [{"RecordId": "r"} for _ in records]}


def stored(bulk: bytes) -> Reply:
    """Be a cluster that has seen nothing before."""
    return Reply(status=200, body=created(bulk).decode())


def shipment(*event_ids: str, **counts: int) -> Shipment:
    """Return what a payload of *event_ids* became."""
    ledger = Ledger(**{"received": len(event_ids), **counts})
    return Shipment(records=[record(*event_ids)], bodies=[body(*event_ids)], ledger=ledger)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """Return stores that work, and make pauses short."""
    monkeypatch.setattr("logshape.delivery.patience.FIRST_PAUSE", 0.001)
    return World()


def test_what_both_sinks_take_is_counted_once_for_each(world: World) -> None:
    """The good day: nothing is kept, nothing is tried again."""
    ledger = world.deliver(shipment("1", "2", "3"))

    assert ledger == Ledger(received=3, archived=3, indexed=3)
    assert (world.puts, world.bulks, world.objects) == ([[record("1", "2", "3")]], [["1", "2", "3"]], {})


def test_only_what_failed_is_sent_again(world: World) -> None:
    """The second try answers that the first was enough: that is a duplicate of ours, and no loss."""
    first = [{"1": 201, "2": 503, "3": 429}, {"2": 409}]
    world.bulk = lambda bulk: Reply(status=200, body=created(bulk, first.pop(0)).decode())

    ledger = world.deliver(shipment("1", "2", "3"))

    assert ledger == Ledger(received=3, archived=3, indexed=2, duplicates=1)
    assert world.bulks == [["1", "2", "3"], ["2", "3"]]


def test_a_sink_that_is_down_gets_three_tries_and_then_the_spool_has_all(world: World) -> None:
    """More tries would keep the function busy, and an outage would multiply it."""
    world.bulk = lambda _: BUSY
    world.put = lambda _: Refused(status=503, code="ServiceUnavailableException")

    ledger = world.deliver(shipment("1", "2"))

    assert ledger == Ledger(received=2, archive_spooled=2, index_spooled=2)
    assert (len(world.puts), len(world.bulks)) == (TRIES, TRIES)
    assert (world.kept("undelivered/archive"), world.kept("undelivered/index")) == (["1", "2"], ["1", "2"])


def test_a_sink_that_a_person_must_see_to_is_not_tried_again(world: World) -> None:
    """It goes to the spool at once, the calls that were not made with it, and poisons nothing."""
    large = [body(i).replace(b'"a"', b'"%s"' % (b"a" * 3_000_000)) for i in ("0", "1")]
    world.bulk = lambda _: Reply(status=403, body='{"error":{"type":"security_exception"}}')
    world.put = lambda _: Refused(status=400, code="AccessDeniedException")

    ledger = world.deliver(Shipment(records=[record("0", "1")], bodies=large, ledger=Ledger(received=2)))

    assert ledger == Ledger(received=2, archive_spooled=2, index_spooled=2)
    assert (len(world.puts), len(world.bulks)) == (1, 1)


def test_one_document_that_stops_leaves_its_neighbours_alone(world: World) -> None:
    """A closed period must not hold up today's."""
    world.bulk = lambda bulk: Reply(status=200, body=created(bulk, {"2": 404}).decode())

    ledger = world.deliver(shipment("1", "2", "3"))

    assert ledger == Ledger(received=3, archived=3, indexed=2, index_spooled=1)
    assert (world.bulks, world.kept("undelivered/index")) == ([["1", "2", "3"]], ["2"])


def test_poison_is_kept_apart_with_its_reason(world: World) -> None:
    """What will never be taken must not be sent again for ever."""
    error = {"type": "mapper_parsing_exception", "reason": "failed to parse"}
    items = [{"create": {"_id": "1", "status": 201}}, {"create": {"_id": "2", "status": 400, "error": error}}]
    world.bulk = lambda _: Reply(status=200, body=json.dumps({"items": items}))

    ledger = world.deliver(shipment("1", "2"))

    assert ledger == Ledger(received=2, archived=2, indexed=1, index_quarantined=1)
    ((line,),) = world.objects.values()
    assert (line["event_id"], line["rule"], line["reason"]) == (
        "2",
        "index-mapper_parsing_exception",
        "failed to parse",
    )


def test_a_wait_that_the_store_asks_for_is_kept_or_not_begun(world: World) -> None:
    """Less than asked is hammering; more than the patience is spooled at once."""
    answers = [Reply(status=503, body="", after=0.05)]
    world.bulk = lambda bulk: answers.pop() if answers else stored(bulk)
    started = time.monotonic()
    assert world.deliver(shipment("1")) == Ledger(received=1, archived=1, indexed=1)
    assert time.monotonic() - started >= 0.05

    world.bulks.clear()
    world.bulk = lambda _: Reply(status=503, body="", after=60.0)
    assert world.deliver(shipment("1")) == Ledger(received=1, archived=1, index_spooled=1)
    assert len(world.bulks) == 1


def test_a_sink_that_hangs_costs_its_share_of_the_time_and_not_the_other_sink(world: World) -> None:
    """A server that drips answers for ever has no time limit of its own; what it has stored it may be sent twice."""
    release = threading.Event()
    world.bulk = lambda bulk: (release.wait(), stored(bulk))[1]
    started = time.monotonic()

    ledger = world.deliver(shipment("1", "2"), seconds=HURRIED)

    release.set()
    assert ledger == Ledger(received=2, archived=2, index_spooled=2)
    assert time.monotonic() - started < HURRIED
    assert world.kept("undelivered/index") == ["1", "2"]


def test_an_answer_that_comes_late_touches_no_later_books(world: World) -> None:
    """A container is used again while the call that it gave up goes on: it may end, and must begin nothing."""
    sinks = world.sinks
    release, answered = threading.Event(), threading.Event()

    def late(bulk: bytes) -> Reply:
        if ids(bulk) != ["1"]:
            return stored(bulk)
        release.wait()
        answered.set()
        return BUSY

    world.bulk = late
    large = [body(i).replace(b'"a"', b'"%s"' % (b"a" * 3_000_000)) for i in ("1", "2")]
    first = Shipment(records=[record("1", "2")], bodies=large, ledger=Ledger(received=2))
    hung = deliver_one(first, sinks, world.spool, time.monotonic() + 2 * HURRIED)
    sinks.breakers["index"].learn(Outcome(stored=1, sent=True))
    world.put = lambda records: (release.set(), answered.wait(), acknowledged(records))[2]

    ledger = deliver_one(shipment("3"), sinks, world.spool, time.monotonic() + FULL)

    assert hung == Ledger(received=2, archived=2, index_spooled=2)
    assert ledger == Ledger(received=1, archived=1, indexed=1)
    assert world.bulks == [["1"], ["3"]]
    assert not sinks.breakers["index"].is_open


def test_what_was_stored_before_a_sink_hung_is_counted_as_stored(world: World) -> None:
    """The books say what is known, call by call."""
    release = threading.Event()
    world.put = lambda records: acknowledged(records) if len(world.puts) == 1 else (release.wait(), {})[1]
    records = [record("1"), b'{"event_id":"2","message":"%s"}\n' % (b"x" * 4_194_250)]

    ledger = world.deliver(
        Shipment(records=records, bodies=[body("1", "2")], ledger=Ledger(received=2)), seconds=HURRIED
    )

    release.set()
    assert ledger == Ledger(received=2, archived=1, archive_spooled=1, indexed=2)
    assert world.kept("undelivered/archive") == ["2"]


def test_both_sinks_are_sent_to_at_once(world: World) -> None:
    """Each waits here for the other, which ends well only if neither comes after the other."""
    meeting = threading.Barrier(2, timeout=10)
    world.put = lambda records: (meeting.wait(), acknowledged(records))[1]
    world.bulk = lambda bulk: (meeting.wait(), stored(bulk))[1]

    assert world.deliver(shipment("1")) == Ledger(received=1, archived=1, indexed=1)


def test_a_fault_of_ours_in_one_sink_spools_its_documents_and_is_logged(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is known of them, so they are kept; the other sink's are delivered all the same."""

    def broken(_: bytes) -> Reply:
        raise ZeroDivisionError("quotes the event")

    world.bulk = broken

    ledger = world.deliver(shipment("1"))

    assert ledger == Ledger(received=1, archived=1, index_spooled=1)
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["level"], line["sink"]) for line in said] == [("ERROR", "index"), ("WARNING", "index")]
    assert "quotes the event" not in json.dumps(said)


def test_a_sink_that_is_off_counts_nothing(world: World) -> None:
    """Its events are not missing: nobody wanted them there."""
    shaped = shipment("1", received=2, index_expired=1, index_quarantined=1, archive_quarantined=1)
    end = time.monotonic() + FULL

    archive = deliver_one(shaped, Sinks(archive=world.sinks.archive), world.spool, end)
    neither = deliver_one(shaped, Sinks(), None, end)

    assert archive == Ledger(received=2, archived=1, archive_quarantined=1)
    assert neither == Ledger(received=2)


def test_what_no_sink_was_sent_is_kept_by_the_spool(world: World) -> None:
    """Events without a time, and rows that the archive has only a part of."""
    shaped = shipment("1", received=2, archive_quarantined=1, index_quarantined=1)
    shaped.quarantined = [Lost("2", "no time", b'{"id":"2"}')]
    shaped.oversize = [Oversize("1", b'{"event_id":"1","message":"long"}')]

    ledger = world.deliver(shaped)

    assert ledger == Ledger(received=2, archived=1, indexed=1, archive_quarantined=1, index_quarantined=1)
    assert (world.kept("quarantine/payload"), world.kept("oversize")) == (["2"], ["1"])


def test_a_payload_that_cannot_be_read_is_kept_whole(world: World) -> None:
    """It may be read by a later version, or show who sends what to this function."""
    shaped = Shipment(ledger=Ledger(payloads_quarantined=1), unreadable=Unreadable("not gzip", b'{"awslogs":{}}'))

    ledger = world.deliver(shaped)

    assert ledger == Ledger(payloads_quarantined=1)
    ((line,),) = world.objects.values()
    assert line == {
        "event_id": None,
        "document": {"awslogs": {}},
        "reason": "not gzip",
        "rule": "payload-unreadable",
        "contract_version": 1,
    }


def test_a_payload_that_cannot_be_read_raises_where_nothing_can_keep_it(world: World) -> None:
    """Lambda then keeps it in the on-failure destination."""
    shaped = Shipment(ledger=Ledger(payloads_quarantined=1), unreadable=Unreadable("not gzip", b"{}"))

    with pytest.raises(UnreadablePayload) as raised:
        deliver_one(shaped, world.sinks, None, time.monotonic() + FULL)

    assert str(raised.value) == "not gzip; LOGSHAPE_SPOOL is empty, and nothing else can keep it"


def test_without_a_spool_what_a_sink_leaves_raises(world: World) -> None:
    """Lambda tries again; a return would say that all is well."""
    world.bulk = lambda _: BUSY

    with pytest.raises(Undeliverable) as raised:
        deliver_one(shipment("1", "2"), world.sinks, None, time.monotonic() + FULL)

    assert str(raised.value) == "nothing keeps 2 of the index's documents: LOGSHAPE_SPOOL is empty"


def test_a_spool_that_fails_raises_after_the_other_sinks_documents_are_kept(world: World) -> None:
    """Everything that can be done is done before the invocation fails."""
    world.bulk = lambda _: BUSY
    world.put = lambda _: NoAnswer(reason="ReadTimeoutError")
    keep = world.keep

    def half(key: str, content: bytes) -> None:
        if key.startswith("undelivered/index"):
            raise OutsideFailure(f"{key[:17]}: SlowDown")
        keep(key, content)

    world.keep = half

    with pytest.raises(Undeliverable) as raised:
        world.deliver(shipment("1", "2"))

    assert str(raised.value) == "2 of the index's documents: undelivered/index: SlowDown"
    assert world.kept("undelivered/archive") == ["1", "2"]


def test_a_spool_that_hangs_raises_before_the_deadline(world: World) -> None:
    """Lambda ends a function that is late without a word of what it could not keep."""
    release = threading.Event()
    world.bulk = lambda _: Reply(status=403, body="")
    world.keep = lambda _key, _content: release.wait() and None
    started = time.monotonic()

    with pytest.raises(Undeliverable) as raised:
        world.deliver(shipment("1"), seconds=HURRIED)

    release.set()
    assert time.monotonic() - started < HURRIED
    assert str(raised.value) == "1 of the index's documents: not written in time"


def test_books_that_do_not_balance_raise(world: World) -> None:
    """An event that ended nowhere is a fault of ours, and the sender must not be told that all is well."""
    with pytest.raises(UnbalancedLedger, match="archive: received 3 events, accounted for 2"):
        world.deliver(shipment("1", "2", received=3))


def test_own_log_volume_does_not_grow_with_the_events(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """A function that logs a line for each event may end up reading its own."""
    world.bulk = lambda _: BUSY

    world.deliver(shipment(*map(str, range(1000))))

    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["message"] for line in said] == [
        "a sink does not answer, its documents are spooled unsent",
        "documents were not taken",
    ]
    assert said[1]["documents"] == {"index-503": 1000}


@pytest.mark.parametrize(("left", "granted"), [(60.0, SECONDS), (3.0, 1.5), (-1.0, 0.0)])
def test_sinks_get_five_seconds_or_what_the_reserve_leaves(left: float, granted: float) -> None:
    """The spool must be able to do its work after them."""
    now = time.monotonic()

    until = patience(now + left, Reserve())

    assert until - now == pytest.approx(granted, abs=0.05)


def test_a_slow_spool_is_given_its_time_by_the_next_invocation(world: World) -> None:
    """What it took was measured: sinks that would use it up would leave nothing for what they do not take."""
    sinks = world.sinks
    world.bulk = lambda _: Reply(status=403, body="")
    keep = world.keep
    world.keep = lambda key, content: (time.sleep(0.02), keep(key, content))[1]
    before = sinks.reserve.spool.seconds

    deliver_one(shipment("1"), sinks, world.spool, time.monotonic() + FULL)

    assert before / 2 < sinks.reserve.spool.seconds < before


def test_the_deadline_is_what_lambda_says() -> None:
    """Without a context there is a minute."""

    class Context:
        def get_remaining_time_in_millis(self) -> int:
            return 1500

    now = time.monotonic()

    assert deadline(Context()) - now == pytest.approx(1.5, abs=0.05)
    assert deadline(None) - now == pytest.approx(60, abs=0.05)
