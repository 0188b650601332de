"""
Predicates: the conditions of ``where`` and ``drop``, from text to a tree that every engine's compiler reads.

::

    condition  := clause ("or" clause)*
    clause     := term ("and" term)*
    term       := "not" term | "(" condition ")" | "exists" field | comparison
    comparison := field ("=" | "!=" | "<" | "<=" | ">" | ">=") value
                | field "in" "(" value ("," value)* ")"
                | field "like" text
    value      := text | number | "true" | "false" | level

Text stands in single or double quotes, with the quote itself doubled. In ``like`` a ``*`` stands for any run of
characters, and the whole value must match. Levels are words and are ordered: ``level >= ERROR``. A comparison with an
absent or null field is false, ``!=`` included; ``not`` is plain negation.
"""

from __future__ import annotations

import math
import re
from datetime import datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args

import msgspec

from logshape.contract.levels import SEVERITY
from logshape.errors import InvalidPredicate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Operator: TypeAlias = Literal["=", "!=", "<", "<=", ">", ">="]
Value: TypeAlias = str | int | float | bool


class Compare(msgspec.Struct, frozen=True, tag="compare"):
    """*field* stands to *value* as *operator* says; *column* is where the field stands in the predicate's text."""

    field: str
    operator: Operator
    value: Value
    column: int = 1


class In(msgspec.Struct, frozen=True, tag="in"):
    """*field* is one of *values*."""

    field: str
    values: tuple[Value, ...]
    column: int = 1


class Like(msgspec.Struct, frozen=True, tag="like"):
    """*field*, as text, matches *pattern* as a whole, `*` standing for any run of characters."""

    field: str
    pattern: str
    column: int = 1


class Exists(msgspec.Struct, frozen=True, tag="exists"):
    """*field* is there and not null."""

    field: str
    column: int = 1


class Not(msgspec.Struct, frozen=True, tag="not"):
    """*term* does not hold."""

    term: Node


class And(msgspec.Struct, frozen=True, tag="and"):
    """Every one of *terms* holds."""

    terms: tuple[Node, ...]


class Or(msgspec.Struct, frozen=True, tag="or"):
    """At least one of *terms* holds."""

    terms: tuple[Node, ...]


Leaf: TypeAlias = Compare | In | Like | Exists
Node: TypeAlias = Compare | In | Like | Exists | Not | And | Or


class Predicate(msgspec.Struct, frozen=True):
    """A condition as a tree, beside the text that it was parsed from."""

    source: str
    tree: Node


class _Token(msgspec.Struct, frozen=True):
    kind: str
    text: str
    column: int


_TOKEN: Final = re.compile(
    r"""(?P<space>\s+)
      | (?P<text>'(?:[^']|'')*'|"(?:[^"]|"")*")
      | (?P<number>[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![\w.]))
      | (?P<word>@?[A-Za-z_][A-Za-z0-9_]*)
      | (?P<operator>!=|<=|>=|=|<|>)
      | (?P<mark>[(),])""",
    re.VERBOSE,
)
_OPERATORS: Final[tuple[str, ...]] = get_args(Operator)
_MINUTE_END: Final = len("2025-10-31T22:38")
LISTS: Final = ("parse_errors",)
"""Fields of several values, of which only `exists` can be asked."""
_KEYWORDS: Final = ("and", "or", "not", "in", "like", "exists", "true", "false")
_DEEPEST: Final = 50  # a predicate is written by a person; what is deeper would only exhaust the stack


def parse(source: str) -> Predicate:
    """
    Parse *source* into a tree.

    Raises:
        InvalidPredicate: with the column of the first fault, counted from 1.

    """
    reader = _Reader(list(_tokens(source)), len(source) + 1)
    tree = reader.condition(0)
    if reader.token is not None:
        raise reader.refuse("`and`, `or` or the end")
    return Predicate(source, tree)


def leaves(node: Node) -> Iterator[Leaf]:
    """Yield every comparison of *node*, from left to right."""
    match node:
        case Compare() | In() | Like() | Exists():
            yield node
        case Not(term=term):
            yield from leaves(term)
        case And(terms=terms) | Or(terms=terms):
            for term in terms:
                yield from leaves(term)


def misfits(predicate: Predicate, types: Mapping[str, str]) -> Iterator[tuple[int, str]]:
    """Yield column and message of each comparison that the *types* of its field make senseless."""
    for leaf in leaves(predicate.tree):
        kind = types.get(leaf.field)
        if kind is None:
            yield leaf.column, f"`{leaf.field}` is no field of this contract"
        else:
            fault = _misfit(leaf, kind)
            if fault:
                yield leaf.column, fault


def _misfit(leaf: Leaf, kind: str) -> str | None:
    if not isinstance(leaf, Exists) and (kind == "object" or leaf.field in LISTS):
        what = "a list" if leaf.field in LISTS else "an object"
        return f"`{leaf.field}` is {what}: only `exists` can be asked of it"
    match leaf:
        case Exists():
            return None
        case Like():
            if kind in ("keyword", "text") and leaf.field != "level":
                return None
            return f"`like` reads text and `{leaf.field}` is of type {kind}"
        case Compare(operator=operator, value=value):
            if operator not in ("=", "!=") and kind in ("boolean", "ip"):
                return f"`{leaf.field}` is of type {kind}, which has no order"
            return _unlike(leaf.field, value, kind)
        case In(values=values):
            return next((fault for value in values if (fault := _unlike(leaf.field, value, kind))), None)


