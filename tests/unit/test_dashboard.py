"""What a contract's dashboard shows, and that it finds what it looks for."""

from __future__ import annotations

import io
import json
import re
from contextlib import redirect_stdout
from typing import Any

import msgspec
import pytest

from logshape import telemetry
from logshape.artefacts import bind, dashboard
from logshape.artefacts.log_sources import function_search, sources
from logshape.contract.model import Contract, Group
from logshape.ledger import Ledger
from tests.unit.botocore_shapes import faults

STACK = {"${AWS::Region}": "eu-west-1", "${AWS::StackName}": "shop-eu"}


def test_cloudwatch_takes_the_dashboard(shop: Contract) -> None:
    """Its name may hold no slash, unlike all others; botocore knows no more of the body than that it is text."""
    derived = bind(dashboard.derive(shop), STACK)

    assert faults("cloudwatch", "PutDashboard", derived) == []
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,255}", derived["DashboardName"])
    assert "${" not in derived["DashboardBody"]


def test_no_widget_lies_on_another(shop: Contract) -> None:
    """CloudWatch moves widgets that overlap, and then the page is not the one that was reviewed."""
    taken = [
        (x, y)
        for widget in _widgets(shop)
        for x in range(widget["x"], widget["x"] + widget["width"])
        for y in range(widget["y"], widget["y"] + widget["height"])
    ]

    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) < 24


def test_a_function_is_shown_by_what_lambda_measures_and_what_its_report_says(shop: Contract) -> None:
    """These are the questions of the first minute: is it called, does it fail, is it slow, is it behind."""
    assert _shown(shop, "Functions of orders") == {
        "Invocations": ["Invocations Sum"],
        "Errors": ["Errors Sum"],
        "Throttles": ["Throttles Sum"],
        "Duration": ["Duration p50", "Duration p95", "Duration p99"],
        "Concurrent executions": ["ConcurrentExecutions Maximum"],
        "Iterator age": ["IteratorAge Maximum"],
        "Dead letter errors": ["DeadLetterErrors Sum"],
        "Cold starts": ["log"],
    }


def test_an_api_is_shown_by_what_the_gateway_measures_and_what_its_access_log_says(shop: Contract) -> None:
    """API Gateway counts a 429 among the 4xx, where it drowns."""
    assert _shown(shop, "APIs") == {
        "Requests": ["Count Sum"],
        "4xx": ["4XXError Sum"],
        "5xx": ["5XXError Sum"],
        "Latency": ["Latency p50", "Latency p95", "Latency p99"],
        "Integration latency": ["IntegrationLatency p95"],
        "Cache hits and misses": ["CacheHitCount Sum", "CacheMissCount Sum"],
        "429 Too Many Requests": ["log"],
    }


def test_the_contracts_own_metrics_come_first_each_with_its_alarm(shop: Contract) -> None:
    """A threshold that is not in the picture is one that nobody remembers."""
    first, *_ = _sections(shop).values()
    graphs = [widget["properties"] for widget in first]

    assert [(graph["title"], graph["period"], graph.get("annotations")) for graph in graphs] == [
        ("errors", 300, {"horizontal": [{"label": "alarm", "value": 5}]}),
        ("latency", 7200, {"horizontal": [{"label": "alarm", "value": 2500.5}]}),
        ("throttled/orders", 60, {"horizontal": [{"label": "alarm", "value": 0}]}),
        ("throttled/api", 60, {"horizontal": [{"label": "alarm", "value": 0}]}),
        ("paid", 300, None),
    ]
    assert graphs[0]["metrics"] == [["logshape/shop-eu", "errors", {"stat": "Sum"}]]
    assert graphs[1]["metrics"][1] == [
        {"expression": """SEARCH('{"logshape/shop-eu",service} MetricName="latency"', 'p95', 7200)"""}
    ]


