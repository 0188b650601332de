"""
Sinks: what every store promises of the documents that it is sent, and what it says of those that did not arrive.

A *parcel* is bytes as a sink takes them, with one document or many: a Firehose record of rows, or pairs of lines of a
bulk body. A *call* is the parcels that go out in one request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

SinkName: TypeAlias = Literal["archive", "index"]


class Again(msgspec.Struct, frozen=True, kw_only=True):
    """The store could not take *parcel* now, or nothing is known of it; *after*: the seconds it asked to wait."""

    parcel: bytes
    rule: str
    after: float = 0.0


class Stop(msgspec.Struct, frozen=True, kw_only=True):
    """The store takes *parcel* only after somebody has mended something; *whole*: and nothing else either."""

    parcel: bytes
    rule: str
    whole: bool = False


class Poison(msgspec.Struct, frozen=True, kw_only=True):
    """The store will never take *parcel*, one document, for a fault of its own; *reason* is the store's word for it."""

    parcel: bytes
    rule: str
    reason: str


Failure: TypeAlias = Again | Stop | Poison


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """How many documents of a call are stored, which were *known*, stored before, and what happened to the others."""

    stored: int = 0
    known: tuple[bytes, ...] = ()
    failures: tuple[Failure, ...] = ()

    def __add__(self, other: Answer) -> Answer:
        """Join the answers for two parts of a call."""
        return Answer(
            stored=self.stored + other.stored,
            known=self.known + other.known,
            failures=self.failures + other.failures,
        )


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """One document by itself: what the spool keeps."""

    event_id: str
    body: bytes
    index: str | None = None


class Sink(Protocol):
    """A store for documents, shared by threads."""

    @property
    def name(self) -> SinkName:
        """Whose counts of the ledger these are."""

    def calls(self, parcels: Sequence[bytes]) -> list[list[bytes]]:
        """Group *parcels*, in order and each the same object, into calls that keep the store's limits."""

    def write(self, call: Sequence[bytes], until: float) -> Answer:
        """
        Deliver *call* once, by *until* of the monotonic clock as far as the store lets it.

        Without failures all is stored for good. Each document is counted once: as stored, or in a parcel that
        is known or of a failure. A document of an `Again` may have been stored all the same, and be stored twice in the
        archive when it is sent again, never in the index. Whatever the store or the network does is an answer; what
        raises is a fault of this program, and then nothing is known about any document of the call.
        """

    def parted(self, parcel: bytes) -> list[bytes]:
        """Return the first document of *parcel* as a parcel of its own, and the rest as another if there is one."""

    def documents(self, parcel: bytes) -> list[Document]:
        """Take *parcel* apart, for the spool."""

    def count(self, parcel: bytes) -> int:
        """Return how many documents *parcel* has."""


def parted(parcel: bytes, lines: int) -> list[bytes]:
    """Return the first *lines* lines of *parcel*, and the rest if there is one."""
    end = 0
    for _ in range(lines):
        end = parcel.index(b"\n", end) + 1
    return [parcel[:end], parcel[end:]] if end < len(parcel) else [parcel]


def grouped(parcels: Sequence[bytes], most: int, size: int) -> list[list[bytes]]:
    """Group *parcels* in order, at most *most* and *size* bytes to a group; a larger one gets a group of its own."""
    groups: list[list[bytes]] = []
    room = 0
    for parcel in parcels:
        if not groups or len(parcel) > room or len(groups[-1]) == most:
            groups.append([])
            room = size
        groups[-1].append(parcel)
        room -= len(parcel)
    return groups
