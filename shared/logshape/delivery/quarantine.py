"""Turns what lies in quarantine into what people can read of it, and, once it is mended, into stored documents."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import IO, TYPE_CHECKING, Final, get_args

import msgspec

from logshape.delivery.contents import lines
from logshape.delivery.sending import Waits
from logshape.delivery.shipping import UNREADABLE, deliver
from logshape.delivery.waiting import group_of
from logshape.sinks import Document
from logshape.sinks.spool import Place, Quarantined

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logshape.connections import Item, Store
    from logshape.delivery.sending import Sending
    from logshape.delivery.waiting import Wish
    from logshape.pipeline import Pipeline

PLACES: Final[tuple[Place, ...]] = get_args(Place)
PAYLOAD: Final[Place] = "payload"


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One line of quarantine, and where it lies; *line* is None for one that somebody has damaged."""

    place: Place
    item: Item
    line: Quarantined | None

    @property
    def group(self) -> str:
        """The log group that the document names, empty where it names none."""
        return group_of(bytes(self.line.document)) if self.line else ""


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """Which cases are meant: by place, by a glob for the rule, and as *wish* says."""

    wish: Wish
    places: tuple[Place, ...] = PLACES
    rule: str = "*"

    def takes(self, case: Case) -> bool:
        """Tell whether *case* is meant."""
        return (
            case.line is not None
            and fnmatchcase(case.line.rule, self.rule)
            and (self.wish.group is None or fnmatchcase(case.group, self.wish.group))
        )


class Replayed(msgspec.Struct, kw_only=True):
    """What became of the lines that were meant: sent, or not such as can be sent; *waits* says why some stayed."""

    sent: int = 0
    not_sendable: int = 0
    waits: list[Waits] = []


def objects(store: Store, prefix: str, choice: Choice) -> Iterator[tuple[Place, Item]]:
    """
    Yield the objects of the quarantine under *prefix* that were put there when *choice* says.

    Raises:
        OutsideFailure: they cannot be listed.

    """
    for place in choice.places:
        for item in store.listed(f"{prefix}quarantine/{place}/"):
            if choice.wish.when(item):
                yield place, item


def cases(store: Store, place: Place, item: Item) -> list[Case]:
    """
    Return the lines of an object, none where it is gone.

    Raises:
        OutsideFailure: it cannot be read.

    """
    file = store.read(item.key)
    if file is None:
        return []
    with file:
        return [Case(place=place, item=item, line=line) for line in _read(file)]


class Replay:
    """
    Sends cases again: documents as they are, payloads as the present contract shapes them.

    An object goes after all that was meant of it is stored, in quarantine anew with the present reason, or waits in the
    spool; what was not meant, or cannot be sent, is kept before that in an object of its own.
    """

    def __init__(self, pipeline: Pipeline, sending: Sending) -> None:
        """Shape by *pipeline* and send by *sending*."""
        self.done = Replayed()
        self._pipeline = pipeline
        self._sending = sending

    def replay(self, store: Store, place: Place, item: Item, choice: Choice) -> None:
        """
        Send what *choice* takes of the object *item*.

        Raises:
            OutsideFailure, Undeliverable: something could not be read, kept or removed; nothing is lost.

        """
        found = cases(store, place, item)
        meant = [case.line for case in found if case.line and choice.takes(case) and _is_sendable(place, case.line)]
        self.done.not_sendable += sum(map(choice.takes, found)) - len(meant)
        if not meant or any(case.line is None for case in found):
            return  # a line that cannot be read could not be kept
        unsent = self._payloads(meant) if place == PAYLOAD else self._documents(place, meant)
        if len(unsent) == len(meant):
            return
        self.done.sent += len(meant) - len(unsent)
        sent = {id(line) for line in meant} - {id(line) for line in unsent}
        rest = [case.line for case in found if case.line and id(case.line) not in sent]
        if rest:
            self._sending.wrote(self._sending.spool.still_quarantined(place, rest))
        if not self._sending.has_written(item.key):
            store.remove(item.key)

    def _documents(self, place: Place, meant: list[Quarantined]) -> list[Quarantined]:
        """Send documents to their sink, and return those that stay: none, or all."""
        sink = self._sending.sink("archive" if place == "archive" else "index")
        if isinstance(sink, Waits):
            self.done.waits.append(sink)
            return meant
        documents = (
            Document(event_id=line.event_id or "", body=bytes(line.document), index=line.index) for line in meant
        )
        if waits := self._sending.send(sink, documents):
            self.done.waits.append(waits)
            return meant
        return []

    def _payloads(self, meant: list[Quarantined]) -> list[Quarantined]:
        """Shape and deliver payloads, and return those that cannot be read by this version either."""
        unsent = []
        for line in meant:
            terms = self._sending.terms
            shipment = self._pipeline.shape(msgspec.json.decode(line.document), now_ms=terms.now_ms)
            if shipment.unreadable:
                self.done.not_sendable += 1
                unsent.append(line)
                continue
            terms.pace(shipment.ledger.received)
            deliver([shipment], self._sending.sinks, self._sending.spool, terms.until)
        return unsent


def _read(file: IO[bytes]) -> Iterator[Quarantined | None]:
    for line in lines(file):
        try:
            yield _LINE.decode(line) if isinstance(line, bytes) else None
        except msgspec.MsgspecError:
            yield None


def _is_sendable(place: Place, line: Quarantined) -> bool:
    """Tell a document of a sink, or a payload, from what only a person can make anything of."""
    if place == PAYLOAD:
        return line.rule == UNREADABLE
    return bool(line.event_id) and (place == "archive" or bool(line.index))


_LINE: Final = msgspec.json.Decoder(Quarantined)
