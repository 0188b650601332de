"""Turns what is there and what a contract wants into a plan: what will be done, by whose leave, and how it is shown."""

from logshape.plan.changes import Change, Create, Delete, Update, diff
from logshape.plan.plan import Plan
from logshape.plan.resources import KINDS, Blocked, Figures, Kind, Resource, Skipped, Target

__all__ = [
    "KINDS",
    "Blocked",
    "Change",
    "Create",
    "Delete",
    "Figures",
    "Kind",
    "Plan",
    "Resource",
    "Skipped",
    "Target",
    "Update",
    "diff",
]
