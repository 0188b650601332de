"""Turns many log groups into globs that each take a few of them, so that a run can stop between two."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def globs(names: Iterable[str], most: int) -> list[str]:
    """Return globs, in order, of which each of *names* matches exactly one, and none more than *most* names."""
    return _globs(sorted(set(names)), 0, most)


def _globs(names: list[str], depth: int, most: int) -> list[str]:
    """Divide *names*, which agree in the first *depth* characters."""
    if not names:
        return []
    if len(names) <= most:
        return [names[0] if len(names) == 1 else f"{names[0][:depth]}*"]
    whole = [name for name in names if len(name) == depth]
    longer = [name for name in names if len(name) > depth]
    return [
        *whole,
        *(
            glob
            for _, same in groupby(longer, key=lambda name: name[depth])
            for glob in _globs(list(same), depth + 1, most)
        ),
    ]
