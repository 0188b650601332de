"""Shaping: where the key for hashes comes from, and what happens without it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec
import pytest

from logshape import telemetry
from logshape.contract.load import built_in
from logshape.contract.model import Detector
from logshape.delivery import pipeline
from logshape.lines.envelope import LogEvent, Payload
from logshape.lines.redaction import Shortfall
from tests.wires import Told, served

if TYPE_CHECKING:
    from logshape.contract.model import Contract

ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:key"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "eu-central-1"}
MASK = "[email]"
HASH = "[email:a05c70e82e83107984638ae2c8565880]"  # HMAC-SHA-256 of the address by the key `k`


@pytest.fixture(autouse=True)
def _aws(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    """Give botocore credentials, and hide what this machine has of its own."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_CONFIG_FILE", f"{tmp_path}/none")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", f"{tmp_path}/none")


def hashing() -> Contract:
    """Return a contract that hashes."""
    return msgspec.structs.replace(built_in(), redact=(Detector(name="email", action="hash"),))


def message(contract: Contract, written: str) -> str:
    """Return what is made of an address, with *written* in LOGSHAPE_REDACT_KEY."""
    shaping = pipeline(contract, {**KEYS, "LOGSHAPE_REDACT_KEY": written})
    (record,) = shaping.records(
        Payload(owner="", log_group="/a", log_stream="", events=[LogEvent("1", 1761950301010, "a@example.com")])
    )
    return str(record["message"])


def test_the_key_itself_may_stand_in_the_environment() -> None:
    """On one machine there is no Secrets Manager."""
    assert message(hashing(), "k") == HASH


@pytest.mark.parametrize("secret", [b'{"SecretString":"k"}', b'{"SecretBinary":"aw=="}'])
def test_the_key_may_be_a_secret(monkeypatch: pytest.MonkeyPatch, secret: bytes) -> None:
    """All of its text is the key; of one without text its bytes are."""
    with served(lambda _: Told(200, secret)) as (url, asked):
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)

        assert message(hashing(), ARN) == HASH
        assert json.loads(asked[0].body) == {"SecretId": ARN}


@pytest.mark.parametrize(
    ("status", "answer", "reason"),
    [
        (400, b'{"__type":"AccessDeniedException","message":"no"}', "AccessDeniedException"),
        (200, b'{"SecretString":""}', "the secret is empty"),
    ],
)
def test_a_key_that_cannot_be_read_stops_nothing_and_shows_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], status: int, answer: bytes, reason: str
) -> None:
    """Lines go on, masked: that is safe, and the log and a metric say what is missing."""
    with served(lambda _: Told(status, answer)) as (url, _):
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)

        assert message(hashing(), ARN) == MASK

    said = json.loads(capsys.readouterr().out)
    assert (said["level"], said["message"], said["error"]) == (
        "ERROR", "the key for hashes cannot be read, values are masked", f"LOGSHAPE_REDACT_KEY: {reason}",
    )  # fmt: skip


def test_nobody_asks_for_a_key_that_is_not_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cold start has no time for what nobody uses."""
    with served(lambda _: Told(200)) as (url, asked):
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        message(built_in(), ARN)

    assert asked == []


def test_what_redaction_could_not_do_is_published(capsys: pytest.CaptureFixture[str]) -> None:
    """An alarm on it is for whoever must know; where all went well there is no line."""
    telemetry.redaction(Shortfall(), "shop")
    assert capsys.readouterr().out == ""

    telemetry.redaction(Shortfall(unhashed=2) + Shortfall(failed=1), "shop")

    line = json.loads(capsys.readouterr().out)
    assert {name: line[name] for name in line if name != "_aws"} == {
        "function": "local", "redaction_unhashed": [2.0], "redaction_failed": [1.0],
    }  # fmt: skip
