"""Diff: what a new contract does to what an old one made, and whether its version says so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final, assert_never

import click
import msgspec

from logshape.cli import contracts
from logshape.cli.inputs import STDIN
from logshape.proof.differences import Added, Changed, Removed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logshape.contract.model import Contract
    from logshape.proof.differences import Change

_COLOURS: Final = {
    "safe": "green",
    "re-index": "yellow",
    "new table": "yellow",
    "moves an alarm": "yellow",
    "deletes data": "red",
}
_LONGEST: Final = 100
_KEYS: Final = ("action", "kind", "name", "part", "from", "to", "class", "why")


@click.command("diff")
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.option(
    "--json", "as_json", is_flag=True, help="Print a list of {action, kind, name, part, from, to, class, why}."
)
def command(old: Path, new: Path, *, as_json: bool) -> None:
    r"""
    Show what changes from the contract OLD to NEW, and the class of each change.

    \b
    safe            nothing that is there is touched
    re-index        periods of the index that are there do not suit it
    new table       files of the archive that are there do not suit it
    moves an alarm  a metric counts otherwise than before
    deletes data    less is kept than before

    OLD or NEW may be `-` for stdin: git show HEAD:shared/contract.yaml | logshape diff - shared/contract.yaml

    Exits 1 when a change is not safe and NEW has no higher version than OLD, for then nobody could tell by which of the
    two a record was shaped.
    """
    from logshape.proof import changes

    was, now = (contracts.load(_readable(path)) for path in (old, new))
    found = changes.changes(was, now)
    refused = changes.is_refused(was, now, found)
    if as_json:
        click.echo(json.dumps([_row(change) for change in found], ensure_ascii=False, indent=2))
    else:
        for change in found:
            click.echo(_told(change))
        _sum_up(found, (was, now), new, refused=refused)
    raise SystemExit(1 if refused else 0)


def _readable(path: Path) -> Path:
    return Path("/dev/stdin") if str(path) == STDIN else path


def _row(change: Change) -> dict[str, object]:
    """Return *change* with every key that any change has, null where it has no such side."""
    row = msgspec.to_builtins(change)
    return {key: row.get(key) for key in _KEYS}


def _told(change: Change) -> str:
    """Return *change* as a person reads it: what was done to what, and below it the class with the reason."""
    match change:
        case Added(after=after):
            sign, done, values = "+", "added", _shown(after)
        case Changed(before=before, after=after):
            sign, done, values = "~", "changed", f"{_shown(before)} → {_shown(after)}"
        case Removed(before=before):
            sign, done, values = "-", "removed", _shown(before)
        case _:
            assert_never(change)
    what = " ".join(word for word in (change.kind, change.name, change.part) if word)
    colour = _COLOURS[change.effect]
    first = f"{click.style(sign, fg=colour)} {done} {what}: {values}"
    return f"{first}\n    {click.style(change.effect, fg=colour)}: {change.why}"


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    text = text[1:-1].replace('\\"', '"') if isinstance(value, str) else text
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _sum_up(found: Sequence[Change], contracts_: tuple[Contract, Contract], new: Path, *, refused: bool) -> None:
    was, now = contracts_
    unsafe = sum(change.effect != "safe" for change in found)
    counted = "1 change" if len(found) == 1 else f"{len(found)} changes"
    click.echo(f"{counted}, {unsafe} of them not safe; version {was.version} → {now.version}", err=True)
    if refused:
        click.echo(f"Next: set `version: {was.version + 1}` in {new} and run `logshape diff` again", err=True)
    elif found:
        click.echo(f"Next: `logshape check {new}` proves that it holds", err=True)
    else:
        click.echo("Next: nothing; the two mean the same", err=True)
