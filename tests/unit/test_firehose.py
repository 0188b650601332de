"""How the archive's sink keeps Firehose's limits and reads its answers."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from logshape.connections import NoAnswer, Refused
from logshape.sinks import Again, Answer, Document, Stop
from logshape.sinks.firehose import Archive
from tests.wires import record, row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FIRST, SECOND, THIRD = record("1", "2"), record("3"), record("4", "5", "6")
STORED = {"RecordId": "r"}
FAILED = {"ErrorCode": "ServiceUnavailableException", "ErrorMessage": "Slow down."}


def written(answer: Mapping[str, object] | Refused | NoAnswer) -> Answer:
    """Write three records to a stream that gives *answer*."""
    seen: list[Sequence[bytes]] = []
    archive = Archive(lambda records: (seen.append(records), answer)[1])

    result = archive.write([FIRST, SECOND, THIRD], time.monotonic() + 1)

    assert seen == [[FIRST, SECOND, THIRD]]
    return result


def again(rule: str, *parcels: bytes) -> Answer:
    """Return an answer that has only *parcels* to send again."""
    return Answer(failures=tuple(Again(parcel=parcel, rule=rule) for parcel in parcels))


def test_what_firehose_acknowledges_is_stored() -> None:
    """Documents are counted, not records: the ledger is of events."""
    answer = written({"FailedPutCount": 0, "RequestResponses": [STORED, STORED, STORED]})

    assert answer == Answer(stored=6)


def test_only_the_records_that_failed_inside_a_200_are_sent_again() -> None:
    """FailedPutCount is not an error of the call, and a record sent twice is a row twice."""
    answer = written({"FailedPutCount": 1, "RequestResponses": [STORED, FAILED, STORED]})

    rule = "archive-record-ServiceUnavailableException"
    assert answer == Answer(stored=5, failures=(Again(parcel=SECOND, rule=rule),))


@pytest.mark.parametrize(
    ("answer", "rule"),
    [
        ({"FailedPutCount": 0, "RequestResponses": [STORED, STORED]}, "archive-short-answer"),
        ({"FailedPutCount": 0, "RequestResponses": [STORED] * 4}, "archive-short-answer"),
        ({"FailedPutCount": 2, "RequestResponses": [STORED, FAILED, STORED]}, "archive-short-answer"),
        ({"FailedPutCount": 0}, "archive-unreadable-answer"),
        ({"RequestResponses": "<html>"}, "archive-unreadable-answer"),
        (NoAnswer(reason="ReadTimeoutError"), "archive-no-answer-ReadTimeoutError"),
        (Refused(status=500, code="InternalFailure"), "archive-busy-InternalFailure"),
        (Refused(status=400, code="ThrottlingException"), "archive-busy-ThrottlingException"),
        (Refused(status=503, code="503"), "archive-busy-503"),
    ],
)
def test_what_nobody_knows_is_sent_again(answer: Mapping[str, object] | Refused | NoAnswer, rule: str) -> None:
    """A row twice is mended by the reader; a row that is not there is mended by nobody."""
    assert written(answer) == again(rule, FIRST, SECOND, THIRD)


def test_what_firehose_asks_to_wait_is_passed_on() -> None:
    """Whoever has the patience decides whether it lasts that long."""
    answer = written(Refused(status=503, code="ServiceUnavailableException", after=2.0))

    assert {failure.after for failure in answer.failures if isinstance(failure, Again)} == {2.0}


def test_a_record_without_id_or_error_is_unknown() -> None:
    """Neither says that it was stored."""
    answer = written({"FailedPutCount": 0, "RequestResponses": [STORED, {}, STORED]})

    assert answer == Answer(stored=5, failures=(Again(parcel=SECOND, rule="archive-record-unknown"),))


@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotFoundException", "InvalidArgumentException"])
def test_what_a_person_must_mend_is_not_tried_again(code: str) -> None:
    """Another try costs time that the spool needs."""
    answer = written(Refused(status=400, code=code))

    rule = f"archive-refused-{code}"
    assert answer == Answer(failures=tuple(Stop(parcel=p, rule=rule, whole=True) for p in (FIRST, SECOND, THIRD)))


@pytest.mark.parametrize("status", [401, 403])
def test_who_is_not_known_or_may_not_is_stopped_whatever_the_code(status: int) -> None:
    """A proxy has codes of its own."""
    answer = written(Refused(status=status, code="Nope"))

    assert {type(failure) for failure in answer.failures} == {Stop}


def test_calls_keep_both_limits() -> None:
    """Firehose refuses a call over either as a whole."""
    small, large = b"s\n", b"l" * 1_023_999 + b"\n"
    archive = Archive(lambda _: {})

    assert [len(call) for call in archive.calls([small] * 1001)] == [500, 500, 1]
    assert [len(call) for call in archive.calls([large] * 9)] == [4, 4, 1]
    assert archive.calls([]) == []


def test_a_record_comes_apart_into_its_rows() -> None:
    """The spool keeps a document a line, whatever record it was in."""
    archive = Archive(lambda _: {})

    documents = archive.documents(THIRD)

    assert documents == [Document(event_id=event_id, body=row(event_id)) for event_id in ("4", "5", "6")]
    assert archive.count(THIRD) == 3


def test_the_first_row_of_a_record_is_parted_from_the_rest() -> None:
    """One row is what a stream is asked with when nobody knows how it is."""
    archive = Archive(lambda _: {})

    assert archive.parted(THIRD) == [record("4"), record("5", "6")]
    assert archive.parted(SECOND) == [SECOND]
