"""Turns one function into the lines of its execution environments, by running it under its real runtime client."""

from __future__ import annotations

import json
import os
import random
import secrets
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import plans
from expectation import Around, Note, logged, printed, unhandled
from lifecycle import Runtime, Usage, service_of
from runtime_api import Environment, Invocation, Outcome
from sample import OWNER

if TYPE_CHECKING:
    from functions import Function
    from plans import Step
    from sample import Sample
    from tools import Tools

HANDLERS = Path(__file__).parent / "handlers"
INIT: list[Step] = [
    {"do": "log", "level": "INFO", "text": "warming up 🔥 外の行です", "logger": "shop.init"},
    {"do": "print", "text": "import took a while"},
]
BROKEN: dict[tuple[str, bool], tuple[str, str]] = {
    ("broken", False): ("Runtime.ImportModuleError", "Unable to import module 'broken': No module named 'inventory_client'"),
    ("misconfigured", False): ("RuntimeError", "TABLE_NAME is not set"),
    ("broken", True): ("Error", "Cannot find package 'inventory-client' imported from /var/task/broken.mjs"),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Idle:
    """How long to wait between invocations, in seconds, on average."""

    mean: float

    def __call__(self) -> None:
        """Wait."""
        time.sleep(random.uniform(0.2, 1.8) * self.mean)  # noqa: S311 # no secret


class Live:
    """One execution environment of *function* and its log stream."""

    def __init__(self, function: Function, number: int, sample: Sample, tools: Tools) -> None:
        """Prepare both; nothing runs yet."""
        self._function, self._tools = function, tools
        self._seed = f"{function.name}-{number}"
        self._notes_path = tools.folder / f"notes-{self._seed}"
        self._notes_path.unlink(missing_ok=True)
        self._noted = 0
        self._stream = sample.stream(f"/aws/lambda/{function.name}", time.time_ns() // 1_000_000, str(number))
        runtime = Runtime(function=function.name, version=function.version, memory=function.memory)
        self._service = service_of(self._stream, runtime, as_json=function.json, debug=function.debug)
        self._memory = 0

    def run(self, idle: Idle) -> None:
        """Bring the environment up and carry out all its invocations; what kills it is followed by a new start."""
        environment = self._environment(self._function.handler)
        init: float | None = None
        up = False
        author = plans.Author(self._seed, self._function.speech)
        for steps in author.invocations(self._function.invocations, self._function.endings):
            idle()
            if not up:
                init, up = self._start(environment), True
            outcome = self._invoke(environment, steps, init)
            init = None
            if outcome.how in ("timeout", "exited"):
                up = False
        environment.close()

    def run_broken(self, module: str, idle: Idle) -> None:
        """Let a module fail as the service does: once while it comes up, and once more for the invocation."""
        environment = self._environment(f"{module}.handle")
        idle()
        for phase in ("init", "invoke"):
            outcome = environment.start()
            environment.stop()
            if phase == "init":
                self._service.init_start(outcome.began)
            self._take_broken(environment, module)
            error, _ = BROKEN[module, self._function.node]
            self._service.init_report(outcome.ended, outcome.duration, phase, error)
        request = str(uuid.uuid4())
        self._service.start(outcome.ended, request, None)
        usage = Usage(duration=outcome.duration, memory_used=30, status="error", error_type=error)
        self._service.report(outcome.ended, request, usage)
        environment.close()

    def _environment(self, handler: str) -> Environment:
        function = self._function
        variables = {
            **self._tools.variables(function),
            **function.variables,
            "_HANDLER": handler,
            "LAMBDA_TASK_ROOT": str(HANDLERS),
            "AWS_LAMBDA_FUNCTION_NAME": function.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
            "AWS_LAMBDA_LOG_GROUP_NAME": self._stream.group,
            "AWS_LAMBDA_LOG_STREAM_NAME": self._stream.name,
            "AWS_REGION": "us-east-1",
            "CAPTURE_NOTES": str(self._notes_path),
            "CAPTURE_INIT": json.dumps(INIT),
            "LANG": "en_US.UTF-8",
            "PATH": os.environ["PATH"],
            "TZ": ":UTC",
        }
        return Environment(self._tools.command(function, handler), variables, HANDLERS)

    def _start(self, environment: Environment) -> float:
        outcome = environment.start()
        if outcome.how != "done":
            raise RuntimeError(f"{self._seed}: the runtime did not come up: {environment.output.written}")
        self._service.init_start(outcome.began)
        self._take(environment, INIT, None)
        if self._function.extension:
            self._service.extension(outcome.ended, self._function.extension)
        self._service.init_done(outcome.ended, outcome.duration)
        return outcome.duration

    def _invoke(self, environment: Environment, steps: list[Step], init: float | None) -> Outcome:
        function = self._function
        request = str(uuid.uuid4())
        trace = f"1-{int(time.time()):x}-{secrets.token_hex(12)}" if function.traced else None
        payload = {"steps": steps, "keys": {"order_id": f"o-{secrets.randbelow(9000) + 1000}", "cart": {"lines": 2}}}
        arn = f"arn:aws:lambda:us-east-1:{OWNER}:function:{function.name}"
        outcome = environment.invoke(
            Invocation(request=request, arn=arn, payload=payload, deadline=function.timeout, trace=trace),
        )
        self._memory = environment.memory() or self._memory
        if outcome.how in ("timeout", "exited"):
            environment.stop()
        self._service.start(outcome.began, request, trace)
        self._take(environment, steps, request, trace)
        self._end(outcome, request, trace, init)
        return outcome

    def _end(self, outcome: Outcome, request: str, trace: str | None, init: float | None) -> None:
        # The text form keeps silent about an error that the client reported; the process lives on.
        status, error_type = "error" if outcome.how == "failed" and self._function.json else "success", None
        if outcome.how == "timeout":
            status = "timeout"
            self._service.timed_out(outcome.ended, request, self._function.timeout)
        if outcome.how == "exited":
            status, error_type = "error", "Runtime.ExitError"
            self._service.exited(outcome.ended, request, f"exit status {outcome.exit_code}")
        usage = Usage(
            duration=outcome.duration, memory_used=self._memory, init=init,
            status=status, error_type=error_type, trace=trace,
        )  # fmt: skip
        self._service.report(outcome.ended, request, usage)

    def _take(self, environment: Environment, steps: list[Step], request: str | None, trace: str | None = None) -> None:
        """Put each step's lines into the stream, in the order of the steps, and then what the runtime added."""
        function = self._function
        service = function.variables.get("POWERTOOLS_SERVICE_NAME")
        around = Around(dialect=function.dialect, request=request, trace=trace, service=service)
        records = environment.output if function.dialect == "powertools" else environment.frames
        for step in steps:
            match step["do"]:
                case "print":
                    for text in step["text"].split("\n"):
                        line = environment.output.take()
                        self._stream.add(line.at, line.text, printed(text, around))
                case "log" | "object" | "caught":
                    written = records.take()
                    told = logged(step, self._note(), written.at, around)
                    self._stream.add(written.at, self._tools.scrub(written.text), told)
                case "raise":
                    written = environment.frames.take()
                    told = unhandled(step["error"], step["why"], written.at, around)
                    self._stream.add(written.at, self._tools.scrub(written.text), told)
        self._take_rest(environment)

    def _take_broken(self, environment: Environment, module: str) -> None:
        around = Around(dialect=self._function.dialect, request=None)
        if not self._function.node:
            self._warned(environment)
        written = environment.frames.take()
        told = unhandled(*BROKEN[module, self._function.node], written.at, around)
        self._stream.add(written.at, self._tools.scrub(written.text), told)
        self._take_rest(environment)

    def _warned(self, environment: Environment) -> None:
        """Take the warning that Python's client writes before an error of the init phase."""
        written = environment.frames.take()
        self._stream.add(written.at, written.text, {"level": "WARN", "request_id": None})

    def _take_rest(self, environment: Environment) -> None:
        """Keep what nobody was told to write (Node prints a crash), of which nothing is expected."""
        for pipe in (environment.frames, environment.output):
            while len(pipe.written) > pipe.taken:
                written = pipe.take()
                self._stream.add(written.at, self._tools.scrub(written.text), None)

    def _note(self) -> Note:
        line = self._notes_path.read_text(encoding="utf-8").splitlines()[self._noted]
        self._noted += 1
        note = json.loads(line)
        return Note(at=note["at"], message=self._tools.scrub(note["message"]))
