"""The README tells the truth: its commands run, its contract holds, its numbers are the sample's."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from logshape.cli import COMMANDS
from logshape.contract.load import load
from logshape.local import sample

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"^\$ (logshape (?!local).+)$", README, re.MULTILINE)


def _run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    arguments = [sys.executable, "-m", "logshape.cli", *shlex.split(command)[1:]]
    environment = {"LOGSHAPE_CONTRACT": str(ROOT / "shared/contract.yaml"), "PATH": ""}
    options: dict[str, Any] = {"capture_output": True, "text": True, "encoding": "utf-8"}
    return subprocess.run(arguments, check=False, cwd=folder, env=environment, **options)


@pytest.mark.parametrize("command", SHOWN)
def test_a_command_that_is_shown_runs(command: str, tmp_path: Path) -> None:
    """The first thing that a person does is to copy it."""
    (tmp_path / "app.log").write_text("[INFO] a line\n")

    run = _run(command, tmp_path)

    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout


def test_some_commands_are_shown() -> None:
    """The test above would pass without any."""
    assert len(SHOWN) >= 2


def test_every_command_is_named() -> None:
    """What is not in the README is not found."""
    assert [name for name in COMMANDS if f"`logshape {name}" not in README] == []


def test_the_contract_that_is_shown_holds(tmp_path: Path) -> None:
    """It is copied, too."""
    (shown,) = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    path = tmp_path / "contract.yaml"
    path.write_text(shown, encoding="utf-8")

    run = _run(f"logshape check {path}", tmp_path)

    assert (run.returncode, load(path).name) == (0, "shop")


def test_the_numbers_of_the_run_are_the_samples() -> None:
    """A sample that is captured anew changes them."""
    events = sample.captured()

    assert f"{len(events):,} lines captured" in README
    assert f"into {len({event.log_group for event in events})} log groups" in README
