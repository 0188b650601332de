"""Check: everything that is wrong with a contract, for people with a caret under the place, for programs as JSON."""

from __future__ import annotations

import json
import sys
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import msgspec

from logshape.cli import contracts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TypeAlias

    from logshape.contract.load import Reading
    from logshape.contract.rules import Judge
    from logshape.errors import Finding, Problem

    Lines: TypeAlias = Mapping[str, Sequence[str]]

_WIDEST: Final = 110  # columns of an excerpt; what is wider is cut around the place


@click.command("check")
@click.argument("contract", required=False, type=click.Path(path_type=Path))
@click.option("--contract", "named", metavar="FILE", type=click.Path(path_type=Path), help="The same as CONTRACT.")
@click.option("--json", "as_json", is_flag=True, help="Print a list of {file, line, column, rule, message}.")
def command(contract: Path | None, named: Path | None, *, as_json: bool) -> None:
    """
    Prove that CONTRACT holds: its schema, its rules, every example, and that parser, filters and stores agree.

    A `template.yaml` beside it must have what follows from it, as `make template` writes that.

    Exit code 0 when there is no problem, 1 when there are some, 2 when the file cannot be read. Advice goes to stderr
    and decides nothing.
    """
    from logshape.contract import load
    from logshape.proof import advice, agreement, examples, stores, template
    from logshape.proof.bench import Bench

    path = contracts.find(contract or named)
    reading = load.read(path)
    examples.judge(reading)
    advice.judge(reading)
    judges: frozenset[Judge] = load.JUDGES | {"examples", "advice"}
    if reading.contract is not None:
        bench = Bench(reading.contract)
        agreement.judge(reading, bench)
        stores.judge(reading, bench)
        judges |= {"agreement", "stores"}
    problems = reading.problems(judges)
    lines = {document.source.file: document.source.lines for document in reading.documents}
    if reading.contract is not None and (stack := template.beside(path)):
        problems += template.judge(reading.contract, stack)
        lines[str(stack)] = template.read(stack).splitlines()
    for finding in reading.advice(judges):
        click.echo(_told(finding, lines, "yellow"), err=True)
    if as_json:
        click.echo(json.dumps([msgspec.to_builtins(problem) for problem in problems], ensure_ascii=False, indent=2))
    else:
        _print(problems, reading, lines)
    sys.exit(1 if problems else 0)


def _print(problems: Sequence[Problem], reading: Reading, lines: Lines) -> None:
    for problem in problems:
        click.echo(_told(problem, lines, "red"))
    name = reading.document.source.file
    if problems:
        click.echo(f"{name}: {_counted(len(problems), 'problem')}; mend and run `logshape check` again", err=True)
        return
    run = sum(len(format_.examples) for format_ in (*reading.formats.values(), *reading.built_in.values()))
    groups = len(reading.contract.groups) if reading.contract else 0
    judged = (_counted(groups, "group"), _counted(len(reading.formats), "format"), _counted(run, "example"))
    click.echo(f"{name}: no problems in {', '.join(judged)}")
    click.echo("Next: `logshape explain LINE` shows how a line is read", err=True)


def _told(finding: Finding, files: Lines, colour: str) -> str:
    """Return *finding* as a person reads it: place, rule and message, and the line with a caret below."""
    place = click.style(f"{finding.file}:{finding.line}:{finding.column}:", bold=True)
    said = f"{place} {click.style(finding.rule, fg=colour)}: {finding.message}"
    lines = files[finding.file]
    if finding.line > len(lines):
        return said
    return f"{said}\n{_excerpt(finding, lines[finding.line - 1], colour)}"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _excerpt(finding: Finding, line: str, colour: str) -> str:
    """Return *line* with its number, and below it a caret under the finding's column."""
    at = min(finding.column - 1, len(line))
    begin = max(0, at - _WIDEST // 2)
    shown = line[begin : begin + _WIDEST]
    number = str(finding.line)
    below = "".join(_blank(character) for character in shown[: at - begin])
    return f"  {number} | {shown}\n  {' ' * len(number)} | {below}{click.style('^', fg=colour, bold=True)}"


def _blank(character: str) -> str:
    """Return white space as wide as *character* is on a terminal."""
    if character == "\t":
        return "\t"
    if unicodedata.combining(character):
        return ""
    return "  " if unicodedata.east_asian_width(character) in "WF" else " "
