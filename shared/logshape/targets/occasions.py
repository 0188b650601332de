"""Turns what Lambda hands to govern into the occasion on which it was called."""

from __future__ import annotations

from typing import Literal, TypeAlias, TypeVar

import msgspec

from logshape.errors import UnreadableInput


class Request(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """What CloudFormation asks of the stack's own resource; it waits for an answer at *response_url*."""

    request_type: Literal["Create", "Update", "Delete"]
    response_url: str = msgspec.field(name="ResponseURL")
    stack_id: str
    request_id: str
    logical_resource_id: str
    physical_resource_id: str = ""


class Routine(msgspec.Struct, frozen=True, kw_only=True):
    """It is time to look at the whole account."""


class Born(msgspec.Struct, frozen=True, kw_only=True):
    """A log group was created."""

    group: str


class Slice(msgspec.Struct, frozen=True, kw_only=True, tag_field="occasion", tag="slice"):
    """
    An invocation could not finish in its time: the log groups that *globs* match are left.

    *run* is of many slices, of whose deletions, which come last, *deleted* are done; it is empty where nothing is
    deleted. *failed* counts the failures so far. Where *request* waits for an answer, it is to be given before
    *expires*, in seconds since 1970.
    """

    globs: tuple[str, ...]
    run: str = ""
    deleted: int = 0
    request: Request | None = None
    expires: int = 0
    failed: int = 0


class Nothing(msgspec.Struct, frozen=True, kw_only=True):
    """What was told of did not happen."""


_Occasion = TypeVar("_Occasion")
Occasion: TypeAlias = Routine | Born | Request | Slice | Nothing


def read(event: object) -> Occasion:
    """
    Return what *event* is: of the schedule, CloudTrail's word of a new log group, CloudFormation's, or our own.

    Raises:
        UnreadableInput: it is none of these.

    """
    match event:
        case {"occasion": "schedule"}:  # so says `template.yaml`
            return Routine()
        case {"occasion": "slice"}:
            return _converted(event, Slice)
        case {"source": "aws.logs", "detail": {"eventName": "CreateLogGroup", "errorCode": str()}}:
            return Nothing()
        case {
            "source": "aws.logs",
            "detail": {"eventName": "CreateLogGroup", "requestParameters": {"logGroupName": str(group)}},
        }:
            return Born(group=group)
        case {"RequestType": str()}:
            return _converted(event, Request)
        case _:
            raise UnreadableInput(
                "the event is none that govern knows: wanted the schedule's input, CloudTrail's CreateLogGroup, a "
                "request of CloudFormation or a slice of an earlier run"
            )


def _converted(event: object, occasion: type[_Occasion]) -> _Occasion:
    try:
        return msgspec.convert(event, occasion)
    except msgspec.ValidationError as error:
        raise UnreadableInput(f"the event cannot be read: {error}") from error
