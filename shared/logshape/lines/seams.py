"""
Seams: formats that write a field right beside a letter, so that it reads otherwise alone than in its line.

`card={card}end` is one: what a detector finds in the field, it does not find in the line, where a word goes on.
"""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, Final

from logshape.contract.templates import Hole, Maybe, Text
from logshape.lines.holes import ends_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logshape.contract.model import Format
    from logshape.contract.templates import Part

# Beside these, one of the built-in detectors or an own `\b` finds nothing.
_WORD: Final = string.ascii_letters + string.digits + "_/+.-"
_BEFORE: Final = _WORD + ":"
_BEHIND: Final = _WORD + "="


def is_glued(format_: Format) -> bool:
    """Say whether a hole of *format_* touches what a detector may take for a part of the same word."""
    templates = (*(line.template for line in format_.lines), *format_.pairs)
    return any(
        _is_glue(before, behind) for template in templates for before, behind in _around(template.parts, (), ("",))
    )


def _around(
    parts: tuple[Part, ...], after: tuple[Part, ...], before: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Yield for each hole the literals that can stand before it, and those that can stand behind it."""
    for number, part in enumerate(parts):
        rest = (*parts[number + 1 :], *after)
        match part:
            case Text(text=text):
                before = (text,)
            case Hole():
                yield before, tuple(end or "" for end in ends_of(rest))
                before = ("",)
            case Maybe(parts=inner):
                yield from _around(inner, rest, before)
                before = (*before, *(each.text for each in inner[-1:] if isinstance(each, Text)))


def _is_glue(before: tuple[str, ...], behind: tuple[str, ...]) -> bool:
    return any(text[-1:] and text[-1:] in _BEFORE for text in before) or any(
        text[:1] and (text[:1] in _BEHIND or text == ":" or (text[:1] == ":" and text[1] in string.hexdigits + ":"))
        for text in behind
    )
