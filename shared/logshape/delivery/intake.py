"""Turns what Lambda hands to ingest, a payload or a batch of payloads from Kinesis, into books and Lambda's answer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import msgspec

from logshape import telemetry
from logshape.delivery.shipping import deliver
from logshape.errors import Undeliverable, UnreadablePayload
from logshape.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from logshape.delivery.bookkeeping import Books
    from logshape.delivery.outlets import Sinks
    from logshape.lines.measures import Measured
    from logshape.pipeline import Shipment
    from logshape.sinks.spool import Spool

PORTION_BYTES: Final = 16 * 1024 * 1024
"""What of a batch is sent together, both sinks' bytes: the 6 MB that Lambda hands over inflate to ten times that."""


class Taken(msgspec.Struct, kw_only=True):
    """
    What became of one event of Lambda's.

    *again* is None for a payload that CloudWatch Logs handed over itself. For a batch it holds the sequence number from
    which on Kinesis is to hand it over once more, if any.
    """

    books: Books = {}
    measured: list[Measured] = []
    again: list[str] | None = None

    def add(self, shipments: Sequence[Shipment], books: Books) -> None:
        """Enter the *books* of *shipments*, which are delivered; a control message leaves nothing to enter."""
        for group, ledger in books.items():
            if ledger != Ledger():
                self.books[group] = self.books.get(group, Ledger()) + ledger
        self.measured += [one for shipment in shipments for one in shipment.measured]

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
    """Deliver a batch in as few portions as fit in memory, up to the first of which something cannot be kept."""
    taken = Taken(again=[])
    for record, portion in _portions(records, shape, alone=spool is None):
        late = taken.books and sinks.reserve.short(deadline - time.monotonic())
        try:
            books = None if late else deliver(portion, sinks, spool, deadline)
        except (Undeliverable, UnreadablePayload) as error:
            telemetry.trouble("records of the stream come again", error)
            books = None
        if books is None:
            taken.again = [_number(record)]
            break
        taken.add(portion, books)
    return taken


def _portions(
    records: Sequence[Any], shape: Callable[[object], Shipment], *, alone: bool
) -> Iterator[tuple[Any, list[Shipment]]]:
    """Yield what goes together, with the record that it begins with; what cannot be read goes *alone* if it must."""
    portion: list[Shipment] = []
    first, size = None, 0
    for record in records:
        shipment = shape(_payload(record))
        apart = alone and shipment.unreadable is not None
        if portion and (apart or size >= PORTION_BYTES):
            yield first, portion
            portion, size = [], 0
        if not portion:
            first = record
        portion.append(shipment)
        size += sum(map(len, shipment.records)) + sum(map(len, shipment.bodies))
        if apart:
            size = PORTION_BYTES
    if portion:
        yield first, portion


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
