"""The functions as a stack runs them: real clients to moto's Firehose and S3, and to an index that does as it is told."""

from __future__ import annotations

import gzip
import importlib.util
import json
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from logshape.ledger import Ledger
from logshape.local.functions import Context
from logshape.local.subscriptions import data_message
from tests.wires import Told, created, ids, served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pytest

    from logshape.local.aws import LocalAws
    from tests.wires import Asked

ROOT = Path(__file__).parents[1]
FUNCTIONS = ROOT / "functions"
CONTRACT = """
version: 1
name: shop
groups:
  - {name: shop, match: [/aws/lambda/shop-*], formats: [aws/lambda-text], keep: {index: 14d}}
"""
STREAM, ARCHIVE, SPOOL, QUEUE = "shop-archive", "archive", "spool", "redrive"
QUEUE_ARN = f"arn:aws:sqs:us-east-1:123456789012:{QUEUE}"
NOTIFYING = {SPOOL: ("logshape/undelivered/", "aws/lambda/"), ARCHIVE: ("failed/format-conversion-failed/",)}
TEMPLATE = b'{"index_templates":[{"index_template":{"index_patterns":["logs-shop-14d-*"]}}]}'
EVENTS = [f"{n:056d}" for n in range(20)]
PATIENT = 60.0


class Store:
    """An index that keeps what it is sent, unless *answer* says otherwise."""

    def __init__(self) -> None:
        """Keep everything."""
        self.ids: list[str] = []
        self.answer: Callable[[Asked], Told] = self.keep

    def keep(self, asked: Asked) -> Told:
        """Store the documents, each once."""
        known = {event_id: 409 for event_id in ids(asked.body) if event_id in self.ids}
        self.ids += [event_id for event_id in ids(asked.body) if event_id not in known]
        return Told(200, created(asked.body, known))

    def __call__(self, asked: Asked) -> Told:
        """Answer any request."""
        return Told(200, TEMPLATE) if asked.method == "GET" else self.answer(asked)


class Stack:
    """The functions with their stores around them."""

    def __init__(self, aws: LocalAws, store: Store, url: str) -> None:
        """Import the handlers when they are first called, with the environment as it is then."""
        self.aws = aws
        self.store = store
        self.url = url
        self._handlers: dict[str, Callable[[object, object], Any]] = {}
        self._sqs = aws.client("sqs")
        self._queue = self._sqs.create_queue(QueueName=QUEUE, Attributes={"VisibilityTimeout": "720"})["QueueUrl"]
        self._taken: list[str] = []
        for bucket in NOTIFYING:
            notify(aws, bucket)
        self.lose_messages()  # S3 has tried whether it can tell

    def ingest(self, event: object, seconds: float = PATIENT) -> Ledger:
        """Run ingest once and return the counts that it answers."""
        return Ledger(**self.run("ingest", event, seconds))

    def run(self, function: str, event: object, seconds: float = PATIENT) -> Any:  # noqa: ANN401 # JSON
        """Run *function* once, which has *seconds* for it, and return what it answers."""
        if function not in self._handlers:
            self._handlers[function] = handler(function)
        context = Context(
            function_name=f"shop-{function}",
            invoked_function_arn=f"arn:aws:lambda:us-east-1:123456789012:function:shop-{function}",
            aws_request_id="r",
            log_group_name=f"/aws/lambda/shop-{function}",
            log_stream_name="s",
            deadline=time.monotonic() + seconds,
        )
        return self._handlers[function](event, context)

    def redrive(self, seconds: float = PATIENT) -> list[str]:
        """
        Give redrive all messages that there are, as an event source mapping does, and return those that come again.

        A message that is given back is hidden by redrive; here its time is over at once.
        """
        given_back: list[str] = []
        while messages := self.receive():
            answer = self.run("redrive", {"Records": messages}, seconds)
            failed = {item["itemIdentifier"] for item in answer["batchItemFailures"]}
            given_back += [message["body"] for message in messages if message["messageId"] in failed]
            for message in messages:
                if message["messageId"] not in failed:
                    self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["receiptHandle"])
        self.show_again()
        return given_back

    def receive(self) -> list[dict[str, Any]]:
        """Take up to ten messages as an event source mapping hands them on."""
        found = self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10, AttributeNames=["All"])
        messages = [mapped(message) for message in found.get("Messages", ())]
        self._taken += [message["receiptHandle"] for message in messages]
        return messages

    def show_again(self) -> None:
        """Let the time be over for which messages are hidden."""
        for receipt in self._taken:
            with suppress(ClientError):  # it is deleted
                self._sqs.change_message_visibility(QueueUrl=self._queue, ReceiptHandle=receipt, VisibilityTimeout=0)
        self._taken.clear()

    def lose_messages(self) -> None:
        """Delete all messages."""
        for message in self.receive():
            self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["receiptHandle"])

    def restore_spool(self) -> None:
        """Make the spool's bucket again, which somebody has deleted."""
        self.aws.client("s3").create_bucket(Bucket=SPOOL)
        notify(self.aws, SPOOL)

    def archived(self) -> list[str]:
        """Return the ids of the rows that Firehose has written."""
        self.aws.firehose.flush()
        return [line["event_id"] for line in self.lines(ARCHIVE, "")]

    def kept(self, folder: str) -> list[str]:
        """Return the ids of the documents in a folder of the spool."""
        return [line["event_id"] for line in self.lines(SPOOL, f"logshape/{folder}/")]

    def lines(self, bucket: str, prefix: str) -> Iterator[Any]:
        """Yield the lines of all objects of *bucket* under *prefix*."""
        s3 = self.aws.client("s3")
        for item in s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", []):
            content = s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()
            text = gzip.decompress(content) if item["Key"].endswith(".gz") else content
            yield from map(json.loads, text.splitlines())


