"""What a message of the queue holds, whoever has sent it."""

from __future__ import annotations

import json

import pytest

from logshape.delivery.messages import Failed, Pointer, Unknown, contents, notification

KEY = "spool/undelivered/index/2026/01/02/03/a b+c=d.ndjson.gz"
BY_S3 = {
    "Records": [
        {
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "eventName": "ObjectCreated:Put",
            "s3": {
                "bucket": {"name": "spool", "arn": "arn:aws:s3:::spool"},
                "object": {"key": f"spool/undelivered/index/2026/01/02/03/{key}.ndjson.gz", "size": 3},
            },
        }
        for key in ("a+b%2Bc%3Dd", "%C3%BC")
    ]
}
POINTERS = [Pointer("spool", KEY), Pointer("spool", "spool/undelivered/index/2026/01/02/03/ü.ndjson.gz")]
BY_LAMBDA = {"version": "1.0", "requestContext": {"condition": "RetriesExhausted"}, "requestPayload": {"awslogs": {}}}
OF_KINESIS = {"version": "1.0", "KinesisBatchInfo": {"batchSize": 1}}


@pytest.mark.parametrize(
    ("body", "held"),
    [
        (BY_S3, POINTERS),
        ({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "spool"}, []),
        (BY_LAMBDA, [Failed(BY_LAMBDA)]),
        (OF_KINESIS, [Failed(OF_KINESIS)]),
        ({"Type": "Notification", "TopicArn": "arn", "Message": json.dumps(BY_LAMBDA)}, [Failed(BY_LAMBDA)]),
        ({"Type": "Notification", "TopicArn": "arn", "Message": json.dumps(BY_S3)}, POINTERS),
    ],
)
def test_a_message_points_at_objects_or_brings_an_event(body: object, held: list[object]) -> None:
    """S3 encodes a key as a form does, several events may come in one, and SNS puts all of it into a text."""
    assert contents(json.dumps(body)) == held


@pytest.mark.parametrize(
    "body", ["", "no JSON", "null", "{}", '{"Records": []}', '{"Records": [{}]}', '{"Records": [1]}']
)
def test_what_nobody_of_ours_sends_is_unknown(body: str) -> None:
    """It is told from a message that is done with, or it would be lost without a word."""
    assert contents(body) == [Unknown(body)]


def test_the_sweep_writes_as_s3_does() -> None:
    """Redrive shall not know who has sent a message."""
    pointer = Pointer("spool", KEY)

    assert contents(notification(pointer)) == [pointer]
