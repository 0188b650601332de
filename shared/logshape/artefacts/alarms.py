"""Turns a contract's metrics that have an alarm into the arguments of CloudWatch's PutMetricAlarm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logshape.artefacts.arguments import ALARM_TOPIC
from logshape.artefacts.metric_names import metric_names, namespace

if TYPE_CHECKING:
    from logshape.artefacts.arguments import Arguments
    from logshape.contract.model import Alarm, Contract, Metric


_LONGEST: Final = 1024  # characters of a description, by PutMetricAlarm


def derive(contract: Contract) -> list[Arguments]:
    """
    Return one alarm for each name of each metric that has one, by name.

    It looks at the metric without dimensions, which holds the lines that lack one of them too.
    """
    alarms = (
        _call(contract, metric, metric.alarm, name)
        for metric in contract.metrics
        if metric.alarm is not None
        for name, _ in metric_names(metric)
    )
    return sorted(alarms, key=lambda alarm: str(alarm["AlarmName"]))


def alarm_name(contract: Contract, name: str) -> str:
    """Return the whole name by which *contract* knows the alarm on the metric *name*."""
    return f"logshape/{contract.name}/{name}"


def _call(contract: Contract, metric: Metric, alarm: Alarm, name: str) -> Arguments:
    counts = metric.value is None
    return {
        "AlarmName": alarm_name(contract, name),
        "AlarmDescription": _description(metric, alarm)[:_LONGEST],
        "ActionsEnabled": True,
        "AlarmActions": [ALARM_TOPIC],
        "Namespace": namespace(contract),
        "MetricName": name,
        "Statistic": "Sum" if counts else "Average",
        "Period": alarm.within,
        "EvaluationPeriods": 1,
        "DatapointsToAlarm": 1,
        "Threshold": float(alarm.over),
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",  # a minute without a line has none that is wrong
    }


def _description(metric: Metric, alarm: Alarm) -> str:
    if metric.value is None:
        return f"More than {alarm.over:g} lines within {_spelled(alarm.within)} where {metric.where.source}"
    return f"{metric.value} over {alarm.over:g} on average within {_spelled(alarm.within)} where {metric.where.source}"


def _spelled(seconds: int) -> str:
    minutes = seconds // 60
    return f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"
