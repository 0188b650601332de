"""Readers: what templates, JSON keys and pairs make of a line."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logshape.contract.levels import DEFAULT_SPELLINGS
from logshape.contract.model import CORE_FIELDS, Field, Format, Key, Line, Need, Path
from logshape.contract.templates import parse
from logshape.lines.readers import reader_for, readers

FIELDS = {
    field.name: field
    for field in (
        *CORE_FIELDS,
        Field(name="status", type="integer", why="HTTP status"),
        Field(name="took", type="double", why="time"),
        Field(name="ok", type="boolean", why="success"),
        Field(name="client", type="ip", why="client"),
        Field(name="due", type="timestamp", why="due"),
        Field(name="cart", type="object", why="cart"),
        Field(name="size", type="long", why="size"),
    )
}
UUID = "79b4f56e-95b1-4643-9700-2807f4e68189"


def _format(*templates: str, **more: Any) -> Format:  # noqa: ANN401 # the fields of Format
    lines = tuple(Line(template=parse(template)) for template in templates)
    return Format(name="f", lines=lines, levels=DEFAULT_SPELLINGS, **more)


def _read(template: str, line: str, **more: Any) -> dict[str, Any] | None:  # noqa: ANN401 # the fields of Format
    record = reader_for(_format(template, **more), FIELDS)(line)
    return None if record is None else {name: value for name, value in record.items() if name != "format"}


def _keys(**paths: str | list[str]) -> tuple[Key, ...]:
    """Write keys as a contract does: dotted paths, a list of them, `|lines`."""

    def path(text: str) -> Path:
        steps, _, filter_ = text.partition("|")
        return Path(steps=tuple(steps.split(".")), filter="lines" if filter_ else None)

    return tuple(
        Key(field=name, paths=tuple(map(path, [given] if isinstance(given, str) else given)))
        for name, given in paths.items()
    )


@pytest.mark.parametrize(
    ("template", "line", "expected"),
    [
        ("{message}", "anything\nat all", {"message": "anything\nat all"}),
        ("[{logger}] {message}", "[a] b] c", {"logger": "a", "message": "b] c"}),
        ("[{logger}] {message}", "a] b", None),
        ("[{logger}] {message}", "[] b", None),
        ("[{logger?}] {message}", "[] b", {"message": "b"}),
        ("[{_}] {message}", "[] b", {"message": "b"}),
        ("{level}: {message}", "WARNING: low", {"level": "WARN", "severity_number": 13, "message": "low"}),
        ("{level}: {message}", "Warnings: low", None),
        ("{level|pad} {message}", "INFO    wide", {"level": "INFO", "severity_number": 9, "message": "wide"}),
        (
            "{logger} {level|pad} {message}",
            "a    INFO wide",
            {"logger": "a", "level": "INFO", "severity_number": 9, "message": "wide"},
        ),
        (
            "{@timestamp} {message}",
            "2025-10-31 22:38:21,010+0000 m",
            {"@timestamp": "2025-10-31T22:38:21.010Z", "message": "m"},
        ),
        ("{@timestamp:iso} {message}", "2025/10/31 22:38:21 m", None),
        ("{@timestamp?} {message}", " m n", {"message": "m n"}),
        (
            "{@timestamp|pad} - {message}",
            "2025-10-31 22:38:21Z   - m",
            {"@timestamp": "2025-10-31T22:38:21.000Z", "message": "m"},
        ),
        (
            "{@timestamp:slashed} {message}",
            "2025/10/31 22:38:21 m",
            {"@timestamp": "2025-10-31T22:38:21.000Z", "message": "m"},
        ),
        ("{@timestamp} {message}", "yesterday at noon", None),
        ("{request_id:uuid} {message}", f"{UUID} m", {"request_id": UUID, "message": "m"}),
        ("{request_id:uuid} {message}", "79b4f56e m", None),
        ("{logger:word}: {message}", "two words: m", None),
        ("{error_message,message}!", "boom!", {"error_message": "boom", "message": "boom"}),
        ("{message}!", "boom! again!", None),
        ("{status} {message}", "429 slow down", {"status": 429, "message": "slow down"}),
        ("{status} {message}", "4x9 slow down", None),
        ("{status?} {message}", " slow down", {"message": "slow down"}),
        ("{took}ms", "12.5ms", {"took": 12.5}),
        ("{ok},{client},{size}", "true,192.0.2.1,7", {"ok": True, "client": "192.0.2.1", "size": 7}),
        ("{due},{message}", "2025-10-31T22:38:21Z,m", {"due": "2025-10-31T22:38:21.000Z", "message": "m"}),
        ("{status}{? in {took} ms}", "200 in 3.5 ms", {"status": 200, "took": 3.5}),
        ("{status}{? in {took} ms}", "200", {"status": 200}),
        ("{status}{? in {took} ms}", "200 in x ms", None),
        ("{status}{? in {took} ms}", "200 in 3 ms and more", None),
        ("{status}{? a={logger}}{? b={service}} {message}", "1 b=x m", {"status": 1, "service": "x", "message": "m"}),
        (
            "{status}{? a={logger}}{? b={service}} {message}",
            "1 a=y b=x m",
            {"status": 1, "logger": "y", "service": "x", "message": "m"},
        ),
        ("{status}{? a={took}}", "1 a=0", {"status": 1, "took": 0.0}),
        ("{{{message}}}", "{m}", {"message": "m"}),
        ("no holes", "no holes", {}),
        ("no holes", "no holes!", None),
    ],
)
def test_a_template_reads_a_line_or_does_not_fit(template: str, line: str, expected: dict[str, Any] | None) -> None:
    """Each row is a sentence of the template language."""
    assert _read(template, line, zone="UTC") == expected


def test_words_for_nothing_are_null_where_a_hole_may_be_empty() -> None:
    """API Gateway prints `-` for what it does not know."""
    template = "{client?} {status} {logger?} {message?}"

    assert _read(template, "- 200 - -", nulls=("-",)) == {"status": 200, "message": "-"}
    assert _read(template, "192.0.2.1 - a m", nulls=("-",)) is None


def test_a_field_that_nobody_declared_goes_to_attributes() -> None:
    """A contract that does not want the number as a column still finds it in the index."""
    format_ = _format("{status} {colour}")

    assert reader_for(format_, FIELDS)("200 red") == {"format": "f", "status": 200, "attributes": {"colour": "red"}}


def test_pairs_are_read_by_name_in_any_order() -> None:
    """REPORT lines have had spaces before their tabs, new parts at their end and a second line."""
    pairs = tuple(map(parse, ("RequestId: {request_id}", "Duration: {took} ms", "Size: {size} MB")))

    record = _read("REPORT {*:pairs}", "REPORT Size: 128 MB\tDuration: 27 ms \tNew: x\t\nRequestId: r\t", pairs=pairs)

    assert record == {"size": 128, "took": 27.0, "request_id": "r", "attributes": {"New": "x"}}


def test_a_pair_that_does_not_fit_is_set_aside_and_named() -> None:
    """The line is still what its first words say it is."""
    record = _read("REPORT {*:pairs}", "REPORT Duration: long ms", pairs=(parse("Duration: {took} ms"),))

    assert record == {"attributes": {"took": "long"}, "parse_errors": ["type:took"]}


def test_json_inside_of_text_is_read_by_the_formats_keys() -> None:
    """Node.js writes an unhandled error so; and a line that is all JSON is not what this format reads."""
    format_ = _format(
        "{level}\tError \t{*:json}",
        json=_keys(message="errorMessage"),
        needs=(Need(paths=(Path(steps=("errorMessage",)),)),),
    )
    read = reader_for(format_, FIELDS)

    record = read('ERROR\tError \t{"errorMessage": "x", "code": 7}')

    assert record == {"format": "f", "level": "ERROR", "severity_number": 17, "message": "x", "attributes": {"code": 7}}
    assert read('ERROR\tError \t{"code": 7}') is None
    assert read("ERROR\tError \tnot json") is None
    assert read('{"errorMessage": "x"}') is None


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('{"m": "x"}', {"message": "x"}),
        (' {"m": "x"}', {"message": "x"}),
        ('{"m": null, "msg": "y"}', {"message": "y"}),
        ('{"m": "x", "msg": "y"}', {"message": "x", "attributes": {"msg": "y"}}),
        ('{"m": 1.50}', {"message": "1.50"}),
        ('{"m": 12345678901234567890123}', {"message": "12345678901234567890123"}),
        ('{"m": true}', {"message": "true"}),
        ('{"m": {"a": 1}}', {"attributes": {"m": {"a": 1}}, "parse_errors": ["type:message"]}),
        ('{"msg": [1]}', {"attributes": {"msg": [1]}, "parse_errors": ["type:message"]}),
        ('{"m": {}, "msg": "y"}', {"attributes": {"m": {}, "msg": "y"}, "parse_errors": ["type:message"]}),
        ('{"s": "429"}', {"status": 429}),
        ('{"s": 429.0}', {"status": 429}),
        ('{"s": "4 2 9"}', {"attributes": {"s": "4 2 9"}, "parse_errors": ["type:status"]}),
        ('{"http": {"t": 1, "x": 2}}', {"took": 1.0, "attributes": {"http": {"x": 2}}}),
        ('{"http": {"t": 1.5}}', {"took": 1.5}),
        ('{"http": {"t": "no"}}', {"attributes": {"http": {"t": "no"}}, "parse_errors": ["type:took"]}),
        ('{"http": 3}', {"attributes": {"http": 3}}),
        ('{"lvl": "crit"}', {"level": "FATAL", "severity_number": 21}),
        ('{"lvl": 30}', {"level": "INFO", "severity_number": 9}),
        ('{"lvl": "VERBOSE"}', {"attributes": {"lvl": "VERBOSE"}, "parse_errors": ["type:level"]}),
        ('{"lvl": ["INFO"]}', {"attributes": {"lvl": ["INFO"]}, "parse_errors": ["type:level"]}),
        ('{"t": 1761950301010}', {"@timestamp": "2025-10-31T22:38:21.010Z"}),
        ('{"t": "never"}', {"attributes": {"t": "never"}, "parse_errors": ["type:@timestamp"]}),
        ('{"d": "2025-10-31T22:38:21Z"}', {"due": "2025-10-31T22:38:21.000Z"}),
        ('{"d": 1761950301010}', {"attributes": {"d": 1761950301010}, "parse_errors": ["type:due"]}),
        ('{"trace": ["a\\n", "  b"]}', {"stack_trace": "a\n  b"}),
        ('{"trace": ["a", 1]}', {"attributes": {"trace": ["a", 1]}, "parse_errors": ["type:stack_trace"]}),
        ('{"kind": "platform.start"}', {"logger": "start"}),
        ('{"kind": "other"}', {"logger": "other"}),
        ('{"c": {"a": 1}}', {"cart": {"a": 1}}),
        ('{"M": "x", "log_group": "mine"}', {"attributes": {"M": "x", "log_group": "mine"}}),
        ('{"a": NaN, "m": "x"}', {"message": "x", "attributes": {"a": "NaN"}}),
    ],
)
def test_json_keys_give_fields_and_the_rest_is_attributes(line: str, expected: dict[str, Any]) -> None:
    """Whatever a line holds is in a field or in `attributes`; nothing is overwritten and nothing lost."""
    keys = _keys(
        **{"@timestamp": "t"},
        level="lvl",
        logger="kind",
        message=["m", "msg"],
        stack_trace="trace|lines",
        status="s",
        took="http.t",
        due="d",
        cart="c",
    )
    format_ = _format(json=keys, words={"logger": {"platform.start": "start"}})

    assert reader_for(format_, FIELDS)(line) == {"format": "f", **expected}


def test_two_fields_may_read_one_key() -> None:
    """An unhandled error's message is both what the line says and what the error says."""
    format_ = _format(json=_keys(message=["message", "errorMessage"], error_message="errorMessage"))

    assert reader_for(format_, FIELDS)('{"errorMessage": "x"}') == {"format": "f", "message": "x", "error_message": "x"}


