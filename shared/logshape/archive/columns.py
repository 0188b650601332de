"""Turns a Glue table's columns into the Arrow schema of the Parquet files that it describes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import pyarrow as pa  # type: ignore[import-untyped] # pyarrow ships no types

from logshape.errors import UnreadableInput

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Column: TypeAlias = "Mapping[str, str]"
"""A column as Glue has it: ``Name``, ``Type`` and whatever else."""

# Times have no zone in Parquet's INT96; they are UTC.
ARROW: Final[Mapping[str, pa.DataType]] = {
    "string": pa.string(),
    "boolean": pa.bool_(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "timestamp": pa.timestamp("us"),
    "array<string>": pa.list_(pa.field("element", pa.string())),
}


def schema(columns: Sequence[Column]) -> pa.Schema:
    """
    Return the schema of *columns*, in their order.

    Raises:
        UnreadableInput: a column has a type that no contract compiles to.

    """
    return pa.schema([pa.field(column["Name"], _arrow(column)) for column in columns])


def misfits(found: pa.Schema, columns: Sequence[Column]) -> list[str]:
    """Return how a file's schema differs from the table's, one sentence a column; empty when it does not."""
    wanted = schema(columns)
    return [
        *(f"column `{field.name}` is missing" for field in wanted if found.get_field_index(field.name) < 0),
        *(f"column `{field.name}` is not in the table" for field in found if wanted.get_field_index(field.name) < 0),
        *(
            f"column `{field.name}` has type {found.field(field.name).type}, the table says {field.type}"
            for field in wanted
            if found.get_field_index(field.name) >= 0 and found.field(field.name).type != field.type
        ),
    ]


def _arrow(column: Column) -> pa.DataType:
    try:
        return ARROW[column["Type"]]
    except KeyError:
        raise UnreadableInput(
            f"Glue column `{column['Name']}` has type `{column['Type']}`; a contract compiles to {', '.join(ARROW)}. "
            "Write the table anew from the contract."
        ) from None
