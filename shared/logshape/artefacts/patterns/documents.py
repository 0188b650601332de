"""Documents: a predicate over the JSON lines of one format, as the cases in which it holds."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Final

import msgspec

from logshape.artefacts.patterns.cases import ALWAYS, both, simplified
from logshape.artefacts.patterns.facts import Absent, Inside, Like, OneOf, Present, Unlike, Unsure, Word
from logshape.artefacts.patterns.leaves import FILLED, asked, constant, constants, fallback, is_of_event, severity
from logshape.artefacts.patterns.scalars import Scalars
from logshape.contract.predicates import And, Exists, Not, Or
from logshape.contract.templates import Hole
from logshape.errors import Unsayable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from logshape.artefacts.patterns.cases import Case, Clause, Facts
    from logshape.artefacts.patterns.facts import Steps
    from logshape.contract.model import Field, Format, Key, Need, Path, Scalar
    from logshape.contract.predicates import Leaf, Node

_MOST: Final = 400  # cases of one condition; what has more fits into no pattern


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """What a condition stands on: a format whose lines are JSON, with what the group and the line say of each field."""

    format: Format
    fields: Mapping[str, Field]
    given: Mapping[str, Scalar]
    """What is so whatever the line says."""
    otherwise: Mapping[str, Scalar]
    """What is so where the line says nothing."""

    @property
    def keys(self) -> dict[str, Key]:
        """The keys of the fields."""
        return {key.field: key for key in self.format.json or ()}

    @property
    def objects(self) -> frozenset[Steps]:
        """The paths below which the format reads: objects, of which no filter can ask whether they are there."""
        paths = {path.steps for key in self.format.json or () for path in key.paths}
        return frozenset(steps[:depth] for steps in paths for depth in range(1, len(steps))) - paths

    def words(self, name: str) -> tuple[Word, ...]:
        """Return the words that stand for no value in the field *name*."""
        is_text = self.fields[name].type == "text"
        return () if is_text else tuple(Word("text", word) for word in self.format.nulls)


def grounds(format_: Format, fields: Mapping[str, Field], given: Mapping[str, Scalar]) -> Iterator[Ground]:
    """Yield the ways in which a line of *format_* can be JSON as a whole; *given* is what the group sets."""
    fixed = constants(format_, given)
    if format_.reads_json:
        yield Ground(format=format_, fields=fields, given=fixed, otherwise=format_.set)
    for line in format_.lines:
        match line.template.parts:
            case (Hole(shape="json"),):
                yield Ground(format=format_, fields=fields, given=fixed, otherwise={**format_.set, **line.set})


def needs(ground: Ground) -> Case:
    """Return what a line must hold to be of the ground's format."""
    objects = ground.objects
    return tuple(
        tuple((Inside(path.steps) if path.steps in objects else _met(path, need),) for path in need.paths)
        for need in ground.format.needs
    )


def lacks(ground: Ground) -> Clause:
    """Return what a line holds that is not of the ground's format; empty where every line is of it."""
    return tuple(facts for need in ground.format.needs for facts in _unmet(need))


def there(path: Path, words: tuple[Word, ...]) -> Case:
    """Return that *path* gives a value, none of *words*."""
    return (((Present(path.steps, words),),), *_when(path))


def not_there(path: Path, words: tuple[Word, ...]) -> Clause:
    """Return that *path* gives no value, or one of *words*."""
    clause: Clause = ((Absent(path.steps, words),),)
    return clause if path.when is None else (*clause, *_unmet(path.when))


def cases(node: Node, ground: Ground, *, wanted: bool = True) -> list[Case]:
    """
    Return the cases in which *node* is as *wanted* for the record that is read on *ground*, none if it never is.

    Raises:
        Unsayable: no JSON pattern can ask that.

    """
    match node:
        case Not(term=term):
            return cases(term, ground, wanted=not wanted)
        case And(terms=terms) | Or(terms=terms):
            found = asked(
                terms, lambda term: cases(term, ground, wanted=wanted), all_of=isinstance(node, And) is wanted
            )
            if isinstance(node, And) is not wanted:
                return list(dict.fromkeys(case for part in found for case in part))
            together = [ALWAYS]
            for part in found:
                together = both(together, part)
                if len(together) > _MOST:
                    raise Unsayable("it has too many cases; divide it into several metrics")
            return together
        case _:
            return list(_of_leaf(severity(node), ground, wanted=wanted))


def _of_leaf(leaf: Leaf, ground: Ground, *, wanted: bool) -> Iterator[Case]:
    name = leaf.field
    known = constant(leaf, ground.given, ground.fields)
    if known is not None:
        if known is wanted:
            yield ALWAYS
        return
    if is_of_event(name):
        raise Unsayable(f"`{name}` comes from the event or the pipeline, and a filter sees the line alone", leaf.column)
    before: Case = ()
    if name in ground.keys:
        scalars = Scalars(leaf, ground.format, ground.fields[name])
        for path in ground.keys[name].paths:
            for facts in scalars.of(path, wanted=wanted):
                case = simplified((*before, *_when(path), *(((fact,),) for fact in facts)))
                if case is not None:
                    yield case
            before = (*before, not_there(path, ground.words(name)))
    yield from _of_nothing(leaf, ground, before, wanted=wanted)


def _when(path: Path) -> Case:
    return () if path.when is None else (tuple((_met(other, path.when),) for other in path.when.paths),)


def _of_nothing(leaf: Leaf, ground: Ground, before: Case, *, wanted: bool) -> Iterator[Case]:
    """Yield the case in which the line says nothing of the field, if that is as *wanted*."""
    case = simplified(before)
    if case is None:
        return
    if leaf.field in ground.otherwise:
        if fallback(leaf, ground.otherwise, ground.fields) is wanted:
            yield case
    elif leaf.field in FILLED:
        if not (isinstance(leaf, Exists) and not wanted and leaf.field == "@timestamp"):
            yield (*case, ((Unsure((leaf.field,), FILLED[leaf.field]),),))
    elif not wanted:
        yield case


def _met(path: Path, need: Need) -> Present | OneOf | Like:
    if need.like is None:
        return Present(path.steps)
    return Like(path.steps, need.like) if "*" in need.like else OneOf(path.steps, (Word("text", need.like),))


def _unmet(need: Need) -> Iterator[Facts]:
    choices: Sequence[list[Absent | Unlike | Present]] = [
        [Absent(path.steps), *([_unlike(path, need.like)] if need.like is not None else [])] for path in need.paths
    ]
    yield from product(*choices)


def _unlike(path: Path, like: str) -> Unlike | Present:
    return Unlike(path.steps, like) if "*" in like else Present(path.steps, (Word("text", like),))


def selections(name: str, ground: Ground) -> Iterator[tuple[Steps, Case]]:
    """Yield where the value of the field *name* can stand in a line, each place with the case in which it is there."""
    before: Case = ()
    for path in ground.keys[name].paths if name in ground.keys else ():
        case = simplified((*before, *there(path, ground.words(name))))
        if case is not None and path.filter is None:
            yield path.steps, case
        before = (*before, not_there(path, ground.words(name)))
