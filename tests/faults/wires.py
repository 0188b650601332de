"""Turns the calls of a function into calls of its stores, or into whatever may befall them on the way."""

from __future__ import annotations

import gzip
import http.client
import itertools
import json
import socket
import struct
import threading
from collections import Counter
from contextlib import contextmanager
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Literal, TypeAlias

from tests.wires import Told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from email.message import Message

Wire: TypeAlias = Literal["archive", "index", "cluster", "spool", "other"]
"""Whom a call is for: Firehose, `_bulk`, what else OpenSearch is asked, S3, any other service."""

_HOP_BY_HOP = frozenset({"accept-encoding", "connection", "content-length", "expect", "transfer-encoding", "host"})
"""Headers that are no store's: faults read answers, so none may be packed."""
_RESET = struct.pack("ii", 1, 0)


class Call:
    """One call, as far as it has come: *number* counts the calls of its wire, *total* those of all wires."""

    def __init__(self, handler: BaseHTTPRequestHandler, number: int, total: int) -> None:
        """Take the head; the body stays on the wire until somebody reads it."""
        self.method: str = handler.command
        self.path = handler.path
        self.headers: Message = handler.headers
        self.wire = wire_of(handler)
        self.number, self.total = number, total
        self._stream = handler.rfile

    @cached_property
    def sent(self) -> bytes:
        """The body as it came."""
        return self._stream.read(int(self.headers.get("content-length", 0)))

    @cached_property
    def body(self) -> bytes:
        """The body, inflated."""
        return gzip.decompress(self.sent) if self.headers.get("content-encoding") == "gzip" else self.sent

    def half(self) -> None:
        """Read half of the body."""
        self._stream.read(int(self.headers.get("content-length", 0)) // 2)


Store: TypeAlias = "Callable[[Call, bytes], Told]"
"""What answers a call with the body given, which may be another than the call's."""


class Exchange:
    """A call and its store, in the hands of a fault: each of its methods does something to one of them."""

    def __init__(self, call: Call, store: Store, handler: BaseHTTPRequestHandler, over: threading.Event) -> None:
        """Nothing was read, forwarded or answered yet; *over* ends what hangs."""
        self.call = call
        self.over = over
        self._store = store
        self._handler = handler

    def forward(self, body: bytes | None = None) -> Told:
        """Let the store have the call, or *body* in its place, and return what it answers."""
        return self._store(self.call, self.call.body if body is None else body)

    def tell(self, told: Told) -> None:
        """Answer."""
        self._handler.wfile.write(self._head(told))
        self._handler.wfile.write(told.body)
        self._handler.wfile.flush()

    def begin(self, told: Told) -> None:
        """Send the answer up to the middle of its body, or of its head where it has none."""
        head = self._head(told)
        self._handler.wfile.write(head if told.body else head[: len(head) // 2])
        self._handler.wfile.write(told.body[: len(told.body) // 2])
        self._handler.wfile.flush()

    def drip(self, told: Told, pause: float) -> None:
        """Answer a byte at a time, so that no single read is ever late."""
        for byte in self._head(told) + told.body:
            if self.over.wait(pause):
                break
            self._handler.wfile.write(bytes([byte]))
            self._handler.wfile.flush()
        self.close()

    def hang(self) -> None:
        """Say nothing more until the trial is over."""
        self.over.wait()
        self.close()

    def close(self) -> None:
        """End the connection in good order."""
        self._handler.close_connection = True

    def reset(self) -> None:
        """Break the connection off, as a machine does that dies."""
        self._handler.close_connection = True
        self._handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._handler.connection.close()

    def raw(self, text: bytes) -> None:
        """Answer with *text*, which need not be HTTP."""
        self._handler.wfile.write(text)
        self._handler.wfile.flush()
        self.close()

    @staticmethod
    def _head(told: Told) -> bytes:
        headers = {"content-length": str(len(told.body)), **dict(told.headers)}
        lines = [f"HTTP/1.1 {told.status} {http.client.responses.get(told.status, '')}"]
        return "\r\n".join([*lines, *(f"{name}: {value}" for name, value in headers.items()), "\r\n"]).encode()


Fault: TypeAlias = "Callable[[Exchange], None]"


def well(exchange: Exchange) -> None:
    """Let the store answer."""
    exchange.tell(exchange.forward())


class Wires:
    """All that one function's process is connected to: one address, which knows from a call whom it is for."""

    def __init__(self, index: Store, aws: Store) -> None:
        """Connect to *index* and to *aws*, with no fault anywhere."""
        self.faults: dict[Wire, Fault] = {}
        self.watch: Callable[[Call], Fault | None] = lambda _: None
        self.calls: Counter[Wire] = Counter()
        self.url = ""
        self.index, self.aws = index, aws
        self._total = itertools.count()
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._errors: list[Exception] = []

    def heal(self) -> None:
        """Take every fault away, and end what hangs."""
        self.faults, self.watch = {}, lambda _: None
        self._over.set()
        self._over = threading.Event()

    def take(self, handler: BaseHTTPRequestHandler) -> None:
        """Deal with one request."""
        with self._lock:
            wire = wire_of(handler)
            call = Call(handler, self.calls[wire], next(self._total))
            self.calls[wire] += 1
            over = self._over
        fault = self.watch(call) or self.faults.get(wire, well)
        store = self.index if wire in ("index", "cluster") else self.aws
        try:
            fault(Exchange(call, store, handler, over))
        except OSError:  # the other end is gone, killed perhaps
            handler.close_connection = True
        except Exception as error:
            self._errors.append(error)
            raise

    @contextmanager
    def served(self) -> Iterator[str]:
        """Serve until the block ends, which then raises what is wrong with a fault; give the URL."""
        server = _server(self)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        self.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield self.url
        finally:
            self.heal()
            server.shutdown()
            server.server_close()
            thread.join()
        if self._errors:
            raise self._errors[0]


def _server(wires: Wires) -> ThreadingHTTPServer:  # noqa: C901 # a method for each verb, all the same
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet, or each answer waits for an acknowledgement

        def do_GET(self) -> None:
            wires.take(self)

        def do_POST(self) -> None:
            wires.take(self)

        def do_PUT(self) -> None:
            wires.take(self)

        def do_HEAD(self) -> None:
            wires.take(self)

        def do_DELETE(self) -> None:
            wires.take(self)

        def handle_expect_100(self) -> bool:
            """Let the client go on with its body, without the buffer."""
            goes_on = super().handle_expect_100()
            self.wfile.flush()
            return goes_on

        def finish(self) -> None:
            """End, whatever has become of the connection."""
            try:
                super().finish()
            except (OSError, ValueError):
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 32

        def handle_error(self, *_: object) -> None:
            """Stay silent: connections break off here all day, and what is wrong with a fault is raised elsewhere."""

    return Server(("127.0.0.1", 0), Handler)


def wire_of(handler: BaseHTTPRequestHandler) -> Wire:
    """Tell for whom a request is."""
    target = handler.headers.get("x-amz-target", "")
    if target.startswith("Firehose"):
        return "archive"
    if target:
        return "other"
    if handler.path.startswith("/_bulk"):
        return "index"
    return "cluster" if handler.path.startswith("/_") or handler.path == "/" else "spool"


def relay(endpoint: str) -> Store:
    """Return the store behind *endpoint*, asked in the call's own words."""
    host = endpoint.removeprefix("http://")

    def ask(call: Call, body: bytes) -> Told:
        headers = {name: value for name, value in call.headers.items() if name.lower() not in _HOP_BY_HOP}
        packed = headers.get("content-encoding") == "gzip"
        connection = http.client.HTTPConnection(host, timeout=60)
        try:
            connection.request(call.method, call.path, gzip.compress(body, 1) if packed else body, headers)
            answer = connection.getresponse()
            told = [(name, value) for name, value in answer.getheaders() if name.lower() not in _HOP_BY_HOP]
            return Told(answer.status, answer.read(), tuple(told))
        finally:
            connection.close()

    return ask


@contextmanager
def nobody() -> Iterator[str]:
    """Give the URL of a port that is taken and where nobody listens: who calls is refused."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


def json_told(status: int, body: object, *headers: tuple[str, str]) -> Told:
    """Return an answer in JSON."""
    return Told(status, json.dumps(body).encode(), (("content-type", "application/json"), *headers))
