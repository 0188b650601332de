"""
Pipeline: the way of one payload, from what Lambda hands over to the bytes that the two sinks are sent.

Pure: no I/O, no clock, no environment. What differs between two runs is given: the key, the own groups, the time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from logshape.contract.model import CORE_FIELDS, PLATFORMS, Contract
from logshape.contract.periods import DAY_MS
from logshape.ledger import Ledger
from logshape.lines import bounds, instants
from logshape.lines.envelope import Lost, Payload, Unreadable, opened
from logshape.lines.measures import Gauge, Measured
from logshape.lines.packing import BULKY, BulkPacker, Oversize, RowPacker
from logshape.lines.records import note, set_aside
from logshape.lines.redaction import Redactor, Shortfall
from logshape.lines.routes import Routes

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from logshape.lines.records import Record
    from logshape.lines.routes import Route

_BATCH: Final = 2048  # events that are records at one time; the memory of a large payload is its bytes and theirs
_TRUSTED_MS: Final = DAY_MS  # a line's time that is farther from the event's is not believed
_TRUSTED_ZONELESS_MS: Final = 15 * 60 * 1000  # the same, where neither line nor format names a zone
_DAY: Final = len("2025-10-31")
_START: Final = "start"
_ENDS: Final = ("end", "report", "runtime_done")
_ENCODER: Final = msgspec.json.Encoder()


class Shipment(msgspec.Struct, kw_only=True):
    """
    What one payload became: bytes for both sinks, and the counts so far.

    *records* are Firehose records of whole archive rows, a line each; *bodies* are bulk bodies, for each event a line
    of the action and a line of the document. *quarantined* are events that no sink can take, *oversize* are rows that
    had to be cut, *unreadable* is set where the payload could not be read at all. *measured* is what the metrics that
    go ``via: ingest`` have counted, *shortfall* how often redaction did less than the contract asks. *log_group* is
    empty where the payload names none. Nothing is built later.
    """

    log_group: str = ""
    records: list[bytes] = []
    bodies: list[bytes] = []
    ledger: Ledger = msgspec.field(default_factory=Ledger)
    quarantined: list[Lost] = []
    oversize: list[Oversize] = []
    unreadable: Unreadable | None = None
    measured: list[Measured] = []
    shortfall: Shortfall = msgspec.field(default_factory=Shortfall)


class Pipeline:
    """Shapes payloads by one contract; what it compiles for a log group it keeps."""

    def __init__(
        self,
        contract: Contract,
        redact_key: bytes | str | None = None,
        own_groups: Collection[str] = (),
        region: str | None = None,
    ) -> None:
        """
        Prepare to shape by *contract*.

        *own_groups* are the log groups of the delivery path: their events are counted as filtered and go nowhere, or
        they would feed themselves. *region* is stamped on each record, for a payload does not name it. *redact_key* is
        for the action `hash` of `redact`; without it such values are masked, and counted.
        """
        self.contract = contract
        self.fields = {field.name: field for field in (*CORE_FIELDS, *contract.fields)}
        self._own_groups = frozenset(own_groups)
        self._objects = tuple(field.name for field in contract.fields if field.type == "object")
        self._routes = Routes(contract, self.fields, region)
        key = redact_key.encode() if isinstance(redact_key, str) else redact_key
        self._redactor = Redactor(contract, self.fields, key) if contract.redacts else None
        self._written = instants.writer()

    def shape(self, event: object, now_ms: int | None = None) -> Shipment:
        """
        Shape the subscription event *event*; everything that the sinks are sent is built when this returns.

        *now_ms* is the time, in milliseconds since 1970, by which events are too old for the index; without it none is.
        Never raises for what *event* holds: a payload that cannot be read comes back as `Shipment.unreadable`.
        """
        payload = opened(event)
        if isinstance(payload, Unreadable):
            return Shipment(ledger=Ledger(payloads_quarantined=1), unreadable=payload)
        if payload.control:
            return Shipment()
        received = len(payload.events) + len(payload.lost)
        if payload.log_group in self._own_groups:
            return Shipment(log_group=payload.log_group, ledger=Ledger(received=received, filtered=received))
        return self._ship(payload, received, now_ms)

    def _ship(self, payload: Payload, received: int, now_ms: int | None) -> Shipment:
        route, redactor = self._routes.of(payload), self._redactor
        shortfall = Shortfall()
        if redactor is not None:
            redactor.shortfall = shortfall
            payload.lost = [redactor.lost(event, route.read) for event in payload.lost]
        keep_days = route.group.keep.index
        oldest = "" if now_ms is None or keep_days is None else self._written(now_ms - keep_days * DAY_MS)
        bulky = any(len(event.message) > BULKY for event in payload.events)
        rows, bulk, kept, indexed = RowPacker(), BulkPacker(), 0, 0
        gauge = Gauge(route.measures) if route.measures and payload.events else None
        for records in self._shaped(payload, route, route.drops, gauge):
            rows.add_rows(self._rows(records), bulky=bulky)
            young = [record for record in records if record["observed_time"] >= oldest] if oldest else records
            bulk.add_lines(_bulk(young, route), bulky=bulky)
            kept, indexed = kept + len(records), indexed + len(young)
        lost = len(payload.lost)
        ledger = Ledger(
            received=received,
            filtered=len(payload.events) - kept,
            archive_quarantined=lost,
            index_quarantined=lost,
            index_expired=kept - indexed,
        )
        return Shipment(
            log_group=payload.log_group,
            records=rows.packed(),
            bodies=bulk.packed(),
            ledger=ledger,
            quarantined=payload.lost,
            oversize=rows.oversize,
            measured=gauge.measured(redactor) if gauge else [],
            shortfall=shortfall,
        )

    def records(self, payload: Payload) -> Iterator[Record]:
        """Yield the record of each event of *payload* in order, dropped ones too, with `raw` and `attributes` both."""
        for records in self._shaped(payload, self._routes.of(payload), None, None):
            yield from records

    def time_of(self, line: str, payload: Payload) -> int | None:
        """Return the time, in milliseconds since 1970, that *line* names for itself in the log group of *payload*."""
        time = self._routes.of(payload).read(line.rstrip("\r\n")).get("@timestamp")
        return None if time is None else instants.epoch_ms(time)

    def _shaped(  # noqa: C901 # the hot loop: a call for each step would cost more than the step
        self, payload: Payload, route: Route, drops: Callable[[Record], bool] | None, gauge: Gauge | None
    ) -> Iterator[list[Record]]:
        """Yield, in batches, one record for each event that *drops* does not take; this is the hot loop."""
        read, service, keeps_raw = route.read, route.service, route.group.raw
        common = dict(route.constants)  # what every record gets in one step; two of its values are each event's own
        written, faults = self._written, payload.faults
        low, high = _trusted(payload, written)
        records: list[Record] = []
        lines: list[str] = []
        request_id: object = None
        for place, event in enumerate(payload.events):
            text = event.message
            line = text.rstrip("\r\n") if text.endswith("\n") else text
            record = read(line)
            observed = written(event.timestamp)
            time = record.get("@timestamp")
            if time is None:
                record["@timestamp"] = observed
            elif not (type(time) is str and low <= time <= high):
                _settle_time(record, str(time), event.timestamp, observed, zoned=type(time) is str)
            common["observed_time"] = observed
            common["event_id"] = event.id
            record.update(common)
            if service is not None and "service" not in record:
                record["service"] = service
            if record["format"] in PLATFORMS:
                request_id = _open_request(record, request_id)
            elif request_id is not None and "request_id" not in record:
                record["request_id"] = request_id
                note(record, "request_id_inherited")
            if keeps_raw and record.get("message") != text:
                record["raw"] = text
            if faults and place in faults:
                record["parse_errors"] = [*faults[place], *record.get("parse_errors", ())]
            if gauge is not None:
                gauge.take(record)
            if drops is None or not drops(record):
                records.append(record)
                lines.append(text)
                if len(records) == _BATCH:
                    self._settle(records, lines)
                    yield records
                    records, lines = [], []
        self._settle(records, lines)
        yield records

    def _settle(self, records: Sequence[Record], lines: Sequence[str]) -> None:
        """Redact *records*, which were read from *lines*; then bound what long ones hold: a cut may hide a secret."""
        if self._redactor is not None:
            self._redactor.batch(records, lines)
        for record, line in zip(records, lines, strict=True):
            if len(line) > bounds.SAFE_LENGTH:
                bounds.bound_leaves(record, ("attributes", *self._objects))

    def _rows(self, records: Sequence[Record]) -> list[Record]:
        """Return the archive's projection: `event_time` for `@timestamp`, objects as JSON text, no `attributes`."""
        rows = []
        for record in records:
            row = record.copy()
            row["event_time"] = row.pop("@timestamp")
            if "attributes" in row:
                del row["attributes"]
            for name in self._objects:
                if name in row:
                    row[name] = _ENCODER.encode(row[name]).decode()
            rows.append(row)
        return rows


