"""Pattern: the command, its answers and its exit codes."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from logshape.cli import main
from logshape.cli.pattern import command
from logshape.errors import InvalidPattern


def test_each_line_has_an_answer_in_its_order() -> None:
    """The command is TestMetricFilter without an account; a pattern may begin with a hyphen."""
    result = CliRunner().invoke(command, ["[level=ERROR, ...]"], input="ERROR é\n\nINFO x\n")
    excluded = CliRunner().invoke(command, ["-ERROR", "-"], input="ERROR\nfine\n")

    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (
        '{"line":0,"match":true,"values":{"$level":"ERROR","$2":"é"}}\n'
        '{"line":1,"match":false,"values":{}}\n'
        '{"line":2,"match":false,"values":{}}\n'
    )
    assert excluded.stdout == '{"line":0,"match":false,"values":{}}\n{"line":1,"match":true,"values":{}}\n'


def test_events_are_tried_by_their_messages() -> None:
    """What `filter-log-events` printed can be piped in."""
    events = '{"message": "{\\"a\\": 1}", "timestamp": 0}\n{"message": "a"}\n'
    result = CliRunner().invoke(command, ["{ $.a = 1 }", "--events"], input=events)

    assert (result.exit_code, result.stdout) == (
        0,
        '{"line":0,"match":true,"values":{"$.a":"1"}}\n{"line":1,"match":false,"values":{}}\n',
    )


def test_answers_that_hang_on_an_open_point_are_named_once() -> None:
    """Nobody should put a filter that counts by our guess."""
    result = CliRunner().invoke(command, ["{ $.a != x }"], input='{"a":"y"}\n{}\n{}\n')

    assert result.stderr == "line 1: the answer hangs on `unequal_takes_missing`, which AWS leaves open\n"


def test_ignored_terms_are_told() -> None:
    """CloudWatch takes the pattern and reads another."""
    result = CliRunner().invoke(command, ["?a b"], input="a\n")

    assert (result.exit_code, result.stdout) == (0, '{"line":0,"match":false,"values":{}}\n')
    assert result.stderr == (
        "CloudWatch ignores the terms with `?` where there are others; say what is meant without them (column 2)\n"
    )


@pytest.mark.parametrize(
    ("pattern", "message", "column"),
    [
        ("a(", "Invalid character(s) in term 'a(' (column 2: put the term in double quotes)", 2),
        ("a" * 1025, "1025 characters; CloudWatch takes 1024 (column 1025)", 1025),
    ],
)
def test_what_cloudwatch_refuses_ends_with_the_column(pattern: str, message: str, column: int) -> None:
    """An invalid pattern and one over a limit are the same to the service."""
    result = CliRunner().invoke(command, [pattern], input="a\n")

    assert isinstance(result.exception, InvalidPattern)
    assert (str(result.exception), result.exception.column) == (message, column)


def test_an_invalid_pattern_exits_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    """Scripts tell bad usage from the answer no."""
    with pytest.raises(SystemExit) as ended:
        main(["pattern", "{ $.a = 1"])

    assert ended.value.code == 2
    assert capsys.readouterr().err == (
        "logshape: If a filter pattern starts with '{' it must end with '}' (column 10: wanted `}`)\n"
    )
