"""Turns a table into a Parquet file as Firehose writes it, and such a file into a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa  # type: ignore[import-untyped] # pyarrow ships no types
from pyarrow import parquet

from logshape.errors import UnreadableInput

if TYPE_CHECKING:
    from pathlib import Path


def encode(table: pa.Table) -> bytes:
    """Return *table* as one Parquet file: SNAPPY, times as INT96, and no schema but Parquet's own."""
    sink = pa.BufferOutputStream()
    parquet.write_table(
        table,
        sink,
        compression="snappy",
        use_deprecated_int96_timestamps=True,
        data_page_version="1.0",
        store_schema=False,
    )
    data: bytes = sink.getvalue().to_pybytes()
    return data


def decode(source: Path | bytes) -> pa.Table:
    """
    Return the table of a Parquet file of any of the archive's writers, times in microseconds.

    Raises:
        UnreadableInput: it is not there, or is no Parquet file.

    """
    name = "the bytes given" if isinstance(source, bytes) else str(source)
    try:
        # INT96 is read as nanoseconds by default, which wraps around outside the years 1677 to 2262.
        file = parquet.ParquetFile(
            pa.BufferReader(source) if isinstance(source, bytes) else source, coerce_int96_timestamp_unit="us"
        )
        return file.read()
    except (OSError, pa.ArrowInvalid) as error:
        raise UnreadableInput(f"{name}: not a readable Parquet file: {error}") from error
