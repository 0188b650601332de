"""Leaves: what is known of a comparison before any line is seen."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeVar

from logshape.artefacts.patterns.deduction import stands
from logshape.contract.levels import SEVERITY
from logshape.contract.predicates import Compare, Exists, In, Predicate
from logshape.errors import Unsayable
from logshape.lines.conditions import any_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from logshape.contract.model import Field, Format, Scalar
    from logshape.contract.predicates import Leaf, Node

T = TypeVar("T")

FILLED: Final[Mapping[str, str]] = {
    "@timestamp": "a line without a time has the event's",
    "request_id": "a line without one may inherit the invocation's",
    "service": "a line without one has the function's name, unless the group sets it",
}
"""What is filled in where a line says nothing, and no filter sees."""

_OF_EVENT: Final = ("observed_time", "account", "region", "log_group", "log_stream", "event_id", "parse_errors")


def constants(format_: Format, given: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """Return what is so for each line of *format_*: what the group has *given*, and the format's own name."""
    return {**given, "format": format_.name}


def constant(leaf: Leaf, given: Mapping[str, Scalar], fields: Mapping[str, Field]) -> bool | None:
    """Say whether *leaf* holds by what is *given*, or None where that says nothing of its field."""
    if leaf.field == "@timestamp" and isinstance(leaf, Exists):
        return True
    return fallback(leaf, given, fields) if leaf.field in given else None


def fallback(leaf: Leaf, said: Mapping[str, Scalar], fields: Mapping[str, Field]) -> bool:
    """Say whether *leaf* holds of a record of what is *said*."""
    if isinstance(leaf, In) and not leaf.values:
        return False
    record: dict[str, object] = dict(said)
    if leaf.field == "level":
        record["severity_number"] = SEVERITY[said["level"]]  # type: ignore[index] # the loader has refused other words
    types = {name: field.type for name, field in fields.items()}
    return any_of([Predicate("", leaf)], types)(record)


def is_of_event(name: str) -> bool:
    """Say whether the field *name* is never read from a line."""
    return name in _OF_EVENT


def severity(leaf: Leaf) -> Leaf:
    """Return *leaf* as one of `level` where it asks for the number of the level."""
    if leaf.field != "severity_number":
        return leaf
    match leaf:
        case Compare(operator=operator, value=int() | float() as value):
            levels = [level for level, number in SEVERITY.items() if stands(number, operator, value)]
        case In(values=values):
            levels = [level for level, number in SEVERITY.items() if number in values]
        case _:
            return Exists("level", leaf.column)
    return In("level", tuple(levels), leaf.column)


@lru_cache(maxsize=1024)
def levels_of(leaf: Leaf) -> tuple[str, ...]:
    """Return the levels for which *leaf*, of the field `level`, holds."""
    return tuple(level for level in SEVERITY if fallback(leaf, {"level": level}, {}))


def asked(terms: Iterable[Node], ask: Callable[[Node], list[T]], *, all_of: bool) -> list[list[T]]:
    """
    Return what *ask* answers to each of *terms*.

    Raises:
        Unsayable: *ask* raised it, and no other term settles the matter: one that never holds where *all_of* must.

    """
    answers, faults = [], []
    for term in terms:
        try:
            answers.append(ask(term))
        except Unsayable as fault:
            faults.append(fault)
    if all_of and [] in answers:
        return [[]]
    if faults:
        raise faults[0]
    return answers
