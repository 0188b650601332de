"""The fault matrix: each case is a payload, what goes wrong while it is delivered, and where its events must be then."""

from __future__ import annotations

from functools import cache
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from tests.faults.faults import (
    HTML,
    Refusal,
    close_without_an_answer,
    drip,
    first,
    garbled,
    hang,
    hang_after_storing,
    hang_in_the_answer,
    items,
    larger_than,
    no_http,
    of_aws,
    of_s3,
    of_the_cluster,
    only,
    records,
    refuse_bodies,
    reset_before_the_body,
    reset_in_place_of_an_answer,
    reset_in_the_answer,
    reset_in_the_body,
    short_list,
    status,
    truncated,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.faults.wires import Fault, Wire

EVENTS = 12
SECONDS = 8.0
"""What an invocation has, unless waiting is the point: then less, for three of four seconds would teach nothing."""
REFUSED, UNKNOWN_HOST = "refused", "http://nowhere.invalid"
INDEX_URL, FIREHOSE_URL, S3_URL = "LOGSHAPE_OPENSEARCH_URL", "AWS_ENDPOINT_URL_FIREHOSE", "AWS_ENDPOINT_URL_S3"


class Ends(NamedTuple):
    """Where a sink's documents are when ingest has answered; the others are stored."""

    spooled: int = 0
    quarantined: int = 0


STORED, SPOOLED, QUARANTINED = Ends(), Ends(spooled=EVENTS), Ends(quarantined=EVENTS)


class Kill(NamedTuple):
    """SIGKILL at the call of number *at*, counted over all wires, before the store has it or *after*."""

    at: int
    after: bool
    every_time: bool = False


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """
    One row of the matrix.

    *addresses* stand in place of a healthy one. *raises* is the error of an invocation whose documents nobody could
    keep. *bulky* events make a Firehose record each. *redrive* goes wrong when the spool is sent
    again, which puts *poisoned* documents into quarantine.
    """

    name: str
    faults: Mapping[Wire, Fault] = {}
    addresses: Mapping[str, str] = {}
    archive: Ends = STORED
    index: Ends = STORED
    raises: str = ""
    seconds: float = SECONDS
    bulky: bool = False
    kill: Kill | None = None
    redrive: Mapping[Wire, Fault] = {}
    poisoned: int = 0
    kill_redrive: Kill | None = None


def some(event_id: str) -> bool:
    """Choose three of the twelve events."""
    return int(event_id) % 4 == 1


def every(event_id: str) -> bool:  # noqa: ARG001 # a choice, as `some` is one
    """Choose them all."""
    return True


# What passes by itself: after one time all is stored, and if it stays all is spooled.
PASSING: Mapping[str, Fault] = {
    "reset before the body": reset_before_the_body,
    "reset in the body": reset_in_the_body,
    "reset in place of an answer": reset_in_place_of_an_answer,
    "reset in the answer": reset_in_the_answer,
    "closed without an answer": close_without_an_answer,
    "another protocol": no_http,
    "500": status(500),
    "502 of a proxy": status(502, HTML),
    "503": status(503),
    "504": status(504),
}
"""Of any wire."""
WAITING: Mapping[str, Fault] = {
    "hang": hang,
    "hang after storing": hang_after_storing,
    "hang in the answer": hang_in_the_answer,
    "slow drip": drip,
    "bodies not read": refuse_bodies,
}
"""Of any wire: nothing comes, or too slowly."""

INDEX_PASSING: Mapping[str, Fault] = {
    "408": status(408),
    "429": status(429),
    "429 for a second": status(429, b"", ("retry-after", "1")),
    "429 by the cluster": of_the_cluster(429, "circuit_breaking_exception"),
    "503 by the cluster": of_the_cluster(503, "cluster_manager_not_discovered_exception"),
    "HTML with 200": status(200, HTML),
    "nothing with 200": status(200),
    "truncated JSON": garbled(truncated),
    "null": garbled(lambda _: None),
    "no items": garbled(lambda told: {**told, "items": []}),
    "ids of others": garbled(
        lambda told: {**told, "items": [{"create": {**item["create"], "_id": "x"}} for item in told["items"]]}
    ),
    "items in another order": garbled(lambda told: {**told, "items": told["items"][::-1]}),
    "items of another action": garbled(
        lambda told: {**told, "items": [{"index": item["create"]} for item in told["items"]]}
    ),
    "items without a status": garbled(
        lambda told: {**told, "items": [{"create": {"_id": item["create"]["_id"]}} for item in told["items"]]}
    ),
    "429 for each item": items(Refusal(429, "rejected_execution_exception", every)),
    "500 for each item": items(Refusal(500, "unavailable_shards_exception", every)),
    "502 for each item": items(Refusal(502, "bad_gateway", every)),
    "503 for each item": items(Refusal(503, "unavailable_shards_exception", every)),
    "504 for each item": items(Refusal(504, "timeout", every)),
}
INDEX_STOPPING: Mapping[str, Fault] = {
    "301": status(301, b"", ("location", "http://127.0.0.1:9/")),
    "401": status(401),
    "403": of_the_cluster(403, "security_exception"),
    "403 of a proxy": status(403, HTML),
    "404": status(404),
    "400 of a proxy": status(400, HTML),
    "400 by the cluster": of_the_cluster(400, "validation_exception", "this action would add [2] shards"),
    "read-only block": of_the_cluster(403, "cluster_block_exception", "index read-only"),
    "read-only block as 429": of_the_cluster(429, "cluster_block_exception", "disk usage exceeded flood-stage"),
    "read-only block of each item": items(Refusal(429, "cluster_block_exception", every, "index read-only")),
    "no such index, each item": items(Refusal(404, "index_not_found_exception", every)),
    "mapping behind the contract": items(
        Refusal(400, "strict_dynamic_mapping_exception", every, "of [x] is not allowed")
    ),
    "too many fields": items(
        Refusal(400, "illegal_argument_exception", every, "Limit of total fields [1000] has been exceeded")
    ),
    "too many shards": items(Refusal(400, "validation_exception", every, "this action would add [2] total shards")),
}
"""What only a person mends: all is spooled, nothing is poison."""
ARCHIVE_PASSING: Mapping[str, Fault] = {
    "429": of_aws(429, "TooManyRequestsException"),
    "throttled": of_aws(400, "ThrottlingException"),
    "limit exceeded": of_aws(400, "LimitExceededException"),
    "internal failure": of_aws(500, "InternalFailure"),
    "unavailable": of_aws(503, "ServiceUnavailableException"),
    "HTML with 200": status(200, HTML),
    "nothing with 200": status(200),
    "truncated JSON": garbled(truncated),
    "no list": garbled(lambda _: {"FailedPutCount": 0}),
    "an empty list": garbled(lambda told: {**told, "RequestResponses": []}),
    "failures that no record carries": garbled(lambda told: {**told, "FailedPutCount": 1}),
    "records without an id": garbled(lambda told: {**told, "RequestResponses": [{} for _ in told["RequestResponses"]]}),
    "failure of each record": records("ServiceUnavailableException", lambda _: True),
}
ARCHIVE_STOPPING: Mapping[str, Fault] = {
    "401": status(401),
    "403 of a proxy": status(403, HTML),
    "413": status(413),
    "denied": of_aws(400, "AccessDeniedException"),
    "token expired": of_aws(400, "ExpiredTokenException"),
    "no such stream": of_aws(400, "ResourceNotFoundException"),
    "key disabled": of_aws(400, "InvalidKMSResourceException"),
}
S3_PASSING: Mapping[str, Fault] = {
    "throttled": of_s3(503, "SlowDown"),
    "internal error": of_s3(500, "InternalError"),
}
S3_STOPPING: Mapping[str, Fault] = {
    "denied": of_s3(403, "AccessDenied"),
    "no such bucket": of_s3(404, "NoSuchBucket"),
    "token expired": of_s3(400, "ExpiredToken"),
    "HTML with 200": status(200, HTML),
}
BUSY = status(503)


@cache
def cases() -> tuple[Case, ...]:
    """Return the whole matrix."""
    return (*_index(), *_archive(), *_spool(), *_both(), *_redriving(), *_kills())


def _index() -> Iterator[Case]:
    for name, fault in (PASSING | INDEX_PASSING).items():
        yield Case(name=f"index: {name}, once", faults={"index": first(fault)})
        yield Case(name=f"index: {name}", faults={"index": fault}, index=SPOOLED)
    for name, fault in WAITING.items():
        yield Case(name=f"index: {name}", faults={"index": fault}, index=SPOOLED, seconds=4)
    yield Case(name="index: hang, once", faults={"index": first(hang_after_storing)}, seconds=11)
    for name, fault in INDEX_STOPPING.items():
        yield Case(name=f"index: {name}", faults={"index": fault}, index=SPOOLED)
    for name, address in {"refused": REFUSED, "unknown host": UNKNOWN_HOST}.items():
        yield Case(name=f"index: {name}", addresses={INDEX_URL: address}, index=SPOOLED)
    for name, kind in {"mapper": "mapper_parsing_exception", "immense term": "illegal_argument_exception"}.items():
        poison = items(Refusal(400, kind, some, "Document contains at least one immense term in field"))
        yield Case(name=f"index: 400 for some, {name}", faults={"index": poison}, index=Ends(quarantined=3))
    yield Case(
        name="index: 429 for some, once",
        faults={"index": first(items(Refusal(429, "rejected_execution_exception", some)))},
    )
    busy = items(Refusal(429, "rejected_execution_exception", some))
    yield Case(name="index: 429 for some", faults={"index": busy}, index=Ends(spooled=3))
    hour = status(503, b"", ("retry-after", "3600"))
    yield Case(name="index: 503 for an hour", faults={"index": hour}, index=SPOOLED)
    yield Case(name="index: 413 above a size", faults={"index": larger_than(4000)})
    yield Case(name="index: 413 for anything", faults={"index": status(413)}, index=QUARANTINED)
    for of_all in (True, False):
        name = f"index: short item list, {'all' if of_all else 'half'} stored"
        yield Case(name=f"{name}, once", faults={"index": first(short_list(of_all=of_all))})
    yield Case(name="index: short item list", faults={"index": short_list(of_all=True)}, index=Ends(spooled=2))
    for name, fault in {"500": status(500), "403": status(403), "HTML with 200": status(200, HTML)}.items():
        yield Case(name=f"template: {name}", faults={"cluster": fault})
    none = of_the_cluster(404, "resource_not_found_exception")
    yield Case(name="template: not there", faults={"cluster": none}, index=SPOOLED)


def _archive() -> Iterator[Case]:
    for name, fault in (PASSING | ARCHIVE_PASSING).items():
        yield Case(name=f"archive: {name}, once", faults={"archive": first(fault)})
        yield Case(name=f"archive: {name}", faults={"archive": fault}, archive=SPOOLED)
    for name, fault in WAITING.items():
        yield Case(name=f"archive: {name}", faults={"archive": fault}, archive=SPOOLED, seconds=4)
    yield Case(name="archive: hang, once", faults={"archive": first(hang)}, seconds=11)
    for name, fault in ARCHIVE_STOPPING.items():
        yield Case(name=f"archive: {name}", faults={"archive": fault}, archive=SPOOLED)
    for name, address in {"refused": REFUSED, "unknown host": UNKNOWN_HOST}.items():
        yield Case(name=f"archive: {name}", addresses={FIREHOSE_URL: address}, archive=SPOOLED)
    partly = records("ServiceUnavailableException", lambda place: place == 1)
    yield Case(name="archive: some records, once", faults={"archive": first(partly)}, bulky=True)
    ever = records("InternalFailure", lambda place: place == 0)
    yield Case(name="archive: a record, always", faults={"archive": ever}, archive=Ends(spooled=2), bulky=True)
    short = garbled(lambda told: {**told, "RequestResponses": told["RequestResponses"][:-1]})
    yield Case(name="archive: short list, once", faults={"archive": first(short)}, bulky=True)


def _spool() -> Iterator[Case]:
    for name, fault in (PASSING | S3_PASSING).items():
        yield Case(name=f"spool: {name}, once", faults={"index": BUSY, "spool": first(fault)}, index=SPOOLED)
        yield Case(name=f"spool: {name}", faults={"index": BUSY, "spool": fault}, raises="Undeliverable", seconds=3)
    for name, fault in (S3_STOPPING | WAITING).items():
        yield Case(name=f"spool: {name}", faults={"index": BUSY, "spool": fault}, raises="Undeliverable", seconds=3)
    for name, address in {"refused": REFUSED, "unknown host": UNKNOWN_HOST}.items():
        yield Case(
            name=f"spool: {name}",
            faults={"index": BUSY},
            addresses={S3_URL: address},
            raises="Undeliverable",
            seconds=3,
        )
    yield Case(
        name="spool: for the archive", faults={"archive": BUSY, "spool": BUSY}, raises="Undeliverable", seconds=3
    )
    poison = items(Refusal(400, "mapper_parsing_exception", some))
    yield Case(name="spool: for poison", faults={"index": poison, "spool": BUSY}, raises="Undeliverable", seconds=3)


def _both() -> Iterator[Case]:
    yield Case(name="both: 503", faults={"archive": BUSY, "index": BUSY}, archive=SPOOLED, index=SPOOLED)
    yield Case(name="both: hang", faults={"archive": hang, "index": hang}, archive=SPOOLED, index=SPOOLED, seconds=4)
    yield Case(
        name="both: refused",
        addresses={INDEX_URL: REFUSED, FIREHOSE_URL: REFUSED},
        archive=SPOOLED,
        index=SPOOLED,
    )
    everything: dict[Wire, Fault] = {"archive": BUSY, "index": BUSY, "spool": of_s3(403, "AccessDenied")}
    yield Case(name="all: refused", faults=everything, raises="Undeliverable")
    nothing: dict[Wire, Fault] = {"archive": hang, "index": hang, "spool": hang}
    yield Case(name="all: hang", faults=nothing, raises="Undeliverable", seconds=3)


def _redriving() -> Iterator[Case]:
    """Yield what goes wrong when a spool with documents of both sinks is sent again."""
    down = Case(name="", faults={"archive": BUSY, "index": BUSY}, archive=SPOOLED, index=SPOOLED)
    poison = items(Refusal(400, "mapper_parsing_exception", some))
    partly = items(Refusal(429, "rejected_execution_exception", some))
    redriving: dict[str, tuple[dict[Wire, Fault], int]] = {
        "index still down": ({"index": BUSY}, 0),
        "archive still down": ({"archive": BUSY}, 0),
        "both still down": ({"archive": BUSY, "index": BUSY}, 0),
        "index hangs": ({"index": hang_after_storing}, 0),
        "archive hangs": ({"archive": hang_after_storing}, 0),
        "index denied": ({"index": status(403)}, 0),
        "archive denied": ({"archive": of_aws(400, "AccessDeniedException")}, 0),
        "index takes some": ({"index": partly}, 0),
        "index takes half": ({"index": short_list(of_all=False)}, 0),
        "some are poison": ({"index": poison}, 3),
        "spool denied": ({"spool": of_s3(403, "AccessDenied")}, 0),
        "spool hangs": ({"spool": hang}, 0),
        "spool breaks off": ({"spool": reset_in_the_answer}, 0),
        "spool is a proxy's page": ({"spool": status(200, HTML)}, 0),
        "a page for the first object": ({"spool": first(status(200, HTML))}, 0),
        "index takes some, spool denied": ({"index": partly, "spool": only("PUT", of_s3(403, "AccessDenied"))}, 0),
        "nothing can be removed": ({"spool": only("DELETE", of_s3(403, "AccessDenied"))}, 0),
    }
    for name, (faults, lost) in redriving.items():
        yield msgspec.structs.replace(down, name=f"redrive: {name}", redrive=faults, poisoned=lost)


def _kills() -> Iterator[Case]:
    """Yield a kill at each call of a run, and one more that finds no call: so nobody stops too early."""
    mixed = items(
        Refusal(400, "mapper_parsing_exception", some),
        Refusal(429, "rejected_execution_exception", lambda event_id: int(event_id) % 4 == 2),
    )
    spooling = Case(
        name="kill, spooling",
        faults={"archive": BUSY, "index": mixed},
        archive=SPOOLED,
        index=Ends(spooled=3, quarantined=3),
    )
    for scenario, calls in ((Case(name="kill"), 3), (spooling, 10)):
        for at, after in product(range(calls + 1), (False, True)):
            name = f"{scenario.name}: {'after' if after else 'before'} call {at}"
            yield msgspec.structs.replace(scenario, name=name, kill=Kill(at, after=after))
    for at, after in product(range(8), (False, True)):
        name = f"kill, redriving: {'after' if after else 'before'} call {at}"
        yield msgspec.structs.replace(spooling, name=name, kill_redrive=Kill(at, after=after))
    for after in (False, True):
        name = f"kill every time: {'after' if after else 'before'} call 1"
        yield Case(name=name, kill=Kill(1, after=after, every_time=True), raises="Killed")
