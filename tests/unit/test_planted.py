"""Planted: what the generator of lines with secrets promises to the tests that use it."""

from __future__ import annotations

import json

from tests.planted import KINDS, ONLY, PLACES, leaks, planted


def test_every_kind_is_planted_in_every_place() -> None:
    """A pair that is never made is never proved."""
    pairs = {(kind, place) for place in PLACES for kind in ONLY.get(place, KINDS)}

    assert {(one.kind, one.place) for one in planted(len(pairs))} == pairs


def test_a_leak_is_seen_however_it_is_escaped() -> None:
    """A test that looks for the plain text alone would let a backslash hide everything."""
    found = planted(600)

    assert [one.name for one in found if leaks(json.dumps(json.dumps(one.event)).encode(), [one]) != [one.name]] == []
    assert leaks(b"[email] and [card]", found) == []


def test_the_same_seed_plants_the_same_events() -> None:
    """A failure can be looked at again."""
    assert planted(50, seed=7) == planted(50, seed=7)
    assert planted(50, seed=7) != planted(50, seed=8)
