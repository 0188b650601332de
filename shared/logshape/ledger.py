"""Counts that balance: where every event of an invocation ended, once for the archive and once for the index."""

from __future__ import annotations

import msgspec

from logshape.errors import UnbalancedLedger


class Ledger(msgspec.Struct, kw_only=True, omit_defaults=False):
    """
    The dispositions of the events that were received.

    Each event is counted in exactly one of the archive's counts and in exactly one of the index's, or in *filtered*,
    which stands for both. A sink that is switched off counts nothing and is not balanced.
    """

    received: int = 0
    filtered: int = 0
    archived: int = 0
    archive_spooled: int = 0
    archive_quarantined: int = 0
    indexed: int = 0
    duplicates: int = 0
    index_spooled: int = 0
    index_quarantined: int = 0
    index_expired: int = 0
    payloads_quarantined: int = 0

    def __add__(self, other: Ledger) -> Ledger:
        """Sum two ledgers, count by count."""
        return Ledger(**{name: getattr(self, name) + getattr(other, name) for name in self.__struct_fields__})

    @property
    def archive_accounted(self) -> int:
        """How many events ended somewhere, as the archive sees it."""
        return self.filtered + self.archived + self.archive_spooled + self.archive_quarantined

    @property
    def index_accounted(self) -> int:
        """How many events ended somewhere, as the index sees it."""
        index = self.indexed + self.duplicates + self.index_spooled + self.index_quarantined + self.index_expired
        return self.filtered + index

    def balance(self, *, archive: bool = True, index: bool = True) -> Ledger:
        """
        Return this ledger if every event is accounted for in each sink that is on.

        Raises:
            UnbalancedLedger: events came in that ended nowhere, or ended twice.

        """
        for sink, on, accounted in (
            ("archive", archive, self.archive_accounted),
            ("index", index, self.index_accounted),
        ):
            if on and accounted != self.received:
                message = f"{sink}: received {self.received} events, accounted for {accounted}: {self.counts()}"
                raise UnbalancedLedger(message)
        return self

    def counts(self) -> dict[str, int]:
        """Return the counts by name, in the order in which they are printed."""
        return msgspec.to_builtins(self)  # type: ignore[no-any-return] # a Struct becomes a dict, which mypy cannot know
