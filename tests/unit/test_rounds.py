"""Rounds: what is done in the time that there is, what is left, and that all of it is done in the end."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from itertools import chain as chain_of
from itertools import count
from typing import IO, TYPE_CHECKING, Literal

import pytest
from msgspec.structs import replace

from logshape.connections import Folder
from logshape.contract.globs import covers
from logshape.contract.model import Contract, Group
from logshape.errors import OutsideFailure, UnsafePlan
from logshape.plan import Delete, Figures, Resource
from logshape.targets import Found, rounds
from logshape.targets.occasions import Slice
from logshape.targets.place import Place
from logshape.targets.rounds import Account, Tally
from logshape.targets.runs import OLDEST_MS, Runs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from logshape.plan import Change

    Fate = Iterator[bool]
    """Whether the process ends at a call, one after the other."""

CONTRACT = Contract(
    version=1, name="shop", fields=(), formats={}, groups=(Group(name="all", match=("/*",), formats=()),)
)
NAMES = tuple(f"/{letter}" for letter in "abcde")
ENDLESS = 1e9
SAFE: Iterator[bool] = iter(())
PLACE = Place(account="123456789012", region="us-east-1")


def resource(name: str) -> Resource:
    """Return the one thing that a log group should have."""
    return Resource(target="logs", kind="metric-filter", name=name, body={"logGroupName": name})


class CrashError(Exception):
    """The invocation ends here."""


def crash(fate: Fate) -> None:
    """Crash where *fate* has it."""
    if next(fate, False):
        raise CrashError


class Shelf:
    """A target in memory: log groups, each with a filter or without."""

    name: Literal["logs"] = "logs"

    def __init__(self, wanted: tuple[str, ...], there: tuple[str, ...] = (), fate: Fate = SAFE) -> None:
        """Hold a filter for each of *there*, where each of *wanted* should have one."""
        self.there = set(there)
        self._wanted = wanted
        self._fate = fate

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
        crash(self._fate)
        (self.there.discard if isinstance(change, Delete) else self.there.add)(change.resource.name)


class Refusing(Shelf):
    """A target that nobody may change."""

    def apply(self, change: Change) -> None:
        """Refuse."""
        del change
        raise OutsideFailure("AccessDenied")


class Shaky(Folder):
    """A store on disk, at each use of which the process may end."""

    def __init__(self, path: Path, fate: Fate = SAFE) -> None:
        """Keep objects under *path*."""
        self._fate = fate
        super().__init__(path)

    def read(self, key: str) -> IO[bytes] | None:
        """Read, or crash."""
        crash(self._fate)
        return super().read(key)

    def write(self, key: str, body: bytes) -> None:
        """Write, or crash."""
        crash(self._fate)
        super().write(key, body)


def account(shelf: Shelf, store: Folder | None = None, contract: Contract = CONTRACT, **more: Shelf) -> Account:
    """Return the account of *shelf*, whose clock goes on by one second whenever somebody looks."""
    return Account(
        contract=contract,
        place=PLACE,
        logs=shelf,
        queries=more.get("queries", Shelf(())),
        leavers=more.get("leavers", Shelf(())),
        runs=Runs(store, "spool/", contract, PLACE) if store else None,
        clock=map(float, count()).__next__,
    )


@pytest.fixture
def store(tmp_path: Path) -> Folder:
    """Return an empty store."""
    return Folder(tmp_path)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let two log groups be a slice, two changes a batch, and reading take no time."""
    monkeypatch.setattr(rounds, "MOST", 2)
    monkeypatch.setattr(rounds, "_BATCH", 2)
    monkeypatch.setattr(rounds, "READING", 0.0)


def test_a_round_stops_when_time_is_up_and_the_next_one_does_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lambda ends a run in the middle of a call; so it ends by itself before that."""
    monkeypatch.setattr(rounds, "_BATCH", 2)
    shelf = Shelf(NAMES)

    first = account(shelf).whole(NAMES, until=1.0)
    second = account(shelf).slices(Slice(globs=("*",)), until=ENDLESS)

    assert (first, second) == (
        Tally(counts=Counter(created=4), rest=Slice(globs=("*",))),
        Tally(counts=Counter(created=1)),
    )
    assert shelf.there == set(NAMES)


def test_a_slice_that_could_not_end_is_begun_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its log groups are read anew, so that what somebody else did meanwhile is seen."""
    monkeypatch.setattr(rounds, "MOST", 3)
    monkeypatch.setattr(rounds, "_BATCH", 1)
    monkeypatch.setattr(rounds, "READING", 0.0)
    shelf = Shelf(("/a/x", "/a/y", "/b/x", "/b/y"))

    first = account(shelf).whole(("/a/x", "/a/y", "/b/x", "/b/y"), until=4.0)

    assert first == Tally(counts=Counter(created=3), rest=Slice(globs=("/b*",)))


