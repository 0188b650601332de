"""A forwarder as people write them with the standard library, which does the same work for the same mixes."""

from __future__ import annotations

import base64
import gzip
import json
import re
from datetime import UTC, datetime

LEVELS = {
    "DEBUG": ("DEBUG", 5),
    "INFO": ("INFO", 9),
    "WARNING": ("WARN", 13),
    "ERROR": ("ERROR", 17),
    "CRITICAL": ("FATAL", 21),
}
TEXT = re.compile(r"\[(\w+)\]\t(\S+)\t(\S*)\t(.*)", re.DOTALL)
START = re.compile(r"START RequestId: (\S+) Version: (\S+)")
END = re.compile(r"END RequestId: (\S+)")
REPORT = re.compile(
    r"REPORT RequestId: (\S+)\s+Duration: ([\d.]+) ms\s+Billed Duration: (\d+) ms\s+Memory Size: (\d+) MB\s+Max Memory Used: (\d+) MB"
    r"(?:\s+Init Duration: ([\d.]+) ms)?",
)
NAMES = {
    "function_request_id": "request_id", "xray_trace_id": "trace_id", "service": "service", "message": "message",
    "order_id": "order_id", "duration": "duration", "exception": "stack_trace", "exception_name": "error_type",
}  # fmt: skip


def time_of(text: str) -> str:
    """Write a logger's time as every store takes it."""
    moment = datetime.fromisoformat(text.replace(",", ".")).astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def parsed(line: str) -> dict:
    """Read one line."""
    if line.startswith("{"):
        document = json.loads(line)
        level, number = LEVELS[document.pop("level")]
        record = {
            "format": "orders-json",
            "@timestamp": time_of(document.pop("timestamp")),
            "level": level,
            "severity_number": number,
        }
        for key, name in NAMES.items():
            if document.get(key) is not None:
                record[name] = document.pop(key)
        if document:
            record["attributes"] = document
        return record
    if match := TEXT.fullmatch(line):
        level, number = LEVELS[match[1]]
        record = {
            "format": "aws/lambda-text",
            "level": level,
            "severity_number": number,
            "@timestamp": time_of(match[2]),
        }
        if match[3]:
            record["request_id"] = match[3]
        record["message"] = match[4]
        return record
    if match := START.match(line):
        return {"format": "aws/lambda-platform", "event": "start", "request_id": match[1]}
    if match := END.match(line):
        return {"format": "aws/lambda-platform", "event": "end", "request_id": match[1]}
    if match := REPORT.match(line):
        record = {
            "format": "aws/lambda-platform",
            "event": "report",
            "request_id": match[1],
            "duration_ms": float(match[2]),
        }
        record |= {
            "billed_duration_ms": int(match[3]),
            "memory_size_mb": int(match[4]),
            "max_memory_used_mb": int(match[5]),
        }
        if match[6]:
            record["init_duration_ms"] = float(match[6])
        return record
    return {"format": "unparsed", "message": line}


def shape(event: dict) -> tuple[list[bytes], list[bytes]]:
    """Make Firehose records and bulk bodies of a subscription event."""
    payload = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
    rows, lines = [], []
    request = None
    for each in payload["logEvents"]:
        line = each["message"].rstrip("\r\n")
        record = parsed(line)
        moment = datetime.fromtimestamp(each["timestamp"] / 1000, UTC)
        observed = moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{each['timestamp'] % 1000:03d}Z"
        time = record.get("@timestamp")
        if time is None or abs(datetime.fromisoformat(time).timestamp() * 1000 - each["timestamp"]) > 86_400_000:
            record["@timestamp"] = observed
        record.update(
            observed_time=observed,
            event_id=each["id"],
            account=payload["owner"],
            region="eu-west-1",
            log_group=payload["logGroup"],
            log_stream=payload["logStream"],
            contract_version=1,
        )
        record.setdefault("service", payload["logGroup"].removeprefix("/aws/lambda/"))
        if record["format"] == "aws/lambda-platform":
            request = record["request_id"] if record["event"] == "start" else None
        elif request and "request_id" not in record:
            record["request_id"] = request
            record["parse_errors"] = ["request_id_inherited"]
        if record.get("message") == "---- begin of import ----":
            continue
        row = {name: value for name, value in record.items() if name not in ("@timestamp", "attributes")}
        row["event_time"] = record["@timestamp"]
        if record.get("message") != each["message"]:
            row["raw"] = each["message"]
        rows.append(json.dumps(row) + "\n")
        lines.append(json.dumps({"create": {"_index": f"logs-shop-14d-{moment:%Y.%m.%d}", "_id": each["id"]}}) + "\n")
        lines.append(json.dumps(record) + "\n")
    return packed(rows, 1_024_000), packed(lines, 5 * 1024 * 1024)


def packed(lines: list[str], largest: int) -> list[bytes]:
    """Join *lines* into pieces of at most *largest* bytes."""
    pieces, piece, size = [], [], 0
    for line in lines:
        data = line.encode()
        if size + len(data) > largest:
            pieces.append(b"".join(piece))
            piece, size = [], 0
        piece.append(data)
        size += len(data)
    return [*pieces, b"".join(piece)]
