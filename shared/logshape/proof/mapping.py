"""
Mapping: what an OpenSearch index says to a document, by the rules of the types that contracts compile to.

The real node answers the same to the documents of the integration tests; where it would take a value and store another
(a fraction cut from an integer) the answer here is refusal.
"""

from __future__ import annotations

import re
import sys
from datetime import datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from logshape.contract.wording import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Takes: TypeAlias = Callable[[object], bool]

_IMMENSE: Final = 32_766  # bytes of a term of Lucene, and of a path and its value in a flat_object
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?", re.ASCII)


def refusals(document: Mapping[str, object], properties: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield each field for which an index with *properties* refuses *document*, or that it would not have, and why."""
    for name, value in document.items():
        mapping = properties.get(name)
        if mapping is None:
            yield name, f"`{name}` is in no mapping, and so could not be searched"
        elif not _takes(value, mapping, name):
            yield name, f"`{name}` is {shown(value)}, which a mapping of type {mapping['type']} does not take"


def _takes(value: object, mapping: Mapping[str, Any], name: str) -> bool:
    kind = mapping["type"]
    if isinstance(value, list) and kind != "flat_object":
        return all(_takes(item, mapping, name) for item in value)
    if value is None:
        return True
    match kind:
        case "keyword":
            return _is_scalar(value) and ("ignore_above" in mapping or _size(value) <= _IMMENSE)
        case "flat_object":
            return isinstance(value, dict) and all(size <= _IMMENSE for size in _leaves(value, _size(name)))
        case _:
            return _TAKES[kind](value)


def _is_scalar(value: object) -> bool:
    return isinstance(value, str | int | float | bool)


def _size(value: object) -> int:
    return len(str(value).encode(errors="replace"))


def _leaves(value: object, above: int) -> Iterator[int]:
    """Yield the bytes of each path and the value at its end."""
    match value:
        case dict():
            for key, inner in value.items():
                yield from _leaves(inner, above + 1 + _size(key))
        case list():
            for inner in value:
                yield from _leaves(inner, above)
        case _:
            yield above + 1 + _size(value)


def _boolean(value: object) -> bool:
    return isinstance(value, bool) or value in ("true", "false", "")


def _whole(bits: int) -> Takes:
    def takes(value: object) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and -(2 ** (bits - 1)) <= value < 2 ** (bits - 1)

    return takes


def _double(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return -sys.float_info.max <= value <= sys.float_info.max


def _date(value: object) -> bool:
    """Take what `strict_date_optional_time` does, if it is a day of the calendar."""
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _ip(value: object) -> bool:
    try:
        ip_address(value if isinstance(value, str) else "")
    except ValueError:
        return False
    return "%" not in str(value)


_TAKES: Final[Mapping[str, Takes]] = {
    "match_only_text": _is_scalar,
    "boolean": _boolean,
    "integer": _whole(32),
    "long": _whole(64),
    "double": _double,
    "date": _date,
    "ip": _ip,
}
