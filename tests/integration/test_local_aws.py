"""AWS on this machine: what moto leaves out or gets wrong is as AWS has it."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from logshape.archive import parquet
from logshape.artefacts import bind, firehose, glue
from logshape.contract.model import Contract, Field
from logshape.local.aws import LocalAws
from logshape.local.functions import Failure
from logshape.local.subscriptions import unpacked

if TYPE_CHECKING:
    from pathlib import Path

    from logshape.local.functions import Context, Event

CONTRACT = Contract(
    version=1, name="local-test", fields=(Field(name="status", type="integer", why="x"),), formats={}, groups=()
)
GROUP, STREAM = "/aws/lambda/f", "2025/10/31/[$LATEST]a"
STREAM_NAME = firehose.stream_name(CONTRACT)


def received(event: Event, context: Context) -> dict[str, int]:  # noqa: ARG001 # Lambda gives it
    """Answer with how many events came."""
    events = unpacked(event).get("logEvents", [])
    assert isinstance(events, list)
    print(f"{len(events)} events")  # noqa: T201 # what a function prints is under test
    return {"received": len(events)}


def refusing(event: Event, context: Context) -> None:  # noqa: ARG001 # Lambda gives them
    """Fail, always."""
    raise ValueError("not today")


def _subscribe(aws: LocalAws, *handlers: Any) -> None:  # noqa: ANN401 # either of the above
    aws.client("s3").create_bucket(Bucket="failures")
    logs = aws.client("logs")
    logs.create_log_group(logGroupName=GROUP)
    logs.create_log_stream(logGroupName=GROUP, logStreamName=STREAM)
    for handler in handlers:
        arn = aws.function(handler.__name__, handler, failures="failures")
        logs.put_subscription_filter(
            logGroupName=GROUP, filterName=handler.__name__, filterPattern="", destinationArn=arn
        )


def _put(aws: LocalAws, *messages: str) -> int:
    now = time.time_ns() // 1_000_000
    events = [{"timestamp": now, "message": message} for message in messages]
    aws.client("logs").put_log_events(logGroupName=GROUP, logStreamName=STREAM, logEvents=events)
    return now


def test_a_subscription_first_asks_whether_the_function_is_there_and_then_sends_events(aws: LocalAws) -> None:
    """The handler must see what it sees on AWS: text ids, which PutLogEvents cannot carry, and the control message."""
    _subscribe(aws, received)
    aws.ids.promise(GROUP, STREAM, ["3" * 56, "4" * 56])
    now = _put(aws, "支払い", "\U0001f363\tsushi")
    control, data = aws.drain(time.monotonic() + 10)

    assert unpacked(control.event)["messageType"] == "CONTROL_MESSAGE"
    assert (data.answer, data.tries) == ({"received": 2}, 1)
    assert unpacked(data.event) == {
        "messageType": "DATA_MESSAGE",
        "owner": "123456789012",
        "logGroup": GROUP,
        "logStream": STREAM,
        "subscriptionFilters": ["received"],
        "logEvents": [
            {"id": "3" * 56, "timestamp": now, "message": "支払い"},
            {"id": "4" * 56, "timestamp": now, "message": "\U0001f363\tsushi"},
        ],
    }


def test_an_event_has_the_same_new_id_wherever_it_is_read(aws: LocalAws) -> None:
    """Backfill reads with FilterLogEvents what the subscription has sent, and the ids keep the two apart from twice."""
    _subscribe(aws, received)
    _put(aws, "a", "b")
    *_, data = aws.drain(time.monotonic() + 10)

    sent: Any = unpacked(data.event)["logEvents"]
    found = aws.client("logs").filter_log_events(logGroupName=GROUP)["events"]
    assert [event["eventId"] for event in found] == [event["id"] for event in sent]
    assert [len(event["id"]) for event in sent] == [56, 56]


def test_two_subscribers_get_the_same_events_and_either_filter_can_be_changed(aws: LocalAws) -> None:
    """A group has two slots, and moto refuses to update one of two."""
    _subscribe(aws, received, refusing)
    arn = "arn:aws:lambda:us-east-1:123456789012:function:received"
    aws.client("logs").put_subscription_filter(
        logGroupName=GROUP, filterName="received", filterPattern="x", destinationArn=arn
    )
    _put(aws, "a")
    sent = [unpacked(invocation.event) for invocation in aws.drain(time.monotonic() + 10)]

    ids = {event["id"] for payload in sent if payload["messageType"] == "DATA_MESSAGE" for event in _events(payload)}
    filters = aws.client("logs").describe_subscription_filters(logGroupName=GROUP)["subscriptionFilters"]
    assert len(ids) == 1
    assert {found["filterName"]: found["filterPattern"] for found in filters} == {"received": "x", "refusing": ""}


def test_an_event_that_fails_three_times_is_put_on_s3_whole(aws: LocalAws) -> None:
    """The on-failure destination is where the pipeline's last promise is kept."""
    _subscribe(aws, refusing)
    _put(aws, "precious")
    control, data = aws.drain(time.monotonic() + 10)

    s3 = aws.client("s3")
    keys = [found["Key"] for found in s3.list_objects_v2(Bucket="failures")["Contents"]]
    documents = [json.loads(s3.get_object(Bucket="failures", Key=key)["Body"].read()) for key in keys]
    kept = next(document for document in documents if document["requestPayload"] == data.event)
    assert isinstance(data.answer, Failure)
    assert len(keys) == 2
    assert all(key.startswith(f"aws/lambda/async/refusing/{datetime.now(UTC):%Y}/") for key in keys)
    assert kept["requestContext"] == {
        "requestId": data.request_id,
        "functionArn": "arn:aws:lambda:us-east-1:123456789012:function:refusing:$LATEST",
        "condition": "RetriesExhausted",
        "approximateInvokeCount": 3,
    }
    assert (kept["responsePayload"]["errorType"], kept["responsePayload"]["errorMessage"]) == (
        "ValueError",
        "not today",
    )
    assert control.tries == 3


