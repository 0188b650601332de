"""
Envelope: what Lambda hands over, as a payload of sound events, as an empty one or as one that cannot be read.

The quick way takes a payload that is as AWS documents it and checks each event in C. Any other goes through `mending`,
which repairs what is wrong with single events and says so.
"""

from __future__ import annotations

import binascii
from typing import Annotated, Final, TypeAlias

import msgspec
from isal import isal_zlib

from logshape.lines.instants import EARLIEST_MS, LATEST_MS

LARGEST: Final = 32 * 1024 * 1024
"""The bytes that a payload may inflate to; Lambda takes 1 MB of base64, which can hide a thousand times as much."""
LONGEST_ID: Final = 128
"""The characters of an event's id, which are at most 512 bytes of UTF-8: the limit of OpenSearch's ``_id``."""
_GZIP: Final = 31  # zlib's window bits for a gzip stream
_MAGIC: Final = b"\x1f\x8b"

EventId: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_ID)]
EventTime: TypeAlias = Annotated[int, msgspec.Meta(ge=EARLIEST_MS, lt=LATEST_MS)]


class LogEvent(msgspec.Struct, gc=False):
    """One event of a payload, sound by its types."""

    id: EventId
    timestamp: EventTime
    message: str


class _Wire(msgspec.Struct, rename="camel"):
    message_type: str
    log_events: list[LogEvent]
    owner: str = ""
    log_group: str = ""
    log_stream: str = ""


class Lost(msgspec.Struct):
    """An event without a time of its own or a neighbour's: it can be stored nowhere, and is kept as it came."""

    id: str
    reason: str
    document: bytes


class Unreadable(msgspec.Struct):
    """What cannot be read as a payload at all, and why; *payload* is what came, as it came."""

    reason: str
    payload: bytes


class Payload(msgspec.Struct, kw_only=True):
    """The events of one log stream; *faults* says of an event, by its place, what was repaired."""

    owner: str
    log_group: str
    log_stream: str
    events: list[LogEvent]
    faults: dict[int, tuple[str, ...]] = {}
    lost: list[Lost] = []
    control: bool = False


CONTROL: Final = "CONTROL_MESSAGE"
_DECODER: Final = msgspec.json.Decoder(_Wire)


def opened(event: object) -> Payload | Unreadable:
    """Return the payload in *event*, a subscription's ``{"awslogs": {"data": base64 of gzip of JSON}}``."""
    match event:
        case {"awslogs": {"data": str() as data}}:
            return unpacked(data)
        case _:
            return Unreadable('not a subscription event: wanted {"awslogs": {"data": "..."}}', _as_bytes(event))


def unpacked(data: str) -> Payload | Unreadable:
    """Return the payload in *data*, the base64 of a gzip stream of JSON; what cannot be read is kept as *data*."""
    try:
        packed = binascii.a2b_base64(data.encode("ascii"), strict_mode=True)
    except ValueError as error:
        return Unreadable(f"not base64: {error}", data.encode(errors="replace"))
    inflated = inflate(packed)
    payload = read(inflated) if isinstance(inflated, bytes) else inflated
    return payload if isinstance(payload, Payload) else Unreadable(payload, data.encode())


def inflate(packed: bytes) -> bytes | str:
    """Inflate the gzip stream *packed* up to `LARGEST` bytes, or say why that cannot be."""
    pieces, size, rest = [], 0, packed
    while rest.startswith(_MAGIC):
        stream = isal_zlib.decompressobj(_GZIP)
        try:
            piece = stream.decompress(rest, LARGEST - size + 1)
        except isal_zlib.error as error:  # type: ignore[misc] # a class, which its stub does not say
            return f"not gzip: {error}"
        size += len(piece)
        if size > LARGEST:
            return f"inflates to more than {LARGEST} bytes"
        if not stream.eof:
            return "gzip stream is truncated"
        pieces.append(piece)
        rest = stream.unused_data
    return b"".join(pieces) if pieces else "not gzip: no gzip header"


def read(inflated: bytes) -> Payload | str:
    """Read the JSON of a payload, or say why it is none; events that are not as documented are mended."""
    try:
        wire = _DECODER.decode(inflated)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _mended(inflated)
    if len({event.id for event in wire.log_events}) < len(wire.log_events):
        return _mended(inflated)
    return Payload(
        owner=wire.owner,
        log_group=wire.log_group,
        log_stream=wire.log_stream,
        events=wire.log_events,
        control=wire.message_type == CONTROL,
    )


def _mended(inflated: bytes) -> Payload | str:
    from logshape.lines.mending import mended

    return mended(inflated)


def _as_bytes(event: object) -> bytes:
    from logshape.lines.json_text import text_of

    return text_of(event).encode()