def handler(function: str) -> Callable[[object, object], Any]:
    """Import the handler of *function* anew, since it reads contract and environment when it is imported."""
    spec = importlib.util.spec_from_file_location("handler", FUNCTIONS / function / "handler.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    handle: Callable[[object, object], Any] = module.handle
    return handle


@contextmanager
def deployed(aws: LocalAws, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """Set up a delivery stream, two buckets, a queue, an index, and the functions with the environment that a stack gives them."""
    for bucket in (ARCHIVE, SPOOL):
        aws.client("s3").create_bucket(Bucket=bucket)
    create_stream(aws)
    contract = folder / "contract.yaml"
    contract.write_text(CONTRACT, encoding="utf-8")
    store = Store()
    with served(store) as (url, _):
        variables = aws.environment() | {
            "AWS_LAMBDA_FUNCTION_NAME": "shop-ingest",
            "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/shop-ingest",
            "LOGSHAPE_CONTRACT": str(contract),
            "LOGSHAPE_FIREHOSE_STREAM": STREAM,
            "LOGSHAPE_OPENSEARCH_URL": url,
            "LOGSHAPE_SPOOL": f"s3://{SPOOL}/logshape",
            "LOGSHAPE_ARCHIVE": f"s3://{ARCHIVE}/archive",
        }
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        yield Stack(aws, store, url)


def create_stream(aws: LocalAws) -> None:
    """Create the delivery stream, which writes what it is sent to the archive's bucket as it is."""
    aws.client("firehose").create_delivery_stream(
        DeliveryStreamName=STREAM,
        ExtendedS3DestinationConfiguration={
            "RoleARN": "arn:aws:iam::123456789012:role/firehose",
            "BucketARN": f"arn:aws:s3:::{ARCHIVE}",
        },
    )


def mapped(message: dict[str, Any]) -> dict[str, Any]:
    """Return what a function gets of a *message* that a client gets."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "eventSource": "aws:sqs",
        "eventSourceARN": QUEUE_ARN,
    }


def notify(aws: LocalAws, bucket: str) -> None:
    """Let *bucket* tell the queue of what is put under its prefixes."""
    queues = [
        {
            "QueueArn": QUEUE_ARN,
            "Events": ["s3:ObjectCreated:*"],
            "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": prefix}]}},
        }
        for prefix in NOTIFYING[bucket]
    ]
    aws.client("s3").put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"QueueConfigurations": queues}
    )


def payload(*event_ids: str) -> dict[str, object]:
    """Return what CloudWatch Logs sends of a line for each id, now."""
    now = time.time_ns() // 1_000_000
    events = [{"id": event_id, "timestamp": now, "message": f"[ERROR] {'ü' * 50}\n"} for event_id in event_ids]
    return data_message("123456789012", "/aws/lambda/shop-orders", "2025/10/31/[$LATEST]a", "logshape/shop", events)
