"""Turns records that did not convert into the JSON lines that Firehose writes under its error prefix."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from logshape.archive.openx import Refused


def failure_lines(refused: Iterable[Refused], arrival_ms: int, table: Mapping[str, Any]) -> bytes:
    """
    Return one line for each of *refused*, as the error output type ``format-conversion-failed`` has them.

    *table* is the stream's SchemaConfiguration, bound. The whole record is in ``rawData``, in base64.
    """
    catalog_table = {
        "catalogId": table.get("CatalogId"),
        "databaseName": table["DatabaseName"],
        "tableName": table["TableName"],
        "region": table["Region"],
        "versionId": table["VersionId"],
    }
    return msgspec.json.Encoder().encode_lines(
        {
            "attemptsMade": 1,
            "arrivalTimestamp": arrival_ms,
            "ErrorCode": failure.code,
            "ErrorMessage": failure.message,
            "attemptEndingTimestamp": arrival_ms,
            "rawData": b64encode(failure.record).decode("ascii"),
            "sequenceNumber": None,
            "subSequenceNumber": None,
            "dataCatalogTable": catalog_table,
        }
        for failure in refused
    )
