"""Turns two states, the one found and the one wanted, into the changes that lead from one to the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import msgspec

from logshape.plan.resources import KINDS, Resource

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from logshape.plan.resources import Key, Kind


class Create(msgspec.Struct, frozen=True, kw_only=True):
    """What is wanted and not there."""

    resource: Resource
    reason: str


class Update(msgspec.Struct, frozen=True, kw_only=True):
    """What is there, and is not as it is wanted."""

    before: Resource
    after: Resource
    reason: str

    @property
    def resource(self) -> Resource:
        """What will be there."""
        return self.after


class Delete(msgspec.Struct, frozen=True, kw_only=True):
    """What is there, is ours, and is not wanted."""

    resource: Resource
    reason: str


Change: TypeAlias = Create | Update | Delete

# Deletions make room below a limit for what is created.
_ORDER: Final = (Delete, Update, Create)
_UNWANTED: Final = "it is ours, and the contract does not want it"
_OVER: Final[Mapping[Kind, str]] = {"index": "all of it is older than its name says that it is kept"}
_RANKS: Final = {kind: rank for rank, kind in enumerate(KINDS)}


def diff(found: Iterable[Resource], wanted: Iterable[Resource], hands_off: Collection[str] = ()) -> tuple[Change, ...]:
    """
    Return what makes *found*, all of it ours, into *wanted*, in the order in which it is done; empty when they agree.

    What is named in *hands_off* is in no change, whatever it is.
    """
    before = {resource.key: resource for resource in found if resource.name not in hands_off}
    after = {resource.key: resource for resource in wanted if resource.name not in hands_off}
    return tuple(sorted(_changes(before, after), key=_place))


def _changes(before: dict[Key, Resource], after: dict[Key, Resource]) -> Iterator[Change]:
    for key, resource in after.items():
        present = before.get(key)
        if present is None:
            yield Create(resource=resource, reason="the contract wants it, and it is not there")
        elif present.body != resource.body:
            yield Update(before=present, after=resource, reason=f"differs in {', '.join(differing(present, resource))}")
    for key, resource in before.items():
        if key not in after:
            yield Delete(resource=resource, reason=_OVER.get(key[1], _UNWANTED))


def differing(before: Resource, after: Resource) -> list[str]:
    """Return the names of the arguments in which the two differ."""
    names = sorted({*before.body, *after.body})
    return [name for name in names if before.body.get(name) != after.body.get(name)]


def _place(change: Change) -> tuple[int, int, str]:
    return _RANKS[change.resource.kind], _ORDER.index(type(change)), change.resource.name
