"""Scalars: a plain word of YAML, read as YAML 1.2's core schema does, or refused where YAML 1.1 differs."""

from __future__ import annotations

import math
import re
from typing import Final

_NULL: Final = re.compile(r"(?:~|null|Null|NULL|)\Z")
_BOOLEAN: Final = re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z")
_INTEGER: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]*)\Z")
_HEXADECIMAL: Final = re.compile(r"0x[0-9a-fA-F]+\Z")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?\Z")
_NO_NUMBER: Final = re.compile(r"(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z")
_OLD_BOOLEAN: Final = re.compile(r"(?:yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF)\Z")
_OLD_NUMBER: Final = re.compile(
    r"""[-+]?(?: 0[0-9_]+ | 0b[01_]+ | 0o[0-7]+ | 0x[0-9a-fA-F]*_[0-9a-fA-F_]*  # 010 is eight or ten
      | [0-9][0-9_]*_[0-9_]*(?:\.[0-9_]*)?                                      # 1_000 is a number or text
      | [0-9]+(?::[0-5]?[0-9])+(?:\.[0-9]*)?                                    # 12:30 is 750 or text
      | [0-9]+[eE][-+]?[0-9]+ )\Z                                               # 1e3 is text or a number""",
    re.VERBOSE,
)
_LONGEST: Final = 20  # a sign and the 19 digits of 2**63


def trap(text: str) -> str | None:
    """Say why the plain scalar *text* is refused, or None when every reader takes it for the same."""
    if _OLD_BOOLEAN.match(text):
        return (
            f"`{text}` is a boolean in YAML 1.1 and text in 1.2; write true or false, or the text in quotes: '{text}'"
        )
    if _OLD_NUMBER.match(text):
        return f"`{text}` is one thing in YAML 1.1 and another in 1.2; write a decimal number, or '{text}' in quotes"
    if _NO_NUMBER.match(text) or (_FLOAT.match(text) and not math.isfinite(float(text))):
        return f"`{text}` is not a finite number; write a number, or '{text}' in quotes for the text"
    if (_INTEGER.match(text) or _HEXADECIMAL.match(text)) and not _is_long(text):
        return f"`{text[:_LONGEST]}` does not fit into 64 bits; write it in quotes if it is no number to reckon with"
    return None


def plain(text: str) -> str | int | float | bool | None:
    """Read the plain scalar *text*; times are text."""
    if _NULL.match(text):
        return None
    if _BOOLEAN.match(text):
        return text[0] in "tT"
    if _INTEGER.match(text):
        return int(text)
    if _HEXADECIMAL.match(text):
        return int(text, 16)
    if _FLOAT.match(text):
        return float(text)
    return text


def _is_long(text: str) -> bool:
    return len(text) <= _LONGEST and -(1 << 63) <= int(text, 0) < 1 << 63
