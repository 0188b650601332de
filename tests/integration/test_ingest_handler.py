"""Prove the ingest function on the wire: real clients to moto's Firehose and S3, and to an index that fails as it is told."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from logshape.errors import Undeliverable
from logshape.ledger import Ledger
from logshape.local.subscriptions import control_message, data_message
from tests.stack import CONTRACT, EVENTS, FUNCTIONS, ROOT, SPOOL, STREAM, payload
from tests.wires import Told, created, ids

if TYPE_CHECKING:
    from pathlib import Path

    from tests.stack import Stack
    from tests.wires import Asked

HANDLER = FUNCTIONS / "ingest" / "handler.py"


def test_events_reach_both_stores_and_the_books_say_so(stack: Stack) -> None:
    """The good day, and the same payload again: CloudWatch Logs may deliver it twice."""
    event = payload(*EVENTS)

    ledgers = [stack.ingest(event), stack.ingest(event)]

    assert ledgers == [
        Ledger(received=20, archived=20, indexed=20),
        Ledger(received=20, archived=20, duplicates=20),
    ]
    assert stack.store.ids == EVENTS
    assert stack.archived() == [*EVENTS, *EVENTS]


def test_a_control_message_is_answered_with_nothing(stack: Stack) -> None:
    """It asks whether the destination is there, and carries no event of anybody."""
    assert stack.ingest(control_message(0)) == Ledger()


def test_events_of_the_way_that_lines_take_go_nowhere(stack: Stack) -> None:
    """They would come back as more of themselves, whoever has subscribed them."""
    events = [{"id": "1", "timestamp": 1_800_000_000_000, "message": "x"}]
    own = ("/aws/lambda/shop-ingest", "/aws/lambda/shop-redrive", f"/aws/kinesisfirehose/{STREAM}")

    ledgers = [stack.ingest(data_message("1", group, "s", "f", events)) for group in own]

    assert ledgers == [Ledger(received=1, filtered=1)] * 3
    assert (stack.store.ids, stack.archived()) == ([], [])


def test_a_payload_that_cannot_be_read_is_quarantined_whole(stack: Stack) -> None:
    """It is counted, and is there for whoever wants to know what it was."""
    ledger = stack.ingest({"awslogs": {"data": "not base64!"}})

    assert ledger == Ledger(payloads_quarantined=1)
    assert stack.kept("quarantine/payload") == [None]


def test_a_batch_from_kinesis_is_delivered_like_payloads(stack: Stack) -> None:
    """One record that nobody can read is kept apart; the shard goes on."""
    first, second = payload(*EVENTS[:10]), payload(*EVENTS[10:])
    data = [*(event["awslogs"]["data"] for event in (first, second)), "not base64!"]  # type: ignore[index] # JSON
    records = [
        {"eventSource": "aws:kinesis", "kinesis": {"sequenceNumber": str(number), "data": each}}
        for number, each in enumerate(data)
    ]

    answer = stack.run("ingest", {"Records": records})

    counts = Ledger(received=20, archived=20, indexed=20, payloads_quarantined=1).counts()
    assert answer == {**counts, "batchItemFailures": []}
    assert (stack.archived(), stack.store.ids) == (EVENTS, EVENTS)
    assert stack.kept("quarantine/payload") == [None]


def test_a_batch_that_can_be_kept_nowhere_comes_again_from_its_first_record(stack: Stack) -> None:
    """Kinesis keeps it for as long as it says; a raise would look like a fault of ours."""
    stack.aws.client("s3").delete_bucket(Bucket=SPOOL)
    stack.store.answer = lambda _: Told(503)
    data = payload(*EVENTS)["awslogs"]["data"]  # type: ignore[index] # JSON
    record = {"eventSource": "aws:kinesis", "kinesis": {"sequenceNumber": "7", "data": data}}

    answer = stack.run("ingest", {"Records": [record]})

    assert answer == {**Ledger().counts(), "batchItemFailures": [{"itemIdentifier": "7"}]}


def test_a_batch_that_lambda_gives_up_comes_home_by_redrive(stack: Stack) -> None:
    """The last place that keeps a record of a stream is the bucket of what failed, and somebody reads it."""

    def broken(*_: object) -> None:
        raise MemoryError

    group, stream = "/aws/lambda/shop-orders", "2025/10/31/[$LATEST]a"
    logs = stack.aws.client("logs")
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    arn = stack.aws.stream("lines", stack.aws.function("broken", broken, failures=SPOOL), failures=SPOOL)
    role = "arn:aws:iam::123456789012:role/r"
    logs.put_subscription_filter(logGroupName=group, filterName="f", filterPattern="", destinationArn=arn, roleArn=role)
    stack.aws.ids.promise(group, stream, EVENTS)
    now = time.time_ns() // 1_000_000
    lines = [{"timestamp": now, "message": f"[INFO] {event_id}"} for event_id in EVENTS]
    logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=lines)
    stack.aws.drain(time.monotonic() + 20)

    assert stack.redrive() == []
    assert (sorted(stack.store.ids), sorted(stack.archived())) == (EVENTS, EVENTS)


def test_items_that_fail_are_sent_again_alone(stack: Stack) -> None:
    """A partial failure is the common one, and looks like success."""
    sent: list[int] = []

    def answer(asked: Asked) -> Told:
        sent.append(len(ids(asked.body)))
        if len(sent) > 1:
            return stack.store.keep(asked)
        return Told(200, created(asked.body, dict.fromkeys(EVENTS[:5], 429)))

    stack.store.answer = answer

    ledger = stack.ingest(payload(*EVENTS))

    assert ledger == Ledger(received=20, archived=20, indexed=20)
    assert (sent, stack.store.ids) == ([20, 5], EVENTS[:5])


def test_an_answer_that_never_ends_does_not_outlive_the_invocation(stack: Stack) -> None:
    """Each byte comes within the time limit of a read; only the invocation's own end bounds the sum."""
    release = threading.Event()

    def answer(asked: Asked) -> Told:
        release.wait()
        return Told(200, created(asked.body))

    stack.store.answer = answer
    started = time.monotonic()

    ledger = stack.ingest(payload(*EVENTS), seconds=4.0)

    release.set()
    assert time.monotonic() - started < 4.0
    assert ledger == Ledger(received=20, archived=20, index_spooled=20)
    assert stack.kept("undelivered/index") == EVENTS


