"""Turns an object that waits into what it holds: documents for a sink, or payloads that are to be shaped again."""

from __future__ import annotations

import re
import zlib
from base64 import b64decode, b64encode
from typing import IO, TYPE_CHECKING, Any, Final, TypeAlias

import msgspec
from isal import igzip, igzip_lib

from logshape.sinks import Document
from logshape.sinks.spool import spooled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logshape.sinks import SinkName

LARGEST_LINE: Final = 16 * 1024 * 1024
"""A document has 5 MiB at the most, and a record of Firehose's 1,000 KiB in base64."""
LARGEST_FAILURE: Final = 16 * 1024 * 1024
"""Of an on-failure document: a payload is 6 MiB at the most, in base64."""
PART: Final = 3 * 1024 * 1024
"""Bytes of what cannot be read, of which each part is a line of quarantine."""
LINE: Final = "redrive-unreadable-line"
OBJECT: Final = "redrive-unreadable-object"
MESSAGE: Final = "redrive-unreadable-message"
FAILURE: Final = "redrive-failure-without-payload"
"""Rules of what is quarantined because it cannot be sent again."""
OF_THE_DATA: Final = frozenset({"DataFormatConversion.MalformedData", "DataFormatConversion.ParseError"})
"""What Firehose says of a record; each other code is of the Glue table, its schema, or the way to it."""


class Undelivered(msgspec.Struct, frozen=True):
    """Documents that a sink could not take."""

    sink: SinkName


class Unconverted(msgspec.Struct, frozen=True):
    """Firehose records that did not become Parquet."""


class Uninvoked(msgspec.Struct, frozen=True):
    """What Lambda says of an invocation of ingest that failed for the last time."""


Kind: TypeAlias = Undelivered | Unconverted | Uninvoked


class Bad(msgspec.Struct, frozen=True, kw_only=True):
    """What is not sent, by which rule and why; *document* is all that there is of it."""

    document: Document
    rule: str
    reason: str


class Missing(msgspec.Struct, frozen=True):
    """Why there is no event."""

    reason: str


class Halted(msgspec.Struct, frozen=True):
    """Firehose could not use the Glue table, by *code*: each record would fail again until somebody has mended it."""

    code: str


def kind_of(key: str) -> Kind | None:
    """Tell by the *key* of an object what it holds; None is for what nobody sends again."""
    if found := _UNDELIVERED.search(key):
        return Undelivered("archive" if found[1] == "archive" else "index")
    if key.startswith("aws/lambda/"):
        return Uninvoked()
    return Unconverted() if _UNCONVERTED.search(key) else None


def undelivered(file: IO[bytes], sink: SinkName) -> Iterator[Document | Bad]:
    """Yield the documents of *file*, which is the spool's; what cannot be read is bad, a line or the whole file."""
    for line in lines(file):
        if isinstance(line, Bad):
            yield line
            continue
        try:
            document = spooled(line)
            if sink == "archive":
                _ROW.decode(document.body)
            elif not (document.index and document.event_id):
                raise msgspec.ValidationError("names no index or no id")
        except msgspec.MsgspecError as error:
            yield Bad(document=Document(event_id="", body=line), rule=LINE, reason=str(error))
        else:
            yield document


def unconverted(file: IO[bytes]) -> Iterator[Document | Bad] | Halted:
    """Return the rows of Firehose's failed records; one that failed as a record of its own is bad."""
    for line in lines(file):
        if not isinstance(line, Bad) and (code := _failure(line).code) and code not in OF_THE_DATA:
            return Halted(code)
    file.seek(0)
    return _rows(file)


def failure(file: IO[bytes]) -> object:
    """Return the JSON of *file*, or `Missing` where it can be no on-failure document of Lambda's."""
    content = file.read(LARGEST_FAILURE)
    if len(content) == LARGEST_FAILURE:
        return Missing("it is longer than any failure of Lambda's")
    try:
        document: object = msgspec.json.decode(content)
    except msgspec.DecodeError:
        return Missing("it is no JSON")
    return document


