"""Turns a contract into the arguments of CloudWatch's PutDashboard: its metrics, what it reads, and the pipeline."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from logshape.artefacts.arguments import REGION, STACK_NAME
from logshape.artefacts.log_sources import function_search, sources
from logshape.artefacts.metric_names import metric_names, namespace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from logshape.artefacts.arguments import Arguments
    from logshape.contract.model import Contract, Group, Metric

Widget: TypeAlias = "dict[str, Any]"
"""A widget without its place."""

_COLUMNS: Final = 24  # of CloudWatch's grid
_BESIDE: Final = 4
_HEIGHT: Final = 6
_PERIOD: Final = 300
_LAMBDA: Final = "/aws/lambda/"
_ACCESS: Final = "aws/apigateway-access"
_ACCESS_GROUPS: Final = ("/aws/apigateway/", "API-Gateway-Access")
# A title, CloudWatch's metrics and statistics, each of which becomes a line for each function.
_FUNCTION_GRAPHS: Final[tuple[tuple[str, tuple[tuple[str, str], ...]], ...]] = (
    ("Invocations", (("Invocations", "Sum"),)),
    ("Errors", (("Errors", "Sum"),)),
    ("Throttles", (("Throttles", "Sum"),)),
    ("Duration", (("Duration", "p50"), ("Duration", "p95"), ("Duration", "p99"))),
    ("Concurrent executions", (("ConcurrentExecutions", "Maximum"),)),
    ("Iterator age", (("IteratorAge", "Maximum"),)),
    ("Dead letter errors", (("DeadLetterErrors", "Sum"),)),
)
_API_GRAPHS: Final[tuple[tuple[str, tuple[tuple[str, str], ...]], ...]] = (
    ("Requests", (("Count", "Sum"),)),
    ("4xx", (("4XXError", "Sum"),)),
    ("5xx", (("5XXError", "Sum"),)),
    ("Latency", (("Latency", "p50"), ("Latency", "p95"), ("Latency", "p99"))),
    ("Integration latency", (("IntegrationLatency", "p95"),)),
    ("Cache hits and misses", (("CacheHitCount", "Sum"), ("CacheMissCount", "Sum"))),
)
_COLD_STARTS: Final = (
    'filter @type = "REPORT" or type = "platform.report"\n'
    "| stats count(coalesce(@initDuration, record.metrics.initDurationMs)) as cold_starts by bin(5m)"
)
# The status behind the protocol as in the Common Log Format and in CSV, or under its key in JSON, quoted or not.
_THROTTLED: Final = (
    r'filter @message like /(HTTP\/[0-9.]+"? ?,?|"status" ?: ?"?)429\b/' "\n| stats count(*) as throttled by bin(5m)"
)


def derive(contract: Contract) -> Arguments:
    """
    Return the one dashboard of *contract*.

    Which functions and APIs there are only the account knows, so graphs search for them. A search knows words, no
    globs: it may find a function of another entry whose name has the same words.
    """
    sections = (*_own(contract), *_functions(contract), *_apis(contract), *_pipeline())
    body = json.dumps({"widgets": _placed(sections)}, ensure_ascii=False, sort_keys=True)
    return {"DashboardName": dashboard_name(contract), "DashboardBody": body}


def dashboard_name(contract: Contract) -> str:
    """Return the dashboard's name, in which CloudWatch takes no slash."""
    return f"logshape-{contract.name}"


def _placed(sections: Iterable[tuple[str, list[Widget]]]) -> list[Widget]:
    """Place each section below the last one: a title, then its graphs side by side."""
    placed: list[Widget] = []
    y = 0
    for title, graphs in sections:
        placed.append(_text(title) | {"x": 0, "y": y, "width": _COLUMNS, "height": 1})
        y += 1
        width = _COLUMNS // _BESIDE
        for begin in range(0, len(graphs), _BESIDE):
            for column, graph in enumerate(graphs[begin : begin + _BESIDE]):
                placed.append(graph | {"x": column * width, "y": y, "width": width, "height": _HEIGHT})
            y += _HEIGHT
    return placed