def test_needs_decide_which_format_reads() -> None:
    """Lines of two loggers in one group go each to its own format, and a third's to none."""
    platform = Format(name="platform", json=(), needs=(Need(paths=(Path(steps=("type",)),), like="platform.*"),))
    either = Need(paths=(Path(steps=("level",)), Path(steps=("log_level",))))
    app = Format(name="app", json=(), needs=(either,))
    read = readers((platform, app), FIELDS)

    names = [read(line)["format"] for line in ('{"type":"platform.x"}', '{"log_level":"A"}', '{"type":"x"}', "{", "")]

    assert names == ["platform", "app", "unparsed", "unparsed", "unparsed"]


def test_what_the_group_gives_a_line_does_not_override() -> None:
    """`set` is a constant; the line's own word stays where a person can find it."""
    format_ = _format("{service}: {message}", json=_keys(service="service", message="message"))
    read = readers((format_,), FIELDS, frozenset({"service"}))

    assert read('{"service": "a", "message": "m"}') == {"format": "f", "message": "m", "attributes": {"service": "a"}}
    assert read("a: m") == {"format": "f", "message": "m"}


def test_a_line_that_no_format_fits_is_whole_in_its_message() -> None:
    """An unread line is still a line that somebody wrote."""
    assert readers((_format("[{level}] {message}"),), FIELDS)("[x] y") == {"format": "unparsed", "message": "[x] y"}


