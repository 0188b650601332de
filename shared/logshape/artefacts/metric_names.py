"""Turns a contract's metrics into the names by which CloudWatch knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logshape.contract.model import Contract, Metric


def namespace(contract: Contract) -> str:
    """Return the namespace of the metrics of *contract*."""
    return f"logshape/{contract.name}"


def metric_names(metric: Metric) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield each name of *metric* with the entries of ``groups`` that it counts: one over all, or one for each."""
    if metric.per_group:
        yield from ((metric.published(group), (group,)) for group in metric.groups)
    else:
        yield metric.name, metric.groups
