"""A function that logs with Python's logging, in whatever format the runtime writes."""

from __future__ import annotations

import json
import logging
import os
from typing import Any

from told import carry_out

logging.getLogger().setLevel(logging.DEBUG)
carry_out(json.loads(os.environ["CAPTURE_INIT"]), logging.getLogger)


def handle(event: dict[str, Any], _context: object) -> dict[str, int]:
    """Carry out the steps of the event."""
    carry_out(event["steps"], logging.getLogger)
    return {"statusCode": 200}
