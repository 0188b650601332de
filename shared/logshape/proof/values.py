"""Values: a field as values to be tried: usual ones, those that readers stumble over, those near to what is asked."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from logshape.contract.levels import SEVERITY
from logshape.contract.predicates import Compare, Exists, In, Like
from logshape.lines import instants
from logshape.lines.values import COERCIONS, INTEGER, LONG, MISFIT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from logshape.contract.model import Field, FieldType
    from logshape.contract.predicates import Leaf
    from logshape.contract.predicates import Value as Asked

Values: TypeAlias = "list[Any]"

_ID: Final = "79b4f56e-95b1-4643-9700-2807f4e68189"
_TIME: Final = "2025-10-31T22:38:21.010Z"
_TRICKY: Final = (
    "a", "", " ", "ERROR", "[ERROR] boom", "WARN low", "level=ERROR", '"level":"ERROR"', '{"a":"b"}', 'say "ERROR"',
    "back\\slash", "a\tb", "two\nlines", "a [b] (c) 100% $x *", "payé 支払い 🍣", "429", "-1.5e3", "true", "null", "-",
)  # fmt: skip
_TRIED: Final[Mapping[FieldType, Sequence[Any]]] = {
    "keyword": (_ID, "o-1042", *_TRICKY),
    "text": ("boom", *_TRICKY),
    "boolean": (True, False),
    "integer": (7, 0, -1, 429, *INTEGER),
    "long": (7, 0, -1, 2**53 + 1, *LONG),
    "double": (12.5, 0.0, -0.5, 3.0, 1e-07, 1e16, 1.7976931348623157e308),
    "timestamp": (_TIME, "2025-10-31T22:38:21.000Z", "2024-02-29T00:00:00.000Z", "2038-01-19T03:14:08.999Z"),
    "ip": ("192.0.2.1", "0.0.0.0", "255.255.255.255", "2001:db8::1", "::ffff:192.0.2.1"),  # noqa: S104 # an address to be read
    "object": ({"id": "o-1042", "n": 1}, {}, {"a": {"b": [1, None, {"c": "d"}]}}, {"": "", "a.b": True, "ü": None}),
}
_ODD: Final[Mapping[FieldType, Sequence[Any]]] = {
    "keyword": (5, 2.5, True),
    "text": (5, True),
    "boolean": ("true", "false", 1, "x"),
    "integer": ("7", "x", 1.5, True),
    "long": ("7", "x", 1.5, True),
    "double": ("12.5", "x", True),
    "timestamp": ("x", True),
    "ip": ("x", 5),
    "object": (),  # an object where a scalar is due, and the reverse, are outside of what is proved
}
_NO_LEVELS: Final = ("nope", "ERRORS", "eRROR", "")


def tried(field: Field) -> Values:
    """Return values of *field* as records have them: usual ones first, then the ends of its type and range."""
    if field.name == "level":
        return list(SEVERITY)
    found = [*_TRIED[field.type]]
    if field.range is not None:
        least, greatest = field.range
        found = [least, greatest, *(value for value in found if least <= value <= greatest)]
    if field.example is not None:
        found.insert(0, field.example)
    return list(_fitting(field, found))


def near(leaf: Leaf, field: Field) -> Values:
    """Return the values of *field* at which the answer to *leaf* may turn."""
    match leaf:
        case Exists():
            return []
        case Like(pattern=pattern):
            bare, filled = pattern.replace("*", ""), pattern.replace("*", "x y")
            found: Values = [filled, bare, f"x{filled}", f"{bare}x", filled.swapcase(), pattern]
        case In(values=values):
            found = [*values, *(other for value in values for other in _neighbours(value, field.type))]
        case Compare(value=value):
            found = [value, *_neighbours(value, field.type)]
    return [] if field.name == "level" else list(_fitting(field, found))


def odd(field: Field, *, quoted: bool) -> Values:
    """Return scalars of another type than *field*'s; a number in quotes is none where they can be *quoted*."""
    found = [17, 99, True] if field.name == "level" else [*_ODD[field.type]]
    return [value for value in found if not (quoted and isinstance(value, str) and value != "x")]


def no_levels() -> Sequence[str]:
    """Return words that look like levels and that no format reads as one."""
    return _NO_LEVELS


def _neighbours(value: Asked, kind: FieldType) -> Values:
    match value:
        case bool():
            return [not value]
        case int() | float():
            return [value - 1, value + 1, value - 0.5, value + 0.5, math.floor(value), math.ceil(value)]
        case _ if kind == "timestamp":
            return _moments(value)
        case _:
            return [f"{value}x", f"x{value}", value[:-1], value.swapcase(), f"{value} {value}"]


def _moments(written: str) -> Values:
    instant = instants.reader("UTC")(written)
    if instant is None:
        return []
    epoch_ms = instants.epoch_ms(instant)
    return [instants.written(epoch_ms + delta) for delta in (0, -1, 1, -1000, 1000)]


def _fitting(field: Field, found: Values) -> Iterator[Any]:
    """Yield what of *found* is of the type of *field* and inside of its range, each once."""
    coerce = instants.reader("UTC") if field.type == "timestamp" else COERCIONS[field.type]
    least, greatest = field.range or (-math.inf, math.inf)
    seen = set()
    for value in found:
        fitting = coerce(value)
        outside = isinstance(fitting, int | float) and not least <= fitting <= greatest
        if fitting is not MISFIT and fitting is not None and not outside and repr(fitting) not in seen:
            seen.add(repr(fitting))
            yield fitting
