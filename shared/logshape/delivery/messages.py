"""Turns the body of a queue's message into what it points at, or into what it brings along."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias
from urllib.parse import quote_plus, unquote_plus

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator


class Pointer(msgspec.Struct, frozen=True):
    """An object that waits in a bucket."""

    bucket: str
    key: str


class Failed(msgspec.Struct, frozen=True):
    """What Lambda says of an invocation that failed for the last time, in the message itself."""

    document: dict[str, Any]


class Unknown(msgspec.Struct, frozen=True):
    """A message that nobody of ours has sent."""

    body: str


Content: TypeAlias = Pointer | Failed | Unknown
_S3_TEST: Final = "s3:TestEvent"


def contents(body: str) -> list[Content]:
    """Return what *body* holds: S3's notification, Lambda's on-failure document, or either in an envelope of SNS."""
    try:
        found = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return [Unknown(body)]
    match found:
        case {"Type": "Notification", "Message": str(message)}:
            return contents(message)
        case {"Event": event} if event == _S3_TEST:
            return []
        case {"requestPayload": _} | {"KinesisBatchInfo": _}:
            return [Failed(found)]
        case {"Records": [_, *_] as records}:
            try:
                return list(_pointers(records))
            except (KeyError, TypeError):
                return [Unknown(body)]
        case _:
            return [Unknown(body)]


def notification(pointer: Pointer) -> str:
    """Write a message that points at *pointer* as S3 does."""
    described = {"bucket": {"name": pointer.bucket}, "object": {"key": quote_plus(pointer.key)}}
    record = {"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": described}
    return msgspec.json.encode({"Records": [record]}).decode()


def _pointers(records: list[dict[str, Any]]) -> Iterator[Pointer]:
    for record in records:
        found = record["s3"]
        # S3 encodes a key as a form does: a space is a plus.
        yield Pointer(found["bucket"]["name"], unquote_plus(found["object"]["key"]))
