"""Holes: what a comparison demands of the text in one hole of a template, as regexes for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import msgspec

from logshape.artefacts.patterns import digits
from logshape.artefacts.patterns.leaves import levels_of
from logshape.artefacts.patterns.scalars import INVERSE, NUMBERS
from logshape.contract.predicates import Compare, Exists, In, Like
from logshape.dialects.filter_pattern.regexes import RegexFault, escaped
from logshape.errors import Unsayable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logshape.contract.model import Field, Format
    from logshape.contract.predicates import Leaf, Value

ANYTHING: Final = r"[\s\S]*"
_OPERATORS: Final = "^$?[]{}|\\*+."
_NUMBER: Final = {"integer": "-?[0-9]+", "long": "-?[0-9]+", "double": "-?[0-9][0-9.eE+-]*"}


class Content(msgspec.Struct, frozen=True):
    """
    What a hole holds: all of it matches *regex*, or only how it begins where *is_open*; *words* are in it.

    Behind an open beginning there is at least one more character if it is *longer*.
    """

    regex: str
    is_open: bool = False
    words: tuple[str, ...] = ()
    longer: bool = False


ANY: Final = Content("", is_open=True, longer=True)
Contents: TypeAlias = tuple[Content, ...]
"""Of these one is what the hole holds."""


class Ranges(msgspec.Struct, frozen=True):
    """A number in one of *pairs* of a least and a greatest whole number, with a fraction where the field has one."""

    field: Field
    pairs: tuple[tuple[int, int], ...]

    @property
    def contents(self) -> Contents:
        """The regexes of the numbers."""
        return tuple(map(Content, digits.written(self.pairs, has_fraction=self.field.type == "double")))


Demand: TypeAlias = Contents | Ranges


def contents_of(demand: Demand) -> Contents:
    """Return the regexes for what *demand* takes."""
    return demand.contents if isinstance(demand, Ranges) else demand


def meet(first: Demand, second: Demand) -> Demand:
    """
    Return what *first* and *second* both take.

    Raises:
        Unsayable: no regex can say both of one text.

    """
    if isinstance(first, Ranges) and isinstance(second, Ranges):
        both = ((max(a, c), min(b, d)) for a, b in first.pairs for c, d in second.pairs)
        return Ranges(first.field, tuple(pair for pair in both if pair[0] <= pair[1]))
    one, other = contents_of(first), contents_of(second)
    if not any(content.is_open for content in (*one, *other)):
        return tuple(content for content in one if content in other)
    raise Unsayable("two conditions on one part of a text line are more than one regex can say")


def demand(leaf: Leaf, field: Field, format_: Format, *, optional: bool, wanted: bool) -> Demand:
    """
    Return what a hole of *field* holds where *leaf* is as *wanted* and the hole is not empty.

    Raises:
        Unsayable: no regex can say that.

    """
    if field.name == "level":
        chosen = levels_of(leaf)
        return tuple(_word(word) for word, level in format_.levels.items() if (level in chosen) is wanted)
    match leaf:
        case Exists():
            return _filled(field, format_, optional=optional) if wanted else ()
        case Like(pattern=pattern) if wanted:
            return (like(pattern),)
        case Compare(operator="=" | "!=", value=value) if wanted is (leaf.operator == "="):
            return tuple(_equal(field, value))
        case In(values=values) if wanted:
            return tuple(content for value in values for content in _equal(field, value))
        case Compare(operator=operator, value=int() | float() as value) if field.type in NUMBERS:
            return Ranges(field, tuple(digits.ranges(field, operator if wanted else INVERSE[operator], value)))
        case _:
            message = (
                f"`{field.name}`: a regex can say what a text is, and not what it is not; ask for levels or numbers"
            )
            raise Unsayable(message, leaf.column)


def nothing(format_: Format, field: Field) -> Contents:
    """Return what an optional hole of *field* holds where it gives no value."""
    words = () if field.type == "text" else format_.nulls
    return (Content(""), *map(_word, words))


def _filled(field: Field, format_: Format, *, optional: bool) -> Contents:
    if field.type in NUMBERS:
        return (Content(_NUMBER[field.type]),)
    words = format_.nulls if optional and field.type != "text" else ()
    if any(len(word) > 1 for word in words):
        long = next(word for word in words if len(word) > 1)
        raise Unsayable(f"`{field.name}`: a regex cannot say that a text is not `{long}`")
    if not words:
        return (ANY,)
    return (
        Content(f"[^{''.join(map(in_class, words))}]", is_open=True),
        *(Content(regex_of(word), is_open=True, longer=True) for word in words),
    )


def _equal(field: Field, value: Value) -> Iterator[Content]:
    if field.type == "timestamp":
        raise Unsayable(f"`{field.name}`: a time has too many spellings")
    if field.type == "ip" and ":" in str(value):
        raise Unsayable(f"`{field.name}`: an IPv6 address has many spellings")
    if field.type in NUMBERS and isinstance(value, int | float):
        for text in digits.texts(field, value):
            yield _word(text)
        return
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if text:
        yield _word(text)


def like(pattern: str) -> Content:
    """Return what the glob *pattern* takes."""
    first, *rest = pattern.split("*")
    if not rest:
        return _word(first)
    regex = ANYTHING.join(regex_of(piece) for piece in [first, *rest[:-1]] if piece or piece is first)
    last = rest[-1]
    words = tuple(piece for piece in (first, *rest) if piece)
    return (
        Content(f"{regex}{ANYTHING}{regex_of(last)}", words=words)
        if last
        else Content(regex, is_open=True, words=words)
    )


def _word(text: str) -> Content:
    return Content(regex_of(text), words=(text,))


def regex_of(text: str) -> str:
    """
    Return the regex that finds *text*.

    Raises:
        Unsayable: a character in it is none of a regex.

    """
    try:
        return "".join(f"\\{sign}" if sign in _OPERATORS else escaped(sign) for sign in text)
    except RegexFault as fault:
        raise Unsayable(f"`{text}`: {fault}") from fault


def in_class(text: str) -> str:
    """Return the characters of *text* as they stand inside of brackets."""
    return "".join(sign if sign.isascii() and sign.isalnum() else f"\\x{ord(sign):02X}" for sign in text)
