"""Explain: which format reads a line, where each field comes from, and why the other formats do not fit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from logshape.cli import contracts

if TYPE_CHECKING:
    from pathlib import Path

    from logshape.contract.model import Contract, Group


@click.command("explain")
@click.argument("line")
@click.option("--group", metavar="NAME", help="An entry of the contract's groups, or a log group; else all formats.")
@click.option("--json", "as_json", is_flag=True, help="Print {format, fields, others}.")
@contracts.option
def command(line: str, group: str | None, contract: Path | None, *, as_json: bool) -> None:
    r"""
    Show how LINE is read; ``\t`` and ``\n`` in it stand for a tab and a new line where it holds none.

    Exits 1 when no format fits.
    """
    found = contracts.load(contract)
    if "\t" not in line and "\n" not in line and not line.lstrip().startswith("{"):
        line = line.replace("\\t", "\t").replace("\\n", "\n")
    answer = explained(found, _entry(found, group), line)
    click.echo(json.dumps(answer, ensure_ascii=False, indent=2) if as_json else _text(answer))
    if answer["format"] is None:
        raise SystemExit(1)


def explained(contract: Contract, entry: Group, line: str) -> dict[str, Any]:
    """Return the format that reads *line*, each field with its value and origin, and why the others did not fit."""
    from logshape.contract.model import CORE_FIELDS
    from logshape.lines.formats import Tools
    from logshape.lines.readers import reader_for
    from logshape.lines.tracing import origins, why_not

    fields = {field.name: field for field in (*CORE_FIELDS, *contract.fields)}
    answer: dict[str, Any] = {"format": None, "fields": {}, "others": []}
    for name in entry.formats:
        format_ = contract.formats[name]
        record = reader_for(format_, fields)(line)
        if record is None:
            answer["others"].append({"format": name, "reason": why_not(Tools(format_, fields), line)})
        elif answer["format"] is not None:
            answer["others"].append({"format": name, "reason": f"it fits too, and `{answer['format']}` comes first"})
        else:
            known = origins(Tools(format_, fields), line)
            known["severity_number"] = "the level"
            answer["format"] = record.pop("format")
            answer["fields"] = {
                key: {"value": record[key], "from": known.get(key, _ELSEWHERE.get(key, f"`set` of `{name}`"))}
                for key in [*fields, "attributes"]
                if key in record
            }
    return answer


_ELSEWHERE = {"attributes": "what no field takes", "parse_errors": "what does not fit its field's type"}


def _entry(contract: Contract, group: str | None) -> Group:
    from logshape.contract.model import Group

    if group is None:
        used = dict.fromkeys(name for entry in contract.groups for name in entry.formats)
        return Group(name="all", match=(), formats=(*used, *(name for name in contract.formats if name not in used)))
    named = next((entry for entry in contract.groups if entry.name == group), None)
    return named or contract.group_for(group) or contract.stranger


def _text(answer: dict[str, Any]) -> str:
    lines = [
        f"read as {answer['format']}" if answer["format"] else "no format fits: it is `unparsed`, whole in `message`"
    ]
    for name, field in answer["fields"].items():
        value = json.dumps(field["value"], ensure_ascii=False)
        lines.append(f"  {name:<18} {value}  ← {field['from']}")
    lines.append("not read as" if answer["others"] else "")
    lines += [f"  {other['format']}: {other['reason']}" for other in answer["others"]]
    return "\n".join(lines).rstrip()
