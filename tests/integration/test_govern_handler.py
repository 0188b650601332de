"""Govern on an AWS of this machine: what each occasion does, what it leaves alone, and who is answered."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from functions.govern import handler
from logshape.connections import Control
from logshape.errors import OutsideFailure, UnreadableInput
from logshape.local.aws import REGION, LocalAws
from logshape.local.functions import Context
from logshape.targets import rounds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from logshape.local.functions import Event

CONTRACT: Final = """
version: 1
name: shop
groups:
  - {name: shop, match: [/shop/*], formats: [aws/lambda-text], keep: {logs: 30d, index: 14d}}
metrics:
  errors: {where: level >= ERROR, default: 0}
redact: []
index: {period: day}
"""
OURS: Final = "logshape/shop/"
FILTER: Final = f"{OURS}ingest"
SCHEDULE: Final[Event] = {"occasion": "schedule"}
FAILURES: Final = "failures"
SPOOL: Final = "spool"


class Stack:
    """An account in which ingest is deployed, with govern as a function of its own."""

    def __init__(self, aws: LocalAws, home: Path) -> None:
        """Deploy; *home* gets contract and queries."""
        self.aws = aws
        self.logs = aws.client("logs")
        for bucket in (FAILURES, SPOOL):
            aws.client("s3").create_bucket(Bucket=bucket)
        (home / "contract.yaml").write_text(CONTRACT, encoding="utf-8")
        (home / "queries").mkdir()
        (home / "queries/errors.cwli").write_text("# Errors\nfilter level = 'ERROR'\n", encoding="utf-8")
        self.ingest = aws.function("shop-ingest", lambda _event, _context: {}, failures=FAILURES)
        self.handed: list[Event] = []
        aws.function("shop-govern", lambda event, _context: self.handed.append(event), failures=FAILURES)
        self.environment = {
            **aws.environment(),
            "AWS_LAMBDA_FUNCTION_NAME": "shop-govern",
            "LOGSHAPE_CONTRACT": str(home / "contract.yaml"),
            "LOGSHAPE_DESTINATION_ARN": self.ingest,
            "LOGSHAPE_ALARM_TOPIC": f"arn:aws:sns:{REGION}:123456789012:alarms",
            "LOGSHAPE_SPOOL": f"s3://{SPOOL}/spool",
        }

    def groups(self, *names: str) -> None:
        """Create log groups."""
        for name in names:
            self.logs.create_log_group(logGroupName=name)

    def subscribed(self, *names: str) -> dict[str, list[str]]:
        """Return the names of the subscription filters of each of *names*."""
        return {
            name: [
                one["filterName"]
                for one in self.logs.describe_subscription_filters(logGroupName=name)["subscriptionFilters"]
            ]
            for name in names
        }

    def next_runs(self) -> list[Event]:
        """Do what earlier runs handed on, until nothing is left, and return what that was."""
        self.aws.drain(time.monotonic() + 60)
        for event in self.handed:
            as_lambda(event)
            self.aws.drain(time.monotonic() + 60)
        return self.handed

    def count(self, group: str, name: str) -> None:
        """Put a metric filter by hand."""
        transformation = {"metricName": "x", "metricNamespace": "y", "metricValue": "1"}
        self.logs.put_metric_filter(
            logGroupName=group, filterName=name, filterPattern="", metricTransformations=[transformation]
        )

    def others(self) -> list[tuple[str, str]]:
        """Return log group and name of each metric filter that is not of the contract."""
        found = [
            (one["logGroupName"], one["filterName"])
            for one in self.logs.describe_metric_filters()["metricFilters"]
            if not one["filterName"].startswith(f"{OURS}errors")
        ]
        return sorted(found)

    def kept(self) -> dict[str, int | None]:
        """Return the retention of each log group."""
        return {one["logGroupName"]: one.get("retentionInDays") for one in self.logs.describe_log_groups()["logGroups"]}


@pytest.fixture
def stack(aws: LocalAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """Return the stack, in whose environment the test runs."""
    deployed = Stack(aws, tmp_path)
    for name, value in deployed.environment.items():
        monkeypatch.setenv(name, value)
    return deployed


def run(event: Event, seconds: float = 60.0) -> dict[str, int]:
    """Call the handler as Lambda does."""
    context = Context(
        function_name="shop-govern",
        invoked_function_arn="",
        aws_request_id="",
        log_group_name="",
        log_stream_name="",
        deadline=time.monotonic() + seconds,
    )
    return handler.handle(event, context)


def as_lambda(event: Event) -> None:
    """Call the handler, and once more where it crashes, as Lambda does."""
    try:
        run(event)
    except CrashError:
        run(event)


class CrashError(Exception):
    """The process ends here."""


def crashing_once(service: str, operation: str) -> Callable[..., Any]:
    """Return a way to call AWS that crashes once, when *operation* was sent and nobody has read the answer."""
    left = [1]
    call = Control.call

    def crashing(self: Control, of: str, name: str, /, **arguments: object) -> Any:  # noqa: ANN401 # as Control has it
        answer = call(self, of, name, **arguments)
        if (of, name) == (service, operation) and left:
            left.clear()
            raise CrashError
        return answer

    return crashing


def created(group: str, **more: object) -> Event:
    """Return what EventBridge says of a log group that was created."""
    detail = {"eventName": "CreateLogGroup", "requestParameters": {"logGroupName": group}, **more}
    return {"source": "aws.logs", "detail-type": "AWS API Call via CloudTrail", "detail": detail}


class Waiting(HTTPServer):
    """CloudFormation, as far as it waits for answers."""

    def __init__(self) -> None:
        """Listen."""
        self.answers: list[dict[str, Any]] = []
        super().__init__(("127.0.0.1", 0), _Answer)

    def request(self, kind: str, physical: str = "") -> Event:
        """Return what CloudFormation sends to the custom resource."""
        return {
            "RequestType": kind,
            "ResponseURL": f"http://127.0.0.1:{self.server_port}/answer?signature=secret",
            "StackId": "arn:aws:cloudformation:us-east-1:123456789012:stack/shop/1",
            "RequestId": "r-1",
            "LogicalResourceId": "Governed",
            "ResourceType": "Custom::Governed",
            **({"PhysicalResourceId": physical} if physical else {}),
        }


class _Answer(BaseHTTPRequestHandler):
    server: Waiting

    def do_PUT(self) -> None:  # the name is http.server's
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.answers.append({"type": self.headers["content-type"], **json.loads(body)})
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 # as above
        """Say nothing."""


@pytest.fixture
def cloudformation() -> Iterator[Waiting]:
    """Serve CloudFormation's side of a custom resource."""
    with Waiting() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def answered(status: str, resource: str, counts: dict[str, int], reason: str = "") -> dict[str, Any]:
    """Return a whole answer."""
    return {
        "type": "",
        "Status": status,
        "Reason": reason,
        "PhysicalResourceId": resource,
        "StackId": "arn:aws:cloudformation:us-east-1:123456789012:stack/shop/1",
        "RequestId": "r-1",
        "LogicalResourceId": "Governed",
        "Data": counts,
    }


def test_the_schedule_makes_the_account_what_the_contract_wants(stack: Stack) -> None:
    """What CloudTrail did not tell, and what somebody changed by hand, is found within the hour."""
    stack.groups("/shop/a", "/shop/b", "/other")

    first, second = run(SCHEDULE), run(SCHEDULE)

    # Two retentions, two subscriptions, four metric filters, a query and a dashboard.
    assert (first, second) == ({"created": 10}, {})
    assert stack.subscribed("/shop/a", "/shop/b", "/other") == {"/shop/a": [FILTER], "/shop/b": [FILTER], "/other": []}
    assert stack.kept() == {"/shop/a": 30, "/shop/b": 30, "/other": None}


def test_a_new_log_group_is_all_that_is_touched_on_its_birth(stack: Stack) -> None:
    """Thousands may be born in a deployment: each event must cost a few calls."""
    stack.groups("/shop/a", "/shop/ab")

    first, again = run(created("/shop/a")), run(created("/shop/a"))

    assert (first, again) == ({"created": 4}, {})
    assert stack.subscribed("/shop/a", "/shop/ab") == {"/shop/a": [FILTER], "/shop/ab": []}


@pytest.mark.parametrize(
    "event", [created("/shop/a", errorCode="ResourceAlreadyExistsException"), created("/other"), created("/shop/gone")]
)
def test_a_birth_that_was_none_or_is_not_ours_does_nothing(event: Event, stack: Stack) -> None:
    """CloudTrail tells of calls that failed, too, and of everybody's log groups."""
    stack.groups("/shop/a", "/other")

    assert run(event) == {}
    assert stack.subscribed("/shop/a", "/other") == {"/shop/a": [], "/other": []}


def test_an_event_that_nobody_sends_is_refused(stack: Stack) -> None:
    """A typo in a test event must not touch an account."""
    del stack

    with pytest.raises(UnreadableInput, match="the event is none that govern knows"):
        run({"occasion": "shedule"})


def test_what_fails_stops_nothing_else_and_is_tried_again(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lambda tries an event again that raised; and a function whose runs end well has no alarm."""
    stack.groups("/shop/a", "/shop/b")
    monkeypatch.setenv("LOGSHAPE_DESTINATION_ARN", f"arn:aws:kinesis:{REGION}:123456789012:stream/that-is-gone")

    with pytest.raises(OutsideFailure, match=r"^2 changes were not made; the first: logs:PutSubscriptionFilter of "):
        run(SCHEDULE)

    assert stack.kept() == {"/shop/a": 30, "/shop/b": 30}


def test_many_log_groups_are_taken_in_slices_and_the_rest_by_the_next_run(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading is bound to five calls a second: ten thousand log groups do not fit into one run."""
    names = [f"/shop/{letter}" for letter in "abcd"]
    stack.groups(*names)
    monkeypatch.setattr(rounds, "MOST", 2)

    counts = run(SCHEDULE)  # a slice needs more time than a run of a minute has, but for the first of an invocation
    handed = stack.next_runs()

    assert counts == {"created": 2}  # the query and the dashboard
    rest = {"run": handed[0]["run"], "deleted": 0, "request": None, "expires": 0, "failed": 0}
    assert handed == [{"occasion": "slice", "globs": names[number:], **rest} for number in range(4)]
    assert stack.subscribed(*names) == {name: [FILTER] for name in names}
    monkeypatch.setattr(rounds, "MOST", 4)
    assert run(SCHEDULE) == {}


@pytest.mark.parametrize(
    "crashing",
    [
        None,
        ("s3", "put_object"),
        ("logs", "put_subscription_filter"),
        ("lambda", "invoke"),
        ("logs", "delete_metric_filter"),
    ],
)
def test_what_slices_saw_is_deleted_when_all_are_read(
    crashing: tuple[str, str] | None, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever invocation crashes, however many log groups there are: in the end the account is as it should be."""
    former = f"{OURS}former"
    stack.groups("/shop/a", "/shop/b", "/shop/c", "/left", "/other")
    for group, name in (("/shop/a", former), ("/left", former), ("/left", "theirs"), ("/other", "theirs")):
        stack.count(group, name)
    stack.logs.put_subscription_filter(
        logGroupName="/left", filterName=FILTER, filterPattern="", destinationArn=stack.ingest
    )
    stack.logs.put_query_definition(name=f"{OURS}Former", queryString="limit 1")
    monkeypatch.setattr(rounds, "MOST", 2)
    if crashing:
        monkeypatch.setattr(Control, "call", crashing_once(*crashing))

    as_lambda(SCHEDULE)
    stack.next_runs()

    assert stack.others() == [("/left", "theirs"), ("/other", "theirs")]
    assert stack.subscribed("/left", "/shop/a", "/other") == {"/left": [], "/shop/a": [FILTER], "/other": []}
    assert [one["name"] for one in stack.logs.describe_query_definitions()["queryDefinitions"]] == [f"{OURS}Errors"]
    monkeypatch.setattr(rounds, "MOST", 3)
    assert run(SCHEDULE) == {}


def test_without_a_spool_slices_delete_nothing_and_say_so(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Deletions are guarded by how much of the whole they are, and nobody keeps what the slices saw of it."""
    stack.groups("/shop/a", "/shop/b", "/shop/c")
    stack.count("/shop/a", f"{OURS}former")
    monkeypatch.setattr(rounds, "MOST", 2)
    monkeypatch.setattr(rounds, "READING", 0.0)
    monkeypatch.delenv("LOGSHAPE_SPOOL")

    assert run(SCHEDULE) == {"created": 2 + 3 * 4, "undeleted": 1}
    assert (
        '"message":"over more than 500 log groups nothing is deleted without LOGSHAPE_SPOOL"' in capsys.readouterr().out
    )
    assert stack.others() == [("/shop/a", f"{OURS}former")]


def test_a_deployment_is_applied_and_answered(stack: Stack, cloudformation: Waiting) -> None:
    """What a new contract wants holds when the deployment ends."""
    stack.groups("/shop/a")

    run(cloudformation.request("Create"))
    run(cloudformation.request("Update", "shop"))

    assert cloudformation.answers == [
        answered("SUCCESS", "shop", {"created": 6}),
        answered("SUCCESS", "shop", {}),
    ]


def test_the_end_of_the_stack_takes_our_subscriptions_and_nothing_else(stack: Stack, cloudformation: Waiting) -> None:
    """A filter to a dead function would stay, take one of two slots, and skip what is written."""
    stack.groups("/shop/a", "/shop/b")
    run(SCHEDULE)
    stack.logs.delete_subscription_filter(logGroupName="/shop/b", filterName=FILTER)
    stack.logs.put_subscription_filter(
        logGroupName="/shop/b", filterName="theirs", filterPattern="", destinationArn=stack.ingest
    )

    run(cloudformation.request("Delete", "shop"))

    assert cloudformation.answers == [answered("SUCCESS", "shop", {"deleted": 1})]
    assert stack.subscribed("/shop/a", "/shop/b") == {"/shop/a": [], "/shop/b": ["theirs"]}
    assert stack.kept() == {"/shop/a": 30, "/shop/b": 30}
    assert stack.logs.describe_metric_filters(logGroupName="/shop/a")["metricFilters"]
    assert stack.aws.client("cloudwatch").list_dashboards()["DashboardEntries"]


def test_a_contract_that_was_renamed_gives_up_its_old_filters(stack: Stack, cloudformation: Waiting) -> None:
    """The resource bears the contract's name: CloudFormation asks for the old one to be deleted after an update."""
    stack.groups("/shop/a")
    stack.logs.put_subscription_filter(
        logGroupName="/shop/a", filterName="logshape/store/ingest", filterPattern="", destinationArn=stack.ingest
    )

    run(cloudformation.request("Update", "store"))
    run(cloudformation.request("Delete", "store"))
    run(SCHEDULE)

    assert [one["PhysicalResourceId"] for one in cloudformation.answers] == ["shop", "store"]
    assert stack.subscribed("/shop/a") == {"/shop/a": [FILTER]}


def test_a_removal_that_has_no_time_left_goes_on_in_the_next_run(stack: Stack, cloudformation: Waiting) -> None:
    """The answer is given once, by whoever is last."""
    stack.groups("/shop/a", "/shop/b")
    run(SCHEDULE)

    run(cloudformation.request("Delete", "shop"), seconds=0.0)
    stack.next_runs()

    assert cloudformation.answers == [answered("SUCCESS", "shop", {"deleted": 2})]
    assert stack.subscribed("/shop/a", "/shop/b") == {"/shop/a": [], "/shop/b": []}


def test_the_end_of_the_stack_tells_when_filters_are_left(stack: Stack, cloudformation: Waiting) -> None:
    """Only then can the removal be tried again, before nobody knows of them any more."""
    stack.groups("/shop/a", "/shop/b")
    run(SCHEDULE)
    overdue = {
        "occasion": "slice",
        "globs": ["*"],
        "request": cloudformation.request("Delete", "shop"),
        "expires": 0,
        "failed": 1,
    }

    run(overdue, seconds=0.0)

    reason = (
        "subscription filters of ours are left: 1 could not be deleted, as the function's log tells; "
        "no time was left for the log groups *"
    )
    assert cloudformation.answers == [answered("FAILED", "shop", {}, reason)]


def test_whatever_fails_cloudformation_is_answered(
    stack: Stack, cloudformation: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would wait for an hour, and roll back for another."""
    contract = Path(stack.environment["LOGSHAPE_CONTRACT"])
    monkeypatch.setenv("LOGSHAPE_CONTRACT", str(contract.with_name("none.msgpack")))

    run(cloudformation.request("Create"))

    reason = f"{contract.with_name('none.msgpack')} cannot be read: No such file or directory"
    assert cloudformation.answers == [answered("FAILED", "Governed", {}, reason)]
