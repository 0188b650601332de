"""Turns a case of the matrix into evidence: what the handlers answered, and where every document was afterwards."""

from __future__ import annotations

import gzip
import itertools
import json
import threading
import time
from collections import Counter
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self

from moto.core import DEFAULT_ACCOUNT_ID as ACCOUNT_ID
from moto.s3.models import s3_backends

from logshape.contract import compiled
from logshape.local.functions import Function as Lambda
from tests.faults.bulk import Bulk
from tests.faults.cases import EVENTS, REFUSED, SECONDS
from tests.faults.containers import Function
from tests.faults.payloads import SPOOL, notification, payload, queued
from tests.faults.wires import Wires, nobody, relay, well
from tests.planted import PLACES, REDACT, planted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from logshape.local.aws import LocalAws
    from tests.faults.cases import Case, Kill
    from tests.faults.containers import Run
    from tests.faults.wires import Call, Exchange, Fault
    from tests.planted import Planted
    from tests.wires import Told

CONTRACT = """
version: 1
name: {name}
{redact}
groups:
  - {{name: shop, match: [/aws/lambda/shop-*], formats: [aws/lambda-json, aws/lambda-text], keep: {{index: 14d}}}}
"""
STREAM, ARCHIVE = "shop-archive", "archive"
SHORT = tuple(
    place for place in PLACES if "long" not in place and "limit" not in place and "without an id" not in place
)
"""Places of lines that are small and bring their id: a case counts by it."""
BULK = "ü" * 250_000
"""Two lines of it are a Firehose record."""
MINUTE = 60.0
ROUNDS = 6
"""How often messages come again at the most: the stores are well from the second time on."""


class Census(NamedTuple):
    """Where the documents are, by event id: in each store, and for each sink in the spool and in quarantine."""

    archive: Counter[str]
    index: Counter[str]
    spooled: dict[str, Counter[str]]
    quarantined: dict[str, Counter[str]]
    put_away: list[Any]
    content: bytes


NOWHERE = Census(Counter(), Counter(), {}, {}, [], b"")


@dataclass(kw_only=True)
class Evidence:
    """
    What a trial has shown.

    *answer* is ingest's last one. *ingested* is the census after it, when nothing was sent again yet; *redriven* is the
    last one, and *messages* those that came again to the end. *killed* tells whether a kill found a call,
    *printed* what each function printed.
    """

    secrets: Sequence[Planted]
    answer: Any = None
    tries: int = 0
    runs: list[Run] = field(default_factory=list)
    killed: bool = False
    ingested: Census = NOWHERE
    redriven: Census = NOWHERE
    messages: list[str] = field(default_factory=list)
    printed: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def ids(self) -> frozenset[str]:
        """The ids of the events."""
        return frozenset(one.event["id"] for one in self.secrets)


class Place:
    """Where trials are held: one AWS for all, with one stream and one spool, and one contract."""

    def __init__(self, aws: LocalAws, contract: Path, home: Path) -> None:
        """Create what a stack has, and the clients, which threads may use but not make."""
        self.aws, self.contract, self.home = aws, contract, home
        self.s3, firehose = aws.client("s3"), aws.client("firehose")
        for bucket in (ARCHIVE, SPOOL):
            self.s3.create_bucket(Bucket=bucket)
        destination = {
            "RoleARN": "arn:aws:iam::123456789012:role/firehose",
            "BucketARN": f"arn:aws:s3:::{ARCHIVE}",
            "Prefix": f"{ARCHIVE}/",
        }
        firehose.create_delivery_stream(DeliveryStreamName=STREAM, ExtendedS3DestinationConfiguration=destination)
        self._rows: dict[str, list[bytes]] = {}
        self._read: set[Path] = set()
        self._lock = threading.Lock()

    def archived(self, ids: frozenset[str]) -> list[tuple[str, bytes]]:
        """Return the rows of *ids* that Firehose has delivered; what it was sent before is."""
        self.aws.firehose.flush()
        with self._lock:
            for file in set((self.aws.home / ARCHIVE).rglob(f"{STREAM}-*")) - self._read:
                for row in file.read_bytes().splitlines():
                    self._rows.setdefault(json.loads(row)["event_id"], []).append(row)
                self._read.add(file)
            return [(event_id, row) for event_id in ids for row in self._rows.get(event_id, ())]

    def objects(self, prefix: str) -> Iterator[tuple[str, bytes]]:
        """Yield what the spool's bucket holds under *prefix*, behind S3's back: to ask for it costs more than a trial."""
        keys = s3_backends[ACCOUNT_ID]["aws"].get_bucket(SPOOL).keys
        for key in list(dict.keys(keys)):
            if key.startswith(prefix) and (found := keys.get(key)):
                yield key, found.value


