"""Rounds: what is done in the time that there is, what is left, and that all of it is done in the end."""

from __future__ import annotations

from collections import Counter
from itertools import count
from typing import TYPE_CHECKING, Literal

import pytest

from logshape.contract.globs import covers
from logshape.contract.model import Contract, Group
from logshape.errors import OutsideFailure, UnsafePlan
from logshape.plan import Delete, Figures, Resource
from logshape.targets import Found, rounds
from logshape.targets.place import Place
from logshape.targets.rounds import Account, Tally

if TYPE_CHECKING:
    from logshape.plan import Change

CONTRACT = Contract(
    version=1, name="shop", fields=(), formats={}, groups=(Group(name="all", match=("/*",), formats=()),)
)
NAMES = tuple(f"/{letter}" for letter in "abcde")
ENDLESS = 1e9


def resource(name: str) -> Resource:
    """Return the one thing that a log group should have."""
    return Resource(target="logs", kind="metric-filter", name=name, body={"logGroupName": name})


class Shelf:
    """A target in memory: log groups, each with a filter or without."""

    name: Literal["logs"] = "logs"

    def __init__(self, wanted: tuple[str, ...], there: tuple[str, ...] = ()) -> None:
        """Hold a filter for each of *there*, where each of *wanted* should have one."""
        self.there = set(there)
        self._wanted = wanted

    def find(self, contract: Contract, glob: str | None) -> Found:
        """Return what is there."""
        del contract
        names = [name for name in (*self._wanted, *sorted(self.there)) if glob is None or covers(glob, name)]
        return Found(
            resources=tuple(resource(name) for name in sorted(self.there & set(names))),
            facts={name: Figures(born_ms=0) for name in names},
        )

    def wanted(self, contract: Contract, found: Found) -> list[Resource]:
        """Return a filter for each log group that should have one."""
        del contract
        return [resource(name) for name in found.facts if name in self._wanted]

    def apply(self, change: Change) -> None:
        """Put the filter there, or take it away."""
        (self.there.discard if isinstance(change, Delete) else self.there.add)(change.resource.name)


def account(shelf: Shelf) -> Account:
    """Return the account of *shelf*, whose clock goes on by one second whenever somebody looks."""
    place = Place(account="123456789012", region="us-east-1")
    return Account(contract=CONTRACT, place=place, logs=shelf, queries=Shelf(()), clock=map(float, count()).__next__)


def test_a_round_stops_when_time_is_up_and_the_next_one_does_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lambda ends a run in the middle of a call; so it ends by itself before that."""
    monkeypatch.setattr(rounds, "_BATCH", 2)
    shelf = Shelf(NAMES)

    first = account(shelf).whole(NAMES, until=1.0)
    second = account(shelf).slices(first.rest, until=ENDLESS)

    assert (first, second) == (
        Tally(counts=Counter(created=4), rest=("*",)),
        Tally(counts=Counter(created=1)),
    )
    assert shelf.there == set(NAMES)


def test_a_slice_that_could_not_end_is_begun_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its log groups are read anew, so that what somebody else did meanwhile is seen."""
    monkeypatch.setattr(rounds, "MOST", 3)
    monkeypatch.setattr(rounds, "_BATCH", 1)
    monkeypatch.setattr(rounds, "READING", 0.0)
    shelf = Shelf(("/a/x", "/a/y", "/b/x", "/b/y"))

    first = account(shelf).whole(("/a/x", "/a/y", "/b/x", "/b/y"), until=3.0)

    assert first == Tally(counts=Counter(created=3), rest=("/b*",))


def test_a_run_that_only_reads_is_not_repeated_for_ever() -> None:
    """Where nothing could be made, the next run would fare no better, and start another one."""
    with pytest.raises(OutsideFailure) as caught:
        account(Shelf(NAMES)).slices(("/a*",), until=-1.0)

    assert str(caught.value) == "log groups /a*: to read them takes longer than a run may last"


def test_a_slice_leaves_what_should_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deletions are guarded by how much of the whole they are, and a slice is not the whole."""
    monkeypatch.setattr(rounds, "MOST", 2)
    shelf = Shelf(NAMES[:2], there=NAMES[2:])

    assert account(shelf).slices(("*",), until=ENDLESS) == Tally(counts=Counter(created=2))
    assert shelf.there == set(NAMES)


def test_the_guard_stands_in_a_whole_round() -> None:
    """A typo in a contract must not empty an account because a function deploys it."""
    there = tuple(f"/{number}" for number in range(11))
    shelf = Shelf(("/a",), there=there)

    with pytest.raises(UnsafePlan, match=r"would delete 11 of 11 metric filters"):
        account(shelf).whole(("/a",), until=ENDLESS)

    assert shelf.there == set(there)
