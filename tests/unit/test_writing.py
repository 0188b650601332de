"""Writing: what a record looks like as a line, and that the line says just the record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logshape.contract.levels import DEFAULT_SPELLINGS, SEVERITY
from logshape.contract.load import built_in
from logshape.contract.model import CORE_FIELDS, Field, FieldType, Format, Key, Line
from logshape.contract.paths import parse as path
from logshape.contract.paths import parse_need
from logshape.contract.templates import parse
from logshape.lines import instants
from logshape.lines.readers import reader_for
from logshape.lines.values import ip
from logshape.lines.writing import Writer

if TYPE_CHECKING:
    from collections.abc import Sequence

DECLARED: dict[str, FieldType] = {
    "status": "integer",
    "took": "double",
    "ok": "boolean",
    "client": "ip",
    "due": "timestamp",
    "size": "long",
    "cart": "object",
}
FIELDS = {
    field.name: field
    for field in (*CORE_FIELDS, *(Field(name=name, type=kind, why="to test") for name, kind in DECLARED.items()))
}
IN_TEXT = ("@timestamp", "level", "logger", "message", "status", "took", "ok", "client", "due", "size")
LITERALS = ("[", "]", "|", "\t", "=>", " ~ ", ";|;")  # no value below holds a sign of them
CONTRACT = built_in()
BUILT_IN = {field.name: field for field in (*CORE_FIELDS, *CONTRACT.fields)}


def _format(*templates: str, **more: Any) -> Format:  # noqa: ANN401 # the fields of Format
    lines = tuple(Line(template=parse(template)) for template in templates)
    return Format(name="f", lines=lines, levels=DEFAULT_SPELLINGS, **more)


def _record(values: dict[str, Any]) -> dict[str, Any]:
    """Return *values* as a record of the format `f`."""
    level = {"severity_number": SEVERITY[values["level"]]} if "level" in values else {}
    return {"format": "f", **values, **level}


TEXTS = st.text(st.characters(exclude_characters="[]|\t=>~;", exclude_categories=("Cs",)), min_size=1).filter(
    lambda text: text == text.strip(" ") and text not in ("-", "nil")
)
TIMES = st.integers(instants.EARLIEST_MS, instants.LATEST_MS - 1).map(instants.written)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "@timestamp": TIMES,
    "due": TIMES,
    "level": st.sampled_from(list(SEVERITY)),
    "logger": TEXTS,
    "message": TEXTS,
    "status": st.integers(-(2**31), 2**31 - 1),
    "size": st.integers(-(2**63), 2**63 - 1),
    "took": st.floats(allow_nan=False, allow_infinity=False),
    "ok": st.booleans(),
    "client": st.ip_addresses().map(str).filter(lambda text: "%" not in text).map(ip),
    "cart": st.dictionaries(TEXTS, st.integers(-5, 5) | TEXTS, max_size=3),
}


@st.composite
def _templates(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Draw a template and values for its holes: some may be empty, padded, or in a part that can be left out."""
    names = draw(st.lists(st.sampled_from(IN_TEXT), min_size=1, max_size=5, unique=True))
    source, values = draw(st.sampled_from(("", *LITERALS))), {}
    for number, name in enumerate(names):
        optional, in_part = draw(st.booleans()), draw(st.booleans())
        ends = "" if number + 1 == len(names) else draw(st.sampled_from(LITERALS))
        padded = not (optional and ends.startswith(" ")) and draw(st.booleans())
        hole = f"{{{name}{'?' if optional else ''}{'|pad' if padded else ''}}}"
        source += f"{{?<{number}>{hole}}}{ends}" if in_part else f"{hole}{ends}"
        if not (optional or in_part) or draw(st.booleans()):
            values[name] = draw(VALUES[name])
    return source, values


@given(_templates(), st.randoms(use_true_random=False))
def test_a_line_of_any_template_says_the_record_that_it_was_written_from(
    drawn: tuple[str, dict[str, Any]],
    random: Any,  # noqa: ANN401 # Hypothesis's own
) -> None:
    """
    Every record can be written whose texts are trimmed and hold neither a literal nor a word for nothing.

    Outside is an empty hole between padding and a literal that begins with a space, which nothing could tell apart.
    """
    source, values = drawn
    format_ = _format(source, nulls=("-", "nil"), zone="Europe/Berlin")
    line = Writer(format_, FIELDS).write(_record(values), random.choice)

    assert line is not None
    assert reader_for(format_, FIELDS)(line) == _record(values)


@st.composite
def _documents(draw: st.DrawFn) -> tuple[tuple[Key, ...], dict[str, Any]]:
    """Draw keys with up to three paths each, and values for some of them."""
    names = draw(st.lists(st.sampled_from(tuple(VALUES)), min_size=1, unique=True))
    keys = tuple(
        Key(field=name, paths=tuple(map(path, draw(st.permutations((name, f"in.{name}", f"a.b.{name}|lines"))))))
        for name in names
    )
    values = {name: draw(VALUES[name]) for name in draw(st.sets(st.sampled_from(names)))}
    rest = draw(st.dictionaries(st.sampled_from("xyz"), TEXTS | st.none() | st.lists(st.integers(-9, 9))))
    return keys, {**values, **({"attributes": rest} if rest else {})}


