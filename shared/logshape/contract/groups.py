"""Groups: the entries of `groups` as facts, each judged by itself and by those before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from logshape.contract import globs, where
from logshape.contract.fields import checked_constants
from logshape.contract.model import Group, Keep
from logshape.contract.wording import named, suggestion

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from logshape.contract.documents import Document
    from logshape.contract.model import FieldType
    from logshape.contract.predicates import Predicate
    from logshape.contract.source import Keys


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What entries may name: formats, and fields with their types, None for a type that is not known."""

    formats: Sequence[str]
    settable: Mapping[str, FieldType | None]
    fields: Mapping[str, FieldType | None]
    keep: Keep = Keep()


def groups(document: Document, known: Known) -> tuple[Group, ...]:
    """Return the entries of *document* that are whole; what is wrong with any becomes a fault of the document."""
    entries = [(at, entry) for at, entry in enumerate(document.data.get("groups", [])) if entry is not None]
    found: dict[int, Group] = {}
    for at, entry in entries:
        group = _group(document, at, entry, known)
        _refuse_twin(document, at, group, found)
        if group.match:
            _refuse_shadowed(document, at, group, found)
        found[at] = group
    return tuple(group for group in found.values() if group.name and group.match and group.formats)


def kept(days: str | None, otherwise: int | None = None) -> int | None:
    """Return the number of *days* as ``14d`` says it, None for ``forever``; without *days* what is said *otherwise*."""
    if days is None:
        return otherwise
    return None if days == "forever" else int(days[:-1])


def _group(document: Document, at: int, entry: Mapping[str, Any], known: Known) -> Group:
    path: Keys = ("groups", at)
    keep = entry.get("keep", {})
    return Group(
        name=entry.get("name", ""),
        match=_globs(entry.get("match", ())),
        exclude=_globs(entry.get("except", ())),
        formats=tuple(_formats(document, (*path, "formats"), entry.get("formats", ()), known)),
        set=checked_constants(document, entry.get("set", {}), (*path, "set"), known.settable),
        keep=Keep(
            logs=kept(keep.get("logs"), known.keep.logs),
            says_logs="logs" in keep or known.keep.says_logs,
            index=kept(keep.get("index"), known.keep.index),
            end_never_expires=keep.get("end_never_expires", False),
        ),
        subscribe=entry.get("subscribe", True),
        drop=tuple(_drop(document, (*path, "drop"), entry.get("drop", ()), known)),
        raw=entry.get("raw", "keep") == "keep",
    )


def _globs(written: str | Sequence[str | None]) -> tuple[str, ...]:
    return (written,) if isinstance(written, str) else tuple(glob for glob in written if glob is not None)


def _formats(document: Document, path: Keys, written: Sequence[str | None], known: Known) -> Iterator[str]:
    for at, name in enumerate(written):
        if name is None:
            continue
        if name not in known.formats:
            message = f"`{name}` is no format, neither declared nor built in{suggestion(name, known.formats)}"
            document.refuse((*path, at), "unknown-format", message)
        yield name


def _drop(document: Document, path: Keys, written: Sequence[str | None], known: Known) -> Iterator[Predicate]:
    for at, text in enumerate(written):
        predicate = where.read(document, (*path, at), text, known.fields) if text is not None else None
        if predicate is not None:
            yield predicate


def _refuse_twin(document: Document, at: int, group: Group, before: Mapping[int, Group]) -> None:
    first = next((other for other, twin in before.items() if group.name and twin.name == group.name), None)
    if first is not None:
        line = document.source.place(("groups", first, "name"))[0]
        message = f"`{group.name}` is the name of the group in line {line} already; give each its own"
        document.refuse(("groups", at, "name"), "duplicate-group", message)


def _refuse_shadowed(document: Document, at: int, group: Group, before: Mapping[int, Group]) -> None:
    """Refuse *group* if each name that it matches belongs to an entry *before* it."""
    takers = [
        next((other for other, rival in before.items() if _takes(rival, glob, group)), None) for glob in group.match
    ]
    if None in takers:
        return
    names = " and ".join(dict.fromkeys(named(("groups", other or 0), document.source.data) for other in takers))
    message = f"no log group is left for {named(('groups', at), document.source.data)}: {names} before it takes all"
    advice = "; put it first, or take its log groups out there by `except`"
    document.refuse(("groups", at), "shadowed-group", message + advice)


def _takes(rival: Group, glob: str, group: Group) -> bool:
    """Say whether *rival* matches all that *glob* of *group* does; what either leaves out is left out of that."""
    left = (
        out
        for out in rival.exclude
        if globs.meet(out, glob) and not any(globs.covers(own, out) for own in group.exclude)
    )
    return any(globs.covers(wide, glob) for wide in rival.match) and next(left, None) is None
