"""Rules: what is wrong with a contract, by rule id, and which of it the contract itself asks to be silent about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import msgspec

from logshape.contract.source import Keys, Side  # noqa: TC001 # msgspec reads the annotations
from logshape.contract.wording import listing, suggestion
from logshape.errors import Advice, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from logshape.contract.source import Source

Judge: TypeAlias = Literal["yaml", "schema", "contract", "examples", "advice", "agreement", "stores", "template"]


class Rule(msgspec.Struct, frozen=True):
    """What a contract must be, who judges it, and whether a contract that breaks it still has a meaning."""

    wants: str
    judge: Judge
    optional: bool = False
    """Whether `ignore` can silence it."""
    advice: bool = False
    """Whether a contract that breaks it holds all the same; such a rule is always optional."""


# docs/rules.md has the same table.
RULES: Final[Mapping[str, Rule]] = {
    "yaml-syntax": Rule("The file is one YAML document in UTF-8, indented by spaces.", "yaml"),
    "yaml-size": Rule(
        "The file is at most 1 MiB, 32 levels deep, and small still when its aliases are followed.", "yaml"
    ),
    "yaml-trap": Rule(
        "A word that YAML 1.1 and 1.2 read differently (`no`, `on`, `010`, `12:30`) is in quotes.", "yaml"
    ),
    "yaml-key": Rule("Every key is text.", "yaml"),
    "yaml-tag": Rule("There are no tags (`!!binary`) and no merge keys (`<<`).", "yaml"),
    "duplicate-key": Rule("No key stands twice in one map.", "yaml"),
    "wrong-type": Rule("A map stands where a map belongs, a list where a list does, and so on.", "schema"),
    "wrong-value": Rule("A value is one of those that its key takes.", "schema"),
    "wrong-name": Rule("A name is written as its kind of name is.", "schema"),
    "wrong-keep": Rule(
        "`keep.logs` is a number of days that CloudWatch Logs knows; the others are any, or `forever`.", "schema"
    ),
    "unknown-type": Rule("A field's type is one of the nine.", "schema"),
    "unknown-key": Rule("A map has no key beside those of the language.", "schema", optional=True),
    "missing-key": Rule("A map has the keys that it must have.", "schema"),
    "reserved-name": Rule("A declared field has the name of no core field, column or partition.", "contract"),
    "wrong-range": Rule("A range belongs to a number, and its least comes first.", "contract", optional=True),
    "wrong-constant": Rule("A constant or an example fits the type of its field.", "contract"),
    "unknown-field": Rule(
        "A template, path, constant, predicate or metric names a core field, a declared or a built-in one.",
        "contract",
        optional=True,
    ),
    "unknown-format": Rule("`formats` and `extends` name formats that are declared or built in.", "contract"),
    "extends-cycle": Rule("No format extends itself, directly or through others.", "contract"),
    "wrong-template": Rule("A line template is of the template language.", "contract"),
    "wrong-path": Rule("A path or a need is steps with dots between them.", "contract"),
    "wrong-zone": Rule("A zone is a name of the IANA time zone database.", "contract"),
    "duplicate-level": Rule("A spelling stands for one level.", "contract"),
    "duplicate-group": Rule("A group's name is its own.", "contract"),
    "shadowed-group": Rule(
        "An entry of `groups` has log groups that no earlier entry takes.", "contract", optional=True
    ),
    "wrong-predicate": Rule("A predicate is of the predicate language.", "contract"),
    "misfit-predicate": Rule("A predicate asks of a field what its type can answer.", "contract"),
    "unknown-group": Rule("A metric's `in` names entries of `groups`.", "contract"),
    "wrong-metric": Rule(
        "A metric's value is a number, its dimensions are words, and a default is a count's without dimensions.",
        "contract",
    ),
    "unknown-detector": Rule("An entry of `redact` is built in, or has a pattern of its own.", "contract"),
    "duplicate-detector": Rule("A detector stands once in `redact`.", "contract"),
    "wrong-pattern": Rule(
        "A detector's pattern is one of RE2 that finds text, and finds it anywhere: no `^` or `$`.", "contract"
    ),
    "wrong-redaction": Rule(
        "A field that is masked or hashed can hold text; one of another type is dropped.", "contract"
    ),
    "failed-example": Rule("An example's line gives the example's record.", "examples", optional=True),
    "uncountable": Rule("CloudWatch's filters can ask what a metric asks, and do so within their limits.", "agreement"),
    "disagreement": Rule(
        "Filters count a line that a format can write if parser and `where` do, once, and report what the record has.",
        "agreement",
        optional=True,
    ),
    "narrow-column": Rule(
        "A field's column takes what its range allows, and what examples and other lines give.", "stores", optional=True
    ),
    "mapping-conflict": Rule("One mapping takes what all formats give a field.", "stores", optional=True),
    "stale-template": Rule(
        "What in `template.yaml` follows from the contract beside it is as `make template` writes it.", "template"
    ),
    "unused-ignore": Rule("An entry of `ignore` names a rule that can be silent, and silences something.", "contract"),
    "counted-drop": Rule(
        "No line that `drop` takes out is counted by a metric: CloudWatch's filters see it all the same.",
        "advice",
        optional=True,
        advice=True,
    ),
    "redacted-metric": Rule(
        "A metric asks of no field that is redacted: it counts what CloudWatch saw, which is what was there before.",
        "advice",
        optional=True,
        advice=True,
    ),
    "given-dimension": Rule(
        "The dimensions of a metric are said by lines: what `set` gives a group, CloudWatch does not see.",
        "advice",
        optional=True,
        advice=True,
    ),
    "unread-platform": Rule(
        "An entry for functions' log groups reads the lines that Lambda itself writes there.",
        "advice",
        optional=True,
        advice=True,
    ),
    "scalar-type": Rule(
        "Filter and parser agree on a line whose JSON has a scalar of another type than its field's.",
        "agreement",
        optional=True,
        advice=True,
    ),
}


class Fault(msgspec.Struct, frozen=True):
    """What *rule* finds at *path*: at the value or its key, for text at its *column*-th character."""

    path: Keys
    rule: str
    message: str
    side: Side = "value"
    column: int = 1


def silence(faults: Iterable[Fault], data: object, judges: AbstractSet[Judge]) -> Iterator[Fault]:
    """
    Yield the *faults* that no `ignore` of *data* silences, and one for each `ignore` that silences none.

    An `ignore` counts as unused only if its rule is one that *judges* have judged.
    """
    silences = {(path, rule): at for path, rules in _ignores(data) for at, rule in enumerate(rules)}
    used = set()
    for fault in dict.fromkeys(faults):
        around = (fault.path[:depth] for depth in range(len(fault.path), -1, -1))
        ignore = next((path for path in around if (path, fault.rule) in silences), None)
        if ignore is None or not RULES[fault.rule].optional:
            yield fault
        else:
            used.add((ignore, fault.rule))
    for (path, rule), at in silences.items():
        message = _unused(rule, judges) if (path, rule) not in used else None
        if message:
            yield Fault((*path, "ignore", at), "unused-ignore", message)


def _unused(rule: str, judges: AbstractSet[Judge]) -> str | None:
    optional = [name for name, known in RULES.items() if known.optional]
    if rule not in RULES:
        return f"`{rule}` is no rule; those that can be silent are {listing(optional)}{suggestion(rule, optional)}"
    if not RULES[rule].optional:
        return f"`{rule}` cannot be silent, for the contract has no meaning then; mend what it finds"
    if RULES[rule].judge in judges:
        return f"`{rule}` finds nothing here; leave this out"
    return None


def _ignores(data: object, path: Keys = ()) -> Iterator[tuple[Keys, list[str]]]:
    """Yield each map of *data* that is of the language and has an `ignore`, with the rules in it."""
    if isinstance(data, dict):
        rules = data.get("ignore")
        if isinstance(rules, list) and not _is_free(path):
            yield path, [rule for rule in rules if isinstance(rule, str)]
        for key, value in data.items():
            yield from _ignores(value, (*path, key))
    elif isinstance(data, list):
        for at, value in enumerate(data):
            yield from _ignores(value, (*path, at))


def _is_free(path: Keys) -> bool:
    """Say whether the keys of the map at *path* are the user's own, so that `ignore` among them is a name."""
    match path:
        case ("fields",) | ("formats",) | ("metrics",) | ("groups", int(), "set"):
            return True
        case ("formats", _, "json" | "set" | "words", *_) | ("formats", _, "line", int(), "set" | "like"):
            return True
        case ("formats", _, "examples", int(), "record", *_):
            return True
        case _:
            return False


def placed(faults: Iterable[Fault], source: Source) -> Iterator[Problem | Advice]:
    """Yield *faults* at their places in *source*, each as what its rule makes of it."""
    for fault in faults:
        line, column = source.place(fault.path, fault.side, fault.column)
        kind = Advice if RULES[fault.rule].advice else Problem
        yield kind(file=source.file, line=line, column=column, rule=fault.rule, message=fault.message)
