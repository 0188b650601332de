"""plan, apply and drift as a person types them: what is shown, asked, refused, and which exit code says so."""

from __future__ import annotations

import io
import json
import os
import re
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest

from logshape.cli import main
from logshape.cli.planning import progress
from logshape.connections import control
from tests.wires import Asked, Told, served

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from logshape.local.aws import LocalAws

    Run = Callable[..., tuple[int, str, str]]

CONTRACT = """\
version: 1
name: shop
formats:
  orders:
    line: "[{level}] {message}"
    examples: [{line: "[ERROR] boom", record: {level: ERROR}}]
groups: [{name: orders, match: [/app/orders-*], formats: [orders], keep: {logs: 30d}}]
metrics:
  errors: {where: level >= ERROR, default: 0}
"""
ORDERS, FUNCTION = "/app/orders-a", "arn:aws:lambda:us-east-1:123456789012:function:shop-ingest"
IDENTITY = """<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"""
STACK = """<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult><Stacks>
<member><StackName>logs</StackName><StackStatus>CREATE_COMPLETE</StackStatus><CreationTime>2025-01-01T00:00:00Z</CreationTime>
<Outputs><member><OutputKey>IngestArn</OutputKey><OutputValue>%s</OutputValue></member></Outputs></member>
</Stacks></DescribeStacksResult></DescribeStacksResponse>"""
RESOURCES = """<ListStackResourcesResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">
<ListStackResourcesResult><StackResourceSummaries>
<member><LogicalResourceId>L</LogicalResourceId><ResourceType>AWS::Logs::LogGroup</ResourceType><ResourceStatus>CREATE_COMPLETE</ResourceStatus>
<LastUpdatedTimestamp>2025-01-01T00:00:00Z</LastUpdatedTimestamp><PhysicalResourceId>/app/orders-own</PhysicalResourceId></member>
</StackResourceSummaries></ListStackResourcesResult></ListStackResourcesResponse>"""
POLICY = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "logs.amazonaws.com"}, "Action": "lambda:*"}]}
NO_STACK = """<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><Error><Type>Sender</Type>
<Code>ValidationError</Code><Message>Stack with id shop does not exist</Message></Error></ErrorResponse>"""


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a way to run a command on a contract, to its exit code, result and talk."""
    path = tmp_path / "contract.yaml"
    path.write_text(CONTRACT, encoding="utf-8")
    (tmp_path / "queries").mkdir()
    (tmp_path / "queries" / "latest.cwli").write_text("# Latest\nlimit 20\n", encoding="utf-8")
    monkeypatch.setenv("LOGSHAPE_CONTRACT", str(path))

    def ran(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return ran


@pytest.fixture
def logs(aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: ANN401 # boto3 makes its clients at run time
    """Return a client of the account that the environment speaks of, which has one log group and a function."""
    aws.client("s3").create_bucket(Bucket="failures")
    arn = aws.function("shop-ingest", lambda *_: {}, failures="failures")
    for name, value in {**aws.environment(), "LOGSHAPE_DESTINATION_ARN": arn}.items():
        monkeypatch.setenv(name, value)
    client = aws.client("logs")
    client.create_log_group(logGroupName=ORDERS)
    return client


def test_what_plan_shows_apply_makes_and_drift_guards(run: Run, logs: Any) -> None:  # noqa: ANN401 # as above
    """The way of a whole day, with its exit codes."""
    code, out, err = run("plan", "--target", "logs", "--json")
    plan = json.loads(out)

    assert code == 0
    assert "shop in account 123456789012, Region us-east-1" in err
    assert list(plan) == ["fingerprint", "changes", "skipped", "blocked"]
    assert [(one["action"], one["kind"]) for one in plan["changes"]] == [
        ("create", "retention"), ("create", "subscription-filter"), ("create", "metric-filter"), ("create", "query"),
    ]  # fmt: skip
    assert list(plan["changes"][0]) == ["action", "target", "kind", "name", "before", "after", "reason"]
    assert run("drift", "--target", "logs")[0] == 1
    code, out, err = run("apply", "--target", "logs", "--fingerprint", plan["fingerprint"])
    assert (code, err.splitlines()[0]) == (0, "made 4 changes")
    assert run("drift", "--target", "logs")[0] == 0
    logs.put_retention_policy(logGroupName=ORDERS, retentionInDays=7)
    assert "~ update retention /app/orders-a: 7 → 30 days" in run("drift", "--target", "logs")[1]


def test_apply_asks_nobody_where_nobody_is(run: Run, logs: Any) -> None:  # noqa: ANN401 # as above
    """A pipeline that forgets to say which plan it means must not make any."""
    code, _, err = run("apply", "--target", "logs")

    assert code == 2
    assert "say --fingerprint F, as `logshape plan` prints it, or --yes" in err
    assert logs.describe_metric_filters()["metricFilters"] == []


@pytest.mark.parametrize(("answer", "outcome"), [("y", (0, 1)), ("n", (1, 0)), ("", (1, 0))])
def test_on_a_terminal_apply_shows_the_plan_and_asks(
    answer: str,
    outcome: tuple[int, int],
    run: Run,
    logs: Any,  # noqa: ANN401 # as above
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is asked is what was shown, and only a yes is one."""
    keyboard, terminal = os.openpty()
    with os.fdopen(keyboard, "w") as typed, os.fdopen(terminal) as stdin:
        typed.write(f"{answer}\n")
        typed.flush()
        monkeypatch.setattr(sys, "stdin", stdin)
        code, out, err = run("apply", "--target", "logs")

    assert "+ create metric-filter /app/orders-a:logshape/shop/errors" in out
    assert err.startswith("Make 4 changes? [y/N]: ")
    assert (code, len(logs.describe_metric_filters()["metricFilters"])) == outcome


