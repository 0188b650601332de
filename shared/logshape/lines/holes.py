"""Holes: where the text in a hole ends, what it must be, and what it becomes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from logshape.contract.templates import Hole, Maybe, Text
from logshape.lines.formats import glob
from logshape.lines.json_text import read_object
from logshape.lines.values import MISFIT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from logshape.contract.model import Line
    from logshape.contract.templates import Part, Shape
    from logshape.lines.formats import Tools
    from logshape.lines.values import Misfit

_WORD: Final = re.compile(r"\S+")
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_TIMES: Final = {"iso": "a time as ISO 8601 writes it", "slashed": "a time as Go's log writes it", "clf": "a CLF time"}


class Demand(msgspec.Struct, frozen=True):
    """
    What a hole wants of a text that is not empty, in words and as a function.

    The function refuses with *refusal*, or, where it is a test, with what is false. What else it answers takes the
    text's place if *becomes* is set.
    """

    wanted: str
    call: Callable[[Any], Any]
    becomes: bool = True
    refusal: Misfit | None = None


def demands(tools: Tools, line: Line, hole: Hole) -> Iterator[Demand]:
    """Yield what *hole* in *line* wants of its text, in the order in which it is asked."""
    for name in hole.names:
        if name in line.like:
            yield Demand(f"text like `{line.like[name]}`", glob(line.like[name]), becomes=False)
    if hole.shape is not None:
        yield from _of_shape(tools, hole.shape)
    if hole.names and hole.shape not in _TIMES:
        yield from _of_field(tools, hole.names[0])


def _of_shape(tools: Tools, shape: Shape) -> Iterator[Demand]:
    match shape:
        case "word":
            yield Demand("a word", _WORD.fullmatch, becomes=False)
        case "uuid":
            yield Demand("a UUID", _UUID.fullmatch, becomes=False)
        case "json":
            yield Demand("a JSON object", read_object)
        case "pairs":
            pass
        case "iso" | "slashed" | "clf":
            yield Demand(_TIMES[shape], tools.clock(shape))


def _of_field(tools: Tools, name: str) -> Iterator[Demand]:
    kind = tools.types.get(name)
    if name == "level":
        yield Demand("a level", tools.levels.get)
    elif kind == "timestamp":
        yield Demand("a time", tools.clock())
    elif kind not in (None, "keyword", "text"):
        yield Demand(f"a value of type {kind}", tools.coercion(name), refusal=MISFIT)


def refuses(answer: object) -> bool:
    """Say whether *answer*, of a `Demand`, refuses the text."""
    return answer is None or answer is False or answer is MISFIT


def nulls(tools: Tools, hole: Hole) -> tuple[str, ...]:
    """Return the words that stand for nothing in *hole*; a text says what it says."""
    is_text = any(tools.types.get(name) == "text" for name in hole.names)
    return tools.nulls if hole.optional and not is_text else ()


def ends_of(rest: tuple[Part, ...]) -> tuple[str | None, ...]:
    """Return the literals that can end a hole before *rest*; None among them stands for the end of the line."""
    ends: list[str | None] = []
    for part in rest:
        match part:
            case Text(text=text):
                return (*ends, text)
            case Maybe():
                ends.append(head_of(part))
            case Hole():
                pass  # not behind a hole: the parser refuses neighbours
    return (*ends, None)


def head_of(part: Maybe) -> str:
    """Return the literal that an optional part begins with; the parser puts one there."""
    head = part.parts[0]
    return head.text if isinstance(head, Text) else ""


def nearest(line: str, at: int, ends: tuple[str | None, ...]) -> int:
    """Return where the first of *ends* stands from *at* on, or -1."""
    found = [len(line) if end is None else line.find(end, at) for end in ends]
    return min((place for place in found if place >= 0), default=-1)
