"""
The floor: one program written by hand for these mixes, with no contract, that makes the same rows and documents.

It uses the same libraries as well as one can, so that what it costs less is the price of having a contract. The bench
proves that both make the same output before it measures them.
"""

from __future__ import annotations

import binascii
from datetime import UTC, datetime

import msgspec
import orjson
from isal import isal_zlib

LEVELS = {
    "DEBUG": ("DEBUG", 5), "INFO": ("INFO", 9), "WARNING": ("WARN", 13), "WARN": ("WARN", 13),
    "ERROR": ("ERROR", 17), "CRITICAL": ("FATAL", 21), "FATAL": ("FATAL", 21),
}  # fmt: skip
LARGEST_RECORD = 1_024_000
LARGEST_BODY = 5 * 1024 * 1024
DAY_MS = 86_400_000
encode_lines = msgspec.json.Encoder().encode_lines
seconds: dict[int, str] = {}
texts: dict[str, str] = {}


class Event(msgspec.Struct, gc=False):
    """One event of a payload."""

    id: str
    timestamp: int
    message: str


class Payload(msgspec.Struct):
    """A payload as it comes."""

    messageType: str  # noqa: N815 # the wire's name
    owner: str
    logGroup: str  # noqa: N815 # the wire's name
    logStream: str  # noqa: N815 # the wire's name
    logEvents: list[Event]  # noqa: N815 # the wire's name


decode = msgspec.json.Decoder(Payload).decode


def written(ms: int) -> str:
    """Write epoch milliseconds."""
    second = ms // 1000
    known = seconds.get(second)
    if known is None:
        known = seconds[second] = datetime.fromtimestamp(second, UTC).isoformat()[:19]
    return f"{known}.{ms % 1000:03d}Z"


def moment(text: str) -> str | None:
    """Read a time with milliseconds and a zone."""
    key = text[:19] + text[23:]
    known = texts.get(key)
    if known is None:
        try:
            known = datetime.fromisoformat(text.replace(",", ".")).astimezone(UTC).isoformat()[:19]
        except ValueError:
            return None
        texts[key] = known
    digits = text[20:23]
    return f"{known}.{digits}Z" if digits.isdigit() else None


def shape(event: dict[str, dict[str, str]]) -> tuple[list[bytes], list[bytes]]:
    """Make Firehose records and bulk bodies of a subscription event."""
    stream = isal_zlib.decompressobj(31)
    payload = decode(stream.decompress(binascii.a2b_base64(event["awslogs"]["data"]), 32 * 1024 * 1024 + 1))
    events = payload.logEvents
    assert len({each.id for each in events}) == len(events)
    constants = {
        "account": payload.owner,
        "region": "eu-west-1",
        "log_group": payload.logGroup,
        "log_stream": payload.logStream,
        "contract_version": 1,
    }
    service = payload.logGroup.removeprefix("/aws/lambda/")
    low, high = written(events[0].timestamp - DAY_MS), written(events[-1].timestamp + DAY_MS)
    rows, lines = [], []
    request = None
    day, head = -1, ""
    for each in events:
        text = each.message
        line = text.rstrip("\r\n")
        first = line[:1]
        record: dict[str, object] | None = None
        if first == "{":
            record = from_json(line)
        elif first == "[":
            record = from_text(line)
        elif first in "SER":
            record = from_platform(line)
        if record is None:
            record = {"format": "unparsed", "message": line}
        observed = written(each.timestamp)
        time = record.get("@timestamp")
        if time is None or not low <= time <= high:
            record["@timestamp"] = observed
        record["observed_time"] = observed
        record["event_id"] = each.id
        record.update(constants)
        if "service" not in record:
            record["service"] = service
        if record["format"] == "aws/lambda-platform":
            request = record["request_id"] if record["event"] == "start" else None
        elif request is not None and "request_id" not in record:
            record["request_id"] = request
            record["parse_errors"] = ["request_id_inherited"]
        if record.get("message") == "---- begin of import ----":
            continue
        row = record.copy()
        row["event_time"] = row.pop("@timestamp")
        row.pop("attributes", None)
        if row.get("message") != text:
            row["raw"] = text
        rows.append(row)
        if each.timestamp // DAY_MS != day:
            day = each.timestamp // DAY_MS
            head = f'{{"create":{{"_index":"logs-shop-14d-{observed[:10].replace("-", ".")}","_id":"'
        lines.append(msgspec.Raw((head + each.id + '"}}').encode()))
        lines.append(record)
    return cut(encode_lines(rows), LARGEST_RECORD, b"\n", 1), cut(
        encode_lines(lines), LARGEST_BODY, b'\n{"create":{', 1
    )


