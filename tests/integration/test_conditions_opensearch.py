"""What OpenSearch finds by a predicate is what the predicate holds for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from hypothesis import Phase, given, settings
from opensearchpy import OpenSearch

from logshape.artefacts import index_template
from logshape.artefacts.conditions import compile_query_string
from logshape.contract.periods import template_name
from logshape.lines.conditions import any_of
from tests.conditions import CONTRACT, FIELD_TYPES, predicates, records

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hypothesis.strategies import SearchStrategy

    from logshape.contract.predicates import Predicate
    from logshape.local.opensearch import Endpoint

Drawn = TypeVar("Drawn")

INDEX = "logs-conditions-forever-2025.10.31"


@pytest.fixture(scope="module")
def client(opensearch: Endpoint) -> Iterator[OpenSearch]:
    """Put the contract's template, and no document yet."""
    made = OpenSearch(hosts=[opensearch.url], timeout=60)
    made.indices.delete(index="logs-conditions-*", ignore_unavailable=True)
    name = template_name(CONTRACT)
    made.indices.put_index_template(name=name, body=index_template.derive(CONTRACT))
    yield made
    made.close()


def test_the_index_finds_the_documents_that_a_predicate_holds_for(client: OpenSearch) -> None:
    """Lucene knows no null and its syntax is full of traps; only a real node shows that none is left."""
    found = _drawn(records(), 200)
    asked = _drawn(predicates(text=False), 500)
    _store(client, found)
    queries = [compile_query_string(predicate, FIELD_TYPES) for predicate in asked]

    assert dict(zip(queries, _answers(client, queries), strict=True)) == {
        query: _held(predicate, found) for query, predicate in zip(queries, asked, strict=True)
    }


def _drawn(strategy: SearchStrategy[Drawn], number: int) -> list[Drawn]:
    """Draw *number* values to be sent together: a request for each would take a minute."""
    drawn: list[Drawn] = []

    @settings(max_examples=number, phases=[Phase.generate], database=None, derandomize=True)
    @given(strategy)
    def draw(value: Drawn) -> None:
        drawn.append(value)

    draw()
    return drawn


def _held(predicate: Predicate, found: list[dict[str, object]]) -> list[int]:
    holds = any_of([predicate], FIELD_TYPES)
    return [number for number, record in enumerate(found) if holds(record)]


def _store(client: OpenSearch, found: list[dict[str, object]]) -> None:
    lines: list[Any] = []
    for number, record in enumerate(found):
        lines += [{"create": {"_index": INDEX, "_id": str(number)}}, record]
    body = "".join(f"{json.dumps(line)}\n" for line in lines)
    answer = client.bulk(body=body, params={"refresh": "true"})
    assert [item["create"] for item in answer["items"] if item["create"]["status"] != 201] == []


def _answers(client: OpenSearch, queries: list[str]) -> list[list[int] | str]:
    """Return the numbers of the documents that each query finds, or what the node says against it."""
    lines: list[Any] = []
    for query in queries:
        lines += [{"index": INDEX}, {"query": {"query_string": {"query": query}}, "size": 1000, "_source": False}]
    body = "".join(f"{json.dumps(line)}\n" for line in lines)
    answers = client.msearch(body=body, params={"max_concurrent_searches": "2"})["responses"]
    return [
        sorted(int(hit["_id"]) for hit in answer["hits"]["hits"]) if answer["status"] == 200 else str(answer["error"])
        for answer in answers
    ]
