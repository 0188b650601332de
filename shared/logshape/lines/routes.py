"""Routes: what the payloads of one log stream have in common, found once for each stream."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, cast

import msgspec

from logshape.contract.levels import SEVERITY
from logshape.contract.model import Contract, Group  # noqa: TC001 # msgspec reads the annotations when it makes the class
from logshape.contract.periods import index_name
from logshape.lines import instants
from logshape.lines.conditions import any_of
from logshape.lines.measures import Measure, measures
from logshape.lines.readers import readers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from logshape.contract.levels import Level
    from logshape.contract.model import Field
    from logshape.lines.envelope import Payload
    from logshape.lines.records import Record

_REMEMBERED: Final = 4096  # streams that one container keeps in mind
_YEAR_MONTH_DAY: Final = 3


class Route(msgspec.Struct, kw_only=True, frozen=True):
    """How the events of one log stream are read, what is added to each, and where they go."""

    group: Group
    read: Callable[[str], Record]
    constants: Record
    service: str | None
    drops: Callable[[Record], bool] | None
    measures: tuple[Measure, ...]
    index_of: Callable[[str], str]


class Routes:
    """Finds the route of a payload; what is compiled for a group's entry is kept."""

    def __init__(self, contract: Contract, fields: Mapping[str, Field], region: str | None) -> None:
        """Route by *contract*, whose fields with the core's are *fields*; *region* is stamped on every record."""
        self._contract = contract
        self._fields = fields
        self._region = region
        self._stranger = contract.stranger
        self._readers: dict[str, Callable[[str], Record]] = {}
        self._routes: dict[tuple[str, str, str], Route] = {}

    def of(self, payload: Payload) -> Route:
        """Return the route of *payload*; a group that no entry matches has the contract's defaults."""
        key = (payload.owner, payload.log_group, payload.log_stream)
        route = self._routes.get(key)
        if route is None:
            if len(self._routes) >= _REMEMBERED:
                self._routes.clear()
            group = self._contract.group_for(payload.log_group) or self._stranger
            route = self._routes[key] = self._new(group, payload)
        return route

    def _new(self, group: Group, payload: Payload) -> Route:
        if group.name not in self._readers:
            formats = [self._contract.formats[name] for name in group.formats]
            self._readers[group.name] = readers(formats, self._fields, frozenset(group.set))
        constants: Record = {
            "account": payload.owner,
            "region": self._region,
            "log_group": payload.log_group,
            "log_stream": payload.log_stream,
            "contract_version": self._contract.version,
        }
        if "level" in group.set:
            constants["severity_number"] = SEVERITY[cast("Level", group.set["level"])]
        types = {name: field.type for name, field in self._fields.items()}
        return Route(
            group=group,
            read=self._readers[group.name],
            constants={name: value for name, value in constants.items() if value not in (None, "")} | group.set,
            service=None if "service" in group.set else service_of(payload.log_group, payload.log_stream),
            drops=any_of(group.drop, types) if group.drop else None,
            measures=measures(self._contract, group, types),
            index_of=partial(_index_of, self._contract, group.keep.index),
        )


def service_of(log_group: str, log_stream: str) -> str | None:
    """
    Return the name of the function that writes to *log_group*, or None where the names tell none.

    In a group of its own that is the group's; in a shared one the stream's, ``2025/10/31/<function>[<version>]…``.
    """
    if log_group.startswith("/aws/lambda/"):
        return log_group.removeprefix("/aws/lambda/") or None
    *date, last = log_stream.split("/", _YEAR_MONTH_DAY)
    name, bracket, _ = last.partition("[")
    dated = len(date) == _YEAR_MONTH_DAY and "".join(date).isdigit()
    return name if dated and bracket and name else None


def _index_of(contract: Contract, keep_days: int | None, day: str) -> str:
    """Return the name of the index of events of *day*, ``2025-10-31``."""
    return index_name(contract, keep_days, instants.epoch_ms(f"{day}T00:00:00.000Z"))
