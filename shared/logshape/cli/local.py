"""Runs the pipeline on this machine: once with events, or until it is stopped."""

from __future__ import annotations

import json
import os
import shlex
import signal
import sys
import time
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, Final

import click

from logshape.cli import contracts
from logshape.cli.ledger import aligned, counts, table, verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from logshape.contract.model import Contract
    from logshape.local.deployment import Source
    from logshape.local.opensearch import Endpoint, Off
    from logshape.local.run import Report
    from logshape.local.sample import LogEvent
    from logshape.local.tallies import Tally

POLL_SECONDS: Final = 1.0
NEXT: Final = """\
Next: logshape explain '[ERROR] boom'    which format reads a line, and why
      logshape local run --input FILE    your own lines or events
      logshape local up                  keep AWS and OpenSearch running, to look around"""


@click.group("local")
def command() -> None:
    """Run the whole pipeline on this machine: AWS, OpenSearch and the ingest function."""


@command.command("run")
@click.option("--input", "source", type=click.File("rb"), metavar="FILE", help="Lines or events; - is standard input.")
@click.option("--group", metavar="NAME", help="Log group of what names none.  [default: the contract's first]")
@click.option("--events", type=click.IntRange(min=1), metavar="N", help="Send N events: the same again, from earlier.")
@click.option(
    "--source",
    "way",
    type=click.Choice(["lambda", "kinesis"]),
    default="lambda",
    show_default=True,
    help="How events come to the function: from CloudWatch Logs itself, or in batches from a Kinesis stream.",
)
@contracts.option
@click.option("--json", "in_json", is_flag=True, help="Print the report as JSON.")
def run_(  # noqa: PLR0913 # one for each option
    source: IO[bytes] | None,
    group: str | None,
    events: int | None,
    way: Source,
    contract: Path | None,
    *,
    in_json: bool,
) -> None:
    """
    Send events through the pipeline once, and show where each of them ended.

    Without --input the captured sample is sent. Exits 1 when an event is unaccounted for.
    """
    from logshape.local import last_run, run, sample

    path = contracts.find(contract)
    declared = contracts.load(path)
    chosen = _given(source, group or _a_group(declared)) if source else _captured()
    chosen = sample.scaled(chosen, events) if events else chosen
    _say_what_starts()
    with _progress(len(chosen)) as tell:
        report = run.run(chosen, declared, path, last_run.HOME, tell, way)
    _warn(report)
    click.echo(json.dumps(_as_json(report), indent=2) if in_json else f"{table(report.books)}\n")
    report.books.balance()
    if not in_json:
        click.echo(f"{verdict(report.books)}\n\n{_answers(report)}")
        if report.tallies:
            click.echo(f"\n{_tallies(report.tallies)}")
        _say(f"\n{NEXT}")


@command.command("up")
@contracts.option
@click.option("--json", "in_json", is_flag=True, help="Print the variables as JSON.")
def up(contract: Path | None, *, in_json: bool) -> None:
    """
    Keep AWS, OpenSearch and the functions running until Ctrl-C.

    Prints the variables with which any AWS client, and logshape itself, uses them. New log groups are subscribed, and
    what a store could not take is sent again.
    """
    from logshape.local import last_run, run

    path = contracts.find(contract)
    declared = contracts.load(path)
    _say_what_starts()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt), run.pipeline(declared, path, last_run.HOME, fresh=False) as (stack, index):
        _warn_off(index)
        variables = {
            name: value
            for name, value in stack.environment.items()
            if not name.startswith(("AWS_LAMBDA_", "POWERTOOLS_"))  # the function's own
        }
        exports = "\n".join(f"export {name}={shlex.quote(value)}" for name, value in variables.items())
        click.echo(json.dumps(variables, indent=2) if in_json else exports)
        _say(f"running; what is archived lies in {last_run.HOME / run.ARCHIVE}; Ctrl-C stops it")
        redrive = stack.redrive()
        try:
            while True:
                stack.adopt_new()
                redrive.poll()
                time.sleep(POLL_SECONDS)
        finally:
            stack.aws.drain(time.monotonic() + run.DRAIN_SECONDS)  # what was taken is delivered
    _say("stopped")


