"""What the options of redrive and quarantine mean: which spool, which time, how fast."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner

from logshape.cli.depots import LOCAL, Asked, Pace, environment, options
from logshape.connections import Folder, Item
from logshape.errors import OutsideFailure, UnreadableInput

if TYPE_CHECKING:
    from pathlib import Path


def seconds(text: str) -> float:
    """Return what `--since` makes of *text*."""
    found: list[float] = []

    @click.command
    @options
    def command(since: float, **_: object) -> None:
        found.append(since)

    result = CliRunner().invoke(command, ["--since", text])
    if result.exit_code:
        raise UnreadableInput(result.stderr)
    return found[0]


def test_a_time_is_a_moment_or_so_long_ago() -> None:
    """One is in the ticket, the other in the head of whoever is woken; without a zone it is UTC."""
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC).timestamp()

    assert {seconds(text) for text in ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05", "2026-01-02T04:04:05+01:00")} == {
        moment
    }
    assert seconds("2h") == pytest.approx(time.time() - 7200, abs=60)
    with pytest.raises(UnreadableInput, match="`yesterday` is no time; use 2026-01-02T03:04:05Z, or 30m, 2h, 3d"):
        seconds("yesterday")


def test_a_rate_is_kept_from_the_first_second_on() -> None:
    """A cluster that comes back is not run over by what waited for it."""
    now, slept = 0.0, []

    def sleep(pause: float) -> None:
        nonlocal now
        slept.append(pause)
        now += pause

    pace = Pace(100, clock=lambda: now, sleep=sleep)
    for documents in (20, 100, 50, 1):
        pace(documents)

    assert (slept, now) == ([0.2, 1.0, 0.5], 1.7)


def test_the_spool_is_the_options_else_the_shells_else_the_last_local_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who names one means it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LOGSHAPE_SPOOL", raising=False)
    (tmp_path / "mine").mkdir()
    with pytest.raises(UnreadableInput, match="nobody says where the spool is"):
        environment(Asked())

    (tmp_path / LOCAL).mkdir(parents=True)
    found = [environment(Asked())["LOGSHAPE_SPOOL"]]
    monkeypatch.setenv("LOGSHAPE_SPOOL", "s3://shell/spool")
    found += [environment(asked)["LOGSHAPE_SPOOL"] for asked in (Asked(), Asked(spool="mine"), Asked(spool="s3://o/p"))]

    assert found == [str(LOCAL), "s3://shell/spool", "mine", "s3://o/p"]
    with pytest.raises(UnreadableInput, match=r"^nowhere: there is no such folder$"):
        environment(Asked(spool="nowhere"))


def test_a_folder_is_a_bucket(tmp_path: Path) -> None:
    """Prefixes are those of names, as on S3, and what is half written is not there."""
    folder = Folder(tmp_path)
    for key in ("a/1", "a/2", "ab/3"):
        folder.write(key, b"x")
    (tmp_path / "a" / ".4").write_bytes(b"half")

    def keys(prefix: str) -> list[str]:
        items: list[Item] = list(folder.listed(prefix))
        return [item.key for item in items]

    assert (keys(""), keys("a/"), keys("a"), keys("a/2")) == (
        ["a/1", "a/2", "ab/3"],
        ["a/1", "a/2"],
        ["a/1", "a/2", "ab/3"],
        ["a/2"],
    )
    folder.remove("a/1")
    folder.remove("a/1")
    assert folder.read("a/1") is None
    with pytest.raises(OutsideFailure, match=r"a: Is a directory$"):
        folder.read("a")
