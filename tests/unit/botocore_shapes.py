"""Turns a call's arguments into the faults that the service would find, by all that botocore's models say."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.model import ListShape, MapShape, StringShape, StructureShape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.model import ServiceModel, Shape

TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "long": int,
    "double": (int, float),
    "float": (int, float),
    "boolean": bool,
    "structure": dict,
    "map": dict,
    "list": list,
}


def faults(service: str, operation: str, arguments: dict[str, Any]) -> list[str]:
    """
    Return every fault of *arguments*, each with its place; empty when the service takes them.

    botocore itself checks types, required members and minima; a maximum, a pattern or an enumeration that is not
    met fails only at the service.
    """
    shape = _model(service).operation_model(operation).input_shape
    return list(_faults(shape, arguments, operation))


@cache
def _model(service: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(service)


def _faults(shape: Shape, value: Any, at: str) -> Iterator[str]:  # noqa: ANN401 # JSON of any type is judged here
    wanted = TYPES[shape.type_name]
    if not isinstance(value, wanted) or (isinstance(value, bool) and shape.type_name != "boolean"):
        yield f"{at}: {value!r} is no {shape.type_name}"
        return
    yield from _bounds(shape, value, at)
    match shape:
        case StructureShape():
            yield from _structure(shape, value, at)
        case MapShape():
            for key, item in value.items():
                yield from _faults(shape.key, key, f"{at}.{key}")
                yield from _faults(shape.value, item, f"{at}.{key}")
        case ListShape():
            for index, item in enumerate(value):
                yield from _faults(shape.member, item, f"{at}[{index}]")
        case StringShape():
            yield from _string(shape, value, at)


def _bounds(shape: Shape, value: Any, at: str) -> Iterator[str]:  # noqa: ANN401 # as above
    size = value if isinstance(value, int | float) else len(value)
    if "min" in shape.metadata and size < shape.metadata["min"]:
        yield f"{at}: {size} is under {shape.metadata['min']}"
    if "max" in shape.metadata and size > shape.metadata["max"]:
        yield f"{at}: {size} is over {shape.metadata['max']}"


def _structure(shape: StructureShape, value: dict[str, Any], at: str) -> Iterator[str]:
    for name in shape.required_members:
        if name not in value:
            yield f"{at}: {name} is missing"
    for name, item in value.items():
        if name in shape.members:
            yield from _faults(shape.members[name], item, f"{at}.{name}")
        else:
            yield f"{at}: {name} is unknown"


def _string(shape: StringShape, value: str, at: str) -> Iterator[str]:
    if shape.enum and value not in shape.enum:
        yield f"{at}: {value!r} is none of {shape.enum}"
    # The model has `pattern` beside the metadata that botocore keeps; Java's surrogate pairs are one character here.
    pattern = shape._shape_model.get("pattern")  # noqa: SLF001 # botocore has no public way to it
    if pattern and not re.fullmatch(pattern.replace(r"\uD800\uDC00-\uDBFF\uDFFF", "\U00010000-\U0010ffff"), value):
        yield f"{at}: {value!r} does not match {pattern}"
