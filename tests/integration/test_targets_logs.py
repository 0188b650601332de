"""The target for CloudWatch Logs as a client sees it: what is found, made, left alone and refused, over HTTP."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

import logshape
from logshape import connections
from logshape.errors import OutsideFailure
from logshape.local.aws import ACCOUNT
from logshape.plan import Plan, Skipped, diff
from logshape.targets import place as places
from logshape.targets import planning
from logshape.targets.calls import Calls, Rejected, Time
from logshape.targets.logs import RATES, Logs
from logshape.targets.place import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logshape.contract.model import Contract
    from logshape.local.aws import LocalAws

ROOT = Path(__file__).parents[2]
CONTRACT = """\
version: 1
name: shop
formats:
  orders:
    line: "[{level}] {message}"
    examples: [{line: "[ERROR] boom", record: {level: ERROR}}]
groups:
  - {name: orders, match: [/app/orders-*], except: [/app/orders-debug], formats: [orders], keep: {logs: 30d}}
  - {name: audit, match: [/app/audit], formats: [orders], subscribe: false, keep: {logs: forever}}
metrics:
  errors: {in: [orders], where: level >= ERROR, default: 0}
"""
ORDERS, AUDIT, FOREIGN = "/app/orders-a", "/app/audit", "/other/orders-a"
QUERY = "# Latest errors\nfields @timestamp, @message | limit 20\n"


class Clock:
    """Time that passes when somebody sleeps."""

    def __init__(self) -> None:
        """Begin at nought."""
        self.now = 0.0

    def time(self) -> Time:
        """Return it as calls take it."""
        return Time(clock=lambda: self.now, sleep=self.sleep)

    def sleep(self, seconds: float) -> None:
        """Pass."""
        self.now += seconds


@pytest.fixture
def contract(tmp_path: Path) -> Contract:
    """Return a contract with a subscribed and an unsubscribed entry."""
    path = tmp_path / "contract.yaml"
    path.write_text(CONTRACT, encoding="utf-8")
    return logshape.load(path)


class World:
    """An account with one destination, and what a plan of it says."""

    def __init__(self, aws: LocalAws, contract: Contract) -> None:
        """Deploy a function that takes everything."""
        aws.client("s3").create_bucket(Bucket="failures")
        self.aws = aws
        self.contract = contract
        self.arns = [aws.function(name, lambda *_: {}, failures="failures") for name in ("ingest", "other", "third")]
        self.client: Any = aws.client("logs")
        self.functions: Any = aws.client("lambda")
        self.place = Place(account=ACCOUNT, region="us-east-1", destination=self.arns[0])
        self.queries: dict[str, str] | None = {"errors.cwli": QUERY}
        self.clock = Clock()

    def groups(self, *names: str, **more: str) -> None:
        """Create log groups."""
        for name in names:
            self.client.create_log_group(logGroupName=name, **more)

    def target(self) -> Logs:
        """Return the target, for which time is free."""
        return Logs(connections.Control({"AWS_REGION": "us-east-1"}), self.place, self.queries, self.clock.time())

    def plan(self, glob: str | None = None, *, allow_shorten: bool = False, now_ms: int = 0) -> Plan:
        """Return the plan."""
        wish = planning.Wish(glob=glob, allow_shorten=allow_shorten)
        return planning.plan([self.target()], self.contract, self.place, wish, now_ms)

    def apply(self, plan: Plan) -> list[str]:
        """Make it, and return what failed."""
        return [failure.reason for failure in planning.make(plan, [self.target()])]


@pytest.fixture
def world(aws: LocalAws, contract: Contract, monkeypatch: pytest.MonkeyPatch) -> World:
    """Return the account that the environment speaks of."""
    for name, value in aws.environment().items():
        monkeypatch.setenv(name, value)
    return World(aws, contract)


def shown(plan: Plan) -> list[str]:
    """Return the changes of *plan*, in words."""
    return [f"{type(one).__name__} {one.resource.kind} {one.resource.name}" for one in plan.changes]


ALL = [
    f"Create retention {ORDERS}",
    f"Create subscription-filter {ORDERS}:logshape/shop/ingest",
    f"Create metric-filter {ORDERS}:logshape/shop/errors",
    "Create query logshape/shop/Latest errors",
]


def test_what_is_made_is_found_again(world: World) -> None:
    """A plan after apply is empty: what describe calls answer is read as what was put."""
    world.groups(ORDERS, AUDIT, FOREIGN, "/app/orders-debug")
    plan = world.plan()

    assert shown(plan) == ALL
    assert (plan.skipped, plan.blocked) == ((), ())
    assert world.apply(plan) == []
    assert world.plan().changes == ()


def test_few_calls_read_an_account(world: World) -> None:
    """Metric filters of all log groups come in pages of one scan; only subscriptions need a call for each."""
    world.groups(*(f"/app/orders-{number:03}" for number in range(120)), *(f"/b/{number}" for number in range(60)))
    target = world.target()
    target.find(world.contract, None)

    assert target.calls.made == {
        "describe_log_groups": 3 + 1,  # of the two prefixes
        "describe_metric_filters": 1,
        "describe_subscription_filters": 120,
        "describe_query_definitions": 1,
    }
    assert world.clock.now == pytest.approx(120 / RATES["describe_subscription_filters"] - 1)


def test_all_pages_are_read(world: World) -> None:
    """What lies on a second page is neither created again nor forgotten."""
    world.groups(*(f"/app/orders-{number:03}" for number in range(70)))
    world.apply(world.plan())

    assert len(world.client.describe_metric_filters()["metricFilters"]) == 50
    assert world.plan().changes == ()


def test_ten_thousand_log_groups_are_read_to_the_last_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All is there as it is wanted but for a leftover in each hundredth, so that a page missed would be a change."""
    contract = tmp_path / "contract.yaml"
    contract.write_text(CONTRACT.replace("/app/orders-*", "/aws/*"), encoding="utf-8")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    command = [sys.executable, ROOT / "tests/bench/endpoint.py", contract, "kept"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as account:
        assert account.stdout
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{int(account.stdout.readline())}")
        place = Place(account=ACCOUNT, region="us-east-1")  # without a destination subscriptions are not asked for
        target = Logs(connections.Control({"AWS_REGION": "us-east-1"}), place, None, Clock().time())

        plan = planning.plan([target], logshape.load(contract), place, planning.Wish(), 0)
        account.terminate()

    assert plan.found == {"retention": 10_000, "metric-filter": 10_100}
    assert {change.resource.name.partition(":")[2] for change in plan.changes} == {"logshape/shop/former"}
    assert len(plan.changes) == 100
    assert target.calls.made == {
        "describe_log_groups": 10_000 // 50 + 1,  # of the contract's two prefixes
        "describe_metric_filters": 10_100 // 50,
    }


def test_what_somebody_changed_by_hand_is_put_back(world: World) -> None:
    """That is drift: what was changed, what was deleted, and what only our names can have made."""
    world.groups(ORDERS)
    world.apply(world.plan())
    world.client.put_retention_policy(logGroupName=ORDERS, retentionInDays=7)
    world.client.put_subscription_filter(
        logGroupName=ORDERS, filterName="logshape/shop/ingest", filterPattern="", destinationArn=world.arns[1]
    )
    transformation = {"metricName": "x", "metricNamespace": "y", "metricValue": "1"}
    for name in ("errors", "gone"):
        world.client.put_metric_filter(
            logGroupName=ORDERS,
            filterName=f"logshape/shop/{name}",
            filterPattern="x",
            metricTransformations=[transformation],
        )
    (query,) = world.client.describe_query_definitions()["queryDefinitions"]
    world.client.put_query_definition(**query | {"queryString": "limit 1", "logGroupNames": [ORDERS]})

    plan = world.plan()

    assert shown(plan) == [
        f"Update retention {ORDERS}",
        f"Update subscription-filter {ORDERS}:logshape/shop/ingest",
        f"Delete metric-filter {ORDERS}:logshape/shop/gone",
        f"Update metric-filter {ORDERS}:logshape/shop/errors",
        "Update query logshape/shop/Latest errors",
    ]
    assert world.apply(plan) == []
    assert world.plan().changes == ()
    (mended,) = world.client.describe_query_definitions()["queryDefinitions"]
    assert mended == query


def test_what_a_late_answer_lets_be_made_twice_is_put_right(world: World) -> None:
    """A describe call may not show yet what was put before it: then the same plan comes again, and is made again."""
    world.groups(ORDERS)
    plan = world.plan()

    assert [world.apply(plan), world.apply(plan)] == [[], []]
    assert [type(one).__name__ for one in world.plan().changes] == ["Delete"]  # a saved query, which has no key
    assert world.apply(world.plan()) == []
    assert world.plan().changes == ()


def test_queries_of_one_name_become_one(world: World) -> None:
    """A name is no key: whoever puts without an id makes another, and two of ours are repaired; a foreign one stays."""
    for name in ("logshape/shop/Latest errors",) * 2 + ("logshape/shop/Old", "logshape/shop-eu/Latest errors", "mine"):
        world.client.put_query_definition(name=name, queryString="limit 1")

    plan = world.plan()

    assert [type(one).__name__ for one in plan.changes] == ["Delete", "Delete", "Update"]
    assert world.apply(plan) == []
    names = [one["name"] for one in world.client.describe_query_definitions()["queryDefinitions"]]
    assert names == ["logshape/shop/Latest errors", "logshape/shop-eu/Latest errors", "mine"]
    assert world.plan().changes == ()


def test_without_a_folder_of_queries_those_deployed_stay(world: World) -> None:
    """That nobody knows them is never that none is wanted."""
    world.apply(world.plan())
    world.queries = None
    plan = world.plan()

    assert plan.changes == ()
    assert [(one.name, one.reason) for one in plan.blocked] == [
        ("logshape/shop/*", "there are no saved queries beside the contract, in queries/")
    ]


def test_both_slots_taken_is_blocked_with_who_has_them(world: World) -> None:
    """Two subscription filters are all that CloudWatch allows; to fail with its LimitExceeded would say nothing."""
    world.groups(ORDERS)
    for number, name in enumerate(("datadog", "splunk"), start=1):
        world.client.put_subscription_filter(
            logGroupName=ORDERS, filterName=name, filterPattern="", destinationArn=world.arns[number]
        )
    plan = world.plan()

    assert [(one.name, one.reason) for one in plan.blocked] == [
        (
            f"{ORDERS}:logshape/shop/ingest",
            f"both subscription slots of the log group are taken: `datadog` sends to {world.arns[1]}, `splunk` sends to {world.arns[2]}; delete one of them",
        )
    ]
    assert shown(plan) == [ALL[0], *ALL[2:]]


def test_a_second_way_to_the_same_function_is_blocked(world: World) -> None:
    """Each line would arrive twice, and be archived twice."""
    world.groups(ORDERS)
    world.client.put_subscription_filter(
        logGroupName=ORDERS, filterName="by-hand", filterPattern="", destinationArn=world.arns[0]
    )

    assert [one.reason for one in world.plan().blocked] == [
        f"`by-hand` sends to {world.arns[0]} already, so that each line would arrive twice; delete that filter"
    ]


def test_a_function_that_may_not_be_called_is_blocked(world: World) -> None:
    """CloudWatch would refuse the subscription, or, where it was let in once, skip what is written."""
    world.groups(ORDERS)
    world.functions.remove_permission(FunctionName="ingest", StatementId="subscriptions")
    plan = world.plan()
    ((name, reason),) = [(one.name, one.reason) for one in plan.blocked]

    assert shown(plan) == [ALL[0], *ALL[2:]]
    assert name == f"{ORDERS}:logshape/shop/ingest"
    assert reason.startswith(f"{world.arns[0]} does not let CloudWatch Logs of this account and Region call it; aws ")
    options = dict(re.findall(r"--([a-z-]+) '?([^ ']+)", reason))
    asked = {"".join(word.capitalize() for word in option.split("-")): value for option, value in options.items()}
    world.functions.add_permission(**asked)
    assert shown(world.plan()) == ALL


def test_a_function_that_is_gone_is_blocked(world: World) -> None:
    """A permission cannot be added to it."""
    world.groups(ORDERS)
    gone = world.arns[0].replace("ingest", "gone")
    world.place = replace(world.place, destination=gone)

    assert [one.reason for one in world.plan().blocked] == [f"there is no function {gone}"]


def test_without_a_destination_only_subscriptions_are_blocked(world: World) -> None:
    """Retention and metrics need no stack."""
    world.groups(ORDERS)
    world.place = Place(account=ACCOUNT, region="us-east-1")
    plan = world.plan()

    assert shown(plan) == [ALL[0], *ALL[2:]]
    assert [(one.name, one.reason) for one in plan.blocked] == [
        (
            "logshape/shop/ingest",
            "nobody says where lines are sent; name a deployed stack by --stack, or an ARN by LOGSHAPE_DESTINATION_ARN",
        )
    ]


def test_some_log_groups_are_left_as_they_are(world: World) -> None:
    """A class without filters would fail, and the way of the lines would feed itself without end."""
    world.groups("/app/orders-ia", logGroupClass="INFREQUENT_ACCESS")
    world.groups("/app/orders-ingest")
    world.place = Place(
        account="1", region="r", destination=world.arns[0], own_groups=frozenset({"/app/orders-ingest"})
    )
    plan = world.plan()

    assert shown(plan) == ALL[3:]
    assert plan.skipped == (
        Skipped("/app/orders-ia", "its log class is INFREQUENT_ACCESS, which takes no filters"),
        Skipped("/app/orders-ingest", "it is on the way that lines take; to send it there would be a loop"),
    )


def test_the_log_of_the_destination_is_never_subscribed(world: World) -> None:
    """Even where no stack says which log groups are on the way."""
    environ = {places.DESTINATION: f"{world.arns[0]}:live"}
    place = places.find(connections.Control({"AWS_REGION": "us-east-1"}), None, environ, usual="shop")

    assert (place.account, place.region) == ("123456789012", "us-east-1")
    assert place.own_groups == {"/aws/lambda/ingest"}


def test_a_stream_as_the_destination_is_no_drift_once_it_is_applied(world: World) -> None:
    """What CloudWatch Logs says of a role is compared with what was wanted."""
    world.groups(ORDERS)
    world.apply(world.plan())
    stream = {"StreamName": "lines", "StreamModeDetails": {"StreamMode": "ON_DEMAND"}}
    world.aws.client("kinesis").create_stream(**stream)
    arn = f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/lines"
    world.place = replace(world.place, destination=arn, role=f"arn:aws:iam::{ACCOUNT}:role/r")

    plan = world.plan()

    assert shown(plan) == [f"Update subscription-filter {ORDERS}:logshape/shop/ingest"]
    assert world.apply(plan) == []
    assert shown(world.plan()) == []


def test_to_keep_for_ever_ends_a_retention(world: World) -> None:
    """`keep: {logs: forever}` is obeyed too; a log group that nobody matches keeps what it has."""
    world.groups(AUDIT, FOREIGN)
    for name in (AUDIT, FOREIGN):
        world.client.put_retention_policy(logGroupName=name, retentionInDays=3)
    plan = world.plan()

    assert shown(plan) == [f"Delete retention {AUDIT}", ALL[3]]
    assert world.apply(plan) == []
    kept = {one["logGroupName"]: one.get("retentionInDays") for one in world.client.describe_log_groups()["logGroups"]}
    assert kept == {AUDIT: None, FOREIGN: 3}


def test_a_retention_that_the_contract_does_not_say_stays(world: World, tmp_path: Path) -> None:
    """Somebody set it, and a contract without `keep` asks for no other."""
    path = tmp_path / "contract.yaml"
    path.write_text(CONTRACT.replace(", keep: {logs: forever}", ""), encoding="utf-8")
    world.contract = logshape.load(path)
    world.groups(AUDIT)
    world.client.put_retention_policy(logGroupName=AUDIT, retentionInDays=3)

    assert shown(world.plan()) == [ALL[3]]


def test_no_retention_is_shortened_unasked(world: World) -> None:
    """It is skipped with what it would cost, and all the rest is made; who asks for it gets it."""
    world.groups(ORDERS)
    world.client.put_retention_policy(logGroupName=ORDERS, retentionInDays=90)
    plan = world.plan()

    assert shown(plan) == ALL[1:]
    assert [one.name for one in plan.skipped] == [ORDERS]
    assert shown(world.plan(allow_shorten=True)) == [f"Update retention {ORDERS}", *ALL[1:]]


def test_what_has_left_the_contract_loses_our_filters_and_keeps_its_logs(world: World) -> None:
    """Filters bear our name, and retention bears none."""
    world.groups(ORDERS)
    world.apply(world.plan())
    world.contract = replace(world.contract, groups=world.contract.groups[1:], metrics=())

    assert shown(world.plan()) == [
        f"Delete subscription-filter {ORDERS}:logshape/shop/ingest",
        f"Delete metric-filter {ORDERS}:logshape/shop/errors",
    ]


def test_a_glob_is_about_log_groups(world: World) -> None:
    """What belongs to none is left out, and what the glob does not match is not even read."""
    world.groups(ORDERS, "/app/orders-b")
    target = world.target()
    target.find(world.contract, ORDERS)

    assert shown(world.plan(ORDERS)) == ALL[:3]
    assert target.calls.made["describe_subscription_filters"] == 1
    assert "describe_query_definitions" not in target.calls.made


def test_a_piece_is_read_log_group_by_log_group_and_plans_the_same(world: World) -> None:
    """A scan of the Region for each of forty slices would take longer than the hour between two runs."""
    world.groups("/app/orders-a", "/app/orders-b", "/app/audit")
    target = Logs(
        connections.Control({"AWS_REGION": "us-east-1"}), world.place, world.queries, world.clock.time(), piecewise=True
    )
    plan = planning.plan([target], world.contract, world.place, planning.Wish(glob="/app/orders-*"), 0)

    assert shown(plan) == shown(world.plan("/app/orders-*"))
    assert target.calls.made == {
        "describe_log_groups": 1,
        "describe_metric_filters": 2,
        "describe_subscription_filters": 2,
    }
    assert world.clock.now == 0.0


def test_one_that_fails_stops_no_other_and_a_second_run_makes_it(world: World) -> None:
    """A log group may go between plan and apply."""
    world.groups(ORDERS, "/app/orders-b")
    plan = world.plan()
    world.client.delete_log_group(logGroupName=ORDERS)
    failures = world.apply(plan)

    assert len(failures) == 3
    assert failures[0].startswith(f"logs:PutRetentionPolicy of {ORDERS}: ResourceNotFoundException: ")
    world.groups(ORDERS)
    assert shown(world.plan()) == ALL[:3]


def test_what_is_gone_already_is_deleted(world: World) -> None:
    """Two may tidy up at once."""
    world.groups(ORDERS)
    world.apply(world.plan())
    target = world.target()
    found = target.find(world.contract, None)
    plan = Plan(account="1", region="r", contract="shop", changes=diff(found.resources, []))
    world.client.delete_log_group(logGroupName=ORDERS)

    assert world.apply(plan) == []
    assert world.apply(plan) == []


@pytest.fixture
def calls(world: World) -> Iterator[Calls]:
    """Return calls that go straight to the service."""
    del world
    return Calls(connections.Control({"AWS_REGION": "us-east-1"}), "logs")


def test_an_error_names_the_call_and_the_thing(calls: Calls) -> None:
    """Else nobody knows what to allow, or what to look at."""
    with pytest.raises(Rejected) as rejected:
        calls.call("put_retention_policy", "/x", logGroupName="/x", retentionInDays=1)

    assert str(rejected.value).startswith("logs:PutRetentionPolicy of /x: ResourceNotFoundException: ")
    assert rejected.value.code == "ResourceNotFoundException"
    assert isinstance(rejected.value, OutsideFailure)
