"""What ingest takes of a batch from Kinesis, how it is kept together, and what is to come again."""

from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from logshape import Pipeline
from logshape.connections import Reply
from logshape.delivery import Sinks, take
from logshape.delivery.breaker import Breaker
from logshape.errors import OutsideFailure, UnbalancedLedger, UnreadablePayload
from logshape.ledger import Ledger
from logshape.local.subscriptions import control_message, data_message
from tests.unit.test_deliver import BUSY, World, stored
from tests.wires import created

if TYPE_CHECKING:
    from logshape.contract.model import Contract
    from logshape.delivery.intake import Taken
    from logshape.local.functions import Event

NOW = 1_790_000_000_000
ORDERS, CHECKOUT = "/aws/lambda/orders-api", "/aws/lambda/checkout"
INDEXES = '{"index_templates":[{"name":"t","index_template":{"index_patterns":["logs-shop-eu-*"]}}]}'


class Shop(World):
    """The stores of the contract `shop-eu`, and its pipeline."""

    def __init__(self, contract: Contract) -> None:
        """Let everything work."""
        super().__init__()
        self.pipeline = Pipeline(contract)

    def take(self, event: object) -> Taken:
        """Take *event* in an invocation that has a minute, in a container of its own."""
        return take(event, self.pipeline.shape, self.sinks, self.spool, time.monotonic() + 60)

    def _request(self, method: str, path: str, sent: bytes | None, seconds: float) -> Any:  # noqa: ANN401 # as above
        return Reply(status=200, body=INDEXES) if sent is None else super()._request(method, path, sent, seconds)


