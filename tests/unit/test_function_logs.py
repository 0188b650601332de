"""What the logs of deployed functions say of where events ended, in every form in which they come out of CloudWatch."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from logshape import telemetry
from logshape.cli.ledger import command
from logshape.errors import UnreadableInput
from logshape.ledger import Ledger
from logshape.local import function_logs
from logshape.local.last_run import Books

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

A, B = "/aws/lambda/a", "/aws/lambda/b"
OF_A = Ledger(received=5, filtered=1, archived=4, indexed=2, duplicates=1, index_spooled=1)
OF_B = Ledger(received=3, archived=2, archive_spooled=1, indexed=3)


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return what ingest and redrive print: two invocations for A, one for B, and what was sent again."""
    for books in ({A: OF_A, B: OF_B}, {A: OF_A}):
        for sink in ("archive", "index"):
            telemetry.publish(books, sink, "shop")
    telemetry.redriven("index", {"redriven": 2, "left": 0}, "shop")
    return capsys.readouterr().out.splitlines()


FORMS: dict[str, Callable[[str], str]] = {
    "as the function printed it": lambda line: line,
    "exported to S3": lambda line: f"2025-10-31T22:38:21.010Z {line}",
    "tailed": lambda line: f"2025-10-31T22:38:21.010000+00:00 2025/10/31/[$LATEST]0a {line}",
    "events as NDJSON": lambda line: json.dumps({"timestamp": 1, "message": line + "\n", "ingestionTime": 2}),
    "a message that is an object": lambda line: json.dumps({"message": json.loads(line)}),
}
OTHERS = [
    "START RequestId: 1",
    '{"level":"WARNING","message":"a sink does not answer"}',
    '{"_aws":1}',
    '"_aws" {',
    "[]",
]
BOOKS = Books(groups={A: OF_A + OF_A, B: OF_B}, sent=None, index=True, redriven={"index": 2})


@pytest.mark.parametrize("form", FORMS)
def test_counts_are_found_in_every_form_of_a_log(printed: list[str], tmp_path: Path, form: str) -> None:
    """Whoever has to prove that nothing was lost has what their tool wrote, and lines of other kinds between."""
    lines = [*OTHERS, *map(FORMS[form], printed)]
    (tmp_path / "log").write_text("\n".join(lines))

    assert function_logs.read(tmp_path / "log") == BOOKS


def test_a_folder_is_all_its_files(printed: list[str], tmp_path: Path) -> None:
    """An export to S3 is a tree of gzip files, a stream each."""
    for number, line in enumerate(printed):
        file = tmp_path / f"stream-{number}" / "000000.gz"
        file.parent.mkdir()
        file.write_bytes(gzip.compress(line.encode()))

    assert function_logs.read(tmp_path) == BOOKS


def test_a_sink_that_never_counts_is_off(printed: list[str], tmp_path: Path) -> None:
    """A stack without an index is not out of balance."""
    (tmp_path / "log").write_text("\n".join(line for line in printed if '"sink":"archive"' in line))

    books = function_logs.read(tmp_path)

    books.balance()
    assert (books.archive, books.index, books.total.archived) == (True, False, 10)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "{}: holds no file; wanted logs of the functions"),
        ("", "{}: holds no counts of the functions; wanted lines with `_aws`, as they print them"),
        ('{"_aws":{},"sink":"elsewhere","received":1}', "{}: holds no counts of the functions; wanted lines with `_aws`, as they print them"),
    ],
)  # fmt: skip
def test_a_folder_without_counts_is_refused(tmp_path: Path, content: str | None, message: str) -> None:
    """Books of nothing would balance."""
    if content is not None:
        (tmp_path / "log").write_text(content)

    with pytest.raises(UnreadableInput) as raised:
        function_logs.read(tmp_path)

    assert str(raised.value) == message.format(tmp_path)


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    """Half a download is no proof."""
    (tmp_path / "log.gz").write_bytes(gzip.compress(b"a line\n" * 1000)[:-12])

    with pytest.raises(UnreadableInput, match=r"log\.gz: "):
        function_logs.read(tmp_path)


def test_the_command_shows_what_was_redriven_beside_what_was_spooled(printed: list[str], tmp_path: Path) -> None:
    """What is spooled is a debt, and this is what was paid of it."""
    (tmp_path / "log").write_text("\n".join(printed))

    result = CliRunner().invoke(command, ["--logs", str(tmp_path)])
    in_json = CliRunner().invoke(command, ["--logs", str(tmp_path), "--json"])

    assert result.stdout.splitlines() == [
        "log group      received  filtered  archived  indexed  duplicates  expired  spooled  redriven  quarantined",
        "/aws/lambda/a        10         2         8        4           2        0        2                      0",
        "/aws/lambda/b         3         0         2        3           0        0        1                      0",
        "total                13         2        10        7           2        0        3         2            0",
        "",
        "balances: every event that was received ended once for the archive and once for the index",
    ]
    assert json.loads(in_json.stdout) == {
        "total": (OF_A + OF_A + OF_B).counts(),
        "groups": {A: (OF_A + OF_A).counts(), B: OF_B.counts()},
        "redriven": {"index": 2},
    }
    assert (result.exit_code, in_json.exit_code) == (0, 0)


def test_a_line_that_is_missing_does_not_balance(printed: list[str], tmp_path: Path) -> None:
    """The index's counts of one invocation are gone: so may be its documents."""
    index = [line for line in printed if '"sink":"index"' in line and B in line]
    (tmp_path / "log").write_text("\n".join(line for line in printed if line not in index))

    result = CliRunner().invoke(command, ["--logs", str(tmp_path)])

    assert str(result.exception).startswith(f"{B}: index: received 3 events, accounted for 0: ")
