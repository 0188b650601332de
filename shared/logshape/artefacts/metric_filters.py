"""Turns a contract's metrics into the arguments of CloudWatch Logs' PutMetricFilter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from logshape.artefacts.metric_names import metric_names, namespace
from logshape.artefacts.patterns import Question, filters
from logshape.dialects.filter_pattern import group_problems, show, show_selector
from logshape.dialects.filter_pattern.tree import Selector
from logshape.errors import Unsayable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logshape.artefacts.arguments import Arguments
    from logshape.artefacts.patterns import Filter
    from logshape.contract.model import Contract, Group, Metric


class Uncounted(msgspec.Struct, frozen=True):
    """A metric, or all of them, that CloudWatch cannot count in a group, and why; *column* is that in the predicate."""

    metric: str | None
    group: str
    message: str
    column: int = 1


def derive(contract: Contract) -> list[Arguments]:
    """
    Return one call for each filter and each glob of each entry, in the order in which entries are tried.

    A glob stands where an account's log group names will; which of them an entry takes, `arguments` says.

    Raises:
        Unsayable: a filter cannot say what a metric asks; `uncounted` names all.

    """
    return [
        {"logGroupName": glob, **call}
        for group in contract.groups
        for call in calls(contract, group)
        for glob in sorted(group.match)
    ]


def arguments(contract: Contract, log_group: str) -> list[Arguments]:
    """
    Return the calls for *log_group*; none when no metric asks it, or it is not ours.

    Raises:
        Unsayable: as `derive` does.

    """
    group = contract.group_for(log_group)
    return [{"logGroupName": log_group, **call} for call in calls(contract, group)] if group else []


def calls(contract: Contract, group: Group) -> list[Arguments]:
    """Return the calls for any log group of *group*, but for its name, by metric."""
    return [call for metric in contract.metrics for call in _of_metric(contract, metric, group)]


def uncounted(contract: Contract) -> Iterator[Uncounted]:
    """Yield what keeps `derive` from it: each metric that no filter of a group can say, and each group over a limit."""
    for group in contract.groups:
        patterns: list[str] = []
        for metric in contract.metrics:
            try:
                patterns += (call["filterPattern"] for call in _of_metric(contract, metric, group))
            except Unsayable as fault:
                yield Uncounted(metric.name, group.name, str(fault), fault.column)
        for breach in group_problems(patterns, [""]):
            yield Uncounted(None, group.name, breach.message)


def filter_name(contract: Contract, metric: Metric, number: int) -> str:
    """Return the whole name by which *contract* knows the filter of *metric* with *number*, counted from 1."""
    return f"logshape/{contract.name}/{metric.name}" + (f"/{number}" if number > 1 else "")


def _of_metric(contract: Contract, metric: Metric, group: Group) -> Iterator[Arguments]:
    name = next((name for name, groups in metric_names(metric) if group.name in groups), None)
    if name is None or metric.via_ingest:
        return
    where = metric.where.tree
    found = filters(Question(where=where, value=metric.value, by=metric.by), contract, group)
    if metric.by and metric.alarm is not None:  # an alarm looks at the metric without dimensions
        found += filters(Question(where=where, value=metric.value), contract, group)
    for number, each in enumerate(found, 1):
        yield {
            "filterName": filter_name(contract, metric, number),
            "filterPattern": show(each.pattern),
            "metricTransformations": [
                {
                    "metricName": name,
                    "metricNamespace": namespace(contract),
                    **_selected(metric, each),
                    **({"defaultValue": metric.default} if metric.default is not None and number == 1 else {}),
                    "unit": metric.unit,
                }
            ],
        }


def _selected(metric: Metric, one: Filter) -> Arguments:
    match one.selection.value:
        case None:
            value = "1"
        case float() as number:
            value = f"{number:g}"
        case steps:
            value = show_selector(Selector(steps))
    by = zip(metric.by, one.selection.by, strict=False)  # the one for the alarm has none
    dimensions = {name: show_selector(Selector(steps)) for name, steps in by}
    return {"metricValue": value, **({"dimensions": dimensions} if dimensions else {})}
