"""Facts: what a filter can ask of one value in a JSON line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

if TYPE_CHECKING:
    from logshape.contract.predicates import Operator

Steps: TypeAlias = tuple[str | int, ...]
Kind: TypeAlias = Literal["text", "number", "boolean"]


class Word(msgspec.Struct, frozen=True):
    """A JSON scalar, its kind apart: 1, true and "1" are three."""

    kind: Kind
    value: str | float | bool


class Present(msgspec.Struct, frozen=True):
    """There is a value at *at*, neither null nor one of *but*."""

    at: Steps
    but: tuple[Word, ...] = ()


class Inside(msgspec.Struct, frozen=True):
    """There is an object at *at*, of which no filter can ask whether it is there."""

    at: Steps


class Absent(msgspec.Struct, frozen=True):
    """There is no value at *at*, or null, or one of *words*."""

    at: Steps
    words: tuple[Word, ...] = ()


class OneOf(msgspec.Struct, frozen=True):
    """The value at *at* is one of *words*."""

    at: Steps
    words: tuple[Word, ...]


class Like(msgspec.Struct, frozen=True):
    """The value at *at* is text that *glob* matches as a whole; its stars stand at its ends alone."""

    at: Steps
    glob: str


class Unlike(msgspec.Struct, frozen=True):
    """There is a value at *at*, and it is no text that *glob* matches."""

    at: Steps
    glob: str


class Ordered(msgspec.Struct, frozen=True):
    """The value at *at* is a number that stands to *number* as *operator* says."""

    at: Steps
    operator: Operator
    number: float


class Spelled(msgspec.Struct, frozen=True):
    """The value at *at* is text that spells a number in one of *ranges*, with digits behind it if *has_fraction*."""

    at: Steps
    ranges: tuple[tuple[int, int], ...]
    has_fraction: bool = False


class Unsure(msgspec.Struct, frozen=True):
    """Something that no line tells, for *why*: it can be dismissed by what contradicts the rest, and not be asked."""

    at: Steps
    why: str


Fact: TypeAlias = Present | Inside | Absent | OneOf | Like | Unlike | Ordered | Spelled | Unsure
