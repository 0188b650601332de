"""Schema: each of its refusals in the contract's own words, and the schema as others use it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from logshape.contract import schema
from logshape.contract.rules import RULES

SCHEMA = json.loads(schema.SCHEMA.read_text(encoding="utf-8"))


def contract(**more: object) -> dict[str, object]:
    """Return the smallest contract, with *more* in it."""
    group = {"name": "all", "match": "*", "formats": ["aws/lambda-text"]}
    return {"version": 1, "name": "shop", "groups": [group], **more}


def said(data: object) -> list[str]:
    """Return rule and message of each fault of *data*."""
    return [f"{fault.rule}: {fault.message}" for fault in schema.faults(data)]


def test_the_schema_is_of_its_draft() -> None:
    """Editors take the same file."""
    Draft202012Validator.check_schema(SCHEMA)

    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_every_key_of_the_language_is_described() -> None:
    """The schema is the language's reference; an editor shows it beside the key."""
    silent = [
        f"{owner}.{name}"
        for owner, node in [("contract", SCHEMA), *SCHEMA["$defs"].items()]
        for name, key in node.get("properties", {}).items()
        if not ("description" in key or "description" in target(key))
    ]

    assert silent == []


def target(node: dict[str, Any]) -> dict[str, Any]:
    """Return what *node* refers to, or itself."""
    found: dict[str, Any] = SCHEMA["$defs"][node["$ref"].rpartition("/")[2]] if "$ref" in node else node
    return found


def test_the_smallest_contract_is_whole() -> None:
    """Three keys are required, and three of a group."""
    assert said(contract()) == []


