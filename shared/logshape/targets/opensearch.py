"""Turns a contract into an index template of OpenSearch, and into the indexes of its periods."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar, assert_never

import msgspec

from logshape.artefacts import index_template
from logshape.connections import CONTROL_SECONDS, NoAnswer
from logshape.contract import globs
from logshape.contract.periods import index_name, span_of, template_name
from logshape.errors import OutsideFailure
from logshape.plan import Blocked, Create, Delete, Kind, Resource, Update
from logshape.targets import Found

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from logshape.connections import Reply, Request
    from logshape.contract.model import Contract
    from logshape.plan import Change

_INDEXES: Final = "${OpenSearchDomainArn}/logs-*"
_TEMPLATES: Final = "${OpenSearchDomainArn}/_index_template"
READS: Final[Mapping[str, tuple[str, ...]]] = {"es:ESHttpGet": (_TEMPLATES, _INDEXES)}
"""What `find` needs."""
WRITES: Final[Mapping[str, tuple[str, ...]]] = {
    "es:ESHttpDelete": (_INDEXES,),
    "es:ESHttpPut": (f"{_TEMPLATES}/logs-*", _INDEXES),
}
"""What `apply` needs."""
_ERRORS: Final = range(400, 1000)
_MISSING: Final = 404
_EXISTS: Final = "resource_already_exists_exception"
_LONGEST: Final = 300  # characters of an answer that is not OpenSearch's own
_ASKED: Final = "expand_wildcards=all&flat_settings=true&filter_path=*.mappings.properties,*.settings"
# An index with one of these takes no documents, and so needs no fields.
_SHUT: Final = frozenset(
    (
        "index.verified_before_close",
        "index.blocks.write",
        "index.blocks.read_only",
        "index.blocks.read_only_allow_delete",
    )
)

Body = dict[str, Any]
_Answer = TypeVar("_Answer")


class _Named(msgspec.Struct):
    name: str
    index_template: Body


class _Templates(msgspec.Struct):
    index_templates: list[_Named]


class _Mappings(msgspec.Struct):
    properties: Body = {}


class _Index(msgspec.Struct):
    settings: Body
    mappings: _Mappings = msgspec.field(default_factory=_Mappings)


class Rejected(OutsideFailure):
    """The cluster answered a request with an error; *kind* is OpenSearch's name for it, *status* HTTP's."""

    def __init__(self, message: str, kind: str, status: int) -> None:
        """Say which request it was and what was answered."""
        self.kind = kind
        self.status = status
        super().__init__(message)


class OpenSearch:
    """
    The index template and the indexes of one contract on one cluster; neither belongs to a log group.

    An index is deleted when all of it is older than its own name says, and the one after the current period is there
    before its first document comes. What the contract has added is added to the indexes that are there; a field that
    an index has under another type stays as it is.
    """

    name: Literal["opensearch"] = "opensearch"

    def __init__(self, request: Request, now_ms: int) -> None:
        """Talk through *request*; which period is the current one, *now_ms* says."""
        self._request = request
        self._now_ms = now_ms

    def find(self, contract: Contract, glob: str | None) -> Found:
        """
        Read all templates, and the indexes whose whole name is the contract's, closed ones too, whatever the *glob*.

        Raises:
            OutsideFailure: something could not be read.

        """
        del glob
        answer = self._read("/_index_template", _Templates)
        templates = {each.name: each.index_template for each in answer.index_templates}
        ours = templates.pop(template_name(contract), None)
        indexes = self._read(f"/logs-{contract.name}-*?{_ASKED}", dict[str, _Index]).items()
        return Found(
            resources=(
                *([_template(contract, _said(ours))] if ours else []),
                *(_index(name, _held(index)) for name, index in indexes if span_of(contract, name)),
            ),
            blocked=tuple(_in_the_way(contract, templates)),
        )

    def wanted(self, contract: Contract, found: Found) -> list[Resource]:
        """Return the template, those indexes of *found* that are not over, and those of the current and next period."""
        derived = index_template.derive(contract)
        there = [resource for resource in found.resources if resource.kind == "index"]
        coming = sorted({*_coming(contract, self._now_ms)} - {index.name for index in there})
        return [
            _template(contract, derived),
            *(_completed(index, derived) for index in there if not self._is_over(contract, index.name)),
            *(_index(name, derived["template"]) for name in coming),
        ]

    def apply(self, change: Change) -> None:
        """
        Make *change*; an index that is there or gone already is as it should be.

        Raises:
            OutsideFailure: it was not made, or nobody knows.

        """
        match change:
            case Create(resource=resource) | Update(after=resource) if resource.kind == "index-template":
                self._send("PUT", _path(resource), resource.body)
            case Create(resource=resource):
                self._create(resource)
            case Update(before=before, after=after):
                self._send("PUT", f"{_path(after)}/_mapping", {"properties": _added(before, after)})
            case Delete(resource=resource):
                self._delete(resource)
            case _:
                assert_never(change)

    def _is_over(self, contract: Contract, index: str) -> bool:
        span = span_of(contract, index)
        return span is not None and span.is_over(self._now_ms)

    def _create(self, index: Resource) -> None:
        try:
            self._send("PUT", _path(index), index.body)
        except Rejected as error:
            if error.kind != _EXISTS:
                raise

    def _delete(self, resource: Resource) -> None:
        try:
            self._send("DELETE", _path(resource))
        except Rejected as error:
            if error.status != _MISSING:
                raise

    def _read(self, path: str, kind: type[_Answer]) -> _Answer:
        reply = self._send("GET", path)
        try:
            return msgspec.json.decode(reply.body, type=kind)
        except msgspec.MsgspecError as error:
            raise OutsideFailure(f"{_called('GET', path)}: this is not OpenSearch's answer: {error}") from error

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Reply:
        encoded = None if body is None else json.dumps(body).encode()
        reply = self._request(method, path, encoded, CONTROL_SECONDS)
        if isinstance(reply, NoAnswer):
            raise OutsideFailure(f"{_called(method, path)}: no answer ({reply.reason})")
        if reply.status in _ERRORS:
            kind, reason = _error(reply)
            raise Rejected(f"{_called(method, path)}: HTTP {reply.status}: {reason}", kind, reply.status)
        return reply


def _called(method: str, path: str) -> str:
    """Return the name of a request in IAM, and what it is about."""
    return f"es:ESHttp{method.capitalize()} of {path.partition('?')[0]}"


def _error(reply: Reply) -> tuple[str, str]:
    """Return OpenSearch's name for what is wrong and its words, or those of whoever stands before it."""
    try:
        error = json.loads(reply.body)["error"]
        return error["type"], f"{error['type']}: {error['reason']}"
    except (ValueError, KeyError, TypeError):
        return "", reply.body[:_LONGEST] or "nothing else is said"


