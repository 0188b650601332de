"""Turns a spool into what waits in it, by when it was put there, for whom, and of which log group."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, assert_never

import msgspec

from logshape.connections import Bucket, Folder, bucket_and_prefix
from logshape.delivery import contents
from logshape.delivery.contents import Unconverted, Undelivered, Uninvoked, kind_of
from logshape.delivery.sweeping import places
from logshape.lines import envelope
from logshape.sinks import Document
from logshape.sinks.spool import rule_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from logshape.connections import Aws, Item, Store
    from logshape.delivery.contents import Kind
    from logshape.sinks import SinkName

SPOOL: Final = "LOGSHAPE_SPOOL"


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """
    Which objects are meant; what is not said is all.

    Times are in seconds since 1970; *group* is a glob on log groups, *reason* one on the rules by which things wait.
    """

    sink: SinkName | None = None
    since: float | None = None
    until: float | None = None
    group: str | None = None
    reason: str | None = None

    def when(self, item: Item) -> bool:
        """Tell whether *item* was put there in the time that is meant."""
        return (self.since is None or item.modified >= self.since) and (
            self.until is None or item.modified < self.until
        )


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """An object that waits."""

    store: Store
    item: Item
    kind: Kind

    @property
    def name(self) -> str:
        """Whom it waits for."""
        match self.kind:
            case Undelivered(sink=sink):
                return sink
            case Unconverted():
                return "conversion"
            case _:
                return "invocation"

    @property
    def reason(self) -> str:
        """The rule by which its documents wait, as far as its name tells."""
        return rule_of(self.item.key)


def depots(environ: Mapping[str, str], aws: Aws) -> list[tuple[Store, str]]:
    """Return where things wait: the spool of *environ*, which may be a folder, and beside it what AWS has put away."""
    spool = environ.get(SPOOL, "")
    if spool and "://" not in spool:
        return [(Folder(Path(spool)), "undelivered/")]
    return [(Bucket(aws, bucket), prefix) for bucket, prefix in places(environ)]


def base(environ: Mapping[str, str], aws: Aws) -> tuple[Store, str]:
    """Return the spool itself, and the prefix of all its keys."""
    spool = environ[SPOOL]
    if "://" not in spool:
        return Folder(Path(spool)), ""
    bucket, prefix = bucket_and_prefix(SPOOL, spool)
    return Bucket(aws, bucket), prefix


def find(places: list[tuple[Store, str]], wish: Wish) -> Iterator[Waiting]:
    """
    Yield what waits and is meant, oldest names first; an object is read only where its log group decides.

    Raises:
        OutsideFailure: it cannot be listed or read.

    """
    for store, prefix in places:
        for item in store.listed(prefix):
            kind = kind_of(item.key)
            if kind is None or not wish.when(item):
                continue
            waiting = Waiting(store=store, item=item, kind=kind)
            why = wish.reason is None or fnmatchcase(waiting.reason, wish.reason)
            if why and _for(waiting, wish.sink) and (wish.group is None or _of(waiting, wish.group)):
                yield waiting


def _for(waiting: Waiting, sink: SinkName | None) -> bool:
    """Tell whether an object is for *sink*: what did not convert is for the archive, an invocation for both."""
    return sink is None or waiting.name in (sink, "invocation", *(("conversion",) if sink == "archive" else ()))


def _of(waiting: Waiting, group: str) -> bool:
    """Tell whether an object has an event of a log group like *group*; mostly it is the work of one payload."""
    file = waiting.store.read(waiting.item.key)
    if file is None:
        return False
    with file:
        return any(fnmatchcase(name, group) for name in _groups(waiting.kind, file))


def _groups(kind: Kind, file: IO[bytes]) -> Iterator[str]:
    match kind:
        case Undelivered(sink=sink):
            found = contents.undelivered(file, sink)
        case Unconverted():
            rows = contents.unconverted(file)
            if isinstance(rows, contents.Halted):
                return
            found = rows
        case Uninvoked():
            yield from _invoked(contents.payload(contents.failure(file)))  # nothing is of no group
            return
        case _:
            assert_never(kind)
    yield from (group_of(each.body) for each in found if isinstance(each, Document))


def _invoked(event: object) -> Iterator[str]:
    """Yield the log groups of an event of ingest's, a payload or a batch of payloads."""
    events: list[object]
    match event:
        case {"Records": list(records)}:
            events = [{"awslogs": record.get("kinesis")} for record in records if isinstance(record, dict)]
        case _:
            events = [event]
    opened = map(envelope.opened, events)
    yield from (payload.log_group for payload in opened if isinstance(payload, envelope.Payload))


class _Grouped(msgspec.Struct):
    log_group: str = ""


_GROUPED: Final = msgspec.json.Decoder(_Grouped)


def group_of(body: bytes) -> str:
    """Return the log group of a document, empty where it names none."""
    try:
        return _GROUPED.decode(body).log_group
    except msgspec.MsgspecError:
        return ""
