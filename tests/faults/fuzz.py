"""
Turns numbers into malformed payloads, sends each through the real handler, and says which were not accounted for.

``python -m tests.faults.fuzz --count 100000`` prints the seed of each that was not; ``--only SEED`` runs one again.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import json
import math
import os
import sys
import tempfile
import time
import zlib
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from logshape.contract import compiled
from logshape.errors import UnbalancedLedger
from logshape.ledger import Ledger
from logshape.lines.mending import MOST_EVENTS
from tests.faults.bulk import pairs
from tests.faults.containers import PROCESSES, Function
from tests.faults.mutations import CAP, mutant
from tests.faults.wires import Wires, json_told
from tests.wires import Told

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tests.faults.wires import Call

CONTRACT = """
version: 1
name: shop
fields:
  order_id: {type: keyword, why: to have one}
  duration: {type: double, why: to have a number}
  cart: {type: object, why: to have a tree}
formats:
  own: {extends: aws/powertools-json, json: {order_id: [order_id, order.id], duration: duration_ms}}
groups:
  - {name: shop, match: [/aws/lambda/shop-*], formats: [own, aws/lambda-platform, aws/lambda-text], keep: {index: 14d}}
  - {name: api, match: [/aws/apigateway/*], formats: [aws/apigateway-access], keep: {index: 14d}}
"""
SECONDS = 5.0
"""After which a payload hangs."""
MEMORY = 512 * 1024 * 1024
"""Bytes of the function's memory: its data may not be more, nor its resident pages."""
COUNT = 100_000
CHUNK = 250


class Complaint(NamedTuple):
    """A payload that was not accounted for, by its seed, and why."""

    seed: str
    kind: str
    what: str


class Found(NamedTuple):
    """What some payloads have shown: how many of each kind, the worst time and peak, and what is wrong."""

    kinds: Counter[str]
    seconds: float
    peak: int
    complaints: tuple[Complaint, ...]

    def __add__(self, other: Found) -> Found:  # type: ignore[override] # no tuple is meant
        """Join two findings."""
        return Found(
            self.kinds + other.kinds,
            max(self.seconds, other.seconds),
            max(self.peak, other.peak),
            self.complaints + other.complaints,
        )


class Tray:
    """Stores that take everything of one payload, and forget it for the next."""

    def __init__(self) -> None:
        """Hold nothing."""
        self.clear()

    def clear(self) -> None:
        """Forget."""
        self.rows: list[str] = []
        self.documents: dict[tuple[str, str], bytes] = {}
        self.known = 0
        self.mixed: list[str] = []
        self.quarantined: Counter[str] = Counter()

    def index(self, call: Call, body: bytes) -> Told:
        """Be OpenSearch."""
        if call.wire == "cluster":
            return json_told(200, {"index_templates": [{"index_template": {"index_patterns": ["logs-shop-*"]}}]})
        items = []
        for index, event_id, document in pairs(body):
            stored = self.documents.setdefault((index, event_id), document)
            new = stored is document
            self.known += not new
            if not new and own(stored) != own(document):
                self.mixed.append(event_id)
            items.append({"create": {"_id": event_id, "status": 201 if new else 409}})
        return json_told(200, {"items": items})

    def aws(self, call: Call, body: bytes) -> Told:
        """Be Firehose, or S3."""
        if call.wire == "archive":
            records = json.loads(body)["Records"]
            for record in records:
                self.rows += [json.loads(row)["event_id"] for row in base64.b64decode(record["Data"]).splitlines()]
            return json_told(200, {"FailedPutCount": 0, "RequestResponses": [{"RecordId": "r"} for _ in records]})
        folder = call.path.split("/")[3]
        self.quarantined[folder] += len(gzip.decompress(body).splitlines())
        return Told(200, b"", (("etag", '"e"'),))


OF_NEIGHBOURS = {"@timestamp", "observed_time", "parse_errors", "request_id"}
"""What an event may have from those around it, so that the same text is another document."""


def own(document: bytes) -> dict[str, Any]:
    """Return what *document* has of its own line."""
    return {name: value for name, value in json.loads(document).items() if name not in OF_NEIGHBOURS}


def fuzz(seeds: Sequence[str], home: Path, workers: int) -> Iterator[Found]:
    """Send the payloads of *seeds* through as many handlers as there are *workers*, and yield what they show."""
    contract = home / "contract.yaml"
    contract.write_text(CONTRACT, encoding="utf-8")
    (home / "queries").mkdir()
    packed = contract.with_suffix(".msgpack")
    compiled.write(contract, packed)
    chunks = [seeds[start : start + CHUNK] for start in range(0, len(seeds), CHUNK)]
    with ProcessPoolExecutor(workers, PROCESSES) as pool:
        yield from pool.map(_chunk, chunks, [packed] * len(chunks))


def _chunk(seeds: Sequence[str], contract: Path) -> Found:
    """Send the payloads of *seeds*, one after the other, through one handler; a dead one is replaced."""
    tray = Tray()
    wires = Wires(tray.index, tray.aws)
    log = contract.parent / f"ingest-{os.getpid()}.log"
    with wires.served() as url:
        ingest = Function("ingest", environment(url, contract), log, SECONDS, MEMORY)
        try:
            return _sum(_one(seed, ingest, tray, log) for seed in seeds)
        finally:
            ingest.close()


def _sum(found: Iterable[Found]) -> Found:
    return sum(found, start=Found(Counter(), 0.0, 0, ()))


def _one(seed: str, ingest: Function, tray: Tray, log: Path) -> Found:
    kind, event = mutant(seed)
    tray.clear()
    log.write_bytes(b"")
    try:
        answer: Any = ingest(event)
    except Exception as error:  # noqa: BLE001 # whatever it is, the handler should not have raised it
        what = [f"{type(error).__name__}: {error}"]
    else:
        what = list(_unaccounted(answer, tray, event))
    what += [
        line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if '"level":"ERROR"' in line
    ]
    run = ingest.runs.pop()
    if run.peak > MEMORY:
        what.append(f"{run.peak} bytes are resident")
    return Found(Counter([kind]), run.seconds, run.peak, tuple(Complaint(seed, kind, each) for each in what))


def _unaccounted(answer: dict[str, Any], tray: Tray, event: object) -> Iterator[str]:
    """Yield what of *event* is not where *answer* says, or not what was sent."""
    answer.pop("batchItemFailures", None)
    ledger = Ledger(**answer)
    try:
        ledger.balance()
    except UnbalancedLedger as error:
        yield str(error)
    lost = ledger.archive_quarantined
    counts = (ledger.archived, ledger.indexed, ledger.duplicates, ledger.payloads_quarantined + lost)
    stored = (len(tray.rows), len(tray.documents), tray.known, tray.quarantined["quarantine"])
    if counts != stored:
        yield f"counted {counts}, stored {stored}: archived, indexed, duplicates, quarantined"
    if tray.mixed:
        yield f"two documents under one id: {tray.mixed}"
    if (wanted := received(event)) is not None and (ledger.received, ledger.payloads_quarantined) != wanted:
        yield f"received {ledger.received}, {ledger.payloads_quarantined} payloads quarantined; wanted {wanted}"


def received(event: object) -> tuple[int, int] | None:
    """
    Return how many events and how many unreadable payloads *event* is, by the standard library's way to read it.

    None is where the two may differ: what a record of Kinesis holds, JSON that is none by the letter, and more events
    than are mended.
    """
    match event:
        case {"awslogs": {"data": str(data)}}:
            inflated = _inflated(data)
        case {"Records": list()}:
            return None
        case _:
            return 0, 1
    if inflated is None or len(inflated) > CAP:
        return 0, 1
    try:
        message = json.loads(inflated.decode(), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None
    match message:
        case {"logEvents": list(events)} if len(events) > MOST_EVENTS:
            return None
        case {"messageType": str(kind), "logEvents": list(events)}:
            return (0, 0) if kind == "CONTROL_MESSAGE" else (len(events), 0)
        case _:
            return 0, 1


def _inflated(data: str) -> bytes | None:
    """Return what *data* inflates to, at most a little more than the cap, or None where it is no base64 of gzip."""
    try:
        rest = bytearray(base64.b64decode(data.encode("ascii"), validate=True))
    except ValueError:
        return None
    inflated = b""
    while rest.startswith(b"\x1f\x8b"):
        rest[3:4] = bytes(flags & 0x1F for flags in rest[3:4])  # bits that mean nothing, which zlib alone minds
        stream = zlib.decompressobj(31)
        with suppress(zlib.error):
            inflated += stream.decompress(rest, CAP + 1 - len(inflated))
        if not stream.eof:
            return inflated if len(inflated) > CAP else None
        rest = bytearray(stream.unused_data)
    return inflated or None


def _no_constant(name: str) -> None:
    raise ValueError(name)


def environment(url: str, contract: Path) -> dict[str, str]:
    """Return the environment of a function all of whose stores are at *url*."""
    return {
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_ENDPOINT_URL": url,
        "AWS_LAMBDA_FUNCTION_NAME": "shop-ingest",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/shop-ingest",
        "AWS_REGION": "us-east-1",
        "AWS_SECRET_ACCESS_KEY": "local",
        "LOGSHAPE_CONTRACT": str(contract),
        "LOGSHAPE_FIREHOSE_STREAM": "shop-archive",
        "LOGSHAPE_OPENSEARCH_AUTH": "none",
        "LOGSHAPE_OPENSEARCH_URL": url,
        "LOGSHAPE_SPOOL": "s3://spool/logshape",
        "NO_PROXY": "127.0.0.1",
    }


def main() -> None:
    """Run as many as are asked for, print what is wrong as it is found, and the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=COUNT, help="how many payloads")
    parser.add_argument("--seed", default=str(time.time_ns()), help="which ones; printed, to run the same again")
    parser.add_argument("--only", action="append", help="the seed of one payload; may be said more than once")
    asked = parser.parse_args()
    seeds = asked.only or [f"{asked.seed}:{number}" for number in range(asked.count)]
    print(f"{len(seeds)} payloads of --seed {asked.seed}", flush=True)
    started, total = time.monotonic(), _sum(())
    with tempfile.TemporaryDirectory() as home:
        for found in fuzz(seeds, Path(home), os.cpu_count() or 1):
            total += found
            for complaint in found.complaints:
                print(f"--only {complaint.seed}  {complaint.kind}: {complaint.what[:400]}", flush=True)
            if sys.stderr.isatty():
                print(f"{total.kinds.total()} of {len(seeds)}", end="\r", file=sys.stderr, flush=True)
    rate = total.kinds.total() / (time.monotonic() - started)
    print(f"{', '.join(f'{count} {kind}' for kind, count in sorted(total.kinds.items()))}; {rate:.0f} a second")
    print(
        f"longest {total.seconds:.2f} s, peak {math.ceil(total.peak / 2**20)} MB, {len(total.complaints)} unaccounted for"
    )
    sys.exit(bool(total.complaints))


if __name__ == "__main__":
    main()
