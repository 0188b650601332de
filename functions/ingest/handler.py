"""Turns what CloudWatch Logs sends to Lambda into archive rows, index documents and counts that balance."""

from __future__ import annotations

import os
import time
from typing import Final

from logshape import Pipeline, telemetry
from logshape.delivery import connected, deadline, declared, deliver

CONTRACT: Final = declared(os.environ)
PIPELINE: Final = Pipeline(
    CONTRACT,
    own_groups={os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME", "")} - {""},
    region=os.environ.get("AWS_REGION"),
)
SINKS, SPOOL = connected(CONTRACT, os.environ)


def handle(event: object, context: object) -> dict[str, int]:
    """Shape what CloudWatch Logs sent; archive it, index it, and balance the books."""
    shipment = PIPELINE.shape(event, now_ms=time.time_ns() // 1_000_000)
    ledger = deliver(shipment, SINKS, SPOOL, deadline(context))
    with SINKS.reserve.word:
        for sink in SINKS.on():
            telemetry.publish(ledger, sink.name, CONTRACT.name, breaker_open=SINKS.breakers[sink.name].is_open)
        telemetry.measured(shipment.measured, CONTRACT.name)
    return ledger.counts()
