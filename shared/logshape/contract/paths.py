"""
Paths: where a line of JSON holds a value, from text to steps.

::

    path := keys ["|lines"] [" when " need]          order.id    resource['service.name'].x    took when type=report
    keys := step ("." step | quoted)*
    step := text without . [ ] | ' = and white space
    quoted := "['" any text, with '' for a quote "']"
    need := keys ["=" glob]                          type=platform.*
"""

from __future__ import annotations

import re
from typing import Final

from logshape.contract.model import Need, Path
from logshape.errors import InvalidPath

_STEP: Final = re.compile(r"[^.\[\]|'=\s]+")
_QUOTED: Final = re.compile(r"\['((?:[^']|'')*)'\]")
_DEEPEST: Final = 32
_WHEN: Final = " when "


def parse(source: str) -> Path:
    """
    Parse *source* as a path.

    Raises:
        InvalidPath: with the column of the first fault, counted from 1.

    """
    text, word, condition = source.partition(_WHEN)
    steps, at = _steps(text)
    rest = text[at:]
    if rest not in ("", "|lines"):
        if rest.startswith("|"):
            message = f"`{rest[1:]}` is no filter; the only one is `lines`"
            raise InvalidPath(message, at + 2)
        raise _stray(source, at)
    try:
        when = parse_need(condition) if word else None
    except InvalidPath as fault:
        raise InvalidPath(str(fault), len(text) + len(word) + fault.column) from fault
    return Path(steps=steps, filter="lines" if rest else None, when=when)


def parse_need(source: str) -> Need:
    """
    Parse *source* as a path, or as a path and a glob for its value.

    Raises:
        InvalidPath: with the column of the first fault, counted from 1.

    """
    steps, at = _steps(source)
    if at < len(source) and source[at] != "=":
        raise _stray(source, at)
    return Need(paths=(Path(steps=steps),), like=source[at + 1 :] if at < len(source) else None)


def spelled(path: Path) -> str:
    """Write *path* as `parse` reads it."""
    condition = "" if path.when is None else _WHEN + "".join(spelled_need(path.when)[:1])
    return _dotted(path.steps) + ("|lines" if path.filter else "") + condition


def spelled_need(need: Need) -> list[str]:
    """Write each path of *need* as `parse_need` reads it."""
    like = "" if need.like is None else f"={need.like}"
    return [_dotted(path.steps) + like for path in need.paths]


def _dotted(steps: tuple[str, ...]) -> str:
    written = (f".{step}" if _STEP.fullmatch(step) else "['" + step.replace("'", "''") + "']" for step in steps)
    return "".join(written).removeprefix(".")


def _steps(source: str) -> tuple[tuple[str, ...], int]:
    steps: list[str] = []
    at = 0
    while at < len(source):
        quoted = _QUOTED.match(source, at)
        if quoted:
            steps.append(quoted[1].replace("''", "'"))
            at = quoted.end()
            continue
        if steps and source[at] != ".":
            break
        begin = at + bool(steps)
        step = _STEP.match(source, begin)
        if step is None:
            raise _stray(source, begin)
        steps.append(step[0])
        at = step.end()
    if not steps or len(steps) > _DEEPEST:
        message = f"a path has 1 to {_DEEPEST} steps, this one {len(steps)}"
        raise InvalidPath(message, 1)
    return tuple(steps), at


def _stray(source: str, at: int) -> InvalidPath:
    saw = f"`{source[at]}`" if at < len(source) else "the end"
    message = f"saw {saw} at column {at + 1}; wanted a step, and a key with dots or signs in it as ['a.b']"
    return InvalidPath(message, at + 1)
