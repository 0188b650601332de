"""Check: the command, its exit codes, and the examples that it runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from logshape.cli import COMMANDS, contracts, main
from logshape.cli.check import command
from logshape.errors import UnreadableInput

if TYPE_CHECKING:
    from click.testing import Result

SHOP = Path(__file__).parent / "contracts" / "shop.yaml"
HEAD = "version: 1\nname: shop\ngroups: [{name: all, match: '*', formats: [f]}]\n"
FORMAT = """\
formats:
  f:
    line: "[{level}] {took} {message}"
    examples:
      - line: "[ERROR] 1.0 x"
        record: RECORD
fields: {took: {type: double}, at: {type: timestamp}}
"""


def check(text: str, tmp_path: Path, *options: str) -> Result:
    """Run `logshape check` on *text*, in a file of a known name."""
    (tmp_path / "c.yaml").write_text(text, encoding="utf-8")
    runner = CliRunner()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        return runner.invoke(command, ["c.yaml", *options])


def test_a_good_contract_ends_well(tmp_path: Path) -> None:
    """The result is one line; where to go from there is talk."""
    result = check(HEAD + FORMAT.replace("RECORD", "{level: ERROR, took: 1}"), tmp_path)

    assert result.exit_code == 0
    assert result.stdout.startswith("c.yaml: no problems in 1 group, 1 format, ")
    assert result.stderr == "Next: `logshape explain LINE` shows how a line is read\n"


def test_json_is_an_empty_list_where_there_are_no_problems(tmp_path: Path) -> None:
    """A program needs no other test than the list's length."""
    result = check(HEAD + FORMAT.replace("RECORD", "{level: ERROR}"), tmp_path, "--json")

    assert (result.exit_code, result.stdout, result.stderr) == (0, "[]\n", "")


def test_problems_come_with_a_caret_under_the_place(tmp_path: Path) -> None:
    """Wide characters and tabs before the place move the caret as they move the text."""
    result = check("version: 1\nname: shop\nkeep: {'日本': 1,\tlogs: 31d}\ngroups: 1\n", tmp_path)

    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[:3] == [
        "c.yaml:3:8: unknown-key: `日本` is no key of `keep`; use archive, logs, index, ignore",
        "  3 | keep: {'日本': 1,\tlogs: 31d}",
        "    |        ^",
    ]
    assert lines[4:6] == ["  3 | keep: {'日本': 1,\tlogs: 31d}", "    |                  \t      ^"]
    assert result.stderr == "c.yaml: 3 problems; mend and run `logshape check` again\n"


def test_a_long_line_is_cut_around_the_place(tmp_path: Path) -> None:
    """An example may be a megabyte long, a terminal is not."""
    result = check(f"name: shop\nversion: {{a: {'x' * 5000}, a: 1}}\ngroups: 1\n", tmp_path)

    assert max(map(len, result.stdout.splitlines())) < 200
    assert [line for line in result.stdout.splitlines() if line.endswith("^")] != []


def test_json_has_the_whole_message(tmp_path: Path) -> None:
    """Wanted values and the suggestion are in it."""
    result = check(
        HEAD + "fields: {a: {type: keywrod}}\nformats: {f: {extends: aws/lambda-text}}\n", tmp_path, "--json"
    )

    assert result.exit_code == 1
    assert json.loads(result.stdout) == [
        {
            "file": "c.yaml",
            "line": 4,
            "column": 20,
            "rule": "unknown-type",
            "message": (
                "`type` of field `a` is `keywrod`; wanted one of keyword, text, boolean, integer, long, double, timestamp, "
                "ip, object. Did you mean `keyword`?"
            ),
        }
    ]


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ("{level: WARN}", '`level` is `"ERROR"`, wanted `"WARN"`'),
        ("{level: null}", '`level` is `"ERROR"`, wanted null'),
        ("{took: true, message: y}", '`took` is `1.0`, wanted `true`; `message` is `"x"`, wanted `"y"`'),
        ("{took: '1'}", '`took` is `1.0`, wanted `"1"`'),
        ("{tok: 1}", "`tok` (it is no field) is null, wanted `1`"),
        ("{region: eu-west-1}", "`region` comes from the event, which an example has none of"),
        ("{at: 2025-10-31T22:38:21+01:00}", '`at` is null, wanted `"2025-10-31T21:38:21.000Z"`'),
    ],
)
def test_a_failed_example_is_a_problem_of_its_record(tmp_path: Path, record: str, message: str) -> None:
    """An example is a test: what it says and what the format gives are both told."""
    result = check(HEAD + FORMAT.replace("RECORD", record), tmp_path, "--json")

    assert [tuple(problem.values()) for problem in json.loads(result.stdout)] == [
        (
            "c.yaml",
            9,
            9,
            "failed-example",
            f"the line gives another record: {message}; mend the format or the record",
        )
    ]
    assert result.exit_code == 1