def test_a_function_is_invoked_directly_as_well(aws: LocalAws) -> None:
    """A stack's custom resource and a person at a console do that."""
    _subscribe(aws, received, refusing)
    invoke = aws.client("lambda").invoke
    answer = invoke(FunctionName="received", Payload=b"{}")
    failed = invoke(FunctionName="refusing", Payload=b"{}")

    assert (json.loads(answer["Payload"].read()), answer.get("FunctionError")) == ({"received": 0}, None)
    assert json.loads(failed["Payload"].read())["errorType"] == "ValueError"
    assert "FunctionError" in failed


def test_what_a_function_prints_is_no_result_of_the_command_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """`--json` promises that standard output is one JSON value."""
    with LocalAws(tmp_path) as aws:
        _subscribe(aws, received)
        _put(aws, "a")
        aws.drain(time.monotonic() + 10)
        print("result")  # noqa: T201 # as the command line would

    assert capsys.readouterr().out == "result\n"
    assert (tmp_path / "functions.log").read_text() == "1 events\n1 events\n"


@pytest.mark.parametrize(
    ("records", "code"),
    [
        ([b"{}"] * 501, "ValidationException"),
        ([b" " * (1000 * 1024 + 1)], "ValidationException"),
        ([b" " * (1000 * 1024)] * 5, "InvalidArgumentException"),
    ],
    ids=["501 records", "a record over 1,000 KiB", "a call over 4 MiB"],
)
def test_firehose_refuses_a_call_over_its_limits(aws: LocalAws, records: list[bytes], code: str) -> None:
    """A sender that packs too much must learn it here, not in production."""
    _archive(aws)
    with pytest.raises(ClientError) as refused:
        _deliver(aws, *records)

    assert refused.value.response["Error"]["Code"] == code
    assert _objects(aws) == []


def test_firehose_takes_a_call_at_its_limits(aws: LocalAws) -> None:
    """The limits are inclusive, and records are packed up to them."""
    _archive(aws)
    answer = aws.client("firehose").put_record_batch(
        DeliveryStreamName=STREAM_NAME,
        Records=[{"Data": b"{}" + b" " * (1000 * 1024 - 2)}] * 4 + [{"Data": b"{}"}] * 496,
    )

    assert (answer["FailedPutCount"], len(answer["RequestResponses"])) == (0, 500)


def test_firehose_writes_parquet_by_the_glue_table_under_the_hour_of_arrival(aws: LocalAws, tmp_path: Path) -> None:
    """Athena and DuckDB find the rows by prefix and read them by the table's types, on S3 and on this disk alike."""
    _archive(aws)
    before = datetime.now(UTC)
    _deliver(aws, b'{"event_id":"1","event_time":"2025-10-31T22:38:21.010Z","status":429}\n{"event_id":"2"}\n')
    hours = {f"archive/arrived={moment:%Y-%m-%d-%H}/" for moment in (before, datetime.now(UTC))}

    [key] = _objects(aws)
    file = aws.client("s3").get_object(Bucket="archive", Key=key)["Body"].read()
    rows = parquet.decode(file).select(["event_id", "event_time", "status"]).to_pylist()
    assert key.rpartition("/")[0] + "/" in hours
    assert (tmp_path / key).read_bytes() == file
    assert rows == [
        {"event_id": "1", "event_time": datetime(2025, 10, 31, 22, 38, 21, 10_000), "status": 429},  # noqa: DTZ001 # Parquet's has no zone
        {"event_id": "2", "event_time": None, "status": None},
    ]


def test_firehose_puts_a_record_that_does_not_convert_under_the_error_prefix(aws: LocalAws) -> None:
    """Its neighbours are archived, and `redrive` finds it there."""
    _archive(aws)
    _deliver(aws, b'{"status":"many"}\n', b'{"status":200}\n')

    archived, failed = _objects(aws)
    line = json.loads(aws.client("s3").get_object(Bucket="archive", Key=failed)["Body"].read())
    assert archived.startswith("archive/arrived=")
    assert failed.startswith("failed/format-conversion-failed/arrived=")
    assert line["ErrorCode"] == "DataFormatConversion.MalformedData"


