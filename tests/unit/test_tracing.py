"""Tracing: what `explain` says agrees with what the readers do."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logshape.contract.levels import DEFAULT_SPELLINGS
from logshape.contract.model import CORE_FIELDS, Field, Format, Key, Line, Need, Path
from logshape.contract.templates import parse
from logshape.lines.formats import Tools
from logshape.lines.texts import text_reader
from logshape.lines.tracing import escaped, origins, told, trace, why_not

FIELDS = {field.name: field for field in (*CORE_FIELDS, Field(name="status", type="integer", why="status"))}


def said(tools: Tools, line: str) -> dict[str, str]:
    """Return where each field of *line* came from, in words."""
    return {field: told(origin) for field, origin in origins(tools, line).items()}


def _tools(*templates: str, **more: Any) -> Tools:  # noqa: ANN401 # the fields of Format
    lines = tuple(Line(template=parse(template)) for template in templates)
    return Tools(Format(name="f", lines=lines, levels=DEFAULT_SPELLINGS, zone="UTC", **more), FIELDS)


@pytest.mark.parametrize(
    ("template", "line", "reason"),
    [
        ("[{level}] {message}", "INFO x", "column 1: wanted `[`, saw `INFO x`"),
        ("[{level}] {message}", "[INFO x", "column 2: wanted `] ` behind {level}, saw `INFO x`"),
        ("[{level}] {message}", "[Oops] x", "column 2: {level} wants a level, saw `Oops`"),
        ("[{level}] {message}", "[INFO] ", "column 8: {message} is empty"),
        ("{@timestamp} {message}", "now m", "column 1: {@timestamp} wants a time, saw `now`"),
        ("{request_id:uuid} {message}", "r m", "column 1: {request_id:uuid} wants a UUID, saw `r`"),
        ("{status} {message}", "2x m", "column 1: {status} wants a value of type integer, saw `2x`"),
        ("{message}.", "a.b", "column 3: wanted the end, saw `b`"),
        ("a\t{message}", "a\nb", "column 1: wanted `a\\t`, saw `a\\nb`"),
    ],
)
def test_the_first_fault_is_named_with_its_column(template: str, line: str, reason: str) -> None:
    """A person sees at once which character to look at."""
    assert why_not(_tools(template), line) == f"`{escaped(template)}`: {reason}"


def test_of_several_templates_the_farthest_speaks() -> None:
    """It is the one that the writer meant."""
    assert why_not(_tools("START {message}", "[{level}] {message}"), "[Oops] x").startswith(
        "`[{level}] {message}`: column 2"
    )


def test_json_names_what_it_needs() -> None:
    """A line of another logger lacks exactly this."""
    needs = (
        Need(paths=(Path(steps=("level",)), Path(steps=("log_level",)))),
        Need(paths=(Path(steps=("a", "b.c")),), like="x*"),
    )
    tools = _tools(json=(), needs=needs)

    assert why_not(tools, '{"level": "INFO"}') == "needs `a['b.c']` like `x*`"
    assert why_not(tools, '{"a": {"b.c": "xy"}}') == "needs `level` or `log_level`"
    assert why_not(tools, "text") == "not a JSON object"


def test_each_field_has_its_origin() -> None:
    """A person who wonders about a value finds the hole or the key that gave it."""
    tools = _tools(
        "[{level}] {message}", json=(Key(field="message", paths=(Path(steps=("m",)), Path(steps=("msg",)))),)
    )

    assert said(tools, "[INFO] x") == {
        "level": "{level} of `[{level}] {message}`",
        "message": "{message} of `[{level}] {message}`",
    }
    assert said(tools, '{"msg": "x"}') == {"message": "key `msg`"}


def test_what_stands_inside_a_hole_has_its_origin_too() -> None:
    """JSON behind a prefix and pairs are read by their own words."""
    keys = (Key(field="message", paths=(Path(steps=("a.b", "m")),)),)
    pairs = (parse("Status: {status} of 9"), parse("Id: {request_id}"))
    tools = _tools("A\t{*:pairs}", "[{level}] {*:json}", json=keys, pairs=pairs)

    assert said(tools, '[INFO] {"a.b": {"m": "x"}}') == {
        "level": "{level} of `[{level}] {*:json}`",
        "message": "key `['a.b'].m`",
    }
    assert said(tools, "A\tStatus: 1 of 9\tOther: x") == {"status": "the pair `Status: {status} of 9`"}


def test_what_a_line_says_without_words_is_the_set_beside_it() -> None:
    """Tabs are shown as a contract writes them."""
    line = Line(template=parse("START\t{message}"), set={"logger": "platform"})
    tools = Tools(Format(name="f", lines=(line,)), FIELDS)

    assert said(tools, "START\tx") == {
        "logger": r"`set` of `START\t{message}`",
        "message": r"{message} of `START\t{message}`",
    }


TEMPLATES = st.sampled_from(
    [
        "[{level|pad}] {@timestamp} {request_id?}: {message?}",
        "{status}{? a={status}}{? b={_}} {message}",
        "{level}\t{*:json}",
        "{logger:word}: {message}",
        "{@timestamp:iso} {message?}.",
        "{*:pairs}",
    ]
)


@given(
    TEMPLATES,
    st.text(alphabet='[]: \tINFO2a=b.1{}"-T', max_size=40)
    | st.builds(
        "[{}] {} {}: {}".format,
        st.sampled_from(["INFO", " WARN "]),
        st.sampled_from(["2025-10-31 22:38:21", "2025-10-31T22:38:21Z"]),
        st.text(max_size=3),
        st.text(max_size=3),
    ),
)
def test_a_trace_has_a_fault_just_where_the_reader_refuses(template: str, line: str) -> None:
    """Two ways to read one language must be one."""
    tools = _tools(template, json=())
    reads = text_reader(tools, tools.format.lines[0])(line, None) is not None

    assert (trace(tools, tools.format.lines[0], line).fault is None) == reads
