"""Turns documents that were refused once into what is stored, in quarantine, or waiting in an object of its own."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable  # noqa: TC003 # msgspec reads the annotations when it makes the class
from typing import TYPE_CHECKING, Final

import msgspec

from logshape import telemetry
from logshape.contract.periods import span_of
from logshape.delivery.contents import Bad
from logshape.delivery.patience import Outcome, tries
from logshape.lines.packing import LARGEST_RECORD, Packer
from logshape.sinks import Document, Stop

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from logshape.contract.model import Contract
    from logshape.delivery.outlets import Sinks
    from logshape.sinks import Sink, SinkName
    from logshape.sinks.spool import Spool

PROBE: Final = 20
"""Documents that show whether a sink is there, before it is sent more."""
MOST_DOCUMENTS: Final = 2_000
MOST_BYTES: Final = 4 * 1024 * 1024
"""Both of what is in memory of an object at one time."""
NO_TIME: Final = "redrive-no-time-left"
OFF: Final = "redrive-sink-is-off"


class Waits(msgspec.Struct, frozen=True, kw_only=True):
    """
    Why an object stays where it is.

    *after* are the seconds that a store asked to wait; *stop* says that a person must see to it, *soon* that only the
    time was too short.
    """

    rule: str
    after: float = 0.0
    stop: bool = False
    soon: bool = False


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """
    On which terms things are sent: until *until* of the monotonic clock, and as if it were *now_ms* since 1970.

    *pace* hears how many documents are about to be sent, at most *most* of them, and takes its time.
    """

    until: float
    now_ms: int
    pace: Callable[[int], None] = lambda _: None
    most: int = MOST_DOCUMENTS


class Tally(msgspec.Struct, kw_only=True):
    """What became of documents of one sink: *left* are those that wait in an object of their own."""

    redriven: int = 0
    quarantined: int = 0
    expired: int = 0
    left: int = 0


class Sending:
    """The sinks as one round of sending finds them: what one has shown of itself it need not show twice."""

    def __init__(self, contract: Contract, sinks: Sinks, spool: Spool, terms: Terms) -> None:
        """Send to *sinks* what *contract* has made, and keep in *spool* what has to be kept."""
        self.sinks = sinks
        self.spool = spool
        self.terms = terms
        self.tallies: dict[SinkName, Tally] = {}
        self._contract = contract
        self._down: dict[SinkName, Waits] = {}
        self._proven: set[SinkName] = set()
        self._written: set[str] = set()

    def sink(self, name: SinkName) -> Sink | Waits:
        """Return a sink that takes documents as far as is known, or why nothing is to be sent there now."""
        sink = self.sinks.archive if name == "archive" else self.sinks.index
        if waits := self.late():
            return waits
        return self._down.get(name, sink) if sink else Waits(rule=OFF, stop=True)

    def late(self) -> Waits | None:
        """Return why nothing is begun any more, if that is so."""
        return Waits(rule=NO_TIME, soon=True) if time.monotonic() >= self.terms.until else None

    def send(self, sink: Sink, found: Iterable[Document | Bad], *, alone: bool = False) -> Waits | None:
        """
        Send *found* to *sink*, rows each in a record of its own where they go *alone*; return why all have to wait.

        Otherwise each is stored, in quarantine, or kept in an object of its own. A document may be stored twice in the
        archive, never in the index.

        Raises:
            OutsideFailure: what is left could not be kept.

        """
        return _Course(self, sink, alone=alone).run(found, probe=sink.name not in self._proven)

    def wrote(self, key: str) -> None:
        """Note a key of the spool that was written."""
        self._written.add(key)

    def has_written(self, key: str) -> bool:
        """Tell whether the object *key* was written anew, with the very content that it had: then it must not go."""
        return any(key.endswith(written) for written in self._written)

    def shows(self, name: SinkName, waits: Waits | None) -> None:
        """Note that a sink takes documents, or that it takes none because of *waits*."""
        if waits is None:
            self._proven.add(name)
        else:
            self._down[name] = waits

    def is_over(self, index: str) -> bool:
        """Tell whether all of *index* is older than it is kept: to send a document would bring the index back."""
        span = span_of(self._contract, index)
        return span is not None and span.is_over(self.terms.now_ms)


class _Course:
    """The way of one object's documents to their sink. Once *touched*, the object is replaced by what is left of it."""

    def __init__(self, sending: Sending, sink: Sink, *, alone: bool) -> None:
        self._sending = sending
        self._sink = sink
        self._spool = sending.spool
        self._alone = alone
        self._tally = sending.tallies.setdefault(sink.name, Tally())
        self._touched = False
        self._left: defaultdict[str, list[Document]] = defaultdict(list)
        self._waits: Waits | None = None
        self._ended = False

    def run(self, found: Iterable[Document | Bad], *, probe: bool) -> Waits | None:
        """Send all that is *found*, a little first where that is to be a *probe*; return why all of it has to wait."""
        most = self._sending.terms.most
        for chunk in _chunks(found, min(PROBE, most) if probe else most, most):
            documents = [each for each in chunk if isinstance(each, Document)]
            if not self._ended:
                self._ended = self._send(self._young(documents))
            elif documents:
                self._left[self._waits.rule if self._waits else NO_TIME] += documents
            if self._ended and not self._touched:
                return self._waits
            self._put_away([each for each in chunk if isinstance(each, Bad)])
            if sum(len(document.body) for some in self._left.values() for document in some) > MOST_BYTES:
                self._keep()
        if self._left and not self._touched:
            return self._waits
        self._keep()
        return None

    def _young(self, documents: Sequence[Document]) -> list[Document]:
        """Leave out what the index no longer keeps."""
        over = {index: self._sending.is_over(index) for index in {document.index for document in documents} if index}
        young = [document for document in documents if not over.get(document.index or "")]
        self._tally.expired += len(documents) - len(young)
        self._touched |= len(young) < len(documents)
        return young

    def _send(self, documents: Sequence[Document]) -> bool:
        """Send *documents*, note what is left of them, and tell whether nothing more is to be sent."""
        if not documents:
            return False
        if time.monotonic() >= self._sending.terms.until:
            self._left[NO_TIME] += documents
            self._waits = self._waits or Waits(rule=NO_TIME, soon=True)
            return True
        self._sending.terms.pace(len(documents))
        outcome = self._tried(documents)
        taken = outcome.stored + outcome.duplicates
        self._tally.redriven += taken
        self._touched |= bool(taken)
        refused = [
            (document, poison.rule, poison.reason)
            for poison in outcome.poison
            for document in self._sink.documents(poison.parcel)
        ]
        self._quarantine(refused)
        for failure in outcome.open:
            self._left[failure.rule] += self._sink.documents(failure.parcel)
        return self._judge(outcome)

    def _tried(self, documents: Sequence[Document]) -> Outcome:
        outcome = Outcome.before(self._sink, self._parcels(documents))
        try:
            for known in tries(self._sink, outcome, self._sending.terms.until):
                outcome = known
        except Exception as error:  # noqa: BLE001 # a fault of ours must not cost the other objects; this one waits
            telemetry.fault(self._sink.name, error)
        return outcome

    def _judge(self, outcome: Outcome) -> bool:
        """Tell whether the sink has shown that it takes nothing; a document that stops alone shows nothing of it."""
        if outcome.answered:
            self._sending.shows(self._sink.name, None)
        if not outcome.open:
            return False
        stops = [failure for failure in outcome.open if isinstance(failure, Stop)]
        after = max((failure.after for failure in outcome.waiting), default=0.0)
        self._waits = Waits(rule=(stops or outcome.open)[0].rule, after=after, stop=bool(stops))
        down = not outcome.answered or any(stop.whole for stop in stops)
        if down and outcome.sent:
            self._sending.shows(self._sink.name, self._waits)
        return down

    def _parcels(self, documents: Sequence[Document]) -> list[bytes]:
        """Pack *documents* as their sink takes them; rows that failed together go each in a record of its own."""
        if self._sink.name == "index":
            return [_pair(document) for document in documents]
        rows = [document.body + b"\n" for document in documents]
        if self._alone:
            return rows
        packer = Packer(LARGEST_RECORD, b"\n")
        packer.add(b"".join(rows))
        return packer.packed()

    def _put_away(self, bad: Sequence[Bad]) -> None:
        self._quarantine([(each.document, each.rule, each.reason) for each in bad])

    def _quarantine(self, refused: Sequence[tuple[Document, str, str]]) -> None:
        if refused:
            self._sending.wrote(self._spool.quarantine(self._sink.name, refused))
            self._tally.quarantined += len(refused)
            self._touched = True

    def _keep(self) -> None:
        """Keep what is left so far in objects of its own, before the one that it comes from is removed."""
        for rule, documents in self._left.items():
            self._sending.wrote(self._spool.undelivered(self._sink.name, documents, rule))
            self._tally.left += len(documents)
            self._touched = True
        self._left.clear()


def _chunks(found: Iterable[Document | Bad], first: int, others: int) -> Iterator[list[Document | Bad]]:
    """Yield *found* in parts that fit in memory, the first of at most *first*, the others of at most *others*."""
    chunk: list[Document | Bad] = []
    size, most = 0, first
    for each in found:
        chunk.append(each)
        size += len(each.document.body if isinstance(each, Bad) else each.body)
        if len(chunk) == most or size >= MOST_BYTES:
            yield chunk
            chunk, size, most = [], 0, others
    if chunk:
        yield chunk


def _pair(document: Document) -> bytes:
    action = {"create": {"_index": document.index, "_id": document.event_id}}
    return b"%s\n%s\n" % (msgspec.json.encode(action), document.body)
