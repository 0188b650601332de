"""Prints where every event of the last run on this machine ended."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logshape.ledger import Ledger
    from logshape.local.last_run import Books

_HEADINGS: Final = (
    "log group", "received", "filtered", "archived", "indexed", "duplicates", "expired", "spooled", "quarantined",
)  # fmt: skip
BALANCES: Final = "balances: every event that was sent was received, and ended once for the archive"


@click.command("ledger")
@click.option("--json", "in_json", is_flag=True, help="Print all counts as JSON.")
def command(*, in_json: bool) -> None:
    """
    Show where every event of the last local run ended.

    Exits 1 when an event is unaccounted for.
    """
    from logshape.local import last_run

    books = last_run.read(last_run.HOME)
    click.echo(json.dumps(counts(books), indent=2) if in_json else table(books))
    books.balance()
    if not in_json:
        click.echo(f"\n{verdict(books)}")


def counts(books: Books) -> dict[str, dict[str, int] | dict[str, dict[str, int]]]:
    """Return the counts of all log groups together and of each."""
    groups = {group: ledger.counts() for group, ledger in books.groups.items()}
    return {"total": books.total.counts(), "groups": groups}


def table(books: Books) -> str:
    """Return a table with a row for each log group and the totals; archive and index are added up where both count."""
    rows = [_row(group, ledger) for group, ledger in books.groups.items()]
    return aligned([_HEADINGS, *rows, _row("total", books.total)])


def verdict(books: Books) -> str:
    """Return what balanced books say."""
    return BALANCES + (" and once for the index" if books.index else "; the index is off")


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
