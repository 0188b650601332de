"""Turns bulk bodies into bulk requests, and what the cluster answers for each document into verdicts."""

from __future__ import annotations

import time
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

import msgspec

from logshape.connections import NoAnswer, Reply
from logshape.sinks import Again, Answer, Document, Poison, Stop, grouped, parted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from logshape.connections import Request
    from logshape.sinks import Failure

MOST_BYTES: Final = 5 * 1024 * 1024
"""Of a body before compression: the limit of a cluster counts inflated bytes, and small instances have 10 MiB."""
BULK: Final = "/_bulk?filter_path=items.*._id,items.*.status,items.*.error.type,items.*.error.reason"
ACTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "es:ESHttpGet": ("${OpenSearchDomainArn}/_index_template/*",),
    "es:ESHttpPost": ("${OpenSearchDomainArn}/_bulk",),
}
BLOCKED: Final = "cluster_block_exception"
NOT_FOUND: Final = "resource_not_found_exception"
_OK: Final = range(200, 300)
_BAD_REQUEST: Final = 400
_DENIED: Final = (401, 403)
_MISSING: Final = 404
_CONFLICT: Final = 409
_TOO_LARGE: Final = 413
_BUSY: Final = frozenset({408, 429})
_BROKEN: Final = range(500, 600)


class Index:
    """
    The index, by way of `_bulk`. `stored` and `known` are what the cluster said of the document's own id.

    A document goes only to an index that the contract's template covers: any other name the cluster would create with
    whatever mapping the first document suggests. The template is read when a name is first seen. Where the cluster
    says that there is no such template, or that its patterns are others, the documents stop; where it says nothing of
    use (no right to read templates, a proxy that knows only `_bulk`), they go.
    """

    name: Final = "index"

    def __init__(self, request: Request, template: str) -> None:
        """Deliver through *request* to indexes of the index template *template*."""
        self._request = request
        self._template = template
        self._patterns: tuple[str, ...] = ()

    def calls(self, parcels: Sequence[bytes]) -> list[list[bytes]]:
        """Join bodies up to 5 MiB."""
        return grouped(parcels, len(parcels), MOST_BYTES)

    def write(self, call: Sequence[bytes], until: float) -> Answer:
        """Create each document of *call* under its id; a body that is refused as a whole goes in halves."""
        pairs = [pair for parcel in call for pair in _pairs(parcel)]
        strangers = self._strangers({pair.index for pair in pairs}, until)
        if not strangers:
            return self._send(pairs, until)
        kept = [pair for pair in pairs if pair.index not in strangers]
        stopped = tuple(
            Stop(parcel=pair.lines, rule="index-without-template") for pair in pairs if pair.index in strangers
        )
        return (self._send(kept, until) if kept else Answer()) + Answer(failures=stopped)

    def parted(self, parcel: bytes) -> list[bytes]:
        """Part the first pair of lines from the others."""
        return parted(parcel, 2)

    def documents(self, parcel: bytes) -> list[Document]:
        """Take a body apart into documents, each with the index that it goes to."""
        return [Document(event_id=pair.id, body=pair.document, index=pair.index) for pair in _pairs(parcel)]

    def count(self, parcel: bytes) -> int:
        """Return how many pairs of lines a body has."""
        return parcel.count(b"\n") // 2

    def _send(self, pairs: Sequence[_Pair], until: float) -> Answer:
        left = until - time.monotonic()
        if left <= 0:
            return _all_again(pairs, "index-no-time-left")
        reply = self._request("POST", BULK, b"".join(pair.lines for pair in pairs), left)
        if isinstance(reply, NoAnswer):
            return _all_again(pairs, f"index-no-answer-{reply.reason}")
        if reply.status in _OK:
            return _read(pairs, reply)
        error = _error(reply)
        # A 400 that is not OpenSearch's own speaks of the way there, not of a document.
        if reply.status == _TOO_LARGE or (reply.status == _BAD_REQUEST and error.type):
            return self._in_halves(pairs, reply.status, error, until)
        return _whole(pairs, reply, error)

    def _in_halves(self, pairs: Sequence[_Pair], status: int, error: _Error, until: float) -> Answer:
        if len(pairs) > 1:
            middle = len(pairs) // 2
            return self._send(pairs[:middle], until) + self._send(pairs[middle:], until)
        if status == _TOO_LARGE:
            poison = Poison(parcel=pairs[0].lines, rule="index-document-too-large", reason="HTTP 413 for it alone")
            return Answer(failures=(poison,))
        return Answer(failures=(_refused(pairs[0], status, error),))

    def _strangers(self, names: set[str], until: float) -> set[str]:
        """Return those of *names* that the cluster's template is known not to cover."""
        unseen = self._uncovered(names)
        left = until - time.monotonic()
        if not unseen or left <= 0:
            return set()
        reply = self._request("GET", f"/_index_template/{self._template}", None, left)
        if isinstance(reply, NoAnswer) or _passes(reply.status):
            return set()  # the bulk request will fare no better, and says so
        if reply.status == _MISSING and _error(reply).type == NOT_FOUND:
            return unseen
        self._patterns = _patterns(reply)
        return self._uncovered(names)

    def _uncovered(self, names: set[str]) -> set[str]:
        return {name for name in names if not any(fnmatchcase(name, pattern) for pattern in self._patterns)}


