"""Answers: what comes back over a wire, as a value."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """An answer over HTTP; *after* is how many seconds the server asked to wait, 0 where it did not."""

    status: int
    body: str
    after: float = 0.0


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """
    An AWS service answered with an error to a call as a whole; *message* is empty where it may quote an event.

    *after* is how many seconds it asked to wait, 0 where it did not.
    """

    status: int
    code: str
    message: str = ""
    after: float = 0.0


class NoAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """No answer came that can be read, so that nothing is known about what was sent; *reason* holds nothing of it."""

    reason: str


Put: TypeAlias = "Callable[[Sequence[bytes]], Mapping[str, object] | Refused | NoAnswer]"
"""Records to one call of PutRecordBatch."""
Request: TypeAlias = "Callable[[str, str, bytes | None, float], Reply | NoAnswer]"
"""Method, path, body of JSON (of NDJSON for `_bulk`) or none, and the seconds that it may take."""
Keep: TypeAlias = "Callable[[str, bytes], None]"
"""Key and gzip body of an object under the spool's prefix; raises OutsideFailure when it was not written."""


def refused(response: Mapping[str, Any]) -> Refused:
    """Return what botocore read of an error, without its text."""
    metadata = response.get("ResponseMetadata", {})
    return Refused(
        status=metadata.get("HTTPStatusCode", 0),
        code=response.get("Error", {}).get("Code", "Unknown"),
        after=seconds_to_wait(metadata.get("HTTPHeaders", {}).get("retry-after", "")),
    )


def seconds_to_wait(after: str) -> float:
    """Read a Retry-After header: seconds, or a date (RFC 9110 section 10.2.3); anything else asks for nothing."""
    if after.isdecimal():
        return float(after)
    try:
        return max(0.0, parsedate_to_datetime(after).timestamp() - time.time())
    except ValueError:
        return 0.0
