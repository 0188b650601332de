"""The page of rules: it says what the table in the code says."""

from __future__ import annotations

from pathlib import Path

from logshape.contract.rules import RULES

PAGE = Path(__file__).parents[2] / "docs" / "rules.md"


def test_the_page_has_every_rule_as_it_is() -> None:
    """A problem's id leads to its line, and the line is true."""
    problems, advice = PAGE.read_text(encoding="utf-8").split("\n## Advice\n")

    assert (_rows(problems), _rows(advice)) == (_wanted(advice=False), _wanted(advice=True))


def test_advice_can_always_be_silent() -> None:
    """What decides nothing need not be heard."""
    assert [name for name, rule in RULES.items() if rule.advice and not rule.optional] == []


def _rows(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("| `")]


def _wanted(*, advice: bool) -> list[str]:
    return [
        f"| `{name}` | {rule.wants} | {rule.judge} | {'yes' if rule.optional else 'no'} |"
        for name, rule in RULES.items()
        if rule.advice is advice
    ]