def _events(payload: dict[str, Any]) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = payload["logEvents"]
    return events


def _archive(aws: LocalAws) -> None:
    known = {
        "${ArchiveBucket}": "archive",
        "${FirehoseRoleArn}": "arn:aws:iam::123456789012:role/firehose",
        "${AWS::Partition}": "aws",
        "${AWS::Region}": "us-east-1",
    }
    aws.client("s3").create_bucket(Bucket="archive")
    aws.client("glue").create_database(DatabaseInput={"Name": glue.DATABASE})
    aws.client("glue").create_table(**bind(glue.derive(CONTRACT), known))
    aws.client("firehose").create_delivery_stream(**bind(firehose.derive(CONTRACT), known))


def _deliver(aws: LocalAws, *records: bytes) -> None:
    batch = [{"Data": record} for record in records]
    aws.client("firehose").put_record_batch(DeliveryStreamName=STREAM_NAME, Records=batch)
    aws.drain(time.monotonic() + 10)


def _objects(aws: LocalAws) -> list[str]:
    return [found["Key"] for found in aws.client("s3").list_objects_v2(Bucket="archive").get("Contents", [])]


class Reader:
    """A function that reads a stream, and fails as it is told; it remembers the batches that it was handed."""

    def __init__(self, *, poison: str = "", report: bool = True) -> None:
        """Fail at the record *poison*: by a report, or by an exception."""
        self.batches: list[list[str]] = []
        self._poison = poison
        self._report = report

    def __call__(self, event: Event, context: Context) -> dict[str, Any]:
        """Take a batch."""
        records: Any = event["Records"]
        numbers = {_text(record): record["kinesis"]["sequenceNumber"] for record in records}
        self.batches.append(list(numbers))
        if self._poison not in numbers:
            return {"batchItemFailures": []}
        if self._report:
            return {"batchItemFailures": [{"itemIdentifier": numbers[self._poison]}]}
        raise ValueError(context.aws_request_id)


def _text(record: Any) -> str:  # noqa: ANN401 # JSON
    payload: Any = unpacked({"awslogs": {"data": record["kinesis"]["data"]}})
    return " ".join(event["message"] for event in payload["logEvents"])


def _read(aws: LocalAws, reader: Reader, *messages: str) -> None:
    """Put each of *messages* by itself into a log group that is sent into a stream, and let *reader* read it."""
    aws.client("s3").create_bucket(Bucket="failures")
    logs = aws.client("logs")
    logs.create_log_group(logGroupName=GROUP)
    logs.create_log_stream(logGroupName=GROUP, logStreamName=STREAM)
    arn = aws.stream("lines", aws.function("reader", reader, failures="failures"), failures="failures")
    role = "arn:aws:iam::123456789012:role/r"
    logs.put_subscription_filter(logGroupName=GROUP, filterName="f", filterPattern="", destinationArn=arn, roleArn=role)
    for message in messages:
        _put(aws, message)
    aws.drain(time.monotonic() + 10)


def test_a_stream_hands_over_batches_and_nothing_twice(aws: LocalAws) -> None:
    """A shard's records come in order, many in one call; one shard asks whether anybody is there."""
    reader = Reader()
    _read(aws, reader, "a", "b", "c")
    _put(aws, "d")
    aws.drain(time.monotonic() + 10)

    texts = [[text for text in batch if not text.startswith("CWL CONTROL")] for batch in reader.batches]
    assert [batch for batch in texts if batch] == [["a", "b", "c"], ["d"]]
    assert any(text.startswith("CWL CONTROL") for batch in reader.batches for text in batch)


@pytest.mark.parametrize(
    ("report", "batches"),
    [
        (True, [["a", "b", "c", "d"], ["b", "c", "d"], ["b", "c", "d"]]),
        (False, [["a", "b", "c", "d"], ["a", "b"], ["a"], ["b"], ["c", "d"]]),
    ],
)
def test_what_a_reader_fails_at_comes_again_and_is_put_away_at_last(
    aws: LocalAws,
    report: bool,  # noqa: FBT001 # a table's column
    batches: list[list[str]],
) -> None:
    """From the record that it names on; and in halves where it names none."""
    reader = Reader(poison="b", report=report)
    _read(aws, reader, "a", "b", "c", "d")

    handed = [[text for text in batch if not text.startswith("CWL CONTROL")] for batch in reader.batches]
    assert [batch for batch in handed if batch] == batches
    [item] = aws.client("s3").list_objects_v2(Bucket="failures", Prefix="aws/lambda/")["Contents"]
    document = json.loads(aws.client("s3").get_object(Bucket="failures", Key=item["Key"])["Body"].read())
    kept = [_text(record) for record in json.loads(document["payload"])["Records"]]
    assert kept == (["b", "c", "d"] if report else ["b"])
    assert document["KinesisBatchInfo"]["batchSize"] == len(kept)
