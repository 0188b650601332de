"""Answers: what comes back over a wire, as a value."""

from __future__ import annotations

import time
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from logshape.errors import OutsideFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence


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


@contextmanager
def told(what: str) -> Iterator[None]:
    """
    Let botocore's failures be ours, of *what* and without their text, which may quote an event.

    Raises:
        OutsideFailure: AWS did not answer, or refused; it names *what* and the code.

    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        code = refused(error.response).code if isinstance(error, ClientError) else type(error).__name__
        raise OutsideFailure(f"{what}: {code}") from error


def seconds_to_wait(after: str) -> float:
    """Read a Retry-After header: seconds, or a date (RFC 9110 section 10.2.3); anything else asks for nothing."""
    if after.isdecimal():
        return float(after)
    try:
        return max(0.0, parsedate_to_datetime(after).timestamp() - time.time())
    except ValueError:
        return 0.0
