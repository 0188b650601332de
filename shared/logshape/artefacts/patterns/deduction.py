"""Deduction: which fact follows from which, and which two are never so of one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logshape.artefacts.patterns.facts import (
    Absent,
    Fact,
    Inside,
    Like,
    OneOf,
    Ordered,
    Present,
    Spelled,
    Unlike,
    Unsure,
    Word,
)

if TYPE_CHECKING:
    from logshape.contract.predicates import Operator


def implies(first: Fact, second: Fact) -> bool:
    """Say whether *second* holds of every line of which *first* does."""
    if first == second:
        return True
    if isinstance(first, Absent):
        inside = first.at == second.at[: len(first.at)] and first.at != second.at
        return isinstance(second, Absent) and (inside or _is_wider(first, second))
    if isinstance(second, Inside):
        return first.at[: len(second.at)] == second.at and not isinstance(first, Unsure)
    if first.at != second.at or isinstance(first, Unsure):
        return False
    match second:
        case Present(but=but):
            return all(_never(first, word) for word in but)
        case OneOf() | Like() | Unlike() | Ordered():
            return isinstance(first, OneOf) and all(holds(second, word) for word in first.words)
        case _:
            return False


def _is_wider(first: Absent, second: Absent) -> bool:
    return first.at == second.at and set(first.words) <= set(second.words)


def _never(fact: Fact, word: Word) -> bool:
    """Say whether *fact*, which is of a value, does not hold of *word*."""
    match fact:
        case Inside():
            return True
        case Spelled():
            return word.kind != "text" or not str(word.value)[:1].isdigit()
        case _:
            return not holds(fact, word)


def holds(fact: Fact, word: Word) -> bool:
    """Say whether *fact* may hold where the value is *word*."""
    match fact:
        case Present(but=but):
            return word not in but
        case Absent(words=words) | OneOf(words=words):
            return word in words
        case Like(glob=glob):
            return word.kind == "text" and _fits(glob, str(word.value))
        case Unlike(glob=glob):
            return not (word.kind == "text" and _fits(glob, str(word.value)))
        case Ordered(operator=operator, number=number):
            return word.kind == "number" and stands(float(word.value), operator, number)
        case _:
            return True


def stands(one: float, operator: Operator, other: float) -> bool:
    """Say whether *one* stands to *other* as *operator* says."""
    match operator:
        case "<":
            return one < other
        case "<=":
            return one <= other
        case ">":
            return one > other
        case ">=":
            return one >= other
        case "=":
            return one == other
        case "!=":
            return one != other


def _fits(glob: str, text: str) -> bool:
    inner = glob.removeprefix("*").removesuffix("*")
    match glob.startswith("*"), glob.endswith("*") and len(glob) > 1:
        case True, True:
            return inner in text
        case True, False:
            return text.endswith(inner)
        case False, True:
            return text.startswith(inner)
        case _:
            return text == inner


def _meet(one: str, other: str) -> bool:
    """Say whether no end of *one* and *other* tells them apart."""
    begins = [glob.partition("*")[0] for glob in (one, other)]
    ends = [glob.rpartition("*")[2] for glob in (one, other)]
    heads = begins[0].startswith(begins[1]) or begins[1].startswith(begins[0])
    return heads and (ends[0].endswith(ends[1]) or ends[1].endswith(ends[0]))


def refutes(first: Fact, second: Fact) -> bool:
    """Say whether *first* and *second* never hold of one line."""
    if isinstance(first, Unsure) or isinstance(second, Unsure):
        return False
    if isinstance(first, Absent):
        return _takes_away(first, second)
    if isinstance(second, Absent):
        return _takes_away(second, first)
    return first.at == second.at and (_are_unlike(first, second) or _are_unlike(second, first))


def _takes_away(first: Absent, second: Fact) -> bool:
    if isinstance(second, Absent):
        return False
    inside = first.at == second.at[: len(first.at)] and first.at != second.at
    return inside or (first.at == second.at and implies(second, Present(second.at, first.words)))


def _are_unlike(first: Fact, second: Fact) -> bool:
    """Say whether no value is as *first* and as *second* says, the two being of one place."""
    match first, second:
        case Inside(), _:
            return not isinstance(second, Present | Inside)
        case OneOf(words=words), _:
            return not any(holds(second, word) for word in words)
        case Like(glob=one), Like(glob=other):
            return not _meet(one, other)
        case Like(glob=one), Unlike(glob=other):
            return one == other
        case Ordered(), Spelled() | Like():
            return True
        case _:
            return False
