"""Turns calls of Firehose records into calls of PutRecordBatch, and its answer for each record into verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from logshape.connections import NoAnswer, Refused
from logshape.sinks import Again, Answer, Document, Stop, grouped, parted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from logshape.connections import Put
    from logshape.sinks import Failure

MOST_RECORDS: Final = 500
MOST_BYTES: Final = 4 * 1024 * 1024
"""Both of one call (Firehose API reference, PutRecordBatch)."""
ACTIONS: Final[Mapping[str, tuple[str, ...]]] = {"firehose:PutRecordBatch": ("${ArchiveStream.Arn}",)}
TRANSIENT: Final = frozenset(
    {
        "InternalFailure",
        "LimitExceededException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
"""Errors of a whole call that pass by themselves; so does any with a status of 429 or 5xx."""
_TOO_MANY: Final = 429
_SERVER_ERROR: Final = 500


class Archive:
    """The archive, by way of a delivery stream. `stored` means that Firehose has acknowledged the record."""

    name: Final = "archive"

    def __init__(self, put: Put) -> None:
        """Deliver through *put*, which makes one request."""
        self._put = put

    def calls(self, parcels: Sequence[bytes]) -> list[list[bytes]]:
        """Group records into calls of at most 500 and 4 MiB."""
        return grouped(parcels, MOST_RECORDS, MOST_BYTES)

    def write(self, call: Sequence[bytes], until: float) -> Answer:  # noqa: ARG002 # botocore's time limits are a client's
        """Put *call*; of an HTTP 200 only the records that carry an error code are to be sent again."""
        match self._put(call):
            case NoAnswer(reason=reason):
                return _all_again(call, f"archive-no-answer-{reason}")
            case Refused(code=code, after=after) as refused if _passes(refused):
                return _all_again(call, f"archive-busy-{code}", after)
            case Refused(code=code):
                rule = f"archive-refused-{code}"
                return Answer(failures=tuple(Stop(parcel=parcel, rule=rule, whole=True) for parcel in call))
            case answer:
                return self._read(call, answer)

    def parted(self, parcel: bytes) -> list[bytes]:
        """Part the first row from the others."""
        return parted(parcel, 1)

    def documents(self, parcel: bytes) -> list[Document]:
        """Take a record apart into rows."""
        lines = parcel.splitlines()
        return [
            Document(event_id=row.event_id, body=line) for line, row in zip(lines, map(_ROW.decode, lines), strict=True)
        ]

    def count(self, parcel: bytes) -> int:
        """Return how many rows a record has."""
        return parcel.count(b"\n")

    def _read(self, call: Sequence[bytes], answer: Mapping[str, object]) -> Answer:
        try:
            put = msgspec.convert(answer, _Put)
        except msgspec.ValidationError:
            return _all_again(call, "archive-unreadable-answer")
        codes = [outcome.error_code for outcome in put.outcomes]
        # Places tell which record failed: where they cannot be trusted, no record is known to be stored.
        if len(codes) != len(call) or put.failed > sum(map(bool, codes)):
            return _all_again(call, "archive-short-answer")
        stored = 0
        failures: list[Failure] = []
        for parcel, outcome in zip(call, put.outcomes, strict=True):
            if outcome.error_code or not outcome.record_id:
                failures.append(Again(parcel=parcel, rule=f"archive-record-{outcome.error_code or 'unknown'}"))
            else:
                stored += self.count(parcel)
        return Answer(stored=stored, failures=tuple(failures))


class _Outcome(msgspec.Struct):
    record_id: str | None = msgspec.field(name="RecordId", default=None)
    error_code: str | None = msgspec.field(name="ErrorCode", default=None)


class _Put(msgspec.Struct):
    outcomes: list[_Outcome] = msgspec.field(name="RequestResponses")
    failed: int = msgspec.field(name="FailedPutCount", default=0)


class _Row(msgspec.Struct):
    event_id: str


_ROW: Final = msgspec.json.Decoder(_Row)


def _passes(refused: Refused) -> bool:
    return refused.code in TRANSIENT or refused.status >= _SERVER_ERROR or refused.status == _TOO_MANY


def _all_again(call: Sequence[bytes], rule: str, after: float = 0.0) -> Answer:
    return Answer(failures=tuple(Again(parcel=parcel, rule=rule, after=after) for parcel in call))
