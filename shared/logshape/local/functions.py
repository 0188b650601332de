"""Turns events into calls of a handler as Lambda makes them: one at a time, tried again, failures put away."""

from __future__ import annotations

import time
import traceback
import uuid
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING, Final, TypeAlias

import msgspec

from logshape.errors import OutsideFailure

if TYPE_CHECKING:
    from collections.abc import Callable

Event: TypeAlias = dict[str, object]
MEMORY_MB: Final = 512
TIMEOUT: Final = 60.0
RETRIES: Final = 2
"""How often Lambda tries an asynchronous event again; AWS waits a minute and two, this machine does not."""


@dataclass(frozen=True, kw_only=True)
class Context:
    """What Lambda tells a handler of the invocation; the names are the runtime's."""

    function_name: str
    invoked_function_arn: str
    aws_request_id: str
    log_group_name: str
    log_stream_name: str
    memory_limit_in_mb: int = MEMORY_MB
    function_version: str = "$LATEST"
    deadline: float = field(default_factory=lambda: time.monotonic() + TIMEOUT)

    def get_remaining_time_in_millis(self) -> int:
        """Return how long the invocation may still take."""
        return max(0, int((self.deadline - time.monotonic()) * 1000))


Handler: TypeAlias = "Callable[[Event, Context], object]"


class Failure(msgspec.Struct, frozen=True, rename="camel"):
    """What Lambda answers in place of a result when the handler raised."""

    error_message: str
    error_type: str
    stack_trace: list[str]


class Invocation(msgspec.Struct, frozen=True, kw_only=True):
    """One asynchronous event, how often the handler was called with it, and the last answer."""

    event: Event
    request_id: str
    tries: int
    answer: object | Failure


class Function:
    """
    A handler with one warm container, which takes one event after the other.

    *put_away* gets the key and the document of an event that failed at every try, as Lambda puts them on S3.
    """

    def __init__(self, arn: str, handler: Handler, put_away: Callable[[str, bytes], object] | None = None) -> None:
        """Take the function's name from *arn*."""
        self.arn = arn
        self.name = arn.rpartition(":")[2]
        self.invocations: list[Invocation] = []
        self._handler = handler
        self._put_away = put_away
        self._container = Lock()
        self._queue = ThreadPoolExecutor(1, thread_name_prefix=self.name)
        self._pending: list[Future[None]] = []

    def invoke(self, event: Event, request_id: str | None = None) -> object | Failure:
        """Call the handler with *event* and return its result or how it failed."""
        context = Context(
            function_name=self.name,
            invoked_function_arn=self.arn,
            aws_request_id=request_id or str(uuid.uuid4()),
            log_group_name=f"/aws/lambda/{self.name}",
            log_stream_name=f"{datetime.now(UTC):%Y/%m/%d}/[$LATEST]local",
        )
        with self._container:
            try:
                return self._handler(event, context)
            except Exception as error:  # noqa: BLE001 # whatever a handler raises is Lambda's answer
                return Failure(str(error), type(error).__name__, traceback.format_tb(error.__traceback__))

    def send(self, event: Event) -> None:
        """Put *event* into the function's queue and return."""
        self._pending.append(self._queue.submit(self._try, event))

    def drain(self, deadline: float) -> None:
        """
        Wait until the queue is empty.

        Raises:
            OutsideFailure: it is not by *deadline* of the monotonic clock.

        """
        done, late = wait(self._pending, max(0.0, deadline - time.monotonic()))
        for future in done:
            future.result()
        if late:
            raise OutsideFailure(f"{self.name} still has {len(late)} events to take")
        self._pending.clear()

    def close(self) -> None:
        """Drop what is in the queue and end the container once it has done with its event."""
        self._queue.shutdown(cancel_futures=True)

    def _try(self, event: Event) -> None:
        request_id = str(uuid.uuid4())
        tries, answer = 1, self.invoke(event, request_id)
        while isinstance(answer, Failure) and tries <= RETRIES:
            tries, answer = tries + 1, self.invoke(event, request_id)
        invocation = Invocation(event=event, request_id=request_id, tries=tries, answer=answer)
        self.invocations.append(invocation)
        if isinstance(answer, Failure) and self._put_away:
            now = datetime.now(UTC)
            key = f"aws/lambda/async/{self.name}/{now:%Y/%m/%d}/{now:%Y-%m-%dT%H.%M.%S}-{uuid.uuid4()}"
            self._put_away(key, _document(invocation, answer, self.arn, now))


def _document(invocation: Invocation, failure: Failure, arn: str, now: datetime) -> bytes:
    """Return what Lambda writes to an on-failure destination (Lambda developer guide, asynchronous invocation)."""
    document = {
        "version": "1.0",
        "timestamp": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "requestContext": {
            "requestId": invocation.request_id,
            "functionArn": f"{arn}:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": invocation.tries,
        },
        "requestPayload": invocation.event,
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "responsePayload": failure,
    }
    return msgspec.json.encode(document)
