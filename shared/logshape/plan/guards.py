"""Turns changes that would delete logs into things left as they are, unless somebody said that they may."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from logshape.plan.changes import Change, Create, Delete, Update
from logshape.plan.resources import Figures, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from logshape.contract.model import Contract

_DAY_MS: Final = 86_400_000
_UNITS: Final = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB")
_STEP: Final = 1024


def guarded(
    changes: Iterable[Change], contract: Contract, facts: Mapping[str, Figures], now_ms: int, *, allow_shorten: bool
) -> tuple[list[Change], list[Skipped]]:
    """
    Return *changes* without those that shorten a retention unasked, and these.

    No retention is for ever: N days on a log group older than that shorten it. What is allowed says in its reason what
    it deletes, by *facts*, which are known of each log group.
    """
    kept: list[Change] = []
    skipped: list[Skipped] = []
    for change in changes:
        name = change.resource.name
        loss = _loss(change, facts.get(name), now_ms)
        if loss is None:
            kept.append(replace(change, reason=_lasts(change)) if change.resource.kind == "retention" else change)
        elif allow_shorten or _may_end(change, contract):
            kept.append(replace(change, reason=loss))
        else:
            skipped.append(Skipped(name, f"{loss}; if that is meant, say --allow-shorten"))
    return kept, skipped


def _loss(change: Change, figures: Figures | None, now_ms: int) -> str | None:
    """Return what *change* deletes, in words; None when it deletes no logs."""
    if change.resource.kind != "retention" or isinstance(change, Delete) or figures is None:
        return None
    after = int(change.resource.body["retentionInDays"])
    before = int(change.before.body["retentionInDays"]) if isinstance(change, Update) else None
    age = max(0, now_ms - figures.born_ms) / _DAY_MS
    if (before is None and age <= after) or (before is not None and before < after):
        return None
    was = "for ever" if before is None else f"{before} days"
    return (
        f"shortens retention from {was} to {after} days; the log group is {age:.0f} days old "
        f"and holds {_size(figures.stored_bytes)}"
    )


def _lasts(change: Change) -> str:
    """Return in words how long logs were kept, and how long they will be, by a *change* of retention."""
    match change:
        case Create(resource=resource):
            return f"for ever → {resource.body['retentionInDays']} days, and nothing is older"
        case Update(before=before, after=after):
            return f"{before.body['retentionInDays']} → {after.body['retentionInDays']} days"
        case Delete(resource=resource):
            return f"{resource.body['retentionInDays']} days → for ever"


def _may_end(change: Change, contract: Contract) -> bool:
    """Say whether the contract itself lets *change* end what never expired."""
    group = contract.group_for(change.resource.name)
    return isinstance(change, Create) and group is not None and group.keep.end_never_expires


def _size(stored: int) -> str:
    size, unit = float(stored), 0
    while size >= _STEP and unit < len(_UNITS) - 1:
        size, unit = size / _STEP, unit + 1
    return f"{size:.1f} {_UNITS[unit]}" if unit else f"{stored} bytes"
