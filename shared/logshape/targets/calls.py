"""Turns calls of one AWS service into answers, no faster than it allows, or into errors that name the call."""

from __future__ import annotations

import time
from collections import Counter, deque
from typing import TYPE_CHECKING, Any, Final

import msgspec

from logshape.connections import NoAnswer, Refused
from logshape.errors import OutsideFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from logshape.connections import Control

FULL: Final = "LimitExceeded"
"""How connections calls a quota that is used up: to ask again would not help."""
_ONE_SECOND: Final = 1.0
# The services spell it in two ways.
_TOKENS: Final = ("nextToken", "NextToken")


class Rejected(OutsideFailure):
    """A service answered a call with an error; *code* is its name."""

    def __init__(self, message: str, code: str) -> None:
        """Say which call it was and what the service said."""
        self.code = code
        super().__init__(message)


class Time(msgspec.Struct, frozen=True, kw_only=True):
    """Where seconds come from and how they pass."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


class Bucket:
    """
    As many tokens as calls are allowed a second.

    Each comes back one second after it was taken, so that no second sees more calls than that, wherever it begins.
    """

    def __init__(self, rate: int, time: Time) -> None:
        """Begin with *rate* tokens."""
        self._taken: deque[float] = deque(maxlen=rate)
        self._time = time

    def take(self) -> None:
        """Take a token, waiting for it if need be."""
        if len(self._taken) == self._taken.maxlen:
            wait = self._taken[0] + _ONE_SECOND - self._time.clock()
            if wait > 0:
                self._time.sleep(wait)
        self._taken.append(self._time.clock())


class Calls:
    """The calls of one service; *made* counts them by operation."""

    def __init__(
        self, control: Control, service: str, rates: Mapping[str, int] | None = None, time: Time | None = None
    ) -> None:
        """Allow *rates* calls a second of each operation; one that is not named there is not held back."""
        self.made: Counter[str] = Counter()
        self._control = control
        self._service = service
        self._buckets = {operation: Bucket(rate, time or Time()) for operation, rate in (rates or {}).items()}

    def call(self, operation: str, subject: str = "", **arguments: object) -> Mapping[str, Any]:
        """
        Return what *operation* answers; *subject* is what it is about, in words of the plan.

        Raises:
            Rejected: the service answered with an error.
            OutsideFailure: no answer came.

        """
        if bucket := self._buckets.get(operation):
            bucket.take()
        self.made[operation] += 1
        answer = self._control.call(self._service, operation, **arguments)
        what = self._action(operation) + (f" of {subject}" if subject else "")
        if isinstance(answer, Refused):
            why = "a quota of the account is used up" if answer.code == FULL else answer.code
            raise Rejected(f"{what}: {why}: {answer.message}", answer.code)
        if isinstance(answer, NoAnswer):
            raise OutsideFailure(f"{what}: {answer.reason}")
        return answer

    def pages(self, operation: str, items: str, subject: str = "", **arguments: object) -> Iterator[Any]:
        """
        Yield each of *items* on every page that *operation* answers, to the last one.

        Raises:
            OutsideFailure: as `call` does, and when a page leads back to itself, so that the rest cannot be read.

        """
        token: dict[str, str] = {}
        while True:
            page = self.call(operation, subject, **arguments, **token)
            yield from page.get(items, ())
            following = {name: page[name] for name in _TOKENS if page.get(name)}
            if not following:
                return
            if following == token:
                raise OutsideFailure(f"{self._action(operation)}: a page leads back to itself; the rest is not read")
            token = following

    def _action(self, operation: str) -> str:
        """Return the name of *operation* in IAM."""
        return f"{self._service}:{''.join(word.capitalize() for word in operation.split('_'))}"
