"""Turns a handler into a running execution environment: a local Runtime API, the process, and its two log pipes."""

from __future__ import annotations

import json
import os
import queue
import signal
import struct
import subprocess
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HEADER = struct.Struct(">IIQ")  # frame type, length, microseconds: the runtimes' logging contract with the platform
PATIENCE = 15.0


@dataclass(frozen=True, kw_only=True)
class Written:
    """One framed message, or one line of standard output."""

    at: int
    text: str


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """What the runtime is given."""

    request: str
    arn: str
    payload: object
    deadline: float
    trace: str | None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How an invocation or an init phase ended, and when, in milliseconds of the clock."""

    how: Literal["done", "failed", "timeout", "exited"]
    began: int
    ended: int
    duration: float
    exit_code: int | None = None


@dataclass
class Pipe:
    """What came out of one pipe so far, in order."""

    written: list[Written] = field(default_factory=list)
    taken: int = 0
    arrived: threading.Condition = field(default_factory=threading.Condition)

    def put(self, at: int, text: str) -> None:
        """Add what was written."""
        with self.arrived:
            self.written.append(Written(at=at, text=text))
            self.arrived.notify_all()

    def take(self) -> Written:
        """Give the next message, which is known to come; raise if it does not."""
        with self.arrived:
            if not self.arrived.wait_for(lambda: len(self.written) > self.taken, PATIENCE):
                raise TimeoutError(f"a line that a handler was told to write never came; the last: {self.written[-1:]}")
            self.taken += 1
            return self.written[self.taken - 1]


class Environment:
    """One execution environment; `start`, any number of `invoke`, `stop`."""

    def __init__(self, command: Sequence[str], variables: Mapping[str, str], folder: Path) -> None:
        """Prepare to run *command* in *folder*."""
        self._command, self._variables, self._folder = command, variables, folder
        self.frames, self.output = Pipe(), Pipe()
        self._server = _serve(self)

    def start(self) -> Outcome:
        """Start the process; it is *done* when it first asks for work. What an earlier one left unasked is forgotten."""
        self.todo: queue.Queue[Invocation] = queue.Queue()
        self.events: queue.Queue[str] = queue.Queue()
        self.fresh = True
        reader, writer = os.pipe()
        host, port = self._server.server_address[:2]
        variables = {
            **self._variables,
            "AWS_LAMBDA_RUNTIME_API": f"{host!s}:{port}",
            "_LAMBDA_TELEMETRY_LOG_FD": str(writer),
        }
        began = time.time_ns()
        self._process = subprocess.Popen(
            self._command,
            cwd=self._folder,
            env=variables,
            pass_fds=[writer],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        os.close(writer)
        output = self._process.stdout
        assert output is not None  # a pipe was asked for
        self._readers = [
            threading.Thread(target=_read_frames, args=(reader, self.frames), daemon=True),
            threading.Thread(target=_read_lines, args=(output, self.output), daemon=True),
        ]
        for thread in self._readers:
            thread.start()
        return self._wait(began, PATIENCE)

    def invoke(self, invocation: Invocation) -> Outcome:
        """Run one invocation to its end; a process that outlives the deadline is killed."""
        began = time.time_ns()
        self.todo.put(invocation)
        return self._wait(began, invocation.deadline)

    def memory(self) -> int:
        """Give the most memory that the process used, in MB, or 0 when it is gone."""
        try:
            status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii")
        except OSError:
            return 0
        peaks = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
        return int(peaks[0]) // 1024 + 1 if peaks else 0

    def stop(self) -> None:
        """Kill the process and read its pipes to their ends; the environment may start again."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for thread in self._readers:
            thread.join(PATIENCE)

    def close(self) -> None:
        """Stop for good."""
        self.stop()
        self._server.shutdown()
        self._server.server_close()

    def _wait(self, began: int, patience: float) -> Outcome:
        deadline = time.monotonic() + patience
        how: Literal["done", "failed", "timeout", "exited"] = "timeout"
        while time.monotonic() < deadline:
            try:
                answer = self.events.get(timeout=0.02)
            except queue.Empty:
                if self._process.poll() is not None and self.events.empty():
                    how = "exited"
                    break
                continue
            how = "failed" if answer == "error" else "done"
            break
        ended = time.time_ns()
        return Outcome(
            how=how,
            began=began // 1_000_000,
            ended=ended // 1_000_000,
            duration=round((ended - began) / 1e6, 2),
            exit_code=self._process.poll(),
        )


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Stay silent: a killed process leaves its connection open."""


def _serve(environment: Environment) -> ThreadingHTTPServer:
    """Serve the Runtime API, version 2018-06-01, to one environment."""

    class Api(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 65_536  # head and body leave in one packet, or a delayed acknowledgement adds 40 ms

        def do_GET(self) -> None:
            if environment.fresh:
                environment.fresh = False
                environment.events.put("ready")
            invocation = environment.todo.get()
            body = json.dumps(invocation.payload).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Lambda-Runtime-Aws-Request-Id", invocation.request)
            self.send_header("Lambda-Runtime-Deadline-Ms", str(int((time.time() + invocation.deadline) * 1000)))
            self.send_header("Lambda-Runtime-Invoked-Function-Arn", invocation.arn)
            if invocation.trace:
                self.send_header(
                    "Lambda-Runtime-Trace-Id", f"Root={invocation.trace};Parent=53995c3f42cd8ad8;Sampled=1"
                )
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()
            environment.events.put("error" if self.path.endswith("/error") else "answer")

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    server = _Server(("127.0.0.1", 0), Api)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def _read_frames(descriptor: int, pipe: Pipe) -> None:
    with os.fdopen(descriptor, "rb") as stream:
        while header := stream.read(HEADER.size):
            _, length, micros = HEADER.unpack(header)
            pipe.put(micros // 1000, stream.read(length).decode())


def _read_lines(output: IO[bytes], pipe: Pipe) -> None:
    with output as stream:
        for line in stream:
            pipe.put(time.time_ns() // 1_000_000, line.decode())
