"""The page on redaction says what the detectors, the schema and the commands do."""

from __future__ import annotations

import hashlib
import hmac
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from click.testing import CliRunner

import logshape
from logshape import telemetry
from logshape.cli.explain import command
from logshape.contract.detectors import BUILT_IN
from logshape.contract.model import SECRETS
from logshape.lines.escapes import DEEPEST
from logshape.lines.redaction import FAILED

if TYPE_CHECKING:
    import pytest

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = (ROOT / "docs/redaction.md").read_text(encoding="utf-8")
GROUPS: Final = "version: 1\nname: shop\ngroups: [{name: all, match: '*', formats: [aws/lambda-text]}]\n"


def test_the_contract_that_is_shown_holds(tmp_path: Path) -> None:
    """It is what people begin with."""
    (shown,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "c.yaml").write_text(GROUPS + shown, encoding="utf-8")

    contract = logshape.load(tmp_path / "c.yaml")

    assert [one.name for one in contract.redact[len(SECRETS) :]] == ["email", "card", "ticket", "password"]
    assert contract.hashes


def test_every_detector_has_its_row() -> None:
    """The secrets set stands first, as the page says."""
    rows = re.findall(r"^\| `([a-z0-9-]+)` \| [^|]+ \| [^|]+ \|$", PAGE, re.MULTILINE)

    assert [name for name in rows if name in BUILT_IN] == list(BUILT_IN)
    assert tuple(rows[:4]) == tuple(one.name for one in SECRETS)
    assert "`secrets` stands for the first four" in PAGE


def test_the_hash_that_is_shown_is_right() -> None:
    """Whoever computes one to look for somebody must find them."""
    digest = hmac.new(b"k", b"anna@example.com", hashlib.sha256).hexdigest()[:32]

    assert set(re.findall(r"\b[0-9a-f]{32}\b", PAGE)) == {digest}


def test_the_command_that_is_shown_says_what_it_should(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page shows no answer, for it is long."""
    monkeypatch.chdir(ROOT)
    (line,) = re.findall(r"^\$ logshape explain '(.*)'$", PAGE, re.MULTILINE)

    assert "message            ← aws-access-key" in CliRunner().invoke(command, [line]).stdout


def test_the_names_and_figures_that_it_mentions_are_there() -> None:
    """An alarm is made of a metric's name."""
    assert f"`{telemetry.UNHASHED}`" in PAGE
    assert f"`{telemetry.UNREDACTED}`" in PAGE
    assert f"`{FAILED}`" in PAGE
    assert DEEPEST == 4
    assert "up to four layers of escapes" in PAGE
