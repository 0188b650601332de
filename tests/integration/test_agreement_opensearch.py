"""The stores as they are: OpenSearch and Parquet take every record of an example or a made-up line, as `check` says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from opensearchpy import OpenSearch

import logshape
from logshape.archive import parquet
from logshape.archive.columns import misfits
from logshape.archive.openx import Converter
from logshape.artefacts import glue, index_template
from logshape.contract.model import Contract, Field, Format, Group, Index, Key
from logshape.contract.model import Path as JsonPath
from logshape.contract.periods import template_name
from logshape.contract.predicates import parse
from logshape.proof.bench import Bench
from logshape.proof.mapping import refusals

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logshape.contract.model import FieldType
    from logshape.local.opensearch import Endpoint

ROOT = Path(__file__).parents[2]
TYPES: tuple[FieldType, ...] = ("keyword", "text", "boolean", "integer", "long", "double", "timestamp", "ip", "object")
EVERY_TYPE = Contract(
    version=1,
    name="every-type",
    fields=tuple(Field(name=f"a_{kind}", type=kind, why="to see it stored") for kind in TYPES),
    formats={
        "json": Format(
            name="json",
            json=tuple(Key(field=f"a_{kind}", paths=(JsonPath(steps=(f"a_{kind}",)),)) for kind in TYPES),
            quoted=("a_integer", "a_long", "a_double"),
        )
    },
    groups=(Group(name="all", match=("*",), formats=("json",)),),
)
QUESTIONS = [parse(f"exists a_{kind}") for kind in TYPES]
# Documents that a mapping refuses; what it would take and cut is refused by the simulation alone.
REFUSED: list[tuple[str, Any]] = [
    ("a_boolean", "x"),
    ("a_integer", 2**31),
    ("a_long", 2**63),
    ("a_double", "x"),
    ("a_timestamp", "2025-02-30T00:00:00.000Z"),
    ("a_ip", "192.0.2.256"),
    ("a_keyword", {"a": 1}),
    ("a_object", "x"),
    ("a_object", {"x": "y" * 32_765}),
]


@pytest.fixture
def client(opensearch: Endpoint) -> Iterator[OpenSearch]:
    """Talk to the node."""
    made = OpenSearch(hosts=[opensearch.url])
    yield made
    made.close()


def _records(contract: Contract) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return rows and documents of every example and of made-up lines of every format of *contract*."""
    bench = Bench(contract)
    shipped = [
        pair
        for group in contract.groups
        for pair in bench.shipped(
            group,
            [
                line
                for name in group.formats
                for line in (
                    *(example.line for example in contract.formats[name].examples),
                    *(made.text for made in bench.maker(name).lines(None, 12)),
                    *(
                        made.text
                        for question in QUESTIONS
                        for made in bench.maker(name).lines(bench.question(question), 12)
                    ),
                )
            ],
        )
    ]
    return [row for row, _ in shipped], [document for _, document in shipped]


def _stored(client: OpenSearch, contract: Contract, documents: list[dict[str, Any]]) -> tuple[str, list[Any]]:
    """Send *documents* to a new index of *contract*; return its name and the answer to each."""
    index = f"logs-{contract.name}-forever-2025.10.31"
    name, body = template_name(contract), index_template.derive(contract)
    body["index_patterns"] = [f"logs-{contract.name}-*"]
    client.indices.delete(index=f"logs-{contract.name}-*", ignore_unavailable=True)
    client.indices.put_index_template(name=name, body=body)
    lines = [line for document in documents for line in ({"create": {"_index": index}}, document)]
    answers = client.bulk(body=msgspec.json.Encoder().encode_lines(lines))
    return index, [item["create"] for item in answers["items"]]


@pytest.fixture(params=["shared/contract.yaml", "every type"])
def contract(request: pytest.FixtureRequest) -> Contract:
    """Return the shipped contract, and one with a field of each type."""
    if request.param == "every type":
        return EVERY_TYPE
    return msgspec.structs.replace(logshape.load(ROOT / "shared/contract.yaml"), name="proved", index=Index())


def test_the_index_takes_every_document(client: OpenSearch, contract: Contract) -> None:
    """A document that is refused is in quarantine, and its line is found by nobody."""
    _, documents = _records(contract)
    index, answers = _stored(client, contract, documents)
    [mapping] = client.indices.get_mapping(index=index).values()

    assert len(documents) > 100
    assert [answer for answer in answers if answer["status"] != 201] == []
    wanted = index_template.derive(contract)["template"]["mappings"]["properties"]
    assert {name: of["type"] for name, of in mapping["mappings"]["properties"].items()} == {
        name: of["type"] for name, of in wanted.items()
    }


def test_the_archive_takes_every_row(contract: Contract) -> None:
    """One value that does not fit its column fails the conversion of a whole Firehose record."""
    rows, _ = _records(contract)
    columns = glue.columns(contract)
    converted = Converter(columns).convert([msgspec.json.Encoder().encode_lines(rows)])
    read = parquet.decode(parquet.encode(converted.table))

    assert converted.refused == ()
    assert read.num_rows == len(rows)
    assert misfits(read.schema, columns) == []


def test_the_simulation_refuses_what_the_node_refuses(client: OpenSearch) -> None:
    """`check` has no node, so that its word must be the node's."""
    properties = index_template.derive(EVERY_TYPE)["template"]["mappings"]["properties"]
    documents = [{name: value} for name, value in REFUSED]
    _, answers = _stored(client, EVERY_TYPE, documents)

    assert [list(refusals(document, properties)) == [] for document in documents] == [False] * len(REFUSED)
    assert [answer["status"] for answer in answers] == [400] * len(REFUSED)
