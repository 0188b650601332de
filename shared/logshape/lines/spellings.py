"""Spellings: a value of a field as the texts and JSON values that a format reads as it, the plainest first."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from logshape.lines import instants
from logshape.lines.holes import nulls

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logshape.contract.model import Path
    from logshape.contract.templates import Hole, Shape
    from logshape.lines.formats import Tools

_UUID: Final = "79b4f56e-95b1-4643-9700-2807f4e68189"
_TIME: Final = "2025-10-31T22:38:21.000Z"
# What a hole may hold that nobody reads: words of levels, signs and quotes among it, for a filter must not care.
_ANYTHING: Final = ("-", "ERROR", '"[WARN]"', "a.b:7", "x")
_WORDS: Final = ("I", "ERROR", "x-1")
_SHORTEST_MS: Final = 10**12  # with fewer digits milliseconds could be seconds
_EXACT: Final = 2**53  # up to here each whole number is a double


def in_text(tools: Tools, name: str, value: Any, shape: Shape | None = None) -> Sequence[str]:  # noqa: ANN401 # a field's value
    """Return the texts that a hole of *shape* reads as *value* of the field *name*."""
    kind = tools.types.get(name)
    if name == "level":
        return _levels(tools, value)
    match kind:
        case "timestamp":
            return _times(tools, value, shape)
        case "boolean":
            return ("true" if value else "false",)
        case "double":
            return _doubles(value)
        case _:
            return (str(value),)


def in_json(tools: Tools, name: str, value: Any, path: Path) -> Sequence[object]:  # noqa: ANN401 # a field's value
    """Return the JSON values that the format reads as *value* where they stand at *path* for the field *name*."""
    if path.filter == "lines" and isinstance(value, str):
        lines = value.split("\n")
        return (lines, [f"{line}\n" for line in lines], value)
    if name in tools.format.words:
        words = [word for word, meaning in tools.format.words[name].items() if meaning == value]
        return words or (value,)
    if name == "level":
        return tuple(spelled for word in _levels(tools, value) for spelled in _word_or_number(word))
    match tools.types[name]:
        case "timestamp":
            return (*_times(tools, value, None), *_epochs(name, value))
        case "integer" | "long":
            return (value, *in_text(tools, name, value)) if name in tools.format.quoted else (value,)
        case "double":
            whole = (int(value),) if value.is_integer() and abs(value) < _EXACT else ()
            return (value, *whole, *(_doubles(value) if name in tools.format.quoted else ()))
        case _:
            return (value,)


def of_nothing(tools: Tools, name: str) -> Sequence[object]:
    """Return the JSON values that are read as no value of the field *name*."""
    return (None,) if tools.types[name] == "text" else (None, *tools.nulls)


def words_for_nothing(tools: Tools, hole: Hole) -> Sequence[str]:
    """Return the texts, beside none at all, that an optional *hole* reads as no value."""
    return nulls(tools, hole)


def of_anything(shape: Shape | None) -> Sequence[str]:
    """Return texts for a hole of *shape* that nobody reads."""
    match shape:
        case None:
            return _ANYTHING
        case "uuid":
            return (_UUID,)
        case "iso":
            return (_TIME,)
        case "slashed":
            return (_slashed(_moment(_TIME)),)
        case "clf":
            return (_clf(_moment(_TIME)),)
        case _:
            return _WORDS


def _levels(tools: Tools, level: str) -> Sequence[str]:
    words = [word for word, (known, _) in tools.levels.items() if known == level]
    return sorted(words, key=lambda word: word != level) or (level,)


def _word_or_number(word: str) -> Sequence[object]:
    """Return *word* as JSON may hold it: pino writes its levels as numbers."""
    return (int(word), word) if word.isascii() and word.isdigit() and word == str(int(word)) else (word,)


def _doubles(value: float) -> Sequence[str]:
    return (repr(value), str(int(value))) if value.is_integer() and abs(value) < _EXACT else (repr(value),)


def _epochs(name: str, instant: str) -> Sequence[object]:
    epoch_ms = instants.epoch_ms(instant)
    if not _SHORTEST_MS <= epoch_ms < instants.LATEST_MS:
        return ()
    return (epoch_ms, str(epoch_ms)) if name == "@timestamp" else (str(epoch_ms),)


def _times(tools: Tools, instant: str, shape: Shape | None) -> Sequence[str]:
    utc = _moment(instant)
    local = _local(utc, tools.format.zone)
    iso = [instant, f"{instant[:10]} {instant[11:19]},{instant[20:23]}+0000"]
    if utc.microsecond == 0:
        iso.append(f"{instant[:19]}Z")
    if local is not None:
        iso.append(f"{local:%Y-%m-%d %H:%M:%S}.{instant[20:23]}")
    slashed = [] if local is None else [_slashed(local)]
    clf = [_clf(utc)] if utc.microsecond == 0 else []
    return {"iso": iso, "slashed": slashed, "clf": clf}.get(shape or "", [*iso, *slashed, *clf]) or [instant]


def _moment(instant: str) -> datetime:
    return datetime.fromisoformat(instant)


def _local(utc: datetime, zone: str | None) -> datetime | None:
    """Return *utc* as clocks in *zone* show it, or None where they show it twice and the first is meant."""
    where = ZoneInfo(zone or "UTC")
    local = utc.astimezone(where)
    return local if local.fold == 0 else None


def _slashed(local: datetime) -> str:
    fraction = f".{local.microsecond // 1000:03d}" if local.microsecond else ""
    return f"{local:%Y/%m/%d %H:%M:%S}{fraction}"


def _clf(utc: datetime) -> str:
    return f"{utc:%d}/{instants.MONTHS[utc.month - 1]}/{utc:%Y:%H:%M:%S} +0000"
