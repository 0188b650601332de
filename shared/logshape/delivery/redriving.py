"""Turns an object that waits into what its sinks have stored, and into no object, or a smaller one."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, assert_never

import msgspec

from logshape import telemetry
from logshape.delivery import contents
from logshape.delivery.contents import Bad, Halted, Unconverted, Undelivered, Uninvoked
from logshape.delivery.sending import Sending, Terms, Waits
from logshape.delivery.shipping import deliver
from logshape.ledger import Ledger
from logshape.sinks import Document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logshape.connections import Store
    from logshape.delivery.bookkeeping import Books
    from logshape.delivery.contents import Kind
    from logshape.delivery.outlets import Sinks
    from logshape.pipeline import Pipeline
    from logshape.sinks import Sink
    from logshape.sinks.spool import Spool


class Redriver:
    """
    Sends objects again, one after the other.

    An object is removed only after its last document is stored, in quarantine, or in another object: whoever is stopped
    in between leaves it as it was. *books* have the counts of events that were shaped for the first time.
    """

    def __init__(self, pipeline: Pipeline, sinks: Sinks, spool: Spool, terms: Terms) -> None:
        """Send to *sinks*, keep in *spool* what has to be kept, and shape by *pipeline* what never was."""
        self.sending = Sending(pipeline.contract, sinks, spool, terms)
        self.books: Books = {}
        self._pipeline = pipeline

    def redrive(self, store: Store, key: str, kind: Kind) -> Waits | None:
        """
        Send what the object *key* of *store* holds, and remove it; return why where it has to wait.

        Raises:
            OutsideFailure, Undeliverable: what is left could not be kept, or the object not read or removed.

        """
        match self._open(kind):
            case Waits() as waits:
                return waits
            case sink:
                file = store.read(key)
        if file is None:
            return None  # another message has been faster
        with file:
            left = self.failed(contents.failure(file)) if sink is None else self._documents(file, kind, sink)
        if left is None and not self.sending.has_written(key):
            store.remove(key)
        return left

    def failed(self, failure: object) -> Waits | None:
        """
        Shape and deliver the events that *failure*, an on-failure document of Lambda's, was about, as ingest does.

        Raises:
            Undeliverable: something could not be kept.

        """
        events = contents.payloads(failure)
        if isinstance(events, str):
            self.quarantine([_unsendable(failure, contents.FAILURE, events)])
            return None
        for event in events:
            if waits := self.sending.late():
                return waits
            terms = self.sending.terms
            shipment = self._pipeline.shape(event, now_ms=terms.now_ms)
            terms.pace(shipment.ledger.received)
            books = deliver([shipment], self.sending.sinks, self.sending.spool, terms.until)
            telemetry.redaction(shipment.shortfall, self._pipeline.contract.name)
            for group, ledger in books.items():
                self.books[group] = self.books.get(group, Ledger()) + ledger
        return None

    def quarantine(self, bad: Sequence[Bad]) -> None:
        """Keep what was never a document of any sink."""
        self.sending.spool.quarantine("payload", [(each.document, each.rule, each.reason) for each in bad])

    def _open(self, kind: Kind) -> Sink | Waits | None:
        """Return the sink of what is of *kind*, None for what goes to both, or why nothing is to be sent there now."""
        match kind:
            case Uninvoked():
                return self.sending.late()
            case Undelivered(sink=name):
                return self.sending.sink(name)
            case Unconverted():
                return self.sending.sink("archive")
            case _:
                assert_never(kind)

    def _documents(self, file: IO[bytes], kind: Kind, sink: Sink) -> Waits | None:
        alone = isinstance(kind, Unconverted)
        found = contents.unconverted(file) if alone else contents.undelivered(file, sink.name)
        if isinstance(found, Halted):
            return Waits(rule=f"archive-{found.code}", stop=True)
        return self.sending.send(sink, found, alone=alone)


def _unsendable(found: object, rule: str, reason: str) -> Bad:
    return Bad(document=Document(event_id="", body=msgspec.json.encode(found)), rule=rule, reason=reason)
