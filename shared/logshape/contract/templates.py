r"""
Line templates: how a line of text is written, as a tree that can be read in both directions.

::

    template := part*
    part     := literal | hole | optional
    literal  := any text; ``{{`` and ``}}`` stand for braces
    hole     := ``{`` names [``?``] [``:`` shape] [``|`` filter] ``}``
    names    := field (``,`` field)* | ``_`` | ``*``
    optional := ``{?`` literal part* ``}``

A hole takes the text up to the first place where the literal behind it stands; the last one takes the rest of the line.
``{_}`` skips what it takes, ``{a,b}`` gives it to two fields, ``{a?}`` may be empty. An optional part is read when its
literal stands at its place, and then all of it must fit: nothing is ever tried twice, so reading is linear.

Shapes narrow what a hole takes beyond its field's type: ``word`` has no white space, ``uuid``, ``iso``, ``slashed`` and
``clf`` are times as ISO 8601, Go's log and the Common Log Format write them. ``{*:json}`` is a JSON object that the
format's ``json`` reads, ``{*:pairs}`` a list of the format's ``pairs``, in any order, a tab or a new line between them.
The filter ``pad`` allows spaces around the value, as writers do to align columns.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final, Literal, TypeAlias, cast, get_args

import msgspec

from logshape.errors import InvalidTemplate

Shape: TypeAlias = Literal["word", "uuid", "iso", "slashed", "clf", "json", "pairs"]
Filter: TypeAlias = Literal["pad"]

SHAPES: Final[tuple[str, ...]] = get_args(Shape)
FILTERS: Final[tuple[str, ...]] = get_args(Filter)
INNER_SHAPES: Final = ("json", "pairs")
TIME_SHAPES: Final = ("iso", "slashed", "clf")

_HOLE = re.compile(
    r"(?P<names>[^?:|{}]*)(?P<optional>\?)?(?::(?P<shape>[^|{}]*))?(?:\|(?P<filter>[^{}]*))?\}",
)
_NAME = re.compile(r"@?[a-z][a-z0-9_]*\Z")


class Text(msgspec.Struct, frozen=True, tag="text"):
    """Text that stands in the line as it is written here."""

    text: str


class Hole(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="hole"):
    """Text that goes to the fields *names*; ``{_}`` has none, nor has ``{*}``, which ``json`` or ``pairs`` reads."""

    names: tuple[str, ...] = ()
    optional: bool = False
    shape: Shape | None = None
    filter: Filter | None = None


class Maybe(msgspec.Struct, frozen=True, tag="maybe"):
    """Parts that a line has all or none of; the first is a `Text`."""

    parts: tuple[Text | Hole, ...]


Part: TypeAlias = Text | Hole | Maybe


class Template(msgspec.Struct, frozen=True):
    """A line template as a tree, beside the text that it was parsed from."""

    source: str
    parts: tuple[Part, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The fields that the template gives, in order."""
        return tuple(name for hole in holes(self.parts) for name in hole.names)


def holes(parts: tuple[Part, ...]) -> list[Hole]:
    """Return every hole of *parts* in order, those of optional parts too."""
    found: list[Hole] = []
    for part in parts:
        match part:
            case Hole():
                found.append(part)
            case Maybe(parts=inner):
                found.extend(holes(inner))
            case Text():
                pass
    return found


def parse(source: str) -> Template:
    """
    Parse *source* into a tree.

    Raises:
        InvalidTemplate: with the column of the first fault, counted from 1.

    """
    parts, end = _parts(source, 0, nested=False)
    if end < len(source):  # pragma: no cover # _parts consumes all when it is not nested
        message = "`}` closes nothing"
        raise InvalidTemplate(message, end + 1)
    _refuse_neighbours(parts)
    return Template(source, tuple(parts))


def _parts(source: str, at: int, *, nested: bool) -> tuple[list[Part], int]:
    parts: list[Part] = []
    text = ""
    while at < len(source):
        two, one = source[at : at + 2], source[at]
        if two in ("{{", "}}"):
            text, at = text + one, at + 2
            continue
        if one not in "{}":
            text, at = text + one, at + 1
            continue
        if text:
            parts.append(Text(text))
            text = ""
        if one == "}":
            if nested:
                return parts, at + 1
            message = "`}` closes nothing; write `}}` for a brace"
            raise InvalidTemplate(message, at + 1)
        if nested and two == "{?":
            message = "an optional part stands inside another; write them one after the other"
            raise InvalidTemplate(message, at + 1)
        part, at = _maybe(source, at) if two == "{?" else _hole(source, at)
        parts.append(part)
    if nested:
        message = "an optional part is not closed; add `}`"
        raise InvalidTemplate(message, len(source) + 1)
    if text:
        parts.append(Text(text))
    return parts, at


def _maybe(source: str, at: int) -> tuple[Maybe, int]:
    parts, end = _parts(source, at + 2, nested=True)
    if not parts or not isinstance(parts[0], Text):
        message = "an optional part begins with a literal, by which a reader knows that it is there"
        raise InvalidTemplate(message, at + 1)
    return Maybe(tuple(part for part in parts if not isinstance(part, Maybe))), end


def _hole(source: str, at: int) -> tuple[Hole, int]:
    match = _HOLE.match(source, at + 1)
    if match is None:
        message = "a hole is not closed; write `{field}`, or `{{` for a brace"
        raise InvalidTemplate(message, at + 1)
    shape, filter_ = match["shape"], match["filter"]
    if shape is not None and shape not in SHAPES:
        message = f"`{shape}` is no shape; use one of {', '.join(SHAPES)}"
        raise InvalidTemplate(message, match.start("shape") + 1)
    if filter_ is not None and filter_ not in FILTERS:
        message = f"`{filter_}` is no filter; use {', '.join(FILTERS)}"
        raise InvalidTemplate(message, match.start("filter") + 1)
    hole = Hole(
        names=_names(match["names"], shape, at + 2),
        optional=match["optional"] is not None,
        shape=cast("Shape | None", shape),
        filter=cast("Filter | None", filter_),
    )
    return hole, match.end()


def _names(text: str, shape: str | None, column: int) -> tuple[str, ...]:
    if (text == "*") != (shape in INNER_SHAPES):
        message = "`{*}` goes with the shapes json and pairs, and they with it"
        raise InvalidTemplate(message, column)
    if text in ("_", "*"):
        return ()
    names = tuple(text.split(","))
    for name in names:
        if not _NAME.match(name):
            message = f"`{name}` is no field name; wanted [a-z][a-z0-9_]*, `@timestamp`, `_` or `*`"
            raise InvalidTemplate(message, column)
    return names


def _refuse_neighbours(parts: list[Part]) -> None:
    """Two holes need a literal between them: without one nothing says where the first ends."""
    flat: list[Text | Hole] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, Maybe) else [part])
    for first, second in pairwise(flat):
        if isinstance(first, Hole) and isinstance(second, Hole):
            name = ",".join(second.names) or "_"
            message = f"two holes stand side by side; put a literal before `{{{name}}}`"
            raise InvalidTemplate(message, 1)
