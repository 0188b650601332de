"""Turns a real OpenSearch node into an index behind wires: it may go away, and come back elsewhere."""

from __future__ import annotations

import http.client
import json
import os
import signal
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.faults.wires import relay

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.faults.wires import Call
    from tests.wires import Told

MOST = 10_000
"""What a search returns at most."""


class NodeIndex:
    """The indexes of *pattern* in the node at *url*, which may change."""

    def __init__(self, url: str, pattern: str) -> None:
        """Talk to nobody yet."""
        self.url = url
        self._pattern = pattern

    def __call__(self, call: Call, body: bytes) -> Told:
        """Let the node answer; where it is gone the connection breaks off."""
        return relay(self.url)(call, body)

    @property
    def documents(self) -> Mapping[tuple[str, str], bytes]:
        """All that a search finds, once what was stored is searchable."""
        self.ask("POST", f"/{self._pattern}/_refresh")
        hits = self.ask("GET", f"/{self._pattern}/_search?size={MOST}")["hits"]["hits"]
        assert len(hits) < MOST
        return {(hit["_index"], hit["_id"]): json.dumps(hit["_source"]).encode() for hit in hits}

    def ask(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 # JSON
        """Ask the node, past all wires."""
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        try:
            headers = {"content-type": "application/json"}
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read()
            assert answer.status in range(200, 300), text
            return json.loads(text)
        finally:
            connection.close()

    def kill(self) -> None:
        """Kill the node's process with SIGKILL."""
        (node,) = self.ask("GET", "/_nodes/process")["nodes"].values()
        os.kill(node["process"]["id"], signal.SIGKILL)
