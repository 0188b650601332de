"""Turns records put into a delivery stream into objects on S3 as Firehose does: Parquet by the stream's Glue table."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any, Final

import msgspec
from moto.firehose.exceptions import InvalidArgumentException, ValidationException

from logshape.archive import parquet
from logshape.archive.failures import failure_lines
from logshape.archive.openx import Converter
from logshape.local.prefixes import evaluated

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mypy_boto3_glue import GlueClient
    from mypy_boto3_s3 import S3Client

    from logshape.archive.columns import Column

# PutRecordBatch (Firehose API reference).
MAX_RECORDS: Final = 500
MAX_CALL_BYTES: Final = 4 * 1024 * 1024
MAX_RECORD_BYTES: Final = 1000 * 1024
LINGER: Final = 5.0
"""Seconds that a record waits for others; the stream's own hint says minutes, and nobody waits for that here."""
TICK: Final = 0.5


class Stream(msgspec.Struct, frozen=True):
    """A delivery stream: its name, its version, and its extended S3 destination as the API has it."""

    name: str
    version: str
    destination: dict[str, Any]


@dataclass
class _Buffer:
    stream: Stream
    arrived: datetime = field(default_factory=lambda: datetime.now(UTC))
    since: float = field(default_factory=time.monotonic)
    records: list[bytes] = field(default_factory=list)

    @property
    def due(self) -> bool:
        """Whether the buffer is full by the stream's hint, or old."""
        full = self.stream.destination.get("BufferingHints", {}).get("SizeInMBs", 5) * 1024 * 1024
        return sum(map(len, self.records)) >= full or time.monotonic() - self.since >= LINGER


class Firehose:
    """
    What moto leaves out of Data Firehose: limits, buffers, conversion, prefixes, failures.

    Each object is written to S3, and under *disk* at its key as well.
    """

    def __init__(self, s3: S3Client, glue: GlueClient, disk: Path) -> None:
        """Begin with no buffer and a thread that delivers those that are due."""
        self._s3, self._glue, self._disk = s3, glue, disk
        self._buffers: dict[str, _Buffer] = {}
        self._put = Lock()
        self._delivery = Lock()
        self._closed = Event()
        self._deliverer = Thread(target=self._deliver_due, name="firehose", daemon=True)
        self._deliverer.start()

    def put(self, stream: Stream, records: Sequence[bytes]) -> list[str]:
        """
        Take *records* and return an id for each.

        Raises:
            ValidationException, InvalidArgumentException: the call is over a limit; nothing of it is taken.

        """
        _within_limits(records)
        with self._put:
            self._buffers.setdefault(stream.name, _Buffer(stream)).records.extend(records)
        return [uuid.uuid4().hex for _ in records]

    def flush(self) -> None:
        """Deliver all that was put, and return when it is on S3; what cannot be delivered stays, and raises."""
        with self._delivery:
            for name in list(self._buffers):
                self._deliver(name)

    def close(self) -> None:
        """Deliver all that was put and end."""
        self._closed.set()
        self._deliverer.join()
        self.flush()

    def _deliver_due(self) -> None:
        while not self._closed.wait(TICK):
            with self._delivery:
                for name in [name for name, buffer in list(self._buffers.items()) if buffer.due]:
                    self._deliver(name)

    def _deliver(self, name: str) -> None:
        with self._put:
            buffer = self._buffers.pop(name)
        try:
            for key, body in self._objects(buffer):
                self._write(buffer.stream, key, body)
        except Exception:
            with self._put:
                later = self._buffers.get(name)
                buffer.records.extend(later.records if later else ())
                self._buffers[name] = buffer
            raise

    def _objects(self, buffer: _Buffer) -> list[tuple[str, bytes]]:
        """Return the objects that the buffer becomes, by key."""
        destination = buffer.stream.destination
        name = f"{buffer.stream.name}-{buffer.stream.version}-{buffer.arrived:%Y-%m-%d-%H-%M-%S}-{uuid.uuid4()}"
        prefix = evaluated(destination.get("Prefix", ""), buffer.arrived)
        conversion = destination.get("DataFormatConversionConfiguration", {})
        if not conversion.get("Enabled", False):
            return [(prefix + name, b"".join(buffer.records))]
        schema = conversion["SchemaConfiguration"]
        converted = Converter(self._columns(schema)).convert(buffer.records)
        objects = [(f"{prefix}{name}.parquet", parquet.encode(converted.table))] if converted.table.num_rows else []
        if converted.refused:
            failed = evaluated(destination["ErrorOutputPrefix"], buffer.arrived, "format-conversion-failed")
            arrival_ms = int(buffer.arrived.timestamp() * 1000)
            objects.append((failed + name, failure_lines(converted.refused, arrival_ms, schema)))
        return objects

    def _columns(self, schema: dict[str, str]) -> list[Column]:
        table = self._glue.get_table(DatabaseName=schema["DatabaseName"], Name=schema["TableName"])["Table"]
        return [{"Name": column["Name"], "Type": column["Type"]} for column in table["StorageDescriptor"]["Columns"]]

    def _write(self, stream: Stream, key: str, body: bytes) -> None:
        self._s3.put_object(Bucket=stream.destination["BucketARN"].rpartition(":")[2], Key=key, Body=body)
        file = self._disk / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)


def _within_limits(records: Sequence[bytes]) -> None:
    constraint = "1 validation error detected: Value at 'records{}' failed to satisfy constraint: Member must have {}"
    if len(records) > MAX_RECORDS:
        raise ValidationException(constraint.format("", f"length less than or equal to {MAX_RECORDS}"))
    for position, record in enumerate(records, start=1):
        if len(record) > MAX_RECORD_BYTES:
            where, limit = f".{position}.member.data", f"length less than or equal to {MAX_RECORD_BYTES}"
            raise ValidationException(constraint.format(where, limit))
    if sum(map(len, records)) > MAX_CALL_BYTES:
        raise InvalidArgumentException("Records size exceeds 4 MB limit")
