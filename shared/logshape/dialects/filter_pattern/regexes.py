r"""
Regexes of filter patterns, from their own syntax into RE2's, which matches in linear time.

::

    regex  := branch ("|" branch)*
    branch := (atom repeat?)*
    atom   := char | "." | "^" | "$" | "[" "^"? (char | operator | char "-" char)+ "]"
    char   := letter | digit | one of ``: _ # = @ / ; , -`` | class | escape
    class  := ``\d`` | ``\D`` | ``\s`` | ``\S`` | ``\w`` | ``\W``
    escape := ``\x`` and two hex digits | ``\`` and an operator or one of the marks above
    repeat := "?" | "*" | "+" | "{m}" | "{m,}" | "{,n}" | "{m,n}"

There are no groups, and with them no back-references, look-around or flags; nothing is lazy.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, Protocol

import re2  # type: ignore[import-untyped] # google-re2 ships no types

from logshape.dialects.filter_pattern.switches import DEFAULT, Unconfirmed


class Search(Protocol):
    """Tells whether a regex is found in *text*, in time linear in its length."""

    def __call__(self, text: str) -> bool:
        """Search all of *text*."""


class RegexFault(Exception):
    """A regex is not of the language; *offset* counts from 0 inside its body."""

    def __init__(self, message: str, offset: int) -> None:
        """Say what is wrong at *offset*."""
        self.offset = offset
        super().__init__(message)


_ESCAPE: Final = r"\\(?:[dDsSwW]|x[0-9A-Fa-f]{2}|[\^$?\[\]{}|\\*+.:_#=@/;,-])"
_TOKEN: Final = re.compile(
    rf"""(?P<repeat>[*+?]|\{{(?P<least>[0-9]{{0,4}})(?:,(?P<most>[0-9]{{0,4}}))?\}})
       | (?P<atom>{_ESCAPE}|[A-Za-z0-9:_#=@/;,.\]}} -]|\[\^?(?:{_ESCAPE}|[A-Za-z0-9:_#=@/;,^$?{{}}|*+.\ -])++\])
       | (?P<place>[\^$|])""",
    re.VERBOSE,
)
_LITERAL: Final = re.compile(r"[A-Za-z0-9:_#=@/;,-]")
_MOST: Final = 1000  # RE2's own bound on a repeat
_OPTIONS: Final = re2.Options()
_OPTIONS.log_errors = False


@lru_cache(maxsize=1024)
def search(body: str, switches: Unconfirmed = DEFAULT) -> Search:
    """
    Return what searches a line for *body*.

    Raises:
        RegexFault: *body* is not of the language, or too large for RE2.

    """
    flags = "s" * switches.dot_takes_newline + "m" * switches.anchors_at_lines
    translated = _translated(body, spaces=switches.space_in_regex)
    try:
        found = re2.compile(f"(?{flags}){translated}" if flags else translated, _OPTIONS)
    except re2.error as error:
        reason = error.args[0].decode() if error.args and isinstance(error.args[0], bytes) else str(error)
        raise RegexFault(f"RE2 refuses the regex: {reason}", 0) from error
    return lambda text: found.search(text.encode("utf-8", "replace")) is not None


def escaped(text: str) -> str:
    r"""
    Return the regex that finds *text* as it is; what is no literal of the language becomes ``\xhh``.

    Raises:
        RegexFault: *text* holds a character beyond ASCII, which no regex of this language can name.

    """
    beyond = next((offset for offset, char in enumerate(text) if not char.isascii()), None)
    if beyond is not None:
        raise _unknown(text, beyond)
    return "".join(char if _LITERAL.match(char) else f"\\x{ord(char):02X}" for char in text)


def _translated(body: str, *, spaces: bool) -> str:
    if not body:
        raise RegexFault("the regex is empty", 0)
    pieces: list[str] = []
    at, repeatable = 0, False
    while at < len(body):
        match = _TOKEN.match(body, at)
        if match is None or (" " in match.group() and not spaces):
            raise _unknown(body, at)
        if match["repeat"]:
            if not repeatable:
                raise RegexFault(f"`{match['repeat']}` repeats nothing; lazy and double repeats are not taken", at)
            pieces.append(_repeat(match))
        else:
            pieces.append(match.group())
        repeatable = match["atom"] is not None
        at = match.end()
    return "".join(pieces)


def _repeat(match: re.Match[str]) -> str:
    text, least, most = match["repeat"], match["least"], match["most"]
    if least is None:
        return text
    low = int(least or 0)
    high = int(most) if most else low
    if not (least or most) or not low <= high <= _MOST:
        raise RegexFault(f"`{text}` is no range from 0 to {_MOST}", match.start())
    return text if least else f"{{0,{most}}}"


def _unknown(body: str, at: int) -> RegexFault:
    char = body[at]
    match char:
        case "[":
            return RegexFault("the class that opens here is empty, not closed or holds what it may not", at)
        case "{":
            return RegexFault("`{` begins no count; write `\\{` for the brace", at)
        case "\\":
            return RegexFault(f"`{body[at : at + 2]}` is no escape of this language", at)
        case _ if char.isascii():
            return RegexFault(f"`{char}` is not taken in a regex; write `\\x{ord(char):02X}`", at)
        case _:
            return RegexFault(f"`{char}` is not taken in a regex: no characters beyond ASCII are", at)
