"""
Patterns, from text to trees.

::

    terms     := (("-" | "?")? (bare | quoted | regex))*
    json      := "{" or "}"
    or        := and ("||" and)*
    and       := primary ("&&" primary)*
    primary   := "(" or ")" | selector "IS" ("NULL" | "TRUE" | "FALSE") | selector "NOT" "EXISTS" | selector test
    test      := ("=" | "!=") value | ("<" | ">" | "<=" | ">=") number
    value     := bare | quoted | regex | number | "*"
    selector  := "$" ("." name | ".['" text "']" | "[" digits "]" | ".*" | "[*]")+
    delimited := "[" (slot ("," slot)*)? "]"
    slot      := "" | "..." | name | name test (("&&" | "||") name test)*
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, cast

from logshape.dialects.filter_pattern.scanner import INVALID, NAME, OPERATORS, Scanner, invalid
from logshape.dialects.filter_pattern.switches import DEFAULT, Unconfirmed
from logshape.dialects.filter_pattern.tree import (
    And,
    Check,
    Compare,
    Delimited,
    Is,
    Json,
    NotExists,
    Number,
    Operator,
    Or,
    Regex,
    Rest,
    Selector,
    Slot,
    Term,
    Terms,
    Wildcard,
)

if TYPE_CHECKING:
    from logshape.dialects.filter_pattern.tree import Condition, Constant, Pattern, Step

DEEPEST: Final = 100  # levels of parentheses; 1,024 characters that ask something have no use for more

_BARE_TERM: Final = re.compile(r"[^ \t\r\n]+")
_NOT_BARE: Final = re.compile(r"[^A-Za-z0-9_]")
_NOT_BARE_OR_STAR: Final = re.compile(r"[^A-Za-z0-9_*]")
_STEP: Final = re.compile(
    r"\.\['(?P<quoted>.*?)'\]|\.(?P<name>[A-Za-z0-9_-]+)|(?P<fields>\.\*)|\[(?P<index>[0-9]{1,9})\]|(?P<elements>\[\*\])",
    re.DOTALL,
)


@lru_cache(maxsize=1024)
def parse(text: str, switches: Unconfirmed = DEFAULT) -> Pattern:
    """
    Parse *text*; its first character that is no blank decides which kind of pattern it is.

    Raises:
        InvalidPattern: CloudWatch's own words where they are known, and the column of the first fault.

    """
    scanner = Scanner(text, switches)
    if scanner.sees("{"):
        return _json(scanner)
    if scanner.sees("["):
        return _delimited(scanner)
    return _terms(scanner)


def _terms(scanner: Scanner) -> Terms:
    found: dict[str, list[Term | Regex]] = {"": [], "-": [], "?": []}
    while not scanner.done():
        sign = scanner.take_any(("-", "?")) or ""
        found[sign].append(_term(scanner))
        if scanner.at < len(scanner.text) and scanner.text[scanner.at] not in " \t\r\n":
            raise scanner.unexpected("a space between terms")
    return Terms(tuple(found[""]), tuple(found["-"]), tuple(found["?"]))


def _term(scanner: Scanner) -> Term | Regex:
    start = scanner.at
    first = scanner.text[start : start + 1]
    if first == '"':
        return Term(scanner.quoted(), start + 1)
    if first == "%":
        return scanner.regex()
    match = scanner.match(_BARE_TERM)
    if match is None:
        raise scanner.bad_term(scanner.text[start - 1], start - 1)
    fault = (_NOT_BARE_OR_STAR if scanner.switches.wildcards_in_terms else _NOT_BARE).search(match.group())
    if fault:
        raise scanner.bad_term(match.group(), start + fault.start())
    return Term(match.group(), start + 1)


def _json(scanner: Scanner) -> Json:
    end = scanner.text.rstrip(" \t\r\n")
    if not end.endswith("}"):
        wording = "If a filter pattern starts with '{' it must end with '}'"
        raise invalid(wording, len(end) + 1, "wanted `}`")
    scanner.want("{")
    condition = _or(scanner, 0)
    scanner.want("}")
    if not scanner.done():
        raise scanner.unexpected("the end")
    return Json(condition)


def _or(scanner: Scanner, depth: int) -> Condition:
    terms = [_and(scanner, depth)]
    while scanner.take("||"):
        terms.append(_and(scanner, depth))
    return terms[0] if len(terms) == 1 else Or(tuple(terms))


def _and(scanner: Scanner, depth: int) -> Condition:
    terms = [_primary(scanner, depth)]
    while scanner.take("&&"):
        terms.append(_primary(scanner, depth))
    return terms[0] if len(terms) == 1 else And(tuple(terms))


def _primary(scanner: Scanner, depth: int) -> Condition:
    if depth == DEEPEST and scanner.sees("("):
        raise scanner.unexpected(f"at most {DEEPEST} levels of parentheses")
    if scanner.take("("):
        inner = _or(scanner, depth + 1)
        scanner.want(")")
        return inner
    selector = _selector(scanner)
    if scanner.take_word("IS"):
        constant = scanner.take_word("NULL", "TRUE", "FALSE")
        if constant is None:
            raise scanner.unexpected("NULL, TRUE or FALSE; `IS NOT` is not supported")
        return Is(selector, cast("Constant", constant))
    if scanner.take_word("NOT"):
        if not scanner.take_word("EXISTS"):
            raise scanner.unexpected("EXISTS")
        return NotExists(selector)
    check = _check(scanner, "one of = != < > <= >=, IS or NOT EXISTS; that it exists is written `= *`")
    return Compare(selector, check.operator, check.value)


def _selector(scanner: Scanner) -> Selector:
    if not scanner.sees("$"):
        raise scanner.unexpected("`(` or a selector like `$.name`")
    column = scanner.column
    scanner.at += 1
    steps: list[Step] = []
    while match := scanner.match(_STEP):
        steps.append(_step(match))
    if not steps or scanner.text.startswith((".", "["), scanner.at):
        raise scanner.unexpected("a step: `.name`, `.['any name']`, `[0]`, `[*]` or `.*`")
    return Selector(tuple(steps), column)


def _step(match: re.Match[str]) -> Step:
    if match["fields"]:
        return Wildcard.FIELDS
    if match["elements"]:
        return Wildcard.ELEMENTS
    if match["index"]:
        return int(match["index"])
    return match["name"] or match["quoted"]


def _delimited(scanner: Scanner) -> Delimited:
    scanner.want("[")
    slots: list[Slot | Rest] = []
    if not scanner.take("]"):
        slots.append(_slot(scanner))
        while scanner.take(","):
            slots.append(_slot(scanner))
            if isinstance(slots[-1], Rest) and any(isinstance(slot, Rest) for slot in slots[:-1]):
                raise invalid(INVALID, slots[-1].column, "only one `...` can say where the fields go")
        scanner.want("]")
    if not scanner.done():
        raise scanner.unexpected("the end")
    return Delimited(tuple(slots))


def _slot(scanner: Scanner) -> Slot | Rest:
    scanner.done()
    column = scanner.column
    if scanner.take("..."):
        return Rest(column)
    if scanner.sees(",") or scanner.sees("]"):
        return Slot(column=column)
    match = scanner.match(NAME)
    if match is None:
        raise scanner.unexpected("a name, `...`, `,` or `]`")
    if scanner.sees(",") or scanner.sees("]"):
        return Slot(match.group(), column=column)
    return Slot(match.group(), _checks(scanner, match.group()), column)


def _checks(scanner: Scanner, name: str) -> tuple[tuple[Check, ...], ...]:
    wanted = "one of = != < > <= >=, `,` or `]`"
    any_of = [[_check(scanner, wanted, wildcards=scanner.switches.wildcards_in_slots)]]
    while joint := scanner.take_any(("&&", "||")):
        scanner.done()
        column = scanner.column
        match = scanner.match(NAME)
        if match is None or match.group() != name:
            raise invalid(INVALID, column, f"a slot tests one field: wanted `{name}`")
        check = _check(scanner, wanted, wildcards=scanner.switches.wildcards_in_slots)
        if joint == "&&":
            any_of[-1].append(check)
        else:
            any_of.append([check])
    return tuple(map(tuple, any_of))


def _check(scanner: Scanner, wanted: str, *, wildcards: bool = True) -> Check:
    operator = scanner.take_any(OPERATORS)
    if operator is None:
        raise scanner.unexpected(wanted)
    scanner.done()
    column = scanner.column
    value = scanner.value(wildcards=wildcards)
    if operator not in ("=", "!=") and not isinstance(value, Number):
        raise invalid(INVALID, column, f"`{operator}` compares with a number")
    return Check(cast("Operator", operator), value)