@pytest.fixture
def shop(shop: Contract, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """Return stores that work, and make pauses short."""
    monkeypatch.setattr("logshape.delivery.patience.FIRST_PAUSE", 0.001)
    return Shop(shop)


def payload(log_group: str, *event_ids: str) -> str:
    """Return what CloudWatch Logs puts into one record: base64 of gzip."""
    events = [{"id": event_id, "timestamp": NOW, "message": "boom"} for event_id in event_ids]
    return data_of(data_message("123456789012", log_group, "s", "f", events))


def data_of(event: Event) -> str:
    """Return the data of a subscription's *event*."""
    match event:
        case {"awslogs": {"data": str(data)}}:
            return data
        case _:
            pytest.fail("no event of a subscription")


def batch(*data: object) -> dict[str, Any]:
    """Return the batch that an event source mapping makes of records with *data*, numbered from 1."""
    return {
        "Records": [
            {
                "kinesis": {
                    "kinesisSchemaVersion": "1.0",
                    "partitionKey": "s",
                    "sequenceNumber": str(number),
                    "data": each,
                    "approximateArrivalTimestamp": 1_790_000_000.0,
                },
                "eventSource": "aws:kinesis",
                "eventVersion": "1.0",
                "eventID": f"shardId-000000000000:{number}",
                "eventName": "aws:kinesis:record",
                "awsRegion": "us-east-1",
            }
            for number, each in enumerate(data, 1)
        ]
    }


def failures(taken: Taken) -> object:
    """Return what Lambda is told to hand over again."""
    return taken.answer()["batchItemFailures"]


def test_a_batch_is_delivered_together(shop: Shop) -> None:
    """Many small payloads are one call to each sink, and one record, which Firehose charges by the 5 KB."""
    taken = shop.take(batch(payload(ORDERS, "1"), payload(CHECKOUT, "2"), payload(ORDERS, "3", "4")))

    assert taken.books == {
        ORDERS: Ledger(received=3, archived=3, indexed=3),
        CHECKOUT: Ledger(received=1, archived=1, indexed=1),
    }
    assert taken.answer() == {**Ledger(received=4, archived=4, indexed=4).counts(), "batchItemFailures": []}
    assert [len(put) for put in shop.puts] == [1]
    assert shop.bulks == [["1", "2", "3", "4"]]


def test_the_books_of_each_log_group_are_its_own(shop: Shop) -> None:
    """One call has documents of many groups, of which each may end elsewhere."""
    statuses = {"1": 201, "2": 409, "3": 404, "4": 201}
    shop.bulk = lambda bulk: Reply(status=200, body=created(bulk, statuses).decode())

    taken = shop.take(batch(payload(ORDERS, "1", "3"), payload(CHECKOUT, "2", "4")))

    assert taken.books == {
        ORDERS: Ledger(received=2, archived=2, indexed=1, index_spooled=1),
        CHECKOUT: Ledger(received=2, archived=2, indexed=1, duplicates=1),
    }


def test_whatever_a_store_says_is_no_failure_of_the_batch(shop: Shop) -> None:
    """The spool has it: a batch that came again would be stored twice, and would hold up its shard."""
    shop.bulk = lambda _: BUSY

    taken = shop.take(batch(payload(ORDERS, "1"), payload(CHECKOUT, "2")))

    assert failures(taken) == []
    assert shop.kept("undelivered/index") == ["1", "2"]


UNREADABLE: list[object] = ["not base64!", base64.b64encode(b"not gzip").decode(), None, 7]


@pytest.mark.parametrize("bad", UNREADABLE)
def test_a_record_that_cannot_be_read_is_quarantined_and_harms_no_neighbour(shop: Shop, bad: object) -> None:
    """Anybody with a right to the stream can put anything into it."""
    taken = shop.take(batch(payload(ORDERS, "1"), bad, payload(ORDERS, "2")))

    assert failures(taken) == []
    assert sum(taken.books.values(), Ledger()) == Ledger(received=2, archived=2, indexed=2, payloads_quarantined=1)
    assert shop.kept("quarantine/payload") == [None]


def test_several_records_that_cannot_be_read_are_one_object(shop: Shop) -> None:
    """A producer that went wrong does not do so once."""
    taken = shop.take(batch("not base64!", "nor this!"))

    assert taken.books == {"": Ledger(payloads_quarantined=2)}
    assert [len(lines) for lines in shop.objects.values()] == [2]


def test_without_a_spool_a_record_that_cannot_be_read_is_the_first_to_come_again(shop: Shop) -> None:
    """What stands before it is delivered and is not asked for again."""
    event = batch(payload(ORDERS, "1"), "not base64!", payload(ORDERS, "2"))

    taken = take(event, shop.pipeline.shape, shop.sinks, None, time.monotonic() + 60)

    assert failures(taken) == [{"itemIdentifier": "2"}]
    assert taken.books == {ORDERS: Ledger(received=1, archived=1, indexed=1)}
    with pytest.raises(UnreadablePayload, match="LOGSHAPE_SPOOL is empty"):
        take({"awslogs": {"data": "not base64!"}}, shop.pipeline.shape, shop.sinks, None, time.monotonic() + 60)


def test_what_can_be_kept_nowhere_comes_again(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    """Kinesis has it still; nothing is claimed that is not so."""

    def refused(_key: str, _content: bytes) -> None:
        raise OutsideFailure("s3://spool/x: SlowDown")

    shop.bulk = lambda _: BUSY
    shop.keep = refused

    taken = shop.take(batch(payload(ORDERS, "1"), payload(ORDERS, "2")))

    assert taken.answer() == {**Ledger().counts(), "batchItemFailures": [{"itemIdentifier": "1"}]}
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (said["level"], said["message"]) == ("ERROR", "records of the stream come again")


def test_what_stands_before_a_record_that_can_be_kept_nowhere_is_done_with(shop: Shop) -> None:
    """The shard goes on up to it; what was in one call with it is in the books once."""

    def refused(_key: str, _content: bytes) -> None:
        raise OutsideFailure("s3://spool/x: SlowDown")

    shop.bulk = lambda bulk: Reply(status=200, body=created(bulk, {"2": 404}).decode())
    shop.keep = refused

    taken = shop.take(batch(payload(ORDERS, "1"), payload(CHECKOUT, "2"), payload(ORDERS, "3")))

    assert failures(taken) == [{"itemIdentifier": "2"}]
    assert taken.books == {ORDERS: Ledger(received=1, archived=1, indexed=1)}
    assert shop.bulks == [["1", "2", "3"], ["1"], ["2"]]


@pytest.fixture
def small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every payload fill a portion."""
    monkeypatch.setattr("logshape.delivery.intake.PORTION_BYTES", 1)


@pytest.mark.usefixtures("small_portions")
def test_a_batch_too_large_for_memory_goes_in_portions(shop: Shop) -> None:
    """The first that cannot be kept ends the batch; what was delivered before is in the books."""

    def refused(_key: str, _content: bytes) -> None:
        raise OutsideFailure("s3://spool/x: SlowDown")

    shop.bulk = lambda bulk: stored(bulk) if b'"_id":"2"' not in bulk else Reply(status=403, body="")
    shop.keep = refused

    taken = shop.take(batch(payload(ORDERS, "1"), payload(ORDERS, "2"), payload(ORDERS, "3")))

    assert failures(taken) == [{"itemIdentifier": "2"}]
    assert taken.books == {ORDERS: Ledger(received=1, archived=1, indexed=1)}
    assert shop.bulks == [["1"], ["2"]]


@pytest.mark.usefixtures("small_portions")
def test_what_there_is_no_time_for_comes_again(shop: Shop) -> None:
    """A batch that Lambda ends is handed over whole, and would never be done."""
    sinks = shop.sinks
    event = batch(payload(ORDERS, "1"), payload(ORDERS, "2"))

    taken = take(event, shop.pipeline.shape, sinks, shop.spool, time.monotonic() + 2.0)

    assert failures(taken) == [{"itemIdentifier": "2"}]
    assert taken.books == {ORDERS: Ledger(received=1, archived=1, indexed=1)}


def test_a_batch_that_does_not_balance_raises(shop: Shop) -> None:
    """It is a fault of ours, which an alarm must see: an answer is no error."""

    def wrong(event: object) -> Any:  # noqa: ANN401 # a shipment
        shipment = shop.pipeline.shape(event)
        shipment.ledger.received += 1
        return shipment

    with pytest.raises(UnbalancedLedger):
        take(batch(payload(ORDERS, "1")), wrong, shop.sinks, shop.spool, time.monotonic() + 60)


def test_a_question_whether_the_stream_is_there_is_answered_with_nothing(shop: Shop) -> None:
    """CloudWatch Logs puts it into the stream when a subscription is made."""
    taken = shop.take(batch(data_of(control_message(NOW)), payload(ORDERS, "1")))

    assert taken.books == {ORDERS: Ledger(received=1, archived=1, indexed=1)}


def test_a_record_without_a_number_has_the_whole_batch_come_again(shop: Shop) -> None:
    """Lambda takes an empty identifier for all of them."""
    event = batch("not base64!")
    del event["Records"][0]["kinesis"]

    taken = take(event, shop.pipeline.shape, shop.sinks, None, time.monotonic() + 60)

    assert failures(taken) == [{"itemIdentifier": ""}]


@pytest.mark.usefixtures("small_portions")
def test_a_breaker_spares_a_sink_within_a_batch(shop: Shop) -> None:
    """A batch of many portions must not wait for five seconds at each of them."""
    shop.bulk = lambda _: BUSY
    sinks = Sinks(
        archive=shop.sinks.archive,
        index=shop.sinks.index,
        breakers={name: Breaker(name, lambda: 0.0) for name in ("archive", "index")},
    )
    event = batch(*(payload(ORDERS, event_id) for event_id in "123"))

    taken = take(event, shop.pipeline.shape, sinks, shop.spool, time.monotonic() + 60)

    assert taken.books == {ORDERS: Ledger(received=3, archived=3, index_spooled=3)}
    assert shop.bulks == [["1"], ["1"], ["1"]]
