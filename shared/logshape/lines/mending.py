"""
Mending: a payload that is not as AWS documents it, event by event into sound ones.

One bad event harms no neighbour: each is repaired and kept, and what was repaired is in its `parse_errors`.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import msgspec

from logshape.lines.envelope import CONTROL, LONGEST_ID, LogEvent, Lost, Payload
from logshape.lines.instants import EARLIEST_MS, LATEST_MS
from logshape.lines.json_text import parse_patiently, text_of, whole

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_EVENTS: Final = 100_000
MOST_COMMAS: Final = 1_000_000
"""Both of a payload that must be mended: CloudWatch sends some thousand events, and each costs a kilobyte here."""
_NO_TIME: Final = "no time between the years 2000 and 2100, and no neighbour has one"


class Draft(msgspec.Struct):
    """An event on its way to be sound; *id* and *timestamp* may be missing still."""

    id: str | None
    timestamp: int | None
    message: str
    document: object
    faults: list[str]


def mended(inflated: bytes) -> Payload | str:
    """Return the payload in *inflated* with every event repaired, or why it is none."""
    if inflated.count(b",") > MOST_COMMAS:
        return f"not sound, and too much to be mended: more than {MOST_COMMAS} commas"
    value: Any = parse_patiently(inflated.decode(errors="replace"))
    match value:
        case {"messageType": str(), "logEvents": list() as events} if len(events) > MOST_EVENTS:
            return f"not sound, and too much to be mended: more than {MOST_EVENTS} events"
        case {"messageType": str() as kind, "logEvents": list() as events}:
            pass
        case dict():
            return "not a subscription payload: it has no messageType or no list of logEvents"
        case None:
            return "not JSON"
        case _:
            return "not a subscription payload: not a JSON object"
    owner, group, stream = (_text(value.get(key)) for key in ("owner", "logGroup", "logStream"))
    payload = Payload(
        owner=owner, log_group=group, log_stream=stream, events=[], faults={}, lost=[], control=kind == CONTROL
    )
    drafts = [drafted(event) for event in events]
    _give_times(drafts)
    for ordinal, draft in enumerate(drafts):
        if draft.id is None:
            draft.id = _made_id(stream, ordinal, draft)
    _part_ids(drafts)
    for draft in drafts:
        _settle(draft, payload)
    return payload


def drafted(event: object) -> Draft:
    """Return what there is of *event*, an item of `logEvents`, with what had to be repaired."""
    if not isinstance(event, dict):
        return Draft(None, None, text_of(event), event, ["event:not-an-object"])
    faults: list[str] = []
    message = event.get("message")
    if not isinstance(message, str):
        faults.append("type:message")
        message = text_of(event if message is None else message)
    elif message != (message := whole(message)):
        faults.append("surrogate:message")
    return Draft(_id(event.get("id"), faults), _time(event.get("timestamp")), message, event, faults)


def _id(value: object, faults: list[str]) -> str | None:
    """Take text that an index can hold as an id, or a whole number, which some senders write; None for any other."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if isinstance(value, str) and 0 < len(value) <= LONGEST_ID and value == whole(value):
        return value
    faults.append("missing:event_id")
    return None


def _time(value: object) -> int | None:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and EARLIEST_MS <= value < LATEST_MS:
        return value
    return None


def _give_times(drafts: Sequence[Draft]) -> None:
    """Give each event without a good time that of the nearest neighbour that has one, the earlier of two as near."""
    good = [ordinal for ordinal, draft in enumerate(drafts) if draft.timestamp is not None]
    if not good or len(good) == len(drafts):
        return
    times = [draft.timestamp for draft in drafts]
    nearest = 0
    for ordinal, draft in enumerate(drafts):
        while nearest + 1 < len(good) and abs(good[nearest + 1] - ordinal) < abs(good[nearest] - ordinal):
            nearest += 1
        if draft.timestamp is None:
            draft.timestamp = times[good[nearest]]
            draft.faults.append("neighbour:observed_time")


def _made_id(stream: str, ordinal: int, draft: Draft) -> str:
    text = f"{stream}\n{draft.timestamp}\n{ordinal}\n{draft.message}"
    return hashlib.sha256(text.encode()).hexdigest()


def _part_ids(drafts: Sequence[Draft]) -> None:
    """Keep apart events that share an id and differ in text: the first keeps it, the n-th other is ``<id>-n``."""
    taken = {draft.id for draft in drafts}
    made: dict[str, dict[str, str]] = {}
    for draft in drafts:
        own = draft.id or ""
        of_texts = made.setdefault(own, {})
        if draft.message not in of_texts:
            of_texts[draft.message] = _free(own, len(of_texts), taken) if of_texts else own
        draft.id = of_texts[draft.message]
        if draft.id != own:
            draft.faults.append("shared:event_id")


def _free(own: str, number: int, taken: set[str | None]) -> str:
    """Return ``<own>-number``, or the next number of which no event has the id already, and take it."""
    while (free := f"{own}-{number}") in taken:
        number += 1
    taken.add(free)
    return free


def _settle(draft: Draft, payload: Payload) -> None:
    event_id = draft.id or ""
    if draft.timestamp is None:
        payload.lost.append(Lost(event_id, _NO_TIME, text_of(draft.document).encode()))
        return
    if draft.faults:
        payload.faults[len(payload.events)] = tuple(draft.faults)
    payload.events.append(LogEvent(event_id, draft.timestamp, draft.message))


def _text(value: object) -> str:
    return "" if value is None else whole(value) if isinstance(value, str) else text_of(value)
