"""Ownership: two lists of groups as what changes in each entry, and which log groups pass from one to another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logshape.contract import globs
from logshape.proof.differences import (
    Added,
    Aspect,
    Changed,
    Removed,
    Verdict,
    always,
    compared,
    gravest,
    is_shorter,
    spelled_days,
    spelled_predicates,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logshape.contract.model import Contract, Group
    from logshape.proof.differences import Change

_NOBODY: Final = "no entry"
_MOVED: Final = "the log groups that this moves are told as `log groups`"


def group_changes(old: Contract, new: Contract) -> Iterator[Change]:
    """Yield what is different in entries of one name, and which log groups another entry takes."""
    was, now = ({group.name: group for group in contract.groups} for contract in (old, new))
    for name in was.keys() & now.keys():
        yield from compared("group", name, (was[name], now[name]), GROUP)
    for name in now.keys() - was.keys():
        yield Added(kind="group", name=name, after=sorted(now[name].match), effect="safe", why=_MOVED)
    for name in was.keys() - now.keys():
        yield Removed(kind="group", name=name, before=sorted(was[name].match), effect="safe", why=_MOVED)
    before, after = ([name for name in names if name in was and name in now] for names in (was, now))
    if before != after:
        yield Changed(kind="groups", name="order", before=before, after=after, effect="safe", why=_MOVED)
    yield from _moves(old, new)


def _moves(old: Contract, new: Contract) -> Iterator[Changed]:
    """Yield one change for each two entries between which log groups pass, named by such log groups."""
    passed: dict[tuple[str, str], tuple[str, Verdict]] = {}
    for names in _regions(old, new):
        was, now = _owner(old, names), _owner(new, names)
        pair = was.name if was else _NOBODY, now.name if now else _NOBODY
        if pair[0] != pair[1] and pair not in passed:
            counts = tuple(_counted(one, owner) for one, owner in ((old, was), (new, now)))
            passed[pair] = names, gravest([_judge_move(was, now), _judge_counts(*counts)])
    for (before, after), (names, verdict) in passed.items():
        yield Changed(kind="log groups", name=names, before=before, after=after, effect=verdict.effect, why=verdict.why)


def _regions(old: Contract, new: Contract) -> list[str]:
    """Return globs for log groups that entries may tell apart: those written, and what two of them have in common."""
    entries = [{group.name: (group.match, group.exclude) for group in one.groups} for one in (old, new)]
    if list(entries[0].items()) == list(entries[1].items()):
        return []
    written = {glob for one in entries for own in one.values() for globs_ in own for glob in globs_}
    settled = {name for name in entries[0] if entries[0][name] == entries[1].get(name)}
    ordered = [[name for name in one if name in settled] for one in entries]
    if ordered[0] != ordered[1]:
        settled = set()
    loose = {
        glob for one in entries for name, own in one.items() if name not in settled for globs_ in own for glob in globs_
    }
    return sorted(written | {both for glob in loose for other in written if (both := globs.common(glob, other))})


def _owner(contract: Contract, names: str) -> Group | None:
    """Return the first entry that takes all log groups that the glob *names* matches."""
    for group in contract.groups:
        out = any(globs.covers(glob, names) for glob in group.exclude)
        if not out and any(globs.covers(glob, names) for glob in group.match):
            return group
    return None


def _judge_move(was: Group | None, now: Group | None) -> Verdict:
    if now is None:
        return _judge_leaving(was)
    if was is None:
        return _judge_coming(now)
    found = [
        change for change in compared("group", now.name, (was, now), GROUP) if change.part not in ("match", "except")
    ]
    if not found:
        return Verdict("safe", "both entries say the same of them")
    verdicts = (Verdict(one.effect, f"`{one.part}` becomes {_shown(one.after)} for them: {one.why}") for one in found)
    return gravest(verdicts)


def _counted(contract: Contract, group: Group | None) -> set[str]:
    """Return the metrics of *contract* that count lines of *group* together with those of others."""
    return {
        metric.name for metric in contract.metrics if group and group.name in metric.groups and not metric.per_group
    }


def _judge_counts(was: set[str], now: set[str]) -> Verdict:
    if was == now:
        return Verdict("safe", "the same metrics count their lines")
    names = ", ".join(f"`{name}`" for name in sorted(was ^ now))
    return Verdict("moves an alarm", f"{names} counts their lines in one of the two contracts alone")


def _judge_leaving(was: Group | None) -> Verdict:
    if was is None or not was.subscribe:
        return Verdict("safe", "they were not subscribed; their retention stays")
    return Verdict("deletes data", "they are subscribed no longer: neither archive nor index gets their lines")


def _judge_coming(now: Group) -> Verdict:
    if now.keep.logs is not None and now.keep.end_never_expires:
        why = f"CloudWatch deletes what is older than {now.keep.logs} days, where it kept all for ever"
        return Verdict("deletes data", why)
    return Verdict("safe", "they come under the contract; `logshape plan` shows whose retention gets shorter by that")


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else f"`{value}`"


def judge_keep_index(was: Group | Contract, now: Group | Contract) -> Verdict:
    """Say what a changed `keep.index` does: periods carry it in their names."""
    if is_shorter(was.keep.index, now.keep.index):
        return Verdict(
            "deletes data", "what is older is indexed no longer, and `apply` deletes the periods that are over"
        )
    why = "periods are named by it: those that are there keep the old name, and what is sent again gets a second copy"
    return Verdict("re-index", why)


def _judge_keep_logs(was: Group, now: Group) -> Verdict:
    if is_shorter(was.keep.logs, now.keep.logs):
        return Verdict("deletes data", "CloudWatch deletes what is older, once `apply --allow-shorten` is run")
    return Verdict("safe", "CloudWatch keeps longer what it has")


def _judge_never(_was: Group, now: Group) -> Verdict:
    if now.keep.end_never_expires and now.keep.logs is not None:
        return Verdict("deletes data", f"`apply` sets {now.keep.logs} days on log groups that keep all for ever")
    return Verdict("safe", "it sets no retention that was not set before")


def _judge_subscribe(_was: Group, now: Group) -> Verdict:
    if now.subscribe:
        return Verdict("safe", "archive and index get its lines from now on")
    return Verdict("deletes data", "neither archive nor index gets its lines any longer")


def _judge_drop(was: Group, now: Group) -> Verdict:
    if set(spelled_predicates(now.drop)) <= set(spelled_predicates(was.drop)):
        return Verdict("safe", "archive and index get more lines than before")
    return Verdict("deletes data", "lines that were kept until now reach no store any longer")


def _judge_raw(_was: Group, now: Group) -> Verdict:
    if now.raw:
        return Verdict("safe", "the archive keeps lines as they came from now on")
    return Verdict(
        "deletes data", "the archive keeps lines as they came no longer, so that no later contract can read them again"
    )


_READ_ON: Final = "its lines are read so from now on; what is stored stays as it was read"
GROUP: Final = (
    Aspect("match", always("safe", _MOVED), sorted),
    Aspect("exclude", always("safe", _MOVED), sorted, "except"),
    Aspect("formats", always("safe", _READ_ON)),
    Aspect("set", always("safe", _READ_ON)),
    Aspect("keep.logs", _judge_keep_logs, spelled_days),
    Aspect("keep.says_logs", always("safe", "retention that the contract does not say stays as it is")),
    Aspect("keep.index", judge_keep_index, spelled_days),
    Aspect("keep.end_never_expires", _judge_never),
    Aspect("subscribe", _judge_subscribe),
    Aspect("drop", _judge_drop, spelled_predicates),
    Aspect("raw", _judge_raw, lambda raw: "keep" if raw else "never"),
)
