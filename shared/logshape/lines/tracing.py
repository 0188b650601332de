"""
Tracing: why a format fits a line or does not, in words.

It reads as the compiled readers do, one part at a time, and remembers what it saw; `explain` prints it. Tests hold the
two together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from logshape.contract.templates import Hole, Maybe, Text
from logshape.lines.formats import glob, look
from logshape.lines.holes import demands, ends_of, nearest, nulls, refuses
from logshape.lines.json_text import read_object

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logshape.contract.model import Format, Line, Need, Path
    from logshape.contract.templates import Part
    from logshape.lines.formats import Tools


class Trace(msgspec.Struct):
    """How far a template got: where each field came from, and the fault that ended it, at a column counted from 1."""

    origins: dict[str, str]
    column: int = 1
    fault: str | None = None


def why_not(tools: Tools, line: str) -> str:
    """Say why the format of *tools* does not fit *line*; of several templates the one that got farthest."""
    faults = []
    if tools.format.reads_json:
        document = read_object(line)
        faults = ["not a JSON object"] if document is None else _unmet(tools.format, document)
        if document is not None:
            return "; ".join(faults)
    traces = [(trace(tools, each, line), each) for each in tools.format.lines]
    if not traces:
        return "; ".join(faults)
    farthest, each = max(traces, key=lambda pair: pair[0].column)
    return f"`{each.template.source}`: column {farthest.column}: {farthest.fault}"


def origins(tools: Tools, line: str) -> dict[str, str]:
    """Say where each field came from in *line*, which the format of *tools* fits."""
    document = read_object(line) if tools.format.reads_json else None
    if document is not None:
        return _paths(tools.format, document)
    for each in tools.format.lines:
        found = trace(tools, each, line)
        if found.fault is None:
            said = dict.fromkeys(each.set, f"`set` of `{each.template.source}`")
            return {**said, **found.origins}
    return {}


def trace(tools: Tools, line: Line, text: str) -> Trace:
    """Read *text* by the template of *line*, part by part."""
    found = Trace({})
    end = _walk(tools, line, text, line.template.parts, (), 0, found)
    if found.fault is None and end != len(text):
        found.column, found.fault = end + 1, f"wanted the end, saw {_shown(text[end:])}"
    return found


def _walk(  # noqa: PLR0913 # the state of a walk, each part of which moves on its own
    tools: Tools, line: Line, text: str, parts: Sequence[Part], after: Sequence[Part], at: int, found: Trace
) -> int:
    for number, part in enumerate(parts):
        rest = (*parts[number + 1 :], *after)
        match part:
            case Text(text=literal):
                if not text.startswith(literal, at):
                    found.column, found.fault = at + 1, f"wanted {_shown(literal)}, saw {_shown(text[at:])}"
                else:
                    at += len(literal)
            case Maybe(parts=inner):
                head = inner[0]
                if isinstance(head, Text) and text.startswith(head.text, at):
                    at = _walk(tools, line, text, inner, rest, at, found)
            case Hole():
                at = _fill(tools, line, text, part, rest, at, found)
        if found.fault is not None:
            break
    return at


def _fill(  # noqa: PLR0913 # as above
    tools: Tools, line: Line, text: str, hole: Hole, rest: Sequence[Part], at: int, found: Trace
) -> int:
    if hole.filter == "pad":
        at += len(text[at:]) - len(text[at:].lstrip(" "))
    ends = ends_of(tuple(rest))
    end = nearest(text, at, ends)
    if end < 0:
        wanted = " or ".join(_shown(literal) for literal in ends if literal)
        found.column, found.fault = at + 1, f"wanted {wanted} behind {_spelled(hole)}, saw {_shown(text[at:])}"
        return at
    if "@timestamp" in hole.names and ends[0] and ends[0].startswith(" ") and _refusal(tools, line, hole, text[at:end]):
        end = max(end, text.find(ends[0], end + 1))
    fault = _refusal(tools, line, hole, text[at:end])
    if fault:
        found.column, found.fault = at + 1, fault
    for name in hole.names:
        if text[at:end]:
            found.origins[name] = f"{_spelled(hole)} of `{line.template.source}`"
    if hole.filter == "pad" and ends == (" ",):
        while text.startswith("  ", end):
            end += 1
    return end


def _refusal(tools: Tools, line: Line, hole: Hole, value: str) -> str | None:
    """Say why *hole* does not take *value*, or None where it does."""
    value = value.rstrip(" ") if hole.filter == "pad" else value
    if not value or value in nulls(tools, hole):
        return None if hole.optional or not (hole.names or hole.shape) else f"{_spelled(hole)} is empty"
    for demand in demands(tools, line, hole):
        if refuses(demand.call(value)):
            return f"{_spelled(hole)} wants {demand.wanted}, saw {_shown(value)}"
    return None


def _unmet(format_: Format, document: dict[str, object]) -> list[str]:
    return [_missing(need) for need in format_.needs if not _met(need, document)]


def _met(need: Need, document: dict[str, object]) -> bool:
    like = glob(need.like) if need.like is not None else lambda value: value is not None
    return any(like(look(document, path.steps)) for path in need.paths)


def _missing(need: Need) -> str:
    keys = " or ".join(f"`{dotted(path)}`" for path in need.paths)
    return f"needs {keys}" if need.like is None else f"needs {keys} like `{need.like}`"


def _paths(format_: Format, document: dict[str, object]) -> dict[str, str]:
    found = {}
    for key in format_.json or ():
        for path in key.paths:
            if look(document, path.steps) is not None:
                found[key.field] = f"key `{dotted(path)}`"
                break
    return found


def dotted(path: Path) -> str:
    """Write *path* as a contract does."""
    steps = (
        step if step.isidentifier() or step.replace("-", "_").isidentifier() else f"['{step}']" for step in path.steps
    )
    return ".".join(steps)


def _spelled(hole: Hole) -> str:
    return "{" + (",".join(hole.names) or "_") + (f":{hole.shape}" if hole.shape else "") + "}"


def _shown(text: str) -> str:
    short = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
    return f"`{short}`".replace("\n", "\\n").replace("\t", "\\t") if text else "the end"


_SHOWN = 40
