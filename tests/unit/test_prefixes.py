"""Prefixes: where Firehose puts an object follows from its expressions alone."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from logshape.artefacts.firehose import ERROR_PREFIX, PREFIX
from logshape.errors import OutsideFailure
from logshape.local.prefixes import evaluated

ARRIVED = datetime(2025, 10, 31, 22, 38, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("prefix", "error_type", "expected"),
    [
        (PREFIX, "", "archive/arrived=2025-10-31-22/"),
        (ERROR_PREFIX, "format-conversion-failed", "failed/format-conversion-failed/arrived=2025-10-31-22/"),
        ("logs/", "", "logs/2025/10/31/22/"),
        ("y=!{timestamp:yyyy}/m=!{timestamp:MM}/t=!{timestamp:HH:mm:ss}/", "", "y=2025/m=10/t=22:38:21/"),
    ],
)
def test_expressions_are_evaluated_as_firehose_does(prefix: str, error_type: str, expected: str) -> None:
    """The partition that Athena computes is the one that Firehose wrote."""
    assert evaluated(prefix, ARRIVED, error_type) == expected


def test_a_random_string_has_eleven_characters() -> None:
    """As AWS says."""
    assert re.fullmatch(r"[0-9A-Za-z]{11}/2025", evaluated("!{firehose:random-string}/!{timestamp:yyyy}", ARRIVED))


@pytest.mark.parametrize(
    ("prefix", "message"),
    [
        ("!{timestamp:yyyy}/!{firehose:error-output-type}/", "Firehose evaluates no !{firehose:error-output-type} in"),
        ("!{partitionKeyFromQuery:k}/!{timestamp:yyyy}", "Firehose evaluates no !{partitionKeyFromQuery:k} in"),
        ("!{timestamp:yyyy-DDD}/", "timestamp letters 'DDD' in a prefix: use yyyy, MM, dd, HH, mm, ss"),
    ],
)
def test_what_cannot_be_evaluated_is_named(prefix: str, message: str) -> None:
    """An object under a prefix that nobody meant is an object that nobody finds."""
    with pytest.raises(OutsideFailure, match=re.escape(message)):
        evaluated(prefix, ARRIVED)
