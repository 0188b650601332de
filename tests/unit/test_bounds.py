"""Bounds: what is too large for a store is cut at whole characters, and the cut is named."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from logshape.lines.bounds import LONGEST_LEAF, bound_leaves, cut, fit


@given(st.text(), st.integers(0, 40))
def test_a_cut_text_fits_and_is_a_beginning(text: str, largest: int) -> None:
    """Half a character would make the document unreadable."""
    short = cut(text, max(largest, 3))

    assert len(short.encode()) <= max(largest, 3)
    assert short == text or text.startswith(short.removesuffix("…"))


def test_a_long_leaf_is_cut_and_its_neighbours_are_not() -> None:
    """OpenSearch refuses a whole document for one value of 32,767 bytes in a flat_object."""
    record: dict[str, object] = {"message": "m", "attributes": {"a": {"b": ["x", "é" * 20_000]}, "c": 1}}

    bound_leaves(record, ("attributes",))

    attributes = record["attributes"]
    assert record["parse_errors"] == ["truncated:attributes"]
    assert attributes["c"] == 1  # type: ignore[index] # as above
    kept, long = attributes["a"]["b"]  # type: ignore[index] # as above
    assert kept == "x"
    assert len(b"attributes.a.b" + long.encode()) <= LONGEST_LEAF
    assert long.startswith("é" * 16_000)


def test_short_leaves_stay_the_same_object() -> None:
    """Nothing is copied for the many lines that are long only in their message."""
    attributes = {"a": "x" * 100}
    record: dict[str, object] = {"attributes": attributes}

    bound_leaves(record, ("attributes",))

    assert record == {"attributes": attributes}
    assert record["attributes"] is attributes


def test_a_document_that_fits_is_not_touched() -> None:
    """Cutting is for the one in a million."""
    document: dict[str, object] = {"message": "m"}

    assert fit(document, 100) is document


@given(st.text(max_size=2000), st.text(max_size=2000), st.integers(300, 900))
def test_a_document_is_cut_until_it_fits(message: str, raw: str, largest: int) -> None:
    """The longest value gives way first, whatever its characters take as JSON."""
    document: dict[str, object] = {"message": message, "raw": raw, "event_id": "1", "attributes": {"k": "v" * 500}}

    small = fit(document, largest)

    assert len(msgspec.json.encode(small)) <= largest
    assert small["event_id"] == "1"
    changed = {f"truncated:{name}" for name in document if small[name] != document[name]}
    assert changed == set(small.get("parse_errors", []))  # type: ignore[call-overload] # a list of text