def _captured() -> list[LogEvent]:
    from logshape.local import sample

    return sample.ending(sample.captured(), _now_ms())


def _given(source: IO[bytes], group: str) -> list[LogEvent]:
    """Return the events of a file; ones that CloudWatch Logs would refuse for their age are moved until now."""
    from logshape.errors import UnreadableInput
    from logshape.local import sample

    events = sample.read(source.read(), source.name, group, _now_ms())
    if not events:
        raise UnreadableInput(f"{source.name}: holds no line")
    if sample.recent(events, _now_ms()):
        return events
    _say("CloudWatch Logs takes no event older than 14 days: all times are moved, so that the last one is now")
    return sample.ending(events, _now_ms())


def _a_group(contract: Contract) -> str:
    """Return a log group that the contract's first entry matches."""
    return contract.groups[0].match[0].replace("*", "local")


def _as_json(report: Report) -> dict[str, object]:
    answers = {"archive": report.from_archive, "index": report.from_index}
    metrics = {
        tally.name: {"published": tally.published, "archived": tally.archived, "dropped": tally.dropped}
        for tally in report.tallies
    }
    rest = {"index": _index(report.index), "answers": answers, "metrics": metrics, "seconds": report.seconds}
    return counts(report.books) | rest


def _answers(report: Report) -> str:
    from logshape.local import last_run, questions, run

    stores = {f"archive ({last_run.HOME / run.ARCHIVE}, DuckDB)": report.from_archive}
    if report.from_index is not None:
        stores["index (OpenSearch)"] = report.from_index
    levels = sorted({level for answer in stores.values() for level in answer})
    rows = [(level, *(answer.get(level, 0) for answer in stores.values())) for level in levels]
    total = ("total", *(sum(answer.values()) for answer in stores.values()))
    return aligned([(questions.QUESTION, *stores), *rows, total])


def _tallies(found: Sequence[Tally]) -> str:
    """Return what the contract's metric filters published beside what the archive answers to the same predicate."""
    rows = [
        (tally.name, tally.published, tally.archived, tally.dropped, "equal" if tally.agrees else "DIFFERENT")
        for tally in found
    ]
    return aligned([("metric", "metric filters", "archive", "dropped", ""), *rows])


def _index(index: Endpoint | Off) -> dict[str, str]:
    from logshape.local.opensearch import Endpoint

    return {"url": index.url} if isinstance(index, Endpoint) else {"off": index.reason}


def _warn(report: Report) -> None:
    """Say what is not as the user may think."""
    _warn_off(report.index)
    for reason, count in report.refused.items():
        _say(f"{count} events were not sent, since CloudWatch Logs takes none that are {reason}")
    for group in report.strangers:
        _say(f"{group}: no entry of the contract matches it; the built-in formats read its lines")
    for group in report.unsubscribed:
        _say(f"{group}: not subscribed by the contract; its events stay in CloudWatch Logs")
    for error in report.errors:
        _say(f"the ingest function failed: {error}")
    if report.put_away:
        _say(f"{report.put_away} objects hold what no store took; see the folders spool and aws under .logshape")


def _warn_off(index: Endpoint | Off) -> None:
    from logshape.local.opensearch import Off

    if isinstance(index, Off):
        _say(f"indexing is off: {index.reason}")


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    """Show how many of *total* events are on their way, on a terminal only."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("events", total=total)
        yield lambda count: progress.advance(task, count)


def _say_what_starts() -> None:
    from logshape.local import last_run, opensearch

    known = opensearch.URL in os.environ or (last_run.HOME / "opensearch" / opensearch.JARS).exists()
    _say("starting AWS and OpenSearch" + ("" if known else "; OpenSearch's jars are looked up first (59 MB)"))


def _say(text: str) -> None:
    click.echo(text, err=True)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
