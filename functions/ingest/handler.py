"""Turns what CloudWatch Logs sends, itself or through Kinesis, into archive rows, documents and balanced counts."""

from __future__ import annotations

import os
import time
from functools import partial
from typing import Any, Final

from logshape import telemetry
from logshape.delivery import connected, deadline, declared, pipeline, take

CONTRACT: Final = declared(os.environ)
PIPELINE: Final = pipeline(CONTRACT, os.environ)
SINKS, SPOOL = connected(CONTRACT, os.environ)


def handle(event: object, context: object) -> dict[str, Any]:
    """Shape what CloudWatch Logs sent; archive it, index it, and balance the books."""
    shape = partial(PIPELINE.shape, now_ms=time.time_ns() // 1_000_000)
    taken = take(event, shape, SINKS, SPOOL, deadline(context))
    with SINKS.reserve.word:
        for sink in SINKS.on():
            telemetry.publish(taken.books, sink.name, CONTRACT.name, breaker_open=SINKS.breakers[sink.name].is_open)
        telemetry.measured(taken.measured, CONTRACT.name)
        telemetry.redaction(taken.shortfall, CONTRACT.name)
    return taken.answer()