def test_a_run_that_only_reads_is_not_repeated_for_ever() -> None:
    """Where nothing could be made, the next run would fare no better, and start another one."""
    with pytest.raises(OutsideFailure) as caught:
        account(Shelf(NAMES)).slices(Slice(globs=("/a*",)), until=-1.0)

    why = "nothing could be made; to read it takes longer than an invocation may last"
    assert str(caught.value) == f"log groups /a*: {why}"


@pytest.mark.usefixtures("small")
def test_changes_that_all_fail_are_not_tried_for_ever() -> None:
    """A right that is missing for a thousand changes would be a chain of invocations without an end."""
    with pytest.raises(OutsideFailure) as caught:
        account(Refusing(NAMES)).slices(Slice(globs=("*",)), until=0.0)

    assert str(caught.value) == "log groups *: nothing could be made; AccessDenied"


@pytest.mark.usefixtures("small")
def test_where_nothing_is_kept_a_slice_leaves_what_should_go() -> None:
    """Deletions are guarded by how much of the whole they are, and a slice is not the whole."""
    shelf = Shelf(NAMES[:2], there=NAMES[2:])

    assert account(shelf).whole(NAMES, ENDLESS) == Tally(counts=Counter(created=2, undeleted=3))
    assert shelf.there == set(NAMES)


@pytest.mark.usefixtures("small")
def test_what_all_slices_saw_is_deleted_once_the_last_is_read(store: Folder) -> None:
    """Ten thousand log groups are read in half an hour, and an account must be clean all the same."""
    shelf = Shelf(NAMES[:2], there=(*NAMES[2:], "/z"))
    leavers = Shelf((), there=("/left",))

    tallies = chain(shelf, store, until=2.0, leavers=leavers)

    assert sum((tally.counts for tally in tallies), Counter()) == Counter(created=2, deleted=5)
    assert len(tallies) > 2
    assert shelf.there == set(NAMES[:2])


@pytest.mark.usefixtures("small")
def test_the_guard_stands_over_all_slices_together(store: Folder) -> None:
    """Each slice by itself would delete too few to be refused, and all of them everything."""
    there = tuple(f"/{letter}{number}" for letter in "abcdef" for number in range(2))
    shelf = Shelf((), there=there)

    with pytest.raises(UnsafePlan, match=r"would delete 12 of 12 metric filters"):
        chain(shelf, store)

    assert shelf.there == set(there)


@pytest.mark.usefixtures("small")
def test_what_stays_counts_for_the_guard_too(store: Folder) -> None:
    """Twelve of fifty are no typo: the guard needs what every slice found, not only what it would delete."""
    kept = tuple(f"/{number:02}" for number in range(38))
    there = (*kept, *(f"/{number:02}" for number in range(38, 50)))
    shelf = Shelf(kept, there=there)

    assert chain(shelf, store, names=there)[-1].rest is None
    assert shelf.there == set(kept)


@pytest.mark.usefixtures("small")
def test_saved_queries_are_deleted_before_the_slices_and_by_their_own_count(store: Folder) -> None:
    """They belong to no log group, so that one look sees them all; log groups must not water their guard down."""
    queries = Shelf((), there=tuple(f"/q{number}" for number in range(11)))
    shelf = Shelf(NAMES, there=NAMES)

    with pytest.raises(UnsafePlan, match=r"would delete 11 of 11"):
        chain(shelf, store, queries=queries)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("calls", range(24))
