"""Turns one JSON value into what a column of its type holds, as the OpenX JSON SerDe does, or refuses it."""

from __future__ import annotations

import re
import sys
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeAlias

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Reader: TypeAlias = Callable[[object], object]

_LONGEST: Final = 100  # characters of a value in a message: enough to know it again
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 # Parquet's INT96 has no zone; all times here are UTC
_MILLISECONDS_FROM: Final = 13  # digits; a shorter number is in seconds
_TIME: Final = re.compile(
    r"(?:(?P<date>\d{4}-\d\d-\d\d)T|(?P<sql_date>\d{4}-\d\d?-\d\d?)\ )"
    r"(?P<time>\d\d:\d\d:\d\d)(?:\.(?P<fraction>\d{1,9}))?(?(date)Z)",
    re.ASCII | re.VERBOSE,
)
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_INTEGER: Final = re.compile(r"[+-]?\d{1,19}", re.ASCII)


class Misfit(Exception):
    """A value does not fit its column, and so its whole record does not convert; never leaves the archive."""

    def __init__(self, value: object, kind: str) -> None:
        """Say which *value* is none of *kind*."""
        spelled = msgspec.json.encode(value).decode()
        short = spelled if len(spelled) <= _LONGEST else f"{spelled[:_LONGEST]}…"
        super().__init__(f"{short} is no {kind}")


def _text(value: object) -> str:
    match value:
        case str():
            return value
        case bool() | int() | float():
            return msgspec.json.encode(value).decode()
        case _:
            raise Misfit(value, "string")


def _texts(value: object) -> list[str | None]:
    if not isinstance(value, list):
        raise Misfit(value, "array<string>")
    return [None if item is None else _text(item) for item in value]


def _boolean(value: object) -> bool:
    match value:
        case bool():
            return value
        case str() if value.lower() in ("true", "false"):
            return value.lower() == "true"
        case _:
            raise Misfit(value, "boolean")


def _int(value: object) -> int:
    return _integer(value, 2**31, "int")


def _bigint(value: object) -> int:
    return _integer(value, 2**63, "bigint")


def _integer(value: object, end: int, kind: str) -> int:
    number = int(value) if isinstance(value, str) and _INTEGER.fullmatch(value) else value
    if isinstance(number, bool) or not isinstance(number, int) or not -end <= number < end:
        raise Misfit(value, kind)
    return number


def _double(value: object) -> float:
    match value:
        case int() | float() if not isinstance(value, bool):
            number = value
        case str() if _NUMBER.fullmatch(value):
            number = float(value)
        case _:
            raise Misfit(value, "double")
    if not -sys.float_info.max <= number <= sys.float_info.max:
        raise Misfit(value, "double")
    return float(number)


def _timestamp(value: object) -> datetime:
    try:
        match value:
            case str() if match := _TIME.fullmatch(value):
                return _spelled(match)
            case int() if not isinstance(value, bool):
                return _EPOCH + _since_epoch(str(value))
            case str() if _INTEGER.fullmatch(value):
                return _EPOCH + _since_epoch(value)
            case float():
                return _EPOCH + timedelta(milliseconds=int(value * 1000))
            case str() if _NUMBER.fullmatch(value):
                return _EPOCH + timedelta(milliseconds=int(float(value) * 1000))
            case _:
                raise Misfit(value, "timestamp")
    except (ValueError, OverflowError) as error:
        raise Misfit(value, "timestamp") from error


def _spelled(match: re.Match[str]) -> datetime:
    year, month, day = map(int, (match["date"] or match["sql_date"]).split("-"))
    hour, minute, second = map(int, match["time"].split(":"))
    fraction = (match["fraction"] or "").ljust(6, "0")[:6]  # INT96 has nanoseconds; Arrow and DuckDB keep microseconds
    return datetime(year, month, day, hour, minute, second, int(fraction))  # noqa: DTZ001 # as above


def _since_epoch(digits: str) -> timedelta:
    number = int(digits)
    return timedelta(milliseconds=number) if len(digits) >= _MILLISECONDS_FROM else timedelta(seconds=number)


READERS: Final[Mapping[str, Reader]] = {
    "string": _text,
    "boolean": _boolean,
    "int": _int,
    "bigint": _bigint,
    "double": _double,
    "timestamp": _timestamp,
    "array<string>": _texts,
}
