"""
Pipeline: the way of one payload, from what Lambda hands over to the bytes that the two sinks are sent.

Pure: no I/O, no clock, no environment. What differs between two runs is given: the key, the own groups, the time.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec
import orjson

from logshape.contract.model import CORE_FIELDS, PLATFORM, Contract, Group
from logshape.contract.periods import DAY_MS, index_name
from logshape.ledger import Ledger
from logshape.lines import bounds, instants
from logshape.lines.conditions import any_of
from logshape.lines.envelope import Lost, Payload, Unreadable, opened
from logshape.lines.readers import readers
from logshape.lines.records import note, set_aside

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from logshape.lines.records import Record

LARGEST_RECORD: Final = 1_024_000
"""The bytes of a Firehose record: 1,000 KiB (PutRecordBatch)."""
LARGEST_BODY: Final = 5 * 1024 * 1024
"""The bytes of a bulk body; small OpenSearch instances take 10 MiB."""
_LARGEST_DOCUMENT: Final = LARGEST_BODY - 1024  # an action's line goes before it
_TRUSTED_MS: Final = DAY_MS  # a line's time that is farther from the event's is not believed
_TRUSTED_ZONELESS_MS: Final = 15 * 60 * 1000  # the same, where neither line nor format names a zone
_DAY: Final = len("2025-10-31")
_ROW_SEAM: Final = b"\n"
_BULK_SEAM: Final = b'\n{"create":{"_index":'  # JSON text holds no new line, so that a document cannot look like it
_START: Final = "start"
_ENDS: Final = ("end", "report", "runtime_done")
_ENCODER: Final = msgspec.json.Encoder()


class Oversize(msgspec.Struct):
    """An archive row too large for a Firehose record, as it was before it was cut."""

    event_id: str
    document: bytes


class Shipment(msgspec.Struct, kw_only=True):
    """
    What one payload became: bytes for both sinks, and the counts so far.

    *records* are Firehose records of whole archive rows, a line each; *bodies* are bulk bodies, for each event a line
    of the action and a line of the document. *quarantined* are events that no sink can take, *oversize* are rows that
    had to be cut, *unreadable* is set where the payload could not be read at all. Nothing is built later.
    """

    records: list[bytes] = []
    bodies: list[bytes] = []
    ledger: Ledger = msgspec.field(default_factory=Ledger)
    quarantined: list[Lost] = []
    oversize: list[Oversize] = []
    unreadable: Unreadable | None = None


class Pipeline:
    """Shapes payloads by one contract; what it compiles for a log group it keeps."""

    def __init__(
        self,
        contract: Contract,
        redact_key: bytes | None = None,
        own_groups: Collection[str] = (),
        region: str | None = None,
    ) -> None:
        """
        Prepare to shape by *contract*.

        *own_groups* are the log groups of the delivery path: their events are counted as filtered and go nowhere, or
        they would feed themselves. *region* is stamped on each record, for a payload does not name it. *redact_key* is
        for the action `hash` of `redact`, which this version refuses in a contract.
        """
        self.contract = contract
        self.redact_key = redact_key
        self._own_groups = frozenset(own_groups)
        self._region = region
        self.fields = {field.name: field for field in (*CORE_FIELDS, *contract.fields)}
        self._types = {name: field.type for name, field in self.fields.items()}
        self._objects = tuple(field.name for field in contract.fields if field.type == "object")
        self._readers: dict[str, Callable[[str], Record]] = {}
        self._routes: dict[tuple[str, str], _Route] = {}
        self._written = instants.writer()

    def shape(self, event: object, now_ms: int | None = None) -> Shipment:
        """
        Shape the subscription event *event*; everything that the sinks are sent is built when this returns.

        *now_ms* is the time, in milliseconds since 1970, by which events are too old for the index; without it none is.
        Never raises for what *event* holds: a payload that cannot be read comes back as `Shipment.unreadable`.
        """
        payload = opened(event)
        return self.ship(payload, now_ms) if isinstance(payload, Payload) else _unreadable(payload)

    def ship(self, payload: Payload, now_ms: int | None = None) -> Shipment:
        """Shape the sound events of *payload*."""
        if payload.control:
            return Shipment()
        received = len(payload.events) + len(payload.lost)
        if payload.log_group in self._own_groups:
            return Shipment(ledger=Ledger(received=received, filtered=received))
        route = self._route(payload)
        lost = len(payload.lost)
        ledger = Ledger(received=received, archive_quarantined=lost, index_quarantined=lost)
        records = self._shaped(payload, route, route.drops)
        ledger.filtered = len(payload.events) - len(records)
        shipment = Shipment(ledger=ledger, quarantined=payload.lost, oversize=[])
        shipment.records = _packed(_encoded_rows(self._rows(records), shipment), LARGEST_RECORD, _ROW_SEAM)
        if now_ms is not None and route.group.keep.index is not None:
            oldest = instants.written(now_ms - route.group.keep.index * DAY_MS)
            kept = [record for record in records if record["observed_time"] >= oldest]
            ledger.index_expired = len(records) - len(kept)
            records = kept
        shipment.bodies = _packed(_encoded_bulk(self._bulk(records, route)), LARGEST_BODY, _BULK_SEAM)
        return shipment

    def records(self, payload: Payload) -> Iterator[Record]:
        """Yield the record of each event of *payload* in order, dropped ones too, with `raw` and `attributes` both."""
        return iter(self._shaped(payload, self._route(payload), None))

    def time_of(self, line: str, payload: Payload) -> int | None:
        """Return the time, in milliseconds since 1970, that *line* names for itself in the log group of *payload*."""
        time = self._route(payload).read(line.rstrip("\r\n")).get("@timestamp")
        return None if time is None else instants.epoch_ms(time)

    def _shaped(self, payload: Payload, route: _Route, drops: Callable[[Record], bool] | None) -> list[Record]:
        """Return one record for each event that *drops* does not take; this is the hot loop."""
        read, constants, service, keeps_raw = route.read, route.constants, route.service, route.group.raw
        written, faults = self._written, payload.faults
        low, high = _trusted(payload, written)
        records: list[Record] = []
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
            record["observed_time"] = observed
            record["event_id"] = event.id
            record.update(constants)
            if service is not None and "service" not in record:
                record["service"] = service
            if record["format"] == PLATFORM:
                request_id = _open_request(record, request_id)
            elif request_id is not None and "request_id" not in record:
                record["request_id"] = request_id
                note(record, "request_id_inherited")
            if keeps_raw and record.get("message") != text:
                record["raw"] = text
            if faults or len(text) > bounds.SAFE_LENGTH:
                self._settle(record, faults.get(place, ()))
            if drops is None or not drops(record):
                records.append(record)
        return records

    def _settle(self, record: Record, faults: Sequence[str]) -> None:
        """Bound what a long line may hold, and say in the record which *faults* its event had."""
        bounds.bound_leaves(record, ("attributes", *self._objects))
        if faults:
            record["parse_errors"] = [*faults, *record.get("parse_errors", ())]

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
                    row[name] = orjson.dumps(row[name]).decode()
            rows.append(row)
        return rows

    def _bulk(self, records: Sequence[Record], route: _Route) -> list[Record]:
        """Return the index's projection, which has no `raw`: for each record its action and its document."""
        lines: list[Record] = []
        index_of, known = route.index_of, ("", "")
        for record in records:
            day = record["observed_time"][:_DAY]
            if day != known[0]:
                known = day, index_of(day)
            if "raw" in record:
                del record["raw"]
            lines.append({"create": {"_index": known[1], "_id": record["event_id"]}})
            lines.append(record)
        return lines

    def _route(self, payload: Payload) -> _Route:
        key = (payload.log_group, payload.log_stream)
        route = self._routes.get(key)
        if route is None:
            if len(self._routes) >= _ROUTES_KEPT:
                self._routes.clear()
            group = self.contract.group_for(payload.log_group) or self.contract.stranger
            route = self._routes[key] = self._new_route(group, payload)
        return route

    def _new_route(self, group: Group, payload: Payload) -> _Route:
        if group.name not in self._readers:
            formats = [self.contract.formats[name] for name in group.formats]
            self._readers[group.name] = readers(formats, self.fields, frozenset(group.set))
        constants: Record = {
            "account": payload.owner,
            "region": self._region,
            "log_group": payload.log_group,
            "log_stream": payload.log_stream,
            "contract_version": self.contract.version,
        }
        constants = {name: value for name, value in constants.items() if value not in (None, "")} | group.set
        return _Route(
            group=group,
            read=self._readers[group.name],
            constants=constants,
            service=None if "service" in group.set else service_of(payload.log_group, payload.log_stream),
            drops=any_of(group.drop, self._types) if group.drop else None,
            index_of=partial(_index_of, self.contract, group.keep.index),
        )


