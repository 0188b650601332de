"""Turns a contract into the arguments of Firehose's CreateDeliveryStream: JSON rows in, Parquet objects out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logshape.artefacts import glue
from logshape.artefacts.arguments import ARCHIVE_BUCKET, FIREHOSE_ROLE_ARN, PARTITION, REGION

if TYPE_CHECKING:
    from logshape.artefacts.arguments import Arguments
    from logshape.contract.model import Contract

_HOUR: Final = f"{glue.PARTITION_KEY}=!{{timestamp:yyyy-MM-dd-HH}}/"
PREFIX: Final = f"{glue.PREFIX}/{_HOUR}"
ERROR_PREFIX: Final = f"failed/!{{firehose:error-output-type}}/{_HOUR}"


def derive(contract: Contract) -> Arguments:
    """Return a stream that converts by the contract's Glue table, always its latest version."""
    return {
        "DeliveryStreamName": stream_name(contract),
        "DeliveryStreamType": "DirectPut",
        "ExtendedS3DestinationConfiguration": {
            "RoleARN": FIREHOSE_ROLE_ARN,
            "BucketARN": f"arn:{PARTITION}:s3:::{ARCHIVE_BUCKET}",
            "Prefix": PREFIX,
            "ErrorOutputPrefix": ERROR_PREFIX,
            "BufferingHints": {"SizeInMBs": 128, "IntervalInSeconds": 300},
            "CompressionFormat": "UNCOMPRESSED",  # Parquet compresses its own pages; Firehose refuses both
            "DataFormatConversionConfiguration": {
                "Enabled": True,
                "SchemaConfiguration": {
                    "RoleARN": FIREHOSE_ROLE_ARN,
                    "DatabaseName": glue.DATABASE,
                    "TableName": glue.table_name(contract),
                    "Region": REGION,
                    "VersionId": "LATEST",
                },
                "InputFormatConfiguration": {
                    "Deserializer": {
                        "OpenXJsonSerDe": {"CaseInsensitive": True, "ConvertDotsInJsonKeysToUnderscores": False}
                    }
                },
                "OutputFormatConfiguration": {"Serializer": {"ParquetSerDe": {"Compression": "SNAPPY"}}},
            },
        },
    }


def stream_name(contract: Contract) -> str:
    """Return the stream's name."""
    return f"logshape-{contract.name}"
