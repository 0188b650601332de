"""Turns an object that waits into documents that are stored, in quarantine, or waiting in a smaller object."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable  # noqa: TC003 # msgspec reads the annotations when it makes the class
from typing import IO, TYPE_CHECKING, Final

import msgspec

from logshape import telemetry
from logshape.contract.periods import span_of
from logshape.delivery import contents
from logshape.delivery.contents import Bad, Halted, Unconverted, Undelivered, Uninvoked
from logshape.delivery.patience import Outcome, tries
from logshape.delivery.shipping import deliver
from logshape.lines.packing import LARGEST_RECORD, Packer
from logshape.sinks import Document, Stop

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from logshape.connections import Store
    from logshape.delivery.contents import Kind
    from logshape.delivery.outlets import Sinks
    from logshape.pipeline import Pipeline
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

    *pace* hears how many documents are about to be sent, and takes its time.
    """

    until: float
    now_ms: int
    pace: Callable[[int], None] = lambda _: None


class Tally(msgspec.Struct, kw_only=True):
    """What became of documents of one sink: *left* are those that wait in an object of their own."""

    redriven: int = 0
    quarantined: int = 0
    expired: int = 0
    left: int = 0


class Redriver:
    """
    Sends objects again, one after the other, until a time; what a sink has shown it need not show twice.

    Each document may be stored twice in the archive, never in the index. An object is removed only after its last
    document is stored, in quarantine, or in another object: whoever is stopped in between leaves it as it was.
    """

    def __init__(self, pipeline: Pipeline, sinks: Sinks, spool: Spool, terms: Terms) -> None:
        """Send to *sinks*, keep in *spool* what has to be kept, and shape by *pipeline* what never was."""
        self.tallies: dict[SinkName, Tally] = {}
        self.terms = terms
        self._pipeline = pipeline
        self._sinks = sinks
        self._spool = spool
        self._down: dict[SinkName, Waits] = {}
        self._proven: set[SinkName] = set()

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
            left = self.failed(_document(file)) if sink is None else self._documents(file, kind, sink)
        if left is None:
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
            if self._late():
                return Waits(rule=NO_TIME, soon=True)
            shipment = self._pipeline.shape(event, now_ms=self.terms.now_ms)
            self.terms.pace(shipment.ledger.received)
            books = deliver([shipment], self._sinks, self._spool, self.terms.until)
            for sink in self._sinks.on():
                telemetry.publish(books, sink.name, self._pipeline.contract.name)
        return None

    def quarantine(self, bad: Sequence[Bad]) -> None:
        """Keep what was never a document of any sink."""
        self._spool.quarantine("payload", [(each.document, each.rule, each.reason) for each in bad])

    def _open(self, kind: Kind) -> Sink | Waits | None:
        """Return the sink of what is of *kind*, None for what goes to both, or why nothing is to be sent there now."""
        if self._late():
            return Waits(rule=NO_TIME, soon=True)
        if isinstance(kind, Uninvoked):
            return None
        name: SinkName = kind.sink if isinstance(kind, Undelivered) else "archive"
        sink = self._sinks.archive if name == "archive" else self._sinks.index
        return self._down.get(name, sink) if sink else Waits(rule=OFF, stop=True)

    def _documents(self, file: IO[bytes], kind: Kind, sink: Sink) -> Waits | None:
        alone = isinstance(kind, Unconverted)
        found = contents.unconverted(file) if alone else contents.undelivered(file, sink.name)
        if isinstance(found, Halted):
            return Waits(rule=f"archive-{found.code}", stop=True)
        return _Course(self, sink, self._spool, alone=alone).run(found, probe=sink.name not in self._proven)

    def _late(self) -> bool:
        return time.monotonic() >= self.terms.until

    def tally(self, name: SinkName) -> Tally:
        """Return the counts of a sink, to be counted up."""
        return self.tallies.setdefault(name, Tally())

    def shows(self, name: SinkName, waits: Waits | None) -> None:
        """Note that a sink takes documents, or that it takes none because of *waits*."""
        if waits is None:
            self._proven.add(name)
        else:
            self._down[name] = waits

    def is_over(self, index: str) -> bool:
        """Tell whether all of *index* is older than it is kept: to send a document would bring the index back."""
        span = span_of(self._pipeline.contract, index)
        return span is not None and span.is_over(self.terms.now_ms)


