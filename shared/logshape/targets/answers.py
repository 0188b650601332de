"""Turns what became of a request of CloudFormation into the answer that it waits for."""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING, Final
from urllib.request import Request as HttpRequest
from urllib.request import urlopen

import msgspec

from logshape.errors import OutsideFailure

if TYPE_CHECKING:
    from logshape.targets.occasions import Request

_SECONDS: Final = 10.0
_TRIES: Final = 3
_LONGEST: Final = 1000  # characters of a reason: the whole answer may have 4,096 bytes


def answer(request: Request, resource: str, counts: dict[str, int], problem: str = "") -> None:
    """
    Tell CloudFormation that *request* was done to the resource named *resource*, or what the *problem* was.

    Without an answer it waits for an hour, and the stack with it.

    Raises:
        OutsideFailure: the answer could not be delivered.

    """
    document = {
        "Status": "FAILED" if problem else "SUCCESS",
        "Reason": problem[:_LONGEST],
        "PhysicalResourceId": resource,
        "StackId": request.stack_id,
        "RequestId": request.request_id,
        "LogicalResourceId": request.logical_resource_id,
        "Data": counts,
    }
    # The URL is signed for a request without a content type.
    call = HttpRequest(  # noqa: S310 # the URL is CloudFormation's own
        request.response_url, data=msgspec.json.encode(document), headers={"content-type": ""}, method="PUT"
    )
    failure = ""
    for _ in range(_TRIES):
        try:
            with urlopen(call, timeout=_SECONDS):  # noqa: S310 # as above
                return
        except (OSError, http.client.HTTPException) as error:
            failure = type(error).__name__  # its text may hold the URL, which is a secret
    raise OutsideFailure(f"CloudFormation did not take the answer for {request.logical_resource_id}: {failure}")