def _bulk(records: Sequence[Record], route: Route) -> list[Record]:
    """Return the index's projection, which has no `raw`: for each record its action and its document."""
    lines: list[Record] = []
    index_of, known_day, index = route.index_of, "", ""
    for record in records:
        day = record["observed_time"][:_DAY]
        if day != known_day:
            known_day, index = day, index_of(day)
        if "raw" in record:
            del record["raw"]
        lines.append({"create": {"_index": index, "_id": record["event_id"]}})
        lines.append(record)
    return lines


def _trusted(payload: Payload, written: Callable[[int], str]) -> tuple[str, str]:
    """Return the bounds between which a time is trusted for every event of *payload*."""
    times = [event.timestamp for event in payload.events]
    if not times:
        return "", ""
    return written(max(times) - _TRUSTED_MS), written(min(times) + _TRUSTED_MS)


def _settle_time(record: Record, time: str, event_ms: int, observed: str, *, zoned: bool) -> None:
    """Decide between the line's *time* and the event's: the event's wins where the two are too far apart."""
    allowed = _TRUSTED_MS if zoned else _TRUSTED_ZONELESS_MS
    if abs(instants.epoch_ms(time) - event_ms) <= allowed:
        record["@timestamp"] = str(time)
        return
    record["@timestamp"] = observed
    set_aside(record, "@timestamp", str(time))


def _open_request(record: Record, request_id: object) -> object:
    """Return the id of the invocation that is open behind the platform line *record*; before it *request_id* was."""
    event = record.get("event") or record.get("attributes", {}).get("event")
    if event == _START:
        return record.get("request_id")
    return None if event in _ENDS else request_id
