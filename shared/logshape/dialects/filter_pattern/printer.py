"""Patterns, from trees to the text that means them: text always in quotes, in one spelling."""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, assert_never

from logshape.dialects.filter_pattern.regexes import RegexFault, search
from logshape.dialects.filter_pattern.scanner import NAME, text_of
from logshape.dialects.filter_pattern.tree import (
    And,
    Check,
    Compare,
    Condition,
    Delimited,
    Is,
    Json,
    NotExists,
    Number,
    Operator,
    Or,
    Pattern,
    Regex,
    Rest,
    Selector,
    Slot,
    Star,
    Step,
    Term,
    Terms,
    Text,
    Value,
    Wildcard,
)
from logshape.errors import InvalidPattern

if TYPE_CHECKING:
    from types import UnionType

_TO_ESCAPE: Final = re.compile(r'["\\]')


@lru_cache(maxsize=1024)  # a compiler shows a pattern to measure it, and again to send it
def show(pattern: Pattern) -> str:
    """
    Print *pattern*; what is printed parses to an equal tree.

    Raises:
        InvalidPattern: the tree holds what the language cannot say, such as text that begins with an asterisk.

    """
    match pattern:
        case Terms(all_of=all_of, none_of=none_of, any_of=any_of):
            signed = [("", all_of), ("-", none_of), ("?", any_of)]
            return " ".join(sign + _term(term) for sign, terms in signed for term in terms)
        case Json(condition=condition):
            return f"{{ {_condition(condition)} }}"
        case Delimited(slots=(Slot(name=""),)):
            raise _unsayable("one field without a name")
        case Delimited(slots=slots):
            return f"[{', '.join(map(_slot, slots))}]"
        case _:
            assert_never(pattern)


def show_selector(selector: Selector) -> str:
    """Print *selector*, as patterns, metric values, dimensions and extracted values name a field."""
    if not selector.steps:
        raise _unsayable("a selector without steps")
    return "$" + "".join(map(_step, selector.steps))


def quoted(text: str) -> str:
    """Put *text* in double quotes, with a backslash before each quote and backslash in it."""
    return '"' + _TO_ESCAPE.sub(r"\\\g<0>", text) + '"'


def _term(term: Term | Regex) -> str:
    return quoted(term.text) if isinstance(term, Term) else _regex(term)


def _condition(condition: Condition) -> str:
    match condition:
        case Compare(selector=selector, operator=operator, value=value):
            return f"{show_selector(selector)} {operator} {_compared(operator, value)}"
        case Is(selector=selector, constant=constant):
            return f"{show_selector(selector)} IS {constant}"
        case NotExists(selector=selector):
            return f"{show_selector(selector)} NOT EXISTS"
        case And(terms=terms):
            return " && ".join(_inner(term, And | Or) for term in terms)
        case Or(terms=terms):
            return " || ".join(_inner(term, Or) for term in terms)
        case _:
            assert_never(condition)


def _inner(condition: Condition, kinds: UnionType | type) -> str:
    printed = _condition(condition)
    return f"({printed})" if isinstance(condition, kinds) else printed


def _step(step: Step) -> str:
    match step:
        case Wildcard():
            return step.value
        case int():
            return f"[{step}]"
        case str() if NAME.fullmatch(step):
            return f".{step}"
        case str() if "']" not in step:
            return f".['{step}']"
        case _:
            raise _unsayable(f"the key `{step}`")


def _slot(slot: Slot | Rest) -> str:
    if isinstance(slot, Rest):
        return "..."
    if not (NAME.fullmatch(slot.name) or (not slot.name and not slot.any_of)):
        raise _unsayable(f"a field named `{slot.name}`")
    return " || ".join(" && ".join(_check(slot.name, check) for check in checks) for checks in slot.any_of) or slot.name


def _check(name: str, check: Check) -> str:
    return f"{name} {check.operator} {_compared(check.operator, check.value)}"


def _compared(operator: Operator, value: Value) -> str:
    if operator not in ("=", "!=") and not isinstance(value, Number):
        raise _unsayable(f"`{operator}` with anything but a number")
    match value:
        case Star():
            return "*"
        case Number(value=number):
            if not math.isfinite(number):
                raise _unsayable(f"the number {number}")
            return str(number)
        case Regex():
            return _regex(value)
        case Text(text=text, open_start=open_start, open_end=open_end):
            written = "*" * open_start + text + "*" * open_end
            if text_of(written) != value:
                raise _unsayable(f"the text `{text}`: an asterisk at an end is a wildcard")
            return quoted(written)
        case _:
            assert_never(value)


def _regex(regex: Regex) -> str:
    try:
        search(regex.body)
    except RegexFault as fault:
        raise _unsayable(f"the regex `{regex.body}`: {fault}") from fault
    return f"%{regex.body}%"


def _unsayable(what: str) -> InvalidPattern:
    return InvalidPattern(f"no filter pattern can say {what}", 1)
