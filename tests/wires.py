"""What the other ends of our wires are in tests: documents to send, and an HTTP server that answers as it is told."""

from __future__ import annotations

import gzip
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

INDEX = "logs-shop-14d-2025.10.31"
TEMPLATE = '{"index_templates":[{"name":"logs-shop","index_template":{"index_patterns":["logs-shop-14d-*"]}}]}'


class Asked(NamedTuple):
    """One request, its body inflated."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Told(NamedTuple):
    """One answer; a *status* of 0 closes the connection in place of it."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


def row(event_id: str) -> bytes:
    """Return one archive row."""
    return b'{"event_time":"2025-10-31T22:38:21.010Z","message":"\\u0000 a","event_id":"%s"}' % event_id.encode()


def record(*event_ids: str) -> bytes:
    """Return a Firehose record of rows."""
    return b"".join(row(event_id) + b"\n" for event_id in event_ids)


def document(event_id: str) -> bytes:
    """Return one index document."""
    return b'{"@timestamp":"2025-10-31T22:38:21.010Z","message":"a","event_id":"%s"}' % event_id.encode()


def body(*event_ids: str, index: str = INDEX) -> bytes:
    """Return a bulk body."""
    action = '{"create":{"_index":"%s","_id":"%s"}}'
    return b"".join(b"%s\n%s\n" % ((action % (index, event_id)).encode(), document(event_id)) for event_id in event_ids)


def ids(bulk: bytes) -> list[str]:
    """Return the ids of a bulk body."""
    return [json.loads(line)["create"]["_id"] for line in bulk.splitlines()[::2]]


def created(bulk: bytes, statuses: dict[str, int] | None = None) -> bytes:
    """Return what OpenSearch answers to *bulk* when each document has the status given, or 201."""
    found = statuses or {}
    items = [{"create": {"_id": event_id, "status": found.get(event_id, 201)}} for event_id in ids(bulk)]
    return json.dumps({"took": 1, "errors": bool(found), "items": items}).encode()


@contextmanager
def served(answer: Callable[[Asked], Told]) -> Iterator[tuple[str, list[Asked]]]:
    """Serve *answer* on a free port; give the URL, and what was asked so far."""
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet, or each answer waits for an acknowledgement

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def do_PUT(self) -> None:
            self._answer()

        def handle_expect_100(self) -> bool:
            """Let the client go on with its body, without the buffer."""
            goes_on = super().handle_expect_100()
            self.wfile.flush()
            return goes_on

        def log_message(self, *_: object) -> None:
            """Stay silent."""

        def _answer(self) -> None:
            sent = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            inflated = gzip.decompress(sent) if headers.get("content-encoding") == "gzip" else sent
            asked.append(Asked(self.command, self.path, headers, inflated))
            told = answer(asked[-1])
            if told.status == 0:
                self.close_connection = True
                return
            self.send_response(told.status)
            for name, value in {"content-length": str(len(told.body)), **dict(told.headers)}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(told.body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
