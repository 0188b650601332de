"""Turns a schedule, a new log group or the stack's own life into an account that is as the contract wants it."""

from __future__ import annotations

import os

from logshape.delivery import deadline
from logshape.targets.govern import govern


def handle(event: object, context: object) -> dict[str, int]:
    """Plan and apply what *event* gives occasion to, answer CloudFormation, and count what was done."""
    # The contract is loaded inside: where it cannot be, CloudFormation is told.
    return govern(event, os.environ, deadline(context))
