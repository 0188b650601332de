"""Prove `logshape redrive` and `logshape quarantine`: what they show, and what they send when they are told to."""

from __future__ import annotations

import io
import json
import os
import re
import sys
from contextlib import redirect_stderr, redirect_stdout
from typing import TYPE_CHECKING, Any, NamedTuple

import duckdb
import pytest

from logshape.cli import main
from logshape.ledger import Ledger
from logshape.targets import outputs
from tests.repository.test_template import TEMPLATE
from tests.stack import EVENTS, ROOT, SPOOL, STREAM, create_stream, payload
from tests.wires import Told, ids, served

if TYPE_CHECKING:
    from pathlib import Path

    from tests.stack import Stack
    from tests.wires import Asked

GROUP = "/aws/lambda/shop-orders"


class Ran(NamedTuple):
    """What a command did."""

    code: object
    out: str
    err: str


def run(*arguments: str) -> Ran:
    """Run the command line as a script does: nobody is there to be asked."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
        main(arguments)
    return Ran(ended.value.code, out.getvalue(), err.getvalue())


def answer(*arguments: str) -> Any:  # noqa: ANN401 # JSON
    """Return what a command answers as JSON."""
    return json.loads(run(*arguments, "--json").out)


def refused(asked: Asked) -> Told:
    """Be a cluster for which every document is poison."""
    error = {"type": "mapper_parsing_exception", "reason": "failed to parse field [duration]"}
    return Told(
        200,
        json.dumps(
            {"items": [{"create": {"_id": e, "status": 400, "error": error}} for e in ids(asked.body)]}
        ).encode(),
    )


@pytest.fixture
def spooled(stack: Stack) -> Stack:
    """Let both stores have failed, and be well again; the function has not come yet."""
    stack.aws.client("firehose").delete_delivery_stream(DeliveryStreamName=STREAM)
    stack.store.answer = lambda _: Told(503)
    assert stack.ingest(payload(*EVENTS)) == Ledger(received=20, archive_spooled=20, index_spooled=20)
    create_stream(stack.aws)
    stack.store.answer = stack.store.keep
    stack.lose_messages()
    return stack


@pytest.fixture
def quarantined(stack: Stack) -> Stack:
    """Let the index have refused all documents, and take them now; one payload was no payload."""
    stack.store.answer = refused
    assert stack.ingest(payload(*EVENTS)).index_quarantined == 20
    assert stack.ingest({"awslogs": {"data": "?"}}).payloads_quarantined == 1
    stack.store.answer = stack.store.keep
    return stack


def test_nothing_is_sent_before_somebody_says_so(spooled: Stack) -> None:
    """What would be sent is shown; a script that forgets --yes changes nothing."""
    result = run("redrive")

    assert (result.code, result.err) == (0, "nothing was sent; say --yes to send it\n")
    assert [line.split()[:3] for line in result.out.splitlines()] == [
        ["waits", "for", "reason"],
        ["archive", "archive-refused-ResourceNotFoundException", "1"],
        ["index", "index-503", "1"],
    ]
    assert (spooled.store.ids, len(spooled.kept("undelivered"))) == ([], 40)


def test_on_a_terminal_it_asks(spooled: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked is what was shown, and only a yes is one."""
    sent = []
    for answered in ("n", "y"):
        keyboard, terminal = os.openpty()
        with os.fdopen(keyboard, "w") as typed, os.fdopen(terminal) as stdin:
            typed.write(f"{answered}\n")
            typed.flush()
            monkeypatch.setattr(sys, "stdin", stdin)
            result = run("redrive", "--sink", "index")
        sent.append((result.code, len(spooled.store.ids)))

        assert result.err.startswith("Send 1 object? [y/N]: ")
    assert sent == [(1, 0), (0, 20)]


def test_all_comes_home_by_hand(spooled: Stack) -> None:
    """It is what the function does, and says what became of it."""
    result = run("redrive", "--yes", "--rate", "1000")

    assert (result.code, result.err) == (0, "")
    assert [line.split() for line in result.out.splitlines()[-2:]] == [
        ["archive", "20", "0", "0", "0"], ["index", "20", "0", "0", "0"],
    ]  # fmt: skip
    assert (spooled.archived(), spooled.store.ids, spooled.kept("undelivered")) == (EVENTS, EVENTS, [])
    assert run("redrive").out == "nothing waits\n"