_ROUTES_KEPT: Final = 4096  # streams that one container remembers


class _Route(msgspec.Struct, kw_only=True):
    """What one log stream's payloads have in common."""

    group: Group
    read: Callable[[str], Record]
    constants: Record
    service: str | None
    drops: Callable[[Record], bool] | None
    index_of: Callable[[str], str]


def service_of(log_group: str, log_stream: str) -> str | None:
    """
    Return the name of the function that writes to *log_group*, or None where the names tell none.

    In a group of its own that is the group's; in a shared one the stream's, ``2025/10/31/<function>[<version>]…``.
    """
    if log_group.startswith("/aws/lambda/"):
        return log_group.removeprefix("/aws/lambda/") or None
    *date, last = log_stream.split("/", 3)
    name, bracket, _ = last.partition("[")
    dated = "".join(date).isdigit() and "/".join(date).count("/") == 2  # noqa: PLR2004 # year, month and day
    return name if dated and bracket and name else None


def _unreadable(payload: Unreadable) -> Shipment:
    return Shipment(ledger=Ledger(payloads_quarantined=1), unreadable=payload)


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


def _index_of(contract: Contract, keep_days: int | None, day: str) -> str:
    """Return the name of the index of events of *day*, ``2025-10-31``."""
    return index_name(contract, keep_days, instants.epoch_ms(f"{day}T00:00:00.000Z"))


