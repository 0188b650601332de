"""Turns what happened to an execution environment into the lines that the Lambda service writes about it."""

from __future__ import annotations

import hashlib
import json
import math
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from sample import iso

if TYPE_CHECKING:
    from sample import Stream, Told

MICRO_BYTES = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """What the service knows of a function."""

    function: str
    version: str
    memory: int

    @property
    def arn(self) -> str:
        """Name the runtime's version, as INIT_START does."""
        return f"arn:aws:lambda:us-east-1::runtime:{hashlib.sha256(self.version.encode()).hexdigest()}"


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What one invocation took: milliseconds with two decimals, megabytes, and how it ended."""

    duration: float
    memory_used: int
    init: float | None = None
    restore: float | None = None
    status: str = "success"
    error_type: str | None = None
    trace: str | None = None

    @property
    def billed(self) -> int:
        """Round up what is paid for, the init phase included."""
        return math.ceil(self.duration + (self.init or 0))

    @property
    def billed_restore(self) -> int:
        """Round up the restore that is paid for."""
        return math.ceil(self.restore or 0)


class Service(Protocol):
    """What the service says, in one of its two formats; every time is in milliseconds."""

    def init_start(self, at: int) -> None:
        """Say that a runtime comes up."""

    def init_done(self, at: int, duration: float) -> None:
        """Say that it is up, where that is shown."""

    def init_report(self, at: int, duration: float, phase: str, error_type: str) -> None:
        """Say that it failed to come up."""

    def restore(self, at: int, duration: float) -> None:
        """Say that a snapshot was restored in its place."""

    def extension(self, at: int, name: str) -> None:
        """Say that an extension is there."""

    def start(self, at: int, request: str, trace: str | None) -> None:
        """Say that an invocation begins."""

    def timed_out(self, at: int, request: str, limit: int) -> None:
        """Say that an invocation took longer than *limit* seconds."""

    def exited(self, at: int, request: str, how: str) -> None:
        """Say that the process ended within an invocation."""

    def report(self, at: int, request: str, usage: Usage) -> None:
        """Say that the invocation ended, and what it took."""


class TextService:
    """Lines of the text format; each ends as CloudWatch shows it."""

    def __init__(self, stream: Stream, runtime: Runtime) -> None:
        """Write to *stream* about *runtime*."""
        self._stream, self._runtime = stream, runtime

    def init_start(self, at: int) -> None:
        """Write INIT_START."""
        self._version(at, "INIT_START", "init_start")

    def init_done(self, at: int, duration: float) -> None:
        """Write nothing: in this format the first REPORT says it."""

    def restore(self, at: int, duration: float) -> None:
        """Write RESTORE_START and RESTORE_REPORT."""
        self._version(at, "RESTORE_START", "restore_start")
        told = event("restore_report", restore_duration_ms=duration)
        self._stream.add(at + int(duration), f"RESTORE_REPORT Restore Duration: {duration} ms\n", told)

    def init_report(self, at: int, duration: float, phase: str, error_type: str) -> None:
        """Write INIT_REPORT of an init phase that failed."""
        text = f"INIT_REPORT Init Duration: {duration} ms\tPhase: {phase}\tStatus: error\tError Type: {error_type}\n"
        self._stream.add(at, text, event("init_report", init_duration_ms=duration, error_type=error_type))

    def extension(self, at: int, name: str) -> None:
        """Write that an extension and its telemetry subscription are there."""
        self._stream.add(
            at,
            f"TELEMETRY\tName: {name}\tState: Subscribed\tTypes: [Platform, Function]\n",
            event("telemetry_subscription"),
        )
        self._stream.add(at, f"EXTENSION\tName: {name}\tState: Ready\tEvents: [INVOKE, SHUTDOWN]\n", event("extension"))

    def start(self, at: int, request: str, trace: str | None) -> None:  # noqa: ARG002 # the text names no trace here
        """Write START."""
        text = f"START RequestId: {request} Version: $LATEST\n"
        self._stream.add(at, text, event("start", request_id=request))

    def timed_out(self, at: int, request: str, limit: int) -> None:
        """Write the line of a time-out, which names its own time."""
        words = f"Task timed out after {limit:.2f} seconds"
        told = event("timeout", request_id=request, message=words)
        self._stream.add(at, f"{iso(at)} {request} {words}\n\n", {**told, "@timestamp": iso(at)})

    def exited(self, at: int, request: str, how: str) -> None:
        """Write that the runtime is gone."""
        text = f"RequestId: {request} Error: Runtime exited with error: {how}\nRuntime.ExitError\n"
        self._stream.add(at, text, event("exit", request_id=request))

    def report(self, at: int, request: str, usage: Usage) -> None:
        """Write END and REPORT."""
        self._stream.add(at, f"END RequestId: {request}\n", event("end", request_id=request))
        parts = [
            f"REPORT RequestId: {request}",
            f"Duration: {usage.duration:.2f} ms",
            f"Billed Duration: {usage.billed} ms",
            f"Memory Size: {self._runtime.memory} MB",
            f"Max Memory Used: {usage.memory_used} MB",
        ]
        if usage.init is not None:
            parts.append(f"Init Duration: {usage.init:.2f} ms")
        if usage.restore is not None:
            parts.append(f"Restore Duration: {usage.restore:.2f} ms")
            parts.append(f"Billed Restore Duration: {usage.billed_restore} ms")
        if usage.status != "success":
            parts.append(f"Status: {usage.status}")
        if usage.error_type:
            parts.append(f"Error Type: {usage.error_type}")
        text = "\t".join(parts) + "\t\n"
        if usage.trace:
            text += f"XRAY TraceId: {usage.trace}\tSegmentId: {secrets.token_hex(8)}\tSampled: true\t\n"
        self._stream.add(at, text, reported(self._runtime, request, usage))

    def _version(self, at: int, word: str, name: str) -> None:
        text = f"{word} Runtime Version: {self._runtime.version}\tRuntime Version ARN: {self._runtime.arn}\n"
        self._stream.add(at, text, event(name))


class JsonService:
    """Lines of the JSON format; *debug* is a system log level of DEBUG, which tells more."""

    def __init__(self, stream: Stream, runtime: Runtime, *, debug: bool = False) -> None:
        """Write to *stream* about *runtime*."""
        self._stream, self._runtime, self._debug = stream, runtime, debug

    def init_start(self, at: int) -> None:
        """Write platform.initStart."""
        self._write(
            at,
            "initStart",
            "init_start",
            self._init("init")
            | {
                "runtimeVersion": self._runtime.version,
                "runtimeVersionArn": self._runtime.arn,
                "functionName": self._runtime.function,
                "functionVersion": "$LATEST",
                "instanceMaxMemory": self._runtime.memory * MICRO_BYTES,
            },
        )

    def init_done(self, at: int, duration: float) -> None:
        """Write platform.initRuntimeDone and initReport of an init phase that went well, which only DEBUG shows."""
        if self._debug:
            self._write(at, "initRuntimeDone", "init_runtime_done", self._init("init") | {"status": "success"})
            record = self._init("init") | {"status": "success", "metrics": {"durationMs": duration}}
            self._write(at, "initReport", "init_report", record, init_duration_ms=duration)

    def init_report(self, at: int, duration: float, phase: str, error_type: str) -> None:
        """Write platform.initRuntimeDone and initReport of an init phase that failed."""
        failed = self._init(phase) | {"status": "error", "errorType": error_type}
        self._write(at, "initRuntimeDone", "init_runtime_done", failed, error_type=error_type)
        record = failed | {"metrics": {"durationMs": duration}}
        self._write(at, "initReport", "init_report", record, init_duration_ms=duration, error_type=error_type)

    def extension(self, at: int, name: str) -> None:
        """Write that an extension and its telemetry subscription are there, and that it once fell behind."""
        subscribed = {"name": name, "state": "Subscribed", "types": ["platform", "function"]}
        self._write(at, "telemetrySubscription", "telemetry_subscription", subscribed)
        ready = {"name": name, "state": "Ready", "events": ["INVOKE", "SHUTDOWN"]}
        self._write(at, "extension", "extension", ready)
        dropped = {"reason": "Consumer seems to have fallen behind", "droppedRecords": 12, "droppedBytes": 3456}
        self._write(at, "logsDropped", "logs_dropped", dropped)

    def restore(self, at: int, duration: float) -> None:
        """Write platform.restoreStart, restoreRuntimeDone and restoreReport."""
        version = {"runtimeVersion": self._runtime.version, "runtimeVersionArn": self._runtime.arn}
        named = {"functionName": self._runtime.function, "functionVersion": "7"}
        self._write(at, "restoreStart", "restore_start", version | named)
        later = at + math.ceil(duration)
        self._write(later, "restoreRuntimeDone", "restore_runtime_done", {"status": "success"})
        record = {"status": "success", "metrics": {"durationMs": duration}}
        self._write(later, "restoreReport", "restore_report", record, restore_duration_ms=duration)

    def start(self, at: int, request: str, trace: str | None) -> None:
        """Write platform.start."""
        record: Told = {"requestId": request, "version": "$LATEST"}
        if trace:
            value = f"Root={trace};Parent={secrets.token_hex(8)};Sampled=1"
            record["tracing"] = {"spanId": secrets.token_hex(8), "type": "X-Amzn-Trace-Id", "value": value}
        self._write(at, "start", "start", record, request_id=request)

    def timed_out(self, at: int, request: str, limit: int) -> None:
        """Write nothing: in this format the report alone says it."""

    def exited(self, at: int, request: str, how: str) -> None:
        """Write nothing: in this format the report alone says it."""

    def report(self, at: int, request: str, usage: Usage) -> None:
        """Write platform.runtimeDone where it is shown, and platform.report."""
        ended: Told = {"requestId": request, "status": usage.status}
        told: Told = {"request_id": request}
        if usage.error_type:
            ended["errorType"] = told["error_type"] = usage.error_type
        if self._debug or usage.status != "success":
            metrics: Told = {"durationMs": usage.duration, "producedBytes": 42}
            self._write(
                at, "runtimeDone", "runtime_done", ended | {"metrics": metrics}, **told, duration_ms=usage.duration
            )
        metrics = {
            "durationMs": usage.duration,
            "billedDurationMs": usage.billed,
            "memorySizeMB": self._runtime.memory,
            "maxMemoryUsedMB": usage.memory_used,
        }
        if usage.init is not None:
            metrics["initDurationMs"] = usage.init
        if usage.restore is not None:
            metrics |= {"restoreDurationMs": usage.restore, "billedRestoreDurationMs": usage.billed_restore}
        told = reported(self._runtime, request, usage)
        del told["@timestamp"], told["event"], told["level"]
        told.pop("trace_id", None)
        self._write(at, "report", "report", ended | {"metrics": metrics}, **told)

    def _init(self, phase: str) -> Told:
        return {"initializationType": "on-demand", "phase": phase}

    def _write(self, at: int, kind: str, name: str, record: Told, **told: Any) -> None:  # noqa: ANN401 # any fact
        line = {"time": iso(at), "type": f"platform.{kind}", "record": record}
        text = json.dumps(line, separators=(",", ":"))
        self._stream.add(at, text, {**event(name, **told), "@timestamp": iso(at)})


def service_of(stream: Stream, runtime: Runtime, *, as_json: bool, debug: bool = False) -> Service:
    """Give the service as it writes to *stream*."""
    return JsonService(stream, runtime, debug=debug) if as_json else TextService(stream, runtime)


def event(name: str, **told: Any) -> Told:  # noqa: ANN401 # any fact about a line
    """State what every platform line says: which it is, no level, and the arrival as its time."""
    return {"level": None, "@timestamp": "event", "event": name, **told}


def reported(runtime: Runtime, request: str, usage: Usage) -> Told:
    """State the numbers of a report."""
    told = event(
        "report",
        request_id=request,
        duration_ms=usage.duration,
        billed_duration_ms=usage.billed,
        memory_size_mb=runtime.memory,
        max_memory_used_mb=usage.memory_used,
    )
    optional = {
        "init_duration_ms": usage.init,
        "restore_duration_ms": usage.restore,
        "error_type": usage.error_type,
        "trace_id": usage.trace,
    }
    return told | {key: value for key, value in optional.items() if value is not None}
