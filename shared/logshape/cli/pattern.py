"""Pattern: which lines or events a CloudWatch filter pattern takes, one JSON object each, in their order."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import orjson

from logshape.cli import inputs

if TYPE_CHECKING:
    from collections.abc import Iterable


@click.command("pattern", context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]})
@click.argument("pattern")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--events", "as_events", is_flag=True, help="FILE holds events, one JSON object a line.")
def command(pattern: str, file: Path | None, *, as_events: bool) -> None:
    """
    Tell which lines of FILE (or stdin) PATTERN takes, and what it extracts from each.

    Lines are counted from 0. Where an answer hangs on what AWS leaves open, stderr names the switch that decides
    (docs/filter-patterns.md), with the first such line.
    """
    from logshape.dialects.filter_pattern import hangs_on, matches

    _judge(pattern)
    doubts: dict[str, int] = {}
    lines: Iterable[str] = (event.message for event in inputs.events(file)) if as_events else inputs.lines(file)
    for number, line in enumerate(lines):
        match = matches(pattern, line)
        answer = {"line": number, "match": match is not None, "values": match.values if match else {}}
        sys.stdout.buffer.write(orjson.dumps(answer) + b"\n")
        for switch in hangs_on(pattern, line):
            doubts.setdefault(switch, number)
    for switch, number in doubts.items():
        click.echo(f"line {number}: the answer hangs on `{switch}`, which AWS leaves open", err=True)


def _judge(pattern: str) -> None:
    """Refuse what CloudWatch refuses, and say what it ignores."""
    from logshape.dialects.filter_pattern import IGNORED_TERMS, parse, problems
    from logshape.errors import InvalidPattern

    parse(pattern)
    for problem in problems(pattern):
        message = f"{problem.message} (column {problem.column})"
        if problem.rule != IGNORED_TERMS:
            raise InvalidPattern(message, problem.column)
        click.echo(message, err=True)
