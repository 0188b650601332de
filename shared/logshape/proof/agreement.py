"""
Agreement: the faults of metrics whose CloudWatch filters and our parser do not say the same of a line.

Every line is read as the whole group reads it, and shown to all filters of the metric there, as CloudWatch does. One on
which they disagree is a problem; where the line has a scalar of another type than its field's, it is advice.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec

from logshape.artefacts import metric_filters
from logshape.dialects.filter_pattern import group_problems, matcher, parse
from logshape.errors import Unsayable
from logshape.proof.lines import Made
from logshape.proof.places import spelled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from logshape.artefacts.arguments import Arguments
    from logshape.contract.load import Reading
    from logshape.contract.model import Contract, Group, Metric
    from logshape.contract.predicates import Predicate
    from logshape.dialects.filter_pattern import Match, Matcher
    from logshape.lines.records import Record
    from logshape.proof.bench import Bench

    Compile: TypeAlias = Callable[[Contract, Group], Sequence[Arguments]]

_LINES: Final = 1500  # that are made up for a contract, about, so that many metrics take no longer than few
_FEWEST, _MOST = 4, 40  # lines for one metric and one way in which a format writes


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """One call of PutMetricFilter, ready to be shown lines."""

    pattern: str
    match: Matcher
    value: str
    dimensions: dict[str, str]


class Counter(msgspec.Struct, frozen=True, kw_only=True):
    """The filters of one metric in one group, of which one must count each line that counts and says all of *by*."""

    filters: tuple[Filter, ...]
    by: tuple[str, ...]


def judge(reading: Reading, bench: Bench, compiled: Compile = metric_filters.calls) -> None:
    """
    Show examples and made-up lines to each metric's filters, which *compiled* gives; a disagreement is a fault.

    Of several lines that show one disagreement the shortest is told. A metric that cannot be compiled is a fault too,
    as is a group whose filters together are over a limit.
    """
    contract, panel = bench.contract, _Panel(bench)
    patterns: dict[str, list[str]] = {}
    for metric in _filtered(contract):
        found: list[tuple[Made, str]] = []
        for group in (group for group in contract.groups if group.name in metric.groups):
            try:
                calls = compiled(msgspec.structs.replace(contract, metrics=(metric,)), group)
            except Unsayable as fault:
                message = f"in group `{group.name}`, {fault}"
                reading.document.refuse(("metrics", metric.name, "where"), "uncountable", message, column=fault.column)
                continue
            patterns.setdefault(group.name, []).extend(call["filterPattern"] for call in calls)
            found += _Judge(panel, metric, group, calls).disagreements()
        for odd, message in _told(found):
            rule = "scalar-type" if odd else "disagreement"
            reading.document.refuse(("metrics", metric.name), rule, message, side="key")
    _judge_limits(reading, contract, patterns)


def _judge_limits(reading: Reading, contract: Contract, patterns: Mapping[str, Sequence[str]]) -> None:
    for at, group in enumerate(contract.groups):
        for breach in group_problems(patterns.get(group.name, ()), [""]):
            message = f"{breach.message}; narrow the `in` of some metrics"
            reading.document.refuse(("groups", at, "name"), "uncountable", message)


class _Panel:
    """What all metrics share: lines for each question, made once for all groups."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        formats = {group.name: group.formats for group in bench.contract.groups}
        asked = {
            (metric.where.source, name)
            for metric in _filtered(bench.contract)
            for group in metric.groups
            for name in formats[group]
        }
        ways = sum(bench.maker(name).ways for _, name in asked)
        self._most = min(_MOST, max(_FEWEST, _LINES // max(ways, 1)))
        self._lines: dict[tuple[str, str], list[Made]] = {}

    def lines(self, where: Predicate, format_: str) -> list[Made]:
        """Return examples and made-up lines of *format_* with *where* in mind."""
        key = where.source, format_
        if key not in self._lines:
            examples = (Made(example.line) for example in self.bench.contract.formats[format_].examples)
            self._lines[key] = [*examples, *self.bench.maker(format_).lines(self.bench.question(where), self._most)]
        return self._lines[key]


class _Judge:
    """One metric in one group, before the panel."""

    def __init__(self, panel: _Panel, metric: Metric, group: Group, calls: Sequence[Arguments]) -> None:
        self._panel = panel
        self._metric = metric
        self._group = group
        self._holds = panel.bench.question(metric.where).holds
        self._counters = tuple(_counters(metric, calls))

    def disagreements(self) -> Iterator[tuple[Made, str]]:
        """Yield each line on which filters and parser disagree, and how."""
        for name in self._group.formats:
            for made in self._panel.lines(self._metric.where, name):
                record = self._panel.bench.record(self._group, made.text)
                for counter in self._counters:
                    how = self._difference(counter, made.text, record)
                    if how is not None:
                        yield made, f"in group `{self._group.name}` {how}"

    def _difference(self, counter: Counter, line: str, record: Record) -> str | None:
        """Say how *counter* differs from *record*, or None where it does not."""
        found = [(one, match) for one in counter.filters if (match := one.match(line)) is not None]
        wanted = [name for name in (self._metric.value, *counter.by) if name is not None]
        counts = self._holds(record) and all(record.get(name) is not None for name in wanted)
        counts = counts and not any(name in self._group.set for name in counter.by)  # no line says it
        read = f"is read as `{record['format']}`"
        match found:
            case []:
                return f"{read} and counts, and no filter counts it" if counts else None
            case [(one, taken)] if counts:
                return self._misreport(one, taken, record)
            case [(one, _)]:
                return f"{read} and does not count, and the filter {spelled(one.pattern)} counts it"
            case _:
                several = " and ".join(spelled(one.pattern) for one, _ in found)
                return f"{read} and counts {'once' if counts else 'not'}, and {len(found)} filters count it: {several}"

    def _misreport(self, one: Filter, match: Match, record: Record) -> str | None:
        """Say what the filter *one* reports of a line that it rightly counts and the record has otherwise."""
        asked = {**({} if self._metric.value is None else {self._metric.value: one.value}), **one.dimensions}
        for name, selector in asked.items():
            reported = match.values.get(selector, selector)
            if not _same(reported, record[name]):
                return f"has {json.dumps(record[name])} in `{name}`, and the filter reports {reported}"
        return None


def _filtered(contract: Contract) -> list[Metric]:
    """Return the metrics that filters count; the others are the parser's own."""
    return [metric for metric in contract.metrics if not metric.via_ingest]


def _counters(metric: Metric, calls: Sequence[Arguments]) -> Iterator[Counter]:
    """Yield the filters of *metric* apart by the dimensions that they report; each kind counts for itself."""
    filters = [_filter(call) for call in calls]
    kinds = dict.fromkeys(bool(one.dimensions) for one in filters) or {bool(metric.by): None}
    for kind in kinds:
        of_kind = tuple(one for one in filters if bool(one.dimensions) is kind)
        yield Counter(filters=of_kind, by=metric.by if kind else ())


def _filter(call: Arguments) -> Filter:
    (transformation,) = call["metricTransformations"]
    pattern = call["filterPattern"]
    return Filter(
        pattern=pattern,
        match=matcher(parse(pattern)),
        value=transformation["metricValue"],
        dimensions=transformation.get("dimensions", {}),
    )


def _same(reported: str, value: Any) -> bool:  # noqa: ANN401 # whatever the record holds
    if isinstance(value, bool) or not isinstance(value, int | float):
        return reported == (value if isinstance(value, str) else json.dumps(value))
    try:
        return float(reported) == float(value)
    except ValueError:
        return False


def _told(found: Iterable[tuple[Made, str]]) -> Iterator[tuple[bool, str]]:
    """Yield the shortest of the problems and the shortest of the advices in *found*, as a message."""
    shortest: dict[bool, tuple[Made, str]] = {}
    for made, how in found:
        if made.odd not in shortest or len(made.text) < len(shortest[made.odd][0].text):
            shortest[made.odd] = made, how
    for odd, (made, how) in shortest.items():
        yield odd, f"the line {spelled(made.text)} {how}"
