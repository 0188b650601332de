"""Prove redrive on the wire: S3's own notifications in a queue, and stores that come back."""

from __future__ import annotations

import json
import threading
import time
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends
from moto.sqs.models import sqs_backends

from logshape.delivery.returns import FIRST_WAIT, LONGEST_WAIT
from logshape.errors import Undeliverable
from logshape.ledger import Ledger
from tests.stack import ARCHIVE, EVENTS, QUEUE, QUEUE_ARN, SPOOL, STREAM, create_stream, payload
from tests.wires import Told, created, ids, record

if TYPE_CHECKING:
    from tests.stack import Stack
    from tests.wires import Asked


def message(body: object, message_id: str = "m", receipts: int = 1) -> dict[str, Any]:
    """Return a message as an event source mapping gives it, which no queue has."""
    return {
        "messageId": message_id,
        "receiptHandle": f"receipt-{message_id}",
        "body": body if isinstance(body, str) else json.dumps(body),
        "attributes": {"ApproximateReceiveCount": str(receipts)},
        "eventSourceARN": QUEUE_ARN,
    }


def hidden_for() -> list[float]:
    """Return for how many seconds from now each message of the queue is hidden."""
    queue = sqs_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].queues[QUEUE]
    return [each.visible_at / 1000 - time.time() for each in queue._messages]  # noqa: SLF001 # no API tells


def queue_url(stack: Stack) -> str:
    """Return the queue's URL, as the schedule's input names it."""
    url: str = stack.aws.client("sqs").get_queue_url(QueueName=QUEUE)["QueueUrl"]
    return url


def test_what_the_index_missed_comes_home_once_it_is_back(stack: Stack) -> None:
    """An outage costs time, and nothing else."""
    stack.store.answer = lambda _: Told(503)
    assert stack.ingest(payload(*EVENTS)) == Ledger(received=20, archived=20, index_spooled=20)

    assert len(stack.redrive()) == 1
    assert stack.kept("undelivered/index") == EVENTS

    stack.store.answer = stack.store.keep
    assert stack.redrive() == []
    assert (stack.store.ids, stack.kept("undelivered")) == (EVENTS, [])


def test_what_the_archive_missed_comes_home_once_it_is_back(stack: Stack) -> None:
    """Rows go as they are, packed anew."""
    stack.aws.client("firehose").delete_delivery_stream(DeliveryStreamName=STREAM)
    assert stack.ingest(payload(*EVENTS)) == Ledger(received=20, archive_spooled=20, indexed=20)
    assert len(stack.redrive()) == 1

    create_stream(stack.aws)
    assert stack.redrive() == []
    assert (stack.archived(), stack.kept("undelivered")) == (EVENTS, [])


def test_a_half_delivered_object_becomes_a_smaller_one(stack: Stack) -> None:
    """Its own notification brings it back, and the index is not sent again what it has."""
    stack.store.answer = lambda _: Told(503)
    stack.ingest(payload(*EVENTS))

    def answer(asked: Asked) -> Told:
        full = dict.fromkeys(ids(asked.body)[5:], 404)
        stack.store.ids += [event_id for event_id in ids(asked.body) if event_id not in full]
        return Told(200, created(asked.body, full))

    stack.store.answer = answer
    stack.redrive()

    stack.store.answer = stack.store.keep
    assert stack.redrive() == []
    assert sorted(stack.store.ids) == EVENTS
    assert stack.kept("undelivered") == []


def test_a_sink_that_is_down_is_given_time_and_more_of_it_each_time(stack: Stack) -> None:
    """A queue that comes round every few minutes would hammer a cluster that cannot start for it."""
    stack.store.answer = lambda _: Told(503)
    stack.ingest(payload(*EVENTS))
    waits = []
    for _ in range(3):
        stack.run("redrive", {"Records": stack.receive()})
        waits += hidden_for()
        stack.show_again()

    assert [FIRST_WAIT * 2**n / 2 - 5 < wait <= FIRST_WAIT * 2**n for n, wait in enumerate(waits)] == [True] * 3


