"""The whole pipeline on this machine: every captured event ends where the books say, and both stores answer alike."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import boto3
import pytest
from botocore.config import Config
from msgspec.structs import replace

import logshape
from logshape.archive import columns, parquet
from logshape.archive.questions import Archive
from logshape.artefacts import glue
from logshape.errors import OutsideFailure
from logshape.ledger import Ledger
from logshape.local import last_run, sample
from logshape.local.opensearch import Off
from logshape.local.run import Report, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from logshape.local.deployment import Source
    from logshape.local.opensearch import Endpoint
    from logshape.local.sample import LogEvent

Answered = TypeVar("Answered")
ROOT = Path(__file__).parents[2]
LOGSHAPE = (sys.executable, "-c", "from logshape.cli import main; main()")
EVENTS = sample.ending(sample.captured(), time.time_ns() // 1_000_000)


@pytest.fixture(scope="module")
def contract_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the project's contract under another name, so that no other run's index is in the way."""
    path = tmp_path_factory.mktemp("contract") / "contract.yaml"
    text = (ROOT / "shared" / "contract.yaml").read_text()
    path.write_text(text.replace("\nname: shop\n", f"\nname: run-{time.time_ns()}\n"))
    return path


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the runs of this module keep what they have."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def report(opensearch: Endpoint, contract_path: Path, home: Path) -> Report:
    """Send the captured sample once."""
    return _run(EVENTS, contract_path, home, opensearch.url)


def _run(events: Sequence[LogEvent], contract_path: Path, home: Path, url: str, source: Source = "lambda") -> Report:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOGSHAPE_OPENSEARCH_URL", url)
        return run(events, logshape.load(contract_path), contract_path, home, lambda _: None, source)


def test_every_captured_event_is_accounted_for_in_both_stores(report: Report) -> None:
    """The first promise of the project."""
    report.books.balance()

    total = report.books.total
    assert total == Ledger(
        received=len(EVENTS),
        filtered=total.filtered,
        archived=len(EVENTS) - total.filtered,
        indexed=len(EVENTS) - total.filtered,
    )
    assert (report.refused, report.errors, report.put_away) == ({}, (), 0)
    assert report.books.groups.keys() == {event.log_group for event in EVENTS}


def test_metric_filters_count_what_the_archive_answers(report: Report) -> None:
    """One predicate, compiled twice: for raw lines in CloudWatch, and for columns in the archive."""
    assert {tally.name: tally.published for tally in report.tallies} == {
        tally.name: tally.archived + tally.dropped for tally in report.tallies
    }
    assert len(report.tallies) >= 6
    assert all(tally.published > 0 for tally in report.tallies)


def test_archive_and_index_give_the_same_answer(report: Report) -> None:
    """Two stores of one record that disagree are worth less than one."""
    assert report.from_archive == report.from_index
    assert report.from_archive["ERROR"] > 0


def test_the_archive_holds_every_event_with_the_types_of_the_glue_table(
    report: Report, home: Path, contract_path: Path
) -> None:
    """Athena reads these files by that table, and each line can be found again by its id."""
    wanted = glue.columns(logshape.load(contract_path))
    files = sorted((home / "archive").rglob("*.parquet"))
    with Archive(home / "archive") as archive:
        ids = {id_ for (id_,) in archive.ask("SELECT event_id FROM logs").rows}

    assert [columns.misfits(parquet.decode(file).schema, wanted) for file in files] == [[] for _ in files]
    assert len(ids) == report.books.total.archived
    assert ids <= {event.id for event in EVENTS}


def test_a_replay_is_archived_again_and_writes_no_document_twice(
    report: Report, opensearch: Endpoint, contract_path: Path, tmp_path: Path
) -> None:
    """Lambda and redrive deliver at least once."""
    again = _run(EVENTS, contract_path, tmp_path, opensearch.url)
    again.books.balance()

    assert (again.books.total.indexed, again.books.total.duplicates) == (0, report.books.total.indexed)
    assert again.from_index == report.from_index


def test_without_an_index_the_archive_is_still_written_and_balances(contract_path: Path, tmp_path: Path) -> None:
    """A machine that cannot have the jars shows the other half, and says what is off."""
    without = _run(EVENTS[:200], contract_path, tmp_path, "")
    without.books.balance()

    total = without.books.total
    assert without.index == Off("LOGSHAPE_OPENSEARCH_URL is set and empty")
    assert without.from_index is None
    assert total == Ledger(received=200, filtered=total.filtered, archived=200 - total.filtered)


def test_through_a_stream_the_books_are_the_same(
    report: Report, opensearch: Endpoint, contract_path: Path, home: Path, tmp_path: Path
) -> None:
    """Where the calls of a function are too many, its batches come from Kinesis; nothing else may change."""
    groups = {"/aws/lambda/orders-api", "/aws/apigateway/shop-access"}
    some = [event for event in EVENTS if event.log_group in groups]

    through = _run(some, contract_path, tmp_path, opensearch.url, "kinesis")
    through.books.balance()

    known = {group: report.books.groups[group] for group in groups}
    assert (through.errors, through.put_away) == ((), 0)
    assert {group: (ledger.archived, ledger.filtered) for group, ledger in through.books.groups.items()} == {
        group: (ledger.archived, ledger.filtered) for group, ledger in known.items()
    }
    # They have been indexed before, and come in other batches.
    assert {group: ledger.duplicates for group, ledger in through.books.groups.items()} == {
        group: ledger.indexed for group, ledger in known.items()
    }
    assert _archived(tmp_path, groups) == _archived(home, groups)


def _archived(home: Path, groups: set[str]) -> list[tuple[object, ...]]:
    with Archive(home / "archive") as archive:
        question = "SELECT log_group, event_id, message FROM logs WHERE log_group IN (SELECT unnest(?)) ORDER BY ALL"
        return archive.ask(question, [sorted(groups)]).rows


