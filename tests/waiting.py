"""A world in which things wait: both stores and a bucket, each of which does as it is told, and what lies in it."""

from __future__ import annotations

import gzip
import json
import time
from base64 import b64encode
from typing import IO, TYPE_CHECKING, Any

import msgspec

import logshape
from logshape.connections import Folder, NoAnswer, Refused, Reply
from logshape.delivery import Sinks
from logshape.delivery.contents import kind_of
from logshape.delivery.quarantine import Replay
from logshape.delivery.redriving import Redriver
from logshape.delivery.sending import Sending, Tally, Terms, Waits
from logshape.sinks.firehose import Archive
from logshape.sinks.opensearch import Index
from logshape.sinks.spool import Spool
from tests.wires import INDEX, TEMPLATE, created, document, ids, row

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from logshape.sinks import SinkName

CONTRACT = """
version: 1
name: shop
groups:
  - {name: shop, match: [/aws/lambda/shop-*], formats: [aws/lambda-text], keep: {index: 14d}}
"""
FULL = 60.0
NOW = 1_761_950_300_000  # 2025-10-31 at 22:38 UTC
ARCHIVE, UNCONVERTED = "spool/undelivered/archive/1.gz", "failed/format-conversion-failed/arrived=x/1"
SPOOLED, FAILED = "spool/undelivered/index/1.gz", "aws/lambda/async/shop-ingest/2026/01/02/1"
BUSY = Reply(status=503, body="")
DENIED = Reply(status=403, body='{"error":{"type":"security_exception"}}')


class Killed(BaseException):
    """The process is gone: nothing catches this."""


class Bucket(Folder):
    """A folder that notes what is done to it, and before what the process is killed."""

    def __init__(self, path: Path, before: Callable[[str], None]) -> None:
        """Keep objects under *path*; *before* hears of each change to come."""
        super().__init__(path)
        self._before = before

    def write(self, key: str, body: bytes) -> None:
        """Write."""
        self._before(f"write {key.rpartition('/')[0]}")
        super().write(key, body)

    def remove(self, key: str) -> None:
        """Remove."""
        self._before(f"remove {key}")
        super().remove(key)


