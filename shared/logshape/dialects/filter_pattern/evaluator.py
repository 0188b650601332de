"""Patterns, from trees to matchers of lines, which tell what a line of theirs extracts."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias, assert_never

import msgspec

from logshape.dialects.filter_pattern.fields import fields_test
from logshape.dialects.filter_pattern.objects import finder, leaves, object_test, read_object
from logshape.dialects.filter_pattern.parser import parse
from logshape.dialects.filter_pattern.printer import show_selector
from logshape.dialects.filter_pattern.switches import DEFAULT, Unconfirmed
from logshape.dialects.filter_pattern.tree import Delimited, Json, Regex, Term, Terms
from logshape.dialects.filter_pattern.values import extracted, regex_test

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from logshape.dialects.filter_pattern.tree import Pattern
    from logshape.dialects.filter_pattern.values import TextTest


class Match(msgspec.Struct, frozen=True):
    """
    A line that a pattern takes, with the values that it extracts as text.

    The keys are ``$name`` or ``$<position from 1>`` for fields between spaces, and selectors like ``$.a.b`` for JSON,
    where null, objects, arrays and what is missing have no value. An unstructured pattern extracts nothing.
    """

    values: dict[str, str]


Matcher: TypeAlias = "Callable[[str], Match | None]"

_NOTHING: Final = Match({})


def matches(pattern: str | Pattern, line: str, switches: Unconfirmed = DEFAULT) -> Match | None:
    """
    Return what *pattern* extracts from *line*, or None where it does not take it; time is linear in the line.

    Raises:
        InvalidPattern: *pattern* is not of the language.

    """
    return matcher(parse(pattern, switches) if isinstance(pattern, str) else pattern, switches)(line)


@lru_cache(maxsize=1024)
def matcher(pattern: Pattern, switches: Unconfirmed = DEFAULT) -> Matcher:
    """
    Return `matches` of *pattern* with everything prepared that no line changes.

    Raises:
        InvalidPattern: *pattern* was built with a regex that is not of the language.

    """
    match pattern:
        case Terms():
            takes = _terms_test(pattern, switches)
            return lambda line: _NOTHING if takes(line) else None
        case Json():
            return _json(pattern, switches)
        case Delimited():
            read = fields_test(pattern, switches)
            return lambda line: None if (values := read(line)) is None else Match(values)
        case _:
            assert_never(pattern)


def _terms_test(terms: Terms, switches: Unconfirmed) -> TextTest:
    every = [_term_test(term, switches) for term in terms.all_of]
    none = [_term_test(term, switches) for term in terms.none_of]
    some = [_term_test(term, switches) for term in terms.any_of]
    if every or none:
        if not none and _is_quoted_blank(terms):
            return lambda _: True
        return lambda line: all(test(line) for test in every) and not any(test(line) for test in none)
    return lambda line: not some or any(test(line) for test in some)


def _is_quoted_blank(terms: Terms) -> bool:
    """Tell whether this is the pattern ``" "``, which is documented to take every line, those without a blank too."""
    match terms:
        case Terms(all_of=(Term(text=text),), any_of=()):
            return not text.strip(" ")
        case _:
            return False


def _term_test(term: Term | Regex, switches: Unconfirmed) -> TextTest:
    if isinstance(term, Regex):
        return regex_test(term, switches)
    text = term.text
    if switches.wildcards_in_terms and "*" in text:
        return _in_this_order(text.split("*"))
    return lambda line: text in line


def _in_this_order(pieces: Sequence[str]) -> TextTest:
    def test(line: str) -> bool:
        at = 0
        for piece in pieces:
            at = line.find(piece, at)
            if at < 0:
                return False
            at += len(piece)
        return True

    return test


def _json(pattern: Json, switches: Unconfirmed) -> Matcher:
    holds = object_test(pattern.condition, switches)
    finders = {show_selector(leaf.selector): finder(leaf.selector) for leaf in leaves(pattern.condition)}

    def match(line: str) -> Match | None:
        event = read_object(line)
        if event is None or not holds(event):
            return None
        values = {name: _first(find(event)) for name, find in finders.items()}
        return Match({name: value for name, value in values.items() if value is not None})

    return match


def _first(found: list[object]) -> str | None:
    return next((text for value in found if (text := extracted(value)) is not None), None)
