"""The beginning of what `make fuzz` does at length: payloads that are wrong in every way, through the real handler."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tests.faults.fuzz import MEMORY, SECONDS, Found, fuzz
from tests.faults.mutations import KINDS, mutant

if TYPE_CHECKING:
    from pathlib import Path

SEEDS = [f"tested:{number}" for number in range(1_000)]
BOMBS = [f"bomb!{number}" for number in range(6)]


def test_every_malformed_payload_is_accounted_for(tmp_path: Path) -> None:
    """Whatever comes in ends in a store, in quarantine or in the count of what was filtered; nothing crashes or hangs."""
    found = sum(fuzz([*SEEDS, *BOMBS], tmp_path, workers=2), start=Found(Counter(), 0.0, 0, ()))

    assert found.complaints == ()
    assert found.kinds.total() == len(SEEDS) + len(BOMBS)
    assert found.kinds.keys() == KINDS.keys()
    assert (found.seconds < SECONDS, 0 < found.peak < MEMORY) == (True, True)


def test_a_seed_is_the_same_payload_everywhere() -> None:
    """What the fuzz has found can be run again."""
    assert mutant(SEEDS[0]) == mutant(SEEDS[0])