def whole(file: IO[bytes], rule: str, reason: str) -> Iterator[Bad]:
    """Yield all bytes of *file*, in parts that fit in memory."""
    file.seek(0)
    part = 0
    while content := file.read(PART):
        part += 1
        document = msgspec.json.encode({"part": part, "base64": b64encode(content).decode()})
        yield Bad(document=Document(event_id="", body=document), rule=rule, reason=reason)


def payload(failure: object) -> dict[str, Any] | Missing:
    """
    Return the event that *failure*, an on-failure document of Lambda's, was about.

    That of an event source mapping for Kinesis has the whole event as text, and only on S3 (Lambda developer guide,
    "Retain discarded batch records").
    """
    match failure:
        case {"requestPayload": dict(event)}:
            return event
        case {"KinesisBatchInfo": _, "payload": str(text)}:
            try:
                return msgspec.json.decode(text, type=dict[str, Any])
            except msgspec.MsgspecError:
                return Missing("its payload is no event")
        case {"KinesisBatchInfo": _}:
            return Missing("it tells where the records are in the stream, and holds none")
        case _:
            return Missing("it holds no payload")


class _Failure(msgspec.Struct):
    """A line of Firehose's: its guide has had two names for the code and the message, and objects have either."""

    raw: str = msgspec.field(name="rawData", default="")
    new_code: str = msgspec.field(name="ErrorCode", default="")
    new_message: str = msgspec.field(name="ErrorMessage", default="")
    last_code: str = msgspec.field(name="lastErrorCode", default="")
    last_message: str = msgspec.field(name="lastErrorMessage", default="")

    @property
    def code(self) -> str:
        return self.new_code or self.last_code

    @property
    def message(self) -> str:
        return self.new_message or self.last_message


class _Row(msgspec.Struct):
    event_id: str


_UNDELIVERED: Final = re.compile(r"(?:^|/)undelivered/(archive|index)/")
_UNCONVERTED: Final = re.compile(r"(?:^|/)format-conversion-failed/")
_GZIP: Final = b"\x1f\x8b"
_FAILURE: Final = msgspec.json.Decoder(_Failure)
_ROW: Final = msgspec.json.Decoder(_Row)


def lines(file: IO[bytes]) -> Iterator[bytes | Bad]:
    """Yield the lines of *file*, inflated; where it breaks off, what follows is bad, and is all of the file again."""
    packed = file.read(len(_GZIP)) == _GZIP
    file.seek(0)
    inflated: Any = igzip.IGzipFile(fileobj=file, mode="rb") if packed else file  # type: ignore[no-untyped-call] # isal has none
    try:
        while line := inflated.readline(LARGEST_LINE):
            if len(line) == LARGEST_LINE:
                yield from whole(file, OBJECT, "a line is longer than any document")
                return
            if line := line.rstrip(b"\n"):
                yield line
    except (EOFError, OSError, zlib.error, igzip_lib.error) as error:  # type: ignore[misc] # the stub has an instance
        yield from whole(file, OBJECT, f"{type(error).__name__}: {error}")


def _failure(line: bytes) -> _Failure:
    try:
        return _FAILURE.decode(line)
    except msgspec.MsgspecError:
        return _Failure()


def _rows(file: IO[bytes]) -> Iterator[Document | Bad]:
    for line in lines(file):
        if isinstance(line, Bad):
            yield line
            continue
        failure = _failure(line)
        try:
            rows = b64decode(failure.raw, validate=True).splitlines()
        except ValueError:
            rows = []
        if not rows:
            reason = "it is no failed record of Firehose's"
            yield Bad(document=Document(event_id="", body=line), rule=LINE, reason=reason)
        for row in rows:
            yield _row(row, failure, alone=len(rows) == 1)


def _row(row: bytes, failure: _Failure, *, alone: bool) -> Document | Bad:
    """Return a row to be sent once more, unless it failed *alone*, or is no JSON and could only fail."""
    try:
        document = Document(event_id=_ROW.decode(row).event_id, body=row)
    except msgspec.MsgspecError:
        document, alone = Document(event_id="", body=row), True
    if not alone:
        return document
    return Bad(document=document, rule=f"archive-{failure.code or 'unknown'}", reason=failure.message)
