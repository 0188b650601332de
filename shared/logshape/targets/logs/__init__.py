"""Turns a contract into retention, filters and saved queries of CloudWatch Logs."""

from logshape.targets.logs.account import ACTIONS as READS
from logshape.targets.logs.target import RATES, Logs
from logshape.targets.logs.writing import ACTIONS as WRITES

__all__ = ["RATES", "READS", "WRITES", "Logs"]
