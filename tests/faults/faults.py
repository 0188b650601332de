"""Every way in which a call may go wrong, as what happens to the exchange of one call with its store."""

from __future__ import annotations

import json
from collections.abc import Callable  # noqa: TC003 # a NamedTuple's annotations are read
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.faults.bulk import pairs
from tests.faults.wires import json_told, well
from tests.wires import Told

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.faults.wires import Exchange, Fault

PAUSE = 0.4
"""Seconds between the bytes of an answer that drips: each read is in time, the whole never."""
HTML = b"<html><body>Please sign in</body></html>"
JSON_1_1 = ("content-type", "application/x-amz-json-1.1")


def first(fault: Fault, calls: int = 1) -> Fault:
    """Let *fault* befall the first *calls* of a wire, and none that follows."""

    def passing(exchange: Exchange) -> None:
        (fault if exchange.call.number < calls else well)(exchange)

    return passing


def only(method: str, fault: Fault) -> Fault:
    """Let *fault* befall the calls of one *method*."""

    def chosen(exchange: Exchange) -> None:
        (fault if exchange.call.method == method else well)(exchange)

    return chosen


# The connection -------------------------------------------------------------------------------------------------------


def reset_before_the_body(exchange: Exchange) -> None:
    """Break off when the head is here."""
    exchange.reset()


def reset_in_the_body(exchange: Exchange) -> None:
    """Break off when half of the request is here."""
    exchange.call.half()
    exchange.reset()


def reset_in_place_of_an_answer(exchange: Exchange) -> None:
    """Store all, and break off before a word of the answer."""
    exchange.forward()
    exchange.reset()


def reset_in_the_answer(exchange: Exchange) -> None:
    """Store all, and break off in the middle of the answer."""
    exchange.begin(exchange.forward())
    exchange.reset()


def close_without_an_answer(exchange: Exchange) -> None:
    """End the connection politely, with nothing stored and nothing said."""
    _ = exchange.call.sent
    exchange.close()


def hang(exchange: Exchange) -> None:
    """Take the request and say nothing, ever."""
    _ = exchange.call.sent
    exchange.hang()


def hang_after_storing(exchange: Exchange) -> None:
    """Store all and say nothing, ever."""
    exchange.forward()
    exchange.hang()


def hang_in_the_answer(exchange: Exchange) -> None:
    """Store all and stop in the middle of the answer."""
    exchange.begin(exchange.forward())
    exchange.hang()


def drip(exchange: Exchange) -> None:
    """Store all and answer a byte at a time."""
    exchange.drip(exchange.forward(), PAUSE)


def no_http(exchange: Exchange) -> None:
    """Answer in another protocol."""
    _ = exchange.call.sent
    exchange.raw(b"SSH-2.0-OpenSSH_9.9\r\n")


def refuse_bodies(exchange: Exchange) -> None:
    """Stop reading in the middle of the body, without closing: what the sender's buffers do not take hangs."""
    exchange.call.half()
    exchange.hang()


# The answer as a whole ------------------------------------------------------------------------------------------------


def status(code: int, body: object = b"", *headers: tuple[str, str]) -> Fault:
    """Answer *code* with *body*, and store nothing."""

    def answer(exchange: Exchange) -> None:
        _ = exchange.call.sent
        told = Told(code, body, headers) if isinstance(body, bytes) else json_told(code, body, *headers)
        exchange.tell(told)

    return answer


def of_the_cluster(code: int, kind: str, reason: str = "because") -> Fault:
    """Answer as OpenSearch refuses a whole request."""
    return status(code, {"error": {"type": kind, "reason": reason}, "status": code})


def of_aws(code: int, kind: str) -> Fault:
    """Answer as an AWS service of JSON refuses a call."""
    return status(code, {"__type": kind, "message": "because"}, JSON_1_1, ("x-amzn-errortype", kind))


def of_s3(code: int, kind: str) -> Fault:
    """Answer as S3 refuses a call."""
    text = f"<?xml version='1.0'?><Error><Code>{kind}</Code><Message>because</Message></Error>"
    return status(code, text.encode(), ("content-type", "application/xml"))


def larger_than(size: int) -> Fault:
    """Answer 413 to a body above *size*, and take any other."""

    def answer(exchange: Exchange) -> None:
        (status(413) if len(exchange.call.body) > size else well)(exchange)

    return answer


def garbled(alter: Callable[[Any], object]) -> Fault:
    """Store all, and answer what *alter* makes of the true answer's JSON; bytes are sent as they are."""

    def answer(exchange: Exchange) -> None:
        told = exchange.forward()
        altered = alter(json.loads(told.body))
        body = altered if isinstance(altered, bytes) else json.dumps(altered).encode()
        exchange.tell(Told(told.status, body, told.headers))

    return answer


def truncated(answer: object) -> bytes:
    """Cut JSON in half."""
    text = json.dumps(answer).encode()
    return text[: len(text) // 2]


# The answer for each document -----------------------------------------------------------------------------------------


class Refusal(NamedTuple):
    """How a document is refused, and which are."""

    status: int
    kind: str
    chosen: Callable[[str], bool]
    reason: str = "because"


def items(*refusals: Refusal) -> Fault:
    """Refuse the chosen ids of a bulk request, inside of a 200, and store the others."""

    def answer(exchange: Exchange) -> None:
        lines = exchange.call.body.splitlines(keepends=True)
        judged = [
            (event_id, next((refusal for refusal in refusals if refusal.chosen(event_id)), None))
            for _, event_id, _ in pairs(exchange.call.body)
        ]
        kept = [b"".join(lines[2 * n : 2 * n + 2]) for n, (_, refusal) in enumerate(judged) if not refusal]
        stored = iter(json.loads(exchange.forward(b"".join(kept)).body)["items"] if kept else [])
        told = [_refused(event_id, refusal) if refusal else next(stored) for event_id, refusal in judged]
        exchange.tell(json_told(200, {"took": 1, "errors": True, "items": told}))

    return answer


def _refused(event_id: str, refusal: Refusal) -> dict[str, object]:
    error = {"type": refusal.kind, "reason": refusal.reason}
    return {"create": {"_id": event_id, "status": refusal.status, "error": error}}


def short_list(*, of_all: bool) -> Fault:
    """Answer for half of the documents; *of_all* are stored, or only those."""

    def answer(exchange: Exchange) -> None:
        lines = exchange.call.body.splitlines(keepends=True)
        half = len(lines) // 4 * 2
        told = json.loads(exchange.forward(None if of_all else b"".join(lines[:half])).body)
        exchange.tell(json_told(200, {**told, "items": told["items"][: half // 2]}))

    return answer


def records(code: str, chosen: Callable[[int], bool]) -> Fault:
    """Refuse the records of PutRecordBatch at *chosen* places, inside of a 200, and take the others."""

    def answer(exchange: Exchange) -> None:
        asked = json.loads(exchange.call.body)
        kept = [record for place, record in enumerate(asked["Records"]) if not chosen(place)]
        taken = iter(_put(exchange, {**asked, "Records": kept})) if kept else iter(())
        told = [
            {"ErrorCode": code, "ErrorMessage": "because"} if chosen(place) else next(taken)
            for place, _ in enumerate(asked["Records"])
        ]
        failed = len(asked["Records"]) - len(kept)
        exchange.tell(json_told(200, {"FailedPutCount": failed, "RequestResponses": told}, JSON_1_1))

    return answer


def _put(exchange: Exchange, body: Mapping[str, object]) -> list[dict[str, str]]:
    answered: list[dict[str, str]] = json.loads(exchange.forward(json.dumps(body).encode()).body)["RequestResponses"]
    return answered
