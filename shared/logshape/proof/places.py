"""Places: where in a contract a fault of a format belongs, and how a message shows the line that proves it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from logshape.contract.documents import Document
    from logshape.contract.load import Reading
    from logshape.contract.source import Keys

_LONGEST: Final = 2000  # characters of a line in a message: it must be whole to be tried, and no screen holds more


def place(reading: Reading, format_: str) -> tuple[Document, Keys]:
    """Return the document that declares *format_*, and the path of the declaration in it."""
    documents = (document for document in reading.documents if format_ in document.names("formats"))
    return next(documents, reading.document), ("formats", format_)


def spelled(line: str) -> str:
    r"""Return *line* as a message shows it: on one line, ``\t`` and ``\n`` written so, nothing a terminal obeys."""
    text = json.dumps(line, ensure_ascii=False)[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    return f"`{text}`" if len(text) <= _LONGEST else f"`{text[:_LONGEST]}…`"