def from_json(line: str) -> dict[str, object] | None:
    """Read a line of Powertools' Logger."""
    document = orjson.loads(line)
    take = document.pop
    time = moment(take("timestamp", ""))
    level = LEVELS.get(take("level", ""))
    if time is None or level is None:
        return None
    record: dict[str, object] = {
        "format": "orders-json",
        "@timestamp": time,
        "level": level[0],
        "severity_number": level[1],
    }
    request = take("function_request_id", None)
    if type(request) is str:
        record["request_id"] = request
    trace = take("xray_trace_id", None)
    if type(trace) is str:
        record["trace_id"] = trace
    service = take("service", None)
    if type(service) is str:
        record["service"] = service
    message = take("message", None)
    if type(message) is str:
        record["message"] = message
    order = take("order_id", None)
    if type(order) is str:
        record["order_id"] = order
    duration = take("duration", None)
    if type(duration) is float:
        record["duration"] = duration
    exception = take("exception", None)
    if type(exception) is str:
        record["stack_trace"] = exception
        record["error_type"] = take("exception_name", None)
    if document:
        record["attributes"] = document
    return record


def from_text(line: str) -> dict[str, object] | None:
    """Read a line of Python's logging under Lambda."""
    parts = line.split("\t", 3)
    if len(parts) < 4 or parts[0][-1:] != "]":
        return None
    level = LEVELS.get(parts[0][1:-1])
    time = moment(parts[1])
    if level is None or time is None or not parts[3]:
        return None
    record: dict[str, object] = {
        "format": "aws/lambda-text",
        "level": level[0],
        "severity_number": level[1],
        "@timestamp": time,
    }
    if parts[2]:
        record["request_id"] = parts[2]
    record["message"] = parts[3]
    return record


def from_platform(line: str) -> dict[str, object] | None:
    """Read START, END and REPORT."""
    if line.startswith("START RequestId: "):
        return {"format": "aws/lambda-platform", "event": "start", "request_id": line[17:].partition(" Version: ")[0]}
    if line.startswith("END RequestId: "):
        return {"format": "aws/lambda-platform", "event": "end", "request_id": line[15:]}
    if not line.startswith("REPORT RequestId: "):
        return None
    record: dict[str, object] = {"format": "aws/lambda-platform", "event": "report"}
    for pair in line[7:].split("\t"):
        name, _, value = pair.strip().partition(": ")
        if name == "RequestId":
            record["request_id"] = value
        elif name == "Duration":
            record["duration_ms"] = float(value.removesuffix(" ms"))
        elif name == "Billed Duration":
            record["billed_duration_ms"] = int(value.removesuffix(" ms"))
        elif name == "Memory Size":
            record["memory_size_mb"] = int(value.removesuffix(" MB"))
        elif name == "Max Memory Used":
            record["max_memory_used_mb"] = int(value.removesuffix(" MB"))
        elif name == "Init Duration":
            record["init_duration_ms"] = float(value.removesuffix(" ms"))
    return record


def cut(encoded: bytes, largest: int, seam: bytes, shift: int) -> list[bytes]:
    """Cut *encoded* behind the last *seam* that fits."""
    pieces, start = [], 0
    while len(encoded) - start > largest:
        end = encoded.rindex(seam, start, start + largest) + shift
        pieces.append(encoded[start:end])
        start = end
    return [*pieces, encoded[start:]]
