"""Doubts about an answer: the open points of the language on which it hangs."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, assert_never, get_args

import msgspec

from logshape.dialects.filter_pattern.evaluator import matcher, matches
from logshape.dialects.filter_pattern.limits import regexes_of
from logshape.dialects.filter_pattern.parser import parse
from logshape.dialects.filter_pattern.printer import show
from logshape.dialects.filter_pattern.switches import DEFAULT, Absorbing, Unconfirmed
from logshape.dialects.filter_pattern.tree import Delimited, Json, Terms
from logshape.errors import InvalidPattern

if TYPE_CHECKING:
    from logshape.dialects.filter_pattern.evaluator import Matcher
    from logshape.dialects.filter_pattern.tree import Pattern

_OF_REGEXES: Final = ("space_in_regex", "dot_takes_newline", "anchors_at_lines")
_OF_JSON: Final = (
    "unequal_takes_missing",
    "unequal_takes_null",
    "star_takes_null",
    "numbers_read_text",
    "text_reads_numbers",
)
_OF_FIELDS: Final = (
    "wildcards_in_slots",
    "tab_parts_fields",
    "spaces_run_together",
    "closing_parts_fields",
    "last_name_takes_rest",
)


def hangs_on(pattern: str | Pattern, line: str, switches: Unconfirmed = DEFAULT) -> tuple[str, ...]:
    """Name the switches on which the answer of *pattern* to *line* hangs: what AWS answers there is not known."""
    text = pattern if isinstance(pattern, str) else show(pattern)
    expected = matches(text, line, switches)
    return tuple(
        dict.fromkeys(name for name, other in _others(text, switches) if other is None or other(line) != expected)
    )


@lru_cache(maxsize=1024)
def _others(text: str, switches: Unconfirmed) -> tuple[tuple[str, Matcher | None], ...]:
    """Return a matcher of *text* for each switch set in another way, None where that makes the pattern invalid."""
    others: list[tuple[str, Matcher | None]] = []
    for name in _concerned(parse(text, switches)):
        now = getattr(switches, name)
        for setting in (not now,) if isinstance(now, bool) else get_args(Absorbing):
            other = msgspec.structs.replace(switches, **{name: setting})
            try:
                others.append((name, matcher(parse(text, other), other)))
            except InvalidPattern:
                others.append((name, None))
    return tuple(others)


def _concerned(pattern: Pattern) -> tuple[str, ...]:
    """Name the switches that can turn an answer of *pattern*."""
    of_regexes = _OF_REGEXES if any(True for _ in regexes_of(pattern)) else ()
    match pattern:
        case Terms():
            return ("wildcards_in_terms", *of_regexes)
        case Json():
            return (*_OF_JSON, *of_regexes)
        case Delimited():
            return (*_OF_FIELDS, *of_regexes)
        case _:
            assert_never(pattern)
