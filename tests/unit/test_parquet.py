"""A Parquet file holds every value with the type that the Glue table says, for each of its readers."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pytest
from pyarrow import parquet as arrow_parquet

from logshape.archive import parquet
from logshape.archive.columns import misfits
from logshape.archive.openx import Converter
from logshape.artefacts import glue
from logshape.errors import UnreadableInput

if TYPE_CHECKING:
    from pathlib import Path

    from logshape.contract.model import Contract

FULL = {
    "event_time": "2025-10-31T22:38:21.010Z",
    "observed_time": "2025-10-31T22:38:22.999Z",
    "level": "ERROR",
    "severity_number": 17,
    "message": "注文できません 🛒\n\tno stock",
    "event_id": "39265284216853186538",
    "contract_version": 3,
    "parse_errors": ["type:status", "request_id_inherited"],
    "paid": True,
    "status": 2**31 - 1,
    "bytes": 2**63 - 1,
    "duration": 1e308,
    "ordered_at": "9999-12-31T23:59:59.999Z",
    "client_ip": "2001:db8::1",
    "basket": '{"items":[{"sku":"é"}]}',
    "raw": '{"level":"error"}',
}
EDGE = {
    "event_time": "1969-12-31T23:59:59.999Z",
    "event_id": "1",
    "message": "",
    "parse_errors": [],
    "paid": False,
    "status": -(2**31),
    "bytes": -(2**63),
    "duration": -0.0,
    "ordered_at": "0001-01-01T00:00:00.001Z",
}
ROWS = [FULL, EDGE, {"event_id": "2"}]
TIMES = ("event_time", "observed_time", "ordered_at")


@pytest.fixture
def table(shop: Contract) -> pa.Table:
    """Return ROWS as Firehose converts them."""
    converted = Converter(glue.columns(shop)).convert([b"\n".join(json.dumps(row).encode() for row in ROWS)])
    assert converted.refused == ()
    return converted.table


@pytest.fixture
def path(table: pa.Table, tmp_path: Path) -> Path:
    """Return a Parquet file of ROWS."""
    path = tmp_path / "rows.parquet"
    path.write_bytes(parquet.encode(table))
    return path


def as_sent(row: dict[str, object]) -> dict[str, object]:
    """Return a row that was read as it was sent: times as text, no nulls."""
    return {
        name: f"{value.isoformat(timespec='milliseconds')}Z" if name in TIMES else value  # type: ignore[attr-defined] # the columns of TIMES hold datetimes
        for name, value in row.items()
        if value is not None
    }


def test_pyarrow_reads_back_what_was_sent(table: pa.Table, path: Path) -> None:
    """Every row, every value, every null, milliseconds included."""
    rows = parquet.decode(path).to_pylist()

    assert [as_sent(row) for row in rows] == ROWS
    assert math.copysign(1, rows[1]["duration"]) == -1
    assert parquet.decode(path.read_bytes()).equals(table)


def test_duckdb_reads_back_what_was_sent(path: Path) -> None:
    """The archive's own questions are asked through DuckDB."""
    relation = duckdb.connect().read_parquet(str(path))
    rows = [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]

    assert [as_sent(row) for row in rows] == ROWS
    assert math.copysign(1, rows[1]["duration"]) == -1


def test_the_files_schema_is_the_glue_tables(shop: Contract, path: Path) -> None:
    """Athena reads the file by the table."""
    assert misfits(parquet.decode(path).schema, glue.columns(shop)) == []


def test_the_file_is_of_the_kind_that_firehose_writes(path: Path) -> None:
    """A reader that copes with it here copes with it on AWS."""
    file = arrow_parquet.ParquetFile(path)
    physical = {column.name: column.physical_type for column in map(file.schema.column, range(len(file.schema)))}
    codecs = {file.metadata.row_group(0).column(n).compression for n in range(file.metadata.num_columns)}

    assert [physical[name] for name in TIMES] == ["INT96", "INT96", "INT96"]
    assert (physical["status"], physical["bytes"], physical["duration"]) == ("INT32", "INT64", "DOUBLE")
    assert codecs == {"SNAPPY"}
    assert file.metadata.metadata is None


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/St_Johns"])
def test_another_zone_changes_no_time(zone: str, path: Path) -> None:
    """Whoever asks, wherever, sees UTC."""
    program = (
        "import sys; from pathlib import Path; from logshape.archive import parquet, questions\n"
        "path, hour = Path(sys.argv[1]), \"strftime(event_time, '%H')\"\n"
        "print(parquet.decode(path)['event_time'][0])\n"
        "print(questions.Archive(path).ask(f'SELECT event_time, {hour} FROM logs WHERE paid').rows)"
    )

    seen = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        env=os.environ | {"TZ": zone},
        capture_output=True,
        text=True,
        check=True,
    )

    assert seen.stdout == ("2025-10-31 22:38:21.010000\n[(datetime.datetime(2025, 10, 31, 22, 38, 21, 10000), '22')]\n")


def test_a_file_that_differs_from_the_table_is_told_column_by_column(shop: Contract) -> None:
    """A file of an older contract, or of somebody else, must not be mistaken for one of this table."""
    columns = [column for column in glue.columns(shop) if column["Name"] in ("level", "status", "raw")]
    found = pa.schema([("level", pa.string()), ("status", pa.int64()), ("other", pa.string())])

    assert misfits(found, columns) == [
        "column `raw` is missing",
        "column `other` is not in the table",
        "column `status` has type int64, the table says int32",
    ]


@pytest.mark.parametrize("content", [b"", b"PAR1 and no more", None])
def test_what_is_no_parquet_file_is_said_by_name(content: bytes | None, tmp_path: Path) -> None:
    """A half-written or missing file ends with its name, not with a traceback."""
    path = tmp_path / "half.parquet"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(UnreadableInput, match=r"half\.parquet: not a readable Parquet file: "):
        parquet.decode(path)
