"""Turns a contract into the blocks of `template.yaml` that follow from it; all other lines stay as they are."""

from __future__ import annotations

import json
import re
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec

from logshape.artefacts import glue, lifecycle
from logshape.artefacts.arguments import ARCHIVE_BUCKET
from logshape.contract import scalars
from logshape.errors import UnreadableInput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from logshape.contract.model import Contract

    Path: TypeAlias = tuple[str, ...]

_BLOCKS: Final[Mapping[Path, Callable[[Contract], Any]]] = {
    ("Resources", "ArchiveTable", "Properties", "TableInput"): lambda contract: glue.derive(contract)["TableInput"],
    ("Resources", "ArchiveBucket", "Properties", "LifecycleConfiguration"): lifecycle.derive,
}
_COMMENT: Final = "# follows from the contract; make template writes it"
_KEY: Final = re.compile(r"( *)([\w.:]+):(?= |$)")
_STEP: Final = "  "
_PLAIN: Final = re.compile(r"[A-Za-z_][\w./<>-]*", re.ASCII)
_UNKNOWN: Final = re.compile(rf"\$\{{(?!{re.escape(ARCHIVE_BUCKET[2:])})")
_UNPRINTABLE: Final = re.compile("[^\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """The first line of a block that is not as wanted, by its number from 1; None is the end of the block."""

    line: int
    path: Path
    saw: str | None
    wanted: str | None


def written(contract: Contract, text: str) -> str:
    """
    Return the template *text* with each block as *contract* has it; lines end as they do there.

    Raises:
        UnreadableInput: a block has no place in the template.

    """
    end = _line_end(text)
    for path, derive in _BLOCKS.items():
        lines = text.split(end)
        place = _find(lines, path)
        if place is None:
            raise UnreadableInput(f"there is no `{'.'.join(path)}`; put its key there, and `make template` fills it")
        lines[place.start : place.stop] = _block(contract, path, derive, lines[place.start])
        text = end.join(lines)
    return text


def differences(contract: Contract, text: str) -> list[Difference]:
    """Return where the template *text* is not as *contract* has it; one without any of our blocks is none of ours."""
    lines = text.split(_line_end(text))
    places = {path: _find(lines, path) for path in _BLOCKS}
    if not any(places.values()):
        return []
    compared = (_compared(contract, path, place, lines) for path, place in places.items())
    return [difference for difference in compared if difference is not None]


def _compared(contract: Contract, path: Path, place: range | None, lines: Sequence[str]) -> Difference | None:
    if place is None:
        return Difference(line=1, path=path, saw=None, wanted=f"{path[-1]}:")
    wanted = _block(contract, path, _BLOCKS[path], lines[place.start])
    pairs = enumerate(zip_longest(lines[place.start : place.stop], wanted), place.start + 1)
    different = (Difference(line=at, path=path, saw=saw, wanted=want) for at, (saw, want) in pairs if saw != want)
    return next(different, None)


def _line_end(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _find(lines: Sequence[str], path: Path) -> range | None:
    """Return the lines of the block at *path*, with its key and without blank lines and comments after it."""
    place = range(len(lines))
    for key in path:
        keys = [(at, match) for at in place if (match := _KEY.match(lines[at]))]
        indent = len(keys[0][1][1]) if keys else 0
        at = next((at for at, match in keys if match[2] == key and len(match[1]) == indent), None)
        if at is None:
            return None
        place = range(at + 1, _end(lines, at, place.stop, indent))
    return range(place.start - 1, place.stop)


def _end(lines: Sequence[str], at: int, stop: int, indent: int) -> int:
    inside = re.compile(rf" {{{indent + 1}}} *\S")
    end = at + 1
    for below in range(at + 1, stop):
        if inside.match(lines[below]):
            end = below + 1
        elif lines[below].strip() and not lines[below].lstrip().startswith("#"):
            break
    return end


def _block(contract: Contract, path: Path, derive: Callable[[Contract], Any], key: str) -> list[str]:
    """Return the lines of a block whose key is indented as in the line *key*."""
    indent = key[: len(key) - len(key.lstrip(" "))]
    return [f"{indent}{path[-1]}: {_COMMENT}", *_map(derive(contract), indent + _STEP)]


def _map(values: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key, value in values.items():
        match value:
            case dict():
                yield f"{indent}{key}:"
                yield from _map(value, indent + _STEP)
            case list():
                yield f"{indent}{key}:"
                yield from (f"{indent}{_STEP}- {_flow(item)}" for item in value)
            case _:
                yield f"{indent}{key}: {_flow(value)}"


def _flow(value: object) -> str:
    match value:
        case dict():
            return "{" + ", ".join(f"{key}: {_flow(inner)}" for key, inner in value.items()) + "}"
        case str() if "${" in value:
            return f"!Sub {_quoted(_UNKNOWN.sub('${!', value))}"
        case str() if _PLAIN.fullmatch(value) and not scalars.trap(value) and scalars.plain(value) == value:
            return value
        case str():
            return _quoted(value)
        case _:
            return json.dumps(value)


def _quoted(text: str) -> str:
    """Write *text* in double quotes: YAML reads JSON's escapes, and wants one for what does not print."""
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))
