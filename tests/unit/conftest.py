"""Gives the unit tests one contract with every field type, and a way to write the golden files anew."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from logshape.contract.load import built_in
from logshape.contract.model import (
    Alarm,
    Contract,
    Field,
    Format,
    Group,
    Index,
    Keep,
    Key,
    Metric,
    Need,
)
from logshape.contract.model import (
    Path as JsonPath,
)
from logshape.contract.predicates import parse

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN = Path(__file__).parents[1] / "golden"
ORDERS = Format(
    name="orders-json",
    json=tuple(
        Key(field=name, paths=(JsonPath(steps=(name,)),))
        for name in ("level", "service", "message", "status", "duration", "paid")
    ),
    needs=(Need(paths=(JsonPath(steps=("level",)),)),),
    levels={"ERROR": "ERROR", "CRITICAL": "FATAL", "INFO": "INFO"},
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the switch that makes today's output the expected one."""
    parser.addoption("--rewrite-golden", action="store_true", help="write tests/golden from what is compiled now")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], str]:
    """Return a function from a file's name and the actual text to the expected text."""
    rewrite = request.config.getoption("--rewrite-golden", default=False)

    def expected(name: str, actual: str) -> str:
        path = GOLDEN / name
        if rewrite:
            path.write_text(actual, encoding="utf-8", newline="\n")
        return path.read_text(encoding="utf-8")

    return expected


@pytest.fixture
def shop() -> Contract:
    """Return a contract that has each field type, exceptions, shadowed and unsubscribed groups, three keep classes."""
    return Contract(
        name="shop-eu",
        version=3,
        fields=(
            Field(name="order_id", type="keyword", why="the shop's order number"),
            Field(name="note", type="text", why="what the buyer\nwrote"),
            Field(name="paid", type="boolean", why="whether money came"),
            Field(name="status", type="integer", why="HTTP status returned"),
            Field(name="bytes", type="long", why="size of the answer"),
            Field(name="duration", type="double", unit="ms", why="time spent in the handler"),
            Field(name="ordered_at", type="timestamp", why="when the buyer clicked"),
            Field(name="client_ip", type="ip", why="who asked"),
            Field(name="basket", type="object", why="what was bought 🛒"),
        ),
        formats={"orders-json": ORDERS, "aws/apigateway-access": built_in().formats["aws/apigateway-access"]},
        groups=(
            Group(
                name="orders",
                match=("/aws/lambda/orders-*", "/aws/lambda/checkout"),
                exclude=("/aws/lambda/orders-debug",),
                formats=("orders-json",),
                keep=Keep(logs=30, index=14),
            ),
            Group(name="audit", match=("/audit/*",), formats=(), keep=Keep()),
            Group(name="debug", match=("/aws/lambda/*",), formats=(), keep=Keep(logs=3, index=14), subscribe=False),
            Group(name="api", match=("/aws/apigateway/*", "/eu/access"), formats=("aws/apigateway-access",)),
        ),
        metrics=(
            Metric(
                name="errors",
                where=parse("level >= ERROR"),
                groups=("orders", "audit", "debug"),
                default=0,
                alarm=Alarm(over=5, within=300),
            ),
            Metric(
                name="latency",
                where=parse("exists duration"),
                groups=("orders",),
                value="duration",
                unit="Milliseconds",
                by=("service",),
                alarm=Alarm(over=2500.5, within=7200),
            ),
            Metric(
                name="throttled",
                where=parse("status = 429"),
                groups=("orders", "api"),
                per_group=True,
                alarm=Alarm(over=0, within=60),
            ),
            Metric(name="paid", where=parse("paid = true"), groups=("orders",), unit="Count"),
        ),
        keep=Keep(logs=90, index=90),
        keep_archive=400,
        index=Index(period="week", shards=2, replicas=1, refresh="30s"),
    )
