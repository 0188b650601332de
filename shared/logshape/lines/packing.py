"""Packing: records as NDJSON, in pieces that keep a store's limits and never cut a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from logshape.lines import bounds

if TYPE_CHECKING:
    from logshape.lines.records import Record

LARGEST_RECORD: Final = 1_024_000
"""The bytes of a Firehose record: 1,000 KiB (PutRecordBatch)."""
LARGEST_BODY: Final = 5 * 1024 * 1024
"""The bytes of a bulk body; small OpenSearch instances take 10 MiB."""
BULKY: Final = 40_000
"""The characters from which on a line may make a row too large: JSON takes up to six bytes for one, up to thrice."""
_LARGEST_DOCUMENT: Final = LARGEST_BODY - 1024  # an action's line goes before it
_ROW_SEAM: Final = b"\n"
_BULK_SEAM: Final = b'\n{"create":{"_index":'  # JSON text holds no new line, so that a document cannot look like it
_ENCODER: Final = msgspec.json.Encoder()


class Oversize(msgspec.Struct):
    """An archive row too large for a Firehose record, as it was before it was cut."""

    event_id: str
    document: bytes


class Packer:
    """Joins NDJSON that comes in parts and cuts it into *pieces* of at most *largest* bytes, each behind a *seam*."""

    def __init__(self, largest: int, seam: bytes) -> None:
        """Cut at the last *seam* that fits, behind its new line, which is its first byte."""
        self.pieces: list[bytes] = []
        self._largest = largest
        self._seam = seam
        self._rest = b""

    def add(self, encoded: bytes) -> None:
        """Take *encoded*, whole lines; only what may still grow is kept back."""
        encoded = self._rest + encoded if self._rest else encoded
        start = 0
        while len(encoded) - start > self._largest:
            cut = encoded.rindex(self._seam, start, start + self._largest + len(self._seam) - 1) + 1
            self.pieces.append(encoded[start:cut])
            start = cut
        self._rest = encoded[start:] if start else encoded

    def packed(self) -> list[bytes]:
        """Return all pieces, the last one as long as it is."""
        if self._rest:
            self.pieces.append(self._rest)
            self._rest = b""
        return self.pieces


class RowPacker(Packer):
    """Packs archive rows into Firehose records; a row that none can hold is cut, and kept whole in *oversize*."""

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__(LARGEST_RECORD, _ROW_SEAM)
        self.oversize: list[Oversize] = []

    def add_rows(self, rows: list[Record], *, bulky: bool) -> None:
        """Add *rows*; that one of them is too large is looked for only where *bulky* says that a line is long."""
        if bulky:
            for place, row in enumerate(rows):
                rows[place] = bounds.fit(row, LARGEST_RECORD - 1)
                if rows[place] is not row:
                    self.oversize.append(Oversize(row["event_id"], _ENCODER.encode(row)))
        self.add(_ENCODER.encode_lines(rows))


class BulkPacker(Packer):
    """Packs the index's lines, an action and a document in turn, into bulk bodies."""

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__(LARGEST_BODY, _BULK_SEAM)

    def add_lines(self, lines: list[Record], *, bulky: bool) -> None:
        """Add *lines*; a document that no body can hold is cut."""
        if bulky:
            lines[1::2] = [bounds.fit(document, _LARGEST_DOCUMENT) for document in lines[1::2]]
        self.add(_ENCODER.encode_lines(lines))
