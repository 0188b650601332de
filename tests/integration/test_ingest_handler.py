"""Prove the ingest function on the wire: real clients to moto's Firehose and S3, and to an index that fails as it is told."""

from __future__ import annotations

import gzip
import importlib.util
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from logshape.errors import Undeliverable
from logshape.ledger import Ledger
from logshape.local.functions import Context
from logshape.local.subscriptions import control_message, data_message
from tests.wires import Told, created, ids, served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from logshape.local.aws import LocalAws
    from tests.wires import Asked

ROOT = Path(__file__).parents[2]
HANDLER = ROOT / "functions" / "ingest" / "handler.py"
CONTRACT = """
version: 1
name: shop
groups:
  - {name: shop, match: [/aws/lambda/shop-*], formats: [aws/lambda-text], keep: {index: 14d}}
"""
STREAM, ARCHIVE, SPOOL = "shop-archive", "archive", "spool"
TEMPLATE = b'{"index_templates":[{"index_template":{"index_patterns":["logs-shop-14d-*"]}}]}'
EVENTS = [f"{n:056d}" for n in range(20)]
PATIENT = 60.0


class Store:
    """An index that keeps what it is sent, unless *answer* says otherwise."""

    def __init__(self) -> None:
        """Keep everything."""
        self.ids: list[str] = []
        self.answer: Callable[[Asked], Told] = self.keep

    def keep(self, asked: Asked) -> Told:
        """Store the documents, each once."""
        known = {event_id: 409 for event_id in ids(asked.body) if event_id in self.ids}
        self.ids += [event_id for event_id in ids(asked.body) if event_id not in known]
        return Told(200, created(asked.body, known))

    def __call__(self, asked: Asked) -> Told:
        """Answer any request."""
        return Told(200, TEMPLATE) if asked.method == "GET" else self.answer(asked)


class Ingest:
    """The function with its stores around it."""

    def __init__(self, aws: LocalAws, store: Store, url: str) -> None:
        """Import the handler with the environment as it is."""
        self.aws = aws
        self.store = store
        self.url = url
        self.handle: Callable[[object, object], dict[str, int]] = _module().handle

    def invoke(self, event: object, seconds: float = PATIENT) -> Ledger:
        """Run the handler once and return the counts that it answers."""
        context = Context(
            function_name="shop-ingest",
            invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:shop-ingest",
            aws_request_id="r",
            log_group_name="/aws/lambda/shop-ingest",
            log_stream_name="s",
            deadline=time.monotonic() + seconds,
        )
        return Ledger(**self.handle(event, context))

    def archived(self) -> list[str]:
        """Return the ids of the rows that Firehose has written."""
        self.aws.firehose.flush()
        return [line["event_id"] for line in self._lines(ARCHIVE, "")]

    def kept(self, folder: str) -> list[str]:
        """Return the ids of the documents in a folder of the spool."""
        return [line["event_id"] for line in self._lines(SPOOL, f"logshape/{folder}/")]

    def _lines(self, bucket: str, prefix: str) -> Iterator[Any]:
        s3 = self.aws.client("s3")
        for item in s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", []):
            content = s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()
            text = gzip.decompress(content) if item["Key"].endswith(".gz") else content
            yield from map(json.loads, text.splitlines())