def _unlike(field: str, value: Value, kind: str) -> str | None:
    wanted: str
    if field == "level":
        if value in SEVERITY:
            return None
        return f"`{value}` is no level; use one of {', '.join(SEVERITY)}"
    if kind == "boolean":
        wanted, fits = "true or false", isinstance(value, bool)
    elif kind in ("integer", "long", "double"):
        wanted, fits = "a number", isinstance(value, int | float) and not isinstance(value, bool)
    elif kind == "timestamp":
        wanted, fits = "a time like '2025-10-31T22:38:21Z'", isinstance(value, str) and _is_time(value)
    elif kind == "ip":
        wanted, fits = "an address like '192.0.2.1'", isinstance(value, str) and _is_address(value)
    else:
        wanted, fits = "text in quotes", isinstance(value, str)
    return None if fits else f"`{field}` is of type {kind} and is compared with {wanted}, not with {value!r}"


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return text[_MINUTE_END : _MINUTE_END + 1] == ":"  # a time has its seconds, or no store reads it


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return "%" not in text


def _tokens(source: str) -> Iterator[_Token]:
    at = 0
    while at < len(source):
        match = _TOKEN.match(source, at)
        if match is None:
            message = f"`{source[at]}` at column {at + 1} begins no word, number, text or operator"
            raise InvalidPredicate(message, at + 1)
        if match.lastgroup != "space":
            yield _Token(match.lastgroup or "", match.group(), at + 1)
        at = match.end()


class _Reader:
    """Recursive descent over the tokens; `token` is the next one, or None at the end."""

    def __init__(self, tokens: list[_Token], end: int) -> None:
        self._tokens = tokens
        self._at = 0
        self._end = end

    @property
    def token(self) -> _Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def refuse(self, wanted: str) -> InvalidPredicate:
        token = self.token
        seen, column = (f"`{token.text}`", token.column) if token else ("the end", self._end)
        return InvalidPredicate(f"saw {seen} at column {column}, wanted {wanted}", column)

    def condition(self, depth: int) -> Node:
        terms = [self._clause(depth)]
        while self._take("or"):
            terms.append(self._clause(depth))
        return terms[0] if len(terms) == 1 else Or(tuple(terms))

    def _clause(self, depth: int) -> Node:
        terms = [self._term(depth)]
        while self._take("and"):
            terms.append(self._term(depth))
        return terms[0] if len(terms) == 1 else And(tuple(terms))

    def _term(self, depth: int) -> Node:
        if depth > _DEEPEST:
            raise self.refuse(f"at most {_DEEPEST} levels of `not` and parentheses")
        if self._take("not"):
            return Not(self._term(depth + 1))
        if self._take("("):
            inner = self.condition(depth + 1)
            self._want(")")
            return inner
        if self._take("exists"):
            column = self.token.column if self.token else self._end
            return Exists(self._field(), column)
        return self._comparison()

    def _comparison(self) -> Node:
        column = self.token.column if self.token else self._end
        field = self._field()
        if self._take("in"):
            self._want("(")
            values = [self._value()]
            while self._take(","):
                values.append(self._value())
            self._want(")")
            return In(field, tuple(values), column)
        if self._take("like"):
            pattern = self._value()
            if not isinstance(pattern, str):
                self._at -= 1
                raise self.refuse("text in quotes behind `like`")
            return Like(field, pattern, column)
        for operator in _OPERATORS:
            if self._take(operator):
                return Compare(field, operator, self._value(), column)  # type: ignore[arg-type] # an item of get_args(Operator)
        raise self.refuse("one of = != < <= > >= in like")

    def _field(self) -> str:
        token = self.token
        if token is None or token.kind != "word" or token.text in _KEYWORDS:
            raise self.refuse("a field's name")
        self._at += 1
        return token.text

    def _value(self) -> Value:
        token = self.token
        value: Value
        match token:
            case _Token(kind="text", text=text):
                value = text[1:-1].replace(text[0] * 2, text[0])
            case _Token(kind="number", text=text) if math.isfinite(float(text)):
                value = int(text) if re.fullmatch(r"[+-]?[0-9]+", text) else float(text)
            case _Token(kind="word", text=("true" | "false") as text):
                value = text == "true"
            case _Token(kind="word", text=text) if text in SEVERITY:
                value = text
            case _:
                raise self.refuse(f"text in quotes, a number, true, false or a level ({', '.join(SEVERITY)})")
        self._at += 1
        return value

    def _take(self, text: str) -> bool:
        token = self.token
        if token is None or token.kind == "text" or token.text != text:
            return False
        self._at += 1
        return True

    def _want(self, text: str) -> None:
        if not self._take(text):
            raise self.refuse(f"`{text}`")
