"""How the index's sink sends bulk bodies, and what it makes of every answer that a cluster can give."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from logshape.connections import NoAnswer, Reply
from logshape.sinks import Again, Answer, Document, Poison, Stop
from logshape.sinks.opensearch import BULK, Index
from tests.wires import INDEX, TEMPLATE, body, created, document, ids

if TYPE_CHECKING:
    from collections.abc import Callable

NO_TEMPLATE = '{"error":{"type":"resource_not_found_exception","reason":"index template matching"},"status":404}'
IMMENSE = 'Document contains at least one immense term in field="order_id"'


class Cluster:
    """The other end of the wire: a template and an answer to each bulk body."""

    def __init__(self, bulk: Callable[[bytes], Reply | NoAnswer], template: Reply | NoAnswer | None = None) -> None:
        """Answer each bulk body by *bulk*."""
        self.asked: list[tuple[str, str]] = []
        self.bodies: list[bytes] = []
        self.template = template or Reply(status=200, body=TEMPLATE)
        self._bulk = bulk

    def request(self, method: str, path: str, sent: bytes | None, seconds: float) -> Reply | NoAnswer:
        """Be what `connections.opensearch` returns."""
        assert seconds > 0
        self.asked.append((method, path))
        if sent is None:
            return self.template
        self.bodies.append(sent)
        return self._bulk(sent)

    def write(self, *parcels: bytes, seconds: float = 5.0) -> Answer:
        """Write *parcels* through a new sink."""
        return Index(self.request, "logs-shop").write(parcels, time.monotonic() + seconds)


def all_created(bulk: bytes) -> Reply:
    """Return the answer of a cluster that has just stored *bulk*."""
    return Reply(status=200, body=created(bulk).decode())


def told(*items: tuple[str, int, str, str]) -> Reply:
    """Return a 200 with items of id, status, error's type and reason."""
    answers = [
        {"create": {"_id": i, "status": status, **({"error": {"type": kind, "reason": reason}} if kind else {})}}
        for i, status, kind, reason in items
    ]
    return Reply(status=200, body=json.dumps({"items": answers}))


def refused(status: int, kind: str = "", after: float = 0.0) -> Reply:
    """Return an answer that refuses a request as a whole."""
    text = json.dumps({"error": {"type": kind, "reason": "why"}, "status": status}) if kind else "<html>no</html>"
    return Reply(status=status, body=text, after=after)


def test_created_documents_are_stored_and_known_ones_are_duplicates() -> None:
    """409 for a create is success: the id is the event's, and a replay writes nothing twice."""
    cluster = Cluster(lambda bulk: Reply(status=200, body=created(bulk, {"2": 409}).decode()))

    answer = cluster.write(body("1", "2"), body("3"))

    assert answer == Answer(stored=2, known=(body("2"),))
    assert cluster.bodies == [body("1", "2", "3")]
    assert cluster.asked == [("GET", "/_index_template/logs-shop"), ("POST", BULK)]


@pytest.mark.parametrize(
    ("status", "kind", "reason", "verdict"),
    [
        (429, "rejected_execution_exception", "busy", Again),
        (500, "exception", "", Again),
        (503, "unavailable_shards_exception", "", Again),
        (429, "cluster_block_exception", "index [x] blocked by: [TOO_MANY_REQUESTS/12/disk usage]", Stop),
        (403, "cluster_block_exception", "index read-only", Stop),
        (400, "index_closed_exception", "closed", Stop),
        (400, "validation_exception", "this action would add [2] total shards", Stop),
        (400, "strict_dynamic_mapping_exception", "mapping set to strict", Stop),
        (400, "illegal_argument_exception", "Limit of total fields [1000] has been exceeded", Stop),
        (404, "index_not_found_exception", "no such index", Stop),
        (401, "security_exception", "", Stop),
        (403, "security_exception", "", Stop),
    ],
)
def test_an_item_is_judged_by_its_own_answer(status: int, kind: str, reason: str, verdict: type[Again | Stop]) -> None:
    """What is called poison is never sent again, so only a value's own fault may be; the neighbour is stored."""
    cluster = Cluster(lambda _: told(("1", status, kind, reason), ("2", 201, "", "")))

    answer = cluster.write(body("1", "2"))

    assert answer == Answer(stored=1, failures=(verdict(parcel=body("1"), rule=f"index-{kind}"),))


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("mapper_parsing_exception", "failed to parse field [status] of type [integer]"),
        ("illegal_argument_exception", IMMENSE),
    ],
)
def test_a_value_that_no_mapping_takes_is_poison(kind: str, reason: str) -> None:
    """It would be refused for ever, and it must not hold up the others."""
    cluster = Cluster(lambda _: told(("1", 201, "", ""), ("2", 400, kind, reason)))

    answer = cluster.write(body("1", "2"))

    assert answer == Answer(stored=1, failures=(Poison(parcel=body("2"), rule=f"index-{kind}", reason=reason),))


