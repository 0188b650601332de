"""Metric changes: two contracts' metrics as what makes them count otherwise, and so moves the alarms on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from logshape.artefacts import metric_filters
from logshape.errors import Unsayable
from logshape.proof.differences import Added, Aspect, Changed, Removed, Verdict, always, compared, spelled_predicate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logshape.contract.model import Alarm, Contract, Metric
    from logshape.proof.differences import Change

_OTHERWISE: Final = "it counts otherwise than before, and what watches it compares the two"


def metric_changes(old: Contract, new: Contract) -> Iterator[Change]:
    """Yield what is different in the declared metrics."""
    was, now = ({metric.name: metric for metric in contract.metrics} for contract in (old, new))
    for name in was.keys() & now.keys():
        declared = list(compared("metric", name, (was[name], now[name]), METRIC))
        yield from declared or _filter_change(name, *(_patterns(one, name) for one in (old, new)))
    for name in now.keys() - was.keys():
        why = "nothing watches it yet"
        yield Added(kind="metric", name=name, after=spelled_predicate(now[name].where), effect="safe", why=why)
    for name in was.keys() - now.keys():
        why = "no filter counts it any longer, and what watches it sees no data"
        before = spelled_predicate(was[name].where)
        yield Removed(kind="metric", name=name, before=before, effect="moves an alarm", why=why)


def _filter_change(name: str, was: dict[str, list[str]], now: dict[str, list[str]]) -> Iterator[Changed]:
    """Yield a change if the filters of a metric say something else, though the metric is declared as before."""
    groups = [group for group in was if group in now and was[group] != now[group]]
    if groups:
        before, after = ([f"{group}: {pattern}" for group in groups for pattern in one[group]] for one in (was, now))
        why = "formats, fields or constants that it asks are others, so that it counts other lines"
        yield Changed(
            kind="metric", name=name, part="filters", before=before, after=after, effect="moves an alarm", why=why
        )


def _patterns(contract: Contract, name: str) -> dict[str, list[str]]:
    """Return the filter patterns of the metric *name* by entry; what no filter can say has none."""
    alone = replace(contract, metrics=tuple(metric for metric in contract.metrics if metric.name == name))
    found: dict[str, list[str]] = {}
    for group in contract.groups:
        try:
            found[group.name] = [call["filterPattern"] for call in metric_filters.calls(alone, group)]
        except Unsayable:
            found[group.name] = []
    return found


def _judge_groups(was: Metric, now: Metric) -> Verdict:
    if now.per_group and set(was.groups) <= set(now.groups):
        return Verdict("safe", "each entry has a metric of its own, and nothing watches the new ones yet")
    return Verdict("moves an alarm", "lines of other entries count")


def _judge_alarm(was: Metric, now: Metric) -> Verdict:
    if was.alarm is None:
        return Verdict("safe", "the metric had none")
    if now.alarm is None:
        return Verdict("moves an alarm", "it is deleted, and nobody is told any longer")
    return Verdict("moves an alarm", "it rings for other numbers than before")


def _spelled_alarm(alarm: Alarm | None) -> object:
    return None if alarm is None else {"over": alarm.over, "within": f"{alarm.within // 60}m"}


METRIC: Final = (
    Aspect("where", always("moves an alarm", _OTHERWISE), spelled_predicate),
    Aspect("groups", _judge_groups, sorted, "in"),
    Aspect("value", always("moves an alarm", _OTHERWISE)),
    Aspect("unit", always("moves an alarm", "CloudWatch keeps apart what was measured in another unit")),
    Aspect("default", always("moves an alarm", "minutes in which none is counted have another number, or none")),
    Aspect("by", always("moves an alarm", "with other dimensions it is another metric")),
    Aspect("per_group", always("moves an alarm", "it is one metric for all entries, or one for each"), label="per"),
    Aspect(
        "via_ingest",
        always("moves an alarm", "ingest publishes a line at least once and later, a filter once"),
        label="via",
    ),
    Aspect("alarm", _judge_alarm, _spelled_alarm),
)
