"""Seams: where a field touches a word, what is found in the field alone is in no byte of its line either."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import logshape
from logshape.contract.load import built_in
from logshape.contract.model import Format, Line
from logshape.contract.templates import parse
from logshape.lines.envelope import LogEvent, Payload
from logshape.lines.seams import is_glued

if TYPE_CHECKING:
    from pathlib import Path

CONTRACT = """
version: 1
name: shop
fields: {number: {type: keyword}}
formats:
  glued:
    line: "card={number}end {message}"
    examples: [{line: "card=1end m", record: {number: "1"}}]
groups: [{name: all, match: "*", formats: [glued]}]
redact: [card]
"""


@pytest.mark.parametrize(
    ("template", "glued"),
    [
        ("{level} {message}", False),
        ("[{level}] <{logger}>: {message}", False),
        ("{level}_{message}", True),
        ("a{message}", True),
        ("{logger}ms", True),
        ("{logger}:{message}", True),
        ("{logger}: {message}", False),
        ("{logger}{?=x}", True),
        ("{level}{? a{logger}} {message}", True),
        ("{level} {_}", False),
    ],
)
def test_a_format_is_glued_where_a_hole_touches_a_word(template: str, glued: bool) -> None:  # noqa: FBT001 # of the table
    """Only then a line must be searched field by field."""
    format_ = Format(name="x", lines=(Line(template=parse(template)),))

    assert is_glued(format_) is glued


def test_no_built_in_format_is_glued() -> None:
    """They are searched as quickly as can be."""
    assert [name for name, format_ in built_in().formats.items() if is_glued(format_)] == []


def test_what_is_found_in_a_glued_field_is_not_in_raw(tmp_path: Path) -> None:
    """In the line a word goes on behind the number, and no detector sees it there."""
    (tmp_path / "c.yaml").write_text(CONTRACT)
    pipeline = logshape.Pipeline(logshape.load(tmp_path / "c.yaml"))
    events = [LogEvent("1", 1761950301010, "card=4111111111111111end paid")]

    (record,) = pipeline.records(Payload(owner="", log_group="/a", log_stream="", events=events))

    assert (record["number"], record["raw"]) == ("[card]", "card=[card]end paid")
