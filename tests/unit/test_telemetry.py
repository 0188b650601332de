"""What a function says of itself: counts as metrics, and trouble in a line that quotes no event."""

from __future__ import annotations

import json

import pytest

from logshape import telemetry
from logshape.ledger import Ledger

LEDGER = Ledger(received=9, filtered=1, archived=8, indexed=5, duplicates=2, index_spooled=1)


def test_the_counts_of_a_sink_are_one_line_of_emf(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Function and sink are the only dimensions, the log group is a property: each would multiply what metrics cost."""
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "shop-ingest")
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "logshape")
    monkeypatch.delenv("POWERTOOLS_METRICS_NAMESPACE", raising=False)

    telemetry.publish({"/aws/lambda/orders": LEDGER}, "index", "shop", breaker_open=True)

    line = json.loads(capsys.readouterr().out)
    metadata = line.pop("_aws")["CloudWatchMetrics"]
    names = ["received", "filtered", "payloads_quarantined", *telemetry.COUNTS["index"][3:]]
    assert metadata == [
        {
            "Namespace": "logshape/shop",
            "Dimensions": [["function", "sink"]],
            "Metrics": [*({"Name": name, "Unit": "Count"} for name in names), {"Name": "breaker_open", "Unit": "None"}],
        }
    ]
    assert line == {
        "function": "shop-ingest",
        "sink": "index",
        "log_group": "/aws/lambda/orders",
        "received": [9.0],
        "filtered": [1.0],
        "payloads_quarantined": [0.0],
        "indexed": [5.0],
        "duplicates": [2.0],
        "index_spooled": [1.0],
        "index_quarantined": [0.0],
        "index_expired": [0.0],
        "breaker_open": [1.0],
    }


def test_each_log_group_has_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Logs Insights can then sum by the property, and so can `logshape ledger`."""
    telemetry.publish({"/a": LEDGER, "/b": LEDGER}, "index", "shop")

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["log_group"] for line in lines] == ["/a", "/b"]


def test_the_stack_names_the_namespace(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Two stacks of one contract must not add up."""
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "logshape/shop-eu")

    telemetry.publish({"/aws/lambda/orders": LEDGER}, "archive", "shop")

    line = json.loads(capsys.readouterr().out)
    assert line["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "logshape/shop-eu"


def test_every_count_of_the_ledger_is_published() -> None:
    """A new count that no metric shows is one that nobody sees."""
    published = {name for names in telemetry.COUNTS.values() for name in names}

    assert published == set(Ledger().counts())


def test_what_a_sink_left_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """However many documents there are: a log that grows with the events would come back as events."""
    telemetry.left("index", {"index-503": 4, "index-429": 1000})

    line = json.loads(capsys.readouterr().out)
    assert (line["level"], line["message"]) == ("WARNING", "documents were not taken")
    assert (line["sink"], line["documents"]) == ("index", {"index-429": 1000, "index-503": 4})


def test_a_fault_is_named_and_placed_without_its_text(capsys: pytest.CaptureFixture[str]) -> None:
    """An exception's text may quote what an event says."""
    with pytest.raises(ValueError, match="secret") as raised:
        int("secret")

    telemetry.fault("index", raised.value)

    text = capsys.readouterr().out
    line = json.loads(text)
    assert (line["level"], line["sink"], line["error"]) == ("ERROR", "index", "ValueError")
    assert line["place"].startswith(__file__)
    assert "secret" not in text
