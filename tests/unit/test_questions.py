"""Questions to the archive are answered from each event once, whoever wrote the files and wherever they lie."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from pyarrow import parquet as arrow_parquet

from logshape.archive import parquet
from logshape.archive.questions import Answer, Archive
from logshape.errors import UnreadableInput

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = pa.schema(
    [
        ("event_time", pa.timestamp("us")),
        ("event_id", pa.string()),
        ("request_id", pa.string()),
        ("message", pa.string()),
        ("contract_version", pa.int32()),
    ]
)


def at(text: str) -> datetime:
    """Return the time that *text* says, naive as the archive's are."""
    return datetime.fromisoformat(text)


def row(event_id: str, message: str, version: int = 1, request_id: str | None = None) -> dict[str, object]:
    """Return a row of the archive."""
    return {
        "event_time": at("2025-10-31T22:38:21.010"),
        "event_id": event_id,
        "request_id": request_id,
        "message": message,
        "contract_version": version,
    }


def put(folder: Path, hour: str, name: str, *rows: dict[str, object]) -> Path:
    """Write *rows* as Firehose would; return the file."""
    path = folder / f"arrived={hour}" / f"{name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(parquet.encode(pa.Table.from_pylist(list(rows), schema=SCHEMA)))
    return path


def messages(folder: Path) -> dict[object, object]:
    """Return the message of each event."""
    with Archive(folder) as archive:
        rows = archive.ask("SELECT event_id, message FROM logs").rows
    assert len(rows) == len(dict(rows))
    return dict(rows)


def test_an_event_that_arrived_twice_is_counted_once(tmp_path: Path) -> None:
    """Delivery is at least once; an answer that counts a redelivery is wrong."""
    put(tmp_path, "2025-10-31-22", "a", row("1", "one"), row("2", "two"), row("1", "again"))
    put(tmp_path, "2025-10-31-23", "b", row("2", "two, later"), row("3", "three"))

    assert messages(tmp_path) == {"1": "one", "2": "two", "3": "three"}


def test_the_copy_of_the_highest_contract_version_wins(tmp_path: Path) -> None:
    """A replay by a mended contract replaces what the broken one made, request id or not."""
    put(tmp_path, "2025-10-31-22", "a", row("1", "old", version=9, request_id="r"))
    put(tmp_path, "2025-10-31-23", "b", row("1", "new", version=10))

    assert messages(tmp_path) == {"1": "new"}


def test_then_one_with_a_request_id_wins(tmp_path: Path) -> None:
    """A payload that held START knows more than one that did not."""
    put(tmp_path, "2025-10-31-22", "a", row("1", "without"))
    put(tmp_path, "2025-10-31-23", "b", row("1", "with", request_id="r"))

    assert messages(tmp_path) == {"1": "with"}


def test_then_the_earliest_file_wins(tmp_path: Path) -> None:
    """The same question gives the same answer tomorrow."""
    put(tmp_path, "2025-10-31-23", "a", row("1", "later"))
    put(tmp_path, "2025-10-31-22", "b", row("1", "earlier"))

    assert messages(tmp_path) == {"1": "earlier"}


def test_a_look_up_finds_an_event_once_in_the_order_of_time(tmp_path: Path) -> None:
    """One request among millions is read from the row groups that hold it."""
    late = row("2", "second", request_id="r") | {"event_time": at("2025-10-31T22:38:22")}
    put(tmp_path, "2025-10-31-22", "a", late, row("1", "first", request_id="r"), row("3", "other", request_id="s"))
    put(tmp_path, "2025-10-31-23", "b", row("1", "first again", request_id="r"))

    with Archive(tmp_path) as archive:
        found = archive.find("request_id", "r")

    assert found == Answer(
        columns=("event_time", "event_id", "request_id", "message", "contract_version", "arrived"),
        rows=[
            (at("2025-10-31T22:38:21.010"), "1", "r", "first", 1, "2025-10-31-22"),
            (at("2025-10-31T22:38:22"), "2", "r", "second", 1, "2025-10-31-22"),
        ],
    )


def test_a_look_up_takes_names_of_the_table_alone(tmp_path: Path) -> None:
    """A field comes from a user; it must never become SQL."""
    put(tmp_path, "2025-10-31-22", "a", row("1", "one"))

    with Archive(tmp_path) as archive, pytest.raises(UnreadableInput) as caught:
        archive.find("1 = 1 --", "r")

    assert str(caught.value) == (
        "the archive has no column `1 = 1 --`; "
        "it has event_time, event_id, request_id, message, contract_version, arrived"
    )


def test_values_come_beside_the_text(tmp_path: Path) -> None:
    """Quotes in a value are a value."""
    put(tmp_path, "2025-10-31-22", "a", row("1", "it's '; DROP VIEW logs; --"))

    with Archive(tmp_path) as archive:
        by_place = archive.ask("SELECT event_id FROM logs WHERE message = ?", ["it's '; DROP VIEW logs; --"])
        by_name = archive.ask("SELECT event_id AS id FROM logs WHERE message LIKE $like", {"like": "it's%"})

    assert by_place == Answer(columns=("event_id",), rows=[("1",)])
    assert by_name == Answer(columns=("id",), rows=[("1",)])


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/St_Johns"])
def test_files_of_all_writers_give_the_same_times_in_every_zone(zone: str, tmp_path: Path) -> None:
    """Firehose writes INT96, compaction int64 without a zone; somebody's own job may say UTC, or nanoseconds."""
    put(tmp_path, "2025-10-31-22", "int96", row("1", "firehose"))
    for number, kind in enumerate((pa.timestamp("ms"), pa.timestamp("us", "UTC"), pa.timestamp("ns")), start=2):
        table = pa.Table.from_pylist([row(str(number), "other")], schema=SCHEMA)
        typed = table.set_column(0, "event_time", table["event_time"].cast(kind))
        arrow_parquet.write_table(typed, tmp_path / f"{number}.parquet")
    program = """
import sys; from pathlib import Path; from logshape.archive.questions import Archive
for path in sorted(Path(sys.argv[1]).rglob("*.parquet")) + [Path(sys.argv[1])]:
    print(Archive(path).ask("SELECT DISTINCT CAST(event_time AS VARCHAR), typeof(event_time) FROM logs").rows)
"""

    command = [sys.executable, "-c", program, str(tmp_path)]
    seen = subprocess.run(command, env=os.environ | {"TZ": zone}, capture_output=True, text=True, check=True)

    assert seen.stdout.splitlines() == ["[('2025-10-31 22:38:21.01', 'TIMESTAMP')]"] * 5


