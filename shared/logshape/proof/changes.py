"""Changes: two contracts as what tells the new one from the old, each change with its effect on what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from logshape.artefacts import glue, index_template
from logshape.contract.paths import spelled, spelled_need
from logshape.proof.differences import (
    Added,
    Aspect,
    Changed,
    Removed,
    Verdict,
    always,
    compared,
    is_shorter,
    spelled_days,
)
from logshape.proof.metric_changes import metric_changes
from logshape.proof.ownership import group_changes, judge_keep_index

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from logshape.contract.model import Contract, Detector, Format, Line
    from logshape.proof.differences import Change

_READ_ON: Final = "lines that come from now on are read so; what is stored stays as it was read"


def changes(old: Contract, new: Contract) -> list[Change]:
    """
    Return what is different in *new*, sorted by kind, name and part; empty when the two mean the same.

    Examples and the order in which formats, keys or `match` are written mean nothing here.
    """
    found = [
        *compared("contract", new.name, (old, new), CONTRACT),
        *_field_changes(old, new),
        *_format_changes(old, new),
        *group_changes(old, new),
        *metric_changes(old, new),
    ]
    return sorted(found, key=lambda change: (change.kind, change.name, change.part))


def is_refused(old: Contract, new: Contract, found: list[Change]) -> bool:
    """Say whether one of the changes *found* is not safe and *new* has no higher version, by which records tell."""
    return new.version <= old.version and any(change.effect != "safe" for change in found)


def _judge_version(was: Contract, now: Contract) -> Verdict:
    if now.version > was.version:
        return Verdict("safe", "each record says by which version it was shaped")
    why = "of two copies of an event the archive answers with that of the higher version, which is the older one then"
    return Verdict("new table", why)


def _judge_archive(was: Contract, now: Contract) -> Verdict:
    if is_shorter(was.keep_archive, now.keep_archive):
        return Verdict("deletes data", "the bucket's lifecycle deletes what is older")
    return Verdict("safe", "what is there is kept longer")


_TEMPLATE: Final = "periods that are created from now on have it; those that are there keep theirs"

_REDACTED: Final = "lines that come from now on are redacted so; what is stored stays as it is"


def _detectors(detectors: tuple[Detector, ...]) -> list[str | dict[str, str]]:
    return [_detector(detector) for detector in detectors]


def _detector(detector: Detector) -> str | dict[str, str]:
    """Spell *detector* as `redact` does: its name, if that says all."""
    said = {"pattern": detector.pattern, "check": detector.check}
    said["as"] = detector.action if detector.action != "mask" else None
    written = {key: value for key, value in said.items() if value is not None}
    return {"name": detector.name, **written} if written else detector.name


CONTRACT: Final = (
    Aspect(
        "name",
        always("new table", "table, indexes, metrics, filters and alarms carry it: all begin anew beside the old ones"),
    ),
    Aspect("version", _judge_version),
    Aspect("keep_archive", _judge_archive, spelled_days, "keep.archive"),
    Aspect("keep.logs", always("safe", "entries of `groups` that take it are told by themselves"), spelled_days),
    Aspect("keep.says_logs", always("safe", "entries of `groups` that take it are told by themselves")),
    Aspect("keep.index", judge_keep_index, spelled_days),
    Aspect("index.period", always("re-index", "periods get other names, and what is sent again gets a second copy")),
    Aspect("index.shards", always("safe", _TEMPLATE)),
    Aspect("index.replicas", always("safe", _TEMPLATE)),
    Aspect("index.refresh", always("safe", _TEMPLATE)),
    Aspect("redact", always("safe", _REDACTED), _detectors),
)


def _field_changes(old: Contract, new: Contract) -> Iterator[Change]:
    was, now = ({field.name: field for field in contract.fields} for contract in (old, new))
    stores = _Stores(old, new)
    aspects = (Aspect("type", lambda field, _now: stores.judge(field.name)), *FIELD)
    for name in was.keys() & now.keys():
        yield from compared("field", name, (was[name], now[name]), aspects)
    for name in now.keys() - was.keys():
        why = "older rows and documents have null there; the column goes behind those that are there"
        yield Added(kind="field", name=name, after=now[name].type, effect="safe", why=why)
    for name in was.keys() - now.keys():
        why = "columns are only ever appended, so the one that is there needs a table without it; documents keep theirs"
        yield Removed(kind="field", name=name, before=was[name].type, effect="new table", why=why)
    before, after = ([name for name in names if name in was and name in now] for names in (was, now))
    if before != after:
        why = "Parquet and the mapping know a field by its name"
        yield Changed(kind="fields", name="order", before=before, after=after, effect="safe", why=why)


class _Stores:
    """What the stores of two contracts hold each field as."""

    def __init__(self, old: Contract, new: Contract) -> None:
        self._columns = tuple({column["Name"]: column["Type"] for column in glue.columns(one)} for one in (old, new))
        templates = (index_template.derive(one)["template"]["mappings"]["properties"] for one in (old, new))
        self._mappings: tuple[dict[str, Any], ...] = tuple(templates)

    def judge(self, name: str) -> Verdict:
        """Say what the change of *name*'s type does: to the column, else to the mapping."""
        was, now = (columns[name] for columns in self._columns)
        if was != now:
            return Verdict(
                "new table", f"the column is `{was}` in the files that are there, and they cannot be read as `{now}`"
            )
        was, now = (mappings[name]["type"] for mappings in self._mappings)
        if was != now:
            return Verdict(
                "re-index", f"periods that are there are mapped as `{was}`, and a mapping cannot become `{now}`"
            )
        return Verdict("safe", "both stores hold it as before")


