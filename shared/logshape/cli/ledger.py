"""Prints where every event ended, of the last run on this machine or by the logs of deployed functions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logshape.ledger import Ledger
    from logshape.local.last_run import Books

_HEADINGS: Final = (
    "log group", "received", "filtered", "archived", "indexed", "duplicates", "expired", "spooled", "quarantined",
)  # fmt: skip
REDRIVEN: Final = "redriven"


@click.command("ledger")
@click.option(
    "--logs",
    type=click.Path(exists=True, path_type=Path),
    metavar="FOLDER|FILE",
    help="Logs of ingest and redrive, as exported from CloudWatch Logs.  [default: the last local run]",
)
@click.option("--json", "in_json", is_flag=True, help="Print all counts as JSON.")
def command(logs: Path | None, *, in_json: bool) -> None:
    """
    Show where every event of the last local run ended, or of the invocations in function logs.

    Exits 1 when an event is unaccounted for.
    """
    from logshape.local import function_logs, last_run

    books = function_logs.read(logs) if logs else last_run.read(last_run.HOME)
    click.echo(json.dumps(counts(books), indent=2) if in_json else table(books))
    books.balance()
    if not in_json:
        click.echo(f"\n{verdict(books)}")


def counts(books: Books) -> dict[str, dict[str, int] | dict[str, dict[str, int]]]:
    """Return the counts of all log groups together and of each, and what was redriven where anything was."""
    groups = {group: ledger.counts() for group, ledger in books.groups.items()}
    redriven = {REDRIVEN: books.redriven} if books.redriven else {}
    return {"total": books.total.counts(), "groups": groups, **redriven}


def table(books: Books) -> str:
    """
    Return a table with a row for each log group and the totals; archive and index are added up where both count.

    What was redriven is known of all log groups together alone, for an object of the spool has documents of many.
    """
    rows = [_row(group or "(unreadable)", ledger) for group, ledger in books.groups.items()]
    rows = [_HEADINGS, *rows, _row("total", books.total)]
    if books.redriven:
        spooled = _HEADINGS.index("spooled") + 1
        cells = [REDRIVEN, *[""] * len(books.groups), sum(books.redriven.values())]
        rows = [(*row[:spooled], cell, *row[spooled:]) for row, cell in zip(rows, cells, strict=True)]
    return aligned(rows)


def verdict(books: Books) -> str:
    """Return what balanced books say."""
    came = "received" if books.sent is None else "sent was received, and"
    sinks = " and ".join(
        f"once for the {sink}" for sink, on in (("archive", books.archive), ("index", books.index)) if on
    )
    off = "".join(f"; the {sink} is off" for sink, on in (("archive", books.archive), ("index", books.index)) if not on)
    return f"balances: every event that was {came} ended {sinks}{off}"


def aligned(rows: Sequence[Sequence[object]]) -> str:
    """Return *rows* as lines with the first column to the left and the others to the right."""
    texts = [[f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    return "\n".join(
        "  ".join([first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))])
        for first, *rest in texts
    )


def _row(name: str, ledger: Ledger) -> tuple[object, ...]:
    spooled = ledger.archive_spooled + ledger.index_spooled
    quarantined = ledger.archive_quarantined + ledger.index_quarantined + ledger.payloads_quarantined
    return (
        name, ledger.received, ledger.filtered, ledger.archived, ledger.indexed, ledger.duplicates,
        ledger.index_expired, spooled, quarantined,
    )  # fmt: skip
