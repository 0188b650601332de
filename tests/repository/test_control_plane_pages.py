"""The pages on the control plane name commands and options that there are."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    import click

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = ("docs/control-plane.md", "docs/fleet.md")
SHOWN: Final = [
    (page, *found)
    for page in PAGES
    for found in re.findall(r"^ *logshape ([a-z]+)(.*)$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
]


@pytest.mark.parametrize(("page", "name", "rest"), SHOWN)
def test_a_command_that_is_shown_has_the_options_that_are_shown(page: str, name: str, rest: str) -> None:
    """It is copied into a pipeline, and found wrong at night."""
    command: click.Command = import_module(f"logshape.cli.{name}").command
    known = {option for parameter in command.params for option in parameter.opts}

    assert set(re.findall(r"--[a-z-]+", rest)) - known == set(), page


def test_both_pages_show_commands() -> None:
    """The test above would pass without any."""
    assert {page for page, *_ in SHOWN} == set(PAGES)