def test_a_stream_that_is_gone_leaves_the_index_alone(stack: Stack) -> None:
    """The archive's rows wait in the spool for whoever mends the stack."""
    stack.aws.client("firehose").delete_delivery_stream(DeliveryStreamName=STREAM)

    ledger = stack.ingest(payload(*EVENTS))

    assert ledger == Ledger(received=20, archive_spooled=20, indexed=20)
    assert (stack.kept("undelivered/archive"), stack.store.ids) == (EVENTS, EVENTS)


def test_with_no_place_left_the_function_fails(stack: Stack) -> None:
    """Lambda tries again, and keeps the event in the on-failure destination: nothing is claimed that is not so."""
    stack.aws.client("s3").delete_bucket(Bucket=SPOOL)
    stack.store.answer = lambda _: Told(503)

    with pytest.raises(Undeliverable, match=r"^20 of the index's documents: s3://spool/logshape/.*: NoSuchBucket$"):
        stack.ingest(payload(*EVENTS))

    assert stack.archived() == EVENTS


def test_a_cold_start_imports_nothing_that_it_does_not_need(tmp_path: Path) -> None:
    """Each of these costs more than all of ours, at every cold start."""
    compiled = tmp_path / "contract.msgpack"
    source = tmp_path / "contract.yaml"
    source.write_text(CONTRACT, encoding="utf-8")
    path = os.pathsep.join(map(str, (ROOT / "shared", HANDLER.parent)))
    environ = os.environ | {"PYTHONPATH": path, "LOGSHAPE_CONTRACT": str(compiled), "LOGSHAPE_FIREHOSE_STREAM": "s"}
    subprocess.run([sys.executable, "-m", "logshape.contract.compiled", source, compiled], env=environ, check=True)

    loaded = "import handler, sys; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", loaded], env=environ, check=True, capture_output=True, text=True)

    costly = {"yaml", "jsonschema", "boto3", "pyarrow", "duckdb", "click", "rich", "hypothesis", "moto", "opensearchpy"}
    assert costly & set(done.stdout.split()) == set()
