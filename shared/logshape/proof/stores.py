"""Stores: the faults of a contract whose records a column of the archive or a mapping of the index does not take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from logshape.archive.values import READERS, Misfit
from logshape.artefacts import glue, index_template
from logshape.lines.values import INTEGER, LONG
from logshape.proof import mapping
from logshape.proof.places import place, spelled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from logshape.contract.load import Reading
    from logshape.contract.model import Contract, Example, Group
    from logshape.proof.bench import Bench

_COLUMN: Final = "narrow-column"
_MAPPING: Final = "mapping-conflict"
_LIMITS: Final[Mapping[str, tuple[int, int]]] = {"integer": INTEGER, "long": LONG}
_MOST: Final = 4  # made-up lines for each way in which a format writes


class Refusal(msgspec.Struct, frozen=True):
    """A value that a store does not take: the rule that this breaks, the field, and why."""

    rule: str
    field: str
    reason: str


class Stores(msgspec.Struct, frozen=True, kw_only=True):
    """What the archive and the index are told to expect: columns as Glue has them, properties of a mapping."""

    columns: Sequence[Mapping[str, str]]
    properties: Mapping[str, Mapping[str, Any]]

    def refusals(self, row: Mapping[str, object], document: Mapping[str, object]) -> Iterator[Refusal]:
        """Yield what is refused of an archive's *row* and of an index's *document*."""
        kinds = {column["Name"]: column["Type"] for column in self.columns}
        for name, value in row.items():
            if name not in kinds:
                yield Refusal(_COLUMN, name, f"`{name}` is no column, and so would be dropped")
            elif value is not None:
                try:
                    READERS[kinds[name]](value)
                except Misfit as misfit:
                    yield Refusal(_COLUMN, name, f"the column `{name}` does not take it: {misfit}")
        for name, reason in mapping.refusals(document, self.properties):
            yield Refusal(_MAPPING, name, reason)


def stores_of(contract: Contract) -> Stores:
    """Return the stores that *contract* compiles to."""
    properties = index_template.derive(contract)["template"]["mappings"]["properties"]
    return Stores(columns=glue.columns(contract), properties=properties)


def judge(reading: Reading, bench: Bench, stores: Stores | None = None) -> None:
    """Show *stores*, by default the contract's own, what comes of examples and made-up lines; a refusal is a fault."""
    _judge_ranges(reading)
    _judge_examples(reading, bench)
    seen: set[str] = set()
    for group in bench.contract.groups:
        formats = [name for name in group.formats if name not in seen]
        seen.update(formats)
        _judge_group(reading, bench, (group, formats), stores or stores_of(bench.contract))


def _judge_ranges(reading: Reading) -> None:
    """Refuse a range that its type does not span: a number in it would be no value of the field."""
    for name, entry in reading.document.data.get("fields", {}).items():
        if entry["type"] not in _LIMITS:
            continue
        least, greatest = _LIMITS[entry["type"]]
        for at, end in enumerate(entry.get("range", ())):
            if not least <= end <= greatest:
                wider = "long" if LONG[0] <= end <= LONG[1] else "double"
                message = (
                    f"the range of `{name}` reaches {end}, and a column of type {entry['type']} only "
                    f"{least if end < least else greatest}; make the field a {wider} or the range narrower"
                )
                reading.document.refuse(("fields", name, "range", at), _COLUMN, message)


def _judge_examples(reading: Reading, bench: Bench) -> None:
    """Refuse an example that has what its field's type does not take, and does not say that it is meant so."""
    read = [
        (name, at, example, bench.maker(name).writer.read(example.line) or {})
        for name, format_ in bench.contract.formats.items()
        for at, example in enumerate(format_.examples)
    ]
    for name, at, example, record in read:
        for field in bench.contract.fields:
            if f"type:{field.name}" not in record.get("parse_errors", ()) or _is_meant(example, field.name):
                continue
            other = next((giver for giver, _, _, given in read if field.name in given and giver != name), None)
            told = f"format `{other}` gives one, and a field has one mapping" if other else "no column takes it"
            message = (
                f"the line {spelled(example.line)} has in `{field.name}` what is no {field.type}; {told}: change the "
                f"type, read it into another field, or write `parse_errors: [type:{field.name}]` into the record"
            )
            document, path = place(reading, name)
            document.refuse((*path, "examples", at, "line"), _MAPPING if other else _COLUMN, message)


def _is_meant(example: Example, field: str) -> bool:
    errors = example.record.get("parse_errors")
    return isinstance(errors, list) and f"type:{field}" in errors


def _judge_group(reading: Reading, bench: Bench, entry: tuple[Group, Sequence[str]], stores: Stores) -> None:
    group, formats = entry
    lines = [
        (name, line)
        for name in formats
        for line in (
            *(example.line for example in bench.contract.formats[name].examples),
            *(made.text for made in bench.maker(name).lines(None, _MOST)),
        )
    ]
    told: set[tuple[str, str, str]] = set()
    for (name, line), (row, document) in zip(lines, bench.shipped(group, [line for _, line in lines]), strict=True):
        for refusal in stores.refusals(row, document):
            if (name, refusal.rule, refusal.field) not in told:
                told.add((name, refusal.rule, refusal.field))
                owner, path = place(reading, name)
                message = f"the record of the line {spelled(line)} in group `{group.name}` is refused: {refusal.reason}"
                owner.refuse(path, refusal.rule, message, side="key")
