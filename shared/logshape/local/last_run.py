"""Turns the books of a run into a file, and that file into books."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from logshape.errors import UnbalancedLedger, UnreadableInput
from logshape.ledger import Ledger

HOME: Final = Path(".logshape")
"""Where the pipeline on this machine keeps what it has, under the folder in which it is run."""


class Books(msgspec.Struct, frozen=True, kw_only=True):
    """
    Ledgers by log group, and which of the two sinks were on.

    *sent* is how many events each log group was sent, None where nobody knows. *redriven* is how many documents that
    had been spooled each sink has taken since.
    """

    groups: dict[str, Ledger]
    sent: dict[str, int] | None
    index: bool
    archive: bool = True
    redriven: dict[str, int] = {}

    @property
    def total(self) -> Ledger:
        """The sum of all groups."""
        return sum(self.groups.values(), start=Ledger())

    def balance(self) -> None:
        """
        Return if every event that was sent, as far as is known, was received, and every one received is accounted for.

        Raises:
            UnbalancedLedger: some are not; it says so for each log group.

        """
        faults = [fault for group in self.groups if (fault := self._fault(group))]
        if faults:
            raise UnbalancedLedger("\n".join(faults))

    def _fault(self, group: str) -> str | None:
        ledger = self.groups[group]
        sent = ledger.received if self.sent is None else self.sent.get(group, 0)
        if ledger.received != sent:
            return f"{group}: {sent} events were sent, {ledger.received} were received"
        try:
            ledger.balance(archive=self.archive, index=self.index)
        except UnbalancedLedger as error:
            return f"{group}: {error}"
        return None


def write(books: Books, home: Path) -> None:
    """Keep *books* as those of the last run."""
    home.mkdir(parents=True, exist_ok=True)
    _file(home).write_bytes(msgspec.json.format(msgspec.json.encode(books)) + b"\n")


def read(home: Path) -> Books:
    """
    Return the books of the last run.

    Raises:
        UnreadableInput: there was none.

    """
    try:
        return msgspec.json.decode(_file(home).read_bytes(), type=Books)
    except FileNotFoundError:
        raise UnreadableInput(f"{_file(home)}: not there; `logshape local run` writes it") from None
    except (OSError, msgspec.DecodeError) as error:
        raise UnreadableInput(f"{_file(home)}: {error}; `logshape local run` writes it anew") from error


def _file(home: Path) -> Path:
    return home / "last-run.json"