def test_what_a_store_asks_for_is_given_to_it_up_to_an_hour(stack: Stack) -> None:
    """A load balancer may say anything."""
    stack.store.answer = lambda _: Told(503, b"", (("retry-after", "86400"),))
    stack.ingest(payload(*EVENTS))

    stack.run("redrive", {"Records": stack.receive()})

    (wait,) = hidden_for()
    assert LONGEST_WAIT - 30 < wait <= LONGEST_WAIT


def test_a_message_is_done_or_comes_again_by_itself(stack: Stack) -> None:
    """One that waits must not bring back its neighbours, whose objects are gone."""
    stack.aws.client("firehose").delete_delivery_stream(DeliveryStreamName=STREAM)
    stack.ingest(payload(*EVENTS))
    messages = [*stack.receive(), message({"Event": "s3:TestEvent"}, "test"), message("?", "unknown")]

    answer = stack.run("redrive", {"Records": messages})

    assert answer == {"batchItemFailures": [{"itemIdentifier": messages[0]["messageId"]}]}
    assert [line["document"] for line in stack.lines(SPOOL, "logshape/quarantine/payload/")] == ["?"]


def test_a_message_that_no_queue_has_is_answered_all_the_same(stack: Stack) -> None:
    """Somebody invokes the function by hand, with what the console offers as a sample."""
    stack.store.answer = lambda _: Told(503)
    stack.ingest(payload(*EVENTS))
    (told,) = stack.receive()

    answer = stack.run("redrive", {"Records": [{"messageId": "by hand", "body": told["body"]}]})

    assert answer == {"batchItemFailures": [{"itemIdentifier": "by hand"}]}


def test_a_duplicate_message_finds_nothing_to_do(stack: Stack) -> None:
    """SQS and S3 both may tell twice."""
    stack.store.answer = lambda _: Told(503)
    stack.ingest(payload(*EVENTS))
    stack.store.answer = stack.store.keep
    (told,) = stack.receive()

    answers = [stack.run("redrive", {"Records": [told]}) for _ in range(2)]

    assert answers == [{"batchItemFailures": []}] * 2
    assert stack.store.ids == EVENTS


def test_a_store_that_hangs_does_not_outlive_the_invocation(stack: Stack) -> None:
    """Lambda would kill it, and the queue would have heard nothing."""
    release = threading.Event()
    stack.store.answer = lambda _: Told(503)
    stack.ingest(payload(*EVENTS))

    def hang(asked: Asked) -> Told:
        release.wait()
        return Told(200, created(asked.body))

    stack.store.answer = hang
    started = time.monotonic()

    answer = stack.run("redrive", {"Records": stack.receive()}, seconds=8.0)

    took = time.monotonic() - started
    kept = stack.kept("undelivered/index")
    release.set()
    assert took < 8.0
    assert (len(answer["batchItemFailures"]), kept) == (1, EVENTS)


@pytest.mark.parametrize("form", ["S3", "SQS", "SNS"])
def test_an_event_that_lambda_gave_up_is_delivered_after_all(stack: Stack, form: str) -> None:
    """Whichever destination a stack has: the event is in the document, as CloudWatch Logs sent it."""
    failure = {
        "version": "1.0",
        "timestamp": "2026-01-02T03:04:05.678Z",
        "requestContext": {"condition": "RetriesExhausted", "approximateInvokeCount": 3},
        "requestPayload": payload(*EVENTS),
        "responseContext": {"statusCode": 200, "functionError": "Unhandled"},
        "responsePayload": {"errorType": "Undeliverable"},
    }
    envelope = {"Type": "Notification", "MessageId": "1", "TopicArn": "arn", "Message": json.dumps(failure)}
    key = "aws/lambda/async/shop-ingest/2026/01/02/2026-01-02T03.04.05-0b1"
    if form == "S3":
        stack.aws.client("s3").put_object(Bucket=SPOOL, Key=key, Body=json.dumps(failure))
        assert stack.redrive() == []
    else:
        body = failure if form == "SQS" else envelope
        assert stack.run("redrive", {"Records": [message(body)]}) == {"batchItemFailures": []}

    assert (stack.archived(), stack.store.ids) == (EVENTS, EVENTS)
    assert "Contents" not in stack.aws.client("s3").list_objects_v2(Bucket=SPOOL)


