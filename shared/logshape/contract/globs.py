"""Globs: what can be told of two of them without a name that they match."""

from __future__ import annotations

import re
from fnmatch import translate
from functools import cache
from typing import Final

_ANY: Final = "\0"  # stands in no glob, so that only a `*` can match it


def covers(wide: str, narrow: str) -> bool:
    """Say whether *wide* matches every name that *narrow* matches."""
    # If it matches the one name in which a strange character stands for each `*`, it matches whatever stands there.
    return _expression(wide).match(narrow.replace("*", _ANY)) is not None


def meet(first: str, second: str) -> bool:
    """Say whether there is a name that both match."""
    reached = {0}  # how much of *second* may be used up by what *first* has matched so far
    for character in first:
        reached = _after(character, second, _over_stars(reached, second))
    return len(second) in _over_stars(reached, second)


def _after(character: str, glob: str, reached: set[int]) -> set[int]:
    if character == "*":
        return set(range(min(reached), len(glob) + 1)) if reached else set()
    stays = {at for at in reached if glob[at : at + 1] == "*"}
    return stays | {at + 1 for at in reached if glob[at : at + 1] == character}


def _over_stars(reached: set[int], glob: str) -> set[int]:
    found = set(reached)
    for at in reached:
        beyond = at
        while glob[beyond : beyond + 1] == "*":
            beyond += 1
            found.add(beyond)
    return found


@cache
def _expression(glob: str) -> re.Pattern[str]:
    return re.compile(translate(glob))
