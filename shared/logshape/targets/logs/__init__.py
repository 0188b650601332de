"""Turns a contract into retention, filters and saved queries of CloudWatch Logs."""

from collections.abc import Mapping
from typing import Final

from logshape.targets.logs import account, permission
from logshape.targets.logs.target import RATES, Logs
from logshape.targets.logs.writing import ACTIONS as WRITES

__all__ = ["RATES", "READS", "WRITES", "Logs"]

READS: Final[Mapping[str, tuple[str, ...]]] = {**account.ACTIONS, **permission.ACTIONS}
"""What `find` needs."""
