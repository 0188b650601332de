"""Documents: a file of the contract language, what its schema refuses taken out, and the faults found in it so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from logshape.contract import rules, schema, source
from logshape.errors import Advice, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from logshape.contract.rules import Fault, Judge
    from logshape.contract.source import Keys, Side, Source


class Document(msgspec.Struct, kw_only=True):
    """
    One file while it is judged.

    *data* holds only what has the right shape: in maps the rest is left out, in lists None stands for it. *names* says
    what the file declares whatever its shape, so that one fault does not become many.
    """

    source: Source
    data: Mapping[str, Any]
    faults: list[Fault]

    def names(self, section: str) -> tuple[str, ...]:
        """Return the keys of the map *section* as the file has them."""
        found = self.source.data.get(section) if isinstance(self.source.data, dict) else None
        return tuple(found) if isinstance(found, dict) else ()

    def refuse(self, path: Keys, rule: str, message: str, *, side: Side = "value", column: int = 1) -> None:
        """Add a fault of *rule* at *path*; whether it is a problem or advice, the rule says."""
        self.faults.append(rules.Fault(path, rule, message, side, column))

    def is_sound(self, *path: str | int) -> bool:
        """Say whether no fault at or below *path* takes its meaning away."""
        bad = (fault.path for fault in self.faults if not rules.RULES[fault.rule].optional)
        return not any(other[: len(path)] == path for other in bad)

    def problems(self, judges: frozenset[Judge]) -> list[Problem]:
        """Return all that is wrong with the file, but for what it silences, now that *judges* have judged."""
        found = self._placed(judges)
        return sorted([*self.source.problems, *(one for one in found if isinstance(one, Problem))])

    def advice(self, judges: frozenset[Judge]) -> list[Advice]:
        """Return what is right in the file and may still surprise, but for what it silences."""
        return sorted(one for one in self._placed(judges) if isinstance(one, Advice))

    def _placed(self, judges: frozenset[Judge]) -> Iterator[Problem | Advice]:
        return rules.placed(rules.silence(self.faults, self.source.data, judges), self.source)


def read(path: Path, file: str, part: schema.Part = "contract") -> Document:
    """
    Read *path*, which problems call *file*, and judge it by the schema of *part*.

    Raises:
        UnreadableInput: there is no such file, or it may not be read.

    """
    found = source.read(path, file)
    if found.data is None and found.problems:
        return Document(source=found, data={}, faults=[])
    faults = [fault for fault in schema.faults(found.data, part) if fault.path not in found.suspect]
    # A map that lacks a key is still worth reading.
    broken = {fault.path for fault in faults if fault.rule != "missing-key"} | found.suspect
    data = schema.without(found.data, broken) if isinstance(found.data, dict) else {}
    return Document(source=found, data=data, faults=faults)
