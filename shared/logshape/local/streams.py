"""Turns a Kinesis stream into calls of a function, a batch at a time, as Lambda's event source mapping makes them."""

from __future__ import annotations

import base64
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

from logshape.local.functions import RETRIES, Failure, Invocation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from logshape.local.functions import Event, Function

MOST_RECORDS: Final = 1000
"""BatchSize of template.yaml."""
MOST_BYTES: Final = 6 * 1024 * 1024
"""What Lambda hands over at most, base64 and all (Lambda quotas, invocation payload)."""

Record = dict[str, Any]
"""A record in the form in which a function gets it."""


class Mapping:
    """
    What hands the records of one stream to *function*, in order, and again from where it says that some failed.

    A batch for which the function raises is halved before it comes again. What has failed at every try goes to
    *put_away*, as Lambda puts it on S3, and the shard goes on behind it.
    """

    def __init__(
        self,
        kinesis: Any,  # noqa: ANN401 # boto3 makes its clients at run time
        stream_arn: str,
        function: Function,
        put_away: Callable[[str, bytes], object],
    ) -> None:
        """Begin where the stream begins."""
        self.invocations: list[Invocation] = []
        self._kinesis = kinesis
        self._stream_arn = stream_arn
        self._name = stream_arn.partition("/")[2]  # by ARN, moto finds no shard iterator's stream
        self._function = function
        self._put_away = put_away
        self._id = str(uuid.uuid4())
        self._last: dict[str, str] = {}

    def drain(self) -> None:
        """Hand over all that has come into the stream since the last time."""
        shards = self._kinesis.list_shards(StreamName=self._name)["Shards"]
        # One thread: a function here is one container. What it prints is told from what the command line says by it.
        with ThreadPoolExecutor(1, thread_name_prefix=self._function.name) as shard_reader:
            for future in [shard_reader.submit(self._read, shard["ShardId"]) for shard in shards]:
                future.result()

    def _read(self, shard: str) -> None:
        for batch in _batches(self._records(shard)):
            self._take(shard, batch, 1)
            self._last[shard] = batch[-1]["kinesis"]["sequenceNumber"]

    def _records(self, shard: str) -> Iterator[Record]:
        last = self._last.get(shard)
        place: Any = (
            {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": last}
            if last
            else {"ShardIteratorType": "TRIM_HORIZON"}
        )
        found = self._kinesis.get_shard_iterator(StreamName=self._name, ShardId=shard, **place)
        iterator = found["ShardIterator"]
        while records := (answer := self._kinesis.get_records(ShardIterator=iterator))["Records"]:
            for record in records:
                yield {
                    "kinesis": {
                        "kinesisSchemaVersion": "1.0",
                        "partitionKey": record["PartitionKey"],
                        "sequenceNumber": record["SequenceNumber"],
                        "data": base64.b64encode(record["Data"]).decode(),
                        "approximateArrivalTimestamp": record["ApproximateArrivalTimestamp"].timestamp(),
                    },
                    "eventSource": "aws:kinesis",
                    "eventVersion": "1.0",
                    "eventID": f"{shard}:{record['SequenceNumber']}",
                    "eventName": "aws:kinesis:record",
                    "invokeIdentityArn": "arn:aws:iam::123456789012:role/ingest",
                    "awsRegion": self._stream_arn.split(":")[3],
                    "eventSourceARN": self._stream_arn,
                }
            iterator = answer["NextShardIterator"]

    def _take(self, shard: str, batch: Sequence[Record], tries: int) -> None:
        """Hand over *batch*, for the *tries*-th time."""
        event: Event = {"Records": list(batch)}
        answer = self._function.invoke(event)
        self.invocations.append(Invocation(event=event, request_id="", tries=tries, answer=answer))
        left = batch[_failed(batch, answer) :]
        if not left:
            return
        if tries > RETRIES:
            self._put_away(*_document(self._id, shard, left, self._stream_arn))
        elif isinstance(answer, Failure) and len(left) > 1:
            for half in (left[: len(left) // 2], left[len(left) // 2 :]):
                self._take(shard, half, tries + 1)
        else:
            self._take(shard, left, tries + 1)


def _failed(batch: Sequence[Record], answer: object) -> int:
    """Return the place of the first record that *answer* says has failed, behind all where it says of none."""
    match answer:
        case {"batchItemFailures": list(failures)}:
            named = {failure["itemIdentifier"] for failure in failures}
            numbers = [record["kinesis"]["sequenceNumber"] for record in batch]
            if named - set(numbers):
                return 0
            return next((place for place, number in enumerate(numbers) if number in named), len(batch))
        case Failure():
            return 0
        case _:
            return len(batch)


def _batches(records: Iterator[Record]) -> Iterator[list[Record]]:
    batch: list[Record] = []
    room = MOST_BYTES
    for record in records:
        size = len(msgspec.json.encode(record)) + 1
        if batch and (size > room or len(batch) == MOST_RECORDS):
            yield batch
            batch, room = [], MOST_BYTES
        batch.append(record)
        room -= size
    if batch:
        yield batch


def _document(mapping: str, shard: str, batch: Sequence[Record], stream_arn: str) -> tuple[str, bytes]:
    """Return key and content of what Lambda writes for a discarded batch (developer guide, Kinesis, S3 destination)."""
    now = datetime.now(UTC)
    first, last = batch[0]["kinesis"], batch[-1]["kinesis"]
    document = {
        "requestContext": {"condition": "RetryAttemptsExhausted", "approximateInvokeCount": RETRIES + 1},
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "version": "1.0",
        "timestamp": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "KinesisBatchInfo": {
            "shardId": shard,
            "startSequenceNumber": first["sequenceNumber"],
            "endSequenceNumber": last["sequenceNumber"],
            "batchSize": len(batch),
            "streamArn": stream_arn,
        },
        "payload": msgspec.json.encode({"Records": list(batch)}).decode(),
    }
    key = f"aws/lambda/{mapping}/{shard}/{now:%Y/%m/%d}/{now:%Y-%m-%dT%H.%M.%S}-{uuid.uuid4()}"
    return key, msgspec.json.encode(document)