def _module() -> Any:  # noqa: ANN401 # a module made at run time
    spec = importlib.util.spec_from_file_location("handler", HANDLER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def payload(*event_ids: str) -> dict[str, object]:
    """Return what CloudWatch Logs sends of a line for each id, now."""
    now = time.time_ns() // 1_000_000
    events = [{"id": event_id, "timestamp": now, "message": f"[ERROR] {'ü' * 50}\n"} for event_id in event_ids]
    return data_message("123456789012", "/aws/lambda/shop-orders", "2025/10/31/[$LATEST]a", "logshape/shop", events)


@pytest.fixture
def ingest(aws: LocalAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ingest]:
    """Set up a delivery stream, two buckets, an index, and the function with the environment that a stack gives it."""
    for bucket in (ARCHIVE, SPOOL):
        aws.client("s3").create_bucket(Bucket=bucket)
    aws.client("firehose").create_delivery_stream(
        DeliveryStreamName=STREAM,
        ExtendedS3DestinationConfiguration={
            "RoleARN": "arn:aws:iam::123456789012:role/firehose",
            "BucketARN": f"arn:aws:s3:::{ARCHIVE}",
        },
    )
    contract = tmp_path / "contract.yaml"
    contract.write_text(CONTRACT, encoding="utf-8")
    store = Store()
    with served(store) as (url, _):
        variables = aws.environment() | {
            "AWS_LAMBDA_FUNCTION_NAME": "shop-ingest",
            "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/shop-ingest",
            "LOGSHAPE_CONTRACT": str(contract),
            "LOGSHAPE_FIREHOSE_STREAM": STREAM,
            "LOGSHAPE_OPENSEARCH_URL": url,
            "LOGSHAPE_SPOOL": f"s3://{SPOOL}/logshape",
        }
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        yield Ingest(aws, store, url)


def test_events_reach_both_stores_and_the_books_say_so(ingest: Ingest) -> None:
    """The good day, and the same payload again: CloudWatch Logs may deliver it twice."""
    event = payload(*EVENTS)

    ledgers = [ingest.invoke(event), ingest.invoke(event)]

    assert ledgers == [
        Ledger(received=20, archived=20, indexed=20),
        Ledger(received=20, archived=20, duplicates=20),
    ]
    assert ingest.store.ids == EVENTS
    assert ingest.archived() == [*EVENTS, *EVENTS]


def test_a_control_message_is_answered_with_nothing(ingest: Ingest) -> None:
    """It asks whether the destination is there, and carries no event of anybody."""
    assert ingest.invoke(control_message(0)) == Ledger()


def test_events_of_the_functions_own_group_go_nowhere(ingest: Ingest) -> None:
    """They would come back as more of themselves."""
    event = data_message(
        "1", "/aws/lambda/shop-ingest", "s", "f", [{"id": "1", "timestamp": 1_800_000_000_000, "message": "x"}]
    )

    assert ingest.invoke(event) == Ledger(received=1, filtered=1)


def test_a_payload_that_cannot_be_read_is_quarantined_whole(ingest: Ingest) -> None:
    """It is counted, and is there for whoever wants to know what it was."""
    ledger = ingest.invoke({"awslogs": {"data": "not base64!"}})

    assert ledger == Ledger(payloads_quarantined=1)
    assert ingest.kept("quarantine/payload") == [None]


def cut(_: Asked) -> Told:
    """Promise more than is sent."""
    return Told(200, b'{"items":[', (("content-length", "99"), ("connection", "close")))


INDEX_FAULTS: dict[str, tuple[Callable[[Asked], Told], str]] = {
    "a reset in place of an answer": (lambda _: Told(0), "index_spooled"),
    "an answer cut short": (cut, "index_spooled"),
    "HTML with 200": (lambda _: Told(200, b"<html>sign in</html>"), "index_spooled"),
    "no items": (lambda _: Told(200, b'{"items":[]}'), "index_spooled"),
    "401": (lambda _: Told(401), "index_spooled"),
    "403": (lambda _: Told(403, b'{"error":{"type":"security_exception"}}'), "index_spooled"),
    "404": (lambda _: Told(404), "index_spooled"),
    "429": (lambda _: Told(429, b"", (("retry-after", "1"),)), "index_spooled"),
    "500": (lambda _: Told(500), "index_spooled"),
    "502": (lambda _: Told(502, b"<html>"), "index_spooled"),
    "503 for an hour": (lambda _: Told(503, b"", (("retry-after", "3600"),)), "index_spooled"),
    "504": (lambda _: Told(504), "index_spooled"),
    "413 for any body": (lambda _: Told(413), "index_quarantined"),
    "400 by a proxy": (lambda _: Told(400, b"<html>"), "index_spooled"),
    "400 by the cluster": (lambda _: Told(400, b'{"error":{"type":"parse_exception"}}'), "index_spooled"),
    "a read-only block": (lambda _: Told(429, b'{"error":{"type":"cluster_block_exception"}}'), "index_spooled"),
}


@pytest.mark.parametrize("fault", INDEX_FAULTS)
def test_an_index_that_fails_loses_nothing_and_leaves_the_archive_alone(ingest: Ingest, fault: str) -> None:
    """Every event is in the archive, and in the spool or in quarantine for the index."""
    ingest.store.answer, count = INDEX_FAULTS[fault]

    ledger = ingest.invoke(payload(*EVENTS))

    assert ledger == Ledger(**{"received": 20, "archived": 20, count: 20})
    folder = {"index_spooled": "undelivered/index", "index_quarantined": "quarantine/index"}[count]
    assert sorted(ingest.kept(folder)) == EVENTS
    assert ingest.archived() == EVENTS


def test_items_that_fail_are_sent_again_alone(ingest: Ingest) -> None:
    """A partial failure is the common one, and looks like success."""
    sent: list[int] = []

    def answer(asked: Asked) -> Told:
        sent.append(len(ids(asked.body)))
        if len(sent) > 1:
            return ingest.store.keep(asked)
        return Told(200, created(asked.body, dict.fromkeys(EVENTS[:5], 429)))

    ingest.store.answer = answer

    ledger = ingest.invoke(payload(*EVENTS))

    assert ledger == Ledger(received=20, archived=20, indexed=20)
    assert (sent, ingest.store.ids) == ([20, 5], EVENTS[:5])


def test_an_answer_that_never_ends_does_not_outlive_the_invocation(ingest: Ingest) -> None:
    """Each byte comes within the time limit of a read; only the invocation's own end bounds the sum."""
    release = threading.Event()

    def answer(asked: Asked) -> Told:
        release.wait()
        return Told(200, created(asked.body))

    ingest.store.answer = answer
    started = time.monotonic()

    ledger = ingest.invoke(payload(*EVENTS), seconds=4.0)

    release.set()
    assert time.monotonic() - started < 4.0
    assert ledger == Ledger(received=20, archived=20, index_spooled=20)
    assert ingest.kept("undelivered/index") == EVENTS


def test_a_stream_that_is_gone_leaves_the_index_alone(ingest: Ingest) -> None:
    """The archive's rows wait in the spool for whoever mends the stack."""
    ingest.aws.client("firehose").delete_delivery_stream(DeliveryStreamName=STREAM)

    ledger = ingest.invoke(payload(*EVENTS))

    assert ledger == Ledger(received=20, archive_spooled=20, indexed=20)
    assert (ingest.kept("undelivered/archive"), ingest.store.ids) == (EVENTS, EVENTS)


def test_with_no_place_left_the_function_fails(ingest: Ingest) -> None:
    """Lambda tries again, and keeps the event in the on-failure destination: nothing is claimed that is not so."""
    ingest.aws.client("s3").delete_bucket(Bucket=SPOOL)
    ingest.store.answer = lambda _: Told(503)

    with pytest.raises(Undeliverable, match=r"^20 of the index's documents: s3://spool/logshape/.*: NoSuchBucket$"):
        ingest.invoke(payload(*EVENTS))

    assert ingest.archived() == EVENTS


def test_a_cold_start_imports_nothing_that_it_does_not_need(tmp_path: Path) -> None:
    """Each of these costs more than all of ours, at every cold start."""
    compiled = tmp_path / "contract.msgpack"
    source = tmp_path / "contract.yaml"
    source.write_text(CONTRACT, encoding="utf-8")
    path = os.pathsep.join(map(str, (ROOT / "shared", HANDLER.parent)))
    environ = os.environ | {"PYTHONPATH": path, "LOGSHAPE_CONTRACT": str(compiled), "LOGSHAPE_FIREHOSE_STREAM": "s"}
    subprocess.run([sys.executable, "-m", "logshape.contract.compiled", source, compiled], env=environ, check=True)

    loaded = "import handler, sys; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", loaded], env=environ, check=True, capture_output=True, text=True)

    costly = {"yaml", "jsonschema", "boto3", "pyarrow", "duckdb", "click", "rich", "hypothesis", "moto", "opensearchpy"}
    assert costly & set(done.stdout.split()) == set()
