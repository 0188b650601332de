"""Measures: what the metrics that ingest itself publishes make of the records of a payload."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import msgspec

from logshape.lines.conditions import any_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from logshape.contract.model import Contract, Group
    from logshape.lines.records import Record
    from logshape.lines.redaction import Redactor

    Combination: TypeAlias = tuple[str, tuple[str, ...], tuple[str, ...]]


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """The values of one metric, under one combination of its dimensions, in the order of the events."""

    name: str
    unit: str
    dimensions: dict[str, str]
    values: list[float]


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """One metric as it is asked of the records of a group; without *value* each record that *holds* counts as 1."""

    name: str
    unit: str
    holds: Callable[[Record], bool]
    value: str | None
    by: tuple[str, ...]
    default: float | None


def measures(contract: Contract, group: Group, types: Mapping[str, str]) -> tuple[Measure, ...]:
    """Return what is asked of *group* by the metrics that go ``via: ingest``; an alarm asks without dimensions, too."""
    return tuple(_measures(contract, group, types))


def _measures(contract: Contract, group: Group, types: Mapping[str, str]) -> Iterator[Measure]:
    for metric in contract.metrics:
        if metric.via_ingest and group.name in metric.groups:
            for by in dict.fromkeys((metric.by, () if metric.alarm else metric.by)):
                yield Measure(
                    name=metric.published(group.name),
                    unit=metric.unit,
                    holds=any_of([metric.where], types),
                    value=metric.value,
                    by=by,
                    default=metric.default,
                )


class Gauge:
    """Takes the records of one payload, dropped ones too, for filters would see them as well."""

    def __init__(self, asked: tuple[Measure, ...]) -> None:
        """Ask as *asked* says."""
        self._asked = asked
        self._units = {measure.name: measure.unit for measure in asked}
        self._values: dict[Combination, list[float]] = {}
        for measure in asked:
            if measure.default is not None:
                self._values[measure.name, (), ()] = []

    def take(self, record: Record) -> None:
        """Measure *record*; one that lacks the value or a dimension is left out."""
        for measure in self._asked:
            if measure.holds(record):
                value = 1.0 if measure.value is None else record.get(measure.value)
                found = tuple(str(record[name]) for name in measure.by if name in record)
                if value is not None and len(found) == len(measure.by):
                    self._values.setdefault((measure.name, measure.by, found), []).append(float(value))

    def measured(self, redactor: Redactor | None = None) -> list[Measured]:
        """
        Return all values; a count that has a default and counted nothing says the default.

        Dimensions and values leave as *redactor* lets them: what it masks alike is one combination.
        """
        defaults = {measure.name: [measure.default] for measure in self._asked if measure.default is not None}
        if redactor is not None:
            self._values = _redacted(self._values, redactor)
        return [
            Measured(
                name=name,
                unit=self._units[name],
                dimensions=dict(zip(by, found, strict=True)),
                values=values or defaults.get(name, []),
            )
            for (name, by, found), values in self._values.items()
        ]


def _redacted(found: Mapping[Combination, list[float]], redactor: Redactor) -> dict[Combination, list[float]]:
    redacted: dict[Combination, list[float]] = {}
    for (name, by, dimensions), values in found.items():
        shown = tuple(map(redactor.dimension, by, dimensions))
        kept = (value for value in values if redactor.number(value) is not None)
        redacted.setdefault((name, by, shown), []).extend(kept)
    return redacted
