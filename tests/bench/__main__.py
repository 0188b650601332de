"""
The bench: what an event costs, as ratios of programs that are measured in turn in one process.

``make bench`` prints, for each mix, the CPU time an event of `Pipeline.shape`, of a floor written by hand and of a
forwarder on the standard library. Machines are noisy, so quote the ratios; each is the median of paired rounds.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import contracts
import control
import floor
import forwarder
import msgspec
from mixes import EVENTS, FOUND, MIXES, TIME

import logshape

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 60
ROOT = Path(__file__).parents[2]
GOALS = {"floor": "≤ 1.30", "redacted": "≤ 1.50", "standard library": "≥ 3.00"}


def main() -> None:
    """Measure and print."""
    contract = logshape.load(ROOT / "shared/contract.yaml")
    pipeline = logshape.Pipeline(msgspec.structs.replace(contract, redact=()), region="eu-west-1")
    redacting = logshape.Pipeline(contract, region="eu-west-1")
    print(
        f"CPU time an event, {EVENTS} events a payload, median of {ROUNDS} rounds; redact: [], and the shipped detectors"
    )
    print(
        f"{'mix':<16}{'logshape':>10}{'redacted':>10}{'floor':>10}{'ratio':>8}{'redacted':>10}{'standard library':>18}{'ratio':>8}"
    )
    for name, event in MIXES.items():
        compare(pipeline, event)
        compare(redacting, event)
        ours, redacted, low, high = measured(
            lambda event=event: pipeline.shape(event, TIME),
            lambda event=event: redacting.shape(event, TIME),
            lambda event=event: floor.shape(event),
            lambda event=event: forwarder.shape(event),
        )
        to_floor = statistics.median(a / b for a, b in zip(ours, low, strict=True))
        to_forwarder = statistics.median(b / a for a, b in zip(ours, high, strict=True))
        with_detectors = statistics.median(a / b for a, b in zip(redacted, low, strict=True))
        figures = f"{to_floor:>7.2f}x{with_detectors:>9.2f}x{micros(high):>18}{to_forwarder:>7.2f}x"
        print(f"{name:<16}{micros(ours)}{micros(redacted)}{micros(low)}{figures}")
    print(f"goals: {GOALS['floor']} x the floor, {GOALS['redacted']} x with detectors,")
    print(f"{GOALS['standard library']} x faster than the standard library")
    for name, event in FOUND.items():
        plain, found = measured(
            lambda event=event: pipeline.shape(event, TIME), lambda event=event: redacting.shape(event, TIME)
        )
        print(f"{name}, each with an address: {micros(plain)} as it is, {micros(found)} redacted")
    cold_start()
    contracts.measure()
    control.measure()


def compare(pipeline: logshape.Pipeline, event: dict) -> None:
    """Refuse to measure programs that do not do the same work."""
    shipment = pipeline.shape(event, TIME)
    expected = documents(shipment.records), documents(shipment.bodies)
    for program in (floor, forwarder):
        records, bodies = program.shape(event)
        for ours, theirs in zip(expected, (documents(records), documents(bodies)), strict=True):
            for a, b in zip(ours, theirs, strict=True):
                assert a == b, f"{program.__name__} differs:\n{a}\n{b}"


def documents(pieces: list[bytes]) -> list[object]:
    """Read NDJSON."""
    return [json.loads(line) for line in b"".join(pieces).splitlines()]


def measured(*programs: Callable[[], object]) -> list[list[float]]:
    """Return each program's CPU seconds, round by round; the programs take turns."""
    rounds: list[list[float]] = [[] for _ in programs]
    for program in programs:
        program()
    for _ in range(ROUNDS):
        for program, times in zip(programs, rounds, strict=True):
            start = time.process_time()
            program()
            times.append(time.process_time() - start)
    return rounds


def micros(times: list[float]) -> str:
    """Print the median as microseconds an event."""
    return f"{statistics.median(times) / EVENTS * 1e6:>7.2f} µs"


def cold_start() -> None:
    """Print what importing the ingest handler costs a new process, beyond a bare interpreter."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment = {**inherited, "LOGSHAPE_CONTRACT": str(ROOT / "shared/contract.msgpack"), "AWS_REGION": "eu-west-1"}
    sinks = {"LOGSHAPE_FIREHOSE_STREAM": "stream", "LOGSHAPE_OPENSEARCH_URL": "http://127.0.0.1:9"}
    environment |= {**sinks, "LOGSHAPE_SPOOL": "s3://bucket/spool", "PYTHONPATH": str(ROOT / "shared")}
    subprocess.run(
        [
            sys.executable,
            "-m",
            "logshape.contract.compiled",
            ROOT / "shared/contract.yaml",
            ROOT / "shared/contract.msgpack",
        ],
        check=True,
        env=environment,
    )
    bare, ours = [], []
    for _ in range(10):
        for code, times in (("pass", bare), ("import functions.ingest.handler", ours)):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, env=environment)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    beyond = (min(ours) - min(bare)) * 1000
    print(
        f"import of the ingest handler with both sinks, fresh process: {beyond:.0f} ms of CPU beyond a bare interpreter"
    )
    print("(least of 10; goal ≤ 250)")


if __name__ == "__main__":
    main()
