"""
Turns ten minutes at full speed into figures: whether the function's memory stays flat, and whether its books balance.

``python -m tests.faults.soak --seconds 600`` sends payload after payload through the real handler, in a process of its
own. Each minute the index, the archive or both fail for a while, so that spool and breaker work too.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from logshape.contract import compiled
from logshape.ledger import Ledger
from logshape.local import sample
from tests.faults.cases import BUSY
from tests.faults.containers import Function
from tests.faults.fuzz import CONTRACT, environment
from tests.faults.payloads import payload
from tests.faults.wires import Wires, json_told
from tests.planted import planted
from tests.wires import Told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.faults.wires import Call

SECONDS = 600.0
EVENTS = 1_000
LONGEST = 20_000
PAYLOADS = 40
"""So many different payloads go round."""
WARM = 0.25
"""The part of the run after which memory has to be flat."""
GROWTH = 8.0
"""Megabytes that the resident memory may grow by its trend, from the end of the warm-up to the end of the run."""
OUTAGES = ((20.0, 30.0, ("index",)), (40.0, 45.0, ("archive",)), (50.0, 53.0, ("index", "archive")))
"""From which to which second of each minute a wire answers 503."""
MINUTE = 60.0


class Sample(NamedTuple):
    """What the function's process had at a time."""

    seconds: float
    megabytes: float


class Counting:
    """Stores that count what they take, and forget it."""

    def __init__(self) -> None:
        """Count nothing yet."""
        self.taken: Counter[str] = Counter()

    def index(self, call: Call, body: bytes) -> Told:
        """Be OpenSearch: every document is new."""
        if call.wire == "cluster":
            return json_told(200, {"index_templates": [{"index_template": {"index_patterns": ["logs-shop-*"]}}]})
        ids = [json.loads(line)["create"]["_id"] for line in body.splitlines()[::2]]
        self.taken["indexed"] += len(ids)
        return json_told(200, {"items": [{"create": {"_id": event_id, "status": 201}} for event_id in ids]})

    def aws(self, call: Call, body: bytes) -> Told:
        """Be Firehose, or S3."""
        if call.wire == "archive":
            records = [base64.b64decode(record["Data"]) for record in json.loads(body)["Records"]]
            self.taken["archived"] += sum(record.count(b"\n") for record in records)
            return json_told(200, {"FailedPutCount": 0, "RequestResponses": [{"RecordId": "r"} for _ in records]})
        kind, sink = call.path.split("/")[3:5]
        name = {"undelivered": f"{sink}_spooled", "quarantine": f"{sink}_quarantined"}[kind]
        self.taken[name] += gzip.decompress(body).count(b"\n")
        return Told(200, b"", (("etag", '"e"'),))


class Soaked(NamedTuple):
    """What a run has shown: the books, what the stores counted, and the process's memory over time."""

    ledger: Ledger
    taken: Counter[str]
    payloads: int
    seconds: float
    samples: Sequence[Sample]

    @property
    def growth(self) -> float:
        """How many megabytes the memory grows by its trend, a least-squares line, once it is warm."""
        warm = [one for one in self.samples if one.seconds >= WARM * self.seconds]
        middle = sum(one.seconds for one in warm) / len(warm)
        mean = sum(one.megabytes for one in warm) / len(warm)
        slope = sum((one.seconds - middle) * (one.megabytes - mean) for one in warm)
        return slope / sum((one.seconds - middle) ** 2 for one in warm) * (warm[-1].seconds - warm[0].seconds)

    @property
    def differences(self) -> dict[str, tuple[int, int]]:
        """What the books and the stores count differently."""
        counts = self.ledger.counts()
        names = ("archived", "indexed", "archive_spooled", "index_spooled", "archive_quarantined", "index_quarantined")
        return {name: (counts[name], self.taken[name]) for name in names if counts[name] != self.taken[name]}


def soak(seconds: float, home: Path) -> Soaked:
    """Send payloads through the handler for so many *seconds*."""
    contract = home / "contract.yaml"
    contract.write_text(CONTRACT, encoding="utf-8")
    (home / "queries").mkdir()
    compiled.write(contract, contract.with_suffix(".msgpack"))
    counting, ledger, samples, payloads = Counting(), Ledger(), [], 0
    wires, made = Wires(counting.index, counting.aws), _payloads()
    with wires.served() as url:
        ingest = Function("ingest", environment(url, contract.with_suffix(".msgpack")), home / "ingest.log", MINUTE)
        process, started, minute = ingest.pid, time.monotonic(), min(MINUTE, seconds / 2)
        while (passed := time.monotonic() - started) < seconds:
            at = passed % minute * MINUTE / minute
            wires.faults = {wire: BUSY for since, to, down in OUTAGES if since <= at < to for wire in down}  # type: ignore[misc] # names of wires
            answer = ingest(made[payloads % len(made)])
            assert isinstance(answer, dict)
            ledger += Ledger(**answer).balance()
            payloads += 1
            if not samples or passed - samples[-1].seconds >= seconds / 600:
                samples.append(Sample(passed, _resident(process)))
                (home / "ingest.log").write_bytes(b"")
        ingest.close()
    return Soaked(ledger, counting.taken, payloads, time.monotonic() - started, samples)


def _payloads() -> list[dict[str, object]]:
    """Return payloads of captured and planted lines, as CloudWatch Logs sends them now."""
    now_ms = time.time_ns() // 1_000_000
    secrets = [one.event["message"] for one in planted(50) if isinstance(one.event["message"], str)]
    lines = [*(event.message for event in sample.captured()), *(line for line in secrets if len(line) < LONGEST)]
    return [
        payload(
            {
                "id": f"{number * EVENTS + place:056d}",
                "timestamp": now_ms,
                "message": lines[(number * EVENTS + place) % len(lines)],
            }
            for place in range(EVENTS)
        )
        for number in range(PAYLOADS)
    ]


def _resident(process: int) -> float:
    """Return the megabytes of a process's pages that are in memory."""
    found = subprocess.run(["ps", "-o", "rss=", "-p", str(process)], check=True, capture_output=True, text=True).stdout
    return int(found) / 1024


def main() -> None:
    """Soak, print the figures, and exit with 1 where memory grows or the books do not balance."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long; ten minutes by default")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        soaked = soak(asked.seconds, Path(home))
    received = soaked.ledger.received
    warm = next(one for one in soaked.samples if one.seconds >= WARM * soaked.seconds)
    print(
        f"{soaked.payloads:,} payloads, {received:,} events in {soaked.seconds:.0f} s: {received / soaked.seconds:,.0f} a second"
    )
    print(", ".join(f"{count:,} {name}" for name, count in soaked.ledger.counts().items() if count))
    print(f"resident: {warm.megabytes:.1f} MB warm, {soaked.samples[-1].megabytes:.1f} MB at the end, ", end="")
    print(
        f"{max(one.megabytes for one in soaked.samples):.1f} MB at most; trend {soaked.growth:+.2f} MB, allowed {GROWTH:.0f}"
    )
    for name, (counted, stored) in soaked.differences.items():
        print(f"{name}: the books say {counted:,}, the stores {stored:,}")
    sys.exit(bool(soaked.differences) or soaked.growth > GROWTH)


if __name__ == "__main__":
    main()
