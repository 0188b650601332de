"""Turns a draw of contents into lines of Java, .NET, Ruby, Go, custom and earlier Node runtimes, as they are published."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sample import iso

if TYPE_CHECKING:
    from random import Random

    from sample import Told

Lines = Iterator[tuple[str, "Told"]]
Writer = Callable[["Random", int, str], Lines]

TEXTS = (
    "loading invoices from the table",
    "請求書を作成しました 🧾",
    'customer said "ERROR" but meant tax',
    "sent 3 mails, 0 bounced",
    "took 12 ms for ¥1200",
    "column one\tcolumn two",
)
LEVELS = ("DEBUG", "INFO", "INFO", "WARN", "ERROR", "FATAL")
JAVA_TRACE = (
    "java.lang.IllegalStateException: ledger is locked\n"
    "\tat shop.Ledger.post(Ledger.java:88)\n"
    "\tat shop.Handler.handleRequest(Handler.java:42)\n"
    "Caused by: java.io.IOException: connection reset\n"
    "\tat shop.Store.write(Store.java:17)\n"
    "\t... 2 more"
)
DOTNET_TRACE = (
    "System.InvalidOperationException: ledger is locked\n"
    "   at Shop.Ledger.Post() in /src/Ledger.cs:line 88\n"
    "   at Shop.Function.Handle(Stream input) in /src/Function.cs:line 42"
)


@dataclass(frozen=True, kw_only=True)
class Other:
    """One function that is not run here: whose format it follows, and what writes lines of it, outside an invocation too."""

    name: str
    version: str
    format: str
    write: Writer
    outside: Callable[[Random, int], Lines] | None = None
    json: bool = False
    restored: bool = False


def _second(at: int) -> str:
    """Give the time of a line that shows whole seconds."""
    return iso(at // 1000 * 1000)


def _clock(at: int, layout: str) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime(layout)


def _raw(text: str, request: str) -> tuple[str, Told]:
    """Write a line that says nothing of itself."""
    told = {"level": None, "@timestamp": "event", "message": text, "request_id": request, "request_id_inherited": True}
    return text + "\n", told


def _json(**line: object) -> str:
    return json.dumps(line, ensure_ascii=False, separators=(",", ":"))


def java_text(draw: Random, at: int, request: str) -> Lines:
    """Follow LambdaLogger (bare, or with a level) and the log4j2 layout of the documentation, traces included."""
    text, level = draw.choice(TEXTS), draw.choice(LEVELS)
    shape = draw.randrange(4)
    if shape == 0:
        yield _raw(text, request)
    elif shape == 1:
        told = {"level": level, "@timestamp": "event", "message": text}
        yield f"[{level}] {text}\n", {**told, "request_id": request, "request_id_inherited": True}
    else:
        trace = shape == 3 and level in ("ERROR", "FATAL")
        text = f"{text}\n{JAVA_TRACE}" if trace else text
        line = f"{_clock(at, '%Y-%m-%d %H:%M:%S')} {request} {level:<5} Handler - {text}\n"
        told = {"level": level, "@timestamp": _second(at), "request_id": request, "logger": "Handler", "message": text}
        yield line, told


def java_json(draw: Random, at: int, request: str) -> Lines:
    """Follow LambdaLogger's structured messages and, with a logger, the JSON layout for log4j2."""
    text, level = draw.choice(TEXTS), draw.choice(LEVELS)
    told = {"level": level, "@timestamp": iso(at), "request_id": request, "message": text}
    line: dict[str, object] = {"timestamp": iso(at), "message": text, "level": level, "AWSRequestId": request}
    if draw.random() < 0.5:
        line["logger"] = told["logger"] = "shop.Handler"
        if level in ("ERROR", "FATAL"):
            failure = {"errorType": "java.lang.IllegalStateException", "errorMessage": "ledger is locked"}
            line |= {**failure, "stackTrace": JAVA_TRACE.split("\n")[1:]}
            told |= {"error_type": failure["errorType"], "error_message": failure["errorMessage"]}
    yield _json(**line) + "\n", told


def dotnet_text(draw: Random, at: int, request: str) -> Lines:
    """Follow the default log formatter with its four-letter levels."""
    word, level = draw.choice((
        ("trce", "TRACE"), ("dbug", "DEBUG"), ("info", "INFO"), ("info", "INFO"),
        ("warn", "WARN"), ("fail", "ERROR"), ("crit", "FATAL"),
    ))  # fmt: skip
    text = draw.choice(TEXTS)
    if level == "ERROR" and draw.random() < 0.6:
        text += f"\n{DOTNET_TRACE}"
    told = {"level": level, "@timestamp": iso(at), "request_id": request, "message": text}
    yield f"{iso(at)}\t{request}\t{word}\t{text}\n", told


def dotnet_json(draw: Random, at: int, request: str) -> Lines:
    """Follow the JSON formatter of .NET 8, with template parameters beside the message."""
    word, level = draw.choice((
        ("Trace", "TRACE"), ("Debug", "DEBUG"), ("Information", "INFO"), ("Warning", "WARN"),
        ("Error", "ERROR"), ("Critical", "FATAL"),
    ))  # fmt: skip
    count = draw.randint(1, 9)
    text = f"{draw.choice(TEXTS)} ({count})"
    line: dict[str, object] = {
        "timestamp": iso(at), "level": word, "requestId": request, "message": text, "count": count,
    }  # fmt: skip
    told = {"level": level, "@timestamp": iso(at), "request_id": request, "message": text}
    if level in ("ERROR", "FATAL"):
        failure = {"errorType": "System.InvalidOperationException", "errorMessage": "ledger is locked"}
        line |= {**failure, "stackTrace": DOTNET_TRACE.split("\n")[1:]}
        told |= {"error_type": failure["errorType"], "error_message": failure["errorMessage"]}
    yield _json(**line) + "\n", told


