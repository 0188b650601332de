"""Turns bulk bodies into documents, as OpenSearch does: an id is created once in an index, and then known."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

from tests.faults.wires import json_told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.faults.wires import Call
    from tests.wires import Told


class Bulk:
    """An index that is well; *documents* are what it holds, by index and id."""

    def __init__(self, pattern: str) -> None:
        """Hold nothing; the template covers *pattern*."""
        self.documents: dict[tuple[str, str], bytes] = {}
        self._template = {"index_templates": [{"name": "t", "index_template": {"index_patterns": [pattern]}}]}
        self._lock = threading.Lock()

    def __call__(self, call: Call, body: bytes) -> Told:
        """Answer any request."""
        if call.wire == "cluster":
            return json_told(200, self._template if "_index_template" in call.path else {"status": "green"})
        with self._lock:
            items = [self._create(index, event_id, document) for index, event_id, document in pairs(body)]
        return json_told(200, {"took": 1, "errors": any(i["create"]["status"] != 201 for i in items), "items": items})

    def _create(self, index: str, event_id: str, document: bytes) -> dict[str, dict[str, object]]:
        if (index, event_id) in self.documents:
            error = {"type": "version_conflict_engine_exception", "reason": f"[{event_id}]: document already exists"}
            return {"create": {"_index": index, "_id": event_id, "status": 409, "error": error}}
        self.documents[index, event_id] = document
        return {"create": {"_index": index, "_id": event_id, "status": 201}}


def pairs(body: bytes) -> Iterator[tuple[str, str, bytes]]:
    """Yield index, id and document of each action in *body*."""
    lines = body.splitlines()
    for action, document in zip(lines[::2], lines[1::2], strict=True):
        target = json.loads(action)["create"]
        yield target["_index"], target["_id"], document