def _path(resource: Resource) -> str:
    return f"/{resource.name}" if resource.kind == "index" else f"/_index_template/{resource.name}"


def _resource(kind: Kind, name: str, body: Body) -> Resource:
    return Resource(target="opensearch", kind=kind, name=name, body=body)


def _template(contract: Contract, body: Body) -> Resource:
    return _resource("index-template", template_name(contract), body)


def _index(name: str, body: Body) -> Resource:
    return _resource("index", name, body)


def _said(template: Body) -> Body:
    """Return a template without the list of components that the cluster adds where there are none."""
    return {key: value for key, value in template.items() if (key, value) != ("composed_of", [])}


def _held(index: _Index) -> Body:
    """Return the fields of *index*, and of its settings those that keep documents out."""
    settings = {key: value for key, value in index.settings.items() if key in _SHUT and value == "true"}
    mappings = {"properties": index.mappings.properties}
    return {"mappings": mappings, "settings": settings} if settings else {"mappings": mappings}


def _completed(index: Resource, template: Body) -> Resource:
    """Return *index* with each field of *template* that it lacks, unless it takes no documents."""
    if "settings" in index.body:
        return index
    properties = template["template"]["mappings"]["properties"] | index.body["mappings"]["properties"]
    return _index(index.name, {"mappings": {"properties": properties}})


def _added(before: Resource, after: Resource) -> Body:
    there = before.body["mappings"]["properties"]
    return {name: field for name, field in after.body["mappings"]["properties"].items() if name not in there}


def _coming(contract: Contract, now_ms: int) -> Iterator[str]:
    """
    Yield the names of the current and the next index of each keep class that a subscribed entry has.

    What log groups that no entry matches send is rare: the cluster makes its index by the template when it comes.
    """
    for days in {group.keep.index for group in contract.groups if group.subscribe}:
        current = index_name(contract, days, now_ms)
        yield current
        if span := span_of(contract, current):
            yield index_name(contract, days, span.end_ms)


def _in_the_way(contract: Contract, others: Mapping[str, Body]) -> Iterator[Blocked]:
    """Yield our template as blocked where another one would win: of two the cluster takes the higher priority alone."""
    patterns = index_template.index_patterns(contract)
    for name, other in sorted(others.items()):
        priority = other.get("priority", 0)
        if priority >= index_template.PRIORITY and _overlap(patterns, other["index_patterns"]):
            reason = (
                f"the index template `{name}` has patterns for the same indexes and priority {priority}, ours "
                f"{index_template.PRIORITY}; give it a lower priority, or other patterns"
            )
            yield Blocked(template_name(contract), reason)
            return


def _overlap(some: Sequence[str], others: Sequence[str]) -> bool:
    return any(globs.meet(one, other) for one in some for other in others)