def test_a_long_apply_shows_how_far_it_is_on_a_terminal_and_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """At five calls a second an account takes minutes, and a pipe wants none of it."""
    monkeypatch.setenv("TERM", "xterm")
    screen, terminal = os.openpty()
    with os.fdopen(terminal, "w") as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        with progress(2, "changes") as tell:
            tell(None)
            tell(None)
    shown = b""
    with suppress(OSError):  # as Linux says that there is no more
        while piece := os.read(screen, 65536):
            shown += piece
    os.close(screen)
    pipe = io.StringIO()
    monkeypatch.setattr(sys, "stderr", pipe)
    with progress(1, "changes") as tell:
        tell(None)

    assert re.search(b"changes.*100%", shown)
    assert pipe.getvalue() == ""


def test_log_groups_born_since_refuse_the_apply_by_name(run: Run, logs: Any) -> None:  # noqa: ANN401 # as above
    """What nobody has seen is not made."""
    fingerprint = json.loads(run("plan", "--target", "logs", "--json")[1])["fingerprint"]
    logs.create_log_group(logGroupName="/app/orders-new")
    code, _, err = run("apply", "--target", "logs", "--fingerprint", fingerprint)

    assert (code, logs.describe_metric_filters()["metricFilters"]) == (1, [])
    assert err == (
        "logshape: the plan is not the one that was shown: since then these log groups were made: /app/orders-new; "
        "run `logshape plan` again\n"
    )


def test_a_guard_stops_apply_before_anything_is_made(run: Run, logs: Any) -> None:  # noqa: ANN401 # as above
    """Exit 1: the answer is no."""
    for number in range(11):
        logs.put_query_definition(name=f"logshape/shop/{number}", queryString="limit 1")
    code, _, err = run("apply", "--target", "logs", "--yes")

    assert (code, logs.describe_metric_filters()["metricFilters"]) == (1, [])
    assert "logshape: would delete 11 of 11 queries: if the contract means it, say --force" in err
    assert run("apply", "--target", "logs", "--yes", "--force")[0] == 0


