"""
Turns Firehose records into a table, as Firehose's conversion does with the OpenX JSON SerDe.

A record holds JSON objects, one after the other. Keys are lower-cased (of two that become one the later counts), what
is no column is dropped, and what is absent is null. One value that does not fit its column refuses the whole record.
Where AWS documents no answer (a fraction in an integer column, an object in a text column, one text where a list is
due) the answer here is refusal: what passes here must pass there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeAlias

import msgspec
import pyarrow as pa  # type: ignore[import-untyped] # pyarrow ships no types

from logshape.archive.columns import Column, schema
from logshape.archive.values import READERS, Misfit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Code: TypeAlias = Literal["DataFormatConversion.ParseError", "DataFormatConversion.MalformedData"]


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """A record that does not convert, with Firehose's reason."""

    record: bytes
    code: Code
    message: str


class Converted(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of the records that converted, in order, and the records that did not."""

    table: pa.Table
    refused: tuple[Refused, ...] = ()


class Converter:
    """Firehose's conversion by one version of a Glue table."""

    def __init__(self, columns: Sequence[Column]) -> None:
        """
        Read *columns* as Glue has them.

        Raises:
            UnreadableInput: a column has a type that no contract compiles to.

        """
        self._schema = schema(columns)
        self._readers = {column["Name"]: READERS[column["Type"]] for column in columns}
        self._exact = _exact_rows(columns)

    def convert(self, records: Iterable[bytes]) -> Converted:
        """Convert each of *records* as a whole, or refuse it; one that is refused harms no other."""
        tables: list[pa.Table] = []
        refused: list[Refused] = []
        for record in records:
            match self._convert(record):
                case Refused() as refusal:
                    refused.append(refusal)
                case table:
                    tables.append(table)
        table = pa.concat_tables(tables) if tables else self._schema.empty_table()
        return Converted(table=table, refused=tuple(refused))

    def _convert(self, record: bytes) -> pa.Table | Refused:
        try:
            return self._exact_table(record)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, pa.ArrowInvalid):
            return self._lenient_table(record)

    def _exact_table(self, record: bytes) -> pa.Table:
        """Read what ingest writes, every key a column and every value of its type, at C speed."""
        rows = map(msgspec.structs.astuple, self._exact.decode_lines(record))
        values = list(zip(*rows, strict=True))
        if not values:
            raise msgspec.DecodeError("the record is empty")
        columns = [_array(column, field.type) for column, field in zip(values, self._schema, strict=True)]
        return pa.Table.from_arrays(columns, schema=self._schema)

    def _lenient_table(self, record: bytes) -> pa.Table | Refused:
        """Read all that the SerDe accepts, value by value, and say why the rest is refused."""
        try:
            rows: list[object] = _ANYTHING.decode_lines(record)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return Refused(record=record, code="DataFormatConversion.ParseError", message=f"Not JSON: {error}.")
        if not rows:
            return Refused(record=record, code="DataFormatConversion.MalformedData", message="The record is empty.")
        try:
            values = [self._row(row) for row in rows]
        except Misfit as misfit:
            message = f"Data does not match the schema: {misfit}."
            return Refused(record=record, code="DataFormatConversion.MalformedData", message=message)
        return pa.Table.from_pylist(values, schema=self._schema)

    def _row(self, row: object) -> dict[str, object]:
        if not isinstance(row, dict):
            raise Misfit(row, "JSON object")
        named = ((key.lower(), value) for key, value in row.items() if value is not None)
        return {name: self._readers[name](value) for name, value in named if name in self._readers}


_ANYTHING: Final = msgspec.json.Decoder()
# Arrow reads the digits, and says when there is no such day; what it would let pass is a zone, and the year 0.
_TIME: Final = r"^(?!0000)[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z\Z"
_EXACT: Final[Mapping[str, Any]] = {
    "string": str,
    "boolean": bool,
    "int": Annotated[int, msgspec.Meta(ge=-(2**31), lt=2**31)],
    "bigint": Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)],
    "double": float,
    "timestamp": Annotated[str, msgspec.Meta(pattern=_TIME)],
    "array<string>": list[str | None],
}


def _exact_rows(columns: Sequence[Column]) -> msgspec.json.Decoder[Any]:
    # Fields are numbered, since a column may be named like a Python keyword.
    names = {f"c{number}": column["Name"] for number, column in enumerate(columns)}
    fields = [(f"c{number}", _EXACT[column["Type"]] | None, None) for number, column in enumerate(columns)]
    return msgspec.json.Decoder(msgspec.defstruct("Row", fields, rename=names, forbid_unknown_fields=True))


def _array(values: Sequence[object], kind: pa.DataType) -> pa.Array:
    if not pa.types.is_timestamp(kind):
        return pa.array(values, kind)
    return pa.array(values, pa.string()).cast(pa.timestamp("us", "UTC")).cast(kind)
