"""
Cases: facts that hold together, and what is left of them when what follows from the others is taken out.

A case is clauses that all hold, each with alternatives of which one does, each of facts that all do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from logshape.artefacts.patterns.deduction import implies, refutes
from logshape.artefacts.patterns.facts import Absent, Fact, OneOf, Spelled, Unsure

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from logshape.artefacts.patterns.facts import Steps


Facts: TypeAlias = tuple[Fact, ...]
Clause: TypeAlias = tuple[Facts, ...]
Case: TypeAlias = tuple[Clause, ...]

ALWAYS: Final[Case] = ()


def both(first: Sequence[Case], second: Sequence[Case]) -> list[Case]:
    """Return the cases in which one of *first* and one of *second* holds."""
    found = (simplified((*one, *two)) for one in first for two in second)
    return list(dict.fromkeys(case for case in found if case is not None))


def simplified(case: Case) -> Case | None:
    """Return *case* without what follows from the rest of it, or None where it cannot be."""
    clauses = _merged(_flat(case))
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


def _merged(clauses: list[Clause]) -> list[Clause]:
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
    others = [unit for unit in units if unit is not fact and _bears_on(unit, fact)]
    words = tuple(word for word in fact.words if not any(refutes(unit, OneOf(fact.at, (word,))) for unit in others))
    return fact if len(words) == len(fact.words) else OneOf(fact.at, words)


def _bears_on(unit: Fact, fact: Fact) -> bool:
    """Say whether *unit* can refute what *fact* says, of another place or of its own."""
    return not isinstance(unit, Unsure) and (isinstance(unit, Absent) or unit.at == fact.at)


def _is_refuted(fact: Fact, units: Sequence[Fact]) -> bool:
    is_empty = (isinstance(fact, OneOf) and not fact.words) or (isinstance(fact, Spelled) and not fact.ranges)
    return is_empty or any(refutes(unit, fact) for unit in units if unit is not fact)


def _all_told(facts: Facts, units: Sequence[Fact]) -> bool:
    return all(any(implies(unit, fact) for unit in units) for fact in facts)
