"""Turns Firehose's prefix expressions into the prefix of one object."""

from __future__ import annotations

import re
import secrets
from string import ascii_letters, digits
from typing import TYPE_CHECKING, Final

from logshape.errors import OutsideFailure

if TYPE_CHECKING:
    from datetime import datetime

_EXPRESSION: Final = re.compile(r"!\{(?P<namespace>\w+):(?P<value>[^}]*)\}")
# Java's DateTimeFormatter, as far as prefixes use it: letters in runs, all else as it stands.
_RUN: Final = re.compile(r"([A-Za-z])\1*")
_JAVA: Final = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}
RANDOM_LENGTH: Final = 11


def evaluated(prefix: str, arrived: datetime, error_type: str = "") -> str:
    """
    Return *prefix* for an object whose oldest record arrived at *arrived*, in UTC.

    Without any timestamp expression the hour is appended as ``yyyy/MM/dd/HH/``, as Firehose does.
    """
    if "!{timestamp:" not in prefix:
        prefix += "!{timestamp:yyyy/MM/dd/HH/}"

    def value(match: re.Match[str]) -> str:
        match match["namespace"], match["value"]:
            case "timestamp", java:
                return arrived.strftime(_RUN.sub(_directive, java))
            case "firehose", "error-output-type" if error_type:
                return error_type
            case "firehose", "random-string":
                return "".join(secrets.choice(ascii_letters + digits) for _ in range(RANDOM_LENGTH))
            case _:
                raise OutsideFailure(f"Firehose evaluates no {match[0]} in the prefix {prefix!r}")

    return _EXPRESSION.sub(value, prefix)


def _directive(run: re.Match[str]) -> str:
    if run[0] not in _JAVA:
        raise OutsideFailure(f"timestamp letters {run[0]!r} in a prefix: use {', '.join(_JAVA)}")
    return _JAVA[run[0]]
