"""The page on filter patterns: it names each switch with its default, and each rule."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from logshape.dialects.filter_pattern import DEFAULT

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "filter-patterns.md").read_text(encoding="utf-8")
SPELLED = {True: "yes", False: "no"}


def test_the_page_tells_each_switch_and_its_default() -> None:
    """Who doubts an answer looks here for what decided it."""
    told = re.findall(r"^\| `(\w+)` \| .* \| (yes|no|`[\w ]+`)[^|]*\|$", PAGE, re.MULTILINE)
    switches = msgspec.structs.asdict(DEFAULT)

    assert told == [(name, SPELLED.get(setting, f"`{setting}`")) for name, setting in switches.items()]


def test_the_page_tells_each_rule() -> None:
    """A rule is looked up by its id."""
    source = ROOT / "shared" / "logshape" / "dialects" / "filter_pattern"
    text = "".join((source / name).read_text(encoding="utf-8") for name in ("limits.py", "transformations.py"))
    ids = set(re.findall(r'"([a-z]+(?:-[a-z]+)+|dimensions)"', text))

    assert {name for name in ids if f"`{name}`" not in PAGE} == set()
    assert len(ids) == 10
