"""Turns log events, and the keys of objects, into what Lambda hands to our functions."""

from __future__ import annotations

import base64
import gzip
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SPOOL = "spool"
"""The bucket of the spool."""


def payload(events: Iterable[Mapping[str, object]]) -> dict[str, Any]:
    """Return what CloudWatch Logs sends of *events*, lone surrogates and all."""
    message = {
        "messageType": "DATA_MESSAGE",
        "owner": "123456789012",
        "logGroup": "/aws/lambda/shop-orders",
        "logStream": "2025/10/31/[$LATEST]a",
        "subscriptionFilters": ["logshape/shop"],
        "logEvents": list(events),
    }
    return {"awslogs": {"data": base64.b64encode(gzip.compress(json.dumps(message).encode(), 1)).decode()}}


def notification(key: str) -> str:
    """Return what S3 says when an object is created."""
    described = {"bucket": {"name": SPOOL}, "object": {"key": quote_plus(key)}}
    return json.dumps({"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": described}]})


def queued(messages: Mapping[str, str]) -> dict[str, Any]:
    """Return what SQS hands to a function of *messages*, by id."""
    arn = "arn:aws:sqs:us-east-1:123456789012:redrive"
    return {
        "Records": [
            {"messageId": name, "receiptHandle": name, "body": body, "attributes": {}, "eventSourceARN": arn}
            for name, body in messages.items()
        ]
    }
