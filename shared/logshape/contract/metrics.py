"""Metrics: the map `metrics` of a document as facts, each judged by the fields and groups that it names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from logshape.contract import where
from logshape.contract.fields import refuse_unknown
from logshape.contract.model import Alarm, Metric
from logshape.contract.wording import suggestion

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from logshape.contract.documents import Document
    from logshape.contract.groups import Known
    from logshape.contract.source import Keys

_NUMBERS: Final = ("integer", "long", "double")
_WORDS: Final = ("keyword", "boolean", "integer", "long", "ip")
_SECONDS: Final = {"m": 60, "h": 3600, "d": 86400}


def metrics(document: Document, known: Known) -> tuple[Metric, ...]:
    """Return the metrics of *document* that are whole; what is wrong with any becomes a fault of the document."""
    entries: Mapping[str, Mapping[str, Any]] = document.data.get("metrics", {})
    found = (_metric(document, name, entry, known) for name, entry in entries.items())
    return tuple(metric for metric in found if metric is not None)


def _metric(document: Document, name: str, entry: Mapping[str, Any], known: Known) -> Metric | None:
    path: Keys = ("metrics", name)
    _judge_value(document, path, entry, known)
    _judge_default(document, path, entry)
    groups = tuple(_groups(document, (*path, "in"), entry.get("in"), _names(document)))
    by = tuple(_dimensions(document, (*path, "by"), entry.get("by", ()), known))
    predicate = where.read(document, (*path, "where"), entry["where"], known.fields) if "where" in entry else None
    if predicate is None:
        return None
    return Metric(
        name=name,
        where=predicate,
        groups=groups,
        value=entry.get("value"),
        unit=entry.get("unit", "None"),
        default=entry.get("default"),
        by=by,
        per_group="per" in entry,
        via_ingest="via" in entry,
        alarm=_alarm(entry.get("alarm", {})),
    )


def _names(document: Document) -> list[str]:
    return [entry["name"] for entry in document.data.get("groups", []) if entry is not None and "name" in entry]


def _groups(document: Document, path: Keys, written: Sequence[str | None] | None, names: list[str]) -> Iterator[str]:
    if written is None:
        yield from names
        return
    for at, name in enumerate(written):
        if name is None:
            continue
        if name not in names:
            message = f"`{name}` is no entry of `groups`; use one of {', '.join(names)}{suggestion(name, names)}"
            document.refuse((*path, at), "unknown-group", message)
        yield name


def _judge_value(document: Document, path: Keys, entry: Mapping[str, Any], known: Known) -> None:
    name = entry.get("value")
    if name is None:
        return
    kind = known.fields.get(name)
    if name not in known.fields:
        refuse_unknown(document, name, (*path, "value"), known.fields, 1)
    elif kind is not None and kind not in _NUMBERS:
        message = f"`{name}` is of type {kind} and cannot be measured; use a field of type {', '.join(_NUMBERS)}"
        document.refuse((*path, "value"), "wrong-metric", message)


def _dimensions(document: Document, path: Keys, written: Sequence[str | None], known: Known) -> Iterator[str]:
    for at, name in enumerate(written):
        if name is None:
            continue
        kind = known.fields.get(name)
        if name not in known.fields:
            refuse_unknown(document, name, (*path, at), known.fields, 1)
        elif kind is not None and kind not in _WORDS:
            message = f"`{name}` is of type {kind} and cannot be a dimension; use a field of type {', '.join(_WORDS)}"
            document.refuse((*path, at), "wrong-metric", message)
        yield name


def _judge_default(document: Document, path: Keys, entry: Mapping[str, Any]) -> None:
    for key, why in (
        ("by", "CloudWatch takes no default where there are dimensions"),
        ("value", "only a count has one"),
    ):
        if "default" in entry and key in entry:
            message = f"`default` and `{key}` exclude each other, for {why}; leave one of them out"
            document.refuse((*path, "default"), "wrong-metric", message, side="key")


def _alarm(written: Mapping[str, Any]) -> Alarm | None:
    if not {"over", "within"} <= written.keys():
        return None
    within = written["within"]
    return Alarm(over=written["over"], within=int(within[:-1]) * _SECONDS[within[-1]])
