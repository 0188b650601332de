"""Turns an SQS queue into messages that are counted, sent, and given back for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from logshape.connections.answers import told
from logshape.errors import OutsideFailure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from logshape.connections.aws import Aws

MOST: Final = 10
"""Messages of one call (SendMessageBatch and ChangeMessageVisibilityBatch, SQS API reference)."""
_COUNTS: Final = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


class Queue:
    """An SQS queue, by its URL or by the ARN that a message names. What raises was not done, or nobody knows."""

    def __init__(self, aws: Aws, name: str) -> None:
        """Use *aws* for the queue whose URL or ARN is *name*."""
        self._aws = aws
        self._name = name
        self._url = "" if name.startswith("arn:") else name

    def waiting(self) -> int:
        """Return how many messages there are: those that may be taken, those that are taken, those that are delayed."""
        with told(self._name):
            found = self._sqs.get_queue_attributes(QueueUrl=self._found(), AttributeNames=list(_COUNTS))["Attributes"]
        return sum(int(found[name]) for name in _COUNTS)

    def send(self, bodies: Sequence[str]) -> None:
        """Send a message for each of *bodies*; some may have been sent where this raises."""
        for start in range(0, len(bodies), MOST):
            entries = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies[start : start + MOST])]
            with told(self._name):
                answer = self._sqs.send_message_batch(QueueUrl=self._found(), Entries=entries)
            if failed := answer.get("Failed"):
                raise OutsideFailure(f"{self._name}: {len(failed)} messages were not sent: {failed[0]['Code']}")

    def give_back(self, seconds: Mapping[str, int]) -> None:
        """Hide taken messages, by their receipts, for so many *seconds* more; one that was lost meanwhile is let be."""
        receipts = list(seconds)
        for start in range(0, len(receipts), MOST):
            entries = [
                {"Id": str(n), "ReceiptHandle": receipt, "VisibilityTimeout": seconds[receipt]}
                for n, receipt in enumerate(receipts[start : start + MOST])
            ]
            with told(self._name):
                self._sqs.change_message_visibility_batch(QueueUrl=self._found(), Entries=entries)

    @property
    def _sqs(self) -> Any:  # noqa: ANN401 # botocore makes its clients at run time
        return self._aws.client("sqs")

    def _found(self) -> str:
        if not self._url:
            account, name = self._name.split(":")[4:6]
            self._url = self._sqs.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"]
        return self._url
