"""
Escapes: text as it reads once JSON's escapes are undone, with the way back to where it stood.

A line that is no JSON may quote some: a log of a request's body, a line that was cut off. What hides behind an escape
there is found in this view, and is taken out of the text itself.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

DEEPEST: Final = 4
"""How many times escapes are undone: JSON stands in JSON that stands in JSON, and hardly ever in one more."""
_MEANS: Final = {'"': '"', "'": "'", "/": "/", "\\": "\\", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_PATTERN: Final = r"""\\(?:u[0-9a-fA-F]{4}|["'/\\bfnrt])"""
_IN_TEXT: Final = re.compile(_PATTERN)
_IN_BYTES: Final = re.compile(_PATTERN.encode())


class _Meanings(dict[str, str]):
    """What each escape stands for, once it has been met."""

    def __missing__(self, escape: str) -> str:
        self[escape] = meaning = _MEANS.get(escape[1]) or chr(int(escape[-4:], 16))
        return meaning


_MEANING: Final = _Meanings()


class View(msgspec.Struct, frozen=True):
    """A text without its escapes; *ends* are where these end in it, *lags* how much longer they were up to there."""

    text: bytes
    ends: list[int]
    lags: list[int]

    def origin(self, at: int) -> int:
        """Return where in the original the place *at* of the view stands."""
        passed = bisect_right(self.ends, at)
        return at + (self.lags[passed - 1] if passed else 0)


def undone(text: bytes) -> View:
    """Return *text* with its escapes undone once."""
    pieces: list[bytes] = []
    ends: list[int] = []
    lags: list[int] = []
    start, length, lag = 0, 0, 0
    for match in _IN_BYTES.finditer(text):
        encoded = _MEANING[match[0].decode()].encode(errors="replace")
        pieces += (text[start : match.start()], encoded)
        length += match.start() - start + len(encoded)
        lag += match.end() - match.start() - len(encoded)
        ends.append(length)
        lags.append(lag)
        start = match.end()
    return View(b"".join((*pieces, text[start:])), ends, lags)


def views(text: str) -> Iterator[str]:
    """Yield *text* with its escapes undone once, twice, and one time more than `undone` is used."""
    for _ in range(DEEPEST + 1):
        plain = _IN_TEXT.sub(lambda match: _MEANING[match[0]], text)
        if plain == text:
            return
        yield plain
        if "\\" not in plain:
            return
        text = plain
