"""Redaction: the list `redact` of a document as detectors."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from logshape.contract.detectors import BUILT_IN, expression
from logshape.contract.model import SECRETS, Detector
from logshape.contract.wording import listing, shown, suggestion
from logshape.errors import InvalidExpression

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from logshape.contract.documents import Document
    from logshape.contract.source import Keys

SET: Final = "secrets"
"""The name that stands in `redact` for all of `SECRETS`."""
_NAMES: Final = (SET, *BUILT_IN)
_CLASS: Final = re.compile(r"\[\^?\]?(?:\[:\w+:\]|\\.|[^\]\\])*\]|\\Q.*?(?:\\E|$)|\\[^AzB]", re.DOTALL)
_ANCHOR: Final = re.compile(r"[\^$]|\\[Az]")
_PROBES: Final = ("", "a", "0", " ", "a 0-é\n")


def detectors(document: Document) -> tuple[Detector, ...]:
    """Return the detectors of *document*, `SECRETS` where it names none; what is wrong with one becomes a fault."""
    if "redact" not in document.data:
        return SECRETS
    found: dict[str, Detector] = {}
    for at, entry in enumerate(document.data["redact"]):
        for detector in _entry(document, ("redact", at), entry):
            if detector.name in found:
                message = f"`{detector.name}` is looked for already; leave one of the two out"
                document.refuse(("redact", at), "duplicate-detector", message)
            found[detector.name] = detector
    return tuple(found.values())


def _entry(document: Document, path: Keys, entry: str | Mapping[str, Any] | None) -> Iterator[Detector]:
    """Yield what one entry of the list stands for; one that the schema refused stands for nothing."""
    match entry:
        case "secrets":
            yield from SECRETS
        case str():
            if _is_known(document, path, entry):
                yield Detector(name=entry)
        case None:
            return
        case _ if "name" in entry:
            name, pattern = entry["name"], entry.get("pattern")
            known = (
                _is_known(document, (*path, "name"), name) if pattern is None else _is_sound(document, path, pattern)
            )
            if known:
                yield Detector(name=name, action=entry.get("as", "mask"), pattern=pattern, check=entry.get("check"))


def _is_known(document: Document, path: Keys, name: str) -> bool:
    if name in BUILT_IN:
        return True
    message = f"`{name}` is no detector; use one of {listing(_NAMES)}, or give it a `pattern`{suggestion(name, _NAMES)}"
    document.refuse(path, "unknown-detector", message)
    return False


def _is_sound(document: Document, path: Keys, pattern: str) -> bool:
    """Say whether *pattern* can find something, and nothing but text."""
    fault = None
    try:
        compiled = expression(pattern)
    except InvalidExpression as error:
        fault = f"is refused by RE2: {error}"
    else:
        if _ANCHOR.search(_CLASS.sub("", pattern)):
            fault = "is bound to an end of the text, and is looked for anywhere; leave the anchor out, or use `\\b`"
        elif any(found.start() == found.end() for probe in _PROBES for found in compiled.finditer(probe.encode())):
            fault = "finds the empty text, which is everywhere; ask for at least one character"
    if fault:
        document.refuse((*path, "pattern"), "wrong-pattern", f"the pattern {shown(pattern)} {fault}")
    return fault is None