@given(_documents(), st.randoms(use_true_random=False))
def test_a_line_of_json_says_the_record_that_it_was_written_from(
    drawn: tuple[tuple[Key, ...], dict[str, Any]],
    random: Any,  # noqa: ANN401 # Hypothesis's own
) -> None:
    """Whatever path, spelling, quote or null is chosen: every record can be written whose keys read no other's path."""
    keys, values = drawn
    format_ = _format(json=keys, nulls=("-", "nil"), zone="UTC", quoted=("status", "took"))
    line = Writer(format_, FIELDS).write(_record(values), random.choice)

    assert line is not None
    assert reader_for(format_, FIELDS)(line) == _record(values)


@pytest.mark.parametrize("name", CONTRACT.formats)
def test_every_example_of_a_built_in_format_can_be_written_again(name: str) -> None:
    """The language is there in both directions for what AWS writes: pairs, JSON in text, shared paths, `when`, `like`."""
    format_ = CONTRACT.formats[name]
    read = reader_for(format_, BUILT_IN)
    records = [read(example.line) for example in format_.examples]
    lines = [Writer(format_, BUILT_IN).write(record) for record in records if record is not None]

    assert [read(line) for line in lines if line is not None] == records


@pytest.mark.parametrize("name", ["aws/powertools-json", "aws/lambda-json", "aws/lambda-text"])
def test_every_spelling_of_a_level_can_be_written(name: str) -> None:
    """A filter is proved only by the spellings that it was shown."""
    format_ = CONTRACT.formats[name]
    writer = Writer(format_, BUILT_IN)
    record = next(read for example in format_.examples if (read := writer.read(example.line)) and "level" in read)
    reached = set()
    for word, level in format_.levels.items():

        def choose(options: Sequence[Any], word: str = word) -> Any:  # noqa: ANN401 # whichever is asked for
            return word if word in options else options[0]

        line = writer.write({**record, "level": level, "severity_number": SEVERITY[level]}, choose)
        reached |= {word} if line is not None and word in line else set()

    assert reached == set(format_.levels)


@pytest.mark.parametrize(
    ("format_", "values", "expected"),
    [
        (_format("{status}{? in {took} ms}"), {"status": 200, "took": 3.5}, "200 in 3.5 ms"),
        (_format("{status}{? in {took} ms}"), {"status": 200}, "200"),
        (_format("{logger,message}: {_}"), {"logger": "a", "message": "a"}, "a: -"),
        (_format("{logger,message}: {_}"), {"logger": "a", "message": "b"}, None),
        (_format("[{logger}] {message}"), {"logger": "a", "message": "b] c"}, "[a] b] c"),
        (_format("[{logger}] {message}"), {"logger": "a] b", "message": "c"}, None),
        (_format("[{logger}] {message}"), {"logger": "a"}, None),
        (_format("[{logger}] {message}"), {"logger": "a", "message": "b", "status": 1}, None),
        (_format("[{logger?}]", nulls=("-",)), {"logger": "-"}, None),
        (_format("{level}", "{message}"), {"message": "ERROR"}, None),
        (_format("{thing} {message}"), {"message": "m", "attributes": {"thing": "x"}}, "x m"),
        (_format("{@timestamp:slashed} {message}", zone="America/New_York"), {"@timestamp": "2025-10-31T22:38:21.010Z", "message": "m"}, "2025/10/31 18:38:21.010 m"),
        (_format("{@timestamp:clf} {message}"), {"@timestamp": "2025-10-31T22:38:21.000Z", "message": "m"}, "31/Oct/2025:22:38:21 +0000 m"),
        (_format("{@timestamp:clf} {message}"), {"@timestamp": "2025-10-31T22:38:21.010Z", "message": "m"}, None),
        (
            _format("R {*:pairs}", pairs=(parse("Took: {took} ms"), parse("Size: {size}"))),
            {"took": 1.5, "size": 7, "attributes": {"Phase": "init"}},
            "R Took: 1.5 ms\tSize: 7\tPhase: init",
        ),
        (
            _format("{level} {*:json}", json=(Key(field="message", paths=(path("m"),)),)),
            {"level": "ERROR", "message": "boom"},
            'ERROR {"m":"boom"}',
        ),
        (_format(json=(Key(field="stack_trace", paths=(path("s|lines"),)),)), {"stack_trace": "a\nb"}, '{"s":["a","b"]}'),
        (_format(json=(Key(field="logger", paths=(path("l"),)),), words={"logger": {"main": "m"}}), {"logger": "m"}, '{"l":"main"}'),
        (_format(json=(Key(field="status", paths=(path("s"),)),), needs=(parse_need("t=x*"),)), {"status": 1}, None),
        (_format(json=(Key(field="status", paths=(path("s"),)),)), {"attributes": {"s": "x"}, "parse_errors": ["type:status"]}, '{"s":"x"}'),
    ],
)  # fmt: skip
def test_a_record_is_written_as_plainly_as_its_format_allows(
    format_: Format, values: dict[str, Any], expected: str | None
) -> None:
    """Each row is a sentence of the language, backwards; None where no line says just this."""
    assert Writer(format_, FIELDS).write(_record(values)) == expected


def test_two_fields_that_share_a_path_go_to_paths_of_their_own() -> None:
    """Lambda's JSON has `message` as a text or as an object with the error in it, and both give two fields."""
    keys = (
        Key(field="message", paths=(path("message.text"), path("message"), path("text"))),
        Key(field="error_message", paths=(path("text"), path("message.text"))),
    )
    writer = Writer(_format(json=keys), FIELDS)

    assert writer.write(_record({"message": "a", "error_message": "b"})) == '{"message":"a","text":"b"}'
    assert writer.write(_record({"message": "a"})) == '{"message":"a"}'
    assert writer.write(_record({"error_message": "b"})) is None
