"""What a contract compiles to is what the services take, and the same bytes every time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from logshape.artefacts import ARTEFACTS, bind, glue, index_template, render, retention, subscription_filters
from logshape.contract.model import CORE_FIELDS, Contract, Field, FieldType, Group, Keep
from tests.unit.botocore_shapes import faults

if TYPE_CHECKING:
    from collections.abc import Callable

STACK = {
    "${AWS::Partition}": "aws",
    "${AWS::Region}": "eu-west-1",
    "${IngestArn}": "arn:aws:lambda:eu-west-1:123456789012:function:ingest",
    "${ArchiveBucket}": "shop-archive",
    "${FirehoseRoleArn}": "arn:aws:iam::123456789012:role/firehose",
}
INGEST = STACK["${IngestArn}"]


@pytest.mark.parametrize("name", sorted(ARTEFACTS))
def test_an_artefact_is_its_golden_file(name: str, shop: Contract, golden: Callable[[str, str], str]) -> None:
    """A change of what is deployed shows in a review as a change of a file."""
    actual = render(ARTEFACTS[name](shop))

    assert actual == golden(f"{name}.json", actual)


@pytest.mark.parametrize("name", sorted(ARTEFACTS))
def test_the_order_of_globs_changes_no_byte(name: str, shop: Contract) -> None:
    """A contract that means the same must plan nothing."""
    turned = tuple(msgspec.structs.replace(group, match=group.match[::-1]) for group in shop.groups)
    other = msgspec.structs.replace(shop, groups=turned)

    assert render(ARTEFACTS[name](other)) == render(ARTEFACTS[name](shop))


@pytest.mark.parametrize(
    ("service", "operation", "compiler"),
    [
        ("logs", "PutRetentionPolicy", retention.arguments),
        ("logs", "PutSubscriptionFilter", subscription_filters.arguments),
    ],
)
def test_cloudwatch_takes_what_is_compiled_for_a_log_group(
    service: str, operation: str, compiler: Callable[[Contract, str], dict[str, Any] | None], shop: Contract
) -> None:
    """Clients do not check maxima, patterns and enumerations: a call that only the service refuses comes too late."""
    arguments = compiler(shop, "/aws/lambda/orders-api")

    assert arguments is not None
    assert faults(service, operation, bind(arguments, STACK)) == []


@pytest.mark.parametrize(
    ("service", "operation", "artefact"),
    [("glue", "CreateTable", "glue"), ("firehose", "CreateDeliveryStream", "firehose")],
)
def test_the_archives_services_take_what_is_compiled(
    service: str, operation: str, artefact: str, shop: Contract
) -> None:
    """As above, for the table and the stream."""
    derived = ARTEFACTS[artefact](shop)

    assert isinstance(derived, dict)
    assert faults(service, operation, bind(derived, STACK)) == []


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"logGroupName": "/g"}, ["PutRetentionPolicy: retentionInDays is missing"]),
        (
            {"logGroupName": "/g", "retentionInDays": "30"},
            ["PutRetentionPolicy.retentionInDays: '30' is no integer"],
        ),
        (
            {"logGroupName": "/g*", "retentionInDays": 30},
            [r"PutRetentionPolicy.logGroupName: '/g*' does not match [\.\-_/#A-Za-z0-9]+"],
        ),
        (
            {"logGroupName": "g" * 513, "retentionInDays": 30, "more": 1},
            ["PutRetentionPolicy.logGroupName: 513 is over 512", "PutRetentionPolicy: more is unknown"],
        ),
    ],
)
def test_the_check_against_botocore_sees_faults(arguments: dict[str, Any], expected: list[str]) -> None:
    """A check that finds nothing proves nothing."""
    assert faults("logs", "PutRetentionPolicy", arguments) == expected


@pytest.mark.parametrize(
    ("log_group", "days"),
    [
        ("/aws/lambda/orders-api", 30),
        ("/aws/lambda/checkout", 30),
        ("/aws/lambda/orders-debug", 3),  # taken out of the first entry, so of the third
        ("/audit/login", None),  # kept for ever
        ("/somebody/else", None),  # not ours
    ],
)
def test_retention_is_that_of_the_first_entry_that_matches(log_group: str, days: int | None, shop: Contract) -> None:
    """An account's other groups are none of the contract's business."""
    expected = days and {"logGroupName": log_group, "retentionInDays": days}

    assert retention.arguments(shop, log_group) == expected


@pytest.mark.parametrize(
    ("log_group", "subscribed"),
    [("/aws/lambda/orders-api", True), ("/audit/login", True), ("/aws/lambda/orders-debug", False), ("/x", False)],
)
def test_a_subscription_filter_passes_every_line_of_a_subscribed_group(
    log_group: str,
    subscribed: bool,  # noqa: FBT001 # a column of the table above
    shop: Contract,
) -> None:
    """`drop` works in ingest, where what is dropped is counted."""
    expected = {
        "logGroupName": log_group,
        "filterName": "logshape/shop-eu/ingest",
        "filterPattern": "",
        "destinationArn": INGEST,
    }

    assert subscription_filters.arguments(shop, log_group, INGEST) == (expected if subscribed else None)


def test_the_index_template_lists_each_keep_class_once(shop: Contract) -> None:
    """An index that no template matches is created as OpenSearch guesses; the default class holds the strangers."""
    assert index_template.index_patterns(shop) == [
        "logs-shop-eu-14d-*",
        "logs-shop-eu-90d-*",
        "logs-shop-eu-forever-*",
    ]


def test_the_index_has_room_for_every_declared_field(shop: Contract) -> None:
    """Over index.mapping.total_fields.limit a cluster refuses the index, and so every document of the period."""
    fields = tuple(Field(name=f"field_{n}", type="keyword", why="a wide contract") for n in range(2000))
    wide = msgspec.structs.replace(shop, fields=fields)

    settings = index_template.derive(wide)["template"]["settings"]["index"]

    assert int(settings["mapping"]["total_fields"]["limit"]) >= len(CORE_FIELDS) + 2000 + 3


def test_table_and_template_hold_the_same_fields(shop: Contract) -> None:
    """One meaning in every store: they differ in the name of the time and in what only one of them keeps."""
    columns = {column["Name"] for column in glue.columns(shop)}
    properties = set(index_template.derive(shop)["template"]["mappings"]["properties"])

    assert columns - properties == {"event_time", "raw"}
    assert properties - columns == {"@timestamp", "attributes"}


@pytest.mark.parametrize(
    ("kind", "column", "mapping"),
    [
        ("keyword", "string", {"type": "keyword", "ignore_above": 8191}),
        ("text", "string", {"type": "match_only_text"}),
        ("boolean", "boolean", {"type": "boolean"}),
        ("integer", "int", {"type": "integer"}),
        ("long", "bigint", {"type": "long"}),
        ("double", "double", {"type": "double"}),
        ("timestamp", "timestamp", {"type": "date", "format": "strict_date_optional_time"}),
        ("ip", "string", {"type": "ip"}),
        ("object", "string", {"type": "flat_object"}),
    ],
)
def test_a_field_type_has_one_column_type_and_one_mapping(
    kind: FieldType, column: str, mapping: dict[str, Any]
) -> None:
    """Archives and indexes are written for years: a type must not drift."""
    contract = Contract(
        name="one",
        version=1,
        fields=(Field(name="x", type=kind, why="the one"),),
        formats={},
        groups=(Group(name="g", match=("/g",), formats=(), keep=Keep()),),
    )

    assert glue.columns(contract)[-2] == {"Name": "x", "Type": column, "Comment": "the one"}
    assert index_template.derive(contract)["template"]["mappings"]["properties"]["x"] == mapping


def test_binding_leaves_what_is_not_known(shop: Contract) -> None:
    """`${arrived}` is Athena's to fill in, hour by hour."""
    table = bind(glue.derive(shop), STACK)["TableInput"]

    assert table["Parameters"]["storage.location.template"] == "s3://shop-archive/archive/arrived=${arrived}/"
