"""Prove redrive on the wire: S3's own notifications in a queue, and stores that come back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logshape.ledger import Ledger
from tests.stack import EVENTS, STREAM, create_stream, payload
from tests.wires import Told

if TYPE_CHECKING:
    from tests.stack import Stack


def test_what_the_index_missed_comes_home_once_it_is_back(stack: Stack) -> None:
    """An outage costs time, and nothing else."""
    stack.store.answer = lambda _: Told(503)
    ledger = stack.ingest(payload(*EVENTS))
    assert ledger == Ledger(received=20, archived=20, index_spooled=20)

    assert len(stack.redrive()) == 1
    assert stack.kept("undelivered/index") == EVENTS

    stack.store.answer = stack.store.keep
    assert stack.redrive() == []
    assert (stack.store.ids, stack.kept("undelivered")) == (EVENTS, [])


def test_what_the_archive_missed_comes_home_once_it_is_back(stack: Stack) -> None:
    """Rows go as they are, packed anew."""
    stack.aws.client("firehose").delete_delivery_stream(DeliveryStreamName=STREAM)
    assert stack.ingest(payload(*EVENTS)) == Ledger(received=20, archive_spooled=20, indexed=20)
    assert len(stack.redrive()) == 1

    create_stream(stack.aws)
    assert stack.redrive() == []
    assert (stack.archived(), stack.kept("undelivered")) == (EVENTS, [])
