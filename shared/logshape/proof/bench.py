"""Bench: a contract at work on lines, with what the judges share so that none of it is made twice."""

from __future__ import annotations

import base64
import gzip
from typing import TYPE_CHECKING, Final

import msgspec

from logshape.contract.model import CORE_FIELDS
from logshape.lines.envelope import LogEvent, Payload
from logshape.pipeline import Pipeline
from logshape.proof.lines import Maker, Question, question

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from logshape.contract.model import Contract, Group
    from logshape.contract.predicates import Predicate
    from logshape.lines.records import Record

_EVENT_MS: Final = 1_761_950_301_010
_OWNER: Final = "123456789012"
_STREAM: Final = "x"
_JSON: Final = msgspec.json.Decoder()


class Bench:
    """Makes lines of each format, and reads lines as the pipeline does in each entry of `groups`; drops none."""

    def __init__(self, contract: Contract) -> None:
        """Set up *contract*, with one log group for each entry, which no other entry takes."""
        self.contract = contract
        self.fields = {field.name: field for field in (*CORE_FIELDS, *contract.fields)}
        self._makers: dict[str, Maker] = {}
        self._questions: dict[str, Question] = {}
        self._log_groups = {
            group.name: group.match[0].replace("*", f"x{at}") for at, group in enumerate(contract.groups)
        }
        entries = (
            msgspec.structs.replace(group, match=(self._log_groups[group.name],), exclude=(), drop=())
            for group in contract.groups
        )
        self._pipeline = Pipeline(msgspec.structs.replace(contract, groups=tuple(entries)), region="eu-west-1")

    def maker(self, name: str) -> Maker:
        """Return the maker of lines of the format *name*."""
        if name not in self._makers:
            self._makers[name] = Maker(self.contract.formats[name], self.fields)
        return self._makers[name]

    def question(self, predicate: Predicate) -> Question:
        """Return *predicate* as a question about records."""
        if predicate.source not in self._questions:
            self._questions[predicate.source] = question(predicate, self.fields)
        return self._questions[predicate.source]

    def record(self, group: Group, line: str) -> Record:
        """Return the record of an event of *group* that says *line* and stands alone in its payload."""
        event = LogEvent(id="0", timestamp=_EVENT_MS, message=line)
        log_group = self._log_groups[group.name]
        return next(
            self._pipeline.records(Payload(owner=_OWNER, log_group=log_group, log_stream=_STREAM, events=[event]))
        )

    def shipped(self, group: Group, lines: Sequence[str]) -> Iterator[tuple[Record, Record]]:
        """Yield the archive's row and the index's document of each of *lines*, out of the bytes that would be sent."""
        payload = {
            "messageType": "DATA_MESSAGE",
            "owner": _OWNER,
            "logGroup": self._log_groups[group.name],
            "logStream": _STREAM,
            "logEvents": [{"id": str(at), "timestamp": _EVENT_MS, "message": line} for at, line in enumerate(lines)],
        }
        data = base64.b64encode(gzip.compress(msgspec.json.encode(payload), 1)).decode()
        shipment = self._pipeline.shape({"awslogs": {"data": data}})
        rows = (row for record in shipment.records for row in _JSON.decode_lines(record))
        documents = [document for body in shipment.bodies for document in _JSON.decode_lines(body)][1::2]
        yield from zip(rows, documents, strict=True)
