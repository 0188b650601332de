"""Turns what functions have logged, here or on AWS, into the books of their invocations."""

from __future__ import annotations

import gzip
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, Final

import msgspec

from logshape.errors import UnreadableInput
from logshape.ledger import Ledger
from logshape.local.last_run import Books
from logshape.telemetry import COUNTS, REDRIVEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_MARK: Final = b"_aws"
_GZIP: Final = ".gz"


def read(path: Path) -> Books:
    """
    Sum what the function logs at *path*, a file or all under a folder, say of each log group.

    A line may be as the function printed it, have a time before it, as an export to S3 writes it, or be the `message`
    of a JSON object, as other ways out of CloudWatch Logs write it; files may be gzip. Other lines are passed over.

    Raises:
        UnreadableInput: there is nothing to read, or it holds no counts of ours.

    """
    files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())
    if not files:
        raise UnreadableInput(f"{path}: holds no file; wanted logs of the functions")
    books = summed(line for file in files for line in _lines(file))
    if not books.groups and not books.redriven:
        raise UnreadableInput(f"{path}: holds no counts of the functions; wanted lines with `_aws`, as they print them")
    return books


def summed(lines: Iterable[bytes]) -> Books:
    """Sum the counts that are found in *lines*."""
    counts: defaultdict[str, defaultdict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    redriven: Counter[str] = Counter()
    for metrics in filter(None, map(_metrics, lines)):
        sink = str(metrics.get("sink"))
        if sink not in COUNTS:
            continue
        if REDRIVEN in metrics:
            redriven[sink] += _count(metrics, REDRIVEN)
        if "received" in metrics:
            found = {name: _count(metrics, name) for name in COUNTS[sink]}
            counts[str(metrics.get("log_group", ""))][sink].update(found)
    return Books(
        groups={group: _ledger(of_group) for group, of_group in sorted(counts.items())},
        sent=None,
        archive=any("archive" in of_group for of_group in counts.values()),
        index=any("index" in of_group for of_group in counts.values()),
        redriven=dict(sorted(redriven.items())),
    )


def _ledger(of_group: dict[str, Counter[str]]) -> Ledger:
    """Join what the sinks' lines say; what stands in both is the larger, so that a line that is missing shows."""
    joined: Counter[str] = Counter()
    for counts in of_group.values():
        joined |= counts
    return Ledger(**joined)


def _metrics(line: bytes) -> dict[str, Any] | None:
    """Return the embedded metrics that *line* holds, or None."""
    if _MARK not in line:
        return None
    try:
        found = msgspec.json.decode(line[line.index(b"{") :])
    except (ValueError, msgspec.DecodeError):
        return None
    return _within(found)


def _within(found: object) -> dict[str, Any] | None:
    match found:
        case {"_aws": {}}:
            return found  # type: ignore[return-value] # the pattern says that it is a dict
        case {"message": str(message)}:
            return _metrics(message.encode())
        case {"message": dict(message)}:
            return _within(message)
        case _:
            return None


def _count(metrics: dict[str, Any], name: str) -> int:
    """Return a count, which EMF writes as a number or as a list of them."""
    value = metrics.get(name, 0)
    return int(sum(value) if isinstance(value, list) else value)


def _lines(file: Path) -> Iterator[bytes]:
    try:
        with gzip.open(file) if file.suffix == _GZIP else file.open("rb") as content:
            yield from content
    except (OSError, EOFError) as error:
        raise UnreadableInput(f"{file}: {error}") from error
