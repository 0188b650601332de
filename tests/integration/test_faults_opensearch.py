"""Prove the delivery guarantees against the real OpenSearch: behind wires that break, blocked, and killed."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from logshape.artefacts import index_template
from logshape.contract import compiled
from logshape.contract.periods import template_name
from logshape.ledger import Ledger
from logshape.local.aws import LocalAws
from logshape.local.opensearch import Endpoint, Node
from tests.faults.cases import EVENTS, Case, cases
from tests.faults.node import NodeIndex
from tests.faults.payloads import payload
from tests.faults.trial import Place, Trial, compiled_contract
from tests.planted import planted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.faults.trial import Evidence
    from tests.faults.wires import Call, Exchange, Fault

ROOT = Path(__file__).parents[2]
READY_SECONDS = 170.0
NAME = "faults"
CASES = {
    "index: reset in the body, once",
    "index: reset in place of an answer, once",
    "index: reset in the answer, once",
    "index: 503",
    "index: hang after storing",
    "index: truncated JSON, once",
    "index: ids of others",
    "index: items in another order, once",
    "index: 429 for some, once",
    "index: 413 above a size",
    "index: short item list",
    "kill: after call 1",
    "redrive: index hangs",
}
"""Rows of the matrix in which the true answers of a store matter."""
PAYLOADS, SIZE, KILLED_AT = 30, 20, 12

each_case = pytest.mark.parametrize(
    "case", [case for case in cases() if case.name in CASES], ids=lambda case: case.name
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a node of our own: it will be killed."""
    return tmp_path_factory.mktemp("node")


@pytest.fixture(scope="module")
def index(home: Path) -> Iterator[NodeIndex]:
    """Run the node, with the template of the contract."""
    with started(home) as url:
        yield NodeIndex(url, f"logs-{NAME}-14d-*")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, index: NodeIndex) -> Iterator[Place]:
    """Serve AWS, and let the index have the contract's template."""
    home = tmp_path_factory.mktemp("faults")
    packed = compiled_contract(home, NAME)
    put_template(index, packed)
    with LocalAws(home / "aws") as aws:
        place = Place(aws, packed, home)
        Trial(
            Case(name="first"), 99, place, index
        ).run()  # creates today's index, which may take longer than a case has
        yield place


@pytest.fixture(scope="module")
def evidence(place: Place, index: NodeIndex) -> Mapping[str, Evidence]:
    """Try all cases at once, and return what each has shown, by name."""
    chosen = [case for case in cases() if case.name in CASES]
    assert len(chosen) == len(CASES)
    with ThreadPoolExecutor(len(chosen)) as pool:
        trials = [Trial(case, number, place, index) for number, case in enumerate(chosen)]
        return dict(zip((case.name for case in chosen), pool.map(Trial.run, trials), strict=True))


@each_case
def test_the_real_index_loses_nothing_and_knows_what_it_has(case: Case, evidence: Mapping[str, Evidence]) -> None:
    """What the matrix shows with a store of our own would mean little if OpenSearch answered otherwise."""
    shown = evidence[case.name]
    ledger = Ledger(**shown.answer)

    assert (ledger.received, ledger.index_spooled, ledger.index_quarantined) == (EVENTS, *case.index)
    assert shown.redriven.index == dict.fromkeys(shown.ids, 1)
    assert shown.redriven.archive.keys() == shown.ids
    assert (shown.redriven.spooled, shown.messages) == ({"archive": {}, "index": {}}, [])


def test_a_block_of_the_real_cluster_is_no_documents_fault(place: Place, index: NodeIndex) -> None:
    """A full disk makes a cluster read-only: all waits until somebody has mended it, and nothing is quarantined."""
    with Trial(Case(name="blocked"), 100, place, index) as trial:
        index.ask("PUT", "/_cluster/settings", {"persistent": {"cluster.blocks.read_only": True}})
        try:
            answer = trial.ingest(payload([one.event for one in trial.evidence.secrets]))
        finally:
            index.ask("PUT", "/_cluster/settings", {"persistent": {"cluster.blocks.read_only": None}})
        trial.send_again()

    assert answer == Ledger(received=EVENTS, archived=EVENTS, index_spooled=EVENTS).counts()
    assert trial.census().index == dict.fromkeys(trial.evidence.ids, 1)


def test_without_its_template_the_real_index_is_sent_nothing(place: Place, index: NodeIndex) -> None:
    """It would take the documents, with a mapping that it makes up from the first of them."""
    with Trial(Case(name="no template"), 101, place, index) as trial:
        index.ask("DELETE", f"/_index_template/{template_name(compiled.read(place.contract))}")
        try:
            answer = trial.ingest(payload([one.event for one in trial.evidence.secrets]))
        finally:
            put_template(index, place.contract)
        trial.send_again()

    assert answer == Ledger(received=EVENTS, archived=EVENTS, index_spooled=EVENTS).counts()
    assert trial.census().index == dict.fromkeys(trial.evidence.ids, 1)


def test_a_node_that_is_killed_and_comes_back_has_everything_once(place: Place, index: NodeIndex, home: Path) -> None:
    """It dies with a request in hand: what it had stored is not sent twice, what it had not is not lost."""
    now_ms = time.time_ns() // 1_000_000
    secrets = planted(PAYLOADS * SIZE, seed=1000, places=["a print", "an attribute"], time=now_ms)
    events = [one.event for one in secrets]

    def deadly(exchange: Exchange) -> None:
        exchange.forward()
        index.kill()
        exchange.reset()

    def watch(call: Call) -> Fault | None:
        return deadly if call.wire == "index" and call.number == KILLED_AT else None

    with Trial(Case(name="killed"), 102, place, index) as trial:
        trial.evidence.secrets = secrets
        trial.wires.watch = watch
        answers = [trial.ingest(payload(events[n : n + SIZE])) for n in range(0, len(events), SIZE)]
        with started(home) as index.url:
            trial.send_again()
            census = trial.census()

            ledger = sum((Ledger(**answer) for answer in answers), start=Ledger())
            assert ledger.received == ledger.archived == len(events)
            assert ledger.indexed == KILLED_AT * SIZE
            assert ledger.index_spooled == len(events) - ledger.indexed
            assert census.index == dict.fromkeys(trial.evidence.ids, 1)
            assert census.archive.keys() == trial.evidence.ids
            assert (census.spooled, trial.evidence.messages) == ({"archive": {}, "index": {}}, [])


@contextmanager
def started(home: Path) -> Iterator[str]:
    """Run a node on the data under *home*, and give its URL."""
    with Node(home, jars=ROOT / ".logshape" / "opensearch" / "jars.json") as node:
        endpoint = node.ready(time.monotonic() + READY_SECONDS)
        assert isinstance(endpoint, Endpoint), endpoint
        yield endpoint.url


def put_template(index: NodeIndex, packed: Path) -> None:
    """Let *index* have the template of the contract in *packed*."""
    contract = compiled.read(packed)
    index.ask("PUT", f"/_index_template/{template_name(contract)}", index_template.derive(contract))
