"""Prove the way of rows that do not convert, from Firehose's own failures to quarantine, on the stack of this machine."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import logshape
from logshape.archive.questions import Archive
from logshape.artefacts import firehose
from logshape.local.aws import LocalAws
from logshape.local.deployment import ARCHIVE, SPOOL, deployed

CONTRACT = Path(__file__).parents[2] / "shared" / "contract.yaml"
GOOD = [{"event_id": str(n), "status": 200, "message": "fine"} for n in range(3)]
BAD = {"event_id": "bad", "status": "two hundred", "message": "fine"}


def test_one_bad_row_costs_its_record_and_then_only_itself(tmp_path: Path) -> None:
    """Firehose refuses a record whole; each row goes once more alone, and what fails alone is told from the rest."""
    contract = logshape.load(CONTRACT)
    record = b"".join(json.dumps(row).encode() + b"\n" for row in (*GOOD, BAD))
    with LocalAws(tmp_path) as aws, deployed(aws, contract, CONTRACT, None) as stack:
        redrive = stack.redrive()
        aws.client("firehose").put_record_batch(
            DeliveryStreamName=firehose.stream_name(contract), Records=[{"Data": record}]
        )
        failed = []
        for _ in range(2):
            aws.firehose.flush()
            failed.append(keys(aws, ARCHIVE, "failed/"))
            redrive.poll()
        aws.firehose.flush()

        assert [len(each) for each in failed] == [1, 1]
        assert failed[0] != failed[1]
        assert keys(aws, ARCHIVE, "failed/") == []
        (quarantined,) = keys(aws, SPOOL, "spool/quarantine/archive/")
        assert aws.save(SPOOL, tmp_path / "spool") == 1

    rows = lines(tmp_path / "spool" / quarantined)
    assert [(row["event_id"], row["rule"]) for row in rows] == [("bad", "archive-DataFormatConversion.MalformedData")]
    with Archive(tmp_path / "archive") as archive:
        assert archive.ask("SELECT event_id FROM logs ORDER BY ALL").rows == [("0",), ("1",), ("2",)]


def keys(aws: LocalAws, bucket: str, prefix: str) -> list[str]:
    """Return the keys of *bucket* under *prefix*."""
    found = aws.client("s3").list_objects_v2(Bucket=bucket, Prefix=prefix)
    return [item["Key"] for item in found.get("Contents", [])]


def lines(file: Path) -> list[Any]:
    """Return the lines of a file of the spool."""
    return [json.loads(line) for line in gzip.decompress(file.read_bytes()).splitlines()]