@given(st.text(alphabet='[] :\tINFOa0.-{}"\n', max_size=80))
def test_any_line_is_read(line: str) -> None:
    """No text makes a reader raise."""
    templates = (
        "[{level|pad}] {@timestamp} {request_id?}: {message?}",
        "{status}{? a={took}}{? b={_}} {*:pairs}",
        "{level}\t{*:json}",
    )
    record = readers((_format(*templates, json=()),), FIELDS)(line)

    assert record["format"] in ("f", "unparsed")


@pytest.mark.parametrize("size", [100_000, 400_000])
def test_reading_is_linear(size: int) -> None:
    """A template that tried again on failure would not come back from a megabyte."""
    template = "{?a{_}}b {logger?}: {service?}: {message}{?x}y"

    assert reader_for(_format("c" + template), FIELDS)("c" + "ab : " * (size // 5)) is None


@pytest.mark.parametrize(
    ("template", "line", "more"),
    [
        ("{due} {message}", "2025-10-31T22:38:21 m", {}),
        ("{due?|pad}|{message}", "2025-10-31T22:38:21|m", {}),
        ("{@timestamp,due} {message}", "2025-10-31T22:38:21 m", {}),
        ("{undeclared:iso} {message}", "2025-10-31T22:38:21 m", {}),
        ("at {*:pairs}", "at Due: 2025-10-31T22:38:21", {"pairs": (parse("Due: {due}"),)}),
        ("{_} {*:json}", 'x {"due":"2025-10-31T22:38:21"}', {"json": _keys(due="due")}),
        ("{_} {*:json}", 'x {"at":"2025-10-31T22:38:21"}', {"json": _keys(due="at")}),
    ],
)
def test_only_the_lines_own_time_waits_to_be_believed(template: str, line: str, more: dict[str, Any]) -> None:
    """Encoders take plain text alone, and only `@timestamp` is looked at again before they see it."""
    record = _read(template, line, **more)
    assert record is not None
    record.pop("@timestamp", None)

    times = [*record.values(), *record.get("attributes", {}).values()]
    assert "2025-10-31T22:38:21.000Z" in times
    assert {type(value) for value in times} <= {str, dict}