@pytest.mark.parametrize("sink", ["archive", "index"])
def test_the_ledger_is_looked_for_where_it_is_published(
    sink: str, shop: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A search that finds nothing looks like a pipeline in which nothing goes wrong."""
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "logshape/${AWS::StackName}")
    with redirect_stdout(io.StringIO()) as printed:
        telemetry.publish({"/g": Ledger()}, sink, "shop-eu")
    emf = json.loads(printed.getvalue())
    [published] = emf["_aws"]["CloudWatchMetrics"]
    schema = ",".join((f'"{published["Namespace"]}"', *published["Dimensions"][0]))
    [graph] = [widget for widget in _widgets(shop) if widget["properties"].get("title") == f"Ledger: {sink}"]

    assert emf["sink"] == sink
    assert graph["properties"]["metrics"] == [[{"expression": f"""SEARCH('{{{schema}}} sink="{sink}"', 'Sum', 300)"""}]]


@pytest.mark.parametrize(
    ("line", "counted"),
    [
        ('192.0.2.1 - - [31/Oct/2025:22:38:21 +0000]"GET /orders HTTP/1.1" 429 32 79b4f56e', True),
        ("192.0.2.1,-,-,31/Oct/2025:22:38:21 +0000,POST,/orders,HTTP/1.1,429,-,79b4f56e", True),
        ('{"requestId":"79b4f56e","status":"429"}', True),
        ('{"requestId": "79b4f56e", "status": 429}', True),
        ('192.0.2.1 - - [31/Oct/2025:22:38:21 +0000]"GET /429 HTTP/1.1" 200 429 79b4f56e', False),
        ('{"requestId":"429","status":"200","responseLength":"429"}', False),
        ('{"status":"4290"}', False),
    ],
)
def test_a_429_is_counted_in_each_of_the_access_logs_formats(line: str, counted: bool, shop: Contract) -> None:  # noqa: FBT001 # the table's last column
    """The status stands in another place in each, and other numbers beside it."""
    [query] = [widget["properties"]["query"] for widget in _widgets(shop) if "429 Too" in str(widget["properties"])]
    regex = re.search(r"like /(.*)/\n", query)

    assert regex is not None
    assert bool(re.search(regex[1].replace(r"\/", "/"), line)) is counted


@pytest.mark.parametrize(
    ("globs", "expected"),
    [
        (["orders"], 'FunctionName="orders"'),
        (["orders-*"], "FunctionName=orders"),
        (["team-*-api"], "(FunctionName=team AND FunctionName=api)"),
        (["orders-*", "billing"], '(FunctionName="billing" OR FunctionName=orders)'),
        (["ord*"], ""),
        (["*"], ""),
        (["orders-*", "*"], ""),
    ],
)
def test_a_search_leaves_out_no_function_that_a_glob_matches(globs: list[str], expected: str) -> None:
    """A search knows whole words: `ord` finds no `orders-api`, and a function that is not shown is not missed."""
    assert function_search(globs) == expected


@pytest.mark.parametrize(
    ("globs", "expected"),
    [
        (["/b", "/a/*", "/a/x"], ['SOURCE logGroups(namePrefix: ["/a/", "/b"])']),
        (["*"], ['SOURCE logGroups(class: ["STANDARD"])']),
        (
            [f"/{n}/*" for n in range(6)],
            [
                'SOURCE logGroups(namePrefix: ["/0/", "/1/", "/2/", "/3/", "/4/"])',
                'SOURCE logGroups(namePrefix: ["/5/"])',
            ],
        ),
    ],
)
def test_a_query_names_at_most_five_beginnings(globs: list[str], expected: list[str]) -> None:
    """More than that CloudWatch refuses, on the dashboard only when somebody opens it."""
    assert list(sources(globs)) == expected


def test_without_functions_apis_and_metrics_the_pipeline_is_left(shop: Contract) -> None:
    """A section with no graph is noise."""
    bare = msgspec.structs.replace(shop, metrics=(), groups=(Group(name="audit", match=("/audit/*",), formats=()),))

    assert list(_sections(bare)) == ["The pipeline"]


def _widgets(contract: Contract) -> list[dict[str, Any]]:
    widgets: list[dict[str, Any]] = json.loads(dashboard.derive(contract)["DashboardBody"])["widgets"]
    return widgets


def _sections(contract: Contract) -> dict[str, list[dict[str, Any]]]:
    sections: dict[str, list[dict[str, Any]]] = {}
    for widget in _widgets(contract):
        if widget["type"] == "text":
            sections[widget["properties"]["markdown"].removeprefix("## ")] = []
        else:
            sections[list(sections)[-1]].append(widget)
    return sections


def _shown(contract: Contract, section: str) -> dict[str, list[str]]:
    """Return each graph's metrics with their statistics, or that it is drawn from logs."""
    return {
        widget["properties"]["title"]: [
            " ".join(re.findall(r"MetricName=\"(\w+)\".*'(\w+)', \d+\)", line["expression"])[0])
            for [line] in widget["properties"].get("metrics", [])
        ]
        or [widget["type"]]
        for widget in _sections(contract)[section]
    }
