"""What lies in the spool, and under which keys."""

from __future__ import annotations

import gzip
import json
import re
from datetime import UTC, datetime

from logshape.sinks import Document
from logshape.sinks.spool import Spool, rule_of
from tests.wires import INDEX, document, row

AT = datetime(2026, 1, 2, 3, 59, 59, tzinfo=UTC).timestamp()
ROW = Document(event_id="1", body=row("1"))
DOCUMENT = Document(event_id="2", body=document("2"), index=INDEX)


class Bucket(dict[str, bytes]):
    """Objects by key."""

    def spool(self, at: float = AT) -> Spool:
        """Return a spool that writes here."""
        return Spool(self.__setitem__, contract_version=3, clock=lambda: at)

    def lines(self) -> list[object]:
        """Return the lines of all objects."""
        return [json.loads(line) for content in self.values() for line in gzip.decompress(content).splitlines()]


def test_an_undelivered_document_is_kept_as_the_sink_takes_it() -> None:
    """Redrive sends these bytes and asks nobody how they were made."""
    bucket = Bucket()

    bucket.spool().undelivered("archive", [ROW], "archive-busy-Throttling")
    bucket.spool().undelivered("index", [DOCUMENT], "index-503")

    contents = [gzip.decompress(content) for content in bucket.values()]
    assert contents == [
        b'{"event_id":"1","document":%s}\n' % row("1"),
        b'{"event_id":"2","index":"%s","document":%s}\n' % (INDEX.encode(), document("2")),
    ]
    assert [re.sub("[0-9a-f]{32}", "*", key) for key in bucket] == [
        "undelivered/archive/2026/01/02/03/archive-busy-Throttling.*.ndjson.gz",
        "undelivered/index/2026/01/02/03/index-503.*.ndjson.gz",
    ]
    assert [rule_of(key) for key in bucket] == ["archive-busy-Throttling", "index-503"]


def test_a_reason_that_a_store_has_made_up_is_still_a_name() -> None:
    """It stands in a key, which a shell, a URL and a folder have to hold as it is."""
    bucket = Bucket()

    key = bucket.spool().undelivered("index", [DOCUMENT], f"index-a/b 'ü'.{'x' * 100}")

    assert rule_of(key) == f"index-a-b-----{'x' * 66}"
    assert (rule_of("undelivered/index/mine.ndjson.gz"), rule_of("undelivered/index/mine")) == ("", "")


def test_the_same_documents_are_one_object_and_others_another() -> None:
    """An invocation that is tried again must neither double what is kept nor write over what another has kept."""
    bucket = Bucket()

    for documents in ([DOCUMENT], [DOCUMENT], [DOCUMENT, DOCUMENT]):
        bucket.spool().undelivered("index", documents, "index-503")

    assert len(bucket) == 2
    assert len(bucket.lines()) == 3


def test_quarantine_says_why() -> None:
    """Nobody can mend a contract from a document alone."""
    bucket = Bucket()

    bucket.spool().quarantine("index", [(DOCUMENT, "index-mapper_parsing_exception", "failed to parse")])

    assert [key.rpartition("/")[0] for key in bucket] == ["quarantine/index/2026/01/02/03"]
    assert bucket.lines() == [
        {
            "event_id": "2",
            "index": INDEX,
            "document": json.loads(document("2")),
            "reason": "failed to parse",
            "rule": "index-mapper_parsing_exception",
            "contract_version": 3,
        }
    ]


def test_quarantine_names_the_version_that_shaped_the_document() -> None:
    """It may have waited in the spool while the contract got another; a payload was shaped by none."""
    bucket = Bucket()
    old = Document(event_id="1", body=b'{"event_id":"1","contract_version":2}')

    bucket.spool().quarantine("archive", [(old, "rule", "why"), (ROW, "rule", "why")])
    bucket.spool().quarantine("payload", [(old, "rule", "why")])

    assert [line["contract_version"] for line in bucket.lines()] == [2, 3, 3]  # type: ignore[index] # objects


def test_a_payload_is_kept_whatever_it_is() -> None:
    """What could not be read may be no JSON, no text, or JSON on many lines, and a line of the spool is always one."""
    bucket = Bucket()
    payloads = [b'{"awslogs":\n {"data":"x"}}', b'"x"', b"not JSON \xff\n"]

    refused = [(Document(event_id="", body=payload), "payload-unreadable", "why") for payload in payloads]
    bucket.spool().quarantine("payload", refused)

    lines = bucket.lines()
    assert [line["document"] for line in lines] == [{"awslogs": {"data": "x"}}, "x", "not JSON \ufffd\n"]  # type: ignore[index] # objects
    assert {line["event_id"] for line in lines} == {None}  # type: ignore[index] # as above


def test_a_row_that_was_cut_is_kept_whole() -> None:
    """The archive has what fits in a record."""
    bucket = Bucket()

    bucket.spool().oversize([ROW])

    assert [key.rpartition("/")[0] for key in bucket] == ["oversize/2026/01/02/03"]
    assert bucket.lines() == [{"event_id": "1", "document": json.loads(row("1"))}]
