"""Turns a deployed stack, or the environment, into what a contract alone does not know: where lines are sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from logshape.targets.calls import Calls, Rejected

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from logshape.connections import Control

ACTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "cloudformation:DescribeStacks": ("${AWS::StackId}",),
    "cloudformation:ListStackResources": ("${AWS::StackId}",),
}
"""What these calls need; `sts:GetCallerIdentity` needs no permission."""
DESTINATION: Final = "LOGSHAPE_DESTINATION_ARN"
TOPIC: Final = "LOGSHAPE_ALARM_TOPIC"
ENDPOINT: Final = "LOGSHAPE_OPENSEARCH_URL"
# The outputs of template.yaml, and the variables that say the same where there is no stack.
_OUTPUTS: Final = {"IngestArn": DESTINATION, "AlarmTopicArn": TOPIC, "OpenSearchEndpoint": ENDPOINT}
_NO_SUCH_STACK: Final = "ValidationError"
# Where a resource of the stack writes its log, by what CloudFormation calls its type.
_LOGS: Final = {
    "AWS::Lambda::Function": "/aws/lambda/{}",
    "AWS::KinesisFirehose::DeliveryStream": "/aws/kinesisfirehose/{}",
    "AWS::Logs::LogGroup": "{}",
}
_FUNCTION: Final = ":function:"


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """
    One account and Region, and what is deployed there; what is not known is empty.

    *own_groups* are the log groups of the way that lines take: to subscribe one would be a loop.
    """

    account: str
    region: str
    destination: str = ""
    topic: str = ""
    endpoint: str = ""
    own_groups: frozenset[str] = frozenset()


def find(control: Control, stack: str, environ: Mapping[str, str], *, must_exist: bool) -> Place:
    """
    Return the place that *control* talks to; what the outputs of *stack* do not say, *environ* does.

    Raises:
        OutsideFailure: AWS does not answer or refuses, or there is no such stack and *must_exist*.

    """
    account = Calls(control, "sts").call("get_caller_identity")["Account"]
    calls = Calls(control, "cloudformation")
    try:
        outputs = calls.call("describe_stacks", f"`{stack}`", StackName=stack)["Stacks"][0].get("Outputs", [])
    except Rejected as error:
        if error.code != _NO_SUCH_STACK or must_exist:
            raise
        outputs, own = [], set[str]()
    else:
        own = set(_own(calls, stack))
    said = {_OUTPUTS[out["OutputKey"]]: out["OutputValue"] for out in outputs if out["OutputKey"] in _OUTPUTS}
    return of_environment({**environ, **{name: value for name, value in said.items() if value}}, account, control, own)


def of_environment(environ: Mapping[str, str], account: str, control: Control, own: set[str]) -> Place:
    """Return the place that *environ* describes, as that of a function of the stack does."""
    destination = environ.get(DESTINATION, "")
    if _FUNCTION in destination:
        function = destination.split(_FUNCTION)[1].split(":")[0]
        own = own | {f"/aws/lambda/{function}"}
    return Place(
        account=account,
        region=control.region,
        destination=destination,
        topic=environ.get(TOPIC, ""),
        endpoint=environ.get(ENDPOINT, ""),
        own_groups=frozenset(own),
    )


def _own(calls: Calls, stack: str) -> Iterator[str]:
    for resource in calls.pages("list_stack_resources", "StackResourceSummaries", f"`{stack}`", StackName=stack):
        if (pattern := _LOGS.get(resource["ResourceType"])) and resource.get("PhysicalResourceId"):
            yield pattern.format(resource["PhysicalResourceId"])
