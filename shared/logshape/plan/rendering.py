"""Turns one plan into what a person reads on a terminal, a program as JSON, and a reviewer in a pull request."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, assert_never

from logshape.plan.changes import Create, Delete, Update, differing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from logshape.plan.changes import Change
    from logshape.plan.plan import Plan

    Paint = Callable[[str, str], str]
    """Text and the name of a colour to text."""

_LONGEST: Final = 200  # characters of a value


def rows(plan: Plan) -> dict[str, Any]:
    """Return *plan* as JSON has it, every row with every key."""
    return {
        "fingerprint": plan.fingerprint(),
        "changes": [_row(change) for change in plan.changes],
        "skipped": [{"name": one.name, "reason": one.reason} for one in plan.skipped],
        "blocked": [{"name": one.name, "reason": one.reason} for one in plan.blocked],
    }


def text(plan: Plan, paint: Paint = lambda text, _: text) -> str:
    """Return *plan* with a line for each change, and below an update what differs; it ends with a newline."""
    lines = [place(plan)]
    for change in plan.changes:
        sign, word, colour = signs(change)
        resource = change.resource
        lines.append(paint(f"{sign} {word} {resource.kind} {resource.name}", colour) + f": {change.reason}")
        lines += (f"    {name}: {before} → {after}" for name, before, after in _differences(change))
    for left in plan.skipped:
        lines.append(paint(f"  skipped {left.name}", "cyan") + f": {left.reason}")
    for one in plan.blocked:
        lines.append(paint(f"! blocked {one.name}", "magenta") + f": {one.reason}")
    return "\n".join((*lines, summary(plan), f"fingerprint {plan.fingerprint()}")) + "\n"


def markdown(plan: Plan) -> str:
    """Return *plan* as a comment on a pull request: what it comes to, a table, and each difference folded away."""
    lines = [f"### logshape plan: {place(plan)}", "", summary(plan), ""]
    if plan.changes:
        lines += ["| | kind | name | why |", "|---|---|---|---|"]
        for change in plan.changes:
            sign, word, _ = signs(change)
            cells = (f"`{sign}` {word}", change.resource.kind, _code(change.resource.name), _cell(change.reason))
            lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
    differences = [
        f"{name} of {change.resource.name}\n- {before}\n+ {after}"
        for change in plan.changes
        for name, before, after in _differences(change)
    ]
    if differences:
        lines += ["<details><summary>What differs</summary>", "", "```diff", *differences, "```", "", "</details>", ""]
    for title, left in (("Skipped", plan.skipped), ("Blocked", plan.blocked)):
        if left:
            lines += [f"**{title}**", "", *(f"- {_code(one.name)}: {_cell(one.reason)}" for one in left), ""]
    return "\n".join((*lines, f"fingerprint `{plan.fingerprint()}`")) + "\n"


def place(plan: Plan) -> str:
    """Return which contract *plan* is for, and where."""
    return f"{plan.contract} in account {plan.account}, Region {plan.region}"


def summary(plan: Plan) -> str:
    """Return what *plan* comes to, in one line."""
    words = [signs(change)[1] for change in plan.changes]
    counts = [f"{words.count(word)} to {word}" for word in ("create", "update", "delete") if word in words]
    counts += [f"{len(left)} {word}" for left, word in ((plan.skipped, "skipped"), (plan.blocked, "blocked")) if left]
    if not words:
        counts.insert(0, "nothing to change")
    return ", ".join(counts)


def signs(change: Change) -> tuple[str, str, str]:
    """Return the sign, the word and the colour of *change*."""
    match change:
        case Create():
            return "+", "create", "green"
        case Update():
            return "~", "update", "yellow"
        case Delete():
            return "-", "delete", "red"
        case _:
            assert_never(change)


def _row(change: Change) -> dict[str, Any]:
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    match change:
        case Create(resource=resource):
            before, after = None, resource.body
        case Update(before=was, after=resource):
            before, after = was.body, resource.body
        case Delete(resource=resource):
            before, after = resource.body, None
        case _:
            assert_never(change)
    return {
        "action": signs(change)[1],
        "target": resource.target,
        "kind": resource.kind,
        "name": resource.name,
        "before": before,
        "after": after,
        "reason": change.reason,
    }


def _differences(change: Change) -> Iterator[tuple[str, str, str]]:
    if isinstance(change, Update):
        for name in differing(change.before, change.after):
            yield name, _value(change.before.body.get(name)), _value(change.after.body.get(name))


def _value(value: object) -> str:
    shown = "none" if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True)
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"


def _code(text: str) -> str:
    return f"`{_cell(text)}`"


def _cell(text: str) -> str:
    """Keep *text* inside one cell of a table."""
    return text.replace("|", "\\|").replace("\n", " ")
