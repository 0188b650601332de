"""Levels: the words and numbers that loggers write, read as OpenTelemetry's six short names."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

Level: TypeAlias = Literal["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"]

# OpenTelemetry, Logs Data Model, SeverityNumber: the first number of each range.
SEVERITY: Final[dict[Level, int]] = {"TRACE": 1, "DEBUG": 5, "INFO": 9, "WARN": 13, "ERROR": 17, "FATAL": 21}

_WORDS: Final[dict[Level, tuple[str, ...]]] = {
    "TRACE": ("trace", "trce"),
    "DEBUG": ("debug", "dbug"),
    "INFO": ("info", "information", "notice"),
    "WARN": ("warn", "warning"),
    "ERROR": ("error", "err", "fail"),
    "FATAL": ("fatal", "critical", "crit", "panic", "alert", "emergency"),
}
_PINO: Final[dict[str, Level]] = {
    "10": "TRACE",
    "20": "DEBUG",
    "30": "INFO",
    "40": "WARN",
    "50": "ERROR",
    "60": "FATAL",
}


def spellings(words: dict[Level, tuple[str, ...]]) -> dict[str, Level]:
    """Read each of *words* in lower case, in upper case and with a capital."""
    return {
        spelled: level
        for level, names in words.items()
        for name in names
        for spelled in (name.lower(), name.upper(), name.capitalize())
    }


# What a format reads that lists no spellings of its own.
DEFAULT_SPELLINGS: Final[dict[str, Level]] = spellings(_WORDS) | _PINO
