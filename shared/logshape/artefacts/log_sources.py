"""Turns globs on log group names into what searches of CloudWatch can say: never less than they match."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_PREFIXES: Final = 5  # in one SOURCE command


def sources(globs: Sequence[str]) -> Iterator[str]:
    """Yield SOURCE commands for the log groups that begin as *globs* do, as few as there can be."""
    begins = sorted({glob.partition("*")[0] for glob in globs})
    prefixes = [begin for begin in begins if not any(begin.startswith(other) for other in begins if other != begin)]
    for at in range(0, len(prefixes), _PREFIXES):
        listed = ", ".join(f'"{prefix}"' for prefix in prefixes[at : at + _PREFIXES] if prefix)
        yield f"SOURCE logGroups(namePrefix: [{listed}])" if listed else 'SOURCE logGroups(class: ["STANDARD"])'


def function_search(globs: Sequence[str]) -> str:
    """
    Return the terms of a metric search for the functions whose names match *globs*; empty where it must be for all.

    A search knows a name as a whole or by its words, which are what stands between two signs.
    """
    terms = sorted({_term(glob) for glob in globs})
    if "" in terms:
        return ""
    return terms[0] if len(terms) == 1 else f"({' OR '.join(terms)})"


def _term(glob: str) -> str:
    if "*" not in glob:
        return f'FunctionName="{glob}"'
    words = [word for word in re.findall(r"[A-Za-z0-9*]+", glob) if "*" not in word]
    joined = " AND ".join(f"FunctionName={word}" for word in words)
    return f"({joined})" if len(words) > 1 else joined