class Index(Protocol):
    """A store behind `_bulk`, and what it holds: documents by index and id."""

    def __call__(self, call: Call, body: bytes) -> Told:
        """Answer a call."""

    @property
    def documents(self) -> Mapping[tuple[str, str], bytes]:
        """All that was stored and is found."""


class Trial:
    """One case, with wires and a part of the spool of its own, as long as a block lasts."""

    def __init__(self, case: Case, number: int, at: Place, index: Index | None = None) -> None:
        """Make nothing yet; *number* will be in every name, and seeds the events: a line with a secret each."""
        self.case, self.name, self.at = case, f"case-{number}", at
        self.index = index or Bulk("logs-*")
        self.wires = Wires(self.index, relay(at.aws.endpoint))
        now_ms = time.time_ns() // 1_000_000
        self.evidence = Evidence(secrets=planted(EVENTS, seed=number + 1, places=SHORT, time=now_ms))
        self.failures = f"aws/lambda/async/{self.name}-ingest/"
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Serve the wires, and prepare both functions."""
        with ExitStack() as stack:
            url, refused = stack.enter_context(self.wires.served()), stack.enter_context(nobody())
            addresses = {
                name: refused if address == REFUSED else address for name, address in self.case.addresses.items()
            }
            self.ingest = self._function("ingest", self.environment(url) | addresses, self.case.seconds)
            self.redrive = self._function("redrive", self.environment(url), 4 * SECONDS)
            stack.callback(self.ingest.close)
            stack.callback(self.redrive.close)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End all."""
        self._stack.close()

    def run(self) -> Evidence:
        """Ingest under the case's faults, send again what that left, and say what has become of everything."""
        with self:
            self.under(self.case.faults, self.case.kill, self.ingest)
            self.send([one.event for one in self.evidence.secrets])
            self.evidence.ingested = self.census()
            self.under(self.case.redrive, self.case.kill_redrive, self.redrive)
            self.send_again()
            self.evidence.redriven = self.census()
            self.evidence.runs = self.ingest.runs + self.redrive.runs
        self.evidence.printed = {name: self._log(name).read_bytes() for name in ("ingest", "redrive")}
        return self.evidence

    def environment(self, url: str) -> dict[str, str]:
        """Return what a stack gives its functions, every wire healthy."""
        return self.at.aws.environment() | {
            "AWS_ENDPOINT_URL": url,
            "LOGSHAPE_CONTRACT": str(self.at.contract),
            "LOGSHAPE_FIREHOSE_STREAM": STREAM,
            "LOGSHAPE_OPENSEARCH_AUTH": "none",
            "LOGSHAPE_OPENSEARCH_URL": url,
            "LOGSHAPE_SPOOL": f"s3://{SPOOL}/{self.name}",
        }

    def census(self) -> Census:
        """Look where every document is."""
        rows = self.at.archived(self.evidence.ids)
        kept: dict[str, Counter[str]] = {}
        documents = self.index.documents
        content = [*(row for _, row in rows), *documents.values()]
        for key, body in self.at.objects(f"{self.name}/"):
            content.append(gzip.decompress(body))
            lines = map(json.loads, content[-1].splitlines())
            kept.setdefault("/".join(key.split("/")[1:3]), Counter()).update(line["event_id"] for line in lines)
        return Census(
            archive=Counter(event_id for event_id, _ in rows),
            index=Counter(event_id for _, event_id in documents if event_id in self.evidence.ids),
            spooled={sink: kept.get(f"undelivered/{sink}", Counter()) for sink in ("archive", "index")},
            quarantined={sink: kept.get(f"quarantine/{sink}", Counter()) for sink in ("archive", "index", "payload")},
            put_away=[json.loads(body) for _, body in self.at.objects(self.failures)],
            content=b"\n".join(content),
        )

    def _function(self, name: str, environ: dict[str, str], seconds: float) -> Function:
        names = {
            "AWS_LAMBDA_FUNCTION_NAME": f"{self.name}-{name}",
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{self.name}-{name}",
        }
        return Function(name, environ | names, self._log(name), seconds)

    def _log(self, name: str) -> Path:
        file = self.at.home / f"{self.name}-{name}.log"
        file.touch()
        return file

    def under(self, faults: Mapping[Any, Fault], kill: Kill | None, function: Function) -> None:
        """Let *faults* begin, and nothing else go wrong."""
        self.wires.heal()
        self.wires.faults = dict(faults)
        if kill:
            self.wires.watch = _Killer(kill, function, faults, self.evidence)

    def send(self, events: Sequence[Mapping[str, object]]) -> None:
        """Send a payload as Lambda does an asynchronous event: up to three times, then to its on-failure bucket."""
        arn = f"arn:aws:lambda:us-east-1:123456789012:function:{self.name}-ingest"
        caller = Lambda(arn, self.ingest, lambda key, body: self.at.s3.put_object(Bucket=SPOOL, Key=key, Body=body))
        if self.case.bulky:
            events = [{**event, "message": f"n={n} {BULK}"} for n, event in enumerate(events)]
        caller.send(payload(events))
        caller.drain(time.monotonic() + MINUTE)
        caller.close()
        self.ingest.close()
        (invocation,) = caller.invocations
        self.evidence.answer, self.evidence.tries = invocation.answer, invocation.tries

    def send_again(self) -> None:
        """Give redrive a message for each object that comes, as S3 and SQS do, until none comes again."""
        messages: dict[str, str] = {}
        seen: set[str] = set()
        for _ in range(ROUNDS):
            there = {
                key for prefix in (f"{self.name}/undelivered/", self.failures) for key, _ in self.at.objects(prefix)
            }
            messages |= {key: notification(key) for key in there - seen}
            seen = there
            if not messages:
                break
            with suppress(Exception):  # whatever it died of: its messages come again
                answer = self.redrive(queued(messages))
                failed = {item["itemIdentifier"] for item in answer["batchItemFailures"]}
                messages = {key: body for key, body in messages.items() if key in failed}
            self.wires.heal()
        self.evidence.messages = list(messages)


