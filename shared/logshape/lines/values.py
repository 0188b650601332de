"""
Values: what a line holds, as the type that its field declares, or `MISFIT`.

Coercion happens here once, so that the archive and the index see the same value. A reader tests the common case itself
and calls these functions for the rest.
"""

from __future__ import annotations

import math
import re
from enum import Enum
from ipaddress import ip_address
from socket import AF_INET, AF_INET6, inet_ntop
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from logshape.contract.model import FieldType


class Misfit(Enum):
    """The answer for a value that its field's type does not take."""

    MISFIT = "misfit"


MISFIT: Final = Misfit.MISFIT
Coerced: TypeAlias = "object | Literal[Misfit.MISFIT]"

INTEGER: Final = (-(2**31), 2**31 - 1)
LONG: Final = (-(2**63), 2**63 - 1)

_WHOLE: Final = re.compile(r"-?(?:0|[1-9][0-9]*)", re.ASCII)
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?", re.ASCII)
_LONGEST_WHOLE: Final = 20  # the characters of -9223372036854775808; longer texts are out of every range


def keyword(value: object) -> Coerced:
    """Take any scalar as JSON spells it. A float is spelled here as Python does; readers ask the line itself."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case _:
            return MISFIT


def boolean(value: object) -> Coerced:
    """Take ``true`` and ``false``, as JSON's words or as text."""
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value, MISFIT) if isinstance(value, str) else MISFIT


def integer(value: object) -> Coerced:
    """Take a whole number of 32 bits: JSON integers, integral floats and their text."""
    return _whole(value, INTEGER)


def long(value: object) -> Coerced:
    """Take a whole number of 64 bits: JSON integers, integral floats and their text."""
    return _whole(value, LONG)


def double(value: object) -> Coerced:
    """Take any finite number or its text."""
    if isinstance(value, bool):
        return MISFIT
    if isinstance(value, str):
        if not _NUMBER.fullmatch(value):
            return MISFIT
    elif not isinstance(value, int | float):
        return MISFIT
    try:
        number = float(value)
    except OverflowError:
        return MISFIT
    return number if math.isfinite(number) else MISFIT


def ip(value: object) -> Coerced:
    """Take an IPv4 or IPv6 address in its one spelling; no zone index, which OpenSearch's ``ip`` refuses."""
    if not isinstance(value, str) or "%" in value:
        return MISFIT
    try:
        address = ip_address(value)
    except ValueError:
        return MISFIT
    return inet_ntop(AF_INET if address.version == 4 else AF_INET6, address.packed)  # noqa: PLR2004 # IPv4


def json_object(value: object) -> Coerced:
    """Take a JSON object."""
    return value if type(value) is dict else MISFIT


def _whole(value: object, limits: tuple[int, int]) -> Coerced:
    if isinstance(value, bool):
        return MISFIT
    if isinstance(value, str):
        if len(value) > _LONGEST_WHOLE or not _WHOLE.fullmatch(value):
            return MISFIT
    elif isinstance(value, float):
        if not value.is_integer():
            return MISFIT
    elif not isinstance(value, int):
        return MISFIT
    number = int(value)
    return number if limits[0] <= number <= limits[1] else MISFIT


# Times are read by `instants.reader`, which knows the format's zone.
COERCIONS: Final[Mapping[FieldType, Callable[[object], Coerced]]] = {
    "keyword": keyword,
    "text": keyword,
    "boolean": boolean,
    "integer": integer,
    "long": long,
    "double": double,
    "ip": ip,
    "object": json_object,
}
