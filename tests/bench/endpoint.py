"""
An AWS of 10,000 log groups over HTTP, in a process of its own: as far as plan and govern ask for it.

``python endpoint.py CONTRACT empty`` serves log groups that have nothing, with ``kept`` in place of ``empty`` all that
CONTRACT wants, and in each hundredth a metric filter of ours that it does not. The first line of its output is the
port. `/-/told` tells which calls were made since it was asked last, and what was handed to functions.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs

from logshape.artefacts import metric_filters, queries, retention, subscription_filters
from logshape.contract.load import load
from logshape.contract.queries import beside

GROUPS = 10_000
PAGE = 50
LEFTOVERS = GROUPS // 100
REGION, ACCOUNT = "eu-west-1", "123456789012"
ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:shop-ingest"
KINDS = ("lambda/orders", "lambda/payments", "lambda/other", "apigateway/shop")
POLICY = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "logs.amazonaws.com"}, "Action": "lambda:*"}]}
IDENTITY = (
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
    f"<Account>{ACCOUNT}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
)


class Account:
    """What there is, by log group."""

    def __init__(self, contract_path: Path, *, kept: bool) -> None:
        """Make the log groups, and what *kept* says."""
        contract = load(contract_path)
        self.names = sorted(f"/aws/{KINDS[number % len(KINDS)]}-{number:05}" for number in range(GROUPS))
        self.groups = {name: {"logGroupName": name, "creationTime": 1, "storedBytes": 1 << 30} for name in self.names}
        self.subscriptions: dict[str, list[dict[str, Any]]] = {name: [] for name in self.names}
        self.metric_filters: dict[str, list[dict[str, Any]]] = {name: [] for name in self.names}
        self.queries: list[dict[str, Any]] = []
        self.objects: dict[str, bytes] = {}
        if not kept:
            return
        counting = {group.name: metric_filters.calls(contract, group) for group in contract.groups}
        for name in self.names:
            self.groups[name]["retentionInDays"] = retention.arguments(contract, name)["retentionInDays"]
            self.subscriptions[name] = [subscription_filters.arguments(contract, name, ARN)]
            calls = counting[contract.group_for(name).name]
            self.metric_filters[name] = [{"logGroupName": name, **call} for call in calls]
        for name in self.names[:: GROUPS // LEFTOVERS]:
            former = self.metric_filters[name][0] | {"filterName": f"logshape/{contract.name}/former"}
            self.metric_filters[name].append(former)
        for number, query in enumerate(queries.derive(contract, beside(contract_path))):
            self.queries.append(query | {"queryDefinitionId": str(number)})

    def logs(self, operation: str, asked: dict[str, Any]) -> dict[str, Any]:
        """Answer a call of CloudWatch Logs."""
        group, begin = asked.get("logGroupName"), int(asked.get("nextToken", 0))
        match operation:
            case "DescribeLogGroups":
                prefix = asked.get("logGroupNamePrefix", "")
                return _page("logGroups", [self.groups[name] for name in self.names if name.startswith(prefix)], begin)
            case "DescribeSubscriptionFilters":
                return _page("subscriptionFilters", self.subscriptions[group], begin)
            case "DescribeMetricFilters":
                names = [group] if group else self.names
                return _page("metricFilters", [one for name in names for one in self.metric_filters[name]], begin)
            case "DescribeQueryDefinitions":
                return {"queryDefinitions": self.queries}
            case "DeleteMetricFilter":
                left = [one for one in self.metric_filters[group] if one["filterName"] != asked["filterName"]]
                self.metric_filters[group] = left
                return {}
            case _:
                return {}


def _page(items: str, found: list[Any], begin: int) -> dict[str, Any]:
    rest = {"nextToken": str(begin + PAGE)} if begin + PAGE < len(found) else {}
    return {items: found[begin : begin + PAGE], **rest}


class Answer(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    account: ClassVar[Account]
    made: ClassVar[Counter[str]] = Counter()
    handed: ClassVar[list[Any]] = []

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        name, kind, answer, status = self._told(body)
        if name:
            self.made[name] += 1
        # In one piece, or the kernel waits for the client between two.
        head = f"HTTP/1.1 {status} \r\ncontent-type: {kind}\r\ncontent-length: {len(answer)}\r\n"
        self.wfile.write(f"{head}\r\n".encode() + answer)

    do_GET = do_POST = do_PUT = _answer  # noqa: N815 # http.server's names

    def _told(self, body: bytes) -> tuple[str, str, bytes, int]:
        """Return name, content type, answer and status of a call."""
        path, target = self.path.split("?")[0], self.headers.get("x-amz-target", "")
        if target.startswith("Logs_"):
            operation = target.split(".")[1]
            answer = json.dumps(self.account.logs(operation, json.loads(body))).encode()
            return f"logs:{operation}", "application/x-amz-json-1.1", answer, 200
        if target.startswith("Granite"):
            operation = target.split(".")[1]
            gone = operation == "GetDashboard"
            answer = b'{"__type": "ResourceNotFound"}' if gone else b"{}"
            return f"cloudwatch:{operation}", "application/x-amz-json-1.0", answer, 404 if gone else 200
        if path.startswith("/2015-03-31/functions/"):
            if path.endswith("/policy"):
                return "lambda:GetPolicy", "application/json", json.dumps({"Policy": json.dumps(POLICY)}).encode(), 200
            self.handed.append(json.loads(body))
            return "lambda:Invoke", "application/json", b"", 202
        if path == "/-/told":
            told = json.dumps({"made": self.made, "handed": self.handed}).encode()
            self.made.clear()
            self.handed.clear()
            return "", "application/json", told, 200
        if path == "/" and body.startswith(b"Action="):
            return f"sts:{parse_qs(body.decode())['Action'][0]}", "text/xml", IDENTITY.encode(), 200
        if self.command == "PUT":
            self.account.objects[path] = body
            return "s3:PutObject", "application/xml", b"", 200
        return "s3:GetObject", "application/octet-stream", self.account.objects[path], 200

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 # the name is http.server's
        """Say nothing."""


if __name__ == "__main__":
    Answer.account = Account(Path(sys.argv[1]), kept=sys.argv[2] == "kept")
    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        print(server.server_port, flush=True)
        server.serve_forever()
