"""The page of rules: it says what the table in the code says."""

from __future__ import annotations

from pathlib import Path

from logshape.contract.rules import RULES

PAGE = Path(__file__).parents[2] / "docs" / "rules.md"


def test_the_page_has_every_rule_as_it_is() -> None:
    """A problem's id leads to its line, and the line is true."""
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]

    assert rows == [
        f"| `{name}` | {rule.wants} | {rule.judge} | {'yes' if rule.optional else 'no'} |"
        for name, rule in RULES.items()
    ]
