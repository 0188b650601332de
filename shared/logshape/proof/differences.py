"""Differences: two facts of the same name as what is different in them, each with its effect and the reason."""

from __future__ import annotations

import re
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, TypeVar, get_args

import msgspec

from logshape.contract.periods import keep_class

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from logshape.contract.predicates import Predicate

Effect: TypeAlias = Literal["safe", "re-index", "new table", "moves an alarm", "deletes data"]
EFFECTS: Final[tuple[Effect, ...]] = get_args(Effect)
"""From harmless to grave: of several effects a change is told by the last."""


class Verdict(msgspec.Struct, frozen=True):
    """What a difference does to the stores and alarms that are there, and why."""

    effect: Effect
    why: str


class _Difference(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    tag_field="action",
    rename={"effect": "class", "before": "from", "after": "to"},
):
    """
    Something of the contract, named by *kind* and *name*, that differs in *part*, or as a whole where that is empty.

    *before* and *after* are spelled as the contract spells them.
    """

    kind: str
    name: str
    part: str = ""
    effect: Effect
    why: str


class Added(_Difference, frozen=True, kw_only=True, tag="create"):
    """The new contract has it, the old one does not."""

    after: object


class Changed(_Difference, frozen=True, kw_only=True, tag="update"):
    """Both have it, and say different things of it."""

    before: object
    after: object


class Removed(_Difference, frozen=True, kw_only=True, tag="delete"):
    """The old contract had it."""

    before: object


Change: TypeAlias = Added | Changed | Removed
T = TypeVar("T")
_SPACE: Final = re.compile(r"""('[^']*'|"[^"]*")|\s+""")


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


class Aspect(msgspec.Struct, frozen=True):
    """
    An attribute, dotted, of facts that are compared: how to judge a change of it, and how the contract spells it.

    *judge* is given both facts, *spell* the attribute; what is spelled alike is no change.
    """

    attribute: str
    judge: Callable[[Any, Any], Verdict]
    spell: Callable[[Any], object] = _plain
    label: str = ""

    @property
    def part(self) -> str:
        """What the contract calls the attribute."""
        return self.label or self.attribute


def always(effect: Effect, why: str) -> Callable[[Any, Any], Verdict]:
    """Return a judge who says so whatever the values are."""
    verdict = Verdict(effect, why)
    return lambda _was, _now: verdict


def compared(kind: str, name: str, facts: tuple[T, T], aspects: tuple[Aspect, ...]) -> Iterator[Changed]:
    """Yield a change for each of *aspects* in which the two *facts* differ."""
    was, now = facts
    for aspect in aspects:
        of = attrgetter(aspect.attribute)
        before, after = aspect.spell(of(was)), aspect.spell(of(now))
        if before != after:
            verdict = aspect.judge(was, now)
            yield Changed(
                kind=kind,
                name=name,
                part=aspect.part,
                before=before,
                after=after,
                effect=verdict.effect,
                why=verdict.why,
            )


def gravest(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the first of the gravest of *verdicts*, of which there is at least one."""
    return max(verdicts, key=lambda verdict: EFFECTS.index(verdict.effect))


def is_shorter(was: int | None, now: int | None) -> bool:
    """Say whether *now* days end before *was* days do; None is for ever."""
    return now is not None and (was is None or now < was)


def spelled_days(days: int | None) -> str:
    """Spell how long something is kept as `keep` does."""
    return keep_class(days)


def spelled_predicate(predicate: Predicate) -> str:
    """Spell a condition with single spaces outside of quotes, so that white space alone is no change."""
    return _SPACE.sub(lambda found: found[1] or " ", predicate.source).strip()


def spelled_predicates(predicates: tuple[Predicate, ...]) -> list[str]:
    """Spell conditions, of which one is enough, so that their order is no change."""
    return sorted(map(spelled_predicate, predicates))
