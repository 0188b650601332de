"""Turns what a function prints into lines of its own log, while the rest of the process prints where it did."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final, TextIO, cast

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOG: Final[ContextVar[TextIO | None]] = ContextVar("log", default=None)


class _Output:
    """Standard output that is another one in each thread, also for those who keep hold of it (loggers do)."""

    def __init__(self, usual: TextIO) -> None:
        self._usual = usual

    def __getattr__(self, name: str) -> object:
        return getattr(_LOG.get() or self._usual, name)


@contextmanager
def divided() -> Iterator[None]:
    """Let `printing_to` work inside the block."""
    usual = sys.stdout
    sys.stdout = cast("TextIO", _Output(usual))
    try:
        yield
    finally:
        sys.stdout = usual


@contextmanager
def printing_to(log: TextIO) -> Iterator[None]:
    """Send what this thread prints inside the block to *log*."""
    token = _LOG.set(log)
    try:
        yield
    finally:
        _LOG.reset(token)