def _own(contract: Contract) -> Iterator[tuple[str, list[Widget]]]:
    graphs = [_measured(contract, metric, name) for metric in contract.metrics for name, _ in metric_names(metric)]
    if graphs:
        yield f"Metrics of {contract.name}", graphs


def _measured(contract: Contract, metric: Metric, name: str) -> Widget:
    statistics = ("Sum",) if metric.value is None else ("Average", "p95", "Maximum")
    period = metric.alarm.within if metric.alarm else _PERIOD
    if metric.by:
        schema = ",".join((f'"{namespace(contract)}"', *metric.by))
        lines = [_search(schema, f'MetricName="{name}"', statistic, period) for statistic in statistics]
    else:
        lines = [[namespace(contract), name, {"stat": statistic}] for statistic in statistics]
    graph = _graph(name, lines, period)
    if metric.alarm:
        graph["properties"]["annotations"] = {"horizontal": [{"label": "alarm", "value": metric.alarm.over}]}
    return graph


def _functions(contract: Contract) -> Iterator[tuple[str, list[Widget]]]:
    for group in contract.groups:
        globs = [glob for glob in group.match if glob.startswith(_LAMBDA)]
        if globs:
            which = function_search([glob.removeprefix(_LAMBDA) for glob in globs])
            graphs = [_searched(title, "AWS/Lambda,FunctionName", which, lines) for title, lines in _FUNCTION_GRAPHS]
            logs = [_log("Cold starts", source, _COLD_STARTS) for source in sources(globs)]
            yield f"Functions of {group.name}", graphs + logs


def _apis(contract: Contract) -> Iterator[tuple[str, list[Widget]]]:
    globs = [glob for group in contract.groups if _is_api(group) for glob in group.match]
    if globs:
        graphs = [_searched(title, "AWS/ApiGateway,ApiName", "", lines) for title, lines in _API_GRAPHS]
        yield "APIs", graphs + [_log("429 Too Many Requests", source, _THROTTLED) for source in sources(globs)]


def _is_api(group: Group) -> bool:
    return _ACCESS in group.formats or any(glob.startswith(_ACCESS_GROUPS) for glob in group.match)


def _pipeline() -> Iterator[tuple[str, list[Widget]]]:
    """
    Show the ledger as ingest publishes it, every count of a sink, and how old is what a stream hands over.

    Whether there is a stream only the stack knows: without one the search finds nothing.
    """
    age = _search(
        "AWS/Lambda,FunctionName", f'MetricName="IteratorAge" FunctionName="{STACK_NAME}-ingest"', "Maximum", _PERIOD
    )
    schema = f'"logshape/{STACK_NAME}",function,sink'
    yield (
        "The pipeline",
        [
            _graph(f"Ledger: {sink}", [_search(schema, f'sink="{sink}"', "Sum", _PERIOD)], _PERIOD)
            for sink in ("archive", "index")
        ]
        + [_graph("Age of what the stream hands over", [age], _PERIOD)],
    )


def _searched(title: str, schema: str, which: str, lines: Iterable[tuple[str, str]]) -> Widget:
    terms = [(f'MetricName="{metric}" {which}'.rstrip(), statistic) for metric, statistic in lines]
    return _graph(title, [_search(schema, term, statistic, _PERIOD) for term, statistic in terms], _PERIOD)


def _search(schema: str, term: str, statistic: str, period: int) -> list[Any]:
    return [{"expression": f"SEARCH('{{{schema}}} {term}', '{statistic}', {period})"}]


def _graph(title: str, lines: list[list[Any]], period: int) -> Widget:
    drawn = {"metrics": lines, "period": period, "yAxis": {"left": {"min": 0}}}
    return {"type": "metric", "properties": _shown(title) | drawn}


def _log(title: str, source: str, query: str) -> Widget:
    return {"type": "log", "properties": _shown(title) | {"query": f"{source}\n| {query}"}}


def _shown(title: str) -> dict[str, Any]:
    return {"title": title, "region": REGION, "view": "timeSeries"}


def _text(title: str) -> Widget:
    return {"type": "text", "properties": {"markdown": f"## {title}"}}
