"""A plan: what leads from what is there to what is wanted, whose word it needs, and what tells it from another."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from logshape.errors import UnsafePlan
from logshape.plan import Create, Delete, Plan, Resource, Update, diff

if TYPE_CHECKING:
    from logshape.plan import Change, Kind


def thing(name: str, kind: Kind = "metric-filter", **body: object) -> Resource:
    """Return a resource of CloudWatch Logs."""
    return Resource(target="logs", kind=kind, name=name, body=body)


def planned(found: list[Resource], wanted: list[Resource]) -> Plan:
    """Return the plan of one kind that leads from *found* to *wanted*."""
    counts = {found[0].kind: len(found)} if found else {}
    return Plan(account="1", region="eu-west-1", contract="shop", changes=diff(found, wanted), found=counts)


def filters(count: int) -> list[Resource]:
    """Return so many metric filters."""
    return [thing(f"/g:logshape/shop/{number:02}", logGroupName="/g", filterPattern="x") for number in range(count)]


def test_what_is_as_it_is_wanted_gives_no_change() -> None:
    """After apply, a plan is empty."""
    assert diff(filters(3), reversed(filters(3))) == ()


def test_changes_are_in_the_order_in_which_they_are_made() -> None:
    """The same plan is the same bytes, whatever order a service answers in; deletions make room."""
    found = [thing("b", days=1), thing("c"), thing("z", "retention", days=7)]
    wanted = [thing("z", "retention", days=30), thing("b", days=2), thing("a")]

    changes = diff(found, wanted)

    assert changes == diff(reversed(found), reversed(wanted))
    assert changes == (
        Update(before=found[2], after=wanted[0], reason="differs in days"),
        Delete(resource=found[1], reason="it is ours, and the contract does not want it"),
        Update(before=found[0], after=wanted[1], reason="differs in days"),
        Create(resource=wanted[2], reason="the contract wants it, and it is not there"),
    )


def test_what_hands_are_kept_off_is_in_no_change() -> None:
    """What is blocked is not half done, and what is skipped is not deleted."""
    assert diff([thing("a"), thing("b", days=1)], [thing("b", days=2), thing("c")], hands_off={"a", "b", "c"}) == ()


def test_deleting_most_of_what_exists_needs_force() -> None:
    """A typo in the contract must not empty an account."""
    plan = planned(found=filters(30), wanted=filters(6))

    with pytest.raises(UnsafePlan) as refused:
        plan.check()

    assert str(refused.value) == "would delete 24 of 30 metric filters: if the contract means it, say --force"
    assert refused.value.exit_code == 1
    plan.check(force=True)


@pytest.mark.parametrize(("there", "kept"), [(10, 0), (11, 1), (100, 70)])
def test_few_deletions_and_a_small_share_need_no_force(there: int, kept: int) -> None:
    """Both must be exceeded, or nobody could remove a metric of a small contract, or one of many."""
    planned(found=filters(there), wanted=filters(kept)).check()


@pytest.mark.parametrize(("there", "kept"), [(11, 0), (36, 25), (100, 69)])
def test_more_than_both_need_force(there: int, kept: int) -> None:
    """The limits are where they are said to be."""
    with pytest.raises(UnsafePlan, match=re.escape(f"would delete {there - kept} of {there} ")):
        planned(found=filters(there), wanted=filters(kept)).check()


def test_expired_periods_of_the_index_are_no_decision() -> None:
    """Time deletes them, every day: they need no force, and are neither in fingerprint nor in drift."""
    periods = [thing(f"logs-shop-14d-2025.01.{day:02}", "index") for day in range(1, 32)]
    plan = planned(found=periods, wanted=[])

    plan.check()

    assert len(plan.changes) == 31
    assert plan.decided == ()
    assert plan.fingerprint() == planned([], []).fingerprint()


def test_a_fingerprint_covers_place_and_decisions() -> None:
    """What was shown for one account must not be made in another, nor anything else than was shown."""
    plan = planned([thing("a", days=1)], [thing("a", days=2), thing("b")])
    update, create = plan.changes
    assert isinstance(update, Update)
    others = [
        replace(plan, account="2"),
        replace(plan, region="eu-west-2"),
        replace(plan, contract="shop-eu"),
        replace(plan, changes=(update,)),
        replace(plan, changes=(replace(update, before=thing("a", days=3)), create)),
        replace(plan, changes=(replace(update, after=thing("a", days=3)), create)),
        replace(plan, changes=(update, Delete(resource=thing("b"), reason=create.reason))),
    ]

    assert re.fullmatch("[0-9a-f]{64}", plan.fingerprint())
    assert len({plan.fingerprint(), *(other.fingerprint() for other in others)}) == 1 + len(others)


def test_a_fingerprint_does_not_move_by_itself() -> None:
    """The words of a reason hold bytes and ages, and a body's keys come in any order."""
    first = Create(resource=thing("a", x=1, y=2), reason="90 days old")
    second = Create(resource=thing("a", y=2, x=1), reason="91 days old")
    plan = Plan(account="1", region="r", contract="c", changes=(first,), found={"metric-filter": 1}, born={"/a": 1})

    assert replace(plan, changes=(second,), found={}, born={"/a": 2}).fingerprint() == plan.fingerprint()


def _about(group: str) -> list[Change]:
    return [
        Create(resource=thing(group, "retention", logGroupName=group, retentionInDays=30), reason=""),
        Create(resource=thing(f"{group}:f", logGroupName=group, filterName="f"), reason=""),
    ]


def test_log_groups_that_were_born_since_are_known_by_name() -> None:
    """Who is refused wants to know why; a hash of what was shown is all that there is to tell it by."""
    shown = Plan(account="1", region="r", contract="c", changes=tuple(_about("/old")), born={"/old": 1})
    born = {"/young": 7, "/old": 1, "/younger": 9}
    now = replace(shown, changes=(*_about("/old"), *_about("/young"), *_about("/younger")), born=born)

    assert now.newcomers(shown.fingerprint()) == ["/young", "/younger"]
    assert now.newcomers("0" * 64) == []
