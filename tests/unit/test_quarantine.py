"""What a replay sends of quarantine, what stays, and what becomes of an object whoever is killed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from logshape.connections import Folder
from logshape.delivery.quarantine import PLACES, Choice, Replayed, objects
from logshape.delivery.sending import Waits
from logshape.delivery.waiting import Wish
from logshape.local.subscriptions import data_message
from tests.waiting import BUSY, NOW, Killed, World, documents, rows, statuses

if TYPE_CHECKING:
    from pathlib import Path

    from logshape.delivery.quarantine import Replay

INDEX, ARCHIVE, PAYLOAD = (f"spool/quarantine/{place}/1.ndjson" for place in ("index", "archive", "payload"))
ALL = Choice(wish=Wish())
WHY = {"reason": "r", "rule": "mended", "contract_version": 1}


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Return stores that work, and make pauses short."""
    monkeypatch.setattr("logshape.delivery.patience.FIRST_PAUSE", 0.001)
    return World(tmp_path / "bucket")


def replayed(world: World, choice: Choice = ALL) -> Replayed:
    """Send again what *choice* takes, and return what became of it."""
    replay: Replay = world.replay()
    for place, item in list(objects(world.bucket, "spool/", choice)):
        replay.replay(world.bucket, place, item, choice)
    return replay.done


def refused(lines: list[dict[str, Any]], **more: object) -> list[dict[str, Any]]:
    """Return *lines* of the spool as quarantine has them."""
    return [line | WHY | more for line in lines]


def test_what_is_mended_is_stored_and_gone(world: World) -> None:
    """Each place goes where it should have gone."""
    world.spool(INDEX, refused(documents("1", "2")))
    world.spool(ARCHIVE, refused(rows("3")))

    assert replayed(world) == Replayed(sent=3)
    assert (world.indexed, world.archived, world.found()) == (["1", "2"], ["3"], [])


def test_what_is_not_meant_stays_as_it_is(world: World) -> None:
    """It is kept before the object goes."""
    rest = refused(documents("2"), rule="other")
    world.spool(INDEX, [*refused(documents("1")), *rest])

    assert replayed(world, Choice(wish=Wish(), rule="mend*")) == Replayed(sent=1)
    assert (world.indexed, world.kept("spool/quarantine")) == (["1"], rest)
    assert [step.split()[0] for step in world.done] == ["bulk", "write", "remove"]


@pytest.mark.parametrize("group", ["/a", "/b"])
def test_a_log_group_is_what_the_document_names(world: World, group: str) -> None:
    """An object may have documents of two, after a redrive of both."""
    lines = [
        line | {"document": line["document"] | {"log_group": f"/{line['event_id']}"}} for line in documents("a", "b")
    ]
    world.spool(INDEX, refused(lines))

    assert replayed(world, Choice(wish=Wish(group=group))).sent == 1
    assert world.indexed == [group.strip("/")]


def test_a_store_that_is_down_leaves_all_where_it_is(world: World) -> None:
    """There is nothing to keep anew."""
    world.spool(INDEX, refused(documents("1")))
    world.bulk = lambda _: BUSY

    assert replayed(world) == Replayed(waits=[Waits(rule="index-503")])
    assert world.found() == [INDEX]


def test_what_is_refused_again_has_the_present_reason(world: World) -> None:
    """The old one may have been mended."""
    world.spool(INDEX, refused(documents("1")))
    world.bulk = statuses(_1=400)

    assert replayed(world).sent == 1
    assert [line["reason"] for line in world.kept("spool/quarantine")] == ["failed to parse"]


def test_what_is_no_document_stays_for_a_person(world: World) -> None:
    """Half a line has no index and no id; an event without a time has no log group either."""
    world.spool(INDEX, [{"event_id": None, "document": "{cut"} | WHY])
    world.spool(PAYLOAD, [{"event_id": "1", "document": {"id": "1"}} | WHY | {"rule": "event-without-time"}])

    assert replayed(world) == Replayed(not_sendable=2)
    assert world.found() == [INDEX, PAYLOAD]


def test_an_object_with_a_line_that_cannot_be_read_is_left_alone(world: World) -> None:
    """To write the others anew would lose it."""
    line = json.dumps(refused(documents("1"))[0])
    Folder.write(world.bucket, INDEX, f"{line}\n{{cut\n".encode())

    assert replayed(world) == Replayed()
    assert (world.asked, world.found()) == ([], [INDEX])


def lay(world: World) -> None:
    """Lay into quarantine what can be sent, what is refused again, and what is not meant."""
    world.spool(INDEX, [*refused(documents("1", "2")), *refused(documents("3"), rule="other")])
    events = [{"id": "4", "timestamp": NOW, "message": "[ERROR] boom\n"}]
    event = data_message("1", "/aws/lambda/shop-a", "s", "logshape/shop", events)
    world.spool(PAYLOAD, [{"event_id": None, "document": event} | WHY | {"rule": "payload-unreadable"}])


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_whoever_is_killed_between_any_two_steps_loses_nothing(tmp_path: Path) -> None:
    """A laptop is closed in the middle of it."""
    choices = [Choice(wish=Wish(), rule=rule) for rule in ("mended", "payload-*")]
    whole = World(tmp_path / "whole")
    lay(whole)
    for choice in choices:
        replayed(whole, choice)
    assert len(whole.done) >= 6

    for step in range(len(whole.done)):
        world = World(tmp_path / str(step))
        lay(world)
        world.die_before = step
        for attempt in range(2):
            try:
                for choice in choices:
                    replayed(world, choice)
            except (Killed, Exception):  # noqa: BLE001 # whatever comes of threads that were killed
                assert attempt == 0
            world.die_before = None

        # What the killed one had kept in the spool waits there for redrive.
        spooled = {line["event_id"] for line in world.kept("spool/undelivered/index")}
        assert {*world.indexed, *spooled} == {"1", "2", "4"}, step
        assert sorted(set(world.indexed)) == sorted(world.indexed), step
        assert {line["event_id"] for place in PLACES for line in world.kept(f"spool/quarantine/{place}")} == {"3"}, step
