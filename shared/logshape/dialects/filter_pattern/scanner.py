"""What the three kinds of pattern have in common, from characters to texts, numbers and regexes."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final

from logshape.dialects.filter_pattern.regexes import RegexFault, search
from logshape.dialects.filter_pattern.tree import Number, Regex, Star, Text, Value
from logshape.errors import InvalidPattern

if TYPE_CHECKING:
    from logshape.dialects.filter_pattern.switches import Unconfirmed

NUMBER: Final = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
NAME: Final = re.compile(r"[A-Za-z0-9_-]+")
INVALID: Final = "Invalid filter pattern"
OPERATORS: Final = ("!=", "<=", ">=", "=", "<", ">")

_WORD: Final = re.compile(r"[A-Za-z]+")
_BLANKS: Final = re.compile(r"[ \t\r\n]*")
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\["\\])*+)')
_ESCAPED: Final = re.compile(r'\\(["\\])')
_BARE: Final = re.compile(r'[^ \t\r\n(){}\[\],&|"%<>=!]*')
_NOT_BARE: Final = re.compile(r"[^A-Za-z0-9_.*]")


def invalid(wording: str, column: int, detail: str) -> InvalidPattern:
    """Return the refusal in CloudWatch's *wording*, with the column and what is wrong there."""
    return InvalidPattern(f"{wording} (column {column}: {detail})", column)


def text_of(written: str) -> Text | Star:
    """Return the value that *written* stands for: an asterisk at either end leaves that end open."""
    if written == "*":
        return Star()
    open_start, open_end = written.startswith("*"), written.endswith("*")
    return Text(written[open_start : len(written) - open_end], open_start=open_start, open_end=open_end)


class Scanner:
    """Goes through a pattern from left to right; `at` counts from 0, and columns count from 1."""

    def __init__(self, text: str, switches: Unconfirmed) -> None:
        """Begin before the first character of *text*."""
        self.text = text
        self.switches = switches
        self.at = 0

    @property
    def column(self) -> int:
        """The column of the next character."""
        return self.at + 1

    def done(self) -> bool:
        """Pass over blanks, and tell whether nothing else is left."""
        match = _BLANKS.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return self.at == len(self.text)

    def sees(self, mark: str) -> bool:
        """Pass over blanks, and tell whether *mark* is next."""
        self.done()
        return self.text.startswith(mark, self.at)

    def take(self, mark: str) -> bool:
        """Pass over *mark*, and the blanks before it, if it is next."""
        if not self.sees(mark):
            return False
        self.at += len(mark)
        return True

    def take_any(self, marks: tuple[str, ...]) -> str | None:
        """Pass over the first of *marks* that is next, and return it."""
        return next((mark for mark in marks if self.take(mark)), None)

    def take_word(self, *words: str) -> str | None:
        """Pass over the word that is next, if it is one of *words*, and return it."""
        self.done()
        match = _WORD.match(self.text, self.at)
        if match is None or match.group() not in words:
            return None
        self.at = match.end()
        return match.group()

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Pass over what *pattern* matches right here."""
        match = pattern.match(self.text, self.at)
        if match:
            self.at = match.end()
        return match

    def want(self, mark: str) -> None:
        """Pass over *mark*, or refuse."""
        if not self.take(mark):
            raise self.unexpected(f"`{mark}`")

    def unexpected(self, wanted: str) -> InvalidPattern:
        """Return the refusal of what is next, where *wanted* should be."""
        saw = "the end" if self.done() else f"`{self.text[self.at]}`"
        return invalid(INVALID, self.column, f"saw {saw}, wanted {wanted}")

    def value(self, *, wildcards: bool = True) -> Value:
        """Read quoted or bare text, a number, a regex or an asterisk."""
        if self.sees('"'):
            return text_of(self.quoted())
        if self.sees("%"):
            return self.regex()
        start = self.at
        match = self.match(_BARE)
        word = match.group() if match else ""
        if not word:
            raise self.unexpected("text, a number, a regex or `*`")
        if NUMBER.fullmatch(word):
            return self._number(word, start)
        fault = _NOT_BARE.search(word)
        if fault:
            raise self.bad_term(word, start + fault.start())
        if "*" in word and not wildcards:
            raise self.bad_term(word, start + word.index("*"), "*")
        return text_of(word)

    def quoted(self) -> str:
        r"""Read text in double quotes, where ``\"`` and ``\\`` are the only escapes."""
        start = self.column
        match = self.match(_QUOTED)
        if self.text.startswith("\\", self.at):
            raise invalid(INVALID, self.column, 'only `\\"` and `\\\\` are escapes')
        if match is None or not self.text.startswith('"', self.at):
            raise invalid(INVALID, start, "the quote is not closed")
        self.at += 1
        return _ESCAPED.sub(r"\1", match[1])

    def regex(self) -> Regex:
        """Read a regex between percent signs."""
        start = self.at
        end = self.text.find("%", start + 1)
        if end < 0:
            raise invalid(INVALID, start + 1, "the regex is not closed; a percent sign inside is written `\\x25`")
        body = self.text[start + 1 : end]
        try:
            search(body, self.switches)
        except RegexFault as fault:
            raise invalid(INVALID, start + 2 + fault.offset, str(fault)) from fault
        self.at = end + 1
        return Regex(body, start + 1)

    def bad_term(self, term: str, at: int, named: str | None = None) -> InvalidPattern:
        """Return the refusal of an unquoted *term* that holds at *at* what only quotes may hold."""
        return invalid(f"Invalid character(s) in term '{named or term}'", at + 1, "put the term in double quotes")

    def _number(self, word: str, start: int) -> Number:
        value = float(word)
        if not math.isfinite(value):
            raise invalid(INVALID, start + 1, "the number is too large")
        return Number(int(word) if word.lstrip("+-").isdecimal() else value)
