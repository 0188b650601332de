"""Explain: which format reads a line, where each field comes from, and why the other formats do not fit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from logshape.cli import contracts

if TYPE_CHECKING:
    from logshape.contract.model import Contract, Group
    from logshape.contract.places import Place
    from logshape.proof.explanation import Explanation


@click.command("explain")
@click.argument("line")
@click.option("--group", metavar="NAME", help="An entry of the contract's groups, or a log group; else all formats.")
@click.option("--json", "as_json", is_flag=True, help="Print {format, fields, counted, redacted, others}.")
@contracts.option
def command(line: str, group: str | None, contract: Path | None, *, as_json: bool) -> None:
    r"""
    Show how LINE is read; ``\t`` and ``\n`` in it stand for a tab and a new line where it holds none.

    Each field comes with its origin, and with the line of the contract that says so. Exits 1 when no format fits.
    """
    from logshape.proof.explanation import explain

    found, places = contracts.load_with_places(contract)
    if "\t" not in line and "\n" not in line and not line.lstrip().startswith("{"):
        line = line.replace("\\t", "\t").replace("\\n", "\n")
    explanation = explain(found, _entry(found, group), line, places)
    click.echo(json.dumps(_row(explanation), ensure_ascii=False, indent=2) if as_json else _text(explanation))
    if explanation.format is None:
        raise SystemExit(1)


def _entry(contract: Contract, group: str | None) -> Group:
    from logshape.contract.model import Group

    if group is None:
        used = dict.fromkeys(name for entry in contract.groups for name in entry.formats)
        return Group(name="", match=(), formats=(*used, *(name for name in contract.formats if name not in used)))
    named = next((entry for entry in contract.groups if entry.name == group), None)
    return named or contract.group_for(group) or contract.stranger


def _row(explanation: Explanation) -> dict[str, Any]:
    return {
        "format": explanation.format,
        "fields": {
            given.field: {"value": given.value, "from": given.origin, "at": _spelled(given.place)}
            for given in explanation.given
        },
        "counted": [
            {
                "metric": counted.metric,
                "filter": counted.filter,
                "pattern": counted.pattern,
                "at": _spelled(counted.place),
            }
            for counted in explanation.counted
        ],
        "redacted": [{"field": one.field, "by": list(one.by)} for one in explanation.redacted],
        "others": [{"format": other.format, "reason": other.reason} for other in explanation.others],
    }


def _text(explanation: Explanation) -> str:
    from logshape.lines.tracing import escaped

    name = explanation.format
    lines = [f"read as {name}" if name else "no format fits: it is `unparsed`, whole in `message`"]
    for given in explanation.given:
        value = json.dumps(given.value, ensure_ascii=False)
        lines.append(f"  {given.field:<18} {value}  ← {given.origin}{_behind(given.place)}")
    lines += ["counted by the filters"] if explanation.counted else []
    lines += [f"  {one.filter}  ← `{escaped(one.pattern)}`{_behind(one.place)}" for one in explanation.counted]
    lines += ["taken out before anything is stored"] if explanation.redacted else []
    lines += [f"  {one.field:<18} ← {', '.join(one.by)}" for one in explanation.redacted]
    lines += ["not read as"] if explanation.others else []
    lines += [f"  {other.format}: {other.reason}" for other in explanation.others]
    return "\n".join(lines)


def _behind(place: Place | None) -> str:
    return "" if place is None else click.style(f", {_spelled(place)}", dim=True)


def _spelled(place: Place | None) -> str | None:
    """Return *place* as seen from here, which an editor opens."""
    if place is None:
        return None
    here = Path.cwd()
    path = Path(place.file)
    return f"{path.relative_to(here) if path.is_relative_to(here) else path}:{place.line}"
