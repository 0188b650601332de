"""Index template and periods on the real OpenSearch node: installed, mended, created ahead, deleted in time."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
import pytest
from opensearchpy import OpenSearch

from logshape import connections
from logshape.artefacts import index_template
from logshape.contract.model import Contract, Field, Group, Index, Keep
from logshape.contract.periods import DAY_MS
from logshape.errors import OutsideFailure
from logshape.plan import Blocked, Create, Delete, Update, diff
from logshape.targets import opensearch as targets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logshape.connections import Request
    from logshape.local.opensearch import Endpoint
    from logshape.plan import Change

NAME = "target-test"
CONTRACT = Contract(
    version=1,
    name=NAME,
    fields=(Field(name="order_id", type="keyword", why="which order"),),
    formats={},
    groups=(
        Group(name="orders", match=("/orders",), formats=(), keep=Keep(index=14)),
        Group(name="audit", match=("/audit",), formats=(), keep=Keep()),
        Group(name="silent", match=("/silent",), formats=(), keep=Keep(index=3), subscribe=False),
    ),
    keep=Keep(index=90),
    index=Index(replicas=0),
)
TEMPLATE = f"logs-{NAME}"
NOW = int(datetime(2025, 10, 31, 12, tzinfo=UTC).timestamp() * 1000)
COMING = [
    f"logs-{NAME}-14d-2025.10.31",
    f"logs-{NAME}-14d-2025.11.01",
    f"logs-{NAME}-forever-2025.10.31",
    f"logs-{NAME}-forever-2025.11.01",
]
FOREIGN = (f"logs-{NAME}-eu-14d-2025.01.01", f"logs-{NAME}-14d-2025.01.01-copy", f"logs-{NAME}-14d-2025.01.32")


@pytest.fixture
def client(opensearch: Endpoint) -> Iterator[OpenSearch]:
    """Return a client of a node that holds nothing of this contract, nor of any that looks like it."""
    made = OpenSearch(hosts=[opensearch.url])
    yield made
    made.indices.delete(index=f"logs-{NAME}*", ignore_unavailable=True, expand_wildcards="all")
    for template in (TEMPLATE, "in-the-way"):
        made.indices.delete_index_template(name=template, ignore=404)
    made.close()


@pytest.fixture
def request_(opensearch: Endpoint, client: OpenSearch) -> Request:
    """Return the way to the node that a function or an operator has."""
    del client
    environ = {"LOGSHAPE_OPENSEARCH_URL": opensearch.url}
    made = connections.opensearch(environ, connections.Aws(environ), connections.CONTROL_SECONDS)
    assert made is not None
    return made


@pytest.fixture
def target(request_: Request) -> targets.OpenSearch:
    """Return the target at noon of the last day of October."""
    return targets.OpenSearch(request_, NOW)


def changes(target: targets.OpenSearch, contract: Contract = CONTRACT) -> tuple[Change, ...]:
    """Return what *contract* would change."""
    found = target.find(contract, None)
    return diff(found.resources, target.wanted(contract, found), {one.name for one in found.blocked})


def applied(target: targets.OpenSearch, contract: Contract = CONTRACT) -> list[tuple[str, str]]:
    """Make all changes, and return what was done to what."""
    done = changes(target, contract)
    for change in done:
        target.apply(change)
    return [(type(change).__name__, change.resource.name) for change in done]


def test_template_and_periods_are_installed(target: targets.OpenSearch, client: OpenSearch) -> None:
    """The first document of a day finds its index, and an entry that is not subscribed makes none."""
    assert applied(target) == [("Create", TEMPLATE), *(("Create", name) for name in COMING)]
    assert changes(target) == ()
    [mapping] = client.indices.get_mapping(index=COMING[0]).values()
    assert mapping["mappings"] == index_template.derive(CONTRACT)["template"]["mappings"] | {"dynamic": "false"}


def test_a_template_that_a_hand_changed_is_drift(target: targets.OpenSearch, client: OpenSearch) -> None:
    """The next period would have another mapping than the contract says, and nobody would know why."""
    applied(target)
    body = index_template.derive(CONTRACT)
    body["template"]["settings"]["index"]["refresh_interval"] = "1s"
    client.indices.put_index_template(name=TEMPLATE, body=body | {"version": 7})

    [drift] = changes(target)
    assert (type(drift), drift.resource.name, drift.reason) == (Update, TEMPLATE, "differs in template, version")
    applied(target)
    assert changes(target) == ()


def test_a_field_that_the_contract_adds_comes_into_every_period(target: targets.OpenSearch, client: OpenSearch) -> None:
    """Late events of last week have the new field too; what is there already stays as it is."""
    applied(target)
    client.indices.create(
        index=f"logs-{NAME}-14d-2025.10.20", body={"mappings": {"properties": {"paid": {"type": "keyword"}}}}
    )
    fields = (*CONTRACT.fields, Field(name="paid", type="boolean", why="whether money came"))
    contract = msgspec.structs.replace(CONTRACT, version=2, fields=fields)

    assert applied(target, contract) == [("Update", TEMPLATE), *(("Update", name) for name in COMING)]
    assert changes(target, contract) == ()
    mappings = client.indices.get_mapping(index=f"logs-{NAME}-14d-*,logs-{NAME}-forever-*")
    paid = {name: of["mappings"]["properties"]["paid"]["type"] for name, of in mappings.items()}
    assert paid == {f"logs-{NAME}-14d-2025.10.20": "keyword", **dict.fromkeys(COMING, "boolean")}


def test_a_period_that_takes_no_documents_gets_no_fields(target: targets.OpenSearch, client: OpenSearch) -> None:
    """A closed or frozen index would refuse them, and every plan would fail."""
    closed, frozen = (f"logs-{NAME}-14d-2025.10.{day}" for day in (20, 21))
    for index in (closed, frozen):
        client.indices.create(index=index)
    client.indices.close(index=closed)
    client.indices.add_block(index=frozen, block="write")
    applied(target)

    assert changes(target) == ()


def test_what_is_over_is_deleted_and_nothing_else(request_: Request, client: OpenSearch) -> None:
    """Whole names decide: another contract's index, a copy by hand, and a day that there is not are left alone."""
    over, closed = f"logs-{NAME}-14d-2025.10.16", f"logs-{NAME}-3d-2025.w40"
    kept = (f"logs-{NAME}-14d-2025.10.17", f"logs-{NAME}-31d-2025.09", f"logs-{NAME}-forever-2020.01.01")
    for index in (over, closed, *kept, *FOREIGN):
        client.indices.create(index=index)
    client.indices.close(index=closed)
    midnight = NOW // DAY_MS * DAY_MS
    applied(targets.OpenSearch(request_, midnight - 1))
    assert client.indices.exists(index=over)
    after = targets.OpenSearch(request_, midnight)

    deleted = [(change.resource.name, change.reason) for change in changes(after) if isinstance(change, Delete)]
    applied(after)

    assert deleted == [(over, "all of it is older than its name says that it is kept")]
    assert not client.indices.exists(index=closed, expand_wildcards="all")
    assert all(client.indices.exists(index=index) for index in (*kept, *FOREIGN))


