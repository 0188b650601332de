"""One plan, three readers: a person, a program, a pull request."""

from __future__ import annotations

from logshape.plan import Blocked, Create, Delete, Plan, Resource, Skipped, Update
from logshape.plan.rendering import markdown, rows, text


def _thing(name: str, **body: object) -> Resource:
    return Resource(target="logs", kind="metric-filter", name=name, body=body)


PLAN = Plan(
    account="123456789012",
    region="eu-west-1",
    contract="shop",
    changes=(
        Delete(resource=_thing("/a:old", filterName="old"), reason="it is ours"),
        Update(
            before=_thing("/a:x|y", p="[ERROR]", q=1), after=_thing("/a:x|y", p="", r=None), reason="differs in p, q"
        ),
        Create(resource=_thing("/a:new", filterName="new"), reason="wanted"),
    ),
    skipped=(Skipped("/b", "its log class is DELIVERY"),),
    blocked=(Blocked("/c:logshape/shop/ingest", "both slots are taken"),),
)
EMPTY = Plan(account="123456789012", region="eu-west-1", contract="shop")


def test_a_terminal_shows_signs_with_words_and_what_differs() -> None:
    """A sign alone is missed, and colour is not seen by all."""
    assert text(PLAN).splitlines() == [
        "shop in account 123456789012, Region eu-west-1",
        "- delete metric-filter /a:old: it is ours",
        "~ update metric-filter /a:x|y: differs in p, q",
        '    p: "[ERROR]" → ""',
        "    q: 1 → none",
        "+ create metric-filter /a:new: wanted",
        "  skipped /b: its log class is DELIVERY",
        "! blocked /c:logshape/shop/ingest: both slots are taken",
        "1 to create, 1 to update, 1 to delete, 1 skipped, 1 blocked",
        f"fingerprint {PLAN.fingerprint()}",
    ]


def test_colours_are_the_callers() -> None:
    """The plan knows which colour, and not how a terminal paints it."""
    painted = text(PLAN, lambda said, colour: f"<{colour}>{said}</>")

    assert "<red>- delete metric-filter /a:old</>: it is ours\n" in painted
    assert "<yellow>~ update metric-filter /a:x|y</>" in painted
    assert "<green>+ create metric-filter /a:new</>" in painted


def test_an_empty_plan_says_so() -> None:
    """Silence could be a failure."""
    assert text(EMPTY).splitlines()[1] == "nothing to change"


def test_json_has_every_key_in_every_row() -> None:
    """Programs read by key; a missing one would be a bug of theirs."""
    row = {"target": "logs", "kind": "metric-filter"}

    assert rows(PLAN) == {
        "fingerprint": PLAN.fingerprint(),
        "changes": [
            {"action": "delete", **row, "name": "/a:old", "before": {"filterName": "old"}, "after": None, "reason": "it is ours"},
            {
                "action": "update", **row, "name": "/a:x|y",
                "before": {"p": "[ERROR]", "q": 1}, "after": {"p": "", "r": None}, "reason": "differs in p, q",
            },
            {"action": "create", **row, "name": "/a:new", "before": None, "after": {"filterName": "new"}, "reason": "wanted"},
        ],
        "skipped": [{"name": "/b", "reason": "its log class is DELIVERY"}],
        "blocked": [{"name": "/c:logshape/shop/ingest", "reason": "both slots are taken"}],
    }  # fmt: skip


def test_a_pull_request_gets_a_table_and_folded_differences() -> None:
    """A reviewer sees at once what is done where; a bar in a name does not break the table."""
    assert markdown(PLAN).splitlines() == [
        "### logshape plan: shop in account 123456789012, Region eu-west-1",
        "",
        "1 to create, 1 to update, 1 to delete, 1 skipped, 1 blocked",
        "",
        "| | kind | name | why |",
        "|---|---|---|---|",
        "| `-` delete | metric-filter | `/a:old` | it is ours |",
        "| `~` update | metric-filter | `/a:x\\|y` | differs in p, q |",
        "| `+` create | metric-filter | `/a:new` | wanted |",
        "",
        "<details><summary>What differs</summary>",
        "",
        "```diff",
        "p of /a:x|y",
        '- "[ERROR]"',
        '+ ""',
        "q of /a:x|y",
        "- 1",
        "+ none",
        "```",
        "",
        "</details>",
        "",
        "**Skipped**",
        "",
        "- `/b`: its log class is DELIVERY",
        "",
        "**Blocked**",
        "",
        "- `/c:logshape/shop/ingest`: both slots are taken",
        "",
        f"fingerprint `{PLAN.fingerprint()}`",
    ]
