"""Turns events into answers and books: the whole pipeline once, on this machine."""

from __future__ import annotations

import os
import shutil
import time
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import msgspec

from logshape.artefacts.index_template import index_patterns
from logshape.ledger import Ledger
from logshape.local import function_logs, last_run, questions
from logshape.local.aws import LOG, LocalAws
from logshape.local.batches import Batch, batches, refusal
from logshape.local.deployment import SPOOL, Source, Stack, asking, deployed
from logshape.local.functions import Failure
from logshape.local.last_run import Books
from logshape.local.opensearch import Endpoint, Off, choose
from logshape.local.tallies import Tally, tallies

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from mypy_boto3_logs import CloudWatchLogsClient

    from logshape.contract.model import Contract
    from logshape.local.functions import Invocation
    from logshape.local.sample import LogEvent

READY_SECONDS: Final = 170.0
"""For the node, with its jars, on a machine that has nothing yet."""
DRAIN_SECONDS: Final = 600.0
ARCHIVE: Final = "archive"


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """
    What a run did: its books, the two answers, and what is to be said beside.

    *refused* counts the events that CloudWatch Logs does not take, by reason. *strangers* are the log groups that no
    entry of the contract matches, *unsubscribed* those that it does not send on. *errors* are the handler's, and
    *put_away* is how many objects hold what no sink took. *tallies* are the contract's metrics, counted in two ways.
    """

    books: Books
    index: Endpoint | Off
    from_archive: dict[str, int]
    from_index: dict[str, int] | None
    tallies: list[Tally]
    refused: dict[str, int]
    strangers: tuple[str, ...]
    unsubscribed: tuple[str, ...]
    errors: tuple[str, ...]
    put_away: int
    seconds: float


@contextmanager
def pipeline(
    contract: Contract, path: Path, home: Path, source: Source = "lambda", *, fresh: bool
) -> Iterator[tuple[Stack, Endpoint | Off]]:
    """
    Run AWS, OpenSearch and the ingest function for *contract*, the file *path*, as long as the block lasts.

    Events come to the function as *source* says. The archive, the spool and the index, if the node is ours, are emptied
    before when *fresh*.

    Raises:
        OutsideFailure: something does not start.

    """
    with choose(os.environ, home / "opensearch") as index, LocalAws(home) as aws:
        found = index.ready(time.monotonic() + READY_SECONDS)
        endpoint = found if isinstance(found, Endpoint) else None
        if fresh:
            _empty(contract, home, endpoint)
        with deployed(aws, contract, path, endpoint, source) as stack:
            yield stack, found


def run(  # noqa: PLR0913, PLR0917 # what is sent through what, and how
    events: Sequence[LogEvent],
    contract: Contract,
    path: Path,
    home: Path,
    tell: Callable[[int], None],
    source: Source = "lambda",
) -> Report:
    """
    Send *events* through the pipeline of *contract*, the file *path*, and keep the books under *home*.

    They come to the function as *source* says. *tell* hears how many events more are on their way. What the run before
    left is thrown away first.

    Raises:
        OutsideFailure: something does not start, or does not come to an end.

    """
    started = time.monotonic()
    now_ms = time.time_ns() // 1_000_000
    reasons = [refusal(event, now_ms) for event in events]
    taken = [event for event, reason in zip(events, reasons, strict=True) if not reason]
    with pipeline(contract, path, home, source, fresh=True) as (stack, index):
        sent = _put(stack, batches(taken), tell)
        invocations = stack.aws.drain(time.monotonic() + DRAIN_SECONDS)
        put_away = stack.aws.save(SPOOL, home)
        books = Books(groups=_ledgers(home, sent), sent=sent, index=isinstance(index, Endpoint))
        last_run.write(books, home)
        published = {name: datum.count for name, datum in stack.aws.metrics.data.items()}
        return Report(
            books=books,
            index=index,
            from_archive=questions.from_archive(home / ARCHIVE) if books.total.archived else {},
            from_index=questions.from_index(index, contract) if isinstance(index, Endpoint) else None,
            tallies=tallies(contract, published, taken, home / ARCHIVE) if books.total.archived else [],
            refused=dict(Counter(filter(None, reasons))),
            strangers=tuple(group for group in sent if not contract.group_for(group)),
            unsubscribed=tuple(sorted({event.log_group for event in taken} - sent.keys())),
            errors=tuple(dict.fromkeys(_errors(invocations))),
            put_away=put_away,
            seconds=time.monotonic() - started,
        )


def _empty(contract: Contract, home: Path, index: Endpoint | None) -> None:
    """Throw away what the run before left; an index that is not ours stays as it is."""
    for folder in (ARCHIVE, "failed", "spool", "aws"):
        shutil.rmtree(home / folder, ignore_errors=True)
    if index and index.ours:
        with asking(index) as opensearch:
            opensearch.indices.delete(index=",".join(index_patterns(contract)), ignore_unavailable=True)


def _put(stack: Stack, made: Sequence[Batch], tell: Callable[[int], None]) -> dict[str, int]:
    """Put *made* into their log groups, and return how many events of each group its subscription sends on."""
    logs: CloudWatchLogsClient = stack.aws.client("logs")
    sent = {}
    for group in sorted({batch.log_group for batch in made}):
        logs.create_log_group(logGroupName=group)
        if stack.adopt(group):
            sent[group] = sum(len(batch.events) for batch in made if batch.log_group == group)
    for group, stream in sorted({(batch.log_group, batch.log_stream) for batch in made}):
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
    for batch in made:
        stack.aws.ids.promise(batch.log_group, batch.log_stream, [event.id for event in batch.events])
        logs.put_log_events(
            logGroupName=batch.log_group,
            logStreamName=batch.log_stream,
            logEvents=[{"timestamp": event.timestamp, "message": event.message} for event in batch.events],
        )
        tell(len(batch.events))
    return sent


def _ledgers(home: Path, groups: Iterable[str]) -> dict[str, Ledger]:
    """Sum what the functions counted, by log group; an invocation that failed has counted nothing."""
    with (home / LOG).open("rb") as lines:
        found = function_logs.summed(lines).groups
    return dict(sorted(({group: Ledger() for group in groups} | found).items()))


def _errors(invocations: Iterable[Invocation]) -> Iterator[str]:
    for invocation in invocations:
        if isinstance(failure := invocation.answer, Failure):
            yield f"{failure.error_type}: {failure.error_message}"
