"""Whatever is on a cluster: only what is ours and over is deleted, and what was applied needs nothing more."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from logshape.connections import Reply
from logshape.contract.model import Contract, Group, Index, Keep
from logshape.contract.periods import DAY_MS, index_name, span_of
from logshape.plan import Delete, diff
from logshape.targets.opensearch import OpenSearch

FIRST, LAST = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp() * 1000) for year in (2024, 2028))
TIMES = st.integers(FIRST, LAST)
KEEPS = st.sampled_from((None, 1, 14, 400))
CONTRACTS = st.builds(
    lambda name, period, keeps: Contract(
        version=1,
        name=name,
        fields=(),
        formats={},
        groups=tuple(
            Group(name=f"g{at}", match=(f"/{at}",), formats=(), keep=Keep(index=keep)) for at, keep in enumerate(keeps)
        ),
        index=Index(period=period),
    ),
    st.sampled_from(("shop", "shop-eu", "shop-eu-2")),
    st.sampled_from(("day", "week", "month")),
    st.lists(KEEPS, min_size=1, max_size=3),
)
NAMES = st.builds(index_name, CONTRACTS, KEEPS, TIMES) | st.sampled_from(("logs-shop", "logs-shop-14d-2024.01.01-2"))


class Cluster:
    """A cluster that holds indexes by name, each with its fields, and obeys."""

    def __init__(self, names: set[str]) -> None:
        """Begin with indexes that have no fields."""
        self.templates: dict[str, Any] = {}
        self.indexes: dict[str, dict[str, Any]] = {name: {} for name in names}

    def request(self, method: str, path: str, body: bytes | None, seconds: float) -> Reply:
        """Answer as OpenSearch does."""
        del seconds
        told: Any = json.loads(body) if body else {}
        match method, path.split("?", maxsplit=1)[0].split("/")[1:]:
            case "GET", ["_index_template"]:
                found = [{"name": name, "index_template": one} for name, one in self.templates.items()]
                return Reply(status=200, body=json.dumps({"index_templates": found}))
            case "GET", [pattern]:
                named = {name: one for name, one in self.indexes.items() if name.startswith(pattern.rstrip("*"))}
                shown = {name: {"settings": {}, "mappings": {"properties": one}} for name, one in named.items()}
                return Reply(status=200, body=json.dumps(shown))
            case "PUT", ["_index_template", name]:
                self.templates[name] = told
            case "PUT", [name, "_mapping"]:
                self.indexes[name] |= told["properties"]
            case "PUT", [name]:
                self.indexes[name] = told["mappings"]["properties"]
            case "DELETE", [name]:
                del self.indexes[name]
        return Reply(status=200, body="{}")


@given(CONTRACTS, st.sets(NAMES, max_size=12), TIMES)
def test_only_what_is_ours_and_over_goes(contract: Contract, names: set[str], now_ms: int) -> None:
    """An index is a team's memory: a wrong deletion is found out when it is needed."""
    cluster = Cluster(names)
    target = OpenSearch(cluster.request, now_ms)
    found = target.find(contract, None)
    changes = diff(found.resources, target.wanted(contract, found))
    for change in changes:
        target.apply(change)

    gone = {change.resource.name for change in changes if isinstance(change, Delete)}
    assert gone == names - cluster.indexes.keys()
    assert gone == {name for name in names if (span := span_of(contract, name)) and span.is_over(now_ms)}
    assert all(cluster.indexes[name] == {} for name in names - gone if span_of(contract, name) is None)
    after = target.find(contract, None)
    assert diff(after.resources, target.wanted(contract, after)) == ()


@given(CONTRACTS, TIMES)
def test_an_event_finds_its_index_until_the_next_period_ends(contract: Contract, now_ms: int) -> None:
    """A govern that runs once in a period is enough."""
    cluster = Cluster(set())
    target = OpenSearch(cluster.request, now_ms)
    found = target.find(contract, None)
    for change in diff(found.resources, target.wanted(contract, found)):
        target.apply(change)

    soon = now_ms + {"day": 1, "week": 7, "month": 28}[contract.index.period] * DAY_MS
    wanted = {index_name(contract, group.keep.index, at) for group in contract.groups for at in (now_ms, soon)}
    assert wanted <= cluster.indexes.keys()