FILTERS: dict[tuple[str, ...], list[str]] = {
    ("--sink", "index"): ["index"],
    ("--group", GROUP): ["archive", "index"],
    ("--group", "/aws/lambda/other-*"): [],
    ("--since", "1h"): ["archive", "index"],
    ("--reason", "index-5*"): ["index"],
    ("--reason", "index-4*"): [],
    ("--until", "1h"): [],
    ("--until", "2020-01-01"): [],
    ("--since", "2020-01-01T00:00:00Z", "--sink", "archive"): ["archive"],
}


def test_only_what_is_asked_for_is_found(spooled: Stack) -> None:
    """After an outage one store is mended first, and one team is in a hurry."""
    found = {options: [each["waits_for"] for each in answer("redrive", *options)["found"]] for options in FILTERS}

    assert found == FILTERS
    assert spooled.store.ids == []


def test_a_store_that_is_still_down_is_said_and_costs_nothing(spooled: Stack) -> None:
    """The other store gets its documents all the same; exit code 3 lets a script try again."""
    spooled.store.answer = lambda _: Told(503)

    result = run("redrive", "--yes", "--json")

    told = json.loads(result.out)
    assert result.code == 3
    assert result.err.endswith("logshape: still waiting: 1 object, 1 for index-503; run it again when that is mended\n")
    assert (told["waiting"], told["sinks"]["archive"]["redriven"]) == ({"index-503": 1}, 20)
    assert (len(spooled.kept("undelivered/index")), spooled.archived()) == (20, EVENTS)


def test_a_folder_is_a_spool_too(spooled: Stack, tmp_path: Path) -> None:
    """What a local run has left lies in files."""
    spooled.aws.save(SPOOL, tmp_path / "saved")
    folder = tmp_path / "saved" / "logshape"

    result = run("redrive", "--yes", "--spool", str(folder), "--sink", "index")

    assert (result.code, spooled.store.ids) == (0, EVENTS)
    assert list(folder.glob("undelivered/index/**/*.gz")) == []
    assert len(list(folder.glob("undelivered/archive/**/*.gz"))) == 1


