"""Quotes: the numbers that a format's JSON lines hold as text, as its examples show."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from logshape.contract.model import Field, Path

_NUMBERS: Final = ("integer", "long", "double")


def quoted(
    lines: Iterable[str], keys: Mapping[str, tuple[Path, ...]], fields: Mapping[str, Field], mapped: Collection[str]
) -> tuple[str, ...]:
    """
    Return the fields that are numbers to the contract and text to *lines*, read by *keys*.

    Where one is, so are those of *mapped* that no line shows: who prints one number in quotes has a template that
    quotes all. A field that only has its own name for a key may not be of that template.
    """
    numbers = [name for name in keys if name in fields and fields[name].type in _NUMBERS]
    documents = [document for line in lines if (document := _read(line)) is not None]
    shown = {name: {type(value) for value in _values(documents, keys[name])} for name in numbers}
    if not any(str in types for types in shown.values()):
        return ()
    return tuple(name for name in numbers if str in shown[name] or (name in mapped and not shown[name]))


def _values(documents: Iterable[dict[str, Any]], paths: Iterable[Path]) -> Iterator[object]:
    for document in documents:
        for path in paths:
            value: Any = document
            for step in path.steps:
                value = value.get(step) if isinstance(value, dict) else None
            if value is not None:
                yield value


def _read(line: str) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
