"""Explain: the command, from the line to the place in the contract that each field comes from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from logshape.cli.explain import command
from logshape.contract import compiled

CONTRACT = r"""version: 1
name: shop
fields:
  took: {type: double, why: time}
  event: {type: keyword, why: kind of line}
  vip: {type: boolean, why: guest}
formats:
  text:
    line:
      - "[{level}]\t{took} ms\t{message}"
      - {line: "BOOT {*:pairs}", set: {event: boot}}
      - line: "{logger}: {*:json}"
    pairs: ["Took: {took} ms"]
    json:
      message: [msg, text]
    set: {vip: true}
    examples: [{line: "[INFO]\t1 ms\tx", record: {message: x}}]
  heir:
    extends: text
    json: {took: order.took}
groups:
  - name: orders
    match: /aws/lambda/orders-*
    formats: [heir]
    set: {service: shop, level: WARN}
    ignore: [unread-platform]
  - name: rest
    match: "*"
    formats: [text, aws/lambda-platform]
metrics:
  slow:   {where: "took > 5"}
  errors: {in: [rest], where: "level >= ERROR"}
  took:   {where: "exists level", value: took}
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("c.yaml").write_text(CONTRACT, encoding="utf-8")


def explain(line: str, *options: str, contract: str = "c.yaml") -> Result:
    """Run `logshape explain` on *line*."""
    return CliRunner().invoke(command, [line, "--contract", contract, *options])


def answer(line: str, *options: str, contract: str = "c.yaml") -> Any:  # noqa: ANN401 # what JSON holds
    """Return what the command answers to a program."""
    return json.loads(explain(line, "--json", *options, contract=contract).stdout)


def origins(line: str, *options: str) -> dict[str, tuple[str, str]]:
    """Return where each field comes from, and the place in the contract."""
    return {name: (field["from"], field["at"]) for name, field in answer(line, *options)["fields"].items()}


def test_a_line_is_explained_to_people() -> None:
    """Which format, which value from where, what counts it, and why not another format."""
    result = explain(r"[ERROR]\t7.5 ms\tboom", "--group", "rest")

    assert result.exit_code == 0
    assert result.stdout == (
        "read as text\n"
        '  level              "ERROR"  ← {level} of `[{level}]\\t{took} ms\\t{message}`, c.yaml:10\n'
        "  severity_number    17  ← the level, c.yaml:10\n"
        '  message            "boom"  ← {message} of `[{level}]\\t{took} ms\\t{message}`, c.yaml:10\n'
        "  took               7.5  ← {took} of `[{level}]\\t{took} ms\\t{message}`, c.yaml:10\n"
        "  vip                true  ← `set` of `text`, c.yaml:16\n"
        "counted in\n"
        "  slow, c.yaml:31\n"
        "  errors, c.yaml:32\n"
        "  took, c.yaml:33\n"
        "not read as\n"
        "  aws/lambda-platform: `START RequestId: {request_id} Version: {_}`: column 1: "
        "wanted `START RequestId: `, saw `[ERROR]\\t7.5 ms\\tboom`\n"
    )


def test_a_key_is_found_where_it_is_written() -> None:
    """What a format inherits stands where its parent says it; what goes without saying, at the whole of `json`."""
    assert origins('app: {"text": "x", "order": {"took": 1}, "event": "e"}', "--group", "/aws/lambda/orders-new") == {
        "level": ("`set` of group `orders`", "c.yaml:25"),
        "severity_number": ("the level", "c.yaml:25"),
        "service": ("`set` of group `orders`", "c.yaml:25"),
        "logger": ("{logger} of `{logger}: {*:json}`", "c.yaml:12"),
        "message": ("key `text`", "c.yaml:15"),
        "took": ("key `order.took`", "c.yaml:20"),
        "event": ("key `event`", "c.yaml:20"),
        "vip": ("`set` of `heir`", "c.yaml:16"),
    }


def test_pairs_and_what_is_set_beside_a_template_have_their_places() -> None:
    """They are the parts of a report line."""
    assert origins("BOOT Took: 3 ms\tOther: 4", "--group", "rest") == {
        "took": ("the pair `Took: {took} ms`", "c.yaml:13"),
        "event": ("`set` of `BOOT {*:pairs}`", "c.yaml:11"),
        "vip": ("`set` of `text`", "c.yaml:16"),
        "attributes": ("what no field takes", None),
    }


def test_only_metrics_of_the_entry_count_and_only_what_they_measure() -> None:
    """`errors` looks into another entry, and `took` has nothing to measure."""
    assert answer("[ERROR]\t9 ms\tx", "--group", "orders")["counted"] == [
        {"metric": "slow", "at": "c.yaml:31"},
        {"metric": "took", "at": "c.yaml:33"},
    ]
    assert answer('a: {"level": "ERROR"}', "--group", "rest")["counted"] == [{"metric": "errors", "at": "c.yaml:32"}]


def test_without_a_group_every_format_is_asked() -> None:
    """Those of the groups come first, then the built-in ones."""
    found = answer('{"level": "ERROR", "message": "x", "timestamp": "2025-10-31T22:38:21Z", "requestId": "r"}')

    assert (found["format"], [other["format"] for other in found["others"]][:3]) == (
        "aws/lambda-json",
        ["heir", "text", "aws/lambda-platform"],
    )
    assert [metric["metric"] for metric in found["counted"]] == ["errors"]


def test_a_line_that_no_format_fits_ends_with_1() -> None:
    """A script can ask whether a line is read."""
    result = explain("nothing that is known", "--group", "orders")

    assert result.exit_code == 1
    assert result.stdout.splitlines()[0] == "no format fits: it is `unparsed`, whole in `message`"
    assert answer("nothing that is known", "--group", "orders")["fields"] == {}


def test_a_second_format_that_fits_is_told() -> None:
    """Order decides, and a person should see that it did."""
    text = CONTRACT.replace("formats: [heir]", "formats: [heir, text]")
    Path("c.yaml").write_text(text, encoding="utf-8")

    assert answer("[INFO]\t1 ms\tx", "--group", "orders")["others"] == [
        {"format": "text", "reason": "it fits too, and `heir` comes first"}
    ]


def test_a_line_with_a_real_tab_is_taken_as_it_is() -> None:
    r"""A shell's `$'…\t'` makes one; then a backslash is a backslash."""
    assert answer("[INFO]\t1 ms\ta\\tb", "--group", "rest")["fields"]["message"]["value"] == "a\\tb"


def test_a_compiled_contract_has_no_places() -> None:
    """It holds what the files mean, not where they say it."""
    compiled.write(Path("c.yaml"), Path("c.msgpack"))

    fields = answer("[INFO]\t1 ms\tx", "--group", "rest", contract="c.msgpack")["fields"]
    assert fields["took"] == {"value": 1.0, "from": r"{took} of `[{level}]\t{took} ms\t{message}`", "at": None}
