"""Turns shipments into delivered, spooled and quarantined documents, and into books that balance."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias, assert_never

from msgspec.structs import replace

from logshape import telemetry
from logshape.delivery.bookkeeping import booked, open_documents, parcels_of
from logshape.delivery.patience import BREAKER_OPEN, Outcome, at_once, patience, probed, tries
from logshape.errors import OutsideFailure, Undeliverable, UnreadablePayload
from logshape.lines.packing import LARGEST_RECORD
from logshape.sinks import Document, grouped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from logshape.delivery.bookkeeping import Books
    from logshape.delivery.breaker import Breaker
    from logshape.delivery.outlets import Sinks
    from logshape.pipeline import Shipment
    from logshape.sinks import Sink
    from logshape.sinks.spool import Spool

UNREADABLE: Final = "payload-unreadable"
UNPLACEABLE: Final = "event-without-time"
"""Rules of what is quarantined before any sink sees it."""

Leftover: TypeAlias = "tuple[str, Callable[[Spool], object]]"
"""What must be kept, in words, and how."""


def deliver(shipments: Sequence[Shipment], sinks: Sinks, spool: Spool | None, deadline: float) -> Books:
    """
    Send *shipments* to the sinks that are on, both at once, keep in *spool* what they leave, and return balanced books.

    A sink gets three tries and five seconds, or what the reserve leaves of the time to *deadline* (monotonic clock);
    less if its breaker is open. What it has not answered for by then counts as spooled, though it may have been stored:
    sent again, the index knows it and the archive has it twice. Neither sink waits for the other, nor fails with it.

    Raises:
        UnreadablePayload: a payload could not be read, and there is no spool for it.
        Undeliverable: something that a sink did not take is not in the spool either.
        UnbalancedLedger: a sink's documents are not as many as the events that are due to it.

    """
    unreadable = [shipment.unreadable for shipment in shipments if shipment.unreadable]
    if unreadable and spool is None:
        raise UnreadablePayload(f"{unreadable[0].reason}; LOGSHAPE_SPOOL is empty, and nothing else can keep it")
    courses = [_Course(sink, _parcels(shipments, sink), sinks.breakers[sink.name]) for sink in sinks.on()]
    until = patience(deadline, sinks.reserve)
    at_once((partial(course.run, until) for course in courses if course.outcome.open), until)
    outcomes = {course.sink: course.outcome for course in courses}  # read once: who is late may go on
    for sink, outcome in outcomes.items():
        sinks.breakers[sink.name].learn(outcome)
    if leftovers := [*_lost(shipments), *_left(outcomes)]:
        with sinks.reserve.spool:
            _keep(leftovers, spool, deadline - sinks.reserve.of_spool(deadline - time.monotonic()))
    return booked(shipments, sinks, outcomes)


class _Course:
    """One sink's part of a shipment, and how far it has come; *outcome* may be read while it runs."""

    def __init__(self, sink: Sink, parcels: Sequence[bytes], breaker: Breaker) -> None:
        self.sink = sink
        self._parcels = parcels
        self._leave = breaker.leave()
        self.outcome = Outcome.before(sink, parcels, *([] if self._leave == "all" else [BREAKER_OPEN]))

    def run(self, until: float) -> None:
        try:
            for outcome in self._outcomes(until):
                self.outcome = outcome
        except Exception as error:  # noqa: BLE001 # a fault of ours must not cost the other sink; what is open is spooled
            telemetry.fault(self.sink.name, error)
            self.outcome = replace(self.outcome, sent=False)  # it says nothing of the sink

    def _outcomes(self, until: float) -> Iterator[Outcome]:
        match self._leave:
            case "all":
                yield from tries(self.sink, self.outcome, until)
            case "one":
                yield from probed(self.sink, self._parcels, until)
            case "none":
                return
            case _:
                assert_never(self._leave)


