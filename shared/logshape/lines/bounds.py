"""Bounds: documents that are too large for a store, cut at whole characters until they fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from logshape.lines.records import note

if TYPE_CHECKING:
    from logshape.lines.records import Record

LONGEST_LEAF: Final = 32_766
"""The bytes of a path and its value in a flat_object, above which OpenSearch refuses the document."""
SAFE_LENGTH: Final = LONGEST_LEAF // 4 - 1
"""The characters below which no part of a line can be too long: a character is at most four bytes of UTF-8."""
_MARK: Final = "…"
_ENCODER: Final = msgspec.json.Encoder()
_SLACK: Final = 64  # for the mark, and for what `parse_errors` grows by


def cut(text: str, largest: int) -> str:
    """Return the beginning of *text* that takes at most *largest* bytes of UTF-8, with a mark where it was cut."""
    encoded = text.encode()
    if len(encoded) <= largest:
        return text
    return encoded[: max(largest - len(_MARK.encode()), 0)].decode(errors="ignore") + _MARK


def bound_leaves(record: Record, names: tuple[str, ...]) -> None:
    """Cut the leaves of the objects *names* in *record* that a flat_object would refuse; `parse_errors` says where."""
    for name in names:
        value = record.get(name)
        if type(value) is not dict:
            continue
        bounded = _bounded(value, len(name.encode()))
        if bounded is not value:
            record[name] = bounded
            note(record, f"truncated:{name}")


def fit(document: Record, largest: int) -> Record:
    """
    Return *document*, or a copy of which the JSON takes at most *largest* bytes.

    The longest value is cut first, and again while that is needed; what was cut is named in `parse_errors`.
    """
    excess = len(_ENCODER.encode(document)) - largest
    if excess <= 0:
        return document
    small = {**document, "parse_errors": list(document.get("parse_errors", ()))}
    while excess > 0:
        name, size = max(((key, len(_ENCODER.encode(value))) for key, value in small.items()), key=lambda pair: pair[1])
        note(small, f"truncated:{name}")
        value = small[name]
        room = max(size - excess - _SLACK, 0)
        if isinstance(value, str):
            small[name] = _cut_json(value, room)
        else:
            text = _ENCODER.encode(value).decode()
            small[name] = {"truncated": _cut_json(text, min(room, LONGEST_LEAF - _SLACK))}
        excess = len(_ENCODER.encode(small)) - largest
    return small


def _cut_json(text: str, largest: int) -> str:
    """Cut *text* so that its JSON takes at most *largest* bytes, by halving towards the longest beginning that fits."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if len(_ENCODER.encode(text[:middle])) <= largest:
            low = middle
        else:
            high = middle - 1
    return text[:low] + _MARK


def _bounded(value: object, path: int) -> object:
    """Return *value*, at a path of *path* bytes, with its leaves cut; the same object where nothing was."""
    match value:
        case str():
            return cut(value, LONGEST_LEAF - path - 1)
        case dict():
            bounded = {
                cut(key, LONGEST_LEAF // 2): _bounded(inner, path + 1 + min(len(key.encode()), LONGEST_LEAF // 2))
                for key, inner in value.items()
            }
            return (
                value
                if bounded.keys() == value.keys() and all(bounded[key] is value[key] for key in value)
                else bounded
            )
        case list():
            items = [_bounded(inner, path) for inner in value]
            return value if all(new is old for new, old in zip(items, value, strict=True)) else items
        case _:
            return value
