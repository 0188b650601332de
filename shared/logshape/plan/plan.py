"""Turns changes into a plan: for which account they are, what a person decides in it, and whether that is safe."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING, Final

import msgspec

from logshape.errors import UnsafePlan
from logshape.plan.changes import Change, Create, Delete, Update
from logshape.plan.resources import Blocked, Kind, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_DELETIONS: Final = 10
LARGEST_SHARE: Final = 0.3
"""More deletions of one kind than both of these look like a typo."""
BY_THEMSELVES: Final = frozenset[Kind]({"index"})
"""Kinds that come and go with time: nobody decides on them."""
_NEWEST: Final = 100
_PLURALS: Final = {"query": "queries", "index": "indexes", "index-template": "index templates"}


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """
    What will be done, in this order, for one contract in one Region of one account.

    *found* counts what is there already and ours, by kind; *born* says when each log group was made.
    """

    account: str
    region: str
    contract: str
    changes: tuple[Change, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    blocked: tuple[Blocked, ...] = ()
    found: dict[Kind, int] = {}
    born: dict[str, int] = {}

    @property
    def decided(self) -> tuple[Change, ...]:
        """The changes that a person decides on: all but those that time brings."""
        return tuple(change for change in self.changes if change.resource.kind not in BY_THEMSELVES)

    def fingerprint(self) -> str:
        """Return 64 hexadecimal digits that are the same for every plan that decides the same for the same place."""
        return self._fingerprint(without=frozenset())

    def newcomers(self, fingerprint: str) -> list[str]:
        """Return the youngest log groups without which the plan had *fingerprint*; none if there are no such."""
        youngest = sorted(self.born, key=lambda name: (-self.born[name], name))[:_NEWEST]
        for number in range(1, len(youngest) + 1):
            if self._fingerprint(without=frozenset(youngest[:number])) == fingerprint:
                return sorted(youngest[:number])
        return []

    def check(self, *, force: bool = False) -> None:
        """
        Refuse a plan that deletes much of what is there, unless it is wanted by *force*.

        Raises:
            UnsafePlan: more than ten and more than 30 % of the things of one kind would be deleted.

        """
        if force:
            return
        doomed = Counter(change.resource.kind for change in self.decided if isinstance(change, Delete))
        refused = [
            f"would delete {count} of {self.found.get(kind, count)} {_plural(kind)}"
            for kind, count in sorted(doomed.items())
            if count > MOST_DELETIONS and count > LARGEST_SHARE * self.found.get(kind, count)
        ]
        if refused:
            raise UnsafePlan(f"{'; '.join(refused)}: if the contract means it, say --force")

    def _fingerprint(self, without: frozenset[str]) -> str:
        whole = hashlib.sha256(msgspec.json.encode([self.account, self.region, self.contract]))
        for digest in self._digests(without):
            whole.update(digest)
        return whole.hexdigest()

    def _digests(self, without: frozenset[str]) -> Iterator[bytes]:
        """Yield what each decided change does, without the words for it, but those on log groups of *without*."""
        for change in self.decided:
            if change.resource.body.get("logGroupName") not in without:
                yield msgspec.json.encode(_decision(change), order="deterministic")


def _decision(change: Change) -> list[object]:
    match change:
        case Create(resource=resource) | Delete(resource=resource):
            return [type(change).__name__, *resource.key, resource.body]
        case Update(before=before, after=after):
            return [type(change).__name__, *after.key, before.body, after.body]


def _plural(kind: Kind) -> str:
    return _PLURALS.get(kind, f"{kind.replace('-', ' ')}s")
