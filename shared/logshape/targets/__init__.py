"""Turns a contract into the changes that one service needs, and makes them: one module a service, by one protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

from logshape.plan import Blocked, Figures, Resource, Skipped
from logshape.plan import Target as Name

if TYPE_CHECKING:
    from logshape.contract.model import Contract
    from logshape.plan import Change

__all__ = ["Found", "Name", "Target"]


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """
    What a service holds of ours, and what is not touched, by the names of resources.

    *facts* are figures that move by themselves, by the name of the thing that has them; for CloudWatch Logs its keys
    are the log groups that are ours to change.
    """

    resources: tuple[Resource, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    blocked: tuple[Blocked, ...] = ()
    facts: dict[str, Figures] = {}


class Target(Protocol):
    """One service that is changed by plan and apply."""

    @property
    def name(self) -> Name:
        """What `--target` calls it."""

    def find(self, contract: Contract, glob: str | None) -> Found:
        """
        Read what is there of *contract*, and only that of log groups that *glob* matches where one is given.

        All pages are read. Names that are skipped or blocked are in no change.

        Raises:
            OutsideFailure: something could not be read, so that nothing can be planned; it names the call.

        """

    def wanted(self, contract: Contract, found: Found) -> list[Resource]:
        """Return what *contract* wants where *found* was found; nothing is read."""

    def apply(self, change: Change) -> None:
        """
        Make *change*; to make it again does no harm.

        Raises:
            OutsideFailure: it was not made, or nobody knows; it names the call and the resource.

        """
