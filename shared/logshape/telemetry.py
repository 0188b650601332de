"""Turns the ledger into metrics, and what went wrong into log lines: a few an invocation, with no word of an event."""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING, Final

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from logshape.ledger import Ledger
    from logshape.lines.measures import Measured
    from logshape.lines.redaction import Shortfall

SHARED: Final = ("received", "filtered", "payloads_quarantined")
"""Counts that stand for both sinks, and are published with each."""
COUNTS: Final[Mapping[str, tuple[str, ...]]] = {
    "archive": (*SHARED, "archived", "archive_spooled", "archive_quarantined"),
    "index": (*SHARED, "indexed", "duplicates", "index_spooled", "index_quarantined", "index_expired"),
}
"""The ledger's counts by the sink that they are of: the value of the dimension `sink`."""

BREAKER_OPEN: Final = "breaker_open"
REDRIVEN: Final = "redriven"
"""Metrics of each sink: whether it is spared, and how many documents were stored that had been spooled."""
UNHASHED: Final = "redaction_unhashed"
UNREDACTED: Final = "redaction_failed"
"""Metrics of a function: values masked for want of a key, and texts given up because looking through them failed."""


class _Stdout(logging.Handler):
    """Writes to what stdout is at that moment, so that a host can catch the lines of its handlers."""

    def emit(self, record: logging.LogRecord) -> None:
        sys.stdout.write(f"{self.format(record)}\n")


LOGGER: Final = Logger(service=os.environ.get("POWERTOOLS_SERVICE_NAME", "logshape"), logger_handler=_Stdout())


def publish(books: Mapping[str, Ledger], sink: str, contract: str, *, breaker_open: bool = False) -> None:
    """
    Print the counts of *books* that are of *sink* as EMF, a line for each log group, in the namespace of the stack.

    Dimensions are the function and the sink. The log group is a property: each would else cost a metric for every
    count. With the counts goes whether the sink's breaker is open, as 1 or 0: ask for its maximum.
    """
    for log_group, ledger in books.items():
        metrics = EphemeralMetrics(namespace=_namespace(contract), service="")  # with a service it would be a dimension
        metrics.add_dimension("function", os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "local"))
        metrics.add_dimension("sink", sink)
        metrics.add_metadata("log_group", log_group)
        counts = ledger.counts()
        for name in COUNTS[sink]:
            metrics.add_metric(name, MetricUnit.Count, counts[name])
        metrics.add_metric(BREAKER_OPEN, MetricUnit.NoUnit, breaker_open)
        metrics.flush_metrics()


def measured(found: Sequence[Measured], contract: str) -> None:
    """
    Print the metrics *found* of lines as EMF, in the namespace of *contract*.

    CloudWatch takes 100 values of a metric in a line; more become more lines. The time is that of printing.
    """
    for one in found:
        metrics = EphemeralMetrics(namespace=f"logshape/{contract}", service="")
        for name, value in one.dimensions.items():
            metrics.add_dimension(name, value)
        for number in one.values:
            metrics.add_metric(one.name, one.unit, number)
        metrics.flush_metrics()


def redaction(shortfall: Shortfall, contract: str) -> None:
    """Print how often redaction did less than the contract asks as one EMF line, if it did; the function is named."""
    found = {UNHASHED: shortfall.unhashed, UNREDACTED: shortfall.failed}
    if any(found.values()):
        metrics = EphemeralMetrics(namespace=_namespace(contract), service="")
        metrics.add_dimension("function", os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "local"))
        for name, value in found.items():
            metrics.add_metric(name, MetricUnit.Count, value)
        metrics.flush_metrics()


def breaker(sink: str, *, is_open: bool) -> None:
    """Log that *sink* is spared from now on, or that it answers again."""
    if is_open:
        LOGGER.warning("a sink does not answer, its documents are spooled unsent", extra={"sink": sink})
    else:
        LOGGER.info("a sink answers again", extra={"sink": sink})


def left(sink: str, rules: Mapping[str, int]) -> None:
    """Log how many documents *sink* did not take, by rule."""
    LOGGER.warning("documents were not taken", extra={"sink": sink, "documents": dict(sorted(rules.items()))})


def fault(sink: str, error: Exception) -> None:
    """Log a fault of ours in the course of *sink*: its kind and its place, for its text may quote an event."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = "?" if trace is None else f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
    LOGGER.error("a sink's course broke off", extra={"sink": sink, "error": type(error).__name__, "place": place})


def redriven(sink: str, tally: Mapping[str, int], contract: str) -> None:
    """Print what became of documents that were sent to *sink* again, as one EMF line."""
    metrics = EphemeralMetrics(namespace=_namespace(contract), service="")
    metrics.add_dimension("function", os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "local"))
    metrics.add_dimension("sink", sink)
    for name, count in tally.items():
        metrics.add_metric(name if name == REDRIVEN else f"redrive_{name}", MetricUnit.Count, count)
    metrics.flush_metrics()


def waiting(rules: Mapping[str, int], stopped: int, contract: str) -> None:
    """Log how many messages go back, by rule; print how many of them somebody must see to as EMF."""
    LOGGER.warning("messages go back", extra={"messages": dict(sorted(rules.items()))})
    metrics = EphemeralMetrics(namespace=_namespace(contract), service="")
    metrics.add_dimension("function", os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "local"))
    metrics.add_metric("redrive_stopped", MetricUnit.Count, stopped)
    metrics.flush_metrics()


def passed_over(address: str) -> None:
    """Log that nobody sends the object at *address* again."""
    LOGGER.warning("an object is of no kind that is sent again", extra={"object": address})


def trouble(what: str, error: Exception) -> None:
    """Log an *error* of ours, whose text holds nothing of an event."""
    LOGGER.error(what, extra={"error": str(error)})


def _namespace(contract: str) -> str:
    return os.environ.get("POWERTOOLS_METRICS_NAMESPACE", f"logshape/{contract}")
