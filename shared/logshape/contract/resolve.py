"""Resolve: drafts of formats, each with what it takes from the one that it extends, as complete formats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from logshape.contract.fields import FROM_LINES
from logshape.contract.levels import DEFAULT_SPELLINGS
from logshape.contract.model import Format, Key, Path
from logshape.contract.quotes import quoted
from logshape.contract.templates import holes
from logshape.contract.wording import named, suggestion

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from logshape.contract.drafts import Draft
    from logshape.contract.model import Field
    from logshape.contract.templates import Template

T = TypeVar("T")

_OWN_OR_PARENTS: Final = ("needs", "pairs", "levels", "words", "nulls", "zone", "set")


def inherited(drafts: Mapping[str, Draft]) -> dict[str, Draft]:
    """Return *drafts* with what they inherit; an unknown parent or a cycle is a fault, and gives nothing."""
    done: dict[str, Draft] = {}
    for name in drafts:
        for heir in reversed(_ancestry(name, drafts)):
            if heir not in done:
                parent = done.get(drafts[heir].extends or "")
                done[heir] = _with(drafts[heir], parent) if parent else drafts[heir]
    for name, draft in drafts.items():
        _refuse_hollow(done[name], draft)
    return {name: done[name] for name in drafts}


def completed(draft: Draft, fields: Mapping[str, Field]) -> Format:
    """Return the format of *draft*; in JSON each field of a line and each of *fields* reads the key of its own name."""
    keys = dict(draft.json) if draft.json is not None else None
    if keys is not None:
        for name in (*FROM_LINES, *fields):
            keys.setdefault(name, (Path(steps=(name,)),))
    lines = (example.line for example in (*draft.examples, *draft.inherited_examples))
    return Format(
        name=draft.name,
        lines=draft.lines,
        json=None if keys is None else tuple(Key(field=name, paths=paths) for name, paths in keys.items()),
        needs=draft.needs or (),
        pairs=draft.pairs or (),
        levels=draft.levels or DEFAULT_SPELLINGS,
        words=draft.words or {},
        nulls=draft.nulls or (),
        zone=draft.zone,
        set=draft.set or {},
        examples=draft.examples,
        quoted=quoted(lines, keys or {}, fields, draft.json or {}),
    )


def _ancestry(name: str, drafts: Mapping[str, Draft]) -> list[str]:
    """Return *name*, its parent, that one's parent; faults are told of *name* alone."""
    line = [name]
    while (parent := drafts[line[-1]].extends) is not None:
        if parent == name:
            way = " → ".join(f"`{step}`" for step in (*line, name))
            message = f"the format extends itself, {way}; take one `extends` out"
            drafts[name].document.refuse((*drafts[name].path, "extends"), "extends-cycle", message)
        if parent in line:
            return line
        if parent not in drafts:
            if len(line) == 1:
                _refuse_parent(drafts[name], parent, drafts)
            return line
        line.append(parent)
    return line


def _refuse_parent(draft: Draft, parent: str, drafts: Mapping[str, Draft]) -> None:
    if parent not in draft.document.names("formats"):
        message = f"`{parent}` is no format, neither declared nor built in{suggestion(parent, drafts)}"
        draft.document.refuse((*draft.path, "extends"), "unknown-format", message)


def _with(own: Draft, parent: Draft) -> Draft:
    """Return *own* with its own templates and paths before the *parent*'s, and what it does not say from there."""
    json = own.json
    if own.json is not None or parent.json is not None:
        first, then = own.json or {}, parent.json or {}
        json = {name: _once((*first.get(name, ()), *then.get(name, ()))) for name in (*first, *then)}
    rest = {key: getattr(parent, key) for key in _OWN_OR_PARENTS if getattr(own, key) is None}
    shown = (*parent.examples, *parent.inherited_examples)
    return msgspec.structs.replace(own, lines=(*own.lines, *parent.lines), json=json, inherited_examples=shown, **rest)


def _once(items: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(items))


def _refuse_hollow(draft: Draft, own: Draft) -> None:
    """Refuse a template of its *own* that needs what the *draft*, parents included, does not have."""
    for line, place in zip(own.lines, own.places, strict=True):
        for shape, has in (("json", draft.json is not None), ("pairs", bool(draft.pairs))):
            if not has and _holds(line.template, shape):
                text = line.template.source
                message = f"`{{*:{shape}}}` stands in {named(place)}, and the format has no `{shape}`; declare it"
                own.document.refuse(place, "wrong-template", message, column=text.find(f"{{*:{shape}") + 1)


def _holds(template: Template, shape: str) -> bool:
    return any(hole.shape == shape for hole in holes(template.parts))
