"""Turns documents that no sink has taken into objects on S3: ready to send again, or kept with the reason."""

from __future__ import annotations

import hashlib
import re
import time
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import msgspec
from isal import igzip

from logshape.sinks import Document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from logshape.connections import Keep
    from logshape.sinks import SinkName

ACTIONS: Final[Mapping[str, tuple[str, ...]]] = {"s3:PutObject": ("${SpoolBucket.Arn}/spool/*",)}
Place: TypeAlias = Literal["archive", "index", "payload"]
"""Who would not have it: a sink, or, before any sink, the reader of payloads."""


class Spooled(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of an object: *document* as the sink takes it, and *index*, where it goes, for the index."""

    event_id: str | None
    index: str | None = None
    document: msgspec.Raw


class Quarantined(Spooled, frozen=True, kw_only=True, omit_defaults=True):
    """A line that also says why it is here, by which rule, and which contract shaped it."""

    reason: str
    rule: str
    contract_version: int


class Spool:
    """
    The place for documents while no sink has them: gzip NDJSON under a key that says whose, since when, why, and what.

    A key ends in a digest of the content. So an invocation that is tried again within the hour writes the same
    object and not a second one, and no object is ever replaced by another. What raises was not written.
    """

    def __init__(self, keep: Keep, contract_version: int, clock: Callable[[], float] = time.time) -> None:
        """Write through *keep*; *clock* gives the hour that stands in the key, in seconds since 1970."""
        self._keep = keep
        self._contract_version = contract_version
        self._clock = clock

    def undelivered(self, sink: SinkName, documents: Iterable[Document], rule: str) -> str:
        """
        Keep *documents*, which *rule* says why *sink* has not taken, until it does, and return the key.

        Raises:
            OutsideFailure: none of them is kept.

        """
        name = _UNSAID.sub("-", rule)[:_LONGEST_RULE]
        return self._write(f"undelivered/{sink}", (_spooled(document) for document in documents), f"{name}.")

    def quarantine(self, place: Place, refused: Iterable[tuple[Document, str, str]]) -> str:
        """
        Keep documents that *place* will never take, each with rule and reason, and return the key.

        Raises:
            OutsideFailure: none of them is kept.

        """
        lines = (
            Quarantined(
                event_id=document.event_id or None,
                index=document.index,
                document=_raw(document.body),
                reason=reason,
                rule=rule,
                contract_version=self._version(place, document.body),
            )
            for document, rule, reason in refused
        )
        return self._write(f"quarantine/{place}", lines)

    def still_quarantined(self, place: Place, lines: Iterable[Quarantined]) -> str:
        """
        Keep *lines* of an object whose other lines are gone, as they are, and return the key.

        Raises:
            OutsideFailure: none of them is kept.

        """
        return self._write(f"quarantine/{place}", lines)

    def oversize(self, documents: Iterable[Document]) -> str:
        """
        Keep whole rows of which the archive has only what fits, and return the key.

        Raises:
            OutsideFailure: none of them is kept.

        """
        return self._write("oversize", (_spooled(document) for document in documents))

    def _version(self, place: Place, body: bytes) -> int:
        """Return the version that shaped a sink's document, which names it itself; it may have waited for long."""
        try:
            found = None if place == "payload" else _SHAPED.decode(body).contract_version
        except msgspec.MsgspecError:
            found = None
        return self._contract_version if found is None else found

    def _write(self, folder: str, lines: Iterable[Spooled], why: str = "") -> str:
        content = _ENCODER.encode_lines(lines)
        hour = time.strftime("%Y/%m/%d/%H", time.gmtime(self._clock()))
        digest = hashlib.sha256(content).hexdigest()[:32]
        key = f"{folder}/{hour}/{why}{digest}.ndjson.gz"
        self._keep(key, igzip.compress(content, 1, mtime=0))
        return key


def rule_of(key: str) -> str:
    """Return why the documents under *key* were not taken, empty where the key does not say."""
    found = _KEY.search(key)
    return found[1] if found else ""


class _Shaped(msgspec.Struct):
    contract_version: int | None = None


def spooled(line: bytes) -> Document:
    """
    Read a line of an object that `Spool.undelivered` wrote.

    Raises:
        msgspec.MsgspecError: it is none.

    """
    found = _SPOOLED.decode(line)
    return Document(event_id=found.event_id or "", body=bytes(found.document), index=found.index)


_UNSAID: Final = re.compile(r"[^\w-]", re.ASCII)  # a store may say anything, and a key should need no quotes
_LONGEST_RULE: Final = 80
_KEY: Final = re.compile(r"/([\w-]+)\.[0-9a-f]{32}\.ndjson\.gz$")
_ENCODER: Final = msgspec.json.Encoder()
_SHAPED: Final = msgspec.json.Decoder(_Shaped)
_SPOOLED: Final = msgspec.json.Decoder(Spooled)


def _spooled(document: Document) -> Spooled:
    return Spooled(event_id=document.event_id, index=document.index, document=msgspec.Raw(document.body))


def _raw(body: bytes) -> msgspec.Raw:
    """Return *body* as it is where it is JSON on one line, else as JSON text, bytes that are no UTF-8 replaced."""
    try:
        decoded = msgspec.json.decode(body)
    except msgspec.MsgspecError:
        decoded = body.decode(errors="replace")
    else:
        if b"\n" not in body:
            return msgspec.Raw(body)
    return msgspec.Raw(_ENCODER.encode(decoded))