def ruby_text(draw: Random, at: int, request: str) -> Lines:
    """Follow Ruby's Logger under the runtime's formatter, and bare puts."""
    text, level = draw.choice(TEXTS), draw.choice(LEVELS)
    if draw.random() < 0.2:
        yield _raw(f"puts {text}", request)
        return
    micros = f"{_clock(at, '%Y-%m-%dT%H:%M:%S')}.{at % 1000:03d}{draw.randrange(1000):03d}"
    told = {"level": level, "@timestamp": iso(at), "request_id": request, "message": text}
    yield f"{level[0]}, [{micros} #8] {level:>5} {request} -- : {text}\n", told


def ruby_json(draw: Random, at: int, request: str) -> Lines:
    """Follow the JSON formatter of Ruby's client 3, which writes nulls."""
    text, level = draw.choice(TEXTS), draw.choice(LEVELS)
    told = {"level": level, "@timestamp": iso(at), "request_id": request, "message": text}
    yield _json(time=iso(at), level=level, progname=None, message=text, request_id=request) + "\n", told


def go_text(draw: Random, at: int, request: str) -> Lines:
    """Follow Go's log package, fmt.Print, and what the client logs of an error that a handler returned."""
    text = draw.choice(TEXTS)
    shape = draw.randrange(4)
    told = {"level": None, "@timestamp": _second(at), "request_id": request, "request_id_inherited": True}
    prefix = _clock(at, "%Y/%m/%d %H:%M:%S")
    if shape == 0:
        yield _raw(text, request)
    elif shape == 1:
        yield f"{prefix} {_json(errorMessage='ledger is locked', errorType='errorString')}\n", told
    else:
        yield f"{prefix} {text}\n", {**told, "message": text}


def go_json(draw: Random, at: int, request: str) -> Lines:
    """Follow the log/slog handler of the client."""
    level = draw.choice(("DEBUG", "INFO", "WARN", "ERROR"))
    text = draw.choice(TEXTS)
    moment = iso(at)[:-1] + f"{draw.randrange(1_000_000):06d}Z"
    told = {"level": level, "@timestamp": iso(at), "request_id": request, "message": text}
    yield _json(timestamp=moment, level=level, message=text, rows=draw.randint(1, 99), requestId=request) + "\n", told


def custom(draw: Random, _at: int, request: str) -> Lines:
    """Write bare lines, as a shell script under a custom runtime does."""
    for word in ("+ aws s3 cp report.csv s3://reports/", "  100% |##########| 12.0 MiB/s", draw.choice(TEXTS)):
        yield _raw(word, request)


def node_earlier(draw: Random, at: int, request: str) -> Lines:
    """Follow the client of Node 18 and 20, with its names for a failure."""
    text, level = draw.choice(TEXTS), draw.choice(("INFO", "WARN", "ERROR"))
    told: Told = {"level": level, "@timestamp": iso(at), "request_id": request, "message": text}
    if draw.random() < 0.7:
        yield f"{iso(at)}\t{request}\t{level}\t{text}\n", told
        return
    name, error = draw.choice((
        ("Uncaught Exception", "TypeError"),
        ("Unhandled Promise Rejection", "Runtime.UnhandledPromiseRejection"),
        ("Invoke Error", "Error"),
    ))  # fmt: skip
    line = _json(
        errorType=error, errorMessage=text, stack=[f"{error}: {text}", "    at handler (/var/task/index.js:7:9)"]
    )
    yield (
        f"{iso(at)}\t{request}\tERROR\t{name} \t{line}\n",
        {**told, "level": "ERROR", "error_type": error, "error_message": text},
    )


def node_outside(draw: Random, at: int) -> Lines:
    """Follow the same client while the module loads, when the word `undefined` stands for the request id."""
    text = draw.choice(TEXTS)
    told = {"level": "INFO", "@timestamp": iso(at), "request_id": None, "message": text}
    yield f"{iso(at)}\tundefined\tINFO\t{text}\n", told


OTHERS = (
    Other(name="legacy-java", version="java:17.v59", format="aws-lambda-java-core and log4j2, text", write=java_text,
          restored=True),
    Other(name="invoice-java", version="java:21.v38", format="aws-lambda-java-core and log4j2, JSON", write=java_json,
          json=True, restored=True),
    Other(name="notify-dotnet", version="dotnet:8.v41", format="Amazon.Lambda.RuntimeSupport, text", write=dotnet_text),
    Other(name="notify-dotnet-json", version="dotnet:8.v41", format="Amazon.Lambda.RuntimeSupport, JSON",
          write=dotnet_json, json=True, restored=True),
    Other(name="ruby-report", version="ruby:3.3.v22", format="aws_lambda_ric, text", write=ruby_text),
    Other(name="ruby-report-json", version="ruby:3.3.v22", format="aws_lambda_ric 3, JSON", write=ruby_json, json=True),
    Other(name="go-import", version="provided:al2023.v87", format="log, fmt and aws-lambda-go 1.55, text",
          write=go_text),
    Other(name="go-import-json", version="provided:al2023.v87", format="log/slog and aws-lambda-go 1.55, JSON",
          write=go_json, json=True),
    Other(name="edge-shell", version="provided:al2023.v87", format="standard output of a custom runtime", write=custom),
    Other(name="web-node-20", version="nodejs:20.v68", format="aws-lambda-ric 3, text", write=node_earlier,
          outside=node_outside),
)  # fmt: skip
