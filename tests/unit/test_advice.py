"""Advice: what holds and still surprises, told on stderr, and nowhere when it is silenced."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from logshape.cli.check import command
from logshape.contract.predicates import parse
from logshape.proof.meeting import Shape, meet

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

SHOP = """\
version: 1
name: shop
groups:
  - name: orders
    match: /aws/lambda/orders-*
    formats: [aws/lambda-json, aws/lambda-platform]
    drop: ["message = 'ping'", "level = DEBUG"]
metrics:
  errors: {where: "level >= ERROR"}
  calls:  {where: "message like 'call *' and level = INFO"}
"""
TYPES = {
    "level": "keyword",
    "message": "text",
    "status": "integer",
    "took": "double",
    "paid": "boolean",
    "cart": "object",
    "at": "timestamp",
}
ANY = Shape(frozenset(TYPES))


def check(text: str, tmp_path: Path, *options: str) -> Result:
    """Run `logshape check` on *text*."""
    path = tmp_path / "c.yaml"
    path.write_text(text, encoding="utf-8")
    return CliRunner().invoke(command, [str(path), *options])


def test_a_drop_whose_lines_a_metric_counts_is_worth_a_word(tmp_path: Path) -> None:
    """CloudWatch's filters stand before ingest, which drops; nobody expects that a dropped line rings an alarm."""
    result = check(SHOP, tmp_path)

    assert result.exit_code == 0
    assert result.stderr.removeprefix(f"{tmp_path}/").splitlines() == [
        (
            "c.yaml:7:13: counted-drop: lines that this drops are counted all the same, for CloudWatch's filters of `errors` "
            "see them; take them out by the metric's `where`, if they should not count"
        ),
        '  7 |     drop: ["message = \'ping\'", "level = DEBUG"]',
        "    |             ^",
        "Next: `logshape explain LINE` shows how a line is read",
    ]


def test_advice_is_in_no_answer_to_a_program(tmp_path: Path) -> None:
    """A build that reads the list of problems does not fail by it."""
    result = check(SHOP, tmp_path, "--json")

    assert (result.exit_code, result.stdout, "counted-drop" in result.stderr) == (0, "[]\n", True)


def test_advice_is_silent_where_it_is_ignored(tmp_path: Path) -> None:
    """Whoever means it says so once."""
    silent = SHOP.replace("    drop:", "    ignore: [counted-drop]\n    drop:")

    assert check(silent, tmp_path, "--json").stderr == ""


def test_an_ignore_of_advice_that_is_not_given_is_a_problem(tmp_path: Path) -> None:
    """A silence that has outlived its cause hides the next one."""
    silent = SHOP.replace("    drop:", "    ignore: [unread-platform]\n    drop:")
    result = check(silent, tmp_path)

    assert (result.exit_code, result.stdout.splitlines()[0].removeprefix(f"{tmp_path}/")) == (
        1,
        "c.yaml:7:14: unused-ignore: `unread-platform` finds nothing here; leave this out",
    )


@pytest.mark.parametrize(
    ("entry", "advised"),
    [
        ("match: /aws/lambda/*, formats: [aws/lambda-json]", True),
        ("match: [/aws/lambda/a, /aws/lambda/b], formats: [own]", True),
        ("match: /aws/lambda/*, formats: [aws/lambda-json, aws/lambda-platform]", False),
        ("match: /aws/lambda/*, formats: [heir]", False),
        ("match: /aws/apigateway/*, formats: [aws/apigateway-access]", False),
        ("match: '*', formats: [own]", False),
    ],
)
def test_a_functions_entry_that_reads_no_platform_line_is_worth_a_word(
    tmp_path: Path, entry: str, *, advised: bool
) -> None:
    """START, END and REPORT come whether they are wanted or not."""
    own = 'own: {line: "at {logger}: {message}", examples: [{line: "at a: b", record: {logger: a}}]}'
    text = f"version: 1\nname: shop\nformats: {{{own}, heir: {{extends: aws/lambda-platform}}}}\ngroups: [{{name: a, {entry}}}]\n"
    result = check(text, tmp_path, "--json")

    assert (result.stdout, "unread-platform" in result.stderr) == ("[]\n", advised)


@pytest.mark.parametrize(
    ("first", "second", "answer"),
    [
        ("message = 'ping'", "level >= ERROR", True),
        ("level = DEBUG", "level >= ERROR", False),
        ("level = DEBUG", "not level >= ERROR", True),
        ("level < ERROR", "level > INFO", True),
        ("not exists level", "level >= TRACE", False),
        ("exists level", "level >= TRACE", True),
        ("message like 'a*'", "message like '*b'", True),
        ("message like 'a*'", "message like 'b*'", False),
        ("message like 'a*'", "message = 'abc'", True),
        ("message like 'a*' and message != 'a'", "message like 'a*'", True),
        ("message in ('a', 'b')", "message in ('c', 'd')", False),
        ("status < 400", "status >= 400", False),
        ("status < 400.5", "status >= 400", True),
        ("status < 401", "status > 400", False),
        ("took < 401", "took > 400", True),
        ("exists status and status > 5", "status in (1, 6)", True),
        ("paid = true", "paid = false", False),
        ("paid = true", "exists paid", True),
        ("exists cart", "not exists cart", False),
        ("at < '2025-01-01'", "at > '2025-06-01T00:00:00Z'", False),
        ("at > '2025-01-01'", "at = '2025-06-01T00:00:00Z'", True),
        ("message = 'x' or level = INFO", "message = 'y' and level = WARN", False),
    ],
)
def test_two_predicates_meet_when_a_record_can_be_as_both_say(first: str, second: str, *, answer: bool) -> None:
    """Advice that is wrong is worse than none."""
    assert meet((parse(first), parse(second)), TYPES, ANY) is answer


