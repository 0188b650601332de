"""Patterns: what CloudWatch is asked so that it counts the lines, and only those, of whose records a predicate holds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeAlias

import pytest

from logshape.artefacts.patterns import Question, filters
from logshape.contract import load
from logshape.contract.model import CORE_FIELDS
from logshape.contract.predicates import parse
from logshape.dialects.filter_pattern import matcher, problems, show
from logshape.errors import Unsayable
from logshape.lines.conditions import any_of
from logshape.lines.readers import readers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from logshape.artefacts.patterns import Filter
    from logshape.contract.model import Contract, Group

HEAD = """\
version: 1
name: shop
fields:
  host: {type: keyword}
  code: {type: integer, range: [100, 599]}
  size: {type: integer}
  took: {type: double, range: [0, 9000]}
  ok: {type: boolean}
  at: {type: timestamp}
  ip: {type: ip}
  cart: {type: object}
formats:
  doc: {json: {host: [host, h.name], code: code}, needs: [level], levels: {ERROR: [E, "50"], INFO: [I]}, examples: &x [{line: x, record: {message: x}}]}
  nulls: {json: {host: [host, h.name], note: note}, nulls: ["-"], examples: *x}
  kinds: {json: {host: kind}, words: {host: {a.one: one, a.two: two}}, needs: ["kind=a.*", [b, c]], examples: *x}
  access: {json: {code: status, size: size, took: took}, needs: [status], examples: [{line: '{"status":"429"}', record: {code: 429}}]}
  either: {json: {took: [ms when kind=one, s when kind=two]}, examples: *x}
  stack: {json: {stack_trace: "stack|lines"}, examples: *x}
  bracket: {line: "[{level}]\\t{logger}\\t{message}", levels: {ERROR: [ERROR, E], INFO: [INFO]}, examples: *x}
  event: {line: [{line: "REPORT {*:pairs}", set: {host: report}}, {line: "END {message}", set: {host: end}}], pairs: ["Took: {took} ms", "Max Took: {size} ms", "Kind: {logger}"], examples: *x}
  web: {line: '{ip?} "{host?}" {code?} {message}', nulls: ["-"], examples: *x}
  late: {line: "{@timestamp:iso} {message}", examples: *x}
  ruled: {line: [{line: "at {message}", like: {message: "took *"}}], examples: *x}
  whole: {line: "said {message}", examples: *x}
  inner: {line: "E {*:json}", json: {host: host}, examples: *x}
