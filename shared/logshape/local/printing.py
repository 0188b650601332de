"""Turns what functions print into lines of a log, while the rest of the process prints where it did."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from threading import current_thread, main_thread
from typing import TYPE_CHECKING, TextIO, cast

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Output:
    """Standard output that is another one outside the main thread, also for those who keep hold of it (loggers do)."""

    def __init__(self, usual: TextIO, log: TextIO) -> None:
        self._usual, self._log = usual, log

    def __getattr__(self, name: str) -> object:
        return getattr(self._usual if current_thread() is main_thread() else self._log, name)


@contextmanager
def divided(log: TextIO) -> Iterator[None]:
    """
    Send to *log* what is printed inside the block by any thread but the main one.

    Functions run in threads of their own, and start others; the command line speaks in the main thread.
    """
    usual = sys.stdout
    sys.stdout = cast("TextIO", _Output(usual, log))
    try:
        yield
    finally:
        sys.stdout = usual
