"""Advice: what of a contract holds and will still surprise its author, as faults of rules that only advise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logshape.contract import globs
from logshape.contract.model import CORE_FIELDS, PLATFORM
from logshape.contract.predicates import Exists, Predicate, leaves
from logshape.contract.wording import listing
from logshape.lines.readers import reader_for
from logshape.proof.meeting import meet, shapes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logshape.contract.load import Reading
    from logshape.contract.model import Contract, Group, Metric

_LAMBDA: Final = "/aws/lambda/*"


def judge(reading: Reading) -> None:
    """Look through the contract of *reading*, if it has one; each advice becomes a fault of its document."""
    contract = reading.contract
    if contract is None:
        return
    _judge_redacted(reading, contract)
    for at, group in enumerate(contract.groups):
        for number, drop in enumerate(group.drop):
            names = listing(f"`{metric.name}`" for metric in _counting(contract, group, drop))
            if names:
                message = (
                    f"lines that this drops are counted all the same, for CloudWatch's filters of {names} see them; "
                    "take them out by the metric's `where`, if they should not count"
                )
                reading.document.refuse(("groups", at, "drop", number), "counted-drop", message)
        for metric in contract.metrics:
            given = [name for name in metric.by if name in group.set and group.name in metric.groups]
            if given:
                message = (
                    f"no line of group `{group.name}` says {listing(f'`{name}`' for name in given)}, which its `set` "
                    "gives: CloudWatch counts none of them; leave the group out by `in`, or use `per: group`"
                )
                reading.document.refuse(("metrics", metric.name, "by"), "given-dimension", message)
        if _leaves_platform(contract, group):
            message = (
                f"none of these reads START, END and REPORT, which Lambda writes to each log group of `{_LAMBDA}`: "
                f"they become `unparsed`; add {PLATFORM}"
            )
            reading.document.refuse(("groups", at, "formats"), "unread-platform", message)


def _judge_redacted(reading: Reading, contract: Contract) -> None:
    """Advise where a metric asks of a redacted field: its dimensions show it, unless ingest publishes them."""
    withheld = {field.name for field in contract.fields if field.redact}
    for metric in contract.metrics:
        by = () if metric.via_ingest else metric.by
        asked: dict[str, set[str | None]] = {
            "where": {leaf.field for leaf in leaves(metric.where.tree)},
            "value": {metric.value},
            "by": {*by},
        }
        for key, names in asked.items():
            found = listing(f"`{name}`" for name in sorted(withheld.intersection(names)))
            if found:
                shows = "shows it to all who see metrics" if key == "by" else "counts what nobody finds in the stores"
                message = f"the metric sees {found} as it was before it is redacted, and {shows}; ask for another field"
                reading.document.refuse(("metrics", metric.name, key), "redacted-metric", message)


def _counting(contract: Contract, group: Group, drop: Predicate) -> Iterator[Metric]:
    """Yield the metrics whose filters can count a line of *group* that *drop* takes out."""
    types = {field.name: field.type for field in (*CORE_FIELDS, *contract.fields)}
    for metric in contract.metrics:
        if group.name in metric.groups and not metric.via_ingest:
            measured = [Predicate("", Exists(name)) for name in (metric.value, *metric.by) if name]
            if any(meet((drop, metric.where, *measured), types, shape) for shape in shapes(contract, group)):
                yield metric


def _leaves_platform(contract: Contract, group: Group) -> bool:
    """Say whether *group* has functions' log groups alone, and no format that reads a line of the platform."""
    if not all(globs.covers(_LAMBDA, glob) for glob in group.match):
        return False
    fields = {field.name: field for field in (*CORE_FIELDS, *contract.fields)}
    readers = [reader_for(contract.formats[name], fields) for name in group.formats]
    lines = [example.line for example in contract.formats[PLATFORM].examples]
    return not any(read(line) is not None for line in lines for read in readers)
