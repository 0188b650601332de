"""Drafts: what one entry of `formats` says itself, read from its map, before its parent is asked for the rest."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from logshape.contract import paths, templates
from logshape.contract.fields import checked_constants, refuse_unknown
from logshape.contract.model import Example, Line, Need, Path
from logshape.contract.wording import named, shown, suggestion
from logshape.errors import InvalidPath, InvalidTemplate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from logshape.contract.documents import Document
    from logshape.contract.levels import Level
    from logshape.contract.model import FieldType, Scalar
    from logshape.contract.source import Keys
    from logshape.contract.templates import Template

T = TypeVar("T")


class Draft(msgspec.Struct, kw_only=True):
    """One format, None where it says nothing; *places* are where its own lines stand in its *document*."""

    name: str
    document: Document
    extends: str | None = None
    lines: tuple[Line, ...] = ()
    places: tuple[Keys, ...] = ()
    json: dict[str, tuple[Path, ...]] | None = None
    needs: tuple[Need, ...] | None = None
    pairs: tuple[Template, ...] | None = None
    levels: dict[str, Level] | None = None
    words: dict[str, dict[str, str]] | None = None
    nulls: tuple[str, ...] | None = None
    zone: str | None = None
    set: dict[str, Scalar] | None = None
    examples: tuple[Example, ...] = ()
    inherited_examples: tuple[Example, ...] = ()

    @property
    def path(self) -> Keys:
        """Where the format stands in its document."""
        return "formats", self.name

    @property
    def names(self) -> frozenset[str]:
        """The fields that the format names; JSON may give others, each by its own name."""
        every = [*(line.template for line in self.lines), *(self.pairs or ())]
        named_in_text = (name for template in every for name in template.names)
        set_in_lines = (name for line in self.lines for name in line.set)
        return frozenset((*named_in_text, *set_in_lines, *(self.json or ()), *(self.set or ())))


def draft(name: str, document: Document, types: Mapping[str, FieldType | None]) -> Draft:
    """
    Read the format *name* of *document*; what is wrong in it becomes a fault of the document.

    *types* has every field that a line may give; None stands for a type that is not known.
    """
    return _Drafting(document, name, types).draft()


class _Drafting:
    """The reading of one format's map, key by key."""

    def __init__(self, document: Document, name: str, types: Mapping[str, FieldType | None]) -> None:
        self._document, self._name, self._types = document, name, types
        self._entry: Mapping[str, Any] = document.data["formats"][name]

    def draft(self) -> Draft:
        has = self._entry.keys()
        lines, places = self._lines()
        return Draft(
            name=self._name,
            document=self._document,
            extends=self._entry.get("extends"),
            lines=lines,
            places=places,
            json=self._json() if "json" in has else None,
            needs=self._needs() if "needs" in has else None,
            pairs=self._pairs() if "pairs" in has else None,
            levels=self._levels() if "levels" in has else None,
            words=self._words() if "words" in has else None,
            nulls=tuple(word for word in self._entry["nulls"] if word is not None) if "nulls" in has else None,
            zone=self._zone(),
            set=self._set(self._entry["set"], (*self._path, "set")) if "set" in has else None,
            examples=self._examples(),
        )

    @property
    def _path(self) -> Keys:
        return "formats", self._name

    def _lines(self) -> tuple[tuple[Line, ...], tuple[Keys, ...]]:
        path = (*self._path, "line")
        written = self._entry.get("line", [])
        entries = [(path, written)] if isinstance(written, str) else _placed(path, written)
        lines = [(place, line) for place, entry in entries if (line := self._line(entry, place))]
        return tuple(line for _, line in lines), tuple(place for place, _ in lines)

    def _line(self, entry: str | Mapping[str, Any], path: Keys) -> Line | None:
        if isinstance(entry, str):
            template = self._template(entry, path)
            return Line(template=template) if template else None
        template = self._template(entry["line"], (*path, "line")) if "line" in entry else None
        if template is None:
            return None
        like = entry.get("like", {})
        for name in like:
            if name not in template.names:
                message = f"`{name}` is no hole of this template{suggestion(name, template.names)}"
                self._document.refuse((*path, "like", name), "unknown-field", message, side="key")
        return Line(template=template, like=like, set=self._set(entry.get("set", {}), (*path, "set")))

    def _template(self, text: str, path: Keys) -> Template | None:
        try:
            template = templates.parse(text)
        except InvalidTemplate as fault:
            self._document.refuse(path, "wrong-template", f"{self._called(path)}: {fault}", column=fault.column)
            return None
        for name in template.names:
            if name not in self._types:
                hole = re.search(rf"[{{,]({re.escape(name)})(?=[,?:|}}])", text)
                self._unknown(name, path, column=hole.start(1) + 1 if hole else 1)
        return template

    def _pairs(self) -> tuple[Template, ...]:
        entries = _placed((*self._path, "pairs"), self._entry["pairs"])
        return tuple(template for path, text in entries if (template := self._template(text, path)))

    def _json(self) -> dict[str, tuple[Path, ...]]:
        found: dict[str, tuple[Path, ...]] = {}
        for name, written in self._entry["json"].items():
            path = (*self._path, "json", name)
            if name not in self._types:
                self._unknown(name, path)
            found[name] = tuple(self._parsed(paths.parse, path, written))
        return found

    def _needs(self) -> tuple[Need, ...]:
        needs: list[Need] = []
        for path, written in _placed((*self._path, "needs"), self._entry["needs"]):
            either = list(self._parsed(paths.parse_need, path, written))
            if len({need.like for need in either}) > 1:
                message = f"{self._called(path)} asks for different values; give the needs of one list the same `=glob`"
                self._document.refuse(path, "wrong-path", message)
            elif either:
                needs.append(Need(paths=tuple(one for need in either for one in need.paths), like=either[0].like))
        return tuple(needs)

    def _parsed(self, parse: Callable[[str], T], path: Keys, written: str | list[str | None]) -> Iterable[T]:
        for place, text in [(path, written)] if isinstance(written, str) else _placed(path, written):
            try:
                yield parse(text)
            except InvalidPath as fault:
                message = f"{self._called(place)} is {shown(text)}: {fault}"
                self._document.refuse(place, "wrong-path", message, column=fault.column)

    def _levels(self) -> dict[str, Level]:
        found: dict[str, Level] = {}
        for level, words in self._entry["levels"].items():
            for path, word in _placed((*self._path, "levels", level), words):
                first = found.setdefault(str(word), level)
                if first != level:
                    message = f"{shown(word)} stands for {first} already; leave it out of one of the two"
                    self._document.refuse(path, "duplicate-level", message)
        return found

    def _words(self) -> dict[str, dict[str, str]]:
        words: dict[str, dict[str, str]] = self._entry["words"]
        for name in words:
            if name not in self._types:
                self._unknown(name, (*self._path, "words", name))
        return words

    def _zone(self) -> str | None:
        zone: str | None = self._entry.get("zone")
        if zone is not None and zone != "UTC" and not _is_zone(zone):
            message = f"{shown(zone)} is no time zone known here; wanted an IANA name such as `Asia/Tokyo`, or `UTC`"
            self._document.refuse((*self._path, "zone"), "wrong-zone", message)
        return zone

    def _set(self, written: Mapping[str, Scalar], path: Keys) -> dict[str, Scalar]:
        return checked_constants(self._document, written, path, self._types)

    def _examples(self) -> tuple[Example, ...]:
        return tuple(
            Example(
                line=entry["line"], record=entry["record"], at=self._document.source.place((*path, "record"), "key")
            )
            for path, entry in _placed((*self._path, "examples"), self._entry.get("examples", []))
            if {"line", "record"} <= entry.keys()
        )

    def _unknown(self, name: str, path: Keys, column: int = 0) -> None:
        refuse_unknown(self._document, name, path, self._types, column)

    def _called(self, path: Keys) -> str:
        return named(path, self._document.source.data)


def _placed(path: Keys, written: Iterable[T | None]) -> list[tuple[Keys, T]]:
    """Return the entries of a list with their paths, those left out that the schema refused."""
    return [((*path, at), entry) for at, entry in enumerate(written) if entry is not None]


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        return False
    return True
