"""Draws records and predicates on them, of values so few and so odd that they meet."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from logshape.contract.levels import SEVERITY
from logshape.contract.model import CORE_FIELDS, Contract, Field, Group
from logshape.contract.predicates import And, Compare, Exists, In, Like, Node, Not, Or, Predicate

if TYPE_CHECKING:
    from logshape.contract.model import FieldType

TYPES: tuple[FieldType, ...] = ("keyword", "text", "boolean", "integer", "long", "double", "timestamp", "ip", "object")
CONTRACT = Contract(
    version=1,
    name="conditions",
    fields=tuple(Field(name=f"a_{kind}", type=kind, why="to be asked for") for kind in TYPES),
    formats={},
    groups=(Group(name="all", match=("*",), formats=()),),
)
FIELD_TYPES: dict[str, str] = {field.name: field.type for field in (*CORE_FIELDS, *CONTRACT.fields)}

WORDS = ("", " ", "a", "A", "ab", "a b", "b*", "*", "?", "a%", "a_", "é", "🛒", "AND", "TO", "it's", 'say "a"', "a\\", "\\", "a/b", "[a TO b}", "a\nb", "-a", "\0", "--", "${a}")  # fmt: skip
WHOLES = (0, 1, -1, 7, 429, 2**31 - 1, -(2**31))
LONGS = (*WHOLES, 2**53, 2**53 + 1, 2**63 - 1, -(2**63))
DOUBLES = (0.0, -0.0, 0.1, 1.0, 1.5, -1.5, 429.0, float(2**53), 1e30, -1e-7, 5e-324, 1.7976931348623157e308)
NUMBERS = (*LONGS, *DOUBLES, 2.5, -0.5, 2**31, 2**63, -(2**63) - 1, 10**400, 2**53 + 3)
TIMES = ("2025-10-31T22:38:21.010Z", "2025-10-31T22:38:21.011Z", "2025-11-01T00:00:00.000Z", "1969-12-31T23:59:59.999Z")
SPELLINGS = (*TIMES, "2025-10-31 22:38:21,010+0000", "2025-11-01T01:00:00+01:00", "2025-10-31T22:38:22Z")
ADDRESSES = ("192.0.2.1", "192.0.2.10", "2001:db8::1", "::1")
VALUES: dict[str, tuple[Any, ...]] = {
    "keyword": WORDS,
    "text": WORDS,
    "boolean": (True, False),
    "integer": WHOLES,
    "long": LONGS,
    "double": DOUBLES,
    "timestamp": TIMES,
    "ip": ADDRESSES,
    "object": ({"a": 1}, {"a": {"b": ["c"]}}),
}
ASKED: dict[str, tuple[Any, ...]] = VALUES | {
    "integer": NUMBERS,
    "long": NUMBERS,
    "double": NUMBERS,
    "timestamp": SPELLINGS,
}


@st.composite
def records(draw: st.DrawFn) -> dict[str, object]:
    """Draw a record in which any field may be missing."""
    record: dict[str, object] = {"@timestamp": draw(st.sampled_from(TIMES))}
    for kind in TYPES:
        value = draw(st.none() | st.sampled_from(VALUES[kind]))
        if value is not None:
            record[f"a_{kind}"] = value
    level = draw(st.none() | st.sampled_from(sorted(SEVERITY)))
    if level is not None:
        record |= {"level": level, "severity_number": SEVERITY[level]}
    if draw(st.booleans()):
        record["parse_errors"] = ["type:status"]
    return record


def predicates(*, text: bool = True) -> st.SearchStrategy[Predicate]:
    """Draw a predicate that makes sense of `FIELD_TYPES`; without *text* it compares no field of that type."""
    trees = st.recursive(_leaves(text=text), _joined, max_leaves=6)
    return trees.map(lambda tree: Predicate("drawn", tree))


def row(record: dict[str, object]) -> bytes:
    """Write *record* as the archive's row."""
    named = {{"@timestamp": "event_time"}.get(name, name): value for name, value in record.items()}
    if "a_object" in named:
        named["a_object"] = json.dumps(named["a_object"])
    return json.dumps(named).encode() + b"\n"


def _joined(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return inner.map(Not) | several.map(And) | several.map(Or)


def _leaves(*, text: bool) -> st.SearchStrategy[Node]:
    kinds = [kind for kind in TYPES if kind != "object" and (text or kind != "text")]
    fields = [f"a_{kind}" for kind in kinds] + ["@timestamp", "level", "severity_number"]
    likes = ["a_keyword", "a_text"] if text else ["a_keyword"]
    existing = [*(f"a_{kind}" for kind in TYPES), "level", "parse_errors"]
    globs = st.lists(st.sampled_from((*WORDS, "*", "*")), min_size=1, max_size=3).map("".join)
    return (
        st.sampled_from(fields).flatmap(_comparison)
        | st.sampled_from(fields).flatmap(_choice)
        | st.builds(Like, field=st.sampled_from(likes), pattern=globs)
        | st.builds(Exists, field=st.sampled_from(existing))
    )


def _asked(field: str) -> st.SearchStrategy[Any]:
    return st.sampled_from(sorted(SEVERITY) if field == "level" else ASKED[FIELD_TYPES[field]])


def _comparison(field: str) -> st.SearchStrategy[Compare]:
    ordered = FIELD_TYPES[field] not in ("boolean", "ip")
    operators = st.sampled_from(("=", "!=", "<", "<=", ">", ">=") if ordered else ("=", "!="))
    return st.builds(Compare, field=st.just(field), operator=operators, value=_asked(field))


def _choice(field: str) -> st.SearchStrategy[In]:
    values = st.lists(_asked(field), min_size=1, max_size=3).map(tuple)
    return st.builds(In, field=st.just(field), values=values)
