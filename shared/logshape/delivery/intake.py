"""Turns what Lambda hands to ingest, a payload or a batch of payloads from Kinesis, into books and Lambda's answer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec

from logshape import telemetry
from logshape.delivery.shipping import deliver
from logshape.errors import Undeliverable, UnreadablePayload
from logshape.ledger import Ledger
from logshape.lines.redaction import Shortfall

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from logshape.delivery.bookkeeping import Books
    from logshape.delivery.outlets import Sinks
    from logshape.lines.measures import Measured
    from logshape.pipeline import Shipment
    from logshape.sinks.spool import Spool

PORTION_BYTES: Final = 16 * 1024 * 1024
"""What of a batch is sent together, both sinks' bytes: the 6 MB that Lambda hands over inflate to ten times that."""

Numbered: TypeAlias = "tuple[str, Shipment]"
"""A record's sequence number, and what became of it."""


class Taken(msgspec.Struct, kw_only=True):
    """
    What became of one event of Lambda's.

    *again* is None for a payload that CloudWatch Logs handed over itself. For a batch it holds the sequence number from
    which on Kinesis is to hand it over once more, if any.
    """

    books: Books = {}
    measured: list[Measured] = []
    shortfall: Shortfall = msgspec.field(default_factory=Shortfall)
    again: list[str] | None = None

    def add(self, shipments: Sequence[Shipment], books: Books) -> None:
        """Enter the *books* of *shipments*, which are delivered; a control message leaves nothing to enter."""
        for group, ledger in books.items():
            if ledger != Ledger():
                self.books[group] = self.books.get(group, Ledger()) + ledger
        self.measured += [one for shipment in shipments for one in shipment.measured]
        self.shortfall = sum((shipment.shortfall for shipment in shipments), start=self.shortfall)

    def answer(self) -> dict[str, Any]:
        """Return what the function answers: counts of all log groups together, and what is to come again."""
        counts: dict[str, Any] = sum(self.books.values(), start=Ledger()).counts()
        if self.again is not None:
            counts["batchItemFailures"] = [{"itemIdentifier": number} for number in self.again]
        return counts


def take(
    event: object, shape: Callable[[object], Shipment], sinks: Sinks, spool: Spool | None, deadline: float
) -> Taken:
    """
    Deliver what *event* holds by *deadline* (monotonic clock), and return books that balance.

    Raises:
        UnreadablePayload, Undeliverable: as `deliver` says; for a batch its record is named in the answer instead.
        UnbalancedLedger: an event is unaccounted for.

    """
    match event:
        case {"Records": [{"eventSource": "aws:kinesis"}, *_] as records}:
            return _batch(records, shape, sinks, spool, deadline)
        case _:
            taken, shipment = Taken(), shape(event)
            taken.add([shipment], deliver([shipment], sinks, spool, deadline))
            return taken


def _batch(
    records: Sequence[Any], shape: Callable[[object], Shipment], sinks: Sinks, spool: Spool | None, deadline: float
) -> Taken:
    """Deliver a batch in as few portions as fit in memory, up to the first record that cannot be kept."""
    taken = Taken(again=[])

    def failed(portion: Sequence[Numbered]) -> str | None:
        """Deliver *portion* and enter its books; return the number of the first record of which that is not so."""
        if taken.books and sinks.reserve.short(deadline - time.monotonic()):
            return portion[0][0]
        shipments = [shipment for _, shipment in portion]
        try:
            taken.add(shipments, deliver(shipments, sinks, spool, deadline))
        except (Undeliverable, UnreadablePayload) as error:
            if len(portion) > 1:  # one by one, so that those before it are done with
                alone = (failed([one]) for one in portion)
                return next((number for number in alone if number is not None), None)
            telemetry.trouble("records of the stream come again", error)
            return portion[0][0]
        return None

    for portion in _portions(records, shape):
        if (number := failed(portion)) is not None:
            taken.again = [number]
            break
    return taken


def _portions(records: Sequence[Any], shape: Callable[[object], Shipment]) -> Iterator[list[Numbered]]:
    """Yield what goes together, each record's shipment with its number."""
    portion: list[Numbered] = []
    size = 0
    for record in records:
        shipment = shape(_payload(record))
        portion.append((_number(record), shipment))
        size += sum(map(len, shipment.records)) + sum(map(len, shipment.bodies))
        if size >= PORTION_BYTES:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


def _payload(record: Any) -> object:  # noqa: ANN401 # JSON
    """Return *record* as CloudWatch Logs would have handed it over; what is no record stays, to be quarantined."""
    match record:
        case {"kinesis": {"data": data}}:
            return {"awslogs": {"data": data}}
        case _:
            return record


def _number(record: Any) -> str:  # noqa: ANN401 # JSON
    """Return a record's sequence number; without one Lambda has the whole batch come again."""
    match record:
        case {"kinesis": {"sequenceNumber": str() as number}}:
            return number
        case _:
            return ""
