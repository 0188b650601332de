"""
Redaction: records without what their contract redacts, in place, before any byte of them leaves.

Predicates and measures ask of a record first; then two things are taken out of it. Fields that declare `redact`,
whatever they hold, and also where they were read from: `logshape.lines.withheld`. And what detectors find in any text
of it: fields, `attributes` with their keys at any depth, `raw`.

- A batch is searched once, as the lines came. Only the records of lines in which something may be are gone through.
- `raw` that is JSON, or text that ends in it, is read, gone through string by string, and written anew as valid JSON.
- What takes a text's place is `[name]`, or `[name:hash]`; a field that can hold no text becomes null instead.
- Exempt is what no line says, or what cannot hold a secret: times, levels, the event's id, account, Region, log group
  and stream, format, version, `parse_errors`; request, trace and span ids that look like one.
- It fails closed. Where looking fails, `[redaction failed]` stands for the whole text, and is counted.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from logshape.contract.model import CORE_FIELDS
from logshape.lines.json_text import read_exactly, text_of
from logshape.lines.seams import is_glued
from logshape.lines.searching import Searcher
from logshape.lines.withheld import Withholding

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from logshape.contract.model import Action, Contract, Field
    from logshape.lines.envelope import Lost
    from logshape.lines.records import Record

FAILED: Final = "[redaction failed]"
"""What stands for a text that could not be looked through."""
_FROM_LINES: Final = frozenset(
    ("request_id", "trace_id", "span_id", "service", "logger", "message", "error_type", "error_message", "stack_trace")
)
_EXEMPT: Final = frozenset(field.name for field in CORE_FIELDS) - _FROM_LINES
_IDS: Final = frozenset(("request_id", "trace_id", "span_id"))
# A UUID, and the ids of X-Ray and of OpenTelemetry; digits alone may be anything.
_ID: Final = re.compile(
    r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|1-[0-9a-f]{8}-[0-9a-f]{24}|(?=[0-9]*[a-f])(?:[0-9a-f]{16}){1,2}"
)
_SHORT, _REMEMBERED = 128, 8192  # characters of a text that is worth remembering, and how many are
_HASH: Final = 32  # hexadecimal digits of a hash that are shown: 128 bits


class Shortfall(msgspec.Struct):
    """How often less was done than the contract asks: values masked for want of a key, texts that were given up."""

    unhashed: int = 0
    failed: int = 0

    def __add__(self, other: Shortfall) -> Shortfall:
        """Return both together."""
        return Shortfall(self.unhashed + other.unhashed, self.failed + other.failed)


class Redactor:
    """Takes out of records what *contract* redacts; *key* is for hashes."""

    def __init__(self, contract: Contract, fields: Mapping[str, Field], key: bytes | None) -> None:
        """Prepare for records of *fields*, core and declared; without a *key* what should be hashed is masked."""
        self.shortfall = Shortfall()
        self._key = key
        self._sound: set[str] = set()
        self._of_record: dict[str, str] = {}  # a field of JSON stands in `raw` once more
        self._fields = fields
        self._searcher = Searcher(contract.redact) if contract.redact else None
        self._withholding = Withholding(contract, fields, self.replaced)
        self._glued = frozenset(name for name, format_ in contract.formats.items() if is_glued(format_))
        self._exempt = _EXEMPT.union(field.name for field in fields.values() if field.type == "timestamp")

    def batch(self, records: Sequence[Record], lines: Sequence[str]) -> None:
        """Redact *records*, which were read from *lines*."""
        try:
            suspects = self._searcher.suspects(self._whole(records, lines)) if self._searcher else set[int]()
        except Exception:  # noqa: BLE001 # whatever it is, nothing may leave because of it
            suspects = set(range(len(records)))
        if not self._withholding.fields:
            for place in suspects:
                self.record(records[place], lines[place])
            return
        for place, (record, line) in enumerate(zip(records, lines, strict=True)):
            if place in suspects or self._withholding.concerns(record, line):
                self.record(record, line, searched=place in suspects)

    def _whole(self, records: Sequence[Record], lines: Sequence[str]) -> Sequence[str]:
        """Return *lines*, behind each of a glued format also its fields, in which something may be found alone."""
        if not self._glued:
            return lines
        return [
            "\n".join((line, *(value for value in record.values() if isinstance(value, str))))
            if record["format"] in self._glued
            else line
            for record, line in zip(records, lines, strict=True)
        ]

    def record(self, record: Record, line: str, *, searched: bool = True) -> None:
        """Redact *record*, which was read from *line*; detectors look through it only where it is to be *searched*."""
        self._of_record.clear()
        try:
            kept = self._withholding.withhold(record, line)
            if searched and self._searcher:
                self._search(record, kept)
        except Exception:  # noqa: BLE001 # as above
            self._give_up(record)

    def text(self, text: str) -> str:
        """Return *text* without what detectors find in it."""
        if self._searcher is None or not text or text in self._sound:
            return text
        if text not in self._of_record:
            self._of_record[text] = self._searched(text, self._searcher)
        return self._of_record[text]

    def _searched(self, text: str, searcher: Searcher) -> str:
        try:
            encoded, spans = searcher.spans(text)
            if not spans:
                self._remember(text)
                return text
            pieces: list[str] = []
            start = 0
            for span in spans:
                value = span.value.decode(errors="replace")
                name, action = span.detector.name, span.detector.action
                pieces += (encoded[start : span.start].decode(), self.replaced(name, action, value) or "")
                start = span.end
            return "".join((*pieces, encoded[start:].decode()))
        except Exception:  # noqa: BLE001 # as above
            self.shortfall.failed += 1
            return FAILED

    def line(self, line: str) -> str:
        """Return *line*, a text that may be JSON or end in it, without what detectors find; JSON stays JSON."""
        start = line.find("{")
        document = read_exactly(line[start:]) if start >= 0 else None
        if type(document) is not dict:
            return self.text(line)
        redacted = self.value(document)
        # Of a key that stands twice only the last value was read; written anew, the other is gone.
        if redacted == document and self.text(line[start:]) == line[start:]:
            return self.text(line[:start]) + line[start:]
        end = line[len(line.rstrip()) :]
        return self.text(line[:start]) + text_of(redacted) + end

    def value(self, value: Any) -> Any:  # noqa: ANN401 # whatever JSON holds
        """Return *value*, of JSON, without what detectors find in its keys, texts and numbers."""
        match value:
            case str():
                return self.text(value)
            case bool() | None:
                return value
            case int() | float():
                spelled = _spelled(value)
                redacted = self.text(spelled)
                return value if redacted == spelled else redacted
            case dict():
                return self._object(value)
            case list():
                return self._list(value)
            case _:
                return value

    def finds(self, value: object) -> tuple[str, ...]:
        """Return the names of the detectors that find something in *value*."""
        text = value if isinstance(value, str) else text_of(value)
        spans = self._searcher.spans(text)[1] if self._searcher else []
        return tuple(dict.fromkeys(span.detector.name for span in spans))

    def replaced(self, name: str, action: Action, value: str) -> str | None:
        """Return what stands for *value*, found by the detector or held by the field *name*; None is nothing."""
        if action == "drop":
            return None
        if action == "hash":
            if self._key:
                digest = hmac.new(self._key, value.encode(errors="replace"), hashlib.sha256).hexdigest()
                return f"[{name}:{digest[:_HASH]}]"
            self.shortfall.unhashed += 1
        return f"[{name}]"

    def dimension(self, name: str, value: str) -> str:
        """Return *value* of the field *name* as a metric may show it, which needs a text in any case."""
        action = self._fields[name].redact if name in self._fields else None
        if action is not None:
            return self.replaced(name, action, value) or f"[{name}]"
        return value if name in self._exempt else self.text(value) or FAILED

    def number(self, value: float) -> float | None:
        """Return *value*, or None where detectors find something in it."""
        spelled = _spelled(value)
        return value if self.text(spelled) == spelled else None

    def lost(self, event: Lost, read: Callable[[str], Record]) -> Lost:
        """Return *event*, of which only the JSON is left, redacted; its line is read as any other's by *read*."""
        try:
            document = read_exactly(event.document.decode())
            if type(document) is dict and type(document.get("message")) is str:
                line = document["message"]
                record = {**read(line.rstrip("\r\n")), "raw": line}
                self.record(record, line)
                document["message"] = record["raw"]
            text = text_of(self.value(document))
        except Exception:  # noqa: BLE001 # as above
            self.shortfall.failed += 1
            text = text_of(FAILED)
        return msgspec.structs.replace(event, document=text.encode())

    def _search(self, record: Record, kept: frozenset[str]) -> None:
        """Take out of *record* what detectors find, but for the fields *kept*, which hold what stands for a value."""
        before = dict(record)
        for name in [name for name in record if name not in self._exempt and name not in kept]:
            value = record[name]
            if name == "raw" or (name == "message" and "raw" not in record):
                record[name] = self.line(value)
            elif type(value) is str:
                if not (name in _IDS and _ID.fullmatch(value)):
                    self._keep(record, name, value, self.text(value))
            elif value is not None:
                self._keep(record, name, value, self.value(value))
        if record["format"] in self._glued and "raw" in record:
            for value in before.values():
                if isinstance(value, str) and value in record["raw"]:
                    record["raw"] = record["raw"].replace(value, self.text(value))

    def _keep(self, record: Record, name: str, value: object, redacted: object) -> None:
        """Put *redacted* in the place of *value*, if the field can hold it."""
        bare = name in self._fields and self._fields[name].type == "ip"
        if redacted == value or (type(redacted) is type(value) and redacted != "" and not bare):
            record[name] = redacted
        else:
            del record[name]

    def _object(self, value: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        times: dict[str, int] = {}
        for key, inner in value.items():
            redacted = name = self.text(key)
            while redacted in found:  # two secrets may leave the same name
                times[name] = times.get(name, 1) + 1
                redacted = f"{name}-{times[name]}"
            found[redacted] = self.value(inner)
        return found

    def _list(self, items: list[Any]) -> list[Any]:
        """Redact *items*; texts among them may be the lines of one, and hold one secret together."""
        if len(items) > 1 and all(isinstance(item, str) for item in items):
            joined = "\n".join(items)
            redacted = self.text(joined)
            if redacted.count("\n") != joined.count("\n"):
                return redacted.split("\n")
        return [self.value(item) for item in items]

    def _remember(self, sound: str) -> None:
        """Remember that nothing is found in *sound*: keys and many values come again and again."""
        if len(sound) <= _SHORT:
            if len(self._sound) >= _REMEMBERED:
                self._sound.clear()
            self._sound.add(sound)

    def _give_up(self, record: Record) -> None:
        """Leave of *record* what is exempt."""
        self.shortfall.failed += 1
        for name in [name for name in record if name not in self._exempt]:
            del record[name]
        record["message"] = FAILED


def _spelled(value: float) -> str:
    """Return the number *value* as digits, if it is a whole one."""
    whole = abs(value) < 1e20 and float(value).is_integer()  # noqa: PLR2004 # no card's number is longer
    return str(int(value) if whole else value)