def test_an_example_that_its_format_does_not_fit_is_a_problem(tmp_path: Path) -> None:
    """The format that is judged is the example's own, whatever others would read."""
    text = HEAD + FORMAT.replace("RECORD", "{level: ERROR}").replace("[ERROR] 1.0", "ERROR 1.0")

    assert [problem["message"] for problem in json.loads(check(text, tmp_path, "--json").stdout)] == [
        "the format does not fit the line `ERROR 1.0 x`; `logshape explain` shows how far it does"
    ]


def test_an_example_that_may_fail_is_silent(tmp_path: Path) -> None:
    """Known gaps can be written down."""
    text = HEAD + FORMAT.replace("RECORD", "{level: WARN}\n        ignore: [failed-example]")

    assert check(text, tmp_path, "--json").stdout == "[]\n"


def test_examples_run_beside_other_problems(tmp_path: Path) -> None:
    """One run tells all; formats with faults of their own are left for the next."""
    text = HEAD + FORMAT.replace("RECORD", "{level: WARN}").replace("fields:", "keep: {logs: 2d}\nfields:")
    text = text.replace("formats:\n", "formats:\n  g: {line: '{x', examples: [{line: a, record: {message: b}}]}\n")

    result = check(text, tmp_path, "--json")

    assert [problem["rule"] for problem in json.loads(result.stdout)] == [
        "wrong-template",
        "failed-example",
        "wrong-keep",
    ]


def test_a_syntax_error_is_a_problem(tmp_path: Path) -> None:
    """Exit code 2 is for a file that cannot be read at all."""
    result = check("version: [1\n", tmp_path)

    assert (result.exit_code, result.stdout.split(": ")[:2]) == (1, ["c.yaml:2:1", "yaml-syntax"])


@pytest.mark.parametrize(
    ("arguments", "code"), [(["check", "nowhere.yaml"], 2), (["check", "--nonsense"], 2), (["nonsense"], 2)]
)
def test_bad_usage_and_unreadable_input_end_with_2(
    arguments: list[str], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A script can tell a bad contract from a wrong path."""
    monkeypatch.chdir(tmp_path)

    with pytest.raises(SystemExit) as caught:
        main(arguments)

    said = capsys.readouterr()
    assert (caught.value.code, said.out) == (code, "")
    assert "Traceback" not in said.err


def test_an_invalid_contract_ends_other_commands_with_its_problems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """They cannot go on, and say why as `check` does."""
    (tmp_path / "contract.yaml").write_text("version: 1\nname: shop\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(contracts.VARIABLE, raising=False)

    with pytest.raises(SystemExit) as caught:
        main(["parse"])

    assert caught.value.code == 1
    assert capsys.readouterr().err == (
        "contract.yaml:1:1: missing-key: the contract has no `groups`; add a list of group entries\n"
    )


def test_help_lists_every_command_without_importing_it(capsys: pytest.CaptureFixture[str]) -> None:
    """Help is there at once, whatever a command needs."""
    with pytest.raises(SystemExit) as caught:
        main(["--help"])

    lines = capsys.readouterr().out.splitlines()
    assert caught.value.code == 0
    assert [line.split()[0] for line in lines[lines.index("Commands:") + 1 :]] == list(COMMANDS)


def test_the_contract_is_looked_for_in_four_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The nearest word wins: option, environment, then the usual places."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(contracts.VARIABLE, raising=False)
    with pytest.raises(UnreadableInput) as caught:
        contracts.find(None)
    (tmp_path / "contract.yaml").touch()
    here = contracts.find(None)
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared/contract.yaml").touch()
    shared = contracts.find(None)
    monkeypatch.setenv(contracts.VARIABLE, "elsewhere.yaml")

    assert [here, shared, contracts.find(None), contracts.find(Path("given.yaml"))] == [
        Path("contract.yaml"),
        Path("shared/contract.yaml"),
        Path("elsewhere.yaml"),
        Path("given.yaml"),
    ]
    assert str(caught.value) == (
        "there is no contract: neither shared/contract.yaml nor contract.yaml is here; "
        "name one by --contract or LOGSHAPE_CONTRACT"
    )


def test_the_contract_of_the_manual_passes() -> None:
    """What the documentation shows is what `check` accepts, built-in examples included."""
    result = CliRunner().invoke(command, [str(SHOP), "--json"])

    assert (result.exit_code, result.stdout) == (0, "[]\n")


def test_colours_are_for_terminals(tmp_path: Path) -> None:
    """What is piped into a file or a program is plain text."""
    (tmp_path / "c.yaml").write_text(HEAD, encoding="utf-8")
    arguments = [str(tmp_path / "c.yaml")]

    assert "\x1b[" not in CliRunner().invoke(command, arguments).output
    assert "\x1b[31munknown-format\x1b[0m" in CliRunner().invoke(command, arguments, color=True).output


def test_a_word_that_was_meant_is_suggested(tmp_path: Path) -> None:
    """Most faults are a slip of the fingers."""
    result = check(HEAD + FORMAT.replace("RECORD", "{level: ERROR}").replace("{took}", "{tok}"), tmp_path)

    assert result.stdout.splitlines()[0] == (
        "c.yaml:6:23: unknown-field: `tok` is no field of this contract; declare it under `fields`. Did you mean `took`?"
    )
