"""Turns a contract into what each service wants: one module an artefact, all listed in one table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from logshape.artefacts import (
    alarms,
    dashboard,
    firehose,
    glue,
    index_template,
    metric_filters,
    retention,
    subscription_filters,
)
from logshape.artefacts.arguments import Arguments, bind, render

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from logshape.contract.model import Contract

    Compiler: TypeAlias = Callable[[Contract], Arguments | list[Arguments]]

__all__ = ["ARTEFACTS", "Arguments", "bind", "render"]

ARTEFACTS: Final[Mapping[str, Compiler]] = {
    "alarms": alarms.derive,
    "dashboard": dashboard.derive,
    "firehose": firehose.derive,
    "glue": glue.derive,
    "index-template": index_template.derive,
    "metric-filters": metric_filters.derive,
    "retention": retention.derive,
    "subscription-filters": subscription_filters.derive,
}
