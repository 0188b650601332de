"""Turns moto's answers into AWS's where moto is wrong or silent, for as long as a block lasts."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import msgspec
from moto.awslambda.models import LambdaFunction
from moto.firehose.models import FirehoseBackend
from moto.kinesis.models import kinesis_backends
from moto.logs.exceptions import InvalidParameterException, ResourceNotFoundException
from moto.logs.models import LogEvent, LogGroup, LogsBackend, LogStream, logs_backends

from logshape.dialects.filter_pattern import parse
from logshape.errors import InvalidPattern
from logshape.local import log_apis
from logshape.local.firehose import Stream
from logshape.local.functions import Failure
from logshape.local.metrics import kept
from logshape.local.subscriptions import control_message, data_message, unpacked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from logshape.local.firehose import Firehose
    from logshape.local.functions import Event, Function
    from logshape.local.metrics import Metrics
    from logshape.local.subscriptions import EventIds


@contextmanager
def corrected(functions: Mapping[str, Function], ids: EventIds, metrics: Metrics, firehose: Firehose) -> Iterator[None]:
    """
    Give events ids of 56 digits, send them through filters to *functions*, streams and *metrics*; feed *firehose*.

    *functions* are known by ARN, and may become more inside the block.
    """
    with ExitStack() as stack:
        for owner, methods in (
            (LogEvent, _log_event()),
            (LogStream, _log_stream(functions, ids, metrics)),
            (LogsBackend, _logs_backend()),
            (LogGroup, _log_group(functions)),
            (LambdaFunction, _lambda_function(functions)),
            (FirehoseBackend, _firehose_backend(firehose)),
            *log_apis.methods(),
        ):
            for name, method in methods.items():
                if name in vars(owner):
                    stack.callback(setattr, owner, name, getattr(owner, name))
                else:
                    stack.callback(delattr, owner, name)
                setattr(owner, name, method)
        yield


def _log_event() -> dict[str, Callable[..., Any]]:
    moto = LogEvent.__init__

    def init(self: LogEvent, ingestion_time: int, log_event: dict[str, Any]) -> None:
        moto(self, ingestion_time, log_event)
        self.event_id = log_event["eventId"]

    return {"__init__": init}


def _log_stream(functions: Mapping[str, Function], ids: EventIds, metrics: Metrics) -> dict[str, Callable[..., Any]]:
    moto_put, moto_send = LogStream.put_log_events, LogStream._send_log_events  # noqa: SLF001 # no public hook

    def put_log_events(self: LogStream, log_events: list[dict[str, Any]]) -> str:
        for event in log_events:
            event["eventId"] = ids.take(self.log_group.name, self.log_stream_name, event["timestamp"])
        filters = logs_backends[self.account_id][self.region].filters
        metrics.count(
            filters.get_matching_filters(log_group_name=self.log_group.name),
            [event["message"] for event in log_events],
        )
        return moto_put(self, log_events)

    def send(
        self: LogStream, service: str, destination_arn: str, filter_name: str, log_events: list[dict[str, Any]]
    ) -> None:
        taken = kept(self.log_group.subscription_filters[filter_name].filter_pattern, log_events)
        group, stream = self.log_group.name, self.log_stream_name
        if destination_arn not in functions and service != "kinesis":
            moto_send(self, service, destination_arn, filter_name, taken)
        elif taken:
            _hand_over(data_message(self.account_id, group, stream, filter_name, taken), destination_arn, functions)

    return {"put_log_events": put_log_events, "_send_log_events": send}


def _hand_over(event: Event, destination_arn: str, functions: Mapping[str, Function]) -> None:
    """Send *event* to a function, or what it holds to a stream, as a record; any other destination hears nothing."""
    if function := functions.get(destination_arn):
        function.send(event)
    elif destination_arn.split(":")[2] == "kinesis":
        _, _, _, region, account, _ = destination_arn.split(":", 5)
        data = msgspec.convert(event, _Subscribed).awslogs["data"]
        stream = unpacked(event)["logStream"] or "control"
        kinesis_backends[account][region].put_record(destination_arn, "", str(stream), "", data)


class _Subscribed(msgspec.Struct):
    awslogs: dict[str, str]


def _log_group(functions: Mapping[str, Function]) -> dict[str, Callable[..., Any]]:
    moto = LogGroup.put_subscription_filter

    def put_subscription_filter(self: LogGroup, name: str, pattern: str, destination_arn: str, role_arn: str) -> None:
        """Update a filter even where the group has two, refuse a bad pattern, and knock at the destination."""
        _refuse_bad(pattern)
        if present := self.subscription_filters.get(name):
            present.update(pattern, destination_arn, role_arn)
        else:
            moto(self, name, pattern, destination_arn, role_arn)
        _hand_over(control_message(int(time.time() * 1000)), destination_arn, functions)

    return {"put_subscription_filter": put_subscription_filter}


def _logs_backend() -> dict[str, Callable[..., Any]]:
    moto = LogsBackend.put_metric_filter

    def put_metric_filter(
        self: LogsBackend, filter_name: str, filter_pattern: str, log_group_name: str, metric_transformations: str
    ) -> None:
        """Put a filter in the place of the one that has its name, and refuse a bad pattern and a group that is none."""
        if log_group_name not in self.groups:
            raise ResourceNotFoundException
        _refuse_bad(filter_pattern)
        self.filters.metric_filters = [
            each
            for each in self.filters.metric_filters
            if (each["logGroupName"], each["filterName"]) != (log_group_name, filter_name)
        ]
        moto(self, filter_name, filter_pattern, log_group_name, metric_transformations)

    return {"put_metric_filter": put_metric_filter}


def _refuse_bad(pattern: str) -> None:
    try:
        parse(pattern)
    except InvalidPattern as error:
        raise InvalidParameterException(str(error)) from error


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
