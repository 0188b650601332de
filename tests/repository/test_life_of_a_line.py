"""The life of a line names functions that there are."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

import logshape

PAGE = Path(__file__).parents[2] / "docs/life-of-a-line.md"
ROOMS = sorted(path.stem for path in Path(logshape.__file__).parent.iterdir() if not path.name.startswith("_"))
NAMES = sorted(set(re.findall(rf"`((?:{'|'.join(ROOMS)})[.][A-Za-z_.]+)`", PAGE.read_text(encoding="utf-8"))))


@pytest.mark.parametrize("name", NAMES)
def test_what_it_names_is_there(name: str) -> None:
    """A biography whose places cannot be visited is a tale."""
    first, *steps = name.split(".")
    found: object = import_module(f"logshape.{first}")
    for step in steps:
        if not hasattr(found, step):
            import_module(f"{found.__name__}.{step}")  # type: ignore[attr-defined] # a package, if it lacks the name
        found = getattr(found, step)

    assert found is not None


def test_it_names_the_way() -> None:
    """The test above would pass without any."""
    assert len(NAMES) >= 15
