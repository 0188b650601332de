"""Turns a draw of requests into API Gateway access logs in the three formats that its documentation gives."""

from __future__ import annotations

import json
import random
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sample import iso

if TYPE_CHECKING:
    from collections.abc import Callable

    from sample import Sample, Told

Request = dict[str, str]
REQUESTS = 90
STATUSES = (200, 200, 200, 200, 201, 204, 301, 400, 403, 404, 429, 429, 500, 502, 504)
PATHS = ("/orders", "/orders/{orderId}", "/customers/{customerId}/cart", "/{proxy+}", "/health", "/検索")
CLIENTS = ("192.0.2.14", "198.51.100.7", "203.0.113.250", "2001:db8::8a2e:370:7334")


def clf(request: Request) -> str:
    """Write the Common Log Format, which has no space before the quote."""
    return (
        "{ip} {caller} {user} [{requestTime}]"
        '"{httpMethod} {resourcePath} {protocol}" {status} {responseLength} {requestId} {extendedRequestId}'
    ).format(**request)


def csv(request: Request) -> str:
    """Write comma-separated values, none of them quoted."""
    return (
        "{ip},{caller},{user},{requestTime},{httpMethod},{resourcePath},{protocol},{status},{responseLength},"
        "{requestId},{extendedRequestId}"
    ).format(**request)


def as_json(request: Request) -> str:
    """Write JSON, in which every value is text."""
    keys = (
        "requestId", "extendedRequestId", "ip", "caller", "user", "requestTime", "httpMethod", "resourcePath",
        "status", "protocol", "responseLength",
    )  # fmt: skip
    return json.dumps({key: request[key] for key in keys}, ensure_ascii=False)


GROUPS: dict[str, Callable[[Request], str]] = {
    "/aws/apigateway/shop-access": as_json,
    "/aws/apigateway/shop-access-clf": clf,
    "/aws/apigateway/shop-access-csv": csv,
}


def add_to(sample: Sample, first: int, last: int) -> None:
    """Add the three groups, their requests spread over the time from *first* to *last*."""
    for group, write in GROUPS.items():
        draw = random.Random(group)  # noqa: S311 # no secret, and it must repeat
        stream = sample.stream(group, first, "0")
        for arrived in sorted(draw.randint(first + 1000, last) for _ in range(REQUESTS)):
            received = arrived - draw.randint(5, 900)
            request = _request(draw, received)
            stream.add(arrived, write(request), _told(request, received))


def manifest() -> dict[str, dict[str, str]]:
    """Say whose format each group follows."""
    return {
        group: {
            "source": "published",
            "format": f"API Gateway access log, {write.__name__.removeprefix('as_').upper()}",
        }
        for group, write in GROUPS.items()
    }


def _request(draw: random.Random, received: int) -> Request:
    status = draw.choice(STATUSES)
    known = status != 403
    return {
        "requestId": str(uuid.UUID(int=draw.getrandbits(128), version=4)),
        "extendedRequestId": "".join(draw.choices("ABCDEFabcdef0123456789", k=15)) + "=",
        "ip": draw.choice(CLIENTS),
        "caller": "-",
        "user": draw.choice(("-", "-", "AIDAEXAMPLEUSER")),
        "requestTime": datetime.fromtimestamp(received / 1000, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "httpMethod": draw.choice(("GET", "GET", "POST", "PUT", "DELETE")),
        "resourcePath": draw.choice(PATHS) if known else "-",
        "status": str(status),
        "protocol": "HTTP/1.1",
        "responseLength": "-" if status in (204, 301) else str(draw.randint(20, 90_000)),
    }


def _told(request: Request, received: int) -> Told:
    length, path = request["responseLength"], request["resourcePath"]
    return {
        "level": None,
        "@timestamp": iso(received // 1000 * 1000),
        "request_id": request["requestId"],
        "status": int(request["status"]),
        "method": request["httpMethod"],
        "path": None if path == "-" else path,
        "client_ip": request["ip"],
        "protocol": request["protocol"],
        "response_length": None if length == "-" else int(length),
    }
