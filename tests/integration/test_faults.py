"""
Prove the delivery guarantees: the real handlers, in processes of their own, under every fault that a wire can have.

The matrix is in `tests/faults/cases.py`. All cases that were selected run at once, before the first test; the tests
then read what they have shown.
"""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from logshape import telemetry
from logshape.ledger import Ledger
from logshape.local.aws import LocalAws
from logshape.local.functions import Failure
from tests.faults.cases import EVENTS, Case, Ends, cases
from tests.faults.trial import Place, Trial, compiled_contract
from tests.planted import leaks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.faults.trial import Evidence

AT_ONCE = 8
"""Most cases wait for most of their time; more at once would wait for each other."""

each_case = pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
each_that_answers = pytest.mark.parametrize(
    "case", [case for case in cases() if not case.raises], ids=lambda case: case.name
)
each_that_raises = pytest.mark.parametrize(
    "case", [case for case in cases() if case.raises], ids=lambda case: case.name
)


@pytest.fixture(scope="module")
def evidence(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Evidence]:
    """Try every case that a selected test wants, and return what each has shown, by name."""
    items = [
        item for item in request.session.items if isinstance(item, pytest.Function) and item.module is request.module
    ]
    wanted = {case.name: case for item in items if isinstance(case := item.callspec.params.get("case"), Case)}
    home = tmp_path_factory.mktemp("faults")
    with LocalAws(home / "aws") as aws, ThreadPoolExecutor(AT_ONCE) as pool:
        at = Place(aws, compiled_contract(home), home)
        trials = [Trial(case, number, at) for number, case in enumerate(wanted.values())]
        return dict(zip(wanted, pool.map(Trial.run, trials), strict=True))


@each_that_answers
def test_the_ledger_tells_where_every_document_is(case: Case, evidence: Mapping[str, Evidence]) -> None:
    """An operator trusts the counts: what they call spooled is in the spool, what they call stored is in the store."""
    shown = evidence[case.name]
    census = shown.ingested

    assert Ledger(**shown.answer) == Ledger(
        received=EVENTS,
        archived=EVENTS - sum(case.archive),
        archive_spooled=case.archive.spooled,
        archive_quarantined=case.archive.quarantined,
        indexed=EVENTS - sum(case.index) - shown.answer["duplicates"],
        duplicates=shown.answer["duplicates"],
        index_spooled=case.index.spooled,
        index_quarantined=case.index.quarantined,
    )
    assert kept("archive", shown) == case.archive
    assert kept("index", shown) == case.index
    assert shown.ids - census.spooled["archive"].keys() - census.archive.keys() == set()
    assert (
        shown.ids - census.spooled["index"].keys() - census.quarantined["index"].keys() - census.index.keys() == set()
    )
    assert census.put_away == []


@each_case
def test_every_event_ends_in_both_stores_or_in_quarantine(case: Case, evidence: Mapping[str, Evidence]) -> None:
    """The promise: once the stores are well and the spool was sent again, nothing is lost and nothing waits."""
    shown = evidence[case.name]
    census = shown.redriven
    quarantined = census.quarantined["index"]

    assert census.archive.keys() == shown.ids
    assert census.index.keys() | quarantined.keys() == shown.ids
    assert len(quarantined) == case.index.quarantined + case.poisoned
    assert (census.spooled, census.put_away, shown.messages) == ({"archive": {}, "index": {}}, [], [])
    assert (census.quarantined["archive"], census.quarantined["payload"]) == ({}, {})


@each_case
def test_the_index_holds_no_duplicate(case: Case, evidence: Mapping[str, Evidence]) -> None:
    """Whatever was sent twice, a search finds once."""
    census = evidence[case.name].redriven

    assert {event_id: count for event_id, count in census.index.items() if count > 1} == {}
    assert census.index.keys() & census.quarantined["index"].keys() == set()


@each_that_answers
def test_the_metrics_say_what_the_ledger_says(case: Case, evidence: Mapping[str, Evidence]) -> None:
    """Alarms read metrics, and nobody reads an answer."""
    shown = evidence[case.name]

    assert published(shown.printed["ingest"]) == {
        sink: {name: shown.answer[name] for name in telemetry.COUNTS[sink]} for sink in ("archive", "index")
    }


@each_case
def test_no_secret_is_in_any_byte_that_was_written(case: Case, evidence: Mapping[str, Evidence]) -> None:
    """
    A secret that leaves by way of an error is out all the same.

    Lambda's on-failure document is not looked into: it holds the event as it came, encrypted, until redrive removes it.
    """
    shown = evidence[case.name]
    written = [shown.ingested.content, shown.redriven.content, *shown.printed.values()]

    assert [leak for content in written for leak in leaks(content, shown.secrets)] == []


@each_that_raises
def test_what_nobody_could_keep_is_with_lambda(case: Case, evidence: Mapping[str, Evidence]) -> None:
    """The handler claims nothing, Lambda tries again, and its on-failure destination has the event."""
    shown = evidence[case.name]

    assert isinstance(shown.answer, Failure)
    assert (shown.answer.error_type, shown.tries) == (case.raises, 3)
    assert [document["requestContext"]["approximateInvokeCount"] for document in shown.ingested.put_away] == [3]
    assert published(shown.printed["ingest"]) == {}


@each_case
def test_no_invocation_outlives_its_deadline(case: Case, evidence: Mapping[str, Evidence]) -> None:
    """Lambda would end it wherever it is, and nobody would know where."""
    runs = evidence[case.name].runs

    assert [run for run in runs if run.outcome == "TimedOut" or run.seconds > run.limit] == []
    assert any(run.outcome == "Killed" for run in runs) == evidence[case.name].killed


@pytest.mark.parametrize("scenario", ["kill", "kill, spooling", "kill, redriving"])
def test_a_kill_befell_every_call(scenario: str, evidence: Mapping[str, Evidence]) -> None:
    """The matrix would prove less than it says if its kills came too early or ended too soon."""
    befell = [evidence[case.name].killed for case in cases() if case.name.startswith(f"{scenario}: ")]

    assert befell == [True] * (len(befell) - 2) + [False] * 2


def kept(sink: str, shown: Evidence) -> Ends:
    """Return how many documents are in the spool and in quarantine, each of them once."""
    spooled, quarantined = shown.ingested.spooled[sink], shown.ingested.quarantined[sink]
    assert {*spooled.values(), *quarantined.values()} <= {1}
    return Ends(len(spooled), len(quarantined))


def published(printed: bytes) -> dict[str, dict[str, int]]:
    """Return the counts in the metrics that were *printed*, by sink."""
    lines = [json.loads(line) for line in printed.splitlines() if re.match(rb'\{"_aws"', line)]
    return {line["sink"]: {name: sum(line[name]) for name in telemetry.COUNTS[line["sink"]]} for line in lines}