@pytest.mark.parametrize(
    ("reply", "rule"),
    [
        (NoAnswer(reason="ConnectionTimeout"), "index-no-answer-ConnectionTimeout"),
        (Reply(status=200, body="<html>sign in</html>"), "index-unreadable-answer"),
        (Reply(status=200, body='{"items":[{"create":{"_id":"1","sta'), "index-unreadable-answer"),
        (Reply(status=200, body='{"items":"none"}'), "index-unreadable-answer"),
        (Reply(status=200, body=""), "index-unreadable-answer"),
        (refused(429, "rejected_execution_exception"), "index-rejected_execution_exception"),
        (refused(502), "index-502"),
        (refused(503), "index-503"),
        (refused(504), "index-504"),
    ],
)
def test_a_request_of_which_nothing_is_known_is_sent_again(reply: Reply | NoAnswer, rule: str) -> None:
    """Ids make a second create harmless; a document that is taken for stored and is not is lost."""
    answer = Cluster(lambda _: reply).write(body("1", "2"))

    assert answer == Answer(failures=(Again(parcel=body("1", "2"), rule=rule),))


def test_what_the_server_asks_to_wait_is_passed_on() -> None:
    """Whoever has the patience decides whether it lasts that long."""
    answer = Cluster(lambda _: refused(503, after=7.0)).write(body("1"))

    assert answer == Answer(failures=(Again(parcel=body("1"), rule="index-503", after=7.0),))


def test_what_is_asked_beside_items_counts_for_those_that_are_sent_again() -> None:
    """A proxy may say it with a 200."""
    reply = Reply(status=200, body=created(body("1", "2"), {"2": 429}).decode(), after=3.0)

    answer = Cluster(lambda _: reply).write(body("1", "2"))

    assert answer == Answer(stored=1, failures=(Again(parcel=body("2"), rule="index-429", after=3.0),))


def test_a_short_list_of_items_leaves_the_rest_unknown() -> None:
    """opensearch-py's helpers lose these documents."""
    answer = Cluster(lambda _: told(("1", 201, "", ""))).write(body("1", "2", "3"))

    failures = tuple(Again(parcel=body(i), rule="index-short-answer") for i in ("2", "3"))
    assert answer == Answer(stored=1, failures=failures)


def test_an_item_of_another_document_says_nothing() -> None:
    """An answer that is shifted by one would pass off the refused one as stored."""
    answer = Cluster(lambda _: told(("2", 201, "", ""), ("2", 201, "", ""))).write(body("1", "2"))

    assert answer == Answer(stored=1, failures=(Again(parcel=body("1"), rule="index-other-document"),))


@pytest.mark.parametrize("status", [401, 403, 404, 406, 301])
def test_a_request_that_a_person_must_see_to_stops_the_sink(status: int) -> None:
    """None of these is a document's fault, and none passes by itself."""
    answer = Cluster(lambda _: refused(status)).write(body("1", "2"))

    assert answer == Answer(failures=(Stop(parcel=body("1", "2"), rule=f"index-{status}", whole=True),))


def test_a_blocked_cluster_stops_the_sink_although_it_answers_429() -> None:
    """A disk that is full does not empty itself while a Lambda function waits."""
    answer = Cluster(lambda _: refused(429, "cluster_block_exception")).write(body("1"))

    assert answer == Answer(failures=(Stop(parcel=body("1"), rule="index-cluster_block_exception", whole=True),))


def test_an_empty_list_of_items_shuts_nothing_out() -> None:
    """It says nothing of any document, and so nothing of the cluster either."""
    answer = Cluster(lambda _: told()).write(body("1", "2"))

    failures = tuple(Again(parcel=body(i), rule="index-short-answer") for i in ("1", "2"))
    assert answer == Answer(failures=failures)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(429, "cluster_block_exception"), (403, "cluster_block_exception"), (403, "security_exception")],
)
def test_what_shuts_out_every_document_of_a_call_stops_the_sink(status: int, kind: str) -> None:
    """A full disk and a missing right are told item by item, and are no document's fault."""
    answer = Cluster(lambda _: told(("1", status, kind, ""), ("2", status, kind, ""))).write(body("1", "2"))

    stops = tuple(Stop(parcel=body(i), rule=f"index-{kind}", whole=True) for i in ("1", "2"))
    assert answer == Answer(failures=stops)


def test_a_body_too_large_is_halved_until_it_fits() -> None:
    """A cluster's limit may be lower than ours, and 413 names no document."""
    cluster = Cluster(lambda bulk: Reply(status=413, body="") if len(ids(bulk)) > 2 else all_created(bulk))

    answer = cluster.write(body(*"abcde"))

    assert answer == Answer(stored=5)
    assert [ids(sent) for sent in cluster.bodies] == [[*"abcde"], ["a", "b"], ["c", "d", "e"], ["c"], ["d", "e"]]