class _Killer:
    """Watches the calls of a function and kills its process as the case says."""

    def __init__(self, kill: Kill, function: Function, faults: Mapping[Any, Fault], evidence: Evidence) -> None:
        self._kill, self._function, self._faults, self._evidence = kill, function, faults, evidence
        self._calls = itertools.count()
        self._lock = threading.Lock()

    def __call__(self, _: Call) -> Fault | None:
        """Return what befalls a call if it is the one."""
        with self._lock:
            number = next(self._calls)
        due = number >= self._kill.at if self._kill.every_time else number == self._kill.at
        return self._die if due else None

    def _die(self, exchange: Exchange) -> None:
        self._evidence.killed = True
        _ = exchange.call.sent  # who is stopped sends no more
        self._function.stop()
        if self._kill.after:
            self._faults.get(exchange.call.wire, well)(exchange)
        self._function.kill()
        exchange.close()


def compiled_contract(home: Path, name: str = "shop") -> Path:
    """Write the contract *name* under *home*, compiled as a deployment does, and return the file."""
    file = home / "contract.yaml"
    file.write_text(CONTRACT.format(name=name, redact=REDACT), encoding="utf-8")
    (home / "queries").mkdir()
    compiled.write(file, file.with_suffix(".msgpack"))
    return file.with_suffix(".msgpack")
