"""Occasions: what Lambda hands to govern is read as what it is, and nothing else is."""

from __future__ import annotations

import json

import msgspec
import pytest

from logshape.errors import UnreadableInput
from logshape.targets.occasions import Born, Nothing, Occasion, Request, Routine, Slice, read

CREATED = {"eventName": "CreateLogGroup", "requestParameters": {"logGroupName": "/aws/lambda/f"}}
ASKED = {
    "RequestType": "Update",
    "ResponseURL": "https://example.com/answer",
    "StackId": "s",
    "RequestId": "r",
    "LogicalResourceId": "Governed",
    "PhysicalResourceId": "shop",
    "ResourceProperties": {"ServiceToken": "t", "Layer": "l"},
}
REQUEST = Request(
    request_type="Update",
    response_url="https://example.com/answer",
    stack_id="s",
    request_id="r",
    logical_resource_id="Governed",
    physical_resource_id="shop",
)


@pytest.mark.parametrize(
    ("event", "occasion"),
    [
        ({"occasion": "schedule"}, Routine()),
        ({"source": "aws.logs", "detail": CREATED}, Born(group="/aws/lambda/f")),
        ({"source": "aws.logs", "detail": {**CREATED, "errorCode": "AccessDenied"}}, Nothing()),
        (ASKED, REQUEST),
    ],
)
def test_an_event_is_read_as_what_it_tells_of(event: object, occasion: Occasion) -> None:
    """Four callers share one function."""
    assert read(event) == occasion


@pytest.mark.parametrize(
    "left", [Slice(globs=("/a/*", "/b")), Slice(globs=("*",), request=REQUEST, expires=1_800_000_000, failed=3)]
)
def test_a_run_reads_what_another_one_left(left: Slice) -> None:
    """A slice that cannot be read would leave thousands of log groups, and CloudFormation without an answer."""
    assert read(json.loads(msgspec.json.encode(left))) == left


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ({}, "the event is none that govern knows"),
        ({"source": "aws.s3", "detail": CREATED}, "the event is none that govern knows"),
        ({"occasion": "slice"}, "the event cannot be read: Object missing required field `globs`"),
        ({**ASKED, "RequestType": "Destroy"}, "the event cannot be read: Invalid enum value 'Destroy'"),
    ],
)
def test_what_nobody_sends_is_refused(event: object, message: str) -> None:
    """An event that is guessed at changes an account that nobody meant."""
    with pytest.raises(UnreadableInput, match=message):
        read(event)