class World:
    """Both stores and the bucket, each of which does as it is told."""

    def __init__(self, path: Path) -> None:
        """Let everything work."""
        self.put: Callable[[Sequence[bytes]], Mapping[str, object] | Refused | NoAnswer] = acknowledged
        self.bulk: Callable[[bytes], Reply | NoAnswer] = self.keep
        self.archived: list[str] = []
        self.indexed: list[str] = []
        self.asked: list[object] = []
        self.done: list[str] = []
        self.die_before: int | None = None
        self.bucket = Bucket(path, self._before)
        self.path = path
        self.pipeline = logshape.Pipeline(_contract(path))

    def redriver(self, seconds: float = FULL) -> Redriver:
        """Return what sends objects again in an invocation that has *seconds* left."""
        terms = Terms(until=time.monotonic() + seconds, now_ms=NOW)
        return Redriver(self.pipeline, self.sinks, self.kept_in, terms)

    def replay(self) -> Replay:
        """Return what sends quarantine again."""
        terms = Terms(until=time.monotonic() + FULL, now_ms=NOW)
        return Replay(self.pipeline, Sending(self.pipeline.contract, self.sinks, self.kept_in, terms))

    @property
    def sinks(self) -> Sinks:
        """Both sinks."""
        return Sinks(archive=Archive(self._put), index=Index(self._request, "logs-shop"))

    @property
    def kept_in(self) -> Spool:
        """The bucket as a spool, in the first hour of 1970."""
        return Spool(lambda key, body: self.bucket.write(f"spool/{key}", body), contract_version=1, clock=lambda: 0.0)

    def redrive(self, key: str, seconds: float = FULL) -> tuple[Waits | None, dict[SinkName, Tally]]:
        """Send one object again, and return why it waits and what was counted."""
        redriver = self.redriver(seconds)
        return redriver.redrive(self.bucket, key, kind(key)), redriver.sending.tallies

    def spool(self, key: str, lines: Sequence[Mapping[str, Any]]) -> None:
        """Lay an object into the bucket."""
        content = b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
        Folder.write(self.bucket, key, gzip.compress(content) if key.endswith(".gz") else content)

    def kept(self, prefix: str) -> list[dict[str, Any]]:
        """Return the lines of the objects under *prefix*."""
        return [json.loads(line) for key in self.found(prefix) for line in self._content(key).splitlines()]

    def found(self, prefix: str = "") -> list[str]:
        """Return the keys of the objects under *prefix*."""
        return [item.key for item in self.bucket.listed(prefix)]

    def keep(self, bulk: bytes) -> Reply:
        """Be a cluster that stores each id once."""
        known = {event_id: 409 for event_id in ids(bulk) if event_id in self.indexed}
        self.indexed += [event_id for event_id in ids(bulk) if event_id not in known]
        return Reply(status=200, body=created(bulk, known).decode())

    def _content(self, key: str) -> bytes:
        file: IO[bytes] | None = self.bucket.read(key)
        assert file is not None
        with file:
            content = file.read()
        return gzip.decompress(content) if key.endswith(".gz") else content

    def _put(self, records: Sequence[bytes]) -> Mapping[str, object] | Refused | NoAnswer:
        self.asked.append([[line["event_id"] for line in map(json.loads, record.splitlines())] for record in records])
        self._before("put")
        answer = self.put(records)
        if isinstance(answer, dict):
            for record, said in zip(records, answer["RequestResponses"], strict=True):
                self.archived += [json.loads(line)["event_id"] for line in record.splitlines()] * ("RecordId" in said)
        return answer

    def _request(self, method: str, _path: str, sent: bytes | None, _seconds: float) -> Reply | NoAnswer:
        if sent is None:
            assert method == "GET"
            return Reply(status=200, body=TEMPLATE)
        self.asked.append(ids(sent))
        self._before("bulk")
        return self.bulk(sent)

    def _before(self, what: str) -> None:
        if self.die_before is not None and len(self.done) >= self.die_before:
            raise Killed
        self.done.append(what)


def _contract(path: Path) -> Any:  # noqa: ANN401 # a contract
    file = path.parent / "contract.yaml"
    file.write_text(CONTRACT, encoding="utf-8")
    return logshape.load(file)


def kind(key: str) -> Any:  # noqa: ANN401 # one of the kinds
    """Return what the object *key* holds."""
    found = kind_of(key)
    assert found is not None
    return found


def acknowledged(records: Sequence[bytes]) -> Mapping[str, object]:
    """Be a stream that takes everything."""
    return {"FailedPutCount": 0, "RequestResponses": [{"RecordId": "r"} for _ in records]}


def rows(*event_ids: str) -> list[dict[str, Any]]:
    """Return lines of the spool for the archive."""
    return [{"event_id": event_id, "document": json.loads(row(event_id))} for event_id in event_ids]


def documents(*event_ids: str, index: str = INDEX) -> list[dict[str, Any]]:
    """Return lines of the spool for the index."""
    return [{"event_id": e, "index": index, "document": json.loads(document(e))} for e in event_ids]


def unconverted(*event_ids: str, code: str = "DataFormatConversion.MalformedData") -> dict[str, Any]:
    """Return a line of Firehose's for a record of rows."""
    raw = b"".join(row(event_id) + b"\n" for event_id in event_ids)
    return {"attemptsMade": 1, "ErrorCode": code, "ErrorMessage": "why", "rawData": b64encode(raw).decode()}


def statuses(**wanted: int) -> Callable[[bytes], Reply]:
    """Be a cluster that answers each document as *wanted* says, by `_` and its id."""
    by_id = {name.removeprefix("_"): status for name, status in wanted.items()}
    error = {"type": "mapper_parsing_exception", "reason": "failed to parse"}

    def answer(bulk: bytes) -> Reply:
        items = [
            {"create": {"_id": e, "status": by_id.get(e, 201)} | ({"error": error} if by_id.get(e) == 400 else {})}
            for e in ids(bulk)
        ]
        return Reply(status=200, body=json.dumps({"items": items}))

    return answer
