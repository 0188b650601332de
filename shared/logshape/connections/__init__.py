"""
Turns the environment into connections: to Data Firehose, to OpenSearch, to S3, and to what operators change.

Whatever happens on a wire comes back as a value of `answers`. No retry is made for the sinks: whoever calls has the
patience, and knows how much of it is left. A connection is opened when it is first used; `warm` pays for the imports
before.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from logshape.connections.answers import Keep, NoAnswer, Put, Refused, Reply, Request
from logshape.connections.aws import CONNECT_SECONDS, READ_SECONDS, Aws, Session, firehose, spool, uncollected
from logshape.connections.cluster import ACTIONS, opensearch
from logshape.connections.control import CONTROL_SECONDS, Control
from logshape.connections.keys import redact_key
from logshape.connections.objects import Bucket, Folder, Item, Store, bucket_and_prefix
from logshape.connections.queue import Queue

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "ACTIONS",
    "CONNECT_SECONDS",
    "CONTROL_SECONDS",
    "READ_SECONDS",
    "Aws",
    "Bucket",
    "Control",
    "Folder",
    "Item",
    "Keep",
    "NoAnswer",
    "Put",
    "Queue",
    "Refused",
    "Reply",
    "Request",
    "Session",
    "Store",
    "bucket_and_prefix",
    "firehose",
    "opensearch",
    "redact_key",
    "spool",
    "warm",
]

TALKATIVE: Final = ("botocore", "opensearch", "urllib3")
"""Loggers that print bodies, and so what the events say, at level DEBUG, and a line for each request at INFO."""


def warm(environ: Mapping[str, str]) -> None:
    """Import what the sinks that are on will need, so that a container pays before its first event."""
    with uncollected():
        if environ.get("LOGSHAPE_FIREHOSE_STREAM"):
            import botocore.session  # noqa: F401 # imported to be there
        if environ.get("LOGSHAPE_OPENSEARCH_URL"):
            import opensearchpy  # noqa: F401 # as above
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.ERROR)
