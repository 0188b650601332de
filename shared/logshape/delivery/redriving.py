"""Turns an object that waits into what its sinks have stored, and into no object, or a smaller one."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Final, assert_never

import msgspec

from logshape.delivery import contents
from logshape.delivery.contents import Bad, Halted, Missing, Unconverted, Undelivered, Uninvoked
from logshape.delivery.intake import take
from logshape.delivery.sending import Sending, Terms, Waits
from logshape.sinks import Document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logshape.connections import Store
    from logshape.delivery.contents import Kind
    from logshape.delivery.intake import Taken
    from logshape.delivery.outlets import Sinks
    from logshape.pipeline import Pipeline, Shipment
    from logshape.sinks import Sink
    from logshape.sinks.spool import Spool

AGAIN: Final = "redrive-not-all-kept"
"""A batch of Kinesis' is kept in part; all of it comes again."""


class Redriver:
    """
    Sends objects again, one after the other.

    An object is removed only after its last document is stored, in quarantine, or in another object: whoever is stopped
    in between leaves it as it was. *taken* is what ingest would have told of the events that were shaped for the first
    time.
    """

    def __init__(self, pipeline: Pipeline, sinks: Sinks, spool: Spool, terms: Terms) -> None:
        """Send to *sinks*, keep in *spool* what has to be kept, and shape by *pipeline* what never was."""
        self.sending = Sending(pipeline.contract, sinks, spool, terms)
        self.taken: list[Taken] = []
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
            left = self._failure(file) if sink is None else self._documents(file, kind, sink)
        if left is None and not self.sending.has_written(key):
            store.remove(key)
        return left

    def failed(self, failure: object) -> Waits | None:
        """
        Shape and deliver the events that *failure*, an on-failure document of Lambda's, was about, as ingest does.

        Raises:
            Undeliverable: something could not be kept.

        """
        event = contents.payload(failure)
        if isinstance(event, Missing):
            self.quarantine([_unsendable(failure, contents.FAILURE, event.reason)])
            return None
        if waits := self.sending.late():
            return waits
        taken = take(event, self._shaped, self.sending.sinks, self.sending.spool, self.sending.terms.until)
        self.taken.append(taken)
        return Waits(rule=AGAIN, soon=True) if taken.again else None

    def _failure(self, file: IO[bytes]) -> Waits | None:
        failure = contents.failure(file)
        if not isinstance(failure, Missing):
            return self.failed(failure)
        for part in contents.whole(file, contents.FAILURE, failure.reason):
            self.quarantine([part])
        return None

    def _shaped(self, event: object) -> Shipment:
        shipment = self._pipeline.shape(event, now_ms=self.sending.terms.now_ms)
        self.sending.terms.pace(shipment.ledger.received)
        return shipment

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
