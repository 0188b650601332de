"""Turns `keep: {archive: …}` of a contract into the lifecycle rules of a bucket, as CloudFormation has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logshape.artefacts import glue

if TYPE_CHECKING:
    from logshape.artefacts.arguments import Arguments
    from logshape.contract.model import Contract

FAILED: Final = "failed"
"""Under it lies what Firehose could not convert: the same lines as in the archive, and as old."""
_ABANDONED: Final = {
    "Id": "abandoned-uploads",
    "Status": "Enabled",
    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
}


def derive(contract: Contract) -> Arguments:
    """
    Return the rules by which S3 deletes what is older than the contract keeps; kept for ever, nothing is deleted.

    S3 counts from the day on which a file was written.
    """
    days = contract.keep_archive
    expiring = () if days is None else (glue.PREFIX, FAILED)
    return {
        "Rules": [
            _ABANDONED,
            *(
                {"Id": f"expired-{prefix}", "Status": "Enabled", "Prefix": f"{prefix}/", "ExpirationInDays": days}
                for prefix in expiring
            ),
        ]
    }