def test_a_failure_is_named_and_ends_in_three(run: Run, logs: Any, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ANN401 # as above
    """All others are made."""
    monkeypatch.setenv("LOGSHAPE_DESTINATION_ARN", "arn:aws:kinesis:us-east-1:123456789012:stream/gone")
    code, out, err = run("apply", "--target", "logs", "--yes", "--json")

    assert code == 3
    assert [(one["kind"], one["name"]) for one in json.loads(out)["failed"]] == [
        ("subscription-filter", f"{ORDERS}:logshape/shop/ingest")
    ]
    assert (
        "failed to create subscription-filter /app/orders-a:logshape/shop/ingest: logs:PutSubscriptionFilter of " in err
    )
    assert "made 3 of 4 changes; run it again for what is left" in err
    assert len(logs.describe_metric_filters()["metricFilters"]) == 1


class Account:
    """An AWS that answers each call as it is told, and empty otherwise; answers are used up, the last one is not."""

    def __init__(self) -> None:
        """Begin with an account, a stack's absence, and one log group."""
        group = {"logGroupName": ORDERS, "creationTime": 1, "storedBytes": 5}
        self.made: list[str] = []
        self.answers: dict[str, list[Told]] = {
            "GetCallerIdentity": [Told(200, IDENTITY.encode())],
            "DescribeStacks": [Told(400, NO_STACK.encode())],
            "ListStackResources": [Told(200, RESOURCES.encode())],
            "DescribeLogGroups": [_said({"logGroups": [group]})],
            "GetPolicy": [_said({"Policy": json.dumps(POLICY)})],
        }

    def __call__(self, asked: Asked) -> Told:
        """Answer."""
        target = asked.headers.get("x-amz-target")
        query = parse_qs(asked.body.decode())
        name = target.split(".")[1] if target else query["Action"][0] if query else "GetPolicy"
        self.made.append(name)
        answers = self.answers.get(name, [_said({})])
        return answers.pop(0) if len(answers) > 1 else answers[0]


def _said(body: Mapping[str, object], status: int = 200) -> Told:
    return Told(status, json.dumps(body).encode(), (("content-type", "application/x-amz-json-1.1"),))


def refusal(code: str, message: str = "no") -> Told:
    """Return an error as CloudWatch Logs words it."""
    return _said({"__type": code, "message": message}, 400)


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: ANN401 # a generator of one Account
    """Serve an account that tests script."""
    account = Account()
    with served(account) as (url, _):
        for name, value in {
            "AWS_ENDPOINT_URL": url, "AWS_REGION": "eu-west-1", "NO_PROXY": "127.0.0.1",
            "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y",
        }.items():  # fmt: skip
            monkeypatch.setenv(name, value)
        yield account


def test_a_stack_says_where_lines_go_and_what_is_on_the_way(run: Run, account: Account) -> None:
    """Its outputs, and the logs of its own resources."""
    account.answers["DescribeStacks"] = [Told(200, (STACK % FUNCTION).encode())]
    account.answers["DescribeLogGroups"] = [
        _said({"logGroups": [{"logGroupName": "/app/orders-own"}, {"logGroupName": ORDERS}]})
    ]
    code, out, _ = run("plan", "--stack", "logs", "--target", "logs", "--json")
    plan = json.loads(out)
    (sent,) = (one["after"] for one in plan["changes"] if one["kind"] == "subscription-filter")

    assert code == 0
    assert (sent["logGroupName"], sent["destinationArn"]) == (ORDERS, FUNCTION)
    assert [one["name"] for one in plan["skipped"] if "loop" in one["reason"]] == ["/app/orders-own"]


STREAM, ROLE = "arn:aws:kinesis:us-east-1:123456789012:stream/shop-lines", "arn:aws:iam::123456789012:role/into-it"


def test_into_a_stream_lines_go_by_a_role(run: Run, account: Account) -> None:
    """CloudWatch Logs refuses a stream without one; no function's policy is asked for."""
    outputs = STREAM + "</OutputValue></member><member><OutputKey>IngestRoleArn</OutputKey><OutputValue>" + ROLE
    account.answers["DescribeStacks"] = [Told(200, (STACK % outputs).encode())]
    account.answers["GetPolicy"] = []
    _, out, _ = run("plan", "--stack", "logs", "--target", "logs", "--json")
    (sent,) = (one["after"] for one in json.loads(out)["changes"] if one["kind"] == "subscription-filter")

    assert (sent["destinationArn"], sent["roleArn"]) == (STREAM, ROLE)


def test_a_function_of_the_stack_knows_better_than_its_outputs(
    run: Run, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a stack goes from calls to a stream, or back, its outputs are still those of before."""
    outputs = STREAM + "</OutputValue></member><member><OutputKey>IngestRoleArn</OutputKey><OutputValue>" + ROLE
    account.answers["DescribeStacks"] = [Told(200, (STACK % outputs).encode())]
    for name, value in {
        "AWS_LAMBDA_FUNCTION_NAME": "logs-govern",
        "LOGSHAPE_DESTINATION_ARN": FUNCTION,
        "LOGSHAPE_DESTINATION_ROLE_ARN": "",
    }.items():
        monkeypatch.setenv(name, value)
    _, out, _ = run("plan", "--stack", "logs", "--target", "logs", "--json")
    (sent,) = (one["after"] for one in json.loads(out)["changes"] if one["kind"] == "subscription-filter")

    assert (sent["destinationArn"], "roleArn" in sent) == (FUNCTION, False)


def test_who_may_not_read_the_functions_policy_can_plan_all_the_same(run: Run, account: Account) -> None:
    """A right that came with a new release must not end everybody's plans; that something is not known is said."""
    account.answers["DescribeStacks"] = [Told(200, (STACK % FUNCTION).encode())]
    account.answers["GetPolicy"] = [refusal("AccessDeniedException", "you may not")]
    code, out, _ = run("plan", "--stack", "logs", "--target", "logs", "--json")
    plan = json.loads(out)

    assert (code, plan["blocked"]) == (0, [])
    assert "subscription-filter" in [one["kind"] for one in plan["changes"]]
    why = f"lambda:GetPolicy of {FUNCTION}: AccessDeniedException: you may not"
    told = {"name": FUNCTION, "reason": f"whether CloudWatch Logs may call it, nobody knows; {why}"}
    assert told in plan["skipped"]


def test_a_stack_that_is_named_must_be_there(run: Run, account: Account) -> None:
    """A wrong name must not look like a contract that needs no stack."""
    del account

    assert run("plan", "--stack", "logs") == (
        3, "", "logshape: cloudformation:DescribeStacks of `logs`: ValidationError: Stack with id shop does not exist\n"
    )  # fmt: skip


def test_the_policy_of_the_account_decides_where_there_is_one(run: Run, account: Account) -> None:
    """A put would succeed, and be masked for ever: each plan would show it again."""
    group = {"logGroupName": ORDERS, "creationTime": 1, "retentionInDays": 90, "retentionPolicyName": "org"}
    account.answers["DescribeLogGroups"] = [_said({"logGroups": [group]})]
    plan = json.loads(run("plan", "--target", "logs", "--json")[1])

    assert [one["kind"] for one in plan["changes"]] == ["metric-filter", "query"]
    assert plan["skipped"] == [{"name": ORDERS, "reason": "the account's policy `org` decides its retention"}]


@pytest.mark.parametrize("action", ["DescribeLogGroups", "DescribeMetricFilters", "DescribeQueryDefinitions"])
def test_a_denied_action_is_named(action: str, run: Run, account: Account) -> None:
    """Who may not read cannot plan, and must be told what to allow."""
    account.answers[action] = [refusal("AccessDeniedException", "you may not")]
    code, out, err = run("plan", "--target", "logs")

    assert (code, out) == (3, "")
    assert err.startswith(f"logshape: logs:{action}")
    assert err.endswith(": AccessDeniedException: you may not\n")


@pytest.mark.parametrize("action", ["GetCallerIdentity", "DescribeLogGroups"])
def test_an_account_that_does_not_answer_is_named(
    action: str, run: Run, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After as many tries as it takes; here, after one."""
    monkeypatch.setattr(control, "_CONTROL_TRIES", 1)
    account.answers[action] = [Told(0)]
    code, out, err = run("plan", "--target", "logs")

    assert (code, out) == (3, "")
    assert re.fullmatch(rf"logshape: \w+:{action}[^\n]*: Connection was closed before [^\n]*\n", err)


def test_a_page_that_leads_to_itself_ends_the_plan(run: Run, account: Account) -> None:
    """Half of an account would be planned as if the other half were not there."""
    account.answers["DescribeMetricFilters"] = [_said({"metricFilters": [], "nextToken": "t"})]

    assert run("plan", "--target", "logs")[2] == (
        "logshape: logs:DescribeMetricFilters: a page leads back to itself; the rest is not read\n"
    )


def test_who_has_no_credentials_is_told(
    run: Run, account: Account, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The first thing that goes wrong on a new machine."""
    del account
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    assert run("plan") == (3, "", "logshape: sts:GetCallerIdentity: Unable to locate credentials\n")


def test_a_profile_that_is_none_is_bad_usage(run: Run, account: Account) -> None:
    """Nobody outside failed."""
    del account

    assert run("plan", "--profile", "nobody") == (2, "", "logshape: The config profile (nobody) could not be found\n")


def test_a_region_is_needed(run: Run, account: Account, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """And `--region` is before all that the environment says."""
    del account
    assert "Region eu-north-1" in run("plan", "--target", "logs", "--region", "eu-north-1")[1]
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))

    assert run("plan") == (2, "", "logshape: nobody names a Region; say --region, or set AWS_REGION\n")


@pytest.mark.parametrize("code", ["ThrottlingException", "OperationAbortedException"])
def test_a_busy_service_is_asked_again(code: str, run: Run, account: Account) -> None:
    """Both are answers of a service that is well: it has too many callers, or another one holds the log group."""
    account.answers["PutMetricFilter"] = [refusal(code), _said({})]

    assert run("apply", "--target", "logs", "--yes")[0] == 0
    assert account.made.count("PutMetricFilter") == 2


def test_a_full_quota_is_asked_once_and_named(run: Run, account: Account) -> None:
    """To ask again would not help, and botocore by itself would, eight times, more and more slowly."""
    account.answers["PutMetricFilter"] = [refusal("LimitExceededException", "Resource limit exceeded.")]
    code, _, err = run("apply", "--target", "logs", "--yes")

    assert (code, account.made.count("PutMetricFilter")) == (3, 1)
    assert err.startswith(
        "failed to create metric-filter /app/orders-a:logshape/shop/errors: logs:PutMetricFilter of "
        "/app/orders-a:logshape/shop/errors: a quota of the account is used up: Resource limit exceeded.\n"
    )
