"""Rendering: cases as JSON patterns and branches as a regex, none longer than CloudWatch takes."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from typing import TYPE_CHECKING, Final, assert_never

from logshape.artefacts.patterns import digits
from logshape.artefacts.patterns.cases import exclude
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
from logshape.dialects.filter_pattern import show
from logshape.dialects.filter_pattern.limits import LONGEST_PATTERN, REGEXES_A_PATTERN, problems
from logshape.dialects.filter_pattern.tree import (
    And,
    Compare,
    Condition,
    Is,
    Json,
    NotExists,
    Number,
    Or,
    Regex,
    Selector,
    Star,
    Terms,
    Text,
)
from logshape.errors import InvalidPattern, Unsayable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from logshape.artefacts.patterns.cases import Case, Clause

_ADVICE: Final = "; narrow `where`, or `in`"


def one_pattern(cases: Sequence[Case]) -> Json | None:
    """
    Return the pattern for lines that are as one of *cases*, or None where that is more than one pattern takes.

    Raises:
        Unsayable: it holds what no pattern can ask.

    """
    if () in cases:
        raise Unsayable("it holds for every JSON line, which no pattern can ask for; give the format `needs`")
    pattern = _json(cases)
    return pattern if _fits(pattern) else None


def are_apart(cases: Sequence[Case]) -> bool:
    """Say whether no line is seen to be as two of *cases*."""
    return all(exclude(one, other) for one, other in combinations(cases, 2))


def several_patterns(cases: Sequence[Case]) -> list[Json]:
    """
    Return patterns for lines that are as one of *cases*, of which none is as two.

    Raises:
        Unsayable: a case is more than a pattern takes and cannot be cut, or holds what no pattern can ask.

    """
    patterns: list[Json] = []
    taken: list[Case] = []
    for piece in (piece for case in cases for piece in _pieces(case)):
        wider = _json([*taken, piece])
        if taken and not _fits(wider):
            taken, wider = [], _json([piece])
        patterns = [*(patterns[:-1] if taken else patterns), wider]
        taken.append(piece)
    return patterns


def seen(case: Case) -> Case:
    """Return *case* without asking whether there is an object, for no filter sees one."""
    return tuple(clause for clause in case if not any(isinstance(fact, Inside) for facts in clause for fact in facts))


def text_pattern(branches: Sequence[str]) -> Terms:
    """
    Return the pattern for lines in which one of *branches* is found.

    Raises:
        Unsayable: it is too long.

    """
    pattern = Terms(all_of=(Regex("|".join(branches)),))
    _refuse(pattern)
    return pattern


def _pieces(case: Case) -> Iterator[Case]:
    """Yield *case*, or parts of it that fit, cut in the longest list of words that one value may be."""
    if _fits(_json([case])):
        yield case
        return
    lists = [at for at, clause in enumerate(case) if len(clause) == 1 and isinstance(clause[0][0], OneOf)]
    longest = max(lists, key=lambda at: len(_words(case[at])), default=None)
    if longest is None or len(_words(case[longest])) < 2:  # noqa: PLR2004 # one word cannot be cut
        _refuse(_json([case]))
        return
    words, at = _words(case[longest]), case[longest][0][0].at
    for half in (words[: len(words) // 2], words[len(words) // 2 :]):
        yield from _pieces((*case[:longest], ((OneOf(at, half),),), *case[longest + 1 :]))


def _words(clause: Clause) -> tuple[Word, ...]:
    fact = clause[0][0]
    return fact.words if isinstance(fact, OneOf) else ()


def _fits(pattern: Json) -> bool:
    return len(_shown(pattern)) <= LONGEST_PATTERN and _regexes(pattern.condition) <= REGEXES_A_PATTERN


def _regexes(condition: Condition) -> int:
    match condition:
        case And(terms=terms) | Or(terms=terms):
            return sum(map(_regexes, terms))
        case Compare(value=Regex()):
            return 1
        case _:
            return 0


def _refuse(pattern: Json | Terms) -> None:
    for problem in problems(_shown(pattern)):
        raise Unsayable(f"the pattern is not taken: {problem.message}{_ADVICE}")


def _shown(pattern: Json | Terms) -> str:
    try:
        return show(pattern)
    except InvalidPattern as fault:
        raise Unsayable(str(fault)) from fault


def _json(cases: Sequence[Case]) -> Json:
    return Json(_factored(list(cases)))


def _factored(cases: Sequence[Case]) -> Condition:
    """Write *cases* with each clause that several share written once, the longest first."""
    if len(cases) == 1:
        return _all(map(_clause, cases[0]))
    counts = Counter(clause for case in cases for clause in case)
    shared = {clause: (count - 1) * _weight(clause) for clause, count in counts.items() if count > 1}
    if not shared:
        return _any(_all(map(_clause, case)) for case in cases)
    best = max(shared, key=lambda clause: shared[clause])
    inside = [tuple(clause for clause in case if clause != best) for case in cases if best in case]
    outside = [case for case in cases if best not in case]
    together = _clause(best) if () in inside else _all([_clause(best), _factored(inside)])
    return _any([together, _factored(outside)]) if outside else together


def _weight(clause: Clause) -> int:
    return len(show(Json(_clause(clause))))


def _clause(clause: Clause) -> Condition:
    return _any([_all(map(_fact, facts)) for facts in clause])


def _all(conditions: Iterable[Condition]) -> Condition:
    flat = [term for one in conditions for term in (one.terms if isinstance(one, And) else (one,))]
    return flat[0] if len(flat) == 1 else And(tuple(dict.fromkeys(flat)))


def _any(conditions: Iterable[Condition]) -> Condition:
    flat = [term for one in conditions for term in (one.terms if isinstance(one, Or) else (one,))]
    return flat[0] if len(flat) == 1 else Or(tuple(flat))


def _fact(fact: Fact) -> Condition:
    selector = Selector(fact.at)
    match fact:
        case Present(but=but):
            return _all([Compare(selector, "=", Star()), *(_unequal(selector, word) for word in but)])
        case Absent(words=words):
            return _any([NotExists(selector), Is(selector, "NULL"), *(_equal(selector, word) for word in words)])
        case OneOf(words=words):
            return _any([_equal(selector, word) for word in words])
        case Like(glob=glob):
            return Compare(selector, "=", _glob(glob))
        case Unlike(glob=glob):
            return _all([Compare(selector, "=", Star()), Compare(selector, "!=", _glob(glob))])
        case Ordered(operator=operator, number=number):
            return Compare(selector, operator, Number(number))
        case Spelled(ranges=ranges, has_fraction=has_fraction):
            branches = digits.written(ranges, has_fraction=has_fraction)
            return Compare(selector, "=", Regex("|".join(f"^{branch}$" for branch in branches)))
        case Inside():
            raise Unsayable(f"`{fact.at[-1]}`: no filter sees an object")
        case Unsure(why=why):
            raise Unsayable(f"`{fact.at[0]}`: {why}, and a filter sees the line alone")
        case _:
            assert_never(fact)


def _equal(selector: Selector, word: Word) -> Condition:
    match word:
        case Word(kind="boolean", value=value):
            return Is(selector, "TRUE" if value else "FALSE")
        case Word(kind="number", value=int() | float() as value):
            return Compare(selector, "=", Number(value))
        case _:
            return Compare(selector, "=", Text(str(word.value)))


def _unequal(selector: Selector, word: Word) -> Condition:
    value = Number(word.value) if word.kind == "number" and not isinstance(word.value, str) else Text(str(word.value))
    return Compare(selector, "!=", value)


def _glob(glob: str) -> Text | Star:
    if glob == "*":
        return Star()
    return Text(glob.removeprefix("*").removesuffix("*"), open_start=glob.startswith("*"), open_end=glob.endswith("*"))