@pytest.mark.parametrize("source", ["lambda", "kinesis"])
def test_a_log_group_that_no_entry_matches_goes_the_same_way(
    contract_path: Path, tmp_path: Path, source: Source
) -> None:
    """Whoever tries their own lines has not written a contract for them yet."""
    now = time.time_ns() // 1_000_000
    event = replace(EVENTS[0], log_group="/mine", message="boom", timestamp=now)

    stranger = _run([event], contract_path, tmp_path, "", source)

    stranger.books.balance()
    assert (stranger.strangers, stranger.books.groups) == (("/mine",), {"/mine": Ledger(received=1, archived=1)})


def test_the_books_of_the_last_run_can_be_read_again(report: Report, home: Path) -> None:
    """`logshape ledger` shows them later."""
    assert last_run.read(home) == report.books


def test_an_endpoint_that_does_not_answer_is_named_without_its_password(contract_path: Path, tmp_path: Path) -> None:
    """A wrong port must not look like a lost event, and the message may land in a ticket."""
    with pytest.raises(OutsideFailure, match=r"^OpenSearch at 127\.0\.0\.1 \(LOGSHAPE_OPENSEARCH_URL\): ") as error:
        _run(EVENTS[:1], contract_path, tmp_path, "http://user:secret@127.0.0.1:9")

    assert "secret" not in str(error.value)


def test_own_lines_go_the_same_way_on_the_command_line(contract_path: Path, tmp_path: Path) -> None:
    """It is the first thing that a newcomer tries after `make run`."""
    arguments = ["local", "run", "--contract", str(contract_path), "--input", "-", "--group", "/aws/lambda/x", "--json"]
    first = _logshape(tmp_path, *arguments, lines="[ERROR]\tboom\n\nplain 支払い\n")
    ledger = _logshape(tmp_path, "ledger", "--json")

    expected = Ledger(received=2, archived=2).counts()
    answer = json.loads(first.stdout)
    assert (first.returncode, ledger.returncode) == (0, 0)
    assert answer["total"] == expected
    assert answer["index"] == {"off": "LOGSHAPE_OPENSEARCH_URL is set and empty"}
    assert json.loads(ledger.stdout) == {"total": expected, "groups": {"/aws/lambda/x": expected}}


def test_while_the_pipeline_is_up_new_log_groups_are_subscribed_and_what_waits_comes_home(
    contract_path: Path, tmp_path: Path
) -> None:
    """`local up` is for looking around with any AWS client, and nothing is left when it is stopped."""
    with _up(tmp_path, contract_path) as printed:
        variables = json.loads(printed)
        session = boto3.Session("local", "local", region_name="us-east-1")
        client, s3 = (
            session.client(name, endpoint_url=variables["AWS_ENDPOINT_URL"], config=Config(proxies={}))
            for name in ("logs", "s3")
        )
        client.create_log_group(logGroupName="/aws/lambda/x")
        client.create_log_stream(logGroupName="/aws/lambda/x", logStreamName="s")
        filters = _soon(
            lambda: client.describe_subscription_filters(logGroupName="/aws/lambda/x")["subscriptionFilters"]
        )
        now = time.time_ns() // 1_000_000
        client.put_log_events(
            logGroupName="/aws/lambda/x", logStreamName="s", logEvents=[{"timestamp": now, "message": "boom"}]
        )
        line = {"event_id": "1", "document": {"event_id": "1", "log_group": "/aws/lambda/y", "message": "late"}}
        bucket = variables["LOGSHAPE_SPOOL"].split("/")[2]
        s3.put_object(Bucket=bucket, Key="spool/undelivered/archive/1.ndjson", Body=json.dumps(line))
        assert _soon(lambda: not s3.list_objects_v2(Bucket=bucket)["KeyCount"])

    with Archive(tmp_path / ".logshape" / "archive") as archive:
        rows = archive.ask("SELECT log_group, message FROM logs ORDER BY ALL").rows
    name = logshape.load(contract_path).name
    assert [found["filterName"] for found in filters] == [f"logshape/{name}/ingest"]
    assert rows == [("/aws/lambda/x", "boom"), ("/aws/lambda/y", "late")]


def test_books_that_do_not_balance_end_the_command_with_one(tmp_path: Path) -> None:
    """A pipeline in CI must stop on a lost event."""
    books = last_run.Books(groups={"/g": Ledger(received=1)}, sent={"/g": 2}, index=False)
    last_run.write(books, tmp_path / ".logshape")
    ledger = _logshape(tmp_path, "ledger")

    assert ledger.returncode == 1
    assert "/g: 2 events were sent, 1 were received" in ledger.stderr


@contextmanager
def _up(folder: Path, contract_path: Path) -> Iterator[str]:
    """Run `local up` inside the block and yield what it printed."""
    out = folder / "out"
    with out.open("wb") as stdout:
        command = [*LOGSHAPE, "local", "up", "--json", "--contract", str(contract_path)]
        process = subprocess.Popen(command, cwd=folder, env=_environ(), stdout=stdout)
    try:
        yield _soon(lambda: text if (text := out.read_text()).endswith("}\n") else "")
    finally:
        process.terminate()
        process.wait(30)


def _soon(ask: Callable[[], Answered]) -> Answered:
    deadline = time.monotonic() + 30
    while not (answer := ask()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return answer


def _environ() -> dict[str, str]:
    return os.environ | {"LOGSHAPE_OPENSEARCH_URL": "", "PYTHONPATH": str(ROOT / "shared")}


def _logshape(folder: Path, *arguments: str, lines: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*LOGSHAPE, *arguments],
        cwd=folder,
        env=_environ(),
        input=lines,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
