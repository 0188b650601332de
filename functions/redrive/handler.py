"""Turns messages that point at what waits into documents that are stored, and gives back those of what still waits."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

from logshape.delivery import deadline, declared, pipeline
from logshape.delivery.returns import means, redrive

if TYPE_CHECKING:
    from collections.abc import Mapping

CONTRACT: Final = declared(os.environ)
PIPELINE: Final = pipeline(CONTRACT, os.environ)
MEANS: Final = means(PIPELINE, os.environ)


def handle(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    """Send what waits to its sinks again; on a schedule, queue what no message points at."""
    return redrive(event, MEANS, deadline(context))
