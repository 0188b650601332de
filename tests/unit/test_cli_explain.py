"""Explain: the command, from the line to the place in the contract that each field comes from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from logshape.cli.explain import command
from logshape.contract import compiled

REQUEST = "79b4f56e-95b1-4643-9700-2807f4e68189"
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
  plain: {line: "[{level}] {message}", levels: {ERROR: [ERROR]}, examples: [{line: "[ERROR] x", record: {message: x}}]}
  docs:  {json: {took: order.took}, examples: [{line: '{"level":"INFO"}', record: {level: INFO}}]}
groups:
  - name: orders
    match: /aws/lambda/orders-*
    formats: [heir]
    set: {service: shop, level: WARN}
    ignore: [unread-platform]
  - {name: plain, match: /plain, formats: [plain]}
  - {name: docs, match: /docs, formats: [docs]}
  - name: rest
    match: "*"
    formats: [text, aws/lambda-platform]
metrics:
  errors: {in: [plain], where: "level >= ERROR"}
  slow:   {in: [docs], where: "took > 5"}
  took:   {in: [docs], where: "exists level", value: took}
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
    """Which format, which value from where, and why not another format."""
    result = explain(r"[ERROR]\t7.5 ms\tboom", "--group", "rest")

    assert result.exit_code == 0
    assert result.stdout == (
        "read as text\n"
        '  level              "ERROR"  ← {level} of `[{level}]\\t{took} ms\\t{message}`, c.yaml:10\n'
        "  severity_number    17  ← the level, c.yaml:10\n"
        '  message            "boom"  ← {message} of `[{level}]\\t{took} ms\\t{message}`, c.yaml:10\n'
        "  took               7.5  ← {took} of `[{level}]\\t{took} ms\\t{message}`, c.yaml:10\n"
        "  vip                true  ← `set` of `text`, c.yaml:16\n"
        "not read as\n"
        "  aws/lambda-platform: `START RequestId: {request_id} Version: {_}`: column 1: "
        "wanted `START RequestId: `, saw `[ERROR]\\t7.5 ms\\tboom`\n"
    )


def test_a_key_is_found_where_it_is_written() -> None:
    """What a format inherits stands where its parent says it; what goes without saying, at the whole of `json`."""
    assert origins('app: {"text": "x", "order": {"took": 1}, "event": "e"}', "--group", "/aws/lambda/orders-new") == {
        "level": ("`set` of group `orders`", "c.yaml:27"),
        "severity_number": ("the level", "c.yaml:27"),
        "service": ("`set` of group `orders`", "c.yaml:27"),
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


def test_the_filters_that_count_the_line_are_named() -> None:
    """A person who wonders about an alarm sees which filter took the line, and which line of the contract asked for it."""
    assert explain("[ERROR] boom", "--group", "plain").stdout.splitlines()[4:] == [
        "counted by the filters",
        r"  logshape/shop/errors  ← `%^\[ERROR\]\s%`, c.yaml:35",
    ]
    line = '{"level": "ERROR", "order": {"took": 7}}'
    assert [(one["metric"], one["filter"], one["at"]) for one in answer(line, "--group", "docs")["counted"]] == [
        ("slow", "logshape/shop/slow", "c.yaml:36"),
        ("took", "logshape/shop/took", "c.yaml:37"),
    ]


def test_only_filters_of_the_entry_count_and_only_what_they_measure() -> None:
    """`errors` looks into another entry, and there is nothing to measure."""
    assert answer('{"level": "ERROR"}', "--group", "docs")["counted"] == []
    assert answer("[ERROR] boom", "--group", "rest")["counted"] == []
    assert [one["metric"] for one in answer("[ERROR] boom")["counted"]] == ["errors"]


def test_a_metric_that_no_filter_can_say_counts_nothing() -> None:
    """It is for `check` to tell; a line can be explained all the same."""
    text = CONTRACT.replace("[docs], where", "[plain], where")
    Path("c.yaml").write_text(text, encoding="utf-8")

    assert [one["metric"] for one in answer("[ERROR] boom", "--group", "plain")["counted"]] == ["errors"]


def test_without_a_group_every_format_is_asked() -> None:
    """Those of the groups come first, then the built-in ones."""
    found = answer(f"[ERROR]\t2025-10-31T22:38:21Z\t{REQUEST}\tboom")

    assert (found["format"], [other["format"] for other in found["others"]][:3]) == (
        "aws/lambda-text",
        ["heir", "plain", "docs"],
    )


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


def test_fields_are_shown_as_they_are_stored() -> None:
    """A detector that took out what it should not has a name."""
    line = "[INFO]\t1 ms\tkey AKIAIOSFODNN7EXAMPLE"
    answer = CliRunner().invoke(command, ["--contract", "c.yaml", "--group", "rest", "--json", line])
    text = CliRunner().invoke(command, ["--contract", "c.yaml", "--group", "rest", line])

    found = json.loads(answer.stdout)
    assert found["fields"]["message"]["value"] == "key [aws-access-key]"
    assert found["redacted"] == [
        {"field": "message", "by": ["aws-access-key"]},
        {"field": "raw", "by": ["aws-access-key"]},
    ]
    assert "\ntaken out before anything is stored\n  message            ← aws-access-key\n" in text.stdout
