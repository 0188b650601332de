"""JSON patterns, from conditions to tests of a JSON object."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, Never, TypeAlias, assert_never

import orjson

from logshape.dialects.filter_pattern.tree import And, Compare, Is, NotExists, Or, Wildcard
from logshape.dialects.filter_pattern.values import scalar_test

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from logshape.dialects.filter_pattern.switches import Unconfirmed
    from logshape.dialects.filter_pattern.tree import Condition, Selector, Step

ObjectTest: TypeAlias = "Callable[[Mapping[str, object]], bool]"
Find: TypeAlias = "Callable[[object], list[object]]"

_CONSTANTS: Final[Mapping[str, object]] = {"NULL": None, "TRUE": True, "FALSE": False}


def read_object(line: str) -> dict[str, object] | None:
    """Read *line* as one JSON object, or answer None where it is none."""
    if not line.lstrip(" \t\r\n").startswith("{"):
        return None
    try:
        value = orjson.loads(line)
    except ValueError:
        try:  # half a surrogate pair and numbers beyond a double are JSON all the same
            value = json.loads(line, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            return None
    return value if isinstance(value, dict) else None


def leaves(condition: Condition) -> Iterator[Compare | Is | NotExists]:
    """Yield what *condition* joins by `&&` and `||`, from left to right."""
    match condition:
        case And(terms=terms) | Or(terms=terms):
            for term in terms:
                yield from leaves(term)
        case _:
            yield condition


def object_test(condition: Condition, switches: Unconfirmed) -> ObjectTest:
    """Return the test that an object meets *condition*."""
    match condition:
        case And(terms=terms):
            all_of = [object_test(term, switches) for term in terms]
            return lambda event: all(test(event) for test in all_of)
        case Or(terms=terms):
            any_of = [object_test(term, switches) for term in terms]
            return lambda event: any(test(event) for test in any_of)
        case Is(selector=selector, constant=constant):
            find, wanted = finder(selector), _CONSTANTS[constant]
            return lambda event: any(found is wanted for found in find(event))
        case NotExists(selector=selector):
            find = finder(selector)
            return lambda event: not find(event)
        case Compare():
            return _comparison(condition, switches)
        case _:
            assert_never(condition)


def finder(selector: Selector) -> Find:
    """Return what finds the values that *selector* leads to: none where it leads nowhere."""
    steps = selector.steps

    def follow(event: object) -> list[object]:
        for key in steps:
            if not isinstance(event, dict) or key not in event:
                return []
            event = event[key]
        return [event]

    def find(event: object) -> list[object]:
        found = [event]
        for step in steps:
            found = [inner for outer in found for inner in _inside(outer, step)]
        return found

    return follow if all(isinstance(step, str) for step in steps) else find


def _comparison(compare: Compare, switches: Unconfirmed) -> ObjectTest:
    find = finder(compare.selector)
    test = scalar_test(compare.operator, compare.value, switches)
    missing = compare.operator == "!=" and switches.unequal_takes_missing

    def holds(event: Mapping[str, object]) -> bool:
        found = find(event)
        if not found:
            return missing
        return any(test(value) for value in found if value is None or isinstance(value, str | int | float))

    return holds


def _inside(outer: object, step: Step) -> list[object]:
    match outer, step:
        case dict(), str() if step in outer:
            return [outer[step]]
        case list(), int() if step < len(outer):
            return [outer[step]]
        case dict(), Wildcard.FIELDS:
            return list(outer.values())
        case list(), Wildcard.ELEMENTS:
            return outer
        case _:
            return []


def _no_constant(name: str) -> Never:
    raise ValueError(f"{name} is not JSON")
