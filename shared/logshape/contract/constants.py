"""Constants: a value that the contract itself gives, as the type that its field declares."""

from __future__ import annotations

from datetime import datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

from logshape.contract.levels import SEVERITY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from logshape.contract.model import FieldType, Scalar

_WANTED: Final[Mapping[FieldType, str]] = {
    "boolean": "true or false",
    "integer": "a whole number of 32 bits",
    "long": "a whole number of 64 bits",
    "double": "a number",
    "timestamp": "a time such as '2025-10-31T22:38:21.010Z'",
    "ip": "an IP address",
    "object": "no constant, for it is an object",
}


def misfit(name: str, kind: FieldType, value: Scalar) -> str | None:
    """Say what the field *name* of type *kind* wants instead of *value*, or None if the value fits."""
    if name == "level":
        return None if value in SEVERITY else f"one of {', '.join(SEVERITY)}"
    return None if _FITS[kind](value) else _WANTED[kind]


def spelled(kind: FieldType, value: Scalar) -> Scalar:
    """Return the fitting *value* as every reader gives it: for words as JSON spells it, for numbers as their type."""
    match kind:
        case "keyword" | "text" if not isinstance(value, str):
            return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)
        case "integer" | "long":
            return int(value)
        case "double":
            return float(value)
        case _:
            return value


def _whole(bits: int) -> Callable[[Scalar], bool]:
    limit: int = 1 << (bits - 1)
    return lambda value: _is_number(value) and value == int(value) and -limit <= value < limit


def _is_number(value: Scalar) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _reads(read: Callable[[str], object], value: Scalar) -> bool:
    try:
        read(value)  # type: ignore[arg-type] # what is no text is refused with TypeError
    except (ValueError, TypeError):
        return False
    return True


def _is_ip(value: Scalar) -> bool:
    return isinstance(value, str) and "%" not in value and _reads(ip_address, value)


_FITS: Final[Mapping[FieldType, Callable[[Scalar], bool]]] = {
    "keyword": lambda _: True,
    "text": lambda _: True,
    "boolean": lambda value: isinstance(value, bool),
    "integer": _whole(32),
    "long": _whole(64),
    "double": _is_number,
    "timestamp": lambda value: _reads(datetime.fromisoformat, value),
    "ip": _is_ip,
    "object": lambda _: False,
}
