"""A function that logs with Powertools."""

from __future__ import annotations

import json
import os
from typing import Any

from aws_lambda_powertools import Logger

from told import carry_out

LOGGER = Logger(level="DEBUG")
carry_out(json.loads(os.environ["CAPTURE_INIT"]), lambda _: LOGGER)


@LOGGER.inject_lambda_context(clear_state=True)
def handle(event: dict[str, Any], _context: object) -> dict[str, int]:
    """Carry out the steps of the event, with its keys on every line."""
    LOGGER.append_keys(**event["keys"])
    carry_out(event["steps"], lambda _: LOGGER)
    return {"statusCode": 200}
