"""`make deploy` does what the README says, in the order in which it must be done."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
SAM: Final = ROOT / ".tools/bin/sam"


def commands(*variables: str) -> list[str]:
    """Return what make would run, a command a line."""
    # Make hands the options that it was called with on to the makes that it calls.
    listed = ["make", "--dry-run", "--no-print-directory", "deploy", *variables]
    printed = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return printed.replace("\\\n", " ").splitlines()


def at(lines: list[str], command: str) -> int:
    """Return which of *lines* runs *command*; there is one."""
    (number,) = [number for number, line in enumerate(lines) if command in line]
    return number


def test_the_template_is_written_before_it_is_built_and_the_account_is_asked_last() -> None:
    """A template behind its contract would deploy a table that drops what it does not know."""
    lines = commands("STACK=logs", "REGION=eu-west-1")
    order = [
        "-m logshape.proof.template ",
        "-m logshape.contract.compiled ",
        "sam build ",
        "sam deploy ",
        "logshape plan ",
    ]

    assert sorted(order, key=lambda command: at(lines, command)) == order
    assert lines[-1].split() == [".venv/bin/logshape", "plan", "--stack", "logs", "--region", "eu-west-1"]


def test_what_is_asked_for_is_passed_on() -> None:
    """The architecture is that of the layer: one that differs would end in an import error on AWS."""
    lines = commands("STACK=logs", "REGION=eu-west-1", "ARCH=x86_64", "PARAMETERS=OperationsRetention=7 OpenSearchUrl=")
    deploy = lines[at(lines, "sam deploy ")]

    assert "--stack-name logs --region eu-west-1 " in deploy
    assert deploy.endswith("--parameter-overrides Architecture=x86_64 OperationsRetention=7 OpenSearchUrl=")
    assert "ARCH=x86_64 .tools/bin/sam build" in lines[at(lines, "sam build ")]


def test_without_a_region_that_of_the_profile_is_taken() -> None:
    """As the AWS CLI does; an empty `--region` would be an error."""
    assert not [line for line in commands("STACK=logs") if "--region" in line]


@pytest.mark.skipif(not SAM.exists(), reason="`make check` installs sam")
def test_sam_has_the_options() -> None:
    """Nothing of this runs before somebody deploys."""
    lines = commands("REGION=eu-west-1")
    help_text = subprocess.run([SAM, "deploy", "--help"], check=True, capture_output=True, text=True).stdout
    known = set(re.findall(r"--[a-z0-9-]+", help_text))

    assert set(re.findall(r"--[a-z0-9-]+", lines[at(lines, "sam deploy ")])) - known == set()
