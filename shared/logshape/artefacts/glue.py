"""Turns a contract into the arguments of Glue's CreateTable: the columns of the Parquet archive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logshape.artefacts.arguments import ARCHIVE_BUCKET
from logshape.contract.model import CORE_FIELDS, FieldType

if TYPE_CHECKING:
    from logshape.artefacts.arguments import Arguments
    from logshape.contract.model import Contract

DATABASE: Final = "logshape"
PARTITION_KEY: Final = "arrived"
PREFIX: Final = "archive"

_TYPES: Final[dict[FieldType, str]] = {
    "keyword": "string",
    "text": "string",
    "boolean": "boolean",
    "integer": "int",
    "long": "bigint",
    "double": "double",
    "timestamp": "timestamp",
    "ip": "string",
    "object": "string",
}
_LOCATION: Final = f"s3://{ARCHIVE_BUCKET}/{PREFIX}/"
_PROJECTION: Final[dict[str, str]] = {
    # Athena computes the partitions from this; none is ever registered, and none can be forgotten.
    "projection.enabled": "true",
    f"projection.{PARTITION_KEY}.type": "date",
    f"projection.{PARTITION_KEY}.format": "yyyy-MM-dd-HH",
    f"projection.{PARTITION_KEY}.interval": "1",
    f"projection.{PARTITION_KEY}.interval.unit": "HOURS",
    f"projection.{PARTITION_KEY}.range": "2020-01-01-00,NOW",
    "storage.location.template": f"{_LOCATION}{PARTITION_KEY}=${{{PARTITION_KEY}}}/",
}


def derive(contract: Contract) -> Arguments:
    """Return the table that Firehose converts by and Athena reads: one column a field, one partition an hour."""
    return {
        "DatabaseName": DATABASE,
        "TableInput": {
            "Name": table_name(contract),
            "TableType": "EXTERNAL_TABLE",
            "Parameters": {
                "EXTERNAL": "TRUE",
                "classification": "parquet",
                "logshape.contract": contract.name,
                "logshape.version": str(contract.version),
                **_PROJECTION,
            },
            "PartitionKeys": [
                {"Name": PARTITION_KEY, "Type": "string", "Comment": "the hour in which the record arrived, UTC"}
            ],
            "StorageDescriptor": {
                "Columns": columns(contract),
                "Location": _LOCATION,
                "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
                "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
                "SerdeInfo": {
                    "SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
                    "Parameters": {"serialization.format": "1"},
                },
            },
        },
    }


def table_name(contract: Contract) -> str:
    """Return the table's name: Athena takes no hyphen without quotes."""
    return contract.name.replace("-", "_")


def columns(contract: Contract) -> list[dict[str, str]]:
    """Return the columns as Glue spells them, in their stored order: core fields, declared fields, ``raw``."""
    fields = [_column(field.name, _TYPES[field.type], field.why) for field in (*CORE_FIELDS, *contract.fields)]
    return [*map(_as_stored, fields), _column("raw", "string", "the line as it came; null when it is the message")]


def _column(name: str, kind: str, comment: str) -> dict[str, str]:
    # Glue takes 255 characters on one line.
    return {"Name": name, "Type": kind, "Comment": " ".join(comment.split())[:255]}


def _as_stored(column: dict[str, str]) -> dict[str, str]:
    """Give the two core fields that no column can hold as they are their form in the archive."""
    match column["Name"]:
        case "@timestamp":
            return column | {"Name": "event_time"}
        case "parse_errors":
            return column | {"Type": "array<string>"}
        case _:
            return column
