"""Turns lines that are put into log groups into what CloudWatch's metric filters make of them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec

from logshape.dialects import filter_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from logshape.dialects.filter_pattern import Match

Name: TypeAlias = "tuple[str, str, tuple[str, ...]]"
"""A metric's namespace, its name and the names of its dimensions: other dimensions are another metric."""
_EVERYTHING: Final = ""


class Datum(msgspec.Struct):
    """What was published of one metric: how many values, and their sum."""

    count: int = 0
    sum: float = 0.0


class Metrics:
    """
    The metrics that filters have published so far, with whatever values their dimensions have.

    A filter is one of moto's: ``filterPattern`` and ``metricTransformations``. A line that a filter takes publishes a
    value, unless the value is to be taken from the line and is no number there. Dimensions take a line out only where
    it lacks one of them.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self.data: dict[Name, Datum] = defaultdict(Datum)

    def count(self, filters: Sequence[Mapping[str, Any]], messages: Iterable[str]) -> None:
        """Publish what *filters* make of *messages*, all of one log group."""
        made = [(filter_pattern.matcher(filter_pattern.parse(each["filterPattern"])), each) for each in filters]
        for message in messages:
            line = message.rstrip("\r\n")
            for takes, each in made:
                match = takes(line)
                if match is not None:
                    self._publish(each["metricTransformations"][0], match)

    def _publish(self, transformation: Mapping[str, Any], match: Match) -> None:
        value = _value(transformation["metricValue"], match)
        dimensions = transformation.get("dimensions") or {}
        if value is None or any(selector not in match.values for selector in dimensions.values()):
            return
        datum = self.data[transformation["metricNamespace"], transformation["metricName"], tuple(sorted(dimensions))]
        datum.count += 1
        datum.sum += value


def _value(written: str, match: Match) -> float | None:
    """Return the number that *written*, a metricValue, stands for; None where the line has none there."""
    try:
        return float(match.values[written] if written.startswith("$") else written)
    except (KeyError, ValueError):
        return None


def kept(pattern: str, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return those of *events* that a subscription filter with *pattern* sends on."""
    if pattern == _EVERYTHING:
        return events
    takes = filter_pattern.matcher(filter_pattern.parse(pattern))
    return [event for event in events if takes(event["message"].rstrip("\r\n")) is not None]