FIELD = {"type": "keyword"}
FORMAT = {"line": "{message}", "examples": [{"line": "x", "record": {"message": "x"}}]}


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (
            [],
            "wrong-type: the contract is a list; wanted a logshape contract: a map with `version`, `name` and `groups`",
        ),
        (
            None,
            "wrong-type: the contract is empty; wanted a logshape contract: a map with `version`, `name` and `groups`",
        ),
        (contract(fields=None), "wrong-type: `fields` is empty; wanted a map from names to fields"),
        (contract(fields=["a"]), "wrong-type: `fields` is a list; wanted a map from names to fields"),
        (contract(version="1"), "wrong-type: `version` is `1`; wanted a whole number from 1"),
        (contract(version=True), "wrong-type: `version` is `true`; wanted a whole number from 1"),
        (contract(version=0), "wrong-value: `version` is `0`; wanted a whole number from 1"),
        (
            contract(name="shop-14d-eu"),
            (
                "wrong-name: `name` is `shop-14d-eu`; wanted a name of a-z, 0-9 and `-` that begins with a letter, of at most "
                "63 characters, with no part like `14d` or `forever`"
            ),
        ),
        (
            contract(name="shop\n"),
            (
                "wrong-name: `name` is `shop\\n`; wanted a name of a-z, 0-9 and `-` that begins with a letter, of at most "
                "63 characters, with no part like `14d` or `forever`"
            ),
        ),
        (
            contract(felds={}),
            (
                "unknown-key: `felds` is no key of the contract; use version, name, fields, formats, groups, keep, index, redact, "
                "metrics, ignore. Did you mean `fields`?"
            ),
        ),
        (
            contract(fields={"took": {"type": "dubble"}}),
            (
                "unknown-type: `type` of field `took` is `dubble`; wanted one of keyword, text, boolean, integer, long, double, "
                "timestamp, ip, object. Did you mean `double`?"
            ),
        ),
        (
            contract(fields={"Took": FIELD}),
            (
                "wrong-name: `Took` is no name for a field; wanted a name of a-z, 0-9 and `_` that begins with a letter, of at "
                "most 64 characters"
            ),
        ),
        (
            contract(fields={"took": {"why": "x"}}),
            (
                "missing-key: field `took` has no `type`; add one of keyword, text, boolean, integer, long, double, timestamp, ip, "
                "object"
            ),
        ),
        (
            contract(fields={"mail": {**FIELD, "redact": "hsh"}}),
            "wrong-value: `redact` of field `mail` is `hsh`; wanted mask, hash or drop. Did you mean `hash`?",
        ),
        (
            contract(metrics={"errors": {"where": "level = ERROR", "via": "emf"}}),
            "wrong-value: `via` of metric `errors` is `emf`; wanted `ingest`",
        ),
        (contract(redact="email"), "wrong-type: `redact` is `email`; wanted a list of detectors"),
        (contract(redact=[7]), "wrong-type: `redact 1` is `7`; wanted a detector's name, or a map with a `name`"),
        (
            contract(redact=[{"pattern": "x"}]),
            "missing-key: `redact 1` has no `name`; add a name of a-z, 0-9 and `-` that begins with a letter, of at most 64 characters",
        ),
        (
            contract(redact=[{"name": "x", "check": "luhm"}]),
            "wrong-value: `redact 1.check` is `luhm`; wanted `luhn`. Did you mean `luhn`?",
        ),
        (
            contract(formats={"unparsed": FORMAT}),
            (
                "wrong-name: `unparsed` is no name for a format; wanted a name of a-z, 0-9 and `-` that begins with a letter and "
                "is not `unparsed`"
            ),
        ),
        (
            contract(formats={"text": {"line": "{message}"}}),
            (
                "missing-key: format `text` has no `examples`; add a line with its record, which `check` reads, or `extends` a "
                "format"
            ),
        ),
        (
            contract(formats={"text": {"examples": FORMAT["examples"]}}),
            "missing-key: format `text` has no `line`; add a line template, or `json` for lines of JSON, or `extends` a format",
        ),
        (
            contract(formats={"text": {**FORMAT, "line": {"a": 1}}}),
            "wrong-type: `line` of format `text` is a map; wanted a line template, or a list of them",
        ),
        (
            contract(formats={"text": {**FORMAT, "line": [["x"]]}}),
            "wrong-type: `line 1` of format `text` is a list; wanted a line template, or a map with `line` and `set`",
        ),
        (
            contract(formats={"text": {**FORMAT, "line": ["x", {"line": "y", "sett": {}}]}}),
            "unknown-key: `sett` is no key of `line 2` of format `text`; use line, like, set, ignore. Did you mean `set`?",
        ),
        (contract(groups=[]), "wrong-value: `groups` is empty; wanted a list of group entries"),
        (
            contract(groups=[{"name": "a", "match": ["x?"], "formats": ["f", "f"]}]),
            "wrong-value: `match 1` of group `a` is `x?`; wanted a log group's name, with `*` for any characters",
        ),
        (
            contract(keep={"logs": "45d"}),
            (
                "wrong-keep: `keep.logs` is `45d`; wanted one of 1d, 3d, 5d, 7d, 14d, 30d, 60d, 90d, 120d, 150d, 180d, 365d, 400d, "
                "545d, 731d, 1096d, 1827d, 2192d, 2557d, 2922d, 3288d, 3653d or `forever`. The nearest is `60d`"
            ),
        ),
        (
            contract(keep={"index": 14}),
            "wrong-keep: `keep.index` is `14`; wanted a number of days such as `14d`, or `forever`. Did you mean `14d`?",
        ),
        (
            contract(keep={"archive": "0d"}),
            "wrong-keep: `keep.archive` is `0d`; wanted a number of days such as `14d`, or `forever`",
        ),
        (
            contract(index={"period": "weak"}),
            "wrong-value: `index.period` is `weak`; wanted day, week or month. Did you mean `week`?",
        ),
    ],
)
def test_a_fault_says_what_was_seen_and_what_is_wanted(data: object, fault: str) -> None:
    """Whoever reads the message needs no other page."""
    assert fault in said(data)


def test_a_fault_hides_no_other() -> None:
    """One run of `check` is enough."""
    groups = [
        {"name": "a", "match": [1, "x y"], "formats": ["f", "f"], "subscribe": "yes"},
        {"match": {}, "keep": {"logs": "0d"}},
    ]

    assert [(fault.path, fault.rule) for fault in schema.faults(contract(groups=groups))] == [
        (("groups", 0, "match", 0), "wrong-type"),
        (("groups", 0, "match", 1), "wrong-value"),
        (("groups", 0, "formats"), "wrong-value"),
        (("groups", 0, "subscribe"), "wrong-type"),
        (("groups", 1), "missing-key"),
        (("groups", 1), "missing-key"),
        (("groups", 1, "match"), "wrong-type"),
        (("groups", 1, "keep", "logs"), "wrong-keep"),
    ]


def test_the_rules_of_the_schema_are_rules() -> None:
    """A problem's id leads to its line in the documentation."""
    named = set(rules_in(SCHEMA))

    assert named <= {rule for rule, about in RULES.items() if about.judge == "schema"}


def rules_in(node: object) -> list[str]:
    """Return each `x-rule` of *node* and below."""
    if isinstance(node, list):
        return [rule for inner in node for rule in rules_in(inner)]
    if not isinstance(node, dict):
        return []
    own = [node["x-rule"]] if isinstance(node.get("x-rule"), str) else []
    return own + [rule for inner in node.values() for rule in rules_in(inner)]