def test_too_many_values_to_try_are_taken_to_meet() -> None:
    """A predicate that somebody generated takes no minutes."""
    fields = {f"f{number}": "long" for number in range(12)}
    long = parse(" and ".join(f"{name} in (1, 3, 5)" for name in fields))

    assert meet((long, parse("f0 = 7")), fields, Shape(frozenset(fields)))


@pytest.mark.parametrize(
    ("where", "advised"),
    [
        ("level >= WARN", True),
        ("event = 'report'", False),
        ("event = 'timeout'", False),
        ("format = 'aws/lambda-json'", True),
        ("format = 'aws/lambda-platform'", True),
        ("service = 'shop'", True),
        ("service = 'other'", False),
        ("not exists duration_ms", True),
    ],
)
def test_a_drop_and_a_metric_of_different_lines_do_not_meet(tmp_path: Path, where: str, *, advised: bool) -> None:
    """A report has no message, a time-out another one, a warning any; and what the group sets is so."""
    text = (
        SHOP[: SHOP.index("    drop")]
        + f"""\
    drop: ["message = 'ping'"]
    set: {{service: shop}}
metrics: {{m: {{where: "{where}"}}}}
"""
    )

    assert ("counted-drop" in check(text, tmp_path, "--json").stderr) is advised


def test_a_drop_does_not_touch_a_metric_that_measures_what_its_lines_lack(tmp_path: Path) -> None:
    """A filter that extracts a value counts no line without it."""
    text = (
        SHOP[: SHOP.index("    drop")]
        + """\
    drop: ["not exists duration_ms"]
metrics: {m: {where: "exists message", value: duration_ms}}
"""
    )

    assert "counted-drop" not in check(text, tmp_path, "--json").stderr


def test_a_dimension_that_no_line_says_is_worth_a_word(tmp_path: Path) -> None:
    """What `set` gives a group stands in no line, and CloudWatch would count none of them."""
    text = SHOP.replace("    drop:", "    set: {service: orders}\n    drop:")

    result = check(f"{text}  seen: {{where: level = WARN, by: [service]}}\n", tmp_path)

    assert result.exit_code == 0
    assert (
        "given-dimension: no line of group `orders` says `service`, which its `set` gives: CloudWatch counts none of them; "
        "leave the group out by `in`, or use `per: group`"
    ) in result.stderr


def test_a_field_that_an_access_log_never_writes_gives_no_filter_there(tmp_path: Path) -> None:
    """Its template quotes numbers, and may not have this one at all: that is no problem of the metric."""
    text = SHOP.replace("groups:", 'fields: {took: {type: double, why: "time", example: 1.5}}\ngroups:').replace(
        "metrics:", "  - {name: api, match: /aws/apigateway/*, formats: [aws/apigateway-access]}\nmetrics:"
    )

    result = check(f"{text}  latency: {{in: [api], where: exists took, value: took}}\n", tmp_path)

    assert (result.exit_code, result.stdout.count("uncountable")) == (0, 0)


def test_a_metric_that_asks_of_a_redacted_field_is_worth_a_word(tmp_path: Path) -> None:
    """Filters stand before redaction: what a dimension says is no secret any more."""
    text = (
        "version: 1\nname: shop\n"
        "fields: {who: {type: keyword, redact: hash}, age: {type: integer, redact: drop}}\n"
        "groups: [{name: all, match: '*', formats: [aws/lambda-json, aws/lambda-platform]}]\n"
        "metrics:\n"
        "  first: {where: exists who, by: [who]}\n"
        "  ages: {where: exists level, value: age, via: ingest}\n"
        "  fine: {where: exists level, by: [who], via: ingest}\n"
    )

    advice = [line for line in check(text, tmp_path).stderr.splitlines() if "redacted-metric" in line]

    assert [line.removeprefix(f"{tmp_path}/") for line in advice] == [
        "c.yaml:6:18: redacted-metric: the metric sees `who` as it was before it is redacted, and counts what nobody finds in the stores; ask for another field",
        "c.yaml:6:34: redacted-metric: the metric sees `who` as it was before it is redacted, and shows it to all who see metrics; ask for another field",
        "c.yaml:7:38: redacted-metric: the metric sees `age` as it was before it is redacted, and counts what nobody finds in the stores; ask for another field",
    ]
