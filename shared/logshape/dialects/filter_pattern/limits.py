"""Limits of patterns and of the filters made of them, from patterns to the list of what CloudWatch refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

import msgspec

from logshape.dialects.filter_pattern.objects import leaves
from logshape.dialects.filter_pattern.parser import parse
from logshape.dialects.filter_pattern.printer import show, show_selector
from logshape.dialects.filter_pattern.tree import Compare, Delimited, Json, Regex, Slot, Terms, Wildcard
from logshape.errors import InvalidPattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from logshape.dialects.filter_pattern.tree import Pattern, Term, Value

LONGEST_PATTERN: Final = 1024
REGEXES_A_PATTERN: Final = 2
WILDCARDS_A_SELECTOR: Final = 1
WILDCARDS_A_PATTERN: Final = 3
REGEX_PATTERNS_A_GROUP: Final = 5
METRIC_FILTERS_A_GROUP: Final = 100
SUBSCRIPTION_FILTERS_A_GROUP: Final = 2

IGNORED_TERMS: Final = "ignored-terms"  # the one rule whose breach CloudWatch takes, and reads otherwise


class Breach(msgspec.Struct, frozen=True):
    """A limit that is not kept; *column* is where in the pattern, 1 where all of it or something else is meant."""

    rule: str
    message: str
    column: int = 1


def problems(pattern: str | Pattern) -> list[Breach]:
    """Return what CloudWatch refuses in *pattern* alone, or ignores in it; an invalid one is a problem too."""
    try:
        text = pattern if isinstance(pattern, str) else show(pattern)
        tree = parse(text)
    except InvalidPattern as error:
        return [Breach("invalid-pattern", str(error), error.column)]
    return [*_length(text), *_contents(tree)]


def group_problems(metric_filters: Sequence[str], subscription_filters: Sequence[str]) -> list[Breach]:
    """Return the limits of one log group that its filters' patterns do not keep, all of them being valid."""
    counts = [
        ("too-many-metric-filters", "metric filters", len(metric_filters), METRIC_FILTERS_A_GROUP),
        (
            "too-many-subscription-filters",
            "subscription filters",
            len(subscription_filters),
            SUBSCRIPTION_FILTERS_A_GROUP,
        ),
        (
            "too-many-regex-patterns",
            "patterns with a regex, metric and subscription filters together,",
            sum(any(True for _ in regexes_of(parse(text))) for text in (*metric_filters, *subscription_filters)),
            REGEX_PATTERNS_A_GROUP,
        ),
    ]
    return [
        Breach(rule, f"{count} {what} in one log group; CloudWatch takes {most}")
        for rule, what, count, most in counts
        if count > most
    ]


def regexes_of(pattern: Pattern) -> Iterator[Regex]:
    """Yield the regexes of *pattern*, in the order in which it is printed."""
    yield from (value for value in _values(pattern) if isinstance(value, Regex))


def _values(pattern: Pattern) -> Iterator[Value | Term]:
    match pattern:
        case Terms(all_of=all_of, none_of=none_of, any_of=any_of):
            yield from (*all_of, *none_of, *any_of)
        case Json(condition=condition):
            yield from (leaf.value for leaf in leaves(condition) if isinstance(leaf, Compare))
        case Delimited(slots=slots):
            checks = (slot.any_of for slot in slots if isinstance(slot, Slot))
            yield from (check.value for any_of in checks for all_of in any_of for check in all_of)
        case _:
            assert_never(pattern)


def _length(text: str) -> Iterator[Breach]:
    if len(text) > LONGEST_PATTERN:
        message = f"{len(text)} characters; CloudWatch takes {LONGEST_PATTERN}"
        yield Breach("pattern-too-long", message, LONGEST_PATTERN + 1)


def _contents(pattern: Pattern) -> Iterator[Breach]:
    if isinstance(pattern, Terms):
        if pattern.any_of and (pattern.all_of or pattern.none_of):
            message = "CloudWatch ignores the terms with `?` where there are others; say what is meant without them"
            yield Breach(IGNORED_TERMS, message, pattern.any_of[0].column)
        return
    found = list(regexes_of(pattern))
    if len(found) > REGEXES_A_PATTERN:
        message = f"{len(found)} regexes in one pattern; CloudWatch takes {REGEXES_A_PATTERN}"
        yield Breach("too-many-regexes", message, found[REGEXES_A_PATTERN].column)
    if isinstance(pattern, Json):
        yield from _wildcards(pattern)


def _wildcards(pattern: Json) -> Iterator[Breach]:
    total = 0
    for leaf in leaves(pattern.condition):
        count = sum(isinstance(step, Wildcard) for step in leaf.selector.steps)
        if count > WILDCARDS_A_SELECTOR:
            message = f"{count} wildcards in `{show_selector(leaf.selector)}`; CloudWatch takes {WILDCARDS_A_SELECTOR}"
            yield Breach("too-many-wildcards", message, leaf.selector.column)
        if total <= WILDCARDS_A_PATTERN < total + count:
            message = f"more than {WILDCARDS_A_PATTERN} wildcards in the selectors of one pattern"
            yield Breach("too-many-wildcards", message, leaf.selector.column)
        total += count
