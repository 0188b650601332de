"""
Facts: what a filter can ask of one value in a JSON line, and what follows from what.

A *case* is clauses that all hold, each with alternatives of which one does, each of facts that all do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from logshape.contract.predicates import Operator

Steps: TypeAlias = tuple[str | int, ...]
Kind: TypeAlias = Literal["text", "number", "boolean"]


class Word(msgspec.Struct, frozen=True):
    """A JSON scalar, its kind apart: 1, true and "1" are three."""

    kind: Kind
    value: str | float | bool


class Present(msgspec.Struct, frozen=True):
    """There is a value at *at*, neither null nor one of *but*."""

    at: Steps
    but: tuple[Word, ...] = ()


class Absent(msgspec.Struct, frozen=True):
    """There is no value at *at*, or null, or one of *words*."""

    at: Steps
    words: tuple[Word, ...] = ()


class OneOf(msgspec.Struct, frozen=True):
    """The value at *at* is one of *words*."""

    at: Steps
    words: tuple[Word, ...]


class Like(msgspec.Struct, frozen=True):
    """The value at *at* is text that *glob* matches as a whole; its stars stand at its ends alone."""

    at: Steps
    glob: str


class Unlike(msgspec.Struct, frozen=True):
    """There is a value at *at*, and it is no text that *glob* matches."""

    at: Steps
    glob: str


class Ordered(msgspec.Struct, frozen=True):
    """The value at *at* is a number that stands to *number* as *operator* says."""

    at: Steps
    operator: Operator
    number: float


class Spelled(msgspec.Struct, frozen=True):
    """The value at *at* is text that spells a number in one of *ranges*, with digits behind it if *has_fraction*."""

    at: Steps
    ranges: tuple[tuple[int, int], ...]
    has_fraction: bool = False


class Unsure(msgspec.Struct, frozen=True):
    """Something that no line tells, for *why*: it can be dismissed by what contradicts the rest, and not be asked."""

    at: Steps
    why: str


Fact: TypeAlias = Present | Absent | OneOf | Like | Unlike | Ordered | Spelled | Unsure
Facts: TypeAlias = tuple[Fact, ...]
Clause: TypeAlias = tuple[Facts, ...]
Case: TypeAlias = tuple[Clause, ...]

ALWAYS: Final[Case] = ()


def case_of(*facts: Fact) -> Case:
    """Return the case in which all of *facts* hold."""
    return tuple(((fact,),) for fact in facts)


def both(first: Sequence[Case], second: Sequence[Case]) -> list[Case]:
    """Return the cases in which one of *first* and one of *second* holds."""
    found = (simplified((*one, *two)) for one in first for two in second)
    return list(dict.fromkeys(case for case in found if case is not None))


def simplified(case: Case) -> Case | None:
    """Return *case* without what follows from the rest of it, or None where it cannot be."""
    clauses = _met(_flat(case))
    while True:
        units = _units(clauses)
        shorter = [_shortened(clause, units) for clause in clauses]
        if any(clause == () for clause in shorter):
            return None
        left = _flat(clause for clause in shorter if clause is not None)
        found = [clause for at, clause in enumerate(left) if not _is_told(clause, left, at)]
        if found == clauses:
            return tuple(found)
        clauses = found


def follows(first: Case, second: Case) -> bool:
    """Say whether *second* is seen to hold wherever *first* does."""
    units = _units(first)
    return all(
        any(_all_told(facts, units) for facts in clause)
        or any(all(any(_all_told(facts, other) for facts in clause) for other in one) for one in first)
        for clause in second
    )


def exclude(first: Case, second: Case) -> bool:
    """Say whether *first* and *second* are seen never to hold together."""
    return simplified((*first, *second)) is None


def _flat(clauses: Iterable[Clause]) -> list[Clause]:
    """Return *clauses*, each once, those of one alternative as one clause a fact."""
    split = ([((fact,),) for fact in clause[0]] if len(clause) == 1 else [clause] for clause in clauses)
    return list(dict.fromkeys(clause for part in split for clause in part))


def _met(clauses: list[Clause]) -> list[Clause]:
    """Return *clauses* with what several say of one spelled number as one."""
    found: dict[Steps, Spelled] = {}
    rest = []
    for clause in clauses:
        match clause:
            case ((Spelled() as fact,),):
                other = found.get(fact.at, fact)
                both_ = ((max(a, c), min(b, d)) for a, b in fact.ranges for c, d in other.ranges)
                kept = tuple(sorted({pair for pair in both_ if pair[0] <= pair[1]}))
                found[fact.at] = Spelled(fact.at, kept, fact.has_fraction)
            case _:
                rest.append(clause)
    return [*rest, *(((fact,),) for fact in found.values())]


def _units(clauses: Iterable[Clause]) -> list[Fact]:
    return [fact for clause in clauses if len(clause) == 1 for fact in clause[0]]


def _shortened(clause: Clause, units: Sequence[Fact]) -> Clause | None:
    """Return *clause* as the *units* leave it: no alternative is none that can hold, None is one that always does."""
    if len(clause) == 1:
        narrowed = tuple(_narrowed(fact, units) for fact in clause[0])
        return () if any(_is_refuted(fact, units) for fact in narrowed) else (narrowed,)
    kept = [facts for facts in clause if not any(_is_refuted(fact, units) for fact in facts)]
    shorter = [tuple(fact for fact in facts if not any(implies(unit, fact) for unit in units)) for facts in kept]
    return None if () in shorter else tuple(dict.fromkeys(shorter))


def _is_told(clause: Clause, clauses: Sequence[Clause], at: int) -> bool:
    """Say whether a fact that stands alone is told by another that does; of two equal ones the first stays."""
    if len(clause) > 1 or len(clause[0]) > 1:
        return False
    (fact,) = clause[0]
    return any(
        implies(other, fact) and not (implies(fact, other) and at < place)
        for place, rival in enumerate(clauses)
        if place != at and len(rival) == 1
        for other in rival[0]
    )


def _narrowed(fact: Fact, units: Sequence[Fact]) -> Fact:
    if not isinstance(fact, OneOf):
        return fact
    words = tuple(word for word in fact.words if not any(_refutes(unit, OneOf(fact.at, (word,))) for unit in units))
    return OneOf(fact.at, words)


def _is_refuted(fact: Fact, units: Sequence[Fact]) -> bool:
    is_empty = (isinstance(fact, OneOf) and not fact.words) or (isinstance(fact, Spelled) and not fact.ranges)
    return is_empty or any(_refutes(unit, fact) for unit in units)


def _all_told(facts: Facts, units: Sequence[Fact]) -> bool:
    return all(any(implies(unit, fact) for unit in units) for fact in facts)


def implies(first: Fact, second: Fact) -> bool:
    """Say whether *second* holds of every line of which *first* does."""
    if first == second:
        return True
    if isinstance(first, Absent):
        inside = first.at == second.at[: len(first.at)] and first.at != second.at
        return isinstance(second, Absent) and (inside or _is_wider(first, second))
    if isinstance(second, Present) and not second.but and len(second.at) < len(first.at):
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


def _refutes(first: Fact, second: Fact) -> bool:
    """Say whether *first* and *second* never hold of one line."""
    if isinstance(first, Unsure) or isinstance(second, Unsure):
        return False
    if isinstance(second, Absent) and not isinstance(first, Absent):
        first, second = second, first
    if isinstance(first, Absent):
        if isinstance(second, Absent):
            return False
        inside = first.at == second.at[: len(first.at)] and first.at != second.at
        return inside or (first.at == second.at and implies(second, Present(second.at, first.words)))
    if first.at != second.at:
        return False
    if {type(first), type(second)} == {Like, Unlike}:
        return first.glob == second.glob  # type: ignore[union-attr] # as the line above says
    if isinstance(first, Ordered) or isinstance(second, Ordered):
        kinds = (Spelled, Like)
        if isinstance(first, kinds) or isinstance(second, kinds):
            return True
    if isinstance(second, OneOf):
        first, second = second, first
    return isinstance(first, OneOf) and not any(holds(second, word) for word in first.words)
