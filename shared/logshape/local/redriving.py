"""Turns what the stack's buckets tell into calls of redrive, as its queue and its event source mapping do on AWS."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from logshape.delivery.sweeping import places

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_lambda import LambdaClient

    from logshape.local.aws import LocalAws
    from logshape.local.functions import Handler

QUEUE: Final = "logshape-redrive"
HIDDEN_SECONDS: Final = 720
"""As template.yaml has it."""
_BATCH: Final = 10


class Redrive:
    """The function, its queue, and the buckets that tell it what waits."""

    def __init__(self, aws: LocalAws, name: str, handler: Handler, environ: Mapping[str, str]) -> None:
        """Make the function *name* of *handler*, and let the places of *environ* tell the queue."""
        self._name = name
        self._sqs: Any = aws.client("sqs")
        self._functions: LambdaClient = aws.client("lambda")
        hidden = {"VisibilityTimeout": str(HIDDEN_SECONDS)}
        self._url = self._sqs.create_queue(QueueName=QUEUE, Attributes=hidden)["QueueUrl"]
        found = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        self._arn: str = found["Attributes"]["QueueArn"]
        told: dict[str, list[str]] = {}
        for bucket, prefix in places(environ):
            told.setdefault(bucket, []).append(prefix)
        for bucket, prefixes in told.items():
            queues = [self._told_of(prefix) for prefix in prefixes]
            aws.client("s3").put_bucket_notification_configuration(
                Bucket=bucket, NotificationConfiguration={"QueueConfigurations": queues}
            )
        aws.function(name, handler, failures=next(iter(told)))

    def poll(self) -> None:
        """Hand the messages that may be taken to the function, and delete those that do not come again."""
        while messages := self._taken():
            records = [self._record(message) for message in messages]
            answer = self._functions.invoke(FunctionName=self._name, Payload=json.dumps({"Records": records}))
            failed = _failed(json.load(answer["Payload"]), records)
            for record in records:
                if record["messageId"] not in failed:
                    self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=record["receiptHandle"])

    def _taken(self) -> list[dict[str, Any]]:
        found = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=_BATCH, AttributeNames=["All"])
        messages: list[dict[str, Any]] = found.get("Messages", [])
        return messages

    def _record(self, message: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message["Attributes"],
            "eventSource": "aws:sqs",
            "eventSourceARN": self._arn,
        }

    def _told_of(self, prefix: str) -> dict[str, Any]:
        rules = [{"Name": "prefix", "Value": prefix}]
        return {"QueueArn": self._arn, "Events": ["s3:ObjectCreated:*"], "Filter": {"Key": {"FilterRules": rules}}}


def _failed(answer: object, records: list[dict[str, Any]]) -> set[str]:
    """Return the ids of the messages that come again: all of them, where the function failed."""
    match answer:
        case {"batchItemFailures": list(items)}:
            return {item["itemIdentifier"] for item in items}
        case _:
            return {record["messageId"] for record in records}
