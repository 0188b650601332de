"""Turns a function of ours into processes, as Lambda does: cold, warm, killed at the deadline, tried again."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from logshape.local.functions import Context

if TYPE_CHECKING:
    from collections.abc import Mapping
    from multiprocessing.connection import Connection

ROOT = Path(__file__).parents[2]
START_SECONDS = 30.0
"""What a process may take to import a handler, on a machine that is busy with a hundred others."""

_PROCESSES = multiprocessing.get_context("forkserver")
# What costs most of a cold start, and holds nothing of one function's own.
_PROCESSES.set_forkserver_preload(["logshape.delivery", "logshape.pipeline", "botocore.session", "opensearchpy"])
_STARTING = threading.Lock()


class Run(NamedTuple):
    """One call of a handler: what Lambda says of it, how long it took, and how long it might."""

    outcome: str
    seconds: float
    limit: float


class Killed(Exception):
    """The process died in the middle of an invocation."""


class TimedOut(Exception):
    """The invocation did not end by its deadline, and Lambda ended it."""


class Function:
    """
    The function *name* with one container: a process of its own, which begins cold and ends when it is killed.

    All that its processes print goes to the file *output*.
    """

    def __init__(self, name: str, environ: Mapping[str, str], output: Path, seconds: float) -> None:
        """Give each invocation *seconds*; nothing is started yet."""
        self.runs: list[Run] = []
        self._start = (name, dict(environ), output)
        self._seconds = seconds
        self._process: multiprocessing.context.ForkServerProcess | None = None
        self._wire: Connection | None = None

    def __call__(self, event: object, _: object = None) -> object:
        """
        Return what the handler answers to *event*; the time to start is not the invocation's.

        Raises:
            Killed, TimedOut: as their names say.
            Exception: the handler raised; it has the error's name and text.

        """
        wire = self._wire or self._cold()
        started = time.monotonic()
        try:
            wire.send((event, self._seconds))
            done = wire.poll(self._seconds)
            kind, answer = wire.recv() if done else ("TimedOut", "")
        except (EOFError, OSError):
            kind, answer = "Killed", ""
        self.runs.append(Run(kind, time.monotonic() - started, self._seconds))
        if kind == "answer":
            return answer
        if kind in ("Killed", "TimedOut"):
            self.close()
            raise {"Killed": Killed, "TimedOut": TimedOut}[kind]
        raise type(kind, (Exception,), {})(answer)  # the name is all that Lambda keeps of an error's type

    def stop(self) -> None:
        """Let the process do nothing more."""
        self._send(signal.SIGSTOP)

    def kill(self) -> None:
        """Kill the process, now."""
        self._send(signal.SIGKILL)
        if self._process:
            self._process.join()

    @property
    def pid(self) -> int:
        """The process, started if there is none."""
        if not self._wire:
            self._cold()
        assert self._process is not None
        assert self._process.pid is not None
        return self._process.pid

    def close(self) -> None:
        """End the container."""
        self.kill()
        if self._wire:
            self._wire.close()
        self._process = self._wire = None

    def _send(self, number: signal.Signals) -> None:
        if self._process and self._process.pid:
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, number)

    def _cold(self) -> Connection:
        mine, its = _PROCESSES.Pipe()
        with _STARTING:
            self._process = _PROCESSES.Process(target=_serve, args=(its, *self._start), daemon=True)
            self._process.start()
        its.close()
        if not mine.poll(START_SECONDS):
            raise TimedOut
        mine.recv()  # imported
        self._wire = mine
        return mine


def _serve(wire: Connection, name: str, environ: Mapping[str, str], output: Path) -> None:
    """Be the process: import the handler of *name* with *environ*, and answer events until there are no more."""
    with output.open("ab", buffering=0) as printed:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(printed.fileno(), stream.fileno())
    os.environ.clear()
    os.environ.update(environ)
    sys.path.insert(0, str(ROOT / "functions" / name))
    handle = importlib.import_module("handler").handle
    wire.send("imported")
    with suppress(EOFError, OSError):
        while True:
            event, seconds = wire.recv()
            context = _context(environ["AWS_LAMBDA_FUNCTION_NAME"], seconds)
            try:
                told = ("answer", handle(event, context))
            except Exception as error:  # noqa: BLE001 # whatever a handler raises is Lambda's to report
                traceback.print_exc()  # Lambda's runtime prints it too
                told = (type(error).__name__, str(error))
            sys.stdout.flush()
            sys.stderr.flush()
            wire.send(told)


def _context(name: str, seconds: float) -> Context:
    return Context(
        function_name=name,
        invoked_function_arn=f"arn:aws:lambda:us-east-1:123456789012:function:{name}",
        aws_request_id="r",
        log_group_name=f"/aws/lambda/{name}",
        log_stream_name="s",
        deadline=time.monotonic() + seconds,
    )
