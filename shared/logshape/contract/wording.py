"""Wording: values and places of a contract, as the messages about them name them."""

from __future__ import annotations

import json
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from logshape.contract.source import Keys

_LONGEST: Final = 60
_SINGULAR: Final = {"fields": "field", "formats": "format", "groups": "group", "metrics": "metric"}


def shown(value: object) -> str:
    """Return *value* as a message shows it: short, on one line, with nothing that a terminal would obey."""
    match value:
        case None:
            return "nothing"
        case dict():
            return "a map"
        case list():
            return "a list"
        case str():
            text = json.dumps(value, ensure_ascii=False)[1:-1].replace('\\"', '"').replace("\\\\", "\\")
        case _:
            text = json.dumps(value)
    return f"`{text}`" if len(text) <= _LONGEST else f"`{text[:_LONGEST]}…`"


def suggestion(name: object, known: Iterable[str]) -> str:
    """Return ``. Did you mean …?`` with the one of *known* that is closest to *name*, or nothing."""
    close = get_close_matches(str(name).lower(), list(known), n=1, cutoff=0.6)
    return f". Did you mean `{close[0]}`?" if close else ""


def listing(names: Iterable[str]) -> str:
    """Return *names* with commas between them."""
    return ", ".join(names)


def named(path: Keys, data: object = None) -> str:
    """Name the value at *path*: ``field `took```, ```type` of field `took```; entries of lists count from 1."""
    match path:
        case ():
            return "the contract"
        case ("fields" | "formats" | "metrics" as kind, name, *rest):
            owner = f"{_SINGULAR[kind]} `{name}`"
        case ("groups", int(at), *rest):
            owner = f"group {_group(at, data)}"
        case _:
            rest, owner = list(path), ""
    inner = "".join(f" {step + 1}" if isinstance(step, int) else f".{step}" for step in rest).lstrip(".")
    if not inner:
        return owner
    return f"`{inner}` of {owner}" if owner else f"`{inner}`"


def _group(at: int, data: object) -> str:
    try:
        name = data["groups"][at]["name"]  # type: ignore[index] # whatever is not indexed so has no name
    except (TypeError, KeyError, IndexError):
        name = None
    return f"`{name}`" if isinstance(name, str) else str(at + 1)
