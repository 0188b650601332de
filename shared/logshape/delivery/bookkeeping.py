"""Turns shipments, and what became of their documents, into a ledger for each log group."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final, TypeAlias

import msgspec

from logshape.errors import UnbalancedLedger
from logshape.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from logshape.delivery.outlets import Sinks
    from logshape.delivery.patience import Outcome
    from logshape.pipeline import Shipment
    from logshape.sinks import Sink

Books: TypeAlias = "dict[str, Ledger]"
"""Ledgers by log group; what names none is under an empty one."""


class _Ended(msgspec.Struct, frozen=True, kw_only=True):
    """How many of a log group's documents ended where, in one sink."""

    stored: int
    duplicates: int
    spooled: int
    quarantined: int


def booked(shipments: Sequence[Shipment], sinks: Sinks, outcomes: Mapping[Sink, Outcome]) -> Books:
    """
    Return the books of *shipments*, once their documents had *outcomes*; a sink that is off counts nothing.

    Raises:
        UnbalancedLedger: in some group a sink's documents are not as many as the events that are due to it.

    """
    books: Books = {}
    for shipment in shipments:
        books[shipment.log_group] = books.get(shipment.log_group, Ledger()) + shipment.ledger
    archived, indexed = (_ended(shipments, sink, outcomes) for sink in (sinks.archive, sinks.index))
    for group, ledger in books.items():
        _enter_archive(ledger, archived.get(group))
        _enter_index(ledger, indexed.get(group))
        ledger.balance(archive=sinks.archive is not None, index=sinks.index is not None)
    return books


def parcels_of(shipment: Shipment, sink: Sink) -> list[bytes]:
    """Return what *shipment* has for *sink*."""
    return shipment.records if sink.name == "archive" else shipment.bodies


def open_documents(sink: Sink, outcome: Outcome) -> int:
    """Return how many documents *sink* may yet take."""
    return sum(sink.count(failure.parcel) for failure in outcome.open)


def _enter_archive(ledger: Ledger, ended: _Ended | None) -> None:
    if ended is None:
        ledger.archive_quarantined = 0
        return
    ledger.archived = ended.stored + ended.duplicates
    ledger.archive_spooled = ended.spooled
    ledger.archive_quarantined += ended.quarantined


def _enter_index(ledger: Ledger, ended: _Ended | None) -> None:
    if ended is None:
        ledger.index_quarantined = ledger.index_expired = 0
        return
    ledger.indexed, ledger.duplicates = ended.stored, ended.duplicates
    ledger.index_spooled = ended.spooled
    ledger.index_quarantined += ended.quarantined


def _ended(shipments: Sequence[Shipment], sink: Sink | None, outcomes: Mapping[Sink, Outcome]) -> dict[str, _Ended]:
    """Say for each log group where its documents ended: what was sent and is not known to be elsewhere is stored."""
    if sink is None:
        return {}
    outcome = outcomes[sink]
    groups = {shipment.log_group for shipment in shipments}
    if len(groups) == 1:
        return dict.fromkeys(
            groups,
            _Ended(
                stored=outcome.stored,
                duplicates=outcome.duplicates,
                spooled=open_documents(sink, outcome),
                quarantined=len(outcome.poison),
            ),
        )
    due: Counter[str] = Counter()
    for shipment in shipments:
        due[shipment.log_group] += sum(map(sink.count, parcels_of(shipment, sink)))
    known = _by_group(sink, outcome.known, groups)
    spooled = _by_group(sink, (failure.parcel for failure in outcome.open), groups)
    quarantined = _by_group(sink, (failure.parcel for failure in outcome.poison), groups)
    stored = {group: due[group] - known[group] - spooled[group] - quarantined[group] for group in groups}
    if sum(stored.values()) != outcome.stored:
        sent = f"{due.total()} documents of {len(groups)} log groups were sent"
        raise UnbalancedLedger(f"{sink.name}: {sent}, {outcome.stored} were stored, and by the rest {stored}")
    return {
        group: _Ended(
            stored=stored[group],
            duplicates=known[group],
            spooled=spooled[group],
            quarantined=quarantined[group],
        )
        for group in groups
    }


def _by_group(sink: Sink, parcels: Iterable[bytes], groups: set[str]) -> defaultdict[str, int]:
    """Count documents by the log group that stands in them."""
    counts: defaultdict[str, int] = defaultdict(int)
    for parcel in parcels:
        for document in sink.documents(parcel):
            group = _GROUP.decode(document.body).log_group
            counts[group if group in groups else min(groups)] += 1
    return counts


class _Grouped(msgspec.Struct):
    log_group: str = ""


_GROUP: Final = msgspec.json.Decoder(_Grouped)