def _encoded_rows(rows: list[Record], shipment: Shipment) -> bytes:
    """Return the rows as NDJSON; one that no Firehose record can hold is cut, and kept whole in *shipment*."""
    encoded = _ENCODER.encode_lines(rows)
    if len(encoded) <= LARGEST_RECORD:
        return encoded
    for place, row in enumerate(rows):
        small = bounds.fit(row, LARGEST_RECORD - 1)
        if small is not row:
            shipment.oversize.append(Oversize(str(row["event_id"]), orjson.dumps(row)))
            rows[place] = small
    return _ENCODER.encode_lines(rows) if shipment.oversize else encoded


def _encoded_bulk(lines: list[Record]) -> bytes:
    """Return the actions and documents as NDJSON; a document that no bulk body can hold is cut."""
    encoded = _ENCODER.encode_lines(lines)
    if len(encoded) <= LARGEST_BODY:
        return encoded
    lines[1::2] = [bounds.fit(document, _LARGEST_DOCUMENT) for document in lines[1::2]]
    return _ENCODER.encode_lines(lines)


def _packed(encoded: bytes, largest: int, seam: bytes) -> list[bytes]:
    """Cut *encoded* into pieces of at most *largest* bytes, each behind the new line of the last *seam* that fits."""
    pieces = []
    start = 0
    while len(encoded) - start > largest:
        cut = encoded.rindex(seam, start, start + largest + len(seam) - 1) + 1
        pieces.append(encoded[start:cut])
        start = cut
    if start < len(encoded):
        pieces.append(encoded[start:])
    return pieces
