"""Schema: the faults that schema.json finds in a contract, each in the contract's own words."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeAlias, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from logshape.contract.rules import Fault
from logshape.contract.wording import listing, named, shown, suggestion

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from logshape.contract.source import Keys

Part: TypeAlias = Literal["contract", "library"]

SCHEMA: Final = Path(__file__).with_name("schema.json")
_KINDS: Final = {
    "object": "a map",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
}


def faults(data: object, part: Part = "contract") -> Iterator[Fault]:
    """Yield what the schema of *part* refuses in *data*; a fault of a part hides no other part's."""
    for error in cast("Iterable[_Error]", _validator(part).iter_errors(data)):
        yield from _told(error, data)


def without(data: Any, broken: set[Keys], path: Keys = ()) -> Any:  # noqa: ANN401 # it is whatever the YAML holds
    """Return *data* without the values at the paths *broken*; in a list None takes their place."""
    if isinstance(data, dict):
        return {key: without(value, broken, (*path, key)) for key, value in data.items() if (*path, key) not in broken}
    if isinstance(data, list):
        paths = [(*path, at) for at in range(len(data))]
        return [None if at in broken else without(value, broken, at) for at, value in zip(paths, data, strict=True)]
    return data


class _Error(Protocol):
    """What jsonschema tells of one fault, where every schema is a map."""

    message: str
    validator: str
    validator_value: Any
    instance: Any
    schema: Mapping[str, Any]
    context: Sequence[_Error]
    absolute_path: Sequence[str | int]
    relative_path: Sequence[str | int]
    absolute_schema_path: Sequence[str | int]
    relative_schema_path: Sequence[str | int]


@cache
def _document() -> dict[str, Any]:
    return json.loads(SCHEMA.read_text(encoding="utf-8"))  # type: ignore[no-any-return] # the file holds one object


@cache
def _validator(part: Part) -> Draft202012Validator:
    schema = _document()
    if part == "library":
        schema = {"$defs": schema["$defs"], "$ref": "#/$defs/library"}
    # A whole match: `$` would let a line break pass at the end.
    exact: type[Draft202012Validator] = extend(Draft202012Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call] # jsonschema's
    return exact(schema)


def _pattern(_: object, pattern: str, instance: object, __: object) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not _expression(pattern).fullmatch(instance):
        yield ValidationError("does not match")


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _told(error: _Error, data: object) -> Iterator[Fault]:
    path: Keys = tuple(error.absolute_path)
    if "propertyNames" in error.absolute_schema_path:
        message = f"`{error.instance}` is no name for {_owner(path, data)}; wanted {_wanted(error.schema)}"
        yield Fault((*path, error.instance), "wrong-name", message, side="key")
        return
    match error.validator:
        case "anyOf":
            yield from _of_branch(error, path, data)
        case "required":
            key = next(key for key in error.validator_value if error.message.startswith(f"{key!r} "))
            yield Fault(path, "missing-key", _missing(path, key, error.schema, data))
        case "additionalProperties":
            for key in error.instance.keys() - error.schema["properties"].keys():
                message = _unknown(path, key, error.schema["properties"], data)
                yield Fault((*path, key), "unknown-key", message, side="key")
        case validator:
            rule = error.schema.get("x-rule") or ("wrong-type" if validator == "type" else "wrong-value")
            yield Fault(path, rule, _refused(path, error, data))


def _of_branch(error: _Error, path: Keys, data: object) -> Iterator[Fault]:
    """Yield the faults of the branch that the value's type chooses, or that its type chooses none."""
    branches: dict[object, list[_Error]] = {}
    for inner in error.context:
        branches.setdefault(inner.relative_schema_path[0], []).append(inner)
    for errors in branches.values():
        if not any(inner.validator == "type" and not inner.relative_path for inner in errors):
            for inner in errors:
                yield from _told(inner, data)
            return
    yield Fault(path, "wrong-type", _refused(path, error, data))


def _refused(path: Keys, error: _Error, data: object) -> str:
    value, wanted = error.instance, _wanted(error.schema)
    name = named(path, data)
    match error.validator:
        case "type" if value is None:
            return f"{name} is empty; wanted {wanted}"
        case "minLength" | "minItems" | "minProperties" if not value:
            return f"{name} is empty; wanted {wanted}"
        case "uniqueItems":
            twice = next(item for at, item in enumerate(value) if item in value[:at])
            return f"{name} holds {shown(twice)} twice; leave one of them out"
        case "enum":
            return f"{name} is {shown(value)}; wanted {wanted}{_nearest(value, error.validator_value)}"
        case "type" if error.schema.get("x-rule") == "wrong-keep" and isinstance(value, int):
            return f"{name} is {shown(value)}; wanted {wanted}. Did you mean `{value}d`?"
        case _:
            return f"{name} is {shown(value)}; wanted {wanted}"


def _nearest(value: object, known: list[str]) -> str:
    """Suggest one of *known*: of numbers of days the nearest, of two the longer, for it deletes less."""
    days = re.fullmatch(r"([0-9]{1,9})d?", str(value))
    if days is None or "forever" not in known:
        return suggestion(value, known)
    legal = (int(word[:-1]) for word in known if word != "forever")
    nearest = min(legal, key=lambda number: (abs(number - int(days[1])), -number))
    return f". The nearest is `{nearest}d`"


def _missing(path: Keys, key: str, schema: Mapping[str, Any], data: object) -> str:
    hint = schema.get("x-hint") or f"add {_wanted(_followed(schema['properties'][key]))}"
    return f"{named(path, data)} has no `{key}`; {hint}"


def _unknown(path: Keys, key: str, properties: Mapping[str, Any], data: object) -> str:
    known = list(properties)
    return f"`{key}` is no key of {named(path, data)}; use {listing(known)}{suggestion(key, known)}"


def _owner(path: Keys, data: object) -> str:
    owners: dict[Keys, str] = {("fields",): "a field", ("formats",): "a format", ("metrics",): "a metric"}
    return owners.get(path) or named(path, data)


def _wanted(schema: Mapping[str, Any]) -> str:
    return schema.get("title") or _KINDS[schema["type"]]


def _followed(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return *schema*, or what it refers to with its own annotations over it."""
    if "$ref" not in schema:
        return schema
    target: dict[str, Any] = _document()["$defs"][schema["$ref"].rpartition("/")[2]]
    return {**target, **schema}