def test_a_stack_says_where_all_of_it_is(spooled: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the laptop of whoever is on call no variable is set."""
    said = {
        "SpoolLocation": "s3://spool/logshape",
        "ArchiveLocation": "s3://archive/archive",
        "ArchiveStreamName": STREAM,
        "OpenSearchEndpoint": spooled.url,
    }
    for name in outputs.VARIABLES.values():
        monkeypatch.delenv(name, raising=False)

    with served(lambda asked: described(said) if b"StackName=shop" in asked.body else NO_STACK) as (url, _):
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", url)
        assert run("redrive", "--stack", "shop", "--yes").code == 0
        unknown = run("redrive", "--stack", "other")

    assert (spooled.archived(), spooled.store.ids, spooled.kept("undelivered")) == (EVENTS, EVENTS, [])
    assert "Stack with id other does not exist" in unknown.err


NO_STACK = Told(
    400,
    b"<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code>"
    b"<Message>Stack with id other does not exist</Message></Error></ErrorResponse>",
)


def described(said: dict[str, str]) -> Told:
    """Answer as CloudFormation describes a stack with the outputs *said*."""
    members = "".join(
        f"<member><OutputKey>{name}</OutputKey><OutputValue>{value}</OutputValue></member>"
        for name, value in said.items()
    )
    stack = f"<Stacks><member><StackName>shop</StackName><Outputs>{members}</Outputs></member></Stacks>"
    result = f"<DescribeStacksResult>{stack}</DescribeStacksResult>"
    return Told(200, f"<DescribeStacksResponse>{result}</DescribeStacksResponse>".encode())


def test_the_template_has_the_outputs_that_are_read() -> None:
    """An output that is renamed would be found at night."""
    assert set(outputs.VARIABLES) <= set(TEMPLATE["Outputs"])


def test_without_a_spool_or_a_sink_it_says_what_is_missing(
    spooled: Stack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The most common mistake is the wrong shell."""
    for name in ("LOGSHAPE_FIREHOSE_STREAM", "LOGSHAPE_OPENSEARCH_URL"):
        monkeypatch.setenv(name, "")
    assert "set LOGSHAPE_FIREHOSE_STREAM, LOGSHAPE_OPENSEARCH_URL or both" in run("redrive", "--yes").err

    monkeypatch.delenv("LOGSHAPE_SPOOL")
    monkeypatch.chdir(tmp_path)
    assert run("redrive") == (
        2, "", "logshape: nobody says where the spool is; name it by --spool, --stack or LOGSHAPE_SPOOL\n",
    )  # fmt: skip
    assert spooled.store.ids == []


def test_quarantine_is_counted_by_what_would_mend_it_and_shown_with_the_reason(quarantined: Stack) -> None:
    """A rule, a version and a log group name the one who can mend it, with the document in view."""
    del quarantined

    assert answer("quarantine", "list") == [
        {
            "place": "index",
            "rule": "index-mapper_parsing_exception",
            "contract_version": 1,
            "log_group": GROUP,
            "documents": 20,
        },
        {"place": "payload", "rule": "payload-unreadable", "contract_version": 1, "log_group": "", "documents": 1},
    ]
    assert [line.split()[0] for line in run("quarantine", "list").out.splitlines()] == ["place", "index", "payload"]
    assert answer("quarantine", "list", "--rule", "payload-*")[0]["documents"] == 1
    assert answer("quarantine", "list", "--group", "/other") == []
    (shown,) = answer("quarantine", "show", "--place", "index", "--limit", "1")
    assert (shown["event_id"], shown["reason"]) == (EVENTS[0], "failed to parse field [duration]")
    assert shown["document"]["log_group"] == GROUP
    assert "  failed to parse field [duration]" in run("quarantine", "show", "--limit", "1").out.splitlines()


def test_what_is_mended_is_sent_again_and_leaves_quarantine(quarantined: Stack) -> None:
    """What cannot be sent stays for whoever wants to know."""
    assert answer("quarantine", "replay") == {"meant": 21}
    assert quarantined.store.ids == []

    result = run("quarantine", "replay", "--yes")

    assert result.code == 0
    assert result.out.splitlines()[-1] == "20 were sent; 1 are nothing that can be sent"
    assert (quarantined.store.ids, quarantined.kept("quarantine/index")) == (EVENTS, [])
    assert quarantined.kept("quarantine/payload") == [None]


def test_what_is_refused_again_comes_back(quarantined: Stack) -> None:
    """A replay too early costs nothing: not even where the object would have the very same name."""
    quarantined.store.answer = refused

    assert answer("quarantine", "replay", "--yes", "--place", "index")["sent"] == 20
    assert sorted(quarantined.kept("quarantine/index")) == EVENTS


def test_a_part_of_quarantine_is_sent_and_the_rest_stays(stack: Stack) -> None:
    """One rule is mended, the other is not."""
    rows = [
        {
            "event_id": e,
            "index": "logs-shop-14d-2099.01.01",
            "document": {"event_id": e},
            "reason": "r",
            "rule": rule,
            "contract_version": 1,
        }
        for e, rule in (("1", "mended"), ("2", "not"))
    ]
    body = "".join(json.dumps(row) + "\n" for row in rows)
    stack.aws.client("s3").put_object(Bucket=SPOOL, Key="logshape/quarantine/index/1.ndjson", Body=body)

    assert answer("quarantine", "replay", "--yes", "--rule", "mended")["sent"] == 1
    assert (stack.store.ids, list(stack.lines(SPOOL, "logshape/quarantine/"))) == (["1"], rows[1:])


def test_a_payload_that_can_be_read_by_now_goes_the_way_of_any_other(stack: Stack) -> None:
    """A later version may know more; the event is shaped by the contract that there is."""
    row = {
        "event_id": None,
        "document": payload(*EVENTS),
        "reason": "over the cap",
        "rule": "payload-unreadable",
        "contract_version": 1,
    }
    stack.aws.client("s3").put_object(Bucket=SPOOL, Key="logshape/quarantine/payload/1.ndjson", Body=json.dumps(row))

    assert answer("quarantine", "replay", "--yes")["sent"] == 1
    assert (stack.archived(), stack.store.ids, stack.kept("quarantine")) == (EVENTS, EVENTS, [])


def test_duckdb_reads_quarantine(quarantined: Stack, tmp_path: Path) -> None:
    """The layout is one that any engine for NDJSON takes; the statement is the one that the page shows."""
    quarantined.aws.save(SPOOL, tmp_path)
    statement: str
    (statement,) = re.findall(
        r"```sql\n(SELECT [^`]+?);?\n```", (ROOT / "docs/delivery.md").read_text(encoding="utf-8")
    )

    rows = duckdb.sql(statement.replace("spool/quarantine/", f"{tmp_path}/logshape/quarantine/")).fetchall()

    assert rows == [("index-mapper_parsing_exception", 1, GROUP, 20), ("payload-unreadable", 1, None, 1)]