def test_a_crash_at_any_call_converges(calls: int, tmp_path: Path) -> None:
    """Lambda calls again with the same event, of which some is done already."""
    fate = chain_of([False] * calls, [True])
    shelf = Shelf(NAMES[:2], NAMES[2:], fate)

    chain(shelf, Shaky(tmp_path, fate), until=1.0)

    assert shelf.there == set(NAMES[:2])


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("twice", range(1, 6))
def test_an_event_that_comes_twice_does_no_harm(twice: int, store: Folder) -> None:
    """Lambda promises to call at least once."""
    shelf = Shelf(NAMES[:2], there=NAMES[2:])

    chain(shelf, store, until=1.0, twice=twice)

    assert shelf.there == set(NAMES[:2])


@pytest.mark.usefixtures("small")
def test_a_slice_that_was_not_read_lets_nothing_be_deleted(store: Folder) -> None:
    """Half of the account may be all that the guard would refuse to empty."""
    shelf = Shelf((), there=NAMES)
    run = begun(shelf, store)

    with pytest.raises(
        OutsideFailure, match=r"^run [0-9a-f]{32}: not all that its slices saw is kept; nothing is deleted$"
    ):
        account(shelf, store).slices(Slice(globs=(), run=run), ENDLESS)

    assert shelf.there == set(NAMES)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("other", [{"version": 2}, {"name": "shop-eu"}])
def test_a_run_of_another_contract_is_given_up(other: dict[str, object], store: Folder) -> None:
    """What an older contract did not want, the one deployed since may."""
    shelf = Shelf((), there=NAMES)
    run = begun(shelf, store)
    successor = account(shelf, store, replace(CONTRACT, **other))  # type: ignore[arg-type] # a field of each type

    assert successor.slices(Slice(globs=("*",), run=run), ENDLESS) == Tally(counts=Counter(given_up=1))
    assert shelf.there == set(NAMES)


@pytest.mark.usefixtures("small")
def test_what_another_run_saw_is_not_obeyed(store: Folder, tmp_path: Path) -> None:
    """It is kept under another name, and says so itself where somebody copied it."""
    shelf = Shelf((), there=NAMES)
    run = begun(shelf, store)
    for item in list(store.listed("spool/")):
        with (tmp_path / item.key).open("rb") as file:
            store.write(item.key.replace(run, "copied"), file.read())

    assert account(shelf, store).slices(Slice(globs=(), run="copied"), ENDLESS) == Tally(counts=Counter(given_up=1))


@pytest.mark.usefixtures("small")
def test_a_run_of_yesterday_is_given_up(monkeypatch: pytest.MonkeyPatch, store: Folder) -> None:
    """An event that waited for long must not delete what somebody has wanted since."""
    shelf = Shelf((), there=NAMES)
    monkeypatch.setattr(rounds, "_now_ms", lambda: 1_000)
    run = begun(shelf, store)
    monkeypatch.setattr(rounds, "_now_ms", lambda: 1_000 + OLDEST_MS)

    assert account(shelf, store).slices(Slice(globs=("*",), run=run), ENDLESS) == Tally(counts=Counter(given_up=1))


def begun(shelf: Shelf, store: Folder) -> str:
    """Begin a run that has read its first slices, and return its name."""
    rest = account(shelf, store).whole(NAMES, until=1.0).rest
    assert rest is not None
    return rest.run


def chain(
    shelf: Shelf,
    store: Folder,
    until: float = ENDLESS,
    twice: int | None = None,
    names: tuple[str, ...] | None = None,
    **more: Shelf,
) -> list[Tally]:
    """
    Begin a run and do what each invocation leaves, one of them *twice*; return what each has done.

    One that crashes is done again.
    """
    tallies: list[Tally] = []
    while not tallies or tallies[-1].rest:
        rest = tallies[-1].rest if tallies else None
        for _ in range(2 if len(tallies) == twice else 1):
            with suppress(CrashError):
                kept = account(shelf, store, **more)
                tally = kept.slices(rest, until) if rest else kept.whole(names or (*NAMES, *sorted(shelf.there)), until)
                tallies.append(tally)
    return tallies


def test_the_guard_stands_in_a_whole_round() -> None:
    """A typo in a contract must not empty an account because a function deploys it."""
    there = tuple(f"/{number}" for number in range(11))
    shelf = Shelf(("/a",), there=there)

    with pytest.raises(UnsafePlan, match=r"would delete 11 of 11 metric filters"):
        account(shelf).whole(("/a",), until=ENDLESS)

    assert shelf.there == set(there)