def test_what_ingest_could_not_keep_comes_home_by_the_way_of_lambda(stack: Stack) -> None:
    """The last net: both stores and the spool fail, Lambda keeps the event, and a day later all is as if nothing was."""
    s3 = stack.aws.client("s3")
    s3.delete_bucket(Bucket=SPOOL)
    stack.store.answer = lambda _: Told(503)
    event = payload(*EVENTS)
    with pytest.raises(Undeliverable):
        stack.ingest(event)

    stack.restore_spool()
    s3.put_object(Bucket=SPOOL, Key="aws/lambda/async/f/1", Body=json.dumps({"requestPayload": event}))
    stack.store.answer = stack.store.keep

    assert stack.redrive() == []
    assert (sorted(set(stack.archived())), stack.store.ids) == (EVENTS, EVENTS)


def test_rows_that_did_not_convert_are_sent_once_more_alone(stack: Stack) -> None:
    """A record of Firehose's has a thousand rows, of which one may be bad."""
    line = {
        "ErrorCode": "DataFormatConversion.MalformedData",
        "ErrorMessage": "Data does not match the schema.",
        "rawData": b64encode(record("1", "2")).decode(),
    }
    alone = line | {"rawData": b64encode(record("3")).decode()}
    body = f"{json.dumps(line)}\n{json.dumps(alone)}\n"
    key = "failed/format-conversion-failed/arrived=2026-01-02-03/shop-archive-1-2026"
    s3 = stack.aws.client("s3")
    s3.put_object(Bucket=ARCHIVE, Key=key, Body=body)

    assert stack.redrive() == []
    assert "Contents" not in s3.list_objects_v2(Bucket=ARCHIVE)
    assert stack.archived() == ["1", "2"]
    assert stack.kept("quarantine/archive") == ["3"]


def test_a_fault_of_the_glue_table_keeps_the_object_and_says_that_somebody_must_come(
    stack: Stack, capfd: pytest.CaptureFixture[str]
) -> None:
    """The alarm listens to the count."""
    line = {"ErrorCode": "DataFormatConversion.InvalidSchema", "rawData": b64encode(record("1")).decode()}
    key = "failed/format-conversion-failed/1"
    stack.aws.client("s3").put_object(Bucket=ARCHIVE, Key=key, Body=json.dumps(line))

    assert len(stack.redrive()) == 1
    assert stack.aws.client("s3").list_objects_v2(Bucket=ARCHIVE)["KeyCount"] == 1
    stopped = [json.loads(line) for line in capfd.readouterr().out.splitlines() if '"redrive_stopped"' in line]
    assert stopped[-1]["redrive_stopped"] == [1]


def test_the_sweep_queues_what_no_message_points_at(stack: Stack) -> None:
    """A message can be lost, expire, or never have been sent: S3's notifications promise little."""
    stack.store.answer = lambda _: Told(503)
    stack.ingest(payload(*EVENTS))
    sweep = {"occasion": "sweep", "queue": queue_url(stack)}
    assert stack.run("redrive", sweep) == {"queued": 0}  # the queue has its message

    stack.lose_messages()
    assert stack.run("redrive", sweep) == {"queued": 0}  # it is young, and may be told of any moment
    age(timedelta(hours=2))
    assert stack.run("redrive", sweep) == {"queued": 1}

    stack.store.answer = stack.store.keep
    assert stack.redrive() == []
    assert stack.store.ids == EVENTS


def age(by: timedelta) -> None:
    """Make all objects of the spool older."""
    for key in s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets[SPOOL].keys.values():
        key.last_modified = datetime.now(UTC).replace(tzinfo=None) - by


def test_no_line_of_the_log_quotes_an_event(stack: Stack, capfd: pytest.CaptureFixture[str]) -> None:
    """What is in the spool is redacted; the log is read by more people than that."""
    stack.store.answer = lambda _: Told(503)
    stack.ingest(payload(*EVENTS))
    stack.redrive()
    stack.run("redrive", {"Records": [message({"text": "ü" * 50})]})

    said = capfd.readouterr().out
    assert "index-503" in said
    assert "ü" not in said
    assert "\\u00fc" not in said
