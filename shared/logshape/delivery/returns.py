"""Turns the messages of a queue into objects that are sent again, and gives back the messages of those that wait."""

from __future__ import annotations

import random
import time
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, Final

import msgspec

from logshape import connections, telemetry
from logshape.delivery import messages
from logshape.delivery.contents import MESSAGE, Bad, kind_of
from logshape.delivery.messages import Failed, Pointer, Unknown
from logshape.delivery.outlets import connected
from logshape.delivery.patience import at_once
from logshape.delivery.redriving import Redriver
from logshape.delivery.sending import Terms, Waits
from logshape.delivery.sweeping import sweep
from logshape.errors import InvalidEnvironment, OutsideFailure, Undeliverable
from logshape.sinks import Document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logshape.delivery.messages import Content
    from logshape.delivery.outlets import Sinks
    from logshape.pipeline import Pipeline
    from logshape.sinks.spool import Spool

WAITING: Final = (
    "${ArchiveBucket.Arn}/failed/format-conversion-failed/*",
    "${SpoolBucket.Arn}/aws/lambda/*",
    "${SpoolBucket.Arn}/spool/undelivered/*",
)
ACTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "s3:DeleteObject": WAITING,
    "s3:GetObject": WAITING,
    "sqs:ChangeMessageVisibility": ("${RedriveQueue.Arn}",),
    "sqs:GetQueueUrl": ("${RedriveQueue.Arn}",),
}
RESERVE: Final = 20.0
SHARE: Final = 0.25
"""Of an invocation for keeping what is left, and for giving messages back: so many seconds, or less of a short one."""
LAST_WORD: Final = 5.0
FIRST_WAIT: Final = 60
LONGEST_WAIT: Final = 3600
"""Seconds for which a message is hidden while its sink is down; the first, and the most: 14 days are 1,000 receipts."""
SOON: Final = 5
FAULT: Final = "redrive-not-kept"


class Means(msgspec.Struct, frozen=True, kw_only=True):
    """What redrive works with."""

    pipeline: Pipeline
    sinks: Sinks
    spool: Spool
    aws: connections.Aws
    environ: Mapping[str, str]


def means(pipeline: Pipeline, environ: Mapping[str, str]) -> Means:
    """
    Return what *environ* says.

    Raises:
        InvalidEnvironment: a variable means nothing, or there is no spool.

    """
    sinks, spool = connected(pipeline.contract, environ)
    if spool is None:
        raise InvalidEnvironment("LOGSHAPE_SPOOL is empty, and there is nothing that could be sent again")
    return Means(pipeline=pipeline, sinks=sinks, spool=spool, aws=connections.Aws(environ), environ=environ)


def redrive(event: Mapping[str, Any], means: Means, deadline: float) -> dict[str, Any]:
    """
    Send again what the messages of *event* point at, or, on a schedule, queue what no message points at.

    The answer names the messages that are to come again: Lambda deletes the others. What a store will never take is in
    quarantine, and how often a message has come decides nothing.
    """
    if event.get("occasion") == "sweep":
        return {"queued": sweep(means.aws, event["queue"], means.environ, deadline - LAST_WORD)}
    batch = _Batch(means, event["Records"], deadline)
    at_once([batch.run], deadline - LAST_WORD)
    batch.give_back()
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in batch.open()]}


class _Batch:
    """The messages of one invocation, and what is known of each; it may be read while it runs."""

    def __init__(self, means: Means, records: list[dict[str, Any]], deadline: float) -> None:
        self._means = means
        self._records = records
        left = deadline - time.monotonic()
        terms = Terms(until=deadline - min(RESERVE, left * SHARE), now_ms=time.time_ns() // 1_000_000)
        self._redriver = Redriver(means.pipeline, means.sinks, means.spool, terms)
        self._done: set[str] = set()
        self._waits: dict[str, Waits] = {}

    def run(self) -> None:
        for record in self._records:
            if waits := self._message(record["body"]):
                self._waits[record["messageId"]] = max(waits, key=lambda found: (not found.soon, found.after))
            else:
                self._done.add(record["messageId"])

    def open(self) -> list[str]:
        """Return the ids of the messages that are to come again."""
        return [record["messageId"] for record in self._records if record["messageId"] not in self._done]

    def give_back(self) -> None:
        """Hide the open messages for as long as there is no hope, and say what became of the others."""
        contract = self._means.pipeline.contract.name
        waits = list(self._waits.values())
        for name, tally in list(self._redriver.sending.tallies.items()):
            telemetry.redriven(name, msgspec.to_builtins(tally), contract)
        for taken in list(self._redriver.taken):
            for sink in self._means.sinks.on():
                telemetry.publish(taken.books, sink.name, contract)
            telemetry.measured(taken.measured, contract)
            telemetry.redaction(taken.shortfall, contract)
        if waits:
            telemetry.waiting(Counter(found.rule for found in waits), sum(found.stop for found in waits), contract)
        self._hide()

    def _hide(self) -> None:
        """Tell each queue for how long the messages that were taken from it are of no use."""
        queues: defaultdict[str, dict[str, int]] = defaultdict(dict)
        for record in self._records:
            match self._waits.get(record["messageId"]), record:
                case Waits() as waits, {"receiptHandle": str(receipt), "eventSourceARN": str(queue)}:
                    queues[queue][receipt] = _seconds(record, waits)
        for name, seconds in queues.items():
            try:
                connections.Queue(self._means.aws, name).give_back(seconds)
            except OutsideFailure as error:
                telemetry.trouble("messages come again by themselves", error)  # after the queue's own time

    def _message(self, body: str) -> list[Waits]:
        """Do what *body* asks for, and return why some of it has to wait."""
        try:
            return [waits for content in messages.contents(body) if (waits := self._taken(content))]
        except (OutsideFailure, Undeliverable) as error:
            telemetry.trouble("something could not be read or kept", error)
        except Exception as error:  # noqa: BLE001 # a fault of ours must not cost the other messages; this one waits
            telemetry.fault("redrive", error)
        return [Waits(rule=FAULT)]

    def _taken(self, content: Content) -> Waits | None:
        match content:
            case Pointer(bucket=bucket, key=key):
                return self._object(bucket, key)
            case Failed(document=failure):
                return self._redriver.failed(failure)
            case Unknown(body=body):
                message = Document(event_id="", body=body.encode())
                self._redriver.quarantine([Bad(document=message, rule=MESSAGE, reason="nobody of ours has sent it")])
                return None

    def _object(self, bucket: str, key: str) -> Waits | None:
        kind = kind_of(key)
        if kind is None:
            telemetry.passed_over(f"s3://{bucket}/{key}")
            return None
        return self._redriver.redrive(connections.Bucket(self._means.aws, bucket), key, kind)


def _seconds(record: dict[str, Any], waits: Waits) -> int:
    """Return for how long a message is hidden: longer each time, spread, and never less than its store asked for."""
    if waits.soon:
        return SOON
    receipts = min(int(record.get("attributes", {}).get("ApproximateReceiveCount", 1)), 10)
    wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** (receipts - 1))
    return int(max(wait * random.uniform(0.5, 1), min(waits.after, LONGEST_WAIT)))  # noqa: S311 # no secret