class _Course:
    """The way of one object's documents to their sink. Once *touched*, the object is replaced by what is left of it."""

    def __init__(self, redriver: Redriver, sink: Sink, spool: Spool, *, alone: bool) -> None:
        self._redriver = redriver
        self._sink = sink
        self._spool = spool
        self._alone = alone
        self._tally = redriver.tally(sink.name)
        self._touched = False
        self._left: list[Document] = []
        self._waits: Waits | None = None
        self._ended = False

    def run(self, found: Iterable[Document | Bad], *, probe: bool) -> Waits | None:
        """Send all that is *found*, a little first where that is to be a *probe*; return why all of it has to wait."""
        for chunk in _chunks(found, PROBE if probe else MOST_DOCUMENTS):
            documents = [each for each in chunk if isinstance(each, Document)]
            if not self._ended:
                self._ended = self._send(self._young(documents))
            else:
                self._left += documents
            if self._ended and not self._touched:
                return self._waits
            self._put_away([each for each in chunk if isinstance(each, Bad)])
            if sum(len(document.body) for document in self._left) > MOST_BYTES:
                self._keep()
        if self._left and not self._touched:
            return self._waits
        self._keep()
        return None

    def _young(self, documents: Sequence[Document]) -> list[Document]:
        """Leave out what the index no longer keeps."""
        over = {index: self._redriver.is_over(index) for index in {document.index for document in documents} if index}
        young = [document for document in documents if not over.get(document.index or "")]
        self._tally.expired += len(documents) - len(young)
        self._touched |= len(young) < len(documents)
        return young

    def _send(self, documents: Sequence[Document]) -> bool:
        """Send *documents*, note what is left of them, and tell whether nothing more is to be sent."""
        if not documents:
            return False
        if time.monotonic() >= self._redriver.terms.until:
            self._left += documents
            self._waits = self._waits or Waits(rule=NO_TIME, soon=True)
            return True
        self._redriver.terms.pace(len(documents))
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
        self._left += [document for failure in outcome.open for document in self._sink.documents(failure.parcel)]
        return self._judge(outcome)

    def _tried(self, documents: Sequence[Document]) -> Outcome:
        outcome = Outcome.before(self._sink, self._parcels(documents))
        try:
            for known in tries(self._sink, outcome, self._redriver.terms.until):
                outcome = known
        except Exception as error:  # noqa: BLE001 # a fault of ours must not cost the other objects; this one waits
            telemetry.fault(self._sink.name, error)
        return outcome

    def _judge(self, outcome: Outcome) -> bool:
        """Tell whether the sink has shown that it takes nothing; a document that stops alone shows nothing of it."""
        if outcome.answered:
            self._redriver.shows(self._sink.name, None)
        if not outcome.open:
            return False
        stops = [failure for failure in outcome.open if isinstance(failure, Stop)]
        after = max((failure.after for failure in outcome.waiting), default=0.0)
        self._waits = Waits(rule=(stops or outcome.open)[0].rule, after=after, stop=bool(stops))
        down = not outcome.answered or any(stop.whole for stop in stops)
        if down and outcome.sent:
            self._redriver.shows(self._sink.name, self._waits)
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
            self._spool.quarantine(self._sink.name, refused)
            self._tally.quarantined += len(refused)
            self._touched = True

    def _keep(self) -> None:
        """Keep what is left so far in an object of its own, before the one that it comes from is removed."""
        if self._left:
            self._spool.undelivered(self._sink.name, self._left)
            self._tally.left += len(self._left)
            self._touched = True
            self._left = []


def waiting(reasons: Iterable[Waits]) -> Counter[str]:
    """Count *reasons* by rule."""
    return Counter(waits.rule for waits in reasons)


def _chunks(found: Iterable[Document | Bad], first: int) -> Iterator[list[Document | Bad]]:
    """Yield *found* in parts that fit in memory, of which the first has at most *first*."""
    chunk: list[Document | Bad] = []
    size, most = 0, first
    for each in found:
        chunk.append(each)
        size += len(each.document.body if isinstance(each, Bad) else each.body)
        if len(chunk) == most or size >= MOST_BYTES:
            yield chunk
            chunk, size, most = [], 0, MOST_DOCUMENTS
    if chunk:
        yield chunk


def _pair(document: Document) -> bytes:
    action = {"create": {"_index": document.index, "_id": document.event_id}}
    return b"%s\n%s\n" % (msgspec.json.encode(action), document.body)


def _document(file: IO[bytes]) -> object:
    """Return the JSON of *file*, or its text where it is none, which no on-failure document is."""
    content = file.read(contents.LARGEST_FAILURE)
    try:
        return msgspec.json.decode(content)
    except msgspec.DecodeError:
        return content.decode(errors="replace")


def _unsendable(found: object, rule: str, reason: str) -> Bad:
    return Bad(document=Document(event_id="", body=msgspec.json.encode(found)), rule=rule, reason=reason)