def test_a_document_that_is_too_large_alone_is_poison() -> None:
    """Its neighbours are stored, and no later try makes it smaller."""
    cluster = Cluster(lambda bulk: Reply(status=413, body="") if "c" in ids(bulk) else all_created(bulk))

    answer = cluster.write(body(*"abcd"))

    poison = Poison(parcel=body("c"), rule="index-document-too-large", reason="HTTP 413 for it alone")
    assert answer == Answer(stored=3, failures=(poison,))


def test_a_400_for_the_whole_body_finds_the_document_and_poisons_nothing() -> None:
    """One id over 512 bytes refuses the whole request; only the kinds of a value's fault are poison."""
    kind = "action_request_validation_exception"
    cluster = Cluster(lambda bulk: refused(400, kind) if "b" in ids(bulk) else all_created(bulk))

    answer = cluster.write(body(*"abcd"))

    assert answer == Answer(stored=3, failures=(Stop(parcel=body("b"), rule=f"index-{kind}"),))


def test_a_400_that_is_not_the_clusters_own_is_not_halved() -> None:
    """A proxy that speaks TLS only would be sent every document by itself."""
    cluster = Cluster(lambda _: refused(400))

    answer = cluster.write(body("1", "2"))

    assert answer == Answer(failures=(Stop(parcel=body("1", "2"), rule="index-400", whole=True),))
    assert cluster.bodies == [body("1", "2")]


def test_halving_ends_with_the_time() -> None:
    """An invocation must not outlive its deadline over a cluster that refuses everything."""
    cluster = Cluster(lambda _: Reply(status=413, body=""))

    answer = cluster.write(body("1", "2"), seconds=-1.0)

    assert answer == Answer(failures=(Again(parcel=body("1", "2"), rule="index-no-time-left"),))
    assert cluster.bodies == []


@pytest.mark.parametrize(
    "template", [Reply(status=404, body=NO_TEMPLATE), Reply(status=200, body='{"index_templates":[]}')]
)
def test_without_the_template_no_index_is_created(template: Reply) -> None:
    """The cluster would guess a mapping from the first document, and every later one would be read by that guess."""
    cluster = Cluster(all_created, template)

    answer = cluster.write(body("1"))

    assert answer == Answer(failures=(Stop(parcel=body("1"), rule="index-without-template"),))
    assert cluster.bodies == []


def test_only_documents_that_the_template_does_not_cover_stop() -> None:
    """A new keep class waits for `apply`; the classes that are there do not."""
    cluster = Cluster(all_created)

    answer = cluster.write(body("1"), body("2", index="logs-shop-30d-2025.10.31"))

    stop = Stop(parcel=body("2", index="logs-shop-30d-2025.10.31"), rule="index-without-template")
    assert answer == Answer(stored=1, failures=(stop,))
    assert cluster.bodies == [body("1")]


@pytest.mark.parametrize("template", [refused(403, "security_exception"), Reply(status=404, body="not here")])
def test_a_cluster_that_shows_no_template_is_believed_to_have_it(template: Reply) -> None:
    """The right to read templates is not the right to write documents; it is asked for once a container."""
    cluster = Cluster(all_created, template)
    index = Index(cluster.request, "logs-shop")

    answers = [index.write([body(i)], time.monotonic() + 5) for i in ("1", "2")]

    assert answers == [Answer(stored=1), Answer(stored=1)]
    assert [method for method, _ in cluster.asked] == ["GET", "POST", "POST"]


@pytest.mark.parametrize("template", [refused(503), NoAnswer(reason="ConnectionError")])
def test_a_cluster_too_busy_to_show_its_template_is_asked_again(template: Reply | NoAnswer) -> None:
    """The bulk request tells how the cluster is; the template is still unknown."""
    cluster = Cluster(all_created, template)
    index = Index(cluster.request, "logs-shop")

    for event_id in ("1", "2"):
        index.write([body(event_id)], time.monotonic() + 5)

    assert [method for method, _ in cluster.asked] == ["GET", "POST", "GET", "POST"]


def test_bodies_are_joined_up_to_five_mebibytes() -> None:
    """One request for what is left of many, and none that a small instance refuses."""
    index = Index(Cluster(all_created).request, "logs-shop")
    large = b"x" * (2 * 1024 * 1024)

    assert [len(call) for call in index.calls([large] * 5)] == [2, 2, 1]
    assert index.calls([]) == []


def test_the_first_document_of_a_body_is_parted_from_the_rest() -> None:
    """One document is what a sink is asked with when nobody knows how it is."""
    index = Index(Cluster(all_created).request, "logs-shop")

    assert index.parted(body("1", "2", "3")) == [body("1"), body("2", "3")]
    assert index.parted(body("1")) == [body("1")]


def test_a_body_comes_apart_into_documents_with_their_index() -> None:
    """The index's name must be kept: it comes from the event's time, which the document alone does not decide."""
    index = Index(Cluster(all_created).request, "logs-shop")

    documents = index.documents(body("1", "2"))

    assert documents == [Document(event_id=i, body=document(i), index=INDEX) for i in ("1", "2")]
    assert index.count(body("1", "2")) == 2
