"""The page on delivery names commands, options, alarms, metrics, rules and figures that there are."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
import pytest

from logshape import connections
from logshape.delivery import breaker, contents, intake, patience, redriving, reserve, returns, sending, sweeping
from logshape.ledger import Ledger
from tests.repository.test_template import of_type

if TYPE_CHECKING:
    import click

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = (ROOT / "docs/delivery.md").read_text(encoding="utf-8")
SHOWN: Final = re.findall(r"^logshape ([a-z]+)(?: ((?!-)[a-z]+))?(.*)$", PAGE, re.MULTILINE)


@pytest.mark.parametrize(("name", "verb", "rest"), SHOWN)
def test_a_command_that_is_shown_has_the_options_that_are_shown(name: str, verb: str, rest: str) -> None:
    """It is copied at night."""
    command: Any = import_module(f"logshape.cli.{name}").command
    command = command.commands[verb] if verb else command
    known = {option for parameter in _parameters(command) for option in parameter.opts}

    assert set(re.findall(r"--[a-z-]+", rest)) - known == set()


def _parameters(command: click.Command) -> list[click.Parameter]:
    return command.params


def test_commands_are_shown() -> None:
    """The test above would pass without any."""
    assert {name for name, *_ in SHOWN} == {"redrive", "quarantine"}


def test_every_alarm_of_redrive_has_a_line() -> None:
    """Whoever is woken looks for its name."""
    alarms = [name for name in of_type("AWS::CloudWatch::Alarm") if name.startswith("Redrive")]

    assert sorted(re.findall(r"^\| `(Redrive\w+)` \|", PAGE, re.MULTILINE)) == sorted(alarms)


def test_metrics_are_those_that_are_published() -> None:
    """A dashboard is made from them."""
    counts = {name if name == "redriven" else f"redrive_{name}" for name in msgspec.to_builtins(sending.Tally())}

    assert set(re.findall(r"`(redriven|redrive_\w+)`", PAGE)) == counts | {"redrive_stopped"}


def test_rules_and_codes_are_those_of_the_code() -> None:
    """They are typed after `--rule`."""
    quarantined = {contents.LINE, contents.OBJECT, contents.MESSAGE, contents.FAILURE}
    waiting = {returns.FAULT, sending.OFF, sending.NO_TIME, redriving.AGAIN}

    assert set(re.findall(r"`(redrive-[\w-]+)`", PAGE)) <= quarantined | waiting
    assert {code for code in contents.OF_THE_DATA if f"`{code}`" in PAGE} == contents.OF_THE_DATA


def test_figures_are_those_of_the_code() -> None:
    """The first 20 documents, a minute, an hour."""
    assert f"the first {sending.PROBE} documents" in PAGE
    assert (returns.FIRST_WAIT, returns.LONGEST_WAIT, sweeping.GRACE) == (60, 3600, 3600.0)
    assert f"`{sweeping.UNCONVERTED}`" in PAGE
    assert f"`{sweeping.FAILURES}`" in PAGE


def test_every_alarm_of_ingest_has_a_line() -> None:
    """As above."""
    alarms = [name for name in of_type("AWS::CloudWatch::Alarm") if name.startswith(("Ingest", "LineStream"))]

    assert sorted(re.findall(r"^\| `((?:Ingest|LineStream)\w+)` \|", PAGE, re.MULTILINE)) == sorted(alarms)


def test_every_count_is_explained() -> None:
    """A graph shows them all."""
    cells = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", PAGE, re.MULTILINE)

    assert {f"`{name}`" for name in Ledger().counts()} <= {name for cell in cells for name in cell.split(", ")}


def test_figures_of_ingest_are_those_of_the_code() -> None:
    """Tries, seconds, portions; what the stream's mapping does."""
    properties = of_type("AWS::Lambda::EventSourceMapping")["LineStreamMapping"]

    assert (patience.TRIES, patience.SECONDS) == (3, 5.0)
    assert (connections.CONNECT_SECONDS, connections.READ_SECONDS) == (2.0, 3.0)
    assert (breaker.FIRST_SECONDS, breaker.LONGEST_SECONDS) == (2.0, 60.0)
    assert (reserve.MARGIN, reserve.LEAST, reserve.MOST) == (2.0, 0.1, 0.5)
    assert round(reserve.Reserve().of_sinks(60.0)) == 2
    assert intake.PORTION_BYTES == 16 * 1024 * 1024
    assert (properties["MaximumRetryAttempts"], properties["MaximumRecordAgeInSeconds"]) == (20, 20 * 3600)
    assert of_type("AWS::CloudWatch::Alarm")["LineStreamAgeAlarm"]["Threshold"] == 10 * 60 * 1000
