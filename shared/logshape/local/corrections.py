"""Turns moto's answers into AWS's where moto is wrong or silent, for as long as a block lasts."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import msgspec
from moto.awslambda.models import LambdaFunction
from moto.firehose.models import FirehoseBackend
from moto.logs.models import LogEvent, LogGroup, LogStream

from logshape.local.firehose import Stream
from logshape.local.functions import Failure
from logshape.local.subscriptions import control_message, data_message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from logshape.local.firehose import Firehose
    from logshape.local.functions import Event, Function
    from logshape.local.subscriptions import EventIds


@contextmanager
def corrected(functions: Mapping[str, Function], ids: EventIds, firehose: Firehose) -> Iterator[None]:
    """
    Give events ids of 56 digits, send them to *functions* as AWS does, and let *firehose* take records.

    *functions* are known by ARN, and may become more inside the block.
    """
    with ExitStack() as stack:
        for owner, methods in (
            (LogEvent, _log_event()),
            (LogStream, _log_stream(functions, ids)),
            (LogGroup, _log_group(functions)),
            (LambdaFunction, _lambda_function(functions)),
            (FirehoseBackend, _firehose_backend(firehose)),
        ):
            for name, method in methods.items():
                stack.callback(setattr, owner, name, getattr(owner, name))
                setattr(owner, name, method)
        yield


def _log_event() -> dict[str, Callable[..., Any]]:
    moto = LogEvent.__init__

    def init(self: LogEvent, ingestion_time: int, log_event: dict[str, Any]) -> None:
        moto(self, ingestion_time, log_event)
        self.event_id = log_event["eventId"]

    return {"__init__": init}


def _log_stream(functions: Mapping[str, Function], ids: EventIds) -> dict[str, Callable[..., Any]]:
    moto_put, moto_send = LogStream.put_log_events, LogStream._send_log_events  # noqa: SLF001 # no public hook

    def put_log_events(self: LogStream, log_events: list[dict[str, Any]]) -> str:
        for event in log_events:
            event["eventId"] = ids.take(self.log_group.name, self.log_stream_name, event["timestamp"])
        return moto_put(self, log_events)

    def send(
        self: LogStream, service: str, destination_arn: str, filter_name: str, log_events: list[dict[str, Any]]
    ) -> None:
        if function := functions.get(destination_arn):
            if log_events:
                group, stream = self.log_group.name, self.log_stream_name
                function.send(data_message(self.account_id, group, stream, filter_name, log_events))
        else:
            moto_send(self, service, destination_arn, filter_name, log_events)

    return {"put_log_events": put_log_events, "_send_log_events": send}


def _log_group(functions: Mapping[str, Function]) -> dict[str, Callable[..., Any]]:
    moto = LogGroup.put_subscription_filter

    def put_subscription_filter(self: LogGroup, name: str, pattern: str, destination_arn: str, role_arn: str) -> None:
        """Update a filter even where the group has two, and knock at the destination."""
        if present := self.subscription_filters.get(name):
            present.update(pattern, destination_arn, role_arn)
        else:
            moto(self, name, pattern, destination_arn, role_arn)
        if function := functions.get(destination_arn):
            function.send(control_message(int(time.time() * 1000)))

    return {"put_subscription_filter": put_subscription_filter}


def _lambda_function(functions: Mapping[str, Function]) -> dict[str, Callable[..., Any]]:
    moto = LambdaFunction._invoke_lambda  # noqa: SLF001 # no public hook

    def invoke(self: LambdaFunction, event: Event) -> tuple[str, bool, str]:
        function = functions.get(self.function_arn)
        if not function:
            return moto(self, json.dumps(event))
        answer = function.invoke(event)
        return msgspec.json.encode(answer).decode(), isinstance(answer, Failure), ""

    return {"_invoke_lambda": invoke}


def _firehose_backend(firehose: Firehose) -> dict[str, Callable[..., Any]]:
    moto = FirehoseBackend.put_record_batch

    def put_record_batch(self: FirehoseBackend, name: str, records: list[dict[str, bytes]]) -> dict[str, Any]:
        found = self.delivery_streams.get(name)
        destination = found.destinations[0].get("ExtendedS3") if found else None
        if not found or not destination:
            return moto(self, name, records)
        stream = Stream(name=name, version=found.version_id, destination=destination)
        answers = [{"RecordId": id_} for id_ in firehose.put(stream, [record["Data"] for record in records])]
        return {"FailedPutCount": 0, "Encrypted": False, "RequestResponses": answers}

    return {"put_record_batch": put_record_batch}
