"""Turns a predicate over the formats of a group into filter patterns that count each line at most once."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import msgspec

from logshape.artefacts.patterns import documents, texts
from logshape.artefacts.patterns.cases import both, exclude, follows, simplified
from logshape.artefacts.patterns.rendering import are_apart, one_pattern, seen, several_patterns, text_pattern
from logshape.contract.model import CORE_FIELDS
from logshape.errors import Unsayable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from logshape.artefacts.patterns.cases import Case, Clause
    from logshape.artefacts.patterns.documents import Ground
    from logshape.artefacts.patterns.facts import Steps
    from logshape.artefacts.patterns.texts import Template
    from logshape.contract.model import Contract, Field, Group
    from logshape.contract.predicates import Node
    from logshape.dialects.filter_pattern.tree import Json, Pattern


class Selection(msgspec.Struct, frozen=True):
    """Where a line holds what is measured and what it is measured by: paths, or a number for all lines."""

    value: Steps | float | None = None
    by: tuple[Steps, ...] = ()


class Filter(msgspec.Struct, frozen=True):
    """A pattern, and what it selects of the lines that it takes."""

    pattern: Pattern
    selection: Selection = Selection()


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """Which lines are counted, which number of theirs is measured, and by which fields."""

    where: Node
    value: str | None = None
    by: tuple[str, ...] = ()


def filters(question: Question, contract: Contract, group: Group) -> list[Filter]:
    """
    Return the filters by which CloudWatch answers *question* of the lines of *group*; none where no line can count.

    Raises:
        Unsayable: there is a format of the group of whose lines no filter can ask that.

    """
    return _Reading(question, contract, group).filters()


class _Reading:
    """The formats of one group in their order, asked one question."""

    def __init__(self, question: Question, contract: Contract, group: Group) -> None:
        self._question = question
        self._group = group
        self._formats = [contract.formats[name] for name in group.formats]
        self._fields: Mapping[str, Field] = {field.name: field for field in (*CORE_FIELDS, *contract.fields)}
        self._given = {**group.set, "contract_version": contract.version}

    def filters(self) -> list[Filter]:
        return [*self._of_documents(), *self._of_texts()]

    def _of_documents(self) -> Iterator[Filter]:
        grounds = [
            ground for format_ in self._formats for ground in documents.grounds(format_, self._fields, self._given)
        ]
        asked = [(ground, self._cases(ground)) for ground in grounds]
        for selection in dict.fromkeys(selection for _, cases in asked for selection in cases):
            mine = [(ground, cases.get(selection, [])) for ground, cases in asked]
            yield from (Filter(pattern, selection) for pattern in _patterns(mine))

    def _cases(self, ground: Ground) -> dict[Selection, list[Case]]:
        """Return the cases in which a line on *ground* counts, by what is selected of it."""
        try:
            cases = documents.cases(self._question.where, ground)
            holding = both([documents.needs(ground)], cases)
            return dict(self._selected(ground, holding)) if holding else {}
        except Unsayable as fault:
            message = f"of JSON lines of `{ground.format.name}`, {fault}"
            raise Unsayable(message, fault.column) from fault

    def _selected(self, ground: Ground, cases: list[Case]) -> Iterator[tuple[Selection, list[Case]]]:
        value, by = self._question.value, self._question.by
        values: list[tuple[Steps | float | None, Case]] = [(None, ())]
        if value is not None:
            values = list(_measured(value, ground))
        dimensions = product(*(_dimensions(name, ground) for name in by))
        for (measured, its_case), chosen in product(values, list(dimensions)):
            together = both(cases, [(*its_case, *(clause for _, case in chosen for clause in case))])
            if together:
                yield Selection(measured, tuple(steps for steps, _ in chosen)), together

    def _of_texts(self) -> Iterator[Filter]:
        branches: list[str] = []
        for format_ in self._formats:
            for template in texts.templates(format_, self._fields, self._given):
                try:
                    branches += self._branches(template)
                except Unsayable as fault:
                    message = f"of the text lines of `{format_.name}`, {fault}"
                    raise Unsayable(message, fault.column) from fault
        if branches:
            yield Filter(text_pattern(list(dict.fromkeys(branches))))

    def _branches(self, template: Template) -> list[str]:
        selected = [name for name in (self._question.value, *self._question.by) if name is not None]
        if not all(
            name in template.otherwise or name in template.given or texts.gives(name, template) for name in selected
        ):
            return []
        found = texts.branches(self._question.where, template)
        if found and selected:
            listed = " and ".join(f"`{name}`" for name in selected)
            raise Unsayable(f"a filter selects nothing, and {listed} would be; only JSON lines can be measured")
        return found


def _measured(name: str, ground: Ground) -> Iterator[tuple[Steps | float | None, Case]]:
    if name in ground.given:
        yield float(ground.given[name]), ()
        return
    for steps, case in documents.selections(name, ground):
        if name in ground.format.quoted:
            raise Unsayable(f"`{name}` stands in quotes, where CloudWatch measures nothing")
        yield steps, case


def _dimensions(name: str, ground: Ground) -> Sequence[tuple[Steps, Case]]:
    """Return where a line holds the dimension *name* as the record does; what the group sets no line says."""
    if name in ground.given:
        return ()
    if name == "level" or name in ground.format.words:
        raise Unsayable(
            f"a dimension is what a line says, and `{name}` is written in several ways; leave it out of `by`"
        )
    return list(documents.selections(name, ground))


def _patterns(asked: Sequence[tuple[Ground, list[Case]]]) -> list[Json]:
    """Return the shortest patterns for the cases of all grounds, of which no line takes two; mostly that is one."""
    short = [seen(case) for case in _widest(_in_order(asked))]
    if not short:
        return []
    one = one_pattern(short)
    if one is not None:
        return [one]
    apart = short if are_apart(short) else list(_apart(asked))
    if not are_apart(apart):
        message = "the pattern is longer than CloudWatch takes and cannot be cut so that no line counts twice"
        raise Unsayable(f"{message}; narrow `where`, or `in`")
    return several_patterns(apart)


def _in_order(asked: Sequence[tuple[Ground, list[Case]]]) -> list[Case]:
    """
    Return the cases of all grounds, without the lines of each that belong to a ground before it and do not count there.

    Those that count there stay: the pattern is shorter, and counts them once.
    """
    found: list[Case | None] = []
    for at, (_, cases) in enumerate(asked):
        for case in cases:
            left: Case | None = case
            for ground, theirs in asked[:at]:
                needs = documents.needs(ground)
                if left is not None and not any(follows((*left, *needs), other) for other in theirs):
                    left = _without(left, needs, documents.lacks(ground))
            found.append(left)
    return [case for case in found if case is not None]


def _apart(asked: Sequence[tuple[Ground, list[Case]]]) -> Iterator[Case]:
    """Yield the cases of all grounds, without any line that may belong to a ground before."""
    for at, (_, cases) in enumerate(asked):
        for case in cases:
            left: Case | None = seen(case)
            for ground, _ in asked[:at]:
                lacks = tuple(
                    facts for facts in documents.lacks(ground) if not any(fact.at in ground.objects for fact in facts)
                )
                left = None if left is None else _without(left, seen(documents.needs(ground)), lacks)
            if left is not None:
                yield left


def _without(case: Case, needs: Case, lacks: Clause) -> Case | None:
    """Return *case* without the lines that are as *needs* says, where *lacks* says how the others are; None is none."""
    return case if exclude(case, needs) else simplified((*case, lacks))


def _widest(cases: Sequence[Case]) -> list[Case]:
    """Return *cases* without those that another one holds."""
    found: list[Case] = []
    for at, case in enumerate(cases):
        rivals = (*found, *cases[at + 1 :])
        if not any(rival != case and follows(case, rival) for rival in rivals) and case not in found:
            found.append(case)
    return found
