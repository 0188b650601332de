"""Parse: lines or events as records, one JSON object each, in their order."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import orjson

from logshape.cli import contracts, inputs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from logshape.contract.model import Contract
    from logshape.pipeline import Pipeline

_LAST: Final = ("raw", "attributes")


@click.command("parse")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--group", metavar="NAME", help="An entry of the contract's groups, or a log group.")
@click.option("--auto", is_flag=True, help="Try every built-in format; no contract is read.")
@click.option("--events", "as_events", is_flag=True, help="FILE holds events, one JSON object a line.")
@contracts.option
def command(file: Path | None, group: str | None, contract: Path | None, *, auto: bool, as_events: bool) -> None:
    """
    Read the lines of FILE (or stdin) as records and print each as JSON.

    Without --group and --auto a plain line is read by the formats of all groups, in their order. Events are read as the
    group of their log group is; those of one group and stream count as one payload.
    """
    from logshape.contract.load import built_in
    from logshape.pipeline import Pipeline

    if auto and group:
        raise click.UsageError("--auto and --group exclude each other")
    found = built_in() if auto else contracts.load(contract)
    if as_events:
        pipeline = Pipeline(found)
        records: Iterable[dict[str, Any]] = _shaped(pipeline, list(inputs.events(file)), group)
    else:
        pipeline, name = _for_lines(found, group)
        records = (_one(pipeline, inputs.Event(message=line, log_group=name)) for line in inputs.lines(file))
    order = [*pipeline.fields, *_LAST]
    out = sys.stdout.buffer
    for record in records:
        out.write(orjson.dumps({key: record[key] for key in order if key in record}) + b"\n")


def _for_lines(contract: Contract, group: str | None) -> tuple[Pipeline, str]:
    """Return a pipeline and the log group to read plain lines as; a name that is no entry's is a log group's."""
    import msgspec

    from logshape.contract.model import Group
    from logshape.pipeline import Pipeline

    named = next((entry for entry in contract.groups if entry.name == group), None)
    if group and named is None:
        return Pipeline(contract), group
    if named is None:
        formats = dict.fromkeys(name for entry in contract.groups for name in entry.formats)
        named = Group(name="all", match=(), formats=tuple(formats))
    entry = msgspec.structs.replace(named, match=("*",), exclude=(), drop=())
    return Pipeline(msgspec.structs.replace(contract, groups=(entry,))), ""


def _shaped(pipeline: Pipeline, events: list[inputs.Event], group: str | None) -> Iterator[dict[str, Any]]:
    """Yield the records of *events* in their order, shaped payload by payload."""
    payloads: dict[tuple[str, str, str], list[int]] = {}
    for place, event in enumerate(events):
        event.log_group = event.log_group or group or ""
        payloads.setdefault((event.owner, event.log_group, event.log_stream), []).append(place)
    records: list[dict[str, Any]] = [{}] * len(events)
    for places in payloads.values():
        for place, record in zip(places, _payload(pipeline, [events[place] for place in places]), strict=True):
            records[place] = record
    yield from records


def _one(pipeline: Pipeline, event: inputs.Event) -> dict[str, Any]:
    return _payload(pipeline, [event])[0]


def _payload(pipeline: Pipeline, events: list[inputs.Event]) -> list[dict[str, Any]]:
    """Return the records of *events*, all of one log stream; what an event does not say, its record does not either."""
    from logshape.lines.envelope import LogEvent, Payload
    from logshape.lines.instants import EARLIEST_MS

    first = events[0]
    faults = {place: event.faults for place, event in enumerate(events) if event.faults}
    payload = Payload(
        owner=first.owner, log_group=first.log_group, log_stream=first.log_stream, events=[], faults=faults
    )
    own_times = [pipeline.time_of(event.message, payload) if event.timestamp is None else None for event in events]
    for event, own in zip(events, own_times, strict=True):
        moment = own if event.timestamp is None else event.timestamp
        payload.events.append(LogEvent(event.id or "-", EARLIEST_MS if moment is None else moment, event.message))
    records = list(pipeline.records(payload))
    for event, own, record in zip(events, own_times, records, strict=True):
        if event.timestamp is None:
            del record["observed_time"]
            if own is None:
                del record["@timestamp"]
        if event.id is None:
            del record["event_id"]
    return records