def test_columns_that_came_later_are_null_in_older_files(tmp_path: Path) -> None:
    """A contract grows; what was archived before is still answered from."""
    put(tmp_path, "2025-10-31-22", "old", row("1", "one"))
    grown = pa.Table.from_pylist(
        [row("2", "two") | {"status": 429}], schema=SCHEMA.append(pa.field("status", pa.int32()))
    )
    (tmp_path / "new.parquet").write_bytes(parquet.encode(grown))

    with Archive(tmp_path) as archive:
        rows = archive.ask("SELECT event_id, status, arrived FROM logs ORDER BY event_id").rows

    assert rows == [("1", None, "2025-10-31-22"), ("2", 429, None)]


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        ("2025-10-31T22:00:00", {"1", "2", "3"}),
        ("2025-11-01T00:59:59", {"1", "2", "3"}),
        ("2025-11-01T01:00:00", {"2", "3"}),
        ("2025-11-03T00:00:00", {"3"}),
    ],
)
def test_since_leaves_out_hours_that_hold_nothing_so_late(since: str, expected: set[str], tmp_path: Path) -> None:
    """An event may arrive any time later, but at most 26 hours before the time that its line says."""
    put(tmp_path, "2025-10-30-22", "a", row("1", "one"))
    put(tmp_path, "2025-10-30-23", "b", row("2", "two"))
    put(tmp_path, "2025-11-01-22", "c", row("3", "three"))

    with Archive(tmp_path, since=at(since)) as archive:
        rows = archive.ask("SELECT event_id FROM logs").rows

    assert {event_id for (event_id,) in rows} == expected


def test_one_file_can_be_asked_alone(tmp_path: Path) -> None:
    """`--from PATH` takes either."""
    path = put(tmp_path / "it's [1] {é}", "2025-10-31-22", "a?*", row("1", "one"))
    put(tmp_path, "2025-10-31-22", "b", row("2", "two"))

    assert messages(path) == {"1": "one"}


def test_a_relative_path_can_be_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What may be read is decided by the file, not by how it is spelled."""
    monkeypatch.chdir(tmp_path)
    put(tmp_path, "2025-10-31-22", "a", row("1", "one"))

    assert messages(type(tmp_path)(".")) == {"1": "one"}


def test_a_question_reads_nothing_but_the_archive(tmp_path: Path) -> None:
    """SQL that was translated from somebody's query must not reach the rest of the machine."""
    put(tmp_path / "archive", "2025-10-31-22", "a", row("1", "one"))
    secret = tmp_path / "secret.csv"
    secret.write_text("key\nhunter2\n", encoding="utf-8")

    with Archive(tmp_path / "archive") as archive:
        with pytest.raises(UnreadableInput, match=r"the archive does not take this question: Permission Error"):
            archive.ask("SELECT * FROM read_csv(?)", [str(secret)])
        with pytest.raises(UnreadableInput, match="locked"):
            archive.ask("SET enable_external_access = true")


@pytest.mark.parametrize("name", ["filename", "file_row_number", "file_index", "arrived", "select", 'quo"ted'])
def test_a_field_may_have_any_name(name: str, tmp_path: Path) -> None:
    """What DuckDB adds to a file's columns must not meet what a contract declares."""
    for event_id in ("1", "2"):
        rows = [row(event_id, "one") | {name: "mine"}, row(event_id, "again") | {name: "copy"}]
        table = pa.Table.from_pylist(rows, schema=SCHEMA.append(pa.field(name, pa.string())))
        (tmp_path / f"{event_id}.parquet").write_bytes(parquet.encode(table))

    assert set(messages(tmp_path)) == {"1", "2"}
    with Archive(tmp_path) as archive:
        assert name in archive.columns


def test_an_empty_folder_is_no_archive(tmp_path: Path) -> None:
    """The answer to a mistyped path is not "0 rows"."""
    with pytest.raises(UnreadableInput) as caught:
        Archive(tmp_path / "none")

    assert str(caught.value) == (
        f"{tmp_path / 'none'}: holds no Parquet file; `logshape local run` writes some, or name the archive's folder"
    )


@pytest.mark.parametrize("table", [pa.table({"a": [1]}), None])
def test_a_folder_of_other_files_is_no_archive(table: pa.Table | None, tmp_path: Path) -> None:
    """Files without event ids cannot be counted once; files that are none cannot be read."""
    path = tmp_path / "other.parquet"
    path.write_bytes(b"no parquet" if table is None else parquet.encode(table))

    with pytest.raises(UnreadableInput, match=r": not an archive of ours: "):
        Archive(tmp_path)
