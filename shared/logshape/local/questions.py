"""Turns one question into its answer from each store, so that the two can be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from logshape.archive.questions import Archive
from logshape.artefacts.index_template import index_patterns
from logshape.local.deployment import asking

if TYPE_CHECKING:
    from pathlib import Path

    from logshape.contract.model import Contract
    from logshape.local.opensearch import Endpoint

QUESTION: Final = "How many errors are there, by level?"
SQL: Final = "SELECT level, count(*) FROM logs WHERE level IN ('ERROR', 'FATAL') GROUP BY level ORDER BY level"
SEARCH: Final = {
    "size": 0,
    "query": {"terms": {"level": ["ERROR", "FATAL"]}},
    "aggs": {"levels": {"terms": {"field": "level", "order": {"_key": "asc"}}}},
}


def from_archive(folder: Path) -> dict[str, int]:
    """
    Ask the Parquet files under *folder*.

    Raises:
        UnreadableInput: there are none.

    """
    with Archive(folder) as archive:
        return dict(msgspec.convert(archive.ask(SQL).rows, list[tuple[str, int]]))


def from_index(index: Endpoint, contract: Contract) -> dict[str, int]:
    """Ask the indexes of *contract*, once all that was written can be found."""
    asked = {"index": ",".join(index_patterns(contract)), "ignore_unavailable": True}
    with asking(index) as opensearch:
        opensearch.indices.refresh(**asked)
        answer = opensearch.search(body=SEARCH, **asked)
    levels = answer.get("aggregations", {}).get("levels", {}).get("buckets", [])
    return {level["key"]: level["doc_count"] for level in levels}
