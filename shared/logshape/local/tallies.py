"""Turns a contract's metrics into two counts each: what the filters published, and what the stores hold."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

from logshape.archive.questions import Archive
from logshape.artefacts.conditions import compile_sql
from logshape.artefacts.metric_names import metric_names, namespace
from logshape.contract.model import CORE_FIELDS
from logshape.lines.conditions import any_of
from logshape.lines.envelope import LogEvent, Payload
from logshape.pipeline import Pipeline

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from logshape.contract.model import Contract, Metric
    from logshape.lines.records import Record
    from logshape.local.metrics import Name
    from logshape.local.sample import LogEvent as Sent


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """
    One metric, counted twice: by CloudWatch's filters, and by its predicate.

    *archived* is what the archive answers; *dropped* are lines that the filters saw and that `drop` took.
    """

    name: str
    published: int
    archived: int
    dropped: int

    @property
    def agrees(self) -> bool:
        """Whether both ways give the same number."""
        return self.published == self.archived + self.dropped


def tallies(contract: Contract, published: Mapping[Name, int], events: Sequence[Sent], folder: Path) -> list[Tally]:
    """
    Compare what the filters of *contract* published of *events* with what the archive in *folder* answers.

    Raises:
        UnreadableInput: there is no archive.

    """
    types: dict[str, str] = {field.name: field.type for field in (*CORE_FIELDS, *contract.fields)}
    dropped = list(_dropped(contract, types, events))
    log_groups = {event.log_group for event in events}
    found = []
    with Archive(folder) as archive:
        for metric, name, entries in _named(contract):
            needed = [field for field in (metric.value, *metric.by) if field]
            there = "".join(f' AND "{field}" IS NOT NULL' for field in needed)
            sql = f"SELECT count(*) FROM logs WHERE log_group IN (SELECT unnest(?)) AND ({compile_sql(metric.where, types)}){there}"  # noqa: S608, E501 # compile_sql quotes
            rows = archive.ask(sql, [_asked(contract, entries, log_groups)]).rows
            counts = any_of([metric.where], types)
            found.append(
                Tally(
                    name=name,
                    published=published.get((namespace(contract), name, _dimensions(metric)), 0),
                    archived=msgspec.convert(rows[0][0], int),
                    dropped=sum(
                        entry in entries and counts(record) and all(field in record for field in needed)
                        for entry, record in dropped
                    ),
                )
            )
    return found


def _named(contract: Contract) -> Iterator[tuple[Metric, str, Sequence[str]]]:
    """Yield each metric that filters count, with the name under which it is published and the entries that it asks."""
    for metric in (metric for metric in contract.metrics if not metric.via_ingest):
        for name, entries in metric_names(metric):
            yield metric, name, entries


def _dimensions(metric: Metric) -> tuple[str, ...]:
    """Return the dimensions to look under; where there is an alarm, all is published without any, too."""
    return () if metric.alarm else tuple(sorted(metric.by))


def _asked(contract: Contract, entries: Sequence[str], names: Iterable[str]) -> list[str]:
    """Return those of the log groups *names* that *entries* take."""
    taken = {name: contract.group_for(name) for name in names}
    return sorted(name for name, entry in taken.items() if entry and entry.name in entries)


def _dropped(contract: Contract, types: Mapping[str, str], events: Iterable[Sent]) -> Iterator[tuple[str, Record]]:
    """Yield the records that `drop` takes, each with the entry that says so."""
    pipeline = Pipeline(contract)
    streams: dict[tuple[str, str], list[LogEvent]] = defaultdict(list)
    for event in events:
        sound = LogEvent(event.id or "-", event.timestamp, event.message)
        streams[event.log_group, event.log_stream].append(sound)
    for (log_group, log_stream), sent in streams.items():
        entry = contract.group_for(log_group)
        if entry and entry.drop:
            drops = any_of(entry.drop, types)
            payload = Payload(owner="", log_group=log_group, log_stream=log_stream, events=sent)
            yield from ((entry.name, record) for record in pipeline.records(payload) if drops(record))