def test_the_next_period_is_created_ahead(request_: Request) -> None:
    """At midnight thousands of functions would ask for it at once."""
    applied(targets.OpenSearch(request_, NOW))
    tomorrow = targets.OpenSearch(request_, NOW + DAY_MS)

    assert [(type(change), change.resource.name) for change in changes(tomorrow)] == [
        (Create, f"logs-{NAME}-14d-2025.11.02"),
        (Create, f"logs-{NAME}-forever-2025.11.02"),
    ]


def test_a_template_in_the_way_is_named(target: targets.OpenSearch, client: OpenSearch) -> None:
    """The cluster merges no two templates: it takes one, and says nothing."""
    body = {"index_patterns": [f"logs-{NAME}-*"], "priority": 500, "template": {}}
    client.indices.put_index_template(name="in-the-way", body=body)

    assert target.find(CONTRACT, None).blocked == (
        Blocked(
            TEMPLATE,
            "the index template `in-the-way` has patterns for the same indexes and priority 500, ours 500; give it a "
            "lower priority, or other patterns",
        ),
    )
    assert TEMPLATE not in {change.resource.name for change in changes(target)}
    client.indices.put_index_template(name="in-the-way", body=body | {"priority": 499})
    assert target.find(CONTRACT, None).blocked == ()


def test_to_apply_twice_does_no_harm(target: targets.OpenSearch) -> None:
    """A run that dies after a call makes the call again."""
    created = changes(target)
    for change in (*created, *created):
        target.apply(change)
    assert changes(target) == ()
    gone = [Delete(resource=change.resource, reason="") for change in created]
    for change in (*gone, *gone):
        target.apply(change)

    assert changes(target) == created


def test_what_cannot_be_done_names_call_and_resource(target: targets.OpenSearch) -> None:
    """The right that lacks is the name of the call, as IAM spells it."""
    [template] = [change.resource for change in changes(target) if change.resource.kind == "index-template"]
    wrong = msgspec.structs.replace(template, body={"index_patterns": []})

    with pytest.raises(OutsideFailure) as failed:
        target.apply(Create(resource=wrong, reason=""))
    assert str(failed.value) == (
        f"es:ESHttpPut of /_index_template/{TEMPLATE}: HTTP 400: illegal_argument_exception: "
        "There must be at least one pattern, zero given"
    )


def test_a_cluster_that_does_not_answer_is_a_failure_soon() -> None:
    """A plan over nothing would create all anew."""
    environ = {"LOGSHAPE_OPENSEARCH_URL": "http://127.0.0.1:1"}
    request = connections.opensearch(environ, connections.Aws(environ))
    assert request is not None
    began = time.monotonic()

    with pytest.raises(OutsideFailure, match=r"^es:ESHttpGet of /_index_template: no answer \(ConnectionError\)$"):
        targets.OpenSearch(request, NOW).find(CONTRACT, None)
    assert time.monotonic() - began < 10


def test_an_answer_of_somebody_else_is_no_empty_cluster() -> None:
    """A proxy that says 200 to everything knows of no template."""
    for body in ("<html>", "{}"):
        stranger = targets.OpenSearch(lambda *_, body=body: connections.Reply(status=200, body=body), NOW)  # type: ignore[misc] # a lambda

        with pytest.raises(OutsideFailure, match=r"^es:ESHttpGet of /_index_template: this is not OpenSearch's answer"):
            stranger.find(CONTRACT, None)
