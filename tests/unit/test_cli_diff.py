"""Diff: the command, what it prints and its exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from logshape.cli.diff import command

SHOP = Path(__file__).parent / "contracts" / "shop.yaml"


@pytest.fixture
def new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with the manual's contract as `old.yaml`, and be there."""
    monkeypatch.chdir(tmp_path)
    Path("old.yaml").write_text(SHOP.read_text(encoding="utf-8"), encoding="utf-8")
    return tmp_path / "new.yaml"


def diff(new: Path, *edits: tuple[str, str], options: tuple[str, ...] = ()) -> Result:
    """Run `logshape diff old.yaml new.yaml`, the new one being the old one with *edits*."""
    text = SHOP.read_text(encoding="utf-8")
    for before, after in edits:
        assert before in text
        text = text.replace(before, after)
    new.write_text(text, encoding="utf-8")
    return CliRunner().invoke(command, ["old.yaml", "new.yaml", *options])


VERSION = ("version: 1 ", "version: 2 ")
WEEK = ("period: day", "period: week")
ADDED = ("fields: ", "fields:\n  paid: {type: boolean, why: money came}\n# ")
REMOVED = ('  user_email: {type: keyword, why: "who ordered", example: a@example.com, redact: hash}\n', "")


def test_each_change_has_a_sign_a_word_and_a_reason(new: Path) -> None:
    """It can be read aloud, and without colours."""
    result = diff(new, VERSION, WEEK, ADDED, REMOVED)

    assert result.stdout.splitlines() == [
        "~ changed contract shop index.period: day → week",
        "    re-index: periods get other names, and what is sent again gets a second copy",
        "~ changed contract shop version: 1 → 2",
        "    safe: each record says by which version it was shaped",
        "+ added field paid: boolean",
        "    safe: older rows and documents have null there; the column goes behind those that are there",
        "- removed field user_email: keyword",
        "    new table: columns are only ever appended, so the one that is there needs a table without it; documents keep theirs",
    ]
    assert result.stderr == (
        "4 changes, 2 of them not safe; version 1 → 2\nNext: `logshape check new.yaml` proves that it holds\n"
    )
    assert result.exit_code == 0


def test_an_unsafe_change_needs_a_higher_version(new: Path) -> None:
    """Else two meanings go by one number; the last line says what to do."""
    result = diff(new, WEEK)

    assert result.exit_code == 1
    assert result.stderr == (
        "1 change, 1 of them not safe; version 1 → 1\n"
        "Next: set `version: 2` in new.yaml and run `logshape diff` again\n"
    )


def test_a_safe_change_needs_none(new: Path) -> None:
    """A field that is added is known by its name."""
    assert diff(new, ADDED).exit_code == 0


def test_json_is_a_list_of_changes(new: Path) -> None:
    """A program reads what a person does, and nothing else is printed."""
    result = diff(new, WEEK, ADDED, options=("--json",))

    assert (result.exit_code, result.stderr) == (1, "")
    assert json.loads(result.stdout) == [
        {
            "action": "update",
            "kind": "contract",
            "name": "shop",
            "part": "index.period",
            "from": "day",
            "to": "week",
            "class": "re-index",
            "why": "periods get other names, and what is sent again gets a second copy",
        },
        {
            "action": "create",
            "kind": "field",
            "name": "paid",
            "part": "",
            "from": None,
            "to": "boolean",
            "class": "safe",
            "why": "older rows and documents have null there; the column goes behind those that are there",
        },
    ]


def test_two_that_mean_the_same_have_no_changes(new: Path) -> None:
    """A comment is none."""
    edit = ("# stamped on every record", "# the first")

    assert diff(new, edit, options=("--json",)).stdout == "[]\n"
    result = diff(new, edit)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.splitlines()[-1] == "Next: nothing; the two mean the same"


def test_one_of_them_may_come_from_stdin(new: Path) -> None:
    """The old one is most often in the history of a repository."""
    diff(new, WEEK)
    result = subprocess.run(
        [sys.executable, "-m", "logshape.cli", "diff", "-", new.name, "--json"],
        input=Path("old.yaml").read_bytes(),
        capture_output=True,
        check=False,
    )

    assert (result.returncode, [change["part"] for change in json.loads(result.stdout)]) == (1, ["index.period"])


def test_long_values_are_cut_and_shown_on_one_line(new: Path) -> None:
    """A template with tabs is shown as it is written."""
    result = diff(new, ("\\t{message}", "\\t{message} at {_}" + " and {_}" * 20))

    first = result.stdout.splitlines()[0]
    assert first.startswith(
        r'~ changed format orders-text line: ["[{level}]\t{@timestamp}\t{request_id}\t{message}"] → ["[{level}]'
    )
    assert first.endswith("…")
    assert "\t" not in result.stdout


def test_a_contract_that_does_not_hold_or_is_not_there_is_refused(new: Path) -> None:
    """What it would do cannot be told."""
    from logshape.errors import InvalidContract, UnreadableInput

    found = [type(CliRunner().invoke(command, [str(SHOP), "gone.yaml"]).exception)]
    new.write_text("version: 1\n", encoding="utf-8")
    found.append(type(CliRunner().invoke(command, [str(SHOP), "new.yaml"]).exception))

    assert found == [UnreadableInput, InvalidContract]
