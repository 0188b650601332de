"""
JSON text of lines: into a dict, quickly where it is sound and patiently where it is not.

A line that Python's logger wrote may hold ``NaN``, half a surrogate pair or more brackets than any store takes. Such a
value becomes text; the line stays JSON.
"""

from __future__ import annotations

import json
import re
from typing import Final

import orjson

# Every store takes this many levels in `attributes`; OpenSearch was tried with 60.
DEEPEST: Final = 50

_STRING_OR_BRACKET: Final = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.DOTALL)
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")


def read_object(line: str) -> dict[str, object] | None:
    """Read *line* as one JSON object, or answer None where it is none; what no store could take is text in it."""
    if _may_be_deep(line):
        line = _flattened(line)
    try:
        value = orjson.loads(line)
    except ValueError:
        value = _whole(parse_patiently(line))
    return value if type(value) is dict else None


def read_spelled(line: str) -> dict[str, object] | None:
    """Read *line* as `read_object` does, with each number as the text that spells it."""
    value = _whole(parse_patiently(line, numbers=str))
    return value if type(value) is dict else None


def read_exactly(text: str) -> object:
    """Read *text* as any JSON, with whole numbers as long as they are; None where it is no JSON."""
    return _whole(parse_patiently(text))


def whole(text: str) -> str:
    """Return *text* with U+FFFD for each half of a surrogate pair, which UTF-8 cannot hold."""
    return _SURROGATE.sub("�", text)


def parse_patiently(text: str, numbers: type[str] | None = None) -> object:
    """Read *text* as JSON, with text for ``NaN`` and for what is nested too deep; None where it is not JSON."""
    text = _flattened(text) if _may_be_deep(text) else text
    try:
        return json.loads(text, parse_constant=str, parse_int=numbers, parse_float=numbers)
    except (ValueError, RecursionError):
        return None


def _whole(value: object) -> object:
    match value:
        case str():
            return whole(value)
        case dict():
            return {whole(key): _whole(inner) for key, inner in value.items()}
        case list():
            return [_whole(inner) for inner in value]
        case float() if value in (float("inf"), float("-inf")):
            return str(value)  # 1e999 is a number to JSON, but to no store
        case _:
            return value


def _may_be_deep(text: str) -> bool:
    """Tell whether enough is opened and closed; what is never closed is no JSON, and need not be walked through."""
    return text.count("{") + text.count("[") > DEEPEST and text.count("}") + text.count("]") > DEEPEST


def _flattened(line: str) -> str:
    """Put text in the place of each value that is nested deeper than `DEEPEST`."""
    depth, start, done = 0, 0, 0
    pieces: list[str] = []
    for match in _STRING_OR_BRACKET.finditer(line):
        token = match.group()
        if token in ("{", "["):
            depth += 1
            if depth == DEEPEST + 1:
                start = match.start()
        elif token in ("}", "]"):
            if depth == DEEPEST + 1:
                pieces += (line[done:start], json.dumps(line[start : match.end()]))
                done = match.end()
            depth -= 1
    return "".join(pieces) + line[done:] if pieces else line


def text_of(value: object) -> str:
    """Return the JSON text of *value*, whatever it is made of."""
    return whole(json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str))
