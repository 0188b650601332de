"""Turns the published formats of runtimes and services that are not run here into lines, with made-up contents."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

import access_logs
import other_runtimes
from lifecycle import Runtime, Service, Usage, service_of

if TYPE_CHECKING:
    from other_runtimes import Lines, Other
    from sample import Sample, Stream

INVOCATIONS = 7


def add_to(sample: Sample) -> None:
    """Add every published group, spread over the time that *sample* spans so far."""
    first, last = sample.span()
    for other in other_runtimes.OTHERS:
        for number in range(2):
            _function(sample, other, number, (first, last))
    access_logs.add_to(sample, first, last)


def manifest() -> dict[str, dict[str, str]]:
    """Say for each group that its lines are not captured, and whose format they follow."""
    functions = {
        f"/aws/lambda/{other.name}": {"source": "published", "format": other.format} for other in other_runtimes.OTHERS
    }
    return functions | access_logs.manifest()


def _function(sample: Sample, other: Other, number: int, span: tuple[int, int]) -> None:
    """Add one log stream of a function; the second stream of some is restored from a snapshot."""
    draw = random.Random(f"{other.name}-{number}")  # noqa: S311 # no secret, and it must repeat
    first, last = span
    stream = sample.stream(f"/aws/lambda/{other.name}", first, str(number))
    runtime = Runtime(function=other.name, version=other.version, memory=512)
    invented = Invented(stream, service_of(stream, runtime, as_json=other.json), other, draw)
    step = (last - first) // (INVOCATIONS + 1)
    at = first + draw.randint(0, step // 2)
    restored = other.restored and number == 1
    up = invented.come_up(at, restored=restored)
    at += int(up) + 2
    invented.invoke(at, init=None if restored else up, restore=up if restored else None)
    for place in range(1, INVOCATIONS):
        invented.invoke(at + step * place)


@dataclass(frozen=True)
class Invented:
    """One execution environment that there never was."""

    stream: Stream
    service: Service
    other: Other
    draw: random.Random

    def come_up(self, at: int, *, restored: bool) -> float:
        """Write what stands before the first invocation; return the milliseconds that it took."""
        up = round(self.draw.uniform(120, 900), 2)
        if restored:
            self.service.restore(at, up)
        else:
            self.service.init_start(at)
        if self.other.outside:
            self._add(at + int(up), self.other.outside(self.draw, at + int(up)))
        return up

    def invoke(self, at: int, init: float | None = None, restore: float | None = None) -> None:
        """Write one invocation, which ends well."""
        request = str(uuid.UUID(int=self.draw.getrandbits(128), version=4))
        self.service.start(at, request, None)
        moment = at
        for _ in range(self.draw.randint(2, 5)):
            moment += self.draw.randint(1, 40)
            self._add(moment, self.other.write(self.draw, moment, request))
        duration = round(moment - at + self.draw.uniform(2, 9), 2)
        memory = self.draw.randint(60, 200)
        self.service.report(
            moment + 3, request, Usage(duration=duration, memory_used=memory, init=init, restore=restore)
        )

    def _add(self, at: int, lines: Lines) -> None:
        for text, told in lines:
            self.stream.add(at + 1, text, told)