groups:
"""
Ask: TypeAlias = "Callable[..., tuple[Contract, Group]]"


@pytest.fixture
def group(tmp_path: Path) -> Ask:
    """Return a function that makes a contract whose only group has the formats given."""

    def make(formats: str, also: str = "") -> tuple[Contract, Group]:
        path = tmp_path / "c.yaml"
        text = HEAD.replace(" note: note}", " logger: note}") + f"- {{name: g, match: g, formats: [{formats}]{also}}}\n"
        path.write_text(text)
        contract = load.load(path)
        return contract, contract.groups[0]

    return make


def counted(found: list[Filter], line: str) -> int:
    """Return how many of the filters count *line*."""
    return sum(matcher(each.pattern)(line) is not None for each in found)


def holds(where: str, contract: Contract, one: Group, line: str) -> bool:
    """Say whether *where* holds of the record that is read from *line*."""
    fields = {field.name: field for field in (*CORE_FIELDS, *contract.fields)}
    record = readers([contract.formats[name] for name in one.formats], fields, frozenset(one.set))(line)
    return any_of([parse(where)], {name: field.type for name, field in fields.items()})({**record, **one.set})


@pytest.mark.parametrize(
    ("formats", "where", "pattern"),
    [
        ("doc", "level = ERROR", '{ $.level = "E" || $.level = "50" || $.level = 50 }'),
        ("doc", "level != ERROR", '{ $.level = "I" }'),
        ("doc", "severity_number >= 17", '{ $.level = "E" || $.level = "50" || $.level = 50 }'),
        ("doc", "format = 'doc' and level = INFO", '{ $.level = "I" }'),
        ("nulls", "ok = true", '{ $.ok IS TRUE || $.ok = "true" }'),
        ("nulls", "ok != true", '{ $.ok IS FALSE || $.ok = "false" }'),
        ("nulls", "exists ok", '{ $.ok IS TRUE || $.ok = "true" || $.ok IS FALSE || $.ok = "false" }'),
        ("nulls", "code = 429", '{ $.code = 429 || $.code = "429" }'),
        ("nulls", "took = 5", '{ $.took = 5 || $.took = "5" || $.took = "5.0" }'),
        ("nulls", "size > 5", "{ $.size > 5 }"),
        (
            "nulls",
            "not size > 5",
            '{ $.size <= 5 || $.size NOT EXISTS || $.size IS NULL || $.size = "-" }',
        ),
        ("nulls", "message like 'a*'", '{ $.message = "a*" }'),
        (
            "nulls",
            "logger like '*a'",
            '{ $.note = "*a" }',
        ),
        ("nulls", "message in ('a', '-')", '{ $.message = "a" || $.message = "-" }'),
        ("nulls", "exists message", "{ $.message = * }"),
        ("nulls", "not exists cart", '{ $.cart NOT EXISTS || $.cart IS NULL || $.cart = "-" }'),
        (
            "nulls",
            "host = 'a'",
            (
                '{ $.host = "a" || ($.host NOT EXISTS || $.host IS NULL || $.host = "-") && $.h.name = "a" }'
            ),
        ),
        ("kinds", "host = 'one'", '{ ($.b = * || $.c = *) && $.kind = "a.one" }'),
        ("kinds", "host like 'o*'", '{ ($.b = * || $.c = *) && $.kind = "a.one" }'),
        ("access", "code = 429", '{ $.status = 429 || $.status = "429" }'),
        ("access", "code >= 500", "{ $.status >= 500 || $.status = %^5[0-9]{2}$% }"),
        ("access", "code >= 400 and code < 500", "{ $.status >= 400 && $.status < 500 || $.status = %^4[0-9]{2}$% }"),
        ("access", "code > 428 and code <= 500", "{ $.status > 428 && $.status <= 500 || $.status = %^429$|^4[3-9][0-9]$|^500$% }"),
        (
            "either",
            "took < 5",
            '{ $.kind = "one" && $.ms < 5 || $.kind = "two" && $.s < 5 }',
        ),
        ("stack", "exists stack_trace", "{ $.stack[0] = * || $.stack = * }"),
        ("bracket", "level >= ERROR", r"%^\[ERROR\]\s|^\[E\]\s%"),
        ("bracket", "not level >= ERROR", r"%^\[INFO\]\s%"),
        ("bracket", "logger = 'a b'", r"%^\[\w+\]\x09a\x20b\s%"),
        ("bracket", "logger like 'a*b' and level = INFO", r"%^\[INFO\]\x09a[\s\S]*b\s%"),
        ("bracket", "message = 'x(%)'", r"%^\[\w+\]\x09[^\x09]+\x09x\x28\x25\x29[\x0D\x0A]*$%"),
        ("event", "host = 'report'", r"%^REPORT\s%"),
        ("event", "host != 'report'", r"%^END\s%"),
        ("event", "exists took", r"%^REPORT\x20Took:\x20-?[0-9][0-9.eE+-]*\x20ms|^REPORT\x20[\s\S]*[\x09\x0A]\x20*Took:\x20-?[0-9][0-9.eE+-]*\x20ms%"),
        ("event", "took >= 8999", r"%^REPORT\x20Took:\x208999\x20ms|^REPORT\x20[\s\S]*[\x09\x0A]\x20*Took:\x208999\x20ms|^REPORT\x20Took:\x209000\x20ms|^REPORT\x20[\s\S]*[\x09\x0A]\x20*Took:\x209000\x20ms|^REPORT\x20Took:\x208999\.[0-9]+\x20ms|^REPORT\x20[\s\S]*[\x09\x0A]\x20*Took:\x208999\.[0-9]+\x20ms|^REPORT\x20Took:\x209000\.[0-9]+\x20ms|^REPORT\x20[\s\S]*[\x09\x0A]\x20*Took:\x209000\.[0-9]+\x20ms%"),
        ("web", "code >= 500", r"%^[0-9A-Fa-f.:\x2D]*\x20\x22[\s\S]*\x22\x205[0-9]{2}\s%"),
        ("web", "exists host", r"%^[0-9A-Fa-f.:\x2D]*\x20\x22[^\x2D][\s\S]*\x22\s|^[0-9A-Fa-f.:\x2D]*\x20\x22-[\s\S]+\x22\s%"),
        ("web", "not exists code", r"%^[0-9A-Fa-f.:\x2D]*\x20\x22[\s\S]*\x22\x20\s|^[0-9A-Fa-f.:\x2D]*\x20\x22[\s\S]*\x22\x20-\s%"),
        ("late", "exists message", r"%^[0-9]{4}-[0-9TZ:.,+\x20-]+\s%"),
        ("ruled", "exists message", r"%^at\x20took\s%"),
        ("whole", "exists message", r"%^said\s%"),
    ],
)  # fmt: skip
def test_a_predicate_has_one_pattern_for_a_format(group: Ask, formats: str, where: str, pattern: str) -> None:
    """What people read in a plan is short, and the same every time."""
    contract, one = group(formats)
    found = filters(Question(where=parse(where).tree), contract, one)

    assert [show(each.pattern) for each in found] == [pattern]
    assert problems(pattern) == []


DOC = json.dumps({"level": "I"})


@pytest.mark.parametrize(
    ("formats", "where", "lines"),
    [
        ("doc", "level = ERROR", {'{"level":"E"}': 1, '{"level":50}': 1, '{"level":"e"}': 0, '{"level":{"E":1}}': 0}),
        ("doc", "level = ERROR", {'x {"level":"E"}': 0, ' {"level":"E"}': 1, '{"level":["E"]}': 0}),
        ("doc", "level < ERROR", {'{"level":"I"}': 1, '{"level":"E"}': 0, '{"level":"LOUD"}': 0}),
        ("doc", "not level >= ERROR", {'{"level":"I"}': 1, '{"level":"LOUD"}': 1, '{"level":50}': 0}),
        ("doc", "host != 'a'", {DOC: 0, '{"level":"I","host":"b"}': 1, '{"level":"I","host":null}': 0}),
        ("doc", "not host = 'a'", {DOC: 1, '{"level":"I","host":"b"}': 1, '{"level":"I","host":"a"}': 0}),
        (
            "doc",
            "host = 'a'",
            {
                '{"level":"I","host":null,"h":{"name":"a"}}': 1,
                '{"level":"I","host":"b","h":{"name":"a"}}': 0,
                '{"host":"a"}': 0,
            },
        ),
        ("nulls", "exists logger", {'{"note":"-"}': 0, '{"note":""}': 1, '{"note":"x"}': 1, "{}": 0}),
        ("nulls", "host = 'a'", {'{"host":"-","h":{"name":"a"}}': 1}),
        ("access", "code = 429", {'{"status":"429"}': 1, '{"status":429}': 1, '{"status":"4290"}': 0}),
        (
            "access",
            "code >= 500",
            {
                '{"status":"500"}': 1,
                '{"status":"599"}': 1,
                '{"status":"50"}': 0,
                '{"status":"5"}': 0,
                '{"status":503}': 1,
            },
        ),
        (
            "either",
            "took = 5",
            {'{"kind":"two","ms":1,"s":5}': 1, '{"kind":"two","ms":5}': 0, '{"kind":"one","ms":5}': 1},
        ),
        ("stack", "exists stack_trace", {'{"stack":["a","b"]}': 1, '{"stack":"a"}': 1, '{"stack":null}': 0, "{}": 0}),
        ("stack", "not exists stack_trace", {'{"stack":["a","b"]}': 0, '{"stack":null}': 1, "{}": 1}),
        (
            "bracket",
            "level = ERROR",
            {"[ERROR]\tapp\tboom": 1, "[INFO]\tapp\tsaid [ERROR]\tapp\tx": 0, "[E]\tapp\tboom\n": 1, "[EE]\ta\tb": 0},
        ),
        ("bracket", "message = 'a'", {"[E]\tapp\ta": 1, "[E]\tapp\ta\n": 1, "[E]\tapp\tab": 0, "[E]\ta\tb\ta": 0}),
        (
            "event",
            "exists took",
            {
                "REPORT Took: 5.5 ms\tKind: x": 1,
                "REPORT Kind: x\tMax Took: 5 MB \tTook: 7 ms": 1,
                "REPORT Max Took: 5 ms": 0,
                "REPORT Kind: Took: 5 ms": 0,
                "END Took: 5 ms": 0,
            },
        ),
        (
            "event",
            "took >= 100",
            {"REPORT Took: 99.9 ms": 0, "REPORT Took: 100 ms": 1, "REPORT Kind: a\tTook: 1000.5 ms": 1},
        ),
        ("event", "logger = 'a'", {"REPORT Kind: a": 1, "REPORT Kind: ab": 0, "REPORT Took: 5 ms\tKind: a\t": 1}),
        ("web", "code >= 500", {'192.0.2.1 "a b" 503 x': 1, '- "" 503 x': 1, '- "a" 200 500 ': 0, '- "a" - 503': 0}),
        ("web", "exists host", {'- "-" 1 x': 0, '- "-a" 1 x': 1, '- "" 1 x': 0, '- "x" 1 x': 1}),
        ("web", "not exists code", {'- "a"  x': 1, '- "a" - x': 1, '- "a" 429 x': 0}),
        ("doc, bracket", "level = ERROR", {'{"level":"E"}': 1, "[ERROR]\ta\tb": 1, '{"message":"[ERROR]"}': 0}),
    ],
)
def test_a_line_counts_if_the_predicate_holds_of_its_record(
    group: Ask, formats: str, where: str, lines: dict[str, int]
) -> None:
    """This is the promise: the filter and the parser agree."""
    contract, one = group(formats)
    found = filters(Question(where=parse(where).tree), contract, one)

    assert {line: counted(found, line) for line in lines} == lines
    assert {line: int(holds(where, contract, one, line.rstrip("\n"))) for line in lines} == lines


def test_two_json_formats_of_a_group_are_one_filter(group: Ask) -> None:
    """A line of both, counted by two filters, would count twice."""
    contract, one = group("kinds, doc")
    (found,) = filters(Question(where=parse("code = 1").tree), contract, one)
    line = json.dumps({"kind": "a.one", "b": 1, "level": "E", "code": 1})

    assert " || " in show(found.pattern)
    assert matcher(found.pattern)(line) is not None


def test_a_line_that_an_earlier_format_takes_is_none_of_a_later_one(group: Ask) -> None:
    """Formats are tried in their order, and the first gives the record."""
    contract, one = group("kinds, doc")
    found = filters(Question(where=parse("host = 'x'").tree), contract, one)
    taken = json.dumps({"kind": "a.one", "b": 1, "level": "E", "host": "x"})
    left = json.dumps({"kind": "other", "b": 1, "level": "E", "host": "x"})

    assert (counted(found, taken), counted(found, left)) == (0, 1)
    assert not holds("host = 'x'", contract, one, taken)
    assert holds("host = 'x'", contract, one, left)


def test_what_the_group_sets_is_known_without_a_line(group: Ask) -> None:
    """No line is asked for what all have."""
    contract, one = group("doc", ", set: {host: a, service: s}")

    def patterns(where: str) -> list[str]:
        return [show(each.pattern) for each in filters(Question(where=parse(where).tree), contract, one)]

    assert patterns("host = 'b'") == []
    assert patterns("host = 'a' and service = 's' and level = INFO") == ['{ $.level = "I" }']
    assert patterns("contract_version = 1 and exists @timestamp and code = 5") == [
        '{ $.level = * && ($.code = 5 || $.code = "5") }'
    ]


def test_a_format_without_the_field_has_no_filter(group: Ask) -> None:
    """That is no problem: such lines never count."""
    contract, one = group("bracket")

    assert filters(Question(where=parse("code = 429").tree), contract, one) == []
    assert filters(Question(where=parse("exists message").tree, value="took"), contract, one) == []


def test_a_value_is_selected_where_it_stands(group: Ask) -> None:
    """Each place is a filter of its own, since a filter names one; no line has both."""
    contract, one = group("doc")
    found = filters(Question(where=parse("level = ERROR").tree, value="code", by=("host",)), contract, one)

    error = '($.level = "E" || $.level = "50" || $.level = 50)'
    assert [(show(each.pattern), each.selection.value, each.selection.by) for each in found] == [
        (f"{{ {error} && $.code = * && $.host = * }}", ("code",), (("host",),)),
        (
            f"{{ {error} && $.code = * && ($.host NOT EXISTS || $.host IS NULL) && $.h.name = * }}",
            ("code",),
            (("h", "name"),),
        ),
    ]


def test_a_long_list_of_words_is_cut_into_filters_that_share_no_line(group: Ask) -> None:
    """1,024 characters are the limit of one pattern, and not of what can be counted."""
    contract, one = group("nulls")
    words = [f"word-{number:03}" for number in range(200)]
    where = f"message in ({', '.join(map(repr, words))})"
    found = filters(Question(where=parse(where).tree), contract, one)

    assert len(found) > 1
    assert [counted(found, json.dumps({"message": word})) for word in words] == [1] * len(words)
    assert counted(found, json.dumps({"message": "word-200"})) == 0


@pytest.mark.parametrize(
    ("formats", "question", "message"),
    [
        ("doc", {"where": "log_group = 'a'"}, "of JSON lines of `doc`, `log_group` comes from the event or the pipeline, and a filter sees the line alone"),
        ("doc", {"where": "service = 'a'"}, "`service`: a line without one has the function's name, unless the group sets it, and a filter sees the line alone"),
        ("doc", {"where": "exists cart"}, "of JSON lines of `doc`, `cart`: no filter sees an object"),
        ("doc", {"where": "host like 'a*b'"}, "of JSON lines of `doc`, `host`: an asterisk inside of a text is none to CloudWatch; put it at an end"),
        ("doc", {"where": "host > 'a'"}, "of JSON lines of `doc`, `host`: CloudWatch knows no order of keyword values"),
        ("doc", {"where": "at = '2025-10-31T22:38:21Z'"}, "of JSON lines of `doc`, `at`: a time has too many spellings"),
        ("doc", {"where": "ip = '2001:db8::1'"}, "of JSON lines of `doc`, `ip`: an IPv6 address has many spellings"),
        ("doc", {"where": "host = '*a'"}, "no filter pattern can say the text `*a`: an asterisk at an end is a wildcard"),
        ("nulls", {"where": "format = 'nulls'"}, "it holds for every JSON line, which no pattern can ask for; give the format `needs`"),
        ("access", {"where": "size > 5"}, "of JSON lines of `access`, `size` has no range, without which no regex can say `>`; declare one"),
        ("access", {"where": "took > 5"}, "of JSON lines of `access`, of `took`, a double, a regex can only say `<` and `>=` with a whole number"),
        ("access", {"where": "exists code", "value": "code"}, "of JSON lines of `access`, `code` stands in quotes, where CloudWatch measures nothing"),
        ("doc", {"where": "exists code", "by": ("level",)}, "of JSON lines of `doc`, a dimension is what a line says, and `level` is written in several ways; leave it out of `by`"),
        ("event", {"where": "exists took", "value": "took"}, "of the text lines of `event`, a filter selects nothing, and `took` would be; only JSON lines can be measured"),
        ("event", {"where": "not exists took"}, "of the text lines of `event`, `took`: a regex cannot say that a pair is not there"),
        ("bracket", {"where": "logger != 'a'"}, "of the text lines of `bracket`, `logger`: a regex can say what a text is, and not what it is not; ask for levels or numbers"),
        ("bracket", {"where": "logger = 'é'"}, "of the text lines of `bracket`, `é`: `é` is not taken in a regex: no characters beyond ASCII are"),
        ("bracket", {"where": "logger like 'a*' and logger like '*b'"}, "of the text lines of `bracket`, two conditions on one part of a text line are more than one regex can say"),
        ("bracket", {"where": "exists request_id"}, "of the text lines of `bracket`, `request_id`: a line without one may inherit the invocation's, and a filter sees the line alone"),
        ("event", {"where": "exists took and exists size"}, "of the text lines of `event`, of pairs in any order a regex can ask one; divide the metric"),
        ("inner", {"where": "host = 'a'"}, "of the text lines of `inner`, `host` stands in JSON behind a text, where no filter can find it"),
    ],
)  # fmt: skip
def test_what_no_filter_can_say_is_refused_with_the_reason(
    group: Ask, formats: str, question: dict[str, object], message: str
) -> None:
    """A filter that counts something else would be worse than none."""
    contract, one = group(formats)
    asked = Question(
        where=parse(str(question["where"])).tree,
        value=question.get("value"),  # type: ignore[arg-type] # the table's rows are of no one type
        by=question.get("by", ()),  # type: ignore[arg-type] # as above
    )

    with pytest.raises(Unsayable) as caught:
        filters(asked, contract, one)

    assert str(caught.value) == message


def test_a_condition_that_can_never_hold_hides_what_cannot_be_said(group: Ask) -> None:
    """`format = …` is the way out where one format of a group cannot be asked."""
    contract, one = group("doc, inner")
    (found,) = filters(Question(where=parse("format = 'doc' and host = 'a'").tree), contract, one)

    assert counted([found], '{"level":"I","host":"a"}') == 1
