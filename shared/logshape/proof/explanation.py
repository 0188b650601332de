"""Explanation: a line as the format that reads it, the origin of each field, and the reasons of the other formats."""

from __future__ import annotations

from copy import deepcopy
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, assert_never

import msgspec

from logshape.artefacts import metric_filters
from logshape.contract.levels import SEVERITY
from logshape.contract.model import CORE_FIELDS, UNPARSED
from logshape.contract.places import Place, Places
from logshape.dialects.filter_pattern import matches
from logshape.errors import Unsayable
from logshape.lines.formats import Tools
from logshape.lines.readers import readers
from logshape.lines.redaction import Redactor
from logshape.lines.tracing import FromHole, FromKey, FromLine, FromPair, origins, told, why_not

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from logshape.artefacts.arguments import Arguments
    from logshape.contract.model import Contract, Group, Metric
    from logshape.lines.records import Record
    from logshape.lines.tracing import Origin


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """A field's value, what gave it, and where the contract says so, if it does in a file that is at hand."""

    field: str
    value: object
    origin: str
    place: Place | None


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """A metric filter that takes the line, for the *metric* that the contract declares at *place*."""

    metric: str
    filter: str
    pattern: str
    place: Place | None


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """A format that does not read the line, and why."""

    format: str
    reason: str


class Redacted(msgspec.Struct, frozen=True, kw_only=True):
    """A field, or `raw`, of which something is taken out; *by* are detectors, or a field's own `redact`."""

    field: str
    by: tuple[str, ...]


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """
    What is made of a line; *format* is None, and *given* empty, where no format fits it.

    Values are as they are stored: redacted, and masked where they would be hashed, for no key is at hand.
    """

    format: str | None
    given: tuple[Given, ...]
    counted: tuple[Counted, ...]
    redacted: tuple[Redacted, ...]
    others: tuple[Refused, ...]


def explain(contract: Contract, entry: Group, line: str, places: Places | None = None) -> Explanation:
    """
    Explain how the formats of *entry* read *line*; *places* knows the files of *contract*.

    What only an event says (its log group, its time) is left out, as is what a stream says of a request. A metric that
    no filter can count, which is `check`'s to tell, counts nothing.
    """
    explainer = _Explainer(contract, entry, places)
    record, others = explainer.read(line)
    stored, redacted = explainer.redacted(record or {"format": UNPARSED, "message": line}, line)
    return Explanation(
        format=None if record is None else str(record["format"]),
        given=() if record is None else tuple(explainer.given(stored, line)),
        counted=tuple(dict.fromkeys(explainer.counted(line))),
        redacted=redacted,
        others=others,
    )


class _Explainer:
    def __init__(self, contract: Contract, entry: Group, places: Places | None) -> None:
        self._contract, self._entry, self._places = contract, entry, places
        self._fields = {field.name: field for field in (*CORE_FIELDS, *contract.fields)}

    def read(self, line: str) -> tuple[Record | None, tuple[Refused, ...]]:
        """Return the record of *line*, what the entry sets included, if a format fits it, and why the others do not."""
        record: Record | None = None
        others = []
        for name in self._entry.formats:
            format_ = self._contract.formats[name]
            found = readers((format_,), self._fields, frozenset(self._entry.set))(line)
            if found["format"] == UNPARSED:
                others.append(Refused(format=name, reason=why_not(Tools(format_, self._fields), line)))
            elif record is None:
                record = found | self._entry.set
            else:
                others.append(Refused(format=name, reason=f"it fits too, and `{record['format']}` comes first"))
        if record is not None and "level" in self._entry.set:
            record["severity_number"] = SEVERITY[record["level"]]
        return record, tuple(others)

    def redacted(self, record: Record, line: str) -> tuple[Record, tuple[Redacted, ...]]:
        """Return *record* as it is stored, and what was taken out of it, and of its *line*, why."""
        if not self._contract.redacts:
            return record, ()
        before = record if record.get("message") == line else {**record, "raw": line}
        redactor = Redactor(self._contract, self._fields, None)
        stored = deepcopy(before)
        redactor.record(stored, line)
        withheld = {name: (f"redact: {field.redact}",) for name, field in self._fields.items() if field.redact}
        changed = [name for name in before if stored.get(name) != before[name]]
        found = [
            Redacted(field=name, by=withheld.get(name) or redactor.finds(before[name]) or ("redact of its fields",))
            for name in changed
        ]
        return stored, tuple(found)

    def given(self, record: Record, line: str) -> Iterator[Given]:
        """Yield the fields of *record* in their stored order."""
        format_ = str(record["format"])
        known = origins(Tools(self._contract.formats[format_], self._fields), line)
        for name in (*self._fields, "attributes"):
            if name in record and name != "format":
                origin, place = self._origin(format_, name, known)
                yield Given(field=name, value=record[name], origin=origin, place=place)

    def counted(self, line: str) -> Iterator[Counted]:
        """Yield the filters of the entry, or of all where it is none of the contract's, that take *line*."""
        own = [group for group in self._contract.groups if group.name == self._entry.name]
        for metric, group in product(self._contract.metrics, own or self._contract.groups):
            for call in self._filters(metric, group):
                if matches(call["filterPattern"], line) is not None:
                    yield Counted(
                        metric=metric.name,
                        filter=call["filterName"],
                        pattern=call["filterPattern"],
                        place=self._at(partial(Places.metric, name=metric.name)),
                    )

    def _filters(self, metric: Metric, group: Group) -> list[Arguments]:
        try:
            return metric_filters.calls(msgspec.structs.replace(self._contract, metrics=(metric,)), group)
        except Unsayable:
            return []

    def _origin(self, format_: str, name: str, known: dict[str, Origin]) -> tuple[str, Place | None]:
        match name:
            case "severity_number":
                return "the level", self._origin(format_, "level", known)[1]
            case "attributes":
                return "what no field takes", None
            case "parse_errors":
                return "what does not fit its field's type", None
        if name in self._entry.set:
            place = self._at(lambda places: places.of_group(self._entry.name, name))
            return f"`set` of group `{self._entry.name}`", place
        if name not in known:
            return f"`set` of `{format_}`", self._at(lambda places: places.of_format(format_, name))
        return told(known[name]), self._at(lambda places: _placed(places, format_, name, known[name]))

    def _at(self, find: Callable[[Places], Place | None]) -> Place | None:
        return None if self._places is None else find(self._places)


def _placed(places: Places, format_: str, name: str, origin: Origin) -> Place | None:
    match origin:
        case FromHole(line=line):
            return places.template(format_, line)
        case FromLine(line=line):
            return places.constant(format_, line, name)
        case FromPair(pair=pair):
            return places.pair(format_, pair.source)
        case FromKey(path=path):
            return places.key(format_, name, path)
        case _:
            assert_never(origin)
