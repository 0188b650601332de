"""Slices: each log group in one of them, and none too large."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from logshape.contract.globs import covers
from logshape.targets.slices import globs

NAMES = st.sets(st.text(alphabet="/ab", min_size=1, max_size=6), max_size=40)


@given(names=NAMES, most=st.integers(min_value=1, max_value=10))
def test_each_name_is_in_exactly_one_slice_and_none_is_too_large(names: set[str], most: int) -> None:
    """A log group in none would stay unsubscribed, and one in two would be read twice."""
    found = globs(names, most)
    taken = [[name for name in names if covers(glob, name)] for glob in found]

    assert sorted(name for slice_ in taken for name in slice_) == sorted(names)
    assert all(0 < len(slice_) <= most for slice_ in taken)


def test_few_names_are_one_slice_and_a_name_alone_is_its_own_glob() -> None:
    """What is named is read with one call in place of a page of everything."""
    assert globs(["/a/x", "/a/y"], 2) == ["*"]
    assert globs(["/a/x"], 2) == ["/a/x"]
    assert globs(["/a", "/a/x", "/a/y", "/b"], 2) == ["/a", "/a/*", "/b"]
