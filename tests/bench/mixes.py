"""The three mixes of lines that are measured, as subscription events of 1,000 events each."""

from __future__ import annotations

import base64
import gzip
import json

EVENTS = 1000
TIME = 1761950301010  # 2025-10-31T22:38:21.010Z
REQUEST = "79b4f56e-95b1-4643-9700-{:012x}"


def _text(number: int) -> str:
    return f"[INFO]\t2025-10-31T22:38:21.{number % 1000:03d}Z\t{REQUEST.format(number // 8)}\treserved stock for o-{number} in {number % 90} ms\n"


def _powertools(number: int) -> str:
    keys = {
        "level": "WARNING" if number % 9 == 0 else "INFO",
        "location": "handle:42",
        "message": f"payment of {number} EUR accepted for o-{number}",
        "timestamp": f"2025-10-31 22:38:21,{number % 1000:03d}+0000",
        "service": "orders",
        "cold_start": number < 8,
        "function_name": "orders-api",
        "function_memory_size": "256",
        "function_arn": "arn:aws:lambda:eu-west-1:123456789012:function:orders-api",
        "function_request_id": REQUEST.format(number // 8),
        "order_id": f"o-{number}",
        "duration": number / 8,
        "xray_trace_id": f"1-69053a1d-{number:024x}",
    }
    return json.dumps(keys, separators=(",", ":")) + "\n"


def _mixed(number: int) -> str:
    """Eight lines an invocation: the three of the service, two of each logger and a print."""
    request = REQUEST.format(number // 8)
    match number % 8:
        case 0:
            return f"START RequestId: {request} Version: $LATEST\n"
        case 1 | 3:
            return _powertools(number)
        case 2 | 4:
            return _text(number)
        case 5:
            return f"debug: cart = {{'sku': 'A-{number}', 'qty': 2}}\n"
        case 6:
            return f"END RequestId: {request}\n"
        case _:
            numbers = f"Duration: {number / 8} ms\tBilled Duration: {number} ms\tMemory Size: 256 MB\tMax Memory Used: 74 MB\t"
            return f"REPORT RequestId: {request}\t{numbers}\n"


def _event(lines: list[str]) -> dict[str, object]:
    events = [
        {"id": f"{number:056d}", "timestamp": TIME + number, "message": line} for number, line in enumerate(lines)
    ]
    payload = {
        "messageType": "DATA_MESSAGE",
        "owner": "123456789012",
        "logGroup": "/aws/lambda/orders-api",
        "logStream": "2025/10/31/[$LATEST]0123456789abcdef0123456789abcdef",
        "subscriptionFilters": ["logshape/shop/ingest"],
        "logEvents": events,
    }
    return {"awslogs": {"data": base64.b64encode(gzip.compress(json.dumps(payload).encode(), 6)).decode()}}


MIXES = {
    name: _event([line(number) for number in range(EVENTS)])
    for name, line in {"powertools json": _powertools, "lambda text": _text, "mix": _mixed}.items()
}

# The same lines, in each of which a detector finds something.
FOUND = {
    "powertools json": _event(
        [_powertools(number).replace(" for o", f" for anna{number}@example.com, o") for number in range(EVENTS)]
    ),
    "lambda text": _event(
        [_text(number).replace("reserved", f"anna{number}@example.com reserved") for number in range(EVENTS)]
    ),
}
