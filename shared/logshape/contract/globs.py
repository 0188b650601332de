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


def common(first: str, second: str) -> str | None:
    """Return a glob for names that both match, as wide as one glob can be, or None where there is no such name."""
    found: dict[tuple[int, int], str | None] = {}
    for at in range(len(first), -1, -1):
        for other in range(len(second), -1, -1):
            found[at, other] = _shared(first[at : at + 1], second[other : other + 1], (at, other), found)
    return found[0, 0]


def _shared(one: str, two: str, at: tuple[int, int], found: dict[tuple[int, int], str | None]) -> str | None:
    """Return what is common to two globs from *at* on, where they go on with *one* and *two*; *found* is all behind."""
    mine, other = at
    if not one and not two:
        return ""
    past_one, past_two = found.get((mine + 1, other)), found.get((mine, other + 1))
    if one == two != "*":
        past = found[mine + 1, other + 1]
        return None if past is None else one + past
    if one == two:
        past = past_one if past_one is not None else past_two
        return None if past is None else "*" + past.removeprefix("*")
    if one == "*" and two and past_two is not None:
        return two + past_two
    if two == "*" and one and past_one is not None:
        return one + past_one
    return past_one if one == "*" else past_two if two == "*" else None


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
