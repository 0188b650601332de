"""The permission to be called: without it CloudWatch refuses a subscription, or skips what is written."""

from __future__ import annotations

import json
from typing import Any

import pytest

from logshape.connections import NoAnswer, Refused
from logshape.errors import OutsideFailure
from logshape.plan import Blocked, Skipped
from logshape.targets.calls import Calls
from logshape.targets.logs import permission
from logshape.targets.logs.reading import resource
from logshape.targets.place import Place

ACCOUNT, REGION = "123456789012", "eu-west-1"
ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:shop-ingest"
PLACE = Place(account=ACCOUNT, region=REGION, destination=ARN)
GROUPS = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:"
SENT = resource("subscription-filter", {"logGroupName": "/app/orders", "filterName": "logshape/shop/ingest"})
COMMAND = (
    f"aws lambda add-permission --function-name {ARN} --statement-id logshape --action lambda:InvokeFunction "
    f"--principal logs.amazonaws.com --source-account {ACCOUNT} --source-arn '{GROUPS}*'"
)
REFUSED = f"{ARN} does not let CloudWatch Logs of this account and Region call it; {COMMAND}"


class Lambda:
    """Lambda, as far as it is asked for a policy; it answers as connections.Control does."""

    def __init__(self, answer: dict[str, Any] | Refused | NoAnswer) -> None:
        """Answer with *answer*."""
        self._answer = answer

    def call(self, service: str, operation: str, **arguments: object) -> dict[str, Any] | Refused | NoAnswer:
        """Return the policy."""
        assert (service, operation, arguments) == ("lambda", "get_policy", {"FunctionName": ARN})
        return self._answer


def allowing(**more: Any) -> dict[str, Any]:  # noqa: ANN401 # whatever a policy says
    """Return the statement that the stack's permission makes, with *more* in place of what it says."""
    return {
        "Sid": "IngestPermission",
        "Effect": "Allow",
        "Principal": {"Service": f"logs.{REGION}.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": ARN,
        "Condition": {"StringEquals": {"AWS:SourceAccount": ACCOUNT}, "ArnLike": {"AWS:SourceArn": f"{GROUPS}*"}},
        **more,
    }


def unmet(
    answer: list[dict[str, Any]] | Refused | NoAnswer, place: Place = PLACE
) -> tuple[list[Skipped], list[Blocked]]:
    """Return what is said of one subscription where Lambda answers so."""
    policy = (
        {"Policy": json.dumps({"Version": "2012-10-17", "Statement": answer})} if isinstance(answer, list) else answer
    )
    calls = Calls(Lambda(policy), "lambda")  # type: ignore[arg-type] # it answers as a Control does
    return permission.unmet(calls, place, [SENT])


@pytest.mark.parametrize(
    "statement",
    [
        allowing(),
        allowing(Principal={"Service": "logs.amazonaws.com"}),
        allowing(Principal={"Service": ["s3.amazonaws.com", f"logs.{REGION}.amazonaws.com.cn"]}),
        allowing(Principal="*"),
        allowing(Action=["lambda:GetFunction", "lambda:invokefunction"]),
        allowing(Action="lambda:*"),
        allowing(Condition={}),
        allowing(Condition={"StringLike": {"aws:SourceArn": [f"{GROUPS}/other:*", f"{GROUPS}/app/*"]}}),
        allowing(Condition={"ArnEquals": {"AWS:SourceArn": f"{GROUPS}/app/orders:*"}}),
        allowing(
            Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}, "StringNotEquals": {"aws:SourceAccount": "1"}}
        ),
    ],
)
def test_whoever_is_let_in_is_not_blocked(statement: dict[str, Any]) -> None:
    """A condition that is not understood is left to the call: a wrong blocker would stop what works."""
    assert unmet([allowing(Effect="Deny"), statement]) == ([], [])


@pytest.mark.parametrize(
    "statement",
    [
        allowing(Effect="Deny"),
        allowing(Principal={"Service": "s3.amazonaws.com"}),
        allowing(Principal={"Service": "logs.us-east-1.amazonaws.com"}),
        allowing(Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"}),
        allowing(Action="lambda:GetFunction"),
        allowing(Condition={"StringEquals": {"AWS:SourceAccount": "210987654321"}}),
        allowing(Condition={"ArnLike": {"AWS:SourceArn": f"{GROUPS}/aws/lambda/*"}}),
        allowing(Condition={"ArnLike": {"AWS:SourceArn": f"{GROUPS.replace(REGION, 'us-east-1')}*"}}),
    ],
)
def test_who_may_not_call_is_blocked_with_the_command_that_lets_it(statement: dict[str, Any]) -> None:
    """CloudWatch's own words, `Could not execute the lambda function`, come after all the rest was written."""
    assert unmet([statement]) == ([], [Blocked("/app/orders:logshape/shop/ingest", REFUSED)])


def test_a_function_without_a_policy_lets_nobody_in() -> None:
    """Lambda knows no empty policy: it answers that there is none."""
    missing = Refused(
        status=404, code="ResourceNotFoundException", message="The resource you requested does not exist."
    )

    assert unmet(missing) == ([], [Blocked("/app/orders:logshape/shop/ingest", REFUSED)])


def test_a_full_policy_is_named_before_the_permission_that_has_no_room() -> None:
    """One permission a log group fills it at some fifty, and only their removal makes room for the one that serves all."""
    single = {"ArnLike": {"AWS:SourceArn": f"{GROUPS}/aws/lambda/another-function-of-ours:*"}}
    statements = [allowing(Sid=f"{number:0100}", Condition=single) for number in range(47)]
    size = len(json.dumps({"Version": "2012-10-17", "Statement": statements}))
    reason = (
        f"{ARN} does not let CloudWatch Logs of this account and Region call it; its policy has {size:,} of 20,480 bytes, "
        f"and no room for one permission more: remove those of single log groups, and then {COMMAND}"
    )

    assert 20_000 < size < 20_480
    assert unmet(statements) == ([], [Blocked("/app/orders:logshape/shop/ingest", reason)])


@pytest.mark.parametrize("code", ["AccessDeniedException", "AccessDenied"])
def test_a_policy_that_may_not_be_read_blocks_nothing_and_is_told(code: str) -> None:
    """Who plans with the rights of yesterday sees the plan, and what it does not know."""
    said = f"whether CloudWatch Logs may call it, nobody knows; lambda:GetPolicy of {ARN}: {code}: no"

    assert unmet(Refused(status=403, code=code, message="no")) == ([Skipped(ARN, said)], [])


def test_a_lambda_that_does_not_answer_is_a_failure() -> None:
    """Nothing is known, and a plan on nothing is none."""
    with pytest.raises(OutsideFailure, match=rf"lambda:GetPolicy of {ARN}: timed out"):
        unmet(NoAnswer(reason="timed out"))


def test_a_stream_has_no_such_policy() -> None:
    """Lines that go to Kinesis are sent with a role."""
    stream = Place(account=ACCOUNT, region=REGION, destination=f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/lines")

    assert unmet(NoAnswer(reason="nobody should ask"), stream) == ([], [])
