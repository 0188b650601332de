"""
The trees of CloudWatch filter patterns, which say what a pattern asks and not how it is spelled.

Columns count from 1 inside the text that was parsed and are 0 in trees that were built; two trees that ask the same are
equal wherever they stood.
"""

from __future__ import annotations

from enum import Enum
from operator import attrgetter
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

Operator: TypeAlias = Literal["=", "!=", "<", ">", "<=", ">="]
Constant: TypeAlias = Literal["NULL", "TRUE", "FALSE"]
_READERS: Final[dict[type, Callable[[object], object]]] = {}


class Node(msgspec.Struct, frozen=True, eq=False):
    """What all trees share: equality that does not see columns."""

    def __eq__(self, other: object) -> bool:
        """Compare kind and content, and no columns."""
        return type(self) is type(other) and _content(self) == _content(other)

    def __ne__(self, other: object) -> bool:
        """Deny `__eq__`, which msgspec does not do by itself."""
        return not self == other

    def __hash__(self) -> int:
        """Hash what `__eq__` compares."""
        return hash((type(self), _content(self)))


def _content(node: object) -> object:
    kind = type(node)
    if kind not in _READERS:
        _READERS[kind] = _reader(kind)
    return _READERS[kind](node)


def _reader(kind: type) -> Callable[[object], object]:
    """Return what reads the fields of a node that are compared."""
    names = [name for name in getattr(kind, "__struct_fields__", ()) if name != "column"]
    return attrgetter(*names) if names else lambda _: None


class Text(Node, frozen=True, eq=False):
    """Text to compare with; behind an open end anything may stand. An asterisk inside *text* is an asterisk."""

    text: str
    open_start: bool = False
    open_end: bool = False


class Number(Node, frozen=True, eq=False):
    """A finite number to compare with."""

    value: int | float


class Regex(Node, frozen=True, eq=False):
    """A regular expression, as it stands between the percent signs; *column* is that of the first of these."""

    body: str
    column: int = 0


class Star(Node, frozen=True, eq=False):
    """Any value at all: ``= *`` asks whether there is one."""


Value: TypeAlias = Text | Number | Regex | Star


class Term(Node, frozen=True, eq=False):
    """Text that a line holds somewhere, be it inside a word."""

    text: str
    column: int = 0


class Terms(Node, frozen=True, eq=False):
    """
    An unstructured pattern: each of *all_of* is in the line, none of *none_of*, and one of *any_of* if there are any.

    CloudWatch ignores *any_of* where one of the others is not empty. With nothing in it the pattern takes every line.
    """

    all_of: tuple[Term | Regex, ...] = ()
    none_of: tuple[Term | Regex, ...] = ()
    any_of: tuple[Term | Regex, ...] = ()


class Wildcard(Enum):
    """A step of a selector to each field of an object, or to each element of an array."""

    FIELDS = ".*"
    ELEMENTS = "[*]"


Step: TypeAlias = str | int | Wildcard


class Selector(Node, frozen=True, eq=False):
    """The way to a value of a JSON event: at least one step, each a key, an index from 0 or a wildcard."""

    steps: tuple[Step, ...]
    column: int = 0


class Compare(Node, frozen=True, eq=False):
    """The value of *selector* stands to *value* as *operator* says; an order is one of numbers."""

    selector: Selector
    operator: Operator
    value: Value


class Is(Node, frozen=True, eq=False):
    """The value of *selector* is this JSON constant."""

    selector: Selector
    constant: Constant


class NotExists(Node, frozen=True, eq=False):
    """The event has no *selector*, not even with null in it."""

    selector: Selector


class And(Node, frozen=True, eq=False):
    """Every one of *terms*, at least two, holds."""

    terms: tuple[Condition, ...]


class Or(Node, frozen=True, eq=False):
    """At least one of *terms*, at least two, holds."""

    terms: tuple[Condition, ...]


Condition: TypeAlias = Compare | Is | NotExists | And | Or


class Json(Node, frozen=True, eq=False):
    """A pattern for events that are one JSON object."""

    condition: Condition


class Check(Node, frozen=True, eq=False):
    """A field stands to *value* as *operator* says; an order is one of numbers."""

    operator: Operator
    value: Value


class Slot(Node, frozen=True, eq=False):
    """One field of the line; without a name it is only counted. One item of *any_of*, if there are any, holds whole."""

    name: str = ""
    any_of: tuple[tuple[Check, ...], ...] = ()
    column: int = 0


class Rest(Node, frozen=True, eq=False):
    """Any number of fields, none among them."""

    column: int = 0


class Delimited(Node, frozen=True, eq=False):
    """A pattern for the fields of a line, which are parted by spaces; without slots it takes every line."""

    slots: tuple[Slot | Rest, ...] = ()


Pattern: TypeAlias = Terms | Json | Delimited
