"""Turns a deployed stack, or the environment, into what a contract alone does not know: where lines are sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from msgspec.structs import replace

from logshape.delivery.outlets import own_groups
from logshape.errors import OutsideFailure
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
ROLE: Final = "LOGSHAPE_DESTINATION_ROLE_ARN"
"""As whom CloudWatch Logs writes to the destination, where that is a stream."""
TOPIC: Final = "LOGSHAPE_ALARM_TOPIC"
ENDPOINT: Final = "LOGSHAPE_OPENSEARCH_URL"
# The outputs of template.yaml, and the variables that say the same where there is no stack.
_OUTPUTS: Final = {
    "IngestArn": DESTINATION, "IngestRoleArn": ROLE, "AlarmTopicArn": TOPIC, "OpenSearchEndpoint": ENDPOINT,
}  # fmt: skip
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
    One account and Region, and what is there: what is not known is empty, and *deployed* says that a stack was found.

    *own_groups* are the log groups of the way that lines take: to subscribe one would be a loop.
    """

    account: str
    region: str
    deployed: bool = False
    destination: str = ""
    role: str = ""
    topic: str = ""
    endpoint: str = ""
    own_groups: frozenset[str] = frozenset()


def find(control: Control, stack: str | None, environ: Mapping[str, str], usual: str) -> Place:
    """
    Return the place that *control* talks to: by the outputs of *stack*, else by *environ*, else by the stack *usual*.

    What the outputs do not say, *environ* does; inside a function of the stack it is the other way round. That there is
    no stack of the usual name is no failure.

    Raises:
        OutsideFailure: AWS does not answer or refuses, or there is no such *stack*.

    """
    account = Calls(control, "sts").call("get_caller_identity")["Account"]
    if stack is None and environ.get(DESTINATION):
        return of_environment(environ, account, control, set())
    calls = Calls(control, "cloudformation")
    try:
        found = calls.call("describe_stacks", f"`{stack or usual}`", StackName=stack or usual)["Stacks"][0]
    except OutsideFailure as error:
        refused = isinstance(error, Rejected) and error.code != _NO_SUCH_STACK
        if stack or refused:
            raise
        return of_environment(environ, account, control, set())
    said = {
        _OUTPUTS[one["OutputKey"]]: one["OutputValue"]
        for one in found.get("Outputs", ())
        if one["OutputKey"] in _OUTPUTS
    }
    # While a stack is changed its outputs are those of before; what a function of it was given is of now.
    within = "AWS_LAMBDA_FUNCTION_NAME" in environ
    known = {**said, **environ} if within else {**environ, **{name: value for name, value in said.items() if value}}
    place = of_environment(known, account, control, set(_own(calls, stack or usual)))
    return replace(place, deployed=True)


def of_environment(environ: Mapping[str, str], account: str, control: Control, own: set[str]) -> Place:
    """Return the place that *environ* describes; beside *own*, logs of the function that lines go to are our own."""
    destination = environ.get(DESTINATION, "")
    function = destination.partition(_FUNCTION)[2].split(":")[0]
    log = f"/aws/lambda/{function}" if function else ""
    beside = own_groups({"AWS_LAMBDA_FUNCTION_NAME": function, "AWS_LAMBDA_LOG_GROUP_NAME": log})
    return Place(
        account=account,
        region=control.region,
        destination=destination,
        role=environ.get(ROLE, ""),
        topic=environ.get(TOPIC, ""),
        endpoint=environ.get(ENDPOINT, ""),
        own_groups=beside | own,
    )


def _own(calls: Calls, stack: str) -> Iterator[str]:
    for resource in calls.pages("list_stack_resources", "StackResourceSummaries", f"`{stack}`", StackName=stack):
        if (pattern := _LOGS.get(resource["ResourceType"])) and resource.get("PhysicalResourceId"):
            yield pattern.format(resource["PhysicalResourceId"])