def _parcels(shipments: Sequence[Shipment], sink: Sink) -> Sequence[bytes]:
    """Return what goes to *sink*; rows of several payloads share records, which Firehose charges by the 5 KB."""
    parcels = [parcel for shipment in shipments for parcel in parcels_of(shipment, sink)]
    if sink.name == "index" or len(shipments) == 1:
        return parcels
    return [b"".join(some) for some in grouped(parcels, len(parcels), LARGEST_RECORD)]


def _lost(shipments: Sequence[Shipment]) -> Iterator[Leftover]:
    """Yield what no sink is sent as it is."""
    payloads = [
        (Document(event_id="", body=unreadable.payload), UNREADABLE, unreadable.reason)
        for shipment in shipments
        if (unreadable := shipment.unreadable)
    ]
    if payloads:
        what = "the payload" if len(payloads) == 1 else f"{len(payloads)} of the payloads"
        yield what, lambda spool: spool.quarantine("payload", payloads)
    events = [
        (Document(event_id=lost.id, body=lost.document), UNPLACEABLE, lost.reason)
        for shipment in shipments
        for lost in shipment.quarantined
    ]
    if events:
        yield f"{len(events)} of the events without a time", lambda spool: spool.quarantine("payload", events)
    rows = [Document(event_id=row.event_id, body=row.document) for shipment in shipments for row in shipment.oversize]
    if rows:
        yield f"{len(rows)} of the rows that had to be cut", lambda spool: spool.oversize(rows)


def _left(outcomes: dict[Sink, Outcome]) -> Iterator[Leftover]:
    """Yield what the sinks did not take, and log how much and why."""
    for sink, outcome in outcomes.items():
        rules: Counter[str] = Counter()
        for failure in (*outcome.open, *outcome.poison):
            rules[failure.rule] += sink.count(failure.parcel)
        if rules:
            telemetry.left(sink.name, rules)
        if outcome.open:
            yield f"{open_documents(sink, outcome)} of the {sink.name}'s documents", partial(_spool, sink, outcome)
        if outcome.poison:
            yield f"{len(outcome.poison)} of what the {sink.name} refused", partial(_quarantine, sink, outcome)


def _spool(sink: Sink, outcome: Outcome, spool: Spool) -> None:
    """Keep an object for each reason, so that whoever sends again by hand can choose by it."""
    parcels: defaultdict[str, list[bytes]] = defaultdict(list)
    for failure in outcome.open:
        parcels[failure.rule].append(failure.parcel)
    for rule, some in parcels.items():
        spool.undelivered(sink.name, (document for parcel in some for document in sink.documents(parcel)), rule)


def _quarantine(sink: Sink, outcome: Outcome, spool: Spool) -> None:
    refused = (
        (document, poison.rule, poison.reason)
        for poison in outcome.poison
        for document in sink.documents(poison.parcel)
    )
    spool.quarantine(sink.name, refused)


def _keep(leftovers: Sequence[Leftover], spool: Spool | None, until: float) -> None:
    """Put all *leftovers* into *spool* at once, or raise Undeliverable with those that are not there by *until*."""
    if spool is None:
        raise Undeliverable(f"nothing keeps {_listed(what for what, _ in leftovers)}: LOGSHAPE_SPOOL is empty")
    problems = dict.fromkeys((what for what, _ in leftovers), "not written in time")

    def kept(what: str, write: Callable[[Spool], object]) -> None:
        try:
            write(spool)
        except OutsideFailure as error:
            problems[what] = str(error)
        except Exception as error:  # noqa: BLE001 # it is raised below, without its text, which may quote an event
            problems[what] = type(error).__name__
        else:
            del problems[what]

    at_once([partial(kept, *leftover) for leftover in leftovers], until)
    if problems:
        raise Undeliverable(_listed(f"{what}: {problem}" for what, problem in list(problems.items())))


def _listed(parts: Iterator[str]) -> str:
    return "; ".join(parts)
