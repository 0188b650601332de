"""Turns a function of ours into processes, as Lambda does: cold, warm, killed at the deadline, tried again."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import resource
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
    from multiprocessing.context import ForkServerProcess

ROOT = Path(__file__).parents[2]
START_SECONDS = 30.0
"""What a process may take to import a handler, on a machine that is busy with a hundred others."""

PROCESSES = multiprocessing.get_context("forkserver")
# What costs most of a cold start, and holds nothing of one function's own.
PROCESSES.set_forkserver_preload(["logshape.delivery", "logshape.pipeline", "botocore.session", "opensearchpy"])
_STARTING = threading.Lock()


PEAK_UNIT = 1 if sys.platform == "darwin" else 1024
"""Bytes of what the system counts a process's peak in."""


class Run(NamedTuple):
    """One call of a handler: what Lambda says of it, how long it took and might, and the process's peak in bytes."""

    outcome: str
    seconds: float
    limit: float
    peak: int


class Killed(Exception):
    """The process died in the middle of an invocation."""


class TimedOut(Exception):
    """The invocation did not end by its deadline, and Lambda ended it."""


class Function:
    """
    The function *name* with one container: a process of its own, which begins cold and ends when it is killed.

    All that its processes print goes to the file *output*.
    """

    def __init__(
        self, name: str, environ: Mapping[str, str], output: Path, seconds: float, memory: int | None = None
    ) -> None:
        """Give each invocation *seconds*, and the process *memory* bytes of data; nothing is started yet."""
        self.runs: list[Run] = []
        self._start = (name, dict(environ), output, memory)
        self._seconds = seconds
        self._process: ForkServerProcess | None = None
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
            kind, answer, peak = wire.recv() if done else ("TimedOut", "", 0)
        except (EOFError, OSError):
            kind, answer, peak = "Killed", "", 0
        self.runs.append(Run(kind, time.monotonic() - started, self._seconds, peak))
        if kind == "answer":
            return answer
        if kind in ("Killed", "TimedOut"):
            self.close()
            raise {"Killed": Killed, "TimedOut": TimedOut}[kind]
        raise type(kind, (Exception,), {})(answer)  # the name is all that Lambda keeps of an error's type

    def stop(self) -> None:
        """Let the process do nothing more."""
        _send(self._process, signal.SIGSTOP)

    def kill(self) -> None:
        """Kill the process, now."""
        process = self._process  # another one may be there before this one is quite gone
        _send(process, signal.SIGKILL)
        if process:
            process.join()

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

    def _cold(self) -> Connection:
        mine, its = PROCESSES.Pipe()
        with _STARTING:
            process = PROCESSES.Process(target=_serve, args=(its, *self._start), daemon=True)
            process.start()
            self._process = process
        its.close()
        if not mine.poll(START_SECONDS):
            raise TimedOut
        mine.recv()  # imported
        self._wire = mine
        return mine


def _send(process: ForkServerProcess | None, number: signal.Signals) -> None:
    if process and process.pid:
        with suppress(ProcessLookupError):
            os.kill(process.pid, number)


def _serve(wire: Connection, name: str, environ: Mapping[str, str], output: Path, memory: int | None) -> None:
    """Be the process: import the handler of *name* with *environ*, and answer events until there are no more."""
    if memory:
        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
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
            wire.send((*told, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * PEAK_UNIT))


def _context(name: str, seconds: float) -> Context:
    return Context(
        function_name=name,
        invoked_function_arn=f"arn:aws:lambda:us-east-1:123456789012:function:{name}",
        aws_request_id="r",
        log_group_name=f"/aws/lambda/{name}",
        log_stream_name="s",
        deadline=time.monotonic() + seconds,
    )
