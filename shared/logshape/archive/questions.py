"""Turns a folder of Parquet files into a relation `logs`, each event once, and SQL on it into rows."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final, Self

import duckdb
import msgspec

from logshape.artefacts.glue import PARTITION_KEY
from logshape.errors import UnreadableInput

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path
    from types import TracebackType

# A line's time is at most 24 h ahead of its event's, and CloudWatch takes events up to 2 h ahead of its own clock.
_EARLIEST: Final = timedelta(hours=26)
_ONCE: Final = """QUALIFY row_number() OVER (
    PARTITION BY event_id
    ORDER BY contract_version DESC NULLS LAST, request_id IS NULL, _file, _row
) = 1"""
_HOUR: Final = f"nullif(regexp_extract(_file, '{PARTITION_KEY}=([^/]+)', 1), '') AS {PARTITION_KEY}"


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a question gave: names, and rows in that order; times are naive and UTC."""

    columns: tuple[str, ...]
    rows: list[tuple[object, ...]]


class Archive:
    """
    The Parquet files of one archive, open for questions.

    SQL sees two relations. ``logs`` has each event once: of several copies the one with the highest contract version,
    then one with a request id, then the one in the earliest file. ``copies`` has them all, with ``_file`` and ``_row``,
    which no field can be named. Times are UTC without a zone, whatever the zone of this machine and the file's writer.
    """

    def __init__(self, path: Path, *, since: datetime | None = None) -> None:
        """
        Open a Parquet file, or all that lie anywhere under a folder.

        With *since* (UTC, naive) partitions are left out in which no event of that time or later can lie.

        Raises:
            UnreadableInput: there is nothing to read, or what is there is no archive.

        """
        files = _files(path, since)
        # Nothing is installed at run time, and a question reads nothing but these files.
        self._connection = duckdb.connect(config={"autoinstall_known_extensions": "false"})
        self._connection.execute("SET TimeZone = 'UTC'")
        try:
            self._open([str(file) for file in files])
        except duckdb.Error as error:
            self._connection.close()
            raise UnreadableInput(f"{path}: not an archive of ours: {error}") from error

    def ask(self, sql: str, parameters: Sequence[object] | Mapping[str, object] = ()) -> Answer:
        """
        Answer one SQL query; its values come as *parameters* (``?`` or ``$name``), never in the text.

        Raises:
            UnreadableInput: DuckDB does not take the query.

        """
        try:
            cursor = self._connection.execute(sql, parameters)
            rows = cursor.fetchall()
        except duckdb.Error as error:
            raise UnreadableInput(f"the archive does not take this question: {error}") from error
        return Answer(columns=tuple(name for name, *_ in cursor.description or ()), rows=rows)

    def find(self, field: str, value: object) -> Answer:
        """
        Return the events whose *field* is *value*, each once, by time.

        The filter comes before the choice among copies, so that row groups without the value are never read.

        Raises:
            UnreadableInput: no file has such a column.

        """
        if field not in self.columns:
            raise UnreadableInput(f"the archive has no column `{field}`; it has {', '.join(self.columns)}")
        where = f"{_quoted(field)} = ? {_ONCE}"
        return self.ask(f"SELECT {self._chosen} FROM copies WHERE {where} ORDER BY event_time, event_id", [value])  # noqa: S608 # names of the table's own, quoted

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of ``logs``, in their order."""
        return self._columns

    def close(self) -> None:
        """Let go of the files."""
        self._connection.close()

    def __enter__(self) -> Self:
        """Return itself; the files are let go at the end of the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of the files."""
        self.close()

    def _open(self, files: Sequence[str]) -> None:
        # A view takes no parameters: the names of the files are written as literals, and columns as quoted names.
        listed = ", ".join(map(_literal, files))
        self._connection.execute(
            f"CREATE VIEW stored AS SELECT *, file_row_number AS _row FROM read_parquet([{listed}], "  # noqa: S608 # as above
            "union_by_name = true, hive_partitioning = false, filename = '_file')"
        )
        stored = dict(self._connection.execute("SELECT column_name, column_type FROM (DESCRIBE stored)").fetchall())
        fields = {name: kind for name, kind in stored.items() if name not in ("_file", "_row", PARTITION_KEY)}
        self._columns = (*fields, PARTITION_KEY)
        self._connection.execute(f"CREATE VIEW copies AS SELECT {_typed(fields)}, {_HOUR}, _file, _row FROM stored")  # noqa: S608 # as above
        self._connection.execute(f"CREATE VIEW logs AS SELECT {self._chosen} FROM copies {_ONCE}")  # noqa: S608 # as above
        self._connection.execute("SET allowed_paths = ?", [files])
        self._connection.execute("SET enable_external_access = false")
        self._connection.execute("SET lock_configuration = true")

    @property
    def _chosen(self) -> str:
        return ", ".join(map(_quoted, self._columns))


def _typed(fields: Mapping[str, str]) -> str:
    """Select *fields*, times without a zone: writers differ in unit and in whether they say UTC."""
    return ", ".join(
        f"CAST({_quoted(name)} AS TIMESTAMP) AS {_quoted(name)}" if kind.startswith("TIMESTAMP") else _quoted(name)
        for name, kind in fields.items()
    )


def _files(path: Path, since: datetime | None) -> list[Path]:
    found = [path] if path.is_file() else sorted(path.rglob("*.parquet"))
    if not found:
        raise UnreadableInput(
            f"{path}: holds no Parquet file; `logshape local run` writes some, or name the archive's folder"
        )
    if since is None:
        return found
    earliest = f"{PARTITION_KEY}={since - _EARLIEST:%Y-%m-%d-%H}"
    recent = [
        file for file in found if not file.parent.name.startswith(f"{PARTITION_KEY}=") or file.parent.name >= earliest
    ]
    # With none left the schema is still there to ask, and the newest files say that there is nothing.
    return recent or found[-1:]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
