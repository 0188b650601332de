"""The simulated index mapping: what each type takes and refuses, as the real node does."""

from __future__ import annotations

import pytest

from logshape.proof.mapping import refusals

KEYWORD = {"type": "keyword", "ignore_above": 8191}
DATE = {"type": "date", "format": "strict_date_optional_time"}


@pytest.mark.parametrize(
    ("mapping", "value"),
    [
        (KEYWORD, "x" * 40_000),
        ({"type": "keyword"}, "ü" * 16_383),
        (KEYWORD, ["a", "b"]),
        ({"type": "match_only_text"}, "x" * 40_000),
        ({"type": "boolean"}, True),
        ({"type": "integer"}, -(2**31)),
        ({"type": "long"}, 2**63 - 1),
        ({"type": "double"}, 1.7976931348623157e308),
        (DATE, "2025-10-31T22:38:21.010Z"),
        ({"type": "ip"}, "2001:db8::1"),
        ({"type": "flat_object"}, {"": None, "a.b": [{"c": 1}], "x": "y" * 32_755}),
        ({"type": "integer"}, None),
    ],
)
def test_a_value_of_its_type_is_taken(mapping: dict[str, object], value: object) -> None:
    """A refusal that the node would not give is a false alarm in every `logshape check`."""
    assert list(refusals({"f": value}, {"f": mapping})) == []


@pytest.mark.parametrize(
    ("mapping", "value"),
    [
        ({"type": "keyword"}, "ü" * 16_384),
        (KEYWORD, {"a": 1}),
        ({"type": "boolean"}, 1),
        ({"type": "integer"}, 2**31),
        ({"type": "integer"}, 1.5),
        ({"type": "long"}, 2**63),
        ({"type": "double"}, "x"),
        (DATE, "2025-02-30T00:00:00.000Z"),
        (DATE, 1_761_950_301_010),
        ({"type": "ip"}, "fe80::1%eth0"),
        ({"type": "flat_object"}, "a"),
        ({"type": "flat_object"}, {"x": "y" * 32_765}),
    ],
)
def test_what_the_index_would_refuse_or_cut_is_named(mapping: dict[str, object], value: object) -> None:
    """Each of these is a document in quarantine, or one that is found by another value than it has."""
    [(name, reason)] = refusals({"f": value}, {"f": mapping})

    assert name == "f"
    assert reason.startswith("`f` is ")
    assert reason.endswith(f", which a mapping of type {mapping['type']} does not take")


def test_a_field_without_a_mapping_is_named() -> None:
    """With `dynamic: false` it would be stored, and never found."""
    assert list(refusals({"f": 1}, {})) == [("f", "`f` is in no mapping, and so could not be searched")]