_WORDS: Final = "it is said to people, and stores hold the same"
FIELD: Final = (
    Aspect("why", always("safe", _WORDS)),
    Aspect("unit", always("safe", _WORDS)),
    Aspect("range", always("safe", "stores hold the same; filters that compare the field are told by their metric")),
    Aspect("example", always("safe", _WORDS)),
    Aspect("redact", always("safe", _REDACTED)),
)


def _format_changes(old: Contract, new: Contract) -> Iterator[Change]:
    why = "the entries of `groups` that read by it are told by themselves"
    for name in old.formats.keys() & new.formats.keys():
        facts = old.formats[name], new.formats[name]
        yield from compared("format", name, facts, FORMAT)
        yield from _key_changes(name, *map(_keys, facts))
    for name in new.formats.keys() - old.formats.keys():
        yield Added(kind="format", name=name, after=_written(new.formats[name]), effect="safe", why=why)
    for name in old.formats.keys() - new.formats.keys():
        yield Removed(kind="format", name=name, before=_written(old.formats[name]), effect="safe", why=why)


def _key_changes(name: str, was: Mapping[str, list[str]], now: Mapping[str, list[str]]) -> Iterator[Change]:
    for field in sorted(was.keys() | now.keys()):
        before, after = was.get(field, [field]), now.get(field, [field])
        if before != after:
            part = f"json.{field}"
            yield Changed(kind="format", name=name, part=part, before=before, after=after, effect="safe", why=_READ_ON)


def _keys(format_: Format) -> dict[str, list[str]]:
    """Return the paths of each field that is read by more than the key of its own name, which needs no word."""
    written = {key.field: [spelled(path) for path in key.paths] for key in format_.json or ()}
    return {field: paths for field, paths in written.items() if paths != [field]}


def _lines(lines: tuple[Line, ...]) -> list[object]:
    return [
        {"line": line.template.source, "like": line.like, "set": line.set}
        if line.like or line.set
        else line.template.source
        for line in lines
    ]


def _written(format_: Format) -> list[object]:
    """Return how lines of *format_* are written, which is enough to know it by."""
    return [*_lines(format_.lines), *(["json"] if format_.json is not None else [])]


FORMAT: Final = tuple(
    Aspect(attribute, always("safe", _READ_ON), *spell)
    for attribute, *spell in (
        ("lines", _lines, "line"),
        ("reads_json",),
        ("needs", lambda needs: [spelled_need(need) for need in needs]),
        ("pairs", lambda pairs: [template.source for template in pairs]),
        ("levels",),
        ("words",),
        ("nulls",),
        ("zone",),
        ("set",),
    )
)
