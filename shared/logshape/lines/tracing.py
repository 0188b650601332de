"""
Tracing: why a format fits a line or does not, in words.

It reads as the compiled readers do, one part at a time, and remembers what it saw; `explain` prints it. Tests hold the
two together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias, assert_never

import msgspec

from logshape.contract.model import Line, Path  # noqa: TC001 # msgspec reads the annotations when it makes the classes
from logshape.contract.paths import spelled
from logshape.contract.templates import Hole, Maybe, Template, Text
from logshape.lines.formats import glob, look
from logshape.lines.holes import demands, ends_of, head_of, nearest, nulls, refuses
from logshape.lines.json_text import read_object
from logshape.lines.pairs import parts_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logshape.contract.model import Format, Need
    from logshape.contract.templates import Part
    from logshape.lines.formats import Tools


_SHOWN: Final = 40  # characters of a line that a reason quotes


class FromHole(msgspec.Struct, frozen=True):
    """A hole of the template of *line* took the value."""

    hole: Hole
    line: Line


class FromPair(msgspec.Struct, frozen=True):
    """One of the format's `pairs` took the value."""

    pair: Template


class FromKey(msgspec.Struct, frozen=True):
    """A key of the JSON holds the value."""

    path: Path


class FromLine(msgspec.Struct, frozen=True):
    """The `set` beside the template of *line* says the value."""

    line: Line


Origin: TypeAlias = FromHole | FromPair | FromKey | FromLine


class Trace(msgspec.Struct):
    """How far a template got: where each field came from, and the fault that ended it, at a column counted from 1."""

    origins: dict[str, Origin]
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
    return f"`{escaped(each.template.source)}`: column {farthest.column}: {farthest.fault}"


def told(origin: Origin) -> str:
    """Say what *origin* is."""
    match origin:
        case FromHole(hole=hole, line=line):
            return f"{_spelled(hole)} of `{escaped(line.template.source)}`"
        case FromPair(pair=pair):
            return f"the pair `{escaped(pair.source)}`"
        case FromKey(path=path):
            return f"key `{spelled(path)}`"
        case FromLine(line=line):
            return f"`set` of `{escaped(line.template.source)}`"
        case _:
            assert_never(origin)


def origins(tools: Tools, line: str) -> dict[str, Origin]:
    """Return where each field came from in *line*, which the format of *tools* fits, but for what the format sets."""
    document = read_object(line) if tools.format.reads_json else None
    if document is not None:
        return _paths(tools.format, document)
    for each in tools.format.lines:
        found = trace(tools, each, line)
        if found.fault is None:
            return {**dict.fromkeys(each.set, FromLine(each)), **found.origins}
    return {}


def trace(tools: Tools, line: Line, text: str) -> Trace:
    """Read *text* by the template of *line*, part by part."""
    tracer = _Tracer(tools, line, text)
    tracer.walk(line.template.parts, ())
    if tracer.found.fault is None and tracer.at != len(text):
        tracer.fail(f"wanted the end, saw {_shown(text[tracer.at :])}")
    return tracer.found


class _Tracer:
    """Goes through one text, `at` being where the next part begins."""

    def __init__(self, tools: Tools, line: Line, text: str) -> None:
        self._tools = tools
        self._line = line
        self._text = text
        self.at = 0
        self.found = Trace({})

    def fail(self, fault: str) -> None:
        self.found.column, self.found.fault = self.at + 1, fault

    def walk(self, parts: Sequence[Part], after: Sequence[Part]) -> None:
        """Read *parts*, behind which *after* stands, up to the first fault."""
        for number, part in enumerate(parts):
            rest = (*parts[number + 1 :], *after)
            match part:
                case Text(text=literal) if self._text.startswith(literal, self.at):
                    self.at += len(literal)
                case Text(text=literal):
                    self.fail(f"wanted {_shown(literal)}, saw {_shown(self._text[self.at :])}")
                case Maybe(parts=inner):
                    if self._text.startswith(head_of(part), self.at):
                        self.walk(inner, rest)
                case Hole():
                    self._fill(part, rest)
            if self.found.fault is not None:
                return

    def _fill(self, hole: Hole, rest: tuple[Part, ...]) -> None:
        text, ends = self._text, ends_of(rest)
        while hole.filter == "pad" and text.startswith(" ", self.at):
            self.at += 1
        end = nearest(text, self.at, ends)
        if end < 0:
            wanted = " or ".join(_shown(literal) for literal in ends if literal)
            self.fail(f"wanted {wanted} behind {_spelled(hole)}, saw {_shown(text[self.at :])}")
            return
        if "@timestamp" in hole.names and (ends[0] or "").startswith(" ") and self._refusal(hole, text[self.at : end]):
            end = max(end, text.find(ends[0] or "", end + 1))
        fault = self._refusal(hole, text[self.at : end])
        if fault:
            self.fail(fault)
            return
        if text[self.at : end]:
            self.found.origins |= self._given(hole, text[self.at : end])
        self.at = end
        while hole.filter == "pad" and ends == (" ",) and text.startswith("  ", self.at):
            self.at += 1

    def _given(self, hole: Hole, value: str) -> dict[str, Origin]:
        """Return the fields that *hole* fills from *value*."""
        match hole.shape:
            case "json":
                return _paths(self._tools.format, read_object(value) or {})
            case "pairs":
                return _pairs(self._tools.format, value)
            case _:
                return dict.fromkeys(hole.names, FromHole(hole, self._line))

    def _refusal(self, hole: Hole, value: str) -> str | None:
        """Say why *hole* does not take *value*, or None where it does."""
        value = value.rstrip(" ") if hole.filter == "pad" else value
        if not value or value in nulls(self._tools, hole):
            return None if hole.optional or not (hole.names or hole.shape) else f"{_spelled(hole)} is empty"
        for demand in demands(self._tools, self._line, hole):
            if refuses(demand.call(value)):
                return f"{_spelled(hole)} wants {demand.wanted}, saw {_shown(value)}"
        return None


def _unmet(format_: Format, document: dict[str, object]) -> list[str]:
    return [_missing(need) for need in format_.needs if not _met(need, document)]


def _met(need: Need, document: dict[str, object]) -> bool:
    like = glob(need.like) if need.like is not None else lambda value: value is not None
    return any(like(look(document, path.steps)) for path in need.paths)


def _missing(need: Need) -> str:
    keys = " or ".join(f"`{spelled(path)}`" for path in need.paths)
    return f"needs {keys}" if need.like is None else f"needs {keys} like `{need.like}`"


def _pairs(format_: Format, text: str) -> dict[str, Origin]:
    """Return the fields that *format_*'s pairs find in *text*."""
    heads = {item.strip().partition(": ")[0] for item in text.replace("\n", "\t").split("\t")}
    return {
        name: FromPair(pair) for pair in format_.pairs if parts_of(pair)[0] in heads for name in parts_of(pair)[1].names
    }


def _paths(format_: Format, document: dict[str, object]) -> dict[str, Origin]:
    found: dict[str, Origin] = {}
    for key in format_.json or ():
        for path in key.paths:
            if look(document, path.steps) is not None and (path.when is None or _met(path.when, document)):
                found[key.field] = FromKey(path)
                break
    return found


def escaped(text: str) -> str:
    """Return *text* with tabs and new lines as YAML's double quotes write them."""
    return text.replace("\n", "\\n").replace("\t", "\\t")


def _spelled(hole: Hole) -> str:
    return "{" + (",".join(hole.names) or "_") + (f":{hole.shape}" if hole.shape else "") + "}"


def _shown(text: str) -> str:
    short = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
    return f"`{escaped(short)}`" if text else "the end"
