"""
Searching: texts as the places at which detectors find something.

The quick way asks of a whole batch, in one search, which of its texts must be looked at; the patient one asks of a
single text where each thing begins and ends. What the patient way finds in any part of a text, a field or a string of
its JSON, the quick way has found in the text as a whole: in the text as it is, or with its escapes undone.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

import msgspec

from logshape.contract.detectors import Search, expression, searches
from logshape.contract.model import Detector  # noqa: TC001 # msgspec reads the annotations when it makes the class
from logshape.lines import escapes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

BATCH: Final = 256
"""The texts that are searched at once: enough to make a search cheap, few enough to stay in a processor's cache."""
_SEAM: Final = "\n"
_COMMON: Final = "common"
_GROUP_NAME: Final = re.compile(r"\(\?P?<\w+>")
# A number that JSON spells otherwise than a record does; where digits are looked for, it is looked at more closely.
_EXPONENT: Final = r"[:,\[]\s*-?[0-9][0-9.]*[eE][+-]?[0-9]"
_SHORT: Final = 64  # bytes of what a test refused in which something else may begin; more would be read again and again
_BEFORE: Final = 16  # bytes before what was found that a test may look at


class Span(msgspec.Struct, frozen=True):
    """What *detector* found from *start* to *end*, in bytes; *value* is how it reads without its escapes."""

    start: int
    end: int
    value: bytes
    detector: Detector


class _Sought(msgspec.Struct, frozen=True):
    detector: Detector
    find: Callable[[bytes, int], Any]
    passes: Callable[[str, str], bool] | None


class Searcher:
    """Looks for what *detectors* find."""

    def __init__(self, detectors: Iterable[Detector]) -> None:
        """Compile what *detectors* look for; one of them at least."""
        self._pairs = found = [(detector, search) for detector in detectors for search in searches(detector)]
        self._rank = {detector: place for place, (detector, _) in enumerate(found)}
        everything = [search for _, search in found]
        # What is tested at once stands last, or it would hide what begins at the same place.
        parts = [_part(search) for search in sorted(everything, key=lambda one: one.common)]
        if any(detector.pattern is not None or detector.name == "card" for detector, _ in found):
            parts.append(f"(?:{_EXPONENT})")
        self._any = expression("|".join(parts)).search
        self._passes = next((one.passes for one in everything if one.common), None)

    @cached_property
    def _sought(self) -> list[_Sought]:
        """The expressions for one text, which are compiled when the first secret comes."""
        return [_Sought(one, expression(search.pattern).search, search.passes) for one, search in self._pairs]

    def suspects(self, texts: Sequence[str]) -> set[int]:
        """Return the places of those of *texts* in which, or in a part of which, `spans` may find something."""
        found: set[int] = set()
        for start in range(0, len(texts), BATCH):
            found.update(start + place for place in self._suspects(texts[start : start + BATCH]))
        return found

    def spans(self, text: str) -> tuple[bytes, list[Span]]:
        """Return *text* in UTF-8, and what is found in it: in order, nothing twice, nothing that overlaps."""
        encoded = text.encode(errors="replace")
        found = list(self._found(encoded))
        if "\\" in text:
            hidden = list(self._hidden(encoded))
            ends = {span.end for span in hidden}
            # Behind a backslash a letter is no letter: `\\nanna@…` is a new line, and then anna.
            found = [span for span in found if not (span.end in ends and encoded[span.start - 1 : span.start] == b"\\")]
            found += hidden
        return encoded, self._merged(encoded, sorted(found, key=lambda span: (span.start, -span.end)))

    def _suspects(self, texts: Sequence[str]) -> Iterator[int]:
        pieces, owners = list(texts), list(range(len(texts)))
        for place, text in enumerate(texts):
            if "\\" in text:
                for view in escapes.views(text):
                    pieces.append(view)
                    owners.append(place)
        data = _SEAM.join(pieces).encode(errors="replace")
        match = self._any(data, 0)
        if match is None:
            return
        ends = list(accumulate(len(piece.encode(errors="replace")) + 1 for piece in pieces))
        while match is not None:
            start = match.start()
            piece = bisect_right(ends, start + data.startswith(b"\n", start))
            at = start + 1
            if not self._is_common(match):
                yield owners[piece]
                at = max(at, ends[piece] - 1)  # the seam may be the character before the next thing
            match = self._any(data, at)

    def _is_common(self, match: Any) -> bool:  # noqa: ANN401 # google-re2 ships no types
        """Say whether *match* is only what sound lines are full of."""
        if self._passes is None or match.lastgroup != _COMMON:
            return False
        return not self._passes(match.group(_COMMON).decode(errors="replace"), "")

    def _found(self, text: bytes) -> Iterator[Span]:
        if self._any(text, 0) is None:
            return
        for sought in self._sought:
            at = 0
            while (match := sought.find(text, at)) is not None:
                start, end = match.span(1) if match.re.groups and match.start(1) >= 0 else match.span()
                at = max(end, match.start() + 1)
                value = text[start:end]
                if start == end:
                    continue
                if sought.passes is not None:
                    before = text[max(start - _BEFORE, 0) : start].decode(errors="replace")
                    if not sought.passes(value.decode(errors="replace"), before):
                        at = start + 1 if end - start <= _SHORT else end
                        continue
                yield Span(start, end, value, sought.detector)

    def _hidden(self, text: bytes) -> Iterator[Span]:
        """Yield what is found once escapes are undone, at the places that it has in *text*."""
        passed: list[escapes.View] = []
        plain = text
        for _ in range(escapes.DEEPEST):
            view = escapes.undone(plain)
            if not view.ends:
                return
            passed.append(view)
            plain = view.text
            for span in self._found(plain):
                start, end = span.start, span.end
                for one in reversed(passed):
                    start, end = one.origin(start), one.origin(end)
                yield Span(start, end, span.value, span.detector)

    def _merged(self, text: bytes, found: list[Span]) -> list[Span]:
        """Join what overlaps: the longest names it, of several the one that the contract names first."""
        merged: list[Span] = []
        for span in found:
            if not merged or span.start >= merged[-1].end:
                merged.append(span)
                continue
            last = merged[-1]
            best = min(last, span, key=lambda one: (one.start - one.end, self._rank[one.detector]))
            start, end = last.start, max(last.end, span.end)
            value = best.value if (best.start, best.end) == (start, end) else text[start:end]
            merged[-1] = Span(start, end, value, best.detector)
        return merged


def _part(search: Search) -> str:
    """Return what the search of a batch looks for; two patterns may give a group the same name."""
    pattern = search.pattern if search.common else _GROUP_NAME.sub("(", search.trigger or search.pattern)
    return f"(?:{pattern})"
