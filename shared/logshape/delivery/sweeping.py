"""Turns what lies in the spool and is in no message into messages."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from logshape.connections import Bucket, Queue, bucket_and_prefix
from logshape.delivery.messages import Pointer, notification

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from logshape.connections import Aws, Item

ACTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "s3:ListBucket": ("${ArchiveBucket.Arn}", "${SpoolBucket.Arn}"),
    "sqs:GetQueueAttributes": ("${RedriveQueue.Arn}",),
    "sqs:SendMessage": ("${RedriveQueue.Arn}",),
}
GRACE: Final = 3600.0
"""Seconds for which S3 may be on the way with its own notification."""
MOST: Final = 10_000
"""Objects of one sweep; the next one finds the others."""
FAILURES: Final = "aws/lambda/"
UNCONVERTED: Final = "failed/format-conversion-failed/"
_AT_ONCE: Final = 100


def sweep(aws: Aws, queue_url: str, environ: Mapping[str, str], until: float) -> int:
    """
    Queue each object that has waited for an hour, where the queue is empty; return how many.

    While the queue holds anything, nobody knows what it points at, and nothing is lost by waiting.

    Raises:
        OutsideFailure: AWS does not answer or refuses; what was queued so far is.

    """
    queue = Queue(aws, queue_url)
    if queue.waiting():
        return 0
    queued = 0
    bodies: list[str] = []
    oldest = time.time() - GRACE
    for bucket, item in _waiting(aws, environ):
        if item.modified > oldest:
            continue
        bodies.append(notification(Pointer(bucket, item.key)))
        queued += 1
        if len(bodies) == _AT_ONCE:
            queue.send(bodies)
            bodies = []
        if queued == MOST or time.monotonic() >= until:
            break
    queue.send(bodies)
    return queued


def places(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the buckets of *environ*, and the prefixes in them under which things wait."""
    if spool := environ.get("LOGSHAPE_SPOOL"):
        bucket, prefix = bucket_and_prefix("LOGSHAPE_SPOOL", spool)
        yield bucket, f"{prefix}undelivered/"
        yield bucket, FAILURES
    if archive := environ.get("LOGSHAPE_ARCHIVE"):
        yield bucket_and_prefix("LOGSHAPE_ARCHIVE", archive)[0], UNCONVERTED


def _waiting(aws: Aws, environ: Mapping[str, str]) -> Iterator[tuple[str, Item]]:
    for bucket, prefix in places(environ):
        for item in Bucket(aws, bucket).listed(prefix):
            yield bucket, item
