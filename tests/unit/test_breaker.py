"""When a sink is spared, how it is asked whether it is back, and what becomes of its documents meanwhile."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from logshape.connections import NoAnswer, Refused, Reply
from logshape.delivery import Sinks
from logshape.delivery.breaker import FIRST_SECONDS, LONGEST_SECONDS, Breaker
from logshape.delivery.patience import Outcome
from logshape.ledger import Ledger
from logshape.sinks import Again, Poison, Stop
from tests.unit.test_deliver import BUSY, World, deliver_one, shipment, stored
from tests.wires import created

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from logshape.pipeline import Shipment

BUSY_SINK = Outcome(open=(Again(parcel=b"1\n", rule="index-503"),), sent=True)
ONE_STORED = Outcome(stored=1, open=(Again(parcel=b"2\n", rule="index-503"),), sent=True)


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        """Begin at nothing."""
        self.seconds = 0.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.seconds


class Container:
    """A warm container: stores that do as they are told, and what is remembered of them from payload to payload."""

    def __init__(self) -> None:
        """Let everything work."""
        self.world = World()
        self.clock = Clock()
        breakers = {name: Breaker(name, self.clock, lambda _, most: most) for name in ("archive", "index")}
        self.sinks = Sinks(archive=self.world.sinks.archive, index=self.world.sinks.index, breakers=breakers)

    def deliver(self, shaped: Shipment) -> Ledger:
        """Deliver what one payload became."""
        return deliver_one(shaped, self.sinks, self.world.spool, time.monotonic() + 60)

    def asked(self) -> Sequence[Sequence[str]]:
        """Return the ids that the index was asked with since this was last called."""
        asked, self.world.bulks = self.world.bulks, []
        return asked


@pytest.fixture
def container(monkeypatch: pytest.MonkeyPatch) -> Container:
    """Return a container whose pauses are short."""
    monkeypatch.setattr("logshape.delivery.patience.FIRST_PAUSE", 0.001)
    return Container()


def test_while_a_sink_is_down_its_documents_go_to_the_spool_unsent(container: Container) -> None:
    """The first payload pays for three tries, the others for none; the archive goes on."""
    container.world.bulk = lambda _: BUSY

    ledgers = [container.deliver(shipment(event_id)) for event_id in ("1", "2", "3")]

    assert ledgers == [Ledger(received=1, archived=1, index_spooled=1)] * 3
    assert container.asked() == [["1"], ["1"], ["1"]]
    assert container.world.kept("undelivered/index") == ["1", "2", "3"]


def test_after_a_while_one_document_asks_and_the_rest_follows_it(container: Container) -> None:
    """The sink is asked with as little as can be, and used again in the very invocation in which it answers."""
    container.world.bulk = lambda _: BUSY
    container.deliver(shipment("1"))
    container.asked()
    container.world.bulk = stored
    container.clock.seconds += FIRST_SECONDS

    ledgers = [container.deliver(shipment("2", "3", "4")), container.deliver(shipment("5", "6"))]

    assert ledgers == [Ledger(received=3, archived=3, indexed=3), Ledger(received=2, archived=2, indexed=2)]
    assert container.asked() == [["2"], ["3", "4"], ["5", "6"]]


def test_a_probe_that_fails_is_one_call_and_keeps_the_rest_back(container: Container) -> None:
    """A cluster that is starting must not be met by every container with all that it has."""
    container.world.bulk = lambda _: BUSY
    container.deliver(shipment("1"))
    container.asked()
    container.clock.seconds += FIRST_SECONDS

    ledger = container.deliver(shipment("2", "3"))
    container.clock.seconds += FIRST_SECONDS
    unsent = container.deliver(shipment("4"))

    assert ledger == Ledger(received=2, archived=2, index_spooled=2)
    assert unsent == Ledger(received=1, archived=1, index_spooled=1)
    assert container.asked() == [["2"]]
    assert container.world.kept("undelivered/index") == ["1", "2", "3", "4"]


def test_the_archive_has_a_breaker_too(container: Container) -> None:
    """A throttled stream is not helped by more calls; a probe is one row."""
    container.world.put = lambda _: Refused(status=503, code="ServiceUnavailableException")
    container.deliver(shipment("1"))
    container.deliver(shipment("2"))
    container.clock.seconds += FIRST_SECONDS
    container.deliver(shipment("3", "4"))

    assert [len(sent) for sent in container.world.puts] == [1, 1, 1, 1]
    assert container.world.puts[-1][0].count(b"\n") == 1
    assert container.world.kept("undelivered/archive") == ["1", "2", "3", "4"]


def test_a_payload_without_documents_asks_nothing(container: Container) -> None:
    """The next one with any does."""
    container.world.bulk = lambda _: BUSY
    container.deliver(shipment("1"))
    container.asked()
    container.clock.seconds += FIRST_SECONDS
    empty = shipment()
    empty.records = empty.bodies = []

    container.deliver(empty)

    assert container.asked() == []
    assert container.sinks.breakers["index"].leave() == "one"


def test_each_change_is_said_once(container: Container, capsys: pytest.CaptureFixture[str]) -> None:
    """An outage of an hour is two lines of this, not two for each payload."""
    container.world.bulk = lambda _: BUSY
    for event_id in ("1", "2", "3"):
        container.deliver(shipment(event_id))
        container.clock.seconds += LONGEST_SECONDS
    container.world.bulk = stored
    container.deliver(shipment("4"))

    said = [json.loads(line)["message"] for line in capsys.readouterr().out.splitlines()]
    assert [message for message in said if message.startswith("a sink")] == [
        "a sink does not answer, its documents are spooled unsent",
        "a sink answers again",
    ]


def test_a_fault_of_ours_opens_nothing(container: Container) -> None:
    """It says nothing of the sink, and the next payload may have none."""

    def broken(_: bytes) -> Reply:
        raise ZeroDivisionError

    container.world.bulk = broken
    container.deliver(shipment("1"))

    assert not container.sinks.breakers["index"].is_open


OUTCOMES: dict[str, tuple[Callable[[bytes], Reply | NoAnswer], bool]] = {
    "no answer": (lambda _: NoAnswer(reason="ConnectionError"), True),
    "busy at each try": (lambda _: Reply(status=429, body=""), True),
    "every document busy": (lambda bulk: Reply(status=200, body=created(bulk, {"1": 429, "2": 503}).decode()), True),
    "blocked": (lambda _: Reply(status=429, body='{"error":{"type":"cluster_block_exception"}}'), True),
    "nobody known": (lambda _: Reply(status=401, body=""), True),
    "every document forbidden": (
        lambda bulk: Reply(status=200, body=created(bulk, {"1": 403, "2": 403}).decode()),
        True,
    ),
    "one stored": (lambda bulk: Reply(status=200, body=created(bulk, {"2": 503}).decode()), False),
    "all known": (lambda bulk: Reply(status=200, body=created(bulk, {"1": 409, "2": 409}).decode()), False),
    "an index that is gone": (lambda bulk: Reply(status=200, body=created(bulk, {"1": 404, "2": 404}).decode()), False),
    "too large": (lambda _: Reply(status=413, body=""), False),
}


@pytest.mark.parametrize("case", OUTCOMES)
def test_a_breaker_opens_only_for_a_sink_that_answers_for_no_document(container: Container, case: str) -> None:
    """A verdict on a document, good or bad, is the word of a store that works."""
    container.world.bulk, opens = OUTCOMES[case]

    container.deliver(shipment("1", "2"))

    assert container.sinks.breakers["index"].is_open is opens


@pytest.mark.parametrize(
    ("outcome", "opens"),
    [
        (BUSY_SINK, True),
        (ONE_STORED, False),
        (Outcome(open=BUSY_SINK.open), False),
        (Outcome(open=(Stop(parcel=b"1\n", rule="x", whole=True),), sent=True), True),
        (Outcome(open=(Stop(parcel=b"1\n", rule="x"),), sent=True), False),
        (Outcome(poison=(Poison(parcel=b"1\n", rule="x", reason=""),), sent=True), False),
        (Outcome(), False),
    ],
)
def test_what_was_never_sent_says_nothing(outcome: Outcome, opens: bool) -> None:  # noqa: FBT001 # a table's column
    """An invocation without time for a call has not seen a sink fail."""
    breaker = Breaker("index", Clock())

    breaker.learn(outcome)

    assert breaker.is_open is opens


def test_the_time_between_probes_grows_and_is_bounded() -> None:
    """A sink that is down for a day is asked once a minute by each container."""
    clock = Clock()
    breaker = Breaker("index", clock, lambda _, most: most)
    waits = []
    for _ in range(8):
        breaker.learn(BUSY_SINK)
        began = clock.seconds
        while breaker.leave() == "none":
            clock.seconds += 1.0
        waits.append(clock.seconds - began)

    assert waits == [2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0]
    breaker.learn(ONE_STORED)
    breaker.learn(BUSY_SINK)
    clock.seconds += FIRST_SECONDS
    assert breaker.leave() == "one"


def test_the_time_to_a_probe_is_spread() -> None:
    """A thousand containers that saw the sink fail at once must not all ask at once."""
    asked: list[tuple[float, float]] = []
    breaker = Breaker("index", Clock(), lambda least, most: (asked.append((least, most)), least)[1])

    breaker.learn(BUSY_SINK)

    assert asked == [(0.5, 1.0)]


@pytest.mark.parametrize(("after", "wait"), [(30.0, 30.0), (3600.0, LONGEST_SECONDS)])
def test_a_store_that_asks_for_time_gets_it_up_to_a_minute(after: float, wait: float) -> None:
    """Then it is one document that asks, which is no burden."""
    clock = Clock()
    breaker = Breaker("index", clock)

    breaker.learn(Outcome(open=(Again(parcel=b"1\n", rule="index-503", after=after),), sent=True))

    clock.seconds = wait - 0.001
    assert breaker.leave() == "none"
    clock.seconds = wait
    assert breaker.leave() == "one"
