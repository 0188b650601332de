"""Places: where in its files a contract says what its formats, groups and metrics do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from logshape.contract import paths

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from logshape.contract.documents import Document
    from logshape.contract.load import Reading
    from logshape.contract.model import Line, Path
    from logshape.contract.source import Keys, Side


class Place(msgspec.Struct, frozen=True, order=True):
    """A line of a file, counted from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        """Print as editors take it."""
        return f"{self.file}:{self.line}"


class Places:
    """
    Finds what a sound contract says; each answer is None where no file says it.

    What a format inherits stands where the format that it `extends` says it.
    """

    def __init__(self, reading: Reading) -> None:
        """Look into the files of *reading*."""
        self._reading = reading

    def template(self, format_: str, line: Line) -> Place | None:
        """Return where *format_* writes the template of *line*."""
        return next((_placed(document, path) for document, path in self._lines(format_, line)), None)

    def constant(self, format_: str, line: Line, field: str) -> Place | None:
        """Return where *format_* sets *field* in what it says of *line*."""
        return next((_placed(document, (*path, "set", field)) for document, path in self._lines(format_, line)), None)

    def pair(self, format_: str, source: str) -> Place | None:
        """Return where *format_* writes the pair *source*."""
        for document, path, entry in self._ancestry(format_):
            if source in entry.get("pairs", ()):
                return _placed(document, (*path, "pairs", entry["pairs"].index(source)))
        return None

    def key(self, format_: str, field: str, wanted: Path) -> Place | None:
        """Return where *format_* reads *field* from *wanted*; its `json` as a whole, where no word of it says so."""
        granted = None
        for document, path, entry in self._ancestry(format_):
            if "json" in entry:
                written = entry["json"].get(field, [])
                texts = [written] if isinstance(written, str) else written
                for at, text in enumerate(texts):
                    if paths.parse(text) == wanted:
                        inner = () if isinstance(written, str) else (at,)
                        return _placed(document, (*path, "json", field, *inner))
                granted = granted or _placed(document, (*path, "json"), "key")
        return granted

    def of_format(self, format_: str, field: str) -> Place | None:
        """Return where *format_* sets *field* for all its lines."""
        for document, path, entry in self._ancestry(format_):
            if "set" in entry:
                return _placed(document, (*path, "set", field))
        return None

    def of_group(self, group: str, field: str) -> Place | None:
        """Return where the entry *group* sets *field*."""
        document = self._reading.document
        for at, entry in enumerate(document.data["groups"]):
            if entry["name"] == group:
                return _placed(document, ("groups", at, "set", field))
        return None

    def metric(self, name: str) -> Place | None:
        """Return where the metric *name* says what it counts."""
        return _placed(self._reading.document, ("metrics", name, "where"))

    def _lines(self, format_: str, line: Line) -> Iterator[tuple[Document, Keys]]:
        for document, path, entry in self._ancestry(format_):
            written = entry.get("line", [])
            if written == line.template.source:
                yield document, (*path, "line")
            for at, one in enumerate(written if isinstance(written, list) else ()):
                text, like = (one["line"], one.get("like", {})) if isinstance(one, dict) else (one, {})
                if (text, like) == (line.template.source, line.like):
                    yield document, (*path, "line", at)

    def _ancestry(self, format_: str | None) -> Iterator[tuple[Document, Keys, Mapping[str, Any]]]:
        """Yield the map of *format_*, of what it extends, and so on."""
        while format_ is not None:
            owner = next((one for one in self._reading.documents if format_ in one.data.get("formats", {})), None)
            if owner is None:
                return
            entry = owner.data["formats"][format_]
            yield owner, ("formats", format_), entry
            format_ = entry.get("extends")


def _placed(document: Document, path: Keys, side: Side = "value") -> Place:
    return Place(document.source.file, document.source.place(path, side)[0])
