"""Whatever happens to an account between two applies, the same promises hold."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

import logshape
from logshape.connections import Control
from logshape.targets import planning
from logshape.targets.calls import Time
from logshape.targets.logs import Logs
from logshape.targets.place import Place

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from logshape.contract.model import Contract
    from logshape.local.aws import LocalAws

CONTRACT = """\
version: 1
name: shop
formats:
  orders:
    line: "[{level}] {message}"
    examples: [{line: "[ERROR] boom", record: {level: ERROR}}]
groups:
  - {name: ended, match: [/app/ended], formats: [orders], keep: {logs: 30d, end_never_expires: true}}
  - {name: kept, match: [/app/kept], formats: [orders], subscribe: false, keep: {logs: forever}}
  - {name: orders, match: [/app/*], formats: [orders], keep: {logs: 30d}}
metrics:
  errors: {where: level >= ERROR, default: 0}
  fatal: {where: level = FATAL}
"""
GROUPS = ("/app/ended", "/app/kept", "/app/orders", "/other")
OURS = "logshape/shop/"
DAY_MS = 86_400_000
FOR_EVER = 1 << 30
QUERY = "# Latest\nfields @message | limit 20\n"
groups = st.sampled_from(GROUPS)
days = st.sampled_from([None, 7, 30, 90])
names = st.sampled_from([f"{OURS}errors", f"{OURS}fatal", f"{OURS}gone", "theirs", "logshape/shop-eu/errors"])
slots = st.sampled_from([f"{OURS}ingest", "splunk", "datadog"])
titles = st.sampled_from([f"{OURS}Latest", f"{OURS}Old", "theirs", "logshape/shop-eu/Latest"])


def place(arn: str) -> Place:
    """Return the account, whose lines go to *arn*."""
    return Place(account="123456789012", region="us-east-1", destination=arn)


class CrashError(Exception):
    """The process ends here."""


class Mortal(Control):
    """A connection whose process may end before a call is sent, or before its answer is read."""

    left: int | None = None
    answered: bool = False

    def call(self, service: str, operation: str, **arguments: object) -> Any:  # noqa: ANN401 # as Control has it
        """Call, or crash once no call is left."""
        if self.left is None or operation.startswith("describe"):
            return super().call(service, operation, **arguments)
        self.left -= 1
        if self.left >= 0:
            return super().call(service, operation, **arguments)
        if self.answered:
            super().call(service, operation, **arguments)
        raise CrashError


class Accounts(RuleBasedStateMachine):
    """An account with its owners, and us; the class is made anew for each test, with where it runs."""

    client: Any
    control: Mortal
    contract: Contract
    arns: tuple[str, str]

    @rule(group=groups)
    def create(self, group: str) -> None:
        """Make a log group, if it is not there."""
        if group not in self.retentions():
            self.client.create_log_group(logGroupName=group)

    @rule(group=groups, kept=days)
    def keep(self, group: str, kept: int | None) -> None:
        """Set or end a retention by hand."""
        if group in self.retentions():
            if kept is None:
                self.client.delete_retention_policy(logGroupName=group)
            else:
                self.client.put_retention_policy(logGroupName=group, retentionInDays=kept)

    @rule(group=groups, name=names, there=st.booleans())
    def count(self, group: str, name: str, there: bool) -> None:  # noqa: FBT001 # hypothesis draws it
        """Put or delete a metric filter by hand, ours or another."""
        if group in self.retentions() and there:
            transformation = {"metricName": "x", "metricNamespace": "y", "metricValue": "1"}
            self.client.put_metric_filter(
                logGroupName=group, filterName=name, filterPattern="x", metricTransformations=[transformation]
            )
        elif group in self.retentions():
            self.client.delete_metric_filter(logGroupName=group, filterName=name)

    @rule(group=groups, name=slots, there=st.booleans(), arn=st.integers(0, 1))
    def send(self, group: str, name: str, there: bool, arn: int) -> None:  # noqa: FBT001 # as above
        """Put or delete a subscription filter by hand, ours or another, to us or elsewhere."""
        if group not in self.retentions():
            return
        present = self.client.describe_subscription_filters(logGroupName=group)["subscriptionFilters"]
        known = {one["filterName"] for one in present}
        if there and (name in known or len(known) < 2):
            self.client.put_subscription_filter(
                logGroupName=group, filterName=name, filterPattern="", destinationArn=self.arns[arn]
            )
        elif not there and name in known:
            self.client.delete_subscription_filter(logGroupName=group, filterName=name)

    @rule(title=titles)
    def save(self, title: str) -> None:
        """Save a query by hand, perhaps the second of a name."""
        self.client.put_query_definition(name=title, queryString="limit 1")

    @rule(age=st.sampled_from([0, 100]), crash=st.none() | st.integers(0, 6), answered=st.booleans())
    def apply(self, age: int, crash: int | None, answered: bool) -> None:  # noqa: FBT001 # as above
        """Apply, perhaps after one that crashed: then all is as it should be, and nothing else has moved."""
        foreign, retentions = self.foreign(), self.retentions()
        if crash is not None:
            self.control.left, self.control.answered = crash, answered
            with suppress(CrashError):
                self.made(age)
            self.control.left = None
        self.made(age)

        assert self.plan(age).changes == ()
        assert self.foreign() == foreign
        queries = self.client.describe_query_definitions(queryDefinitionNamePrefix=OURS)["queryDefinitions"]
        assert [one["queryString"] for one in queries] == [QUERY]
        for group, before in retentions.items():
            after = self.retentions()[group] or FOR_EVER
            ended = before is None and (age == 0 or group == "/app/ended")
            assert after >= (before or FOR_EVER) or ended, group

    def plan(self, age: int) -> Any:  # noqa: ANN401 # a Plan
        """Return the plan in an account whose log groups are *age* days old."""
        born = max((one["creationTime"] for one in self.described()), default=0)
        return planning.plan([self.target()], self.contract, place(self.arns[0]), planning.Wish(), born + age * DAY_MS)

    def made(self, age: int) -> None:
        """Make it, and expect that all of it is made."""
        plan = self.plan(age)
        assert planning.make(plan, [self.target()]) == []

    def target(self) -> Logs:
        """Return the target, for which time is free."""
        free = Time(clock=lambda: 0.0, sleep=lambda _: None)
        return Logs(self.control, place(self.arns[0]), {"latest.cwli": QUERY}, free)

    def described(self) -> list[dict[str, Any]]:
        """Return the log groups."""
        found: list[dict[str, Any]] = self.client.describe_log_groups()["logGroups"]
        return found

    def retentions(self) -> dict[str, int | None]:
        """Return the days of each log group."""
        return {one["logGroupName"]: one.get("retentionInDays") for one in self.described()}

    def foreign(self) -> list[Any]:
        """Return all that is not ours."""
        held = [*self.client.describe_metric_filters()["metricFilters"]]
        for group in self.retentions():
            held += self.client.describe_subscription_filters(logGroupName=group)["subscriptionFilters"]
        queries = self.client.describe_query_definitions()["queryDefinitions"]
        outside = [one for one in self.described() if one["logGroupName"] == "/other"]
        return [
            *(one for one in held if not one["filterName"].startswith(OURS)),
            *(one for one in queries if not one["name"].startswith(OURS)),
            *outside,
        ]

    def teardown(self) -> None:
        """Leave nothing behind for the next."""
        for one in self.client.describe_metric_filters()["metricFilters"]:
            self.client.delete_metric_filter(logGroupName=one["logGroupName"], filterName=one["filterName"])
        for one in self.described():
            self.client.delete_log_group(logGroupName=one["logGroupName"])
        for one in self.client.describe_query_definitions()["queryDefinitions"]:
            self.client.delete_query_definition(queryDefinitionId=one["queryDefinitionId"])


def test_applies_converge_and_touch_nothing_foreign(
    aws: LocalAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After apply a plan is empty, foreign things are as they were, no log is deleted unasked, a crash does no harm."""
    for name, value in aws.environment().items():
        monkeypatch.setenv(name, value)
    aws.client("s3").create_bucket(Bucket="failures")
    path = tmp_path / "contract.yaml"
    path.write_text(CONTRACT, encoding="utf-8")
    known = {
        "client": aws.client("logs"),
        "control": Mortal({"AWS_REGION": "us-east-1"}),
        "contract": logshape.load(path),
        "arns": tuple(aws.function(name, lambda *_: {}, failures="failures") for name in ("ingest", "other")),
    }

    run_state_machine_as_test(
        type("Account", (Accounts,), known),
        settings=settings(max_examples=40, stateful_step_count=12, deadline=None, database=None),
    )
