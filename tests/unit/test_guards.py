"""Guards on retention: no log is deleted unless somebody said that it may be."""

from __future__ import annotations

import pytest

from logshape.contract.model import Contract, Group, Keep
from logshape.plan import Create, Delete, Figures, Resource, Skipped, Update
from logshape.plan.guards import guarded

DAY_MS = 86_400_000
NOW = 20_000 * DAY_MS
GROUP, ENDING = "/aws/lambda/orders", "/aws/lambda/ending"
CONTRACT = Contract(
    version=1,
    name="shop",
    fields=(),
    formats={},
    groups=(
        Group(name="ending", match=(ENDING,), formats=(), keep=Keep(logs=30, end_never_expires=True)),
        Group(name="all", match=("/aws/lambda/*",), formats=(), keep=Keep(logs=30)),
    ),
)


def kept(days: int, name: str = GROUP) -> Resource:
    """Return the retention of a log group."""
    return Resource(target="logs", kind="retention", name=name, body={"logGroupName": name, "retentionInDays": days})


def old(days: float, stored: int = 0) -> Figures:
    """Return what moves by itself of a log group that is so many days old."""
    return Figures(born_ms=NOW - int(days * DAY_MS), stored_bytes=stored)


def reasons(
    change: Create | Update | Delete, figures: Figures, *, allow_shorten: bool = False
) -> tuple[list[str], list[str]]:
    """Return why *change* is made, or why it is skipped."""
    name = change.resource.name
    made, skipped = guarded([change], CONTRACT, {name: figures}, NOW, allow_shorten=allow_shorten)
    return [one.reason for one in made], [one.reason for one in skipped]


def test_days_for_a_group_that_never_expired_and_is_older_shorten_it() -> None:
    """Unset is for ever: the first retention of an old log group deletes what nobody can bring back."""
    create = Create(resource=kept(30), reason="")

    changes, skipped = guarded([create], CONTRACT, {GROUP: old(412, 3 << 30)}, NOW, allow_shorten=False)

    assert changes == []
    assert skipped == [
        Skipped(
            GROUP,
            "shortens retention from for ever to 30 days; the log group is 412 days old and holds 3.0 GiB; "
            "if that is meant, say --allow-shorten",
        )
    ]


def test_days_for_a_group_that_is_younger_delete_nothing() -> None:
    """Else no new log group would get its retention without a person."""
    assert reasons(Create(resource=kept(30), reason=""), old(30)) == (["for ever → 30 days, and nothing is older"], [])


@pytest.mark.parametrize("age", [0, 31, 4000])
def test_fewer_days_shorten_whatever_the_age(age: float) -> None:
    """What is written today was promised the longer time."""
    made, skipped = reasons(Update(before=kept(90), after=kept(30), reason=""), old(age, 512))

    assert made == []
    said = f"shortens retention from 90 days to 30 days; the log group is {age} days old and holds 512 bytes"
    assert skipped == [f"{said}; if that is meant, say --allow-shorten"]


def test_more_days_shorten_nothing() -> None:
    """To keep more needs nobody's leave."""
    made, skipped = reasons(Update(before=kept(30), after=kept(90), reason=""), old(400))

    assert (made, skipped) == (["30 → 90 days"], [])


def test_to_keep_for_ever_shortens_nothing() -> None:
    """`keep: {logs: forever}` deletes the retention, not the logs."""
    assert reasons(Delete(resource=kept(30), reason=""), old(400)) == (["30 days → for ever"], [])


@pytest.mark.parametrize(
    ("change", "was"),
    [
        (Create(resource=kept(30), reason=""), "for ever"),
        (Update(before=kept(90), after=kept(30), reason=""), "90 days"),
    ],
)
def test_who_allows_it_sees_what_it_costs(change: Create | Update, was: str) -> None:
    """`--allow-shorten` is said once, for many groups; the plan still tells bytes and age of each."""
    said = f"shortens retention from {was} to 30 days; the log group is 100 days old and holds 1.5 KiB"

    assert reasons(change, old(100, 1536), allow_shorten=True) == ([said], [])


def test_the_contract_may_end_what_never_expired_and_nothing_else() -> None:
    """`end_never_expires` is about groups that have no retention; govern obeys it where nobody can say a flag."""
    ended, none = reasons(Create(resource=kept(30, ENDING), reason=""), old(100))
    nothing, skipped = reasons(Update(before=kept(90, ENDING), after=kept(30, ENDING), reason=""), old(100))

    assert (len(ended), none, nothing, len(skipped)) == (1, [], [], 1)


def test_other_kinds_are_none_of_its_business() -> None:
    """A filter deletes no logs."""
    change = Create(resource=Resource(target="logs", kind="metric-filter", name=GROUP, body={}), reason="why")

    assert reasons(change, old(100)) == (["why"], [])