class _Pair(msgspec.Struct, frozen=True):
    """One document of a body: where it goes, under which id, and its two lines."""

    index: str
    id: str
    document: bytes
    lines: bytes


class _Target(msgspec.Struct):
    index: str = msgspec.field(name="_index")
    id: str = msgspec.field(name="_id")


class _Action(msgspec.Struct):
    create: _Target


class _Error(msgspec.Struct):
    type: str = ""
    reason: str | None = ""


class _ErrorBody(msgspec.Struct):
    error: _Error


class _Item(msgspec.Struct):
    status: int
    id: str | None = msgspec.field(name="_id", default=None)
    error: _Error = msgspec.field(default_factory=_Error)

    @property
    def shut(self) -> bool:
        """Whether an index is blocked, or closed to us: what is so for every document of a call is so for the next."""
        return self.error.type == BLOCKED or self.status in _DENIED


class _Created(msgspec.Struct):
    create: _Item


class _Items(msgspec.Struct):
    items: list[_Created]


class _Pattern(msgspec.Struct):
    index_patterns: list[str]


class _Template(msgspec.Struct):
    index_template: _Pattern


class _Templates(msgspec.Struct):
    index_templates: list[_Template]


_ANY: Final = ("*",)
_ACTION: Final = msgspec.json.Decoder(_Action)
_ITEMS: Final = msgspec.json.Decoder(_Items)
_ERROR: Final = msgspec.json.Decoder(_ErrorBody)
_TEMPLATES: Final = msgspec.json.Decoder(_Templates)


def _pairs(body: bytes) -> list[_Pair]:
    lines = body.split(b"\n")
    pairs = []
    for action, document in zip(lines[0:-1:2], lines[1::2], strict=True):
        target = _ACTION.decode(action).create
        pairs.append(_Pair(target.index, target.id, document, b"%s\n%s\n" % (action, document)))
    return pairs


def _patterns(reply: Reply) -> tuple[str, ...]:
    """Return the patterns of the template that *reply* shows, and one for any name where it shows none."""
    try:
        found = _TEMPLATES.decode(reply.body).index_templates
    except msgspec.MsgspecError:
        return _ANY
    return tuple(pattern for entry in found for pattern in entry.index_template.index_patterns)


def _passes(status: int) -> bool:
    """Tell what passes by itself; a blocked index, which comes as 429, does not."""
    return status in _BUSY or status in _BROKEN


def _error(reply: Reply) -> _Error:
    """Return what OpenSearch says of a whole request; nothing where it is not OpenSearch that answers."""
    try:
        return _ERROR.decode(reply.body).error
    except msgspec.MsgspecError:
        return _Error()


def _read(pairs: Sequence[_Pair], reply: Reply) -> Answer:
    """Read the items of a 200; what has no item, or another document's, is unknown: its id makes a repeat harmless."""
    try:
        items = [created.create for created in _ITEMS.decode(reply.body).items]
    except msgspec.MsgspecError:
        return _all_again(pairs, "index-unreadable-answer")
    stored = 0
    known: list[bytes] = []
    failures: list[Failure] = []
    for pair, item in zip(pairs, items, strict=False):
        if item.id != pair.id:
            failures.append(Again(parcel=pair.lines, rule="index-other-document"))
        elif item.status in _OK:
            stored += 1
        elif item.status == _CONFLICT:
            known.append(pair.lines)
        else:
            failures.append(_refused(pair, item.status, item.error, reply.after))
    failures.extend(Again(parcel=pair.lines, rule="index-short-answer") for pair in pairs[len(items) :])
    if len(items) == len(failures) == len(pairs) and all(item.shut for item in items):
        failures = [Stop(parcel=failure.parcel, rule=failure.rule, whole=True) for failure in failures]
    return Answer(stored=stored, known=tuple(known), failures=tuple(failures))


def _refused(pair: _Pair, status: int, error: _Error, after: float = 0.0) -> Failure:
    """Judge one document by its own answer."""
    rule = f"index-{error.type or status}"
    if error.type != BLOCKED and _passes(status):
        return Again(parcel=pair.lines, rule=rule, after=after)
    if status == _BAD_REQUEST and _of_a_value(error):
        return Poison(parcel=pair.lines, rule=rule, reason=error.reason or "")
    return Stop(parcel=pair.lines, rule=rule)


def _of_a_value(error: _Error) -> bool:
    """Tell a value's fault from a mapping's or the cluster's, which a 400 can be as well."""
    return error.type == "mapper_parsing_exception" or "immense term" in (error.reason or "")


def _whole(pairs: Sequence[_Pair], reply: Reply, error: _Error) -> Answer:
    """Judge a request that was refused as a whole."""
    rule = f"index-{error.type or reply.status}"
    if error.type != BLOCKED and _passes(reply.status):
        return _all_again(pairs, rule, reply.after)
    return Answer(failures=(Stop(parcel=_joined(pairs), rule=rule, whole=True),))


def _all_again(pairs: Sequence[_Pair], rule: str, after: float = 0.0) -> Answer:
    return Answer(failures=(Again(parcel=_joined(pairs), rule=rule, after=after),))


def _joined(pairs: Sequence[_Pair]) -> bytes:
    return b"".join(pair.lines for pair in pairs)
