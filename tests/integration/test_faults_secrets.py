"""Prove that no secret leaves: two hundred of every kind, through the real handlers, to every place that there is."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from logshape.local.aws import LocalAws
from tests.faults.cases import BUSY, Case, some
from tests.faults.faults import Refusal, items
from tests.faults.trial import SHORT, Place, Trial, compiled_contract
from tests.planted import KINDS, PLACES, leaks, planted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.faults.trial import Evidence

EACH = 200
LONG = tuple(place for place in PLACES if "long" in place or "limit" in place)
LONG_LINES = 30
EVERYWHERE = Case(
    name="everywhere",
    faults={
        "archive": BUSY,
        "index": items(
            Refusal(400, "mapper_parsing_exception", some),
            Refusal(429, "rejected_execution_exception", lambda event_id: int(event_id) % 4 == 2),
        ),
    },
    seconds=30,
)
"""Some are stored, some spooled and sent again, some quarantined."""


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Evidence]:
    """Try all kinds at once, and return what each has shown; those of long lines are mixed."""
    home = tmp_path_factory.mktemp("secrets")
    now_ms = time.time_ns() // 1_000_000
    made = {kind: planted(EACH, seed=1, kinds=[kind], places=SHORT, time=now_ms) for kind in KINDS}
    made["long lines"] = planted(LONG_LINES, seed=2, places=LONG, time=now_ms)
    with LocalAws(home / "aws") as aws, ThreadPoolExecutor(4) as pool:
        at = Place(aws, compiled_contract(home), home)
        trials = [Trial(EVERYWHERE, number, at) for number in range(len(made))]
        for trial, secrets in zip(trials, made.values(), strict=True):
            trial.evidence.secrets = secrets
        return dict(zip(made, pool.map(Trial.run, trials), strict=True))


@pytest.mark.parametrize("kind", [*KINDS, "long lines"])
def test_a_planted_secret_is_in_no_byte_that_left(kind: str, evidence: Mapping[str, Evidence]) -> None:
    """Not in a store, not in the spool or in quarantine, not in a log line or a metric; and the events are all there."""
    shown = evidence[kind]
    written = [shown.ingested.content, shown.redriven.content, *shown.printed.values()]

    assert [leak for content in written for leak in leaks(content, shown.secrets)] == []
    assert shown.redriven.archive.keys() == shown.ids
    assert shown.redriven.index.keys() | shown.redriven.quarantined["index"].keys() == shown.ids
    assert len(shown.ingested.quarantined["index"]) == len(shown.ids) // 4 + (len(shown.ids) % 4 > 1)
