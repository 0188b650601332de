"""Load: a file as a contract, or as all its problems; the built-in formats here are a small library of the tests' own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

import logshape
from logshape.contract import load
from logshape.contract.globs import common, covers, meet
from logshape.contract.levels import DEFAULT_SPELLINGS
from logshape.contract.model import LINE_FIELDS, SECRETS, Contract, Detector, Field, Group, Index, Keep, Key, Need
from logshape.contract.model import Path as JsonPath
from logshape.contract.paths import parse, parse_need, spelled, spelled_need
from logshape.contract.predicates import parse as predicate
from logshape.contract.rules import RULES
from logshape.errors import InvalidContract, UnreadableInput

if TYPE_CHECKING:
    from logshape.contract.rules import Fault

SILENT = [name for name, rule in RULES.items() if rule.optional]
SHOP = Path(__file__).parent / "contracts" / "shop.yaml"
LIBRARY = """\
fields:
  event: {type: keyword, why: kind of line}
  took: {type: double, why: time}
  never: {type: long, why: no format names it}
formats:
  aws/lambda-text:
    line: ["[{level}] {message}", {line: "REPORT {took}", set: {event: report}}]
    levels: {ERROR: [E]}
    nulls: ["-"]
    examples: [{line: "[E] x", record: {level: ERROR}}]
  aws/lambda-platform:
    json: {event: type, took: [record.took, took]}
    needs: ["type=platform.*"]
    zone: UTC
    examples: [{line: '{"type":"platform.end"}', record: {event: platform.end}}]
"""
HEAD = "version: 1\nname: shop\n"
GROUPS = "groups: [{name: all, match: '*', formats: [aws/lambda-text]}]\n"
EXAMPLES = "examples: [{line: x, record: {message: x}}]"


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Return the folder of a library of two formats."""
    folder = tmp_path / "formats"
    folder.mkdir()
    (folder / "lambda.yaml").write_text(LIBRARY)
    return folder


def reading(library: Path, text: str) -> load.Reading:
    """Read *text* as a contract beside *library*."""
    path = library.parent / "c.yaml"
    path.write_text(text)
    return load.read(path, library)


def said(library: Path, text: str) -> list[str]:
    """Return the problems of *text*, without the file's name."""
    return [str(problem).removeprefix(problem.file + ":") for problem in reading(library, text).problems()]


def contract(library: Path, text: str) -> Contract:
    """Return *text* as a contract; it has no problems."""
    found = reading(library, text)
    assert found.problems() == []
    assert found.contract is not None
    return found.contract


def test_the_contract_of_the_manual_loads() -> None:
    """What the documentation shows is what there is."""
    shop = logshape.load(SHOP)

    assert (shop.version, shop.name, shop.keep, shop.keep_archive) == (1, "shop", Keep(), 400)
    assert shop.index == Index(period="day", shards=1, replicas=1, refresh="10s")
    assert shop.groups == (
        Group(
            name="orders",
            match=("/aws/lambda/orders-*",),
            formats=("orders-json", "orders-text", "aws/lambda-platform"),
            set={"service": "orders"},
            keep=Keep(logs=30, says_logs=True, index=14),
            drop=(predicate("message = 'ping'"),),
        ),
    )
    assert shop.fields[:3] == (
        Field(name="order_id", type="keyword", why="the shop's order number", example="o-1042"),
        Field(name="duration", type="double", unit="ms", why="time spent in the handler", example=12.5),
        Field(name="status", type="integer", range=(100.0, 599.0), why="HTTP status returned", example=429),
    )
    assert shop.formats["orders-text"].examples[0].at == (16, 9)
    assert shop.fields[3].redact == "hash"
    assert shop.redact == (
        Detector(name="email"),
        Detector(name="aws-access-key"),
        Detector(name="card", pattern=r"\b\d{13,19}\b", check="luhn"),
    )


def test_a_contract_needs_no_more_than_three_keys(library: Path) -> None:
    """All else has a default, and the built-in formats are there."""
    smallest = contract(library, HEAD + GROUPS)

    assert smallest.groups == (Group(name="all", match=("*",), formats=("aws/lambda-text",)),)
    assert (smallest.keep, smallest.keep_archive, smallest.index) == (Keep(), None, Index())
    assert list(smallest.formats) == ["aws/lambda-platform", "aws/lambda-text"]


def test_fields_of_used_built_in_formats_follow_the_declared_ones(library: Path) -> None:
    """A store has a column for what a built-in format gives, and none for what no format of a group gives."""
    found = contract(library, HEAD + GROUPS + "fields: {zeta: {type: ip}, event: {type: text, why: mine}}\n")

    assert found.fields == (
        Field(name="zeta", type="ip", why=""),
        Field(name="event", type="text", why="mine"),
        Field(name="took", type="double", why="time"),
    )


def test_json_reads_each_field_by_its_own_name_unless_told_otherwise(library: Path) -> None:
    """The map is complete, explicit entries first, so that no reader has to know the defaults."""
    text = HEAD + GROUPS.replace("-text", "-platform") + "fields: {order: {type: keyword}}\n"

    keys = contract(library, text).formats["aws/lambda-platform"].json

    assert keys == (
        Key(field="event", paths=(parse("type"),)),
        Key(field="took", paths=(parse("record.took"), parse("took"))),
        *(Key(field=name, paths=(JsonPath(steps=(name,)),)) for name in (*LINE_FIELDS, "order")),
    )


def test_a_format_takes_what_it_does_not_say_from_the_one_it_extends(library: Path) -> None:
    """Own templates and paths come first; a format without levels reads the usual spellings."""
    text = f"""\
{HEAD}{GROUPS}
formats:
  mine:
    extends: base
    line: "{{message}}"
    json: {{took: ms, logger: a.b}}
    nulls: []
  base: {{extends: aws/lambda-platform, line: "= {{message}}", json: {{took: [seconds, took]}}, nulls: ["-"], {EXAMPLES}}}
"""
    mine = contract(library, text).formats["mine"]

    assert [line.template.source for line in mine.lines] == ["{message}", "= {message}"]
    assert (mine.json or ())[:3] == (
        Key(field="took", paths=(parse("ms"), parse("seconds"), parse("took"), parse("record.took"))),
        Key(field="logger", paths=(parse("a.b"),)),
        Key(field="event", paths=(parse("type"),)),
    )
    assert (mine.needs, mine.nulls, mine.zone) == ((Need(paths=(parse("type"),), like="platform.*"),), (), "UTC")
    assert (mine.levels, mine.examples) == (DEFAULT_SPELLINGS, ())


def test_groups_keep_what_the_contract_keeps_unless_they_say_otherwise(library: Path) -> None:
    """`forever` is said, not left out."""
    text = """\
keep: {logs: 90d, index: 30d}
groups:
  - {name: a, match: a, formats: [aws/lambda-text], keep: {index: forever, end_never_expires: true}}
  - {name: b, match: b, formats: [aws/lambda-text], raw: never, subscribe: false}
"""
    first, second = contract(library, HEAD + text).groups

    assert (first.keep, first.raw) == (Keep(logs=90, says_logs=True, index=None, end_never_expires=True), True)
    assert (second.keep, second.raw, second.subscribe) == (Keep(logs=90, says_logs=True, index=30), False, False)


def test_constants_come_as_the_types_of_their_fields(library: Path) -> None:
    """No reader coerces them again."""
    text = f"""\
{HEAD}fields: {{a: {{type: keyword}}, b: {{type: double}}, c: {{type: long}}}}
formats: {{x: {{line: "{{message}}", set: {{a: 5, b: 1, c: 2.0}}, {EXAMPLES}}}}}
groups: [{{name: all, match: x, formats: [x], set: {{a: true, level: INFO}}}}]
"""
    found = contract(library, text)

    assert repr(found.formats["x"].set) == "{'a': '5', 'b': 1.0, 'c': 2}"
    assert found.groups[0].set == {"a": "true", "level": "INFO"}


FORMAT = f"{HEAD}{GROUPS}fields: {{n: {{type: long}}, k: {{type: keyword}}, o: {{type: object}}}}\nformats:\n  f: "
GROUP = f"{HEAD}fields: {{n: {{type: long}}, k: {{type: keyword}}}}\ngroups:\n- name: g\n  match: x\n  "


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            f'{FORMAT}{{line: "[{{levl}}]\\t{{message}}", {EXAMPLES}}}',
            "6:16: unknown-field: `levl` is no field of this contract; declare it under `fields`. Did you mean `level`?",
        ),
        (
            f"{FORMAT}{{line: '''{{n|pat}}', {EXAMPLES}}}",
            "6:19: wrong-template: `line` of format `f`: `pat` is no filter; use pad",
        ),
        (
            f"{FORMAT}{{line: ['{{k}}', '{{log_group}}'], {EXAMPLES}}}",
            "6:23: unknown-field: `log_group` comes from the event or the pipeline, not from a line; use a field of your own",
        ),
        (
            f"{FORMAT}{{line: 'x {{*:json}}', {EXAMPLES}}}",
            "6:16: wrong-template: `{*:json}` stands in `line` of format `f`, and the format has no `json`; declare it",
        ),
        (
            f"{FORMAT}{{line: ['x', {{line: '{{k}}', like: {{m: a*}}}}], {EXAMPLES}}}",
            "6:40: unknown-field: `m` is no hole of this template",
        ),
        (
            f"{FORMAT}{{json: {{k: [a, 'b.[c'], m: x}}, {EXAMPLES}}}",
            (
                "6:24: wrong-path: `json.k 2` of format `f` is `b.[c`: saw `[` at column 3; wanted a step, and a key with dots or "
                "signs in it as ['a.b']"
            ),
        ),
        (
            f"{FORMAT}{{json: {{k: [a, 'b.[c'], m: x}}, {EXAMPLES}}}",
            "6:30: unknown-field: `m` is no field of this contract; declare it under `fields`",
        ),
        (
            f"{FORMAT}{{json: {{k: a|line}}, {EXAMPLES}}}",
            "6:19: wrong-path: `json.k` of format `f` is `a|line`: `line` is no filter; the only one is `lines`",
        ),
        (
            f"{FORMAT}{{json: {{}}, needs: [a, [b=x, c=y]], {EXAMPLES}}}",
            "6:28: wrong-path: `needs 2` of format `f` asks for different values; give the needs of one list the same `=glob`",
        ),
        (
            f"{FORMAT}{{line: x, levels: {{ERROR: [E, W], WARN: [W]}}, {EXAMPLES}}}",
            "6:47: duplicate-level: `W` stands for ERROR already; leave it out of one of the two",
        ),
        (
            f"{FORMAT}{{line: x, zone: Mars/Olympus, {EXAMPLES}}}",
            "6:22: wrong-zone: `Mars/Olympus` is no time zone known here; wanted an IANA name such as `Asia/Tokyo`, or `UTC`",
        ),
        (
            f"{FORMAT}{{line: x, set: {{n: many}}, {EXAMPLES}}}",
            "6:25: wrong-constant: `n` is set to `many`; wanted a whole number of 64 bits, for its type is long",
        ),
        (
            f"{FORMAT}{{line: x, set: {{o: many}}, {EXAMPLES}}}",
            "6:25: wrong-constant: `o` is set to `many`; wanted no constant, for it is an object, for its type is object",
        ),
        (
            f"{FORMAT}{{line: x, set: {{level: LOUD}}, {EXAMPLES}}}",
            (
                "6:29: wrong-constant: `level` is set to `LOUD`; wanted one of TRACE, DEBUG, INFO, WARN, ERROR, FATAL, for its type "
                "is keyword"
            ),
        ),
        (
            f"{FORMAT}{{extends: aws/lambda-txt}}",
            "6:16: unknown-format: `aws/lambda-txt` is no format, neither declared nor built in. Did you mean `aws/lambda-text`?",
        ),
        (
            f"{FORMAT}{{extends: g}}\n  g: {{extends: f}}",
            "6:16: extends-cycle: the format extends itself, `f` → `g` → `f`; take one `extends` out",
        ),
        (
            f"{HEAD}{GROUPS}fields: {{message: {{type: text}}}}",
            "4:10: reserved-name: `message` is a name of logshape's own; give the field another",
        ),
        (
            f"{HEAD}{GROUPS}fields: {{a: {{type: long, range: [9, 1]}}}}",
            "4:33: wrong-range: the range ends at 1 before it begins at 9; write the least number first",
        ),
        (
            f"{HEAD}{GROUPS}fields: {{a: {{type: text, range: [1, 9]}}}}",
            "4:33: wrong-range: a text has no range; leave it out, or make the field one of integer, long, double",
        ),
        (
            f"{HEAD}{GROUPS}fields: {{a: {{type: ip, example: here}}}}",
            "4:33: wrong-constant: the example of `a` is `here`; wanted an IP address, for its type is ip",
        ),
        (
            f"{GROUP}formats: [aws/lambda-text, lambda-json]",
            "7:30: unknown-format: `lambda-json` is no format, neither declared nor built in",
        ),
        (
            f"{GROUP}formats: [aws/lambda-text]\n  set: {{kk: 1}}",
            "8:9: unknown-field: `kk` is no field of this contract; declare it under `fields`. Did you mean `k`?",
        ),
        (
            f"{GROUP}formats: [aws/lambda-text]\n  drop: [\"k = 'a' and n > 'x'\"]",
            "8:23: misfit-predicate: `n` is of type long and is compared with a number, not with 'x'",
        ),
        (
            f"{GROUP}formats: [aws/lambda-text]\n  drop: ['k = ''a'' and m > 1']",
            "8:25: unknown-field: `m` is no field of this contract; declare it under `fields`",
        ),
        (
            f"{GROUP}formats: [aws/lambda-text]\n  drop: [n >> 1]",
            (
                "8:13: wrong-predicate: saw `>` at column 4, wanted text in quotes, a number, true, false or a level (TRACE, DEBUG, "
                "INFO, WARN, ERROR, FATAL)"
            ),
        ),
        (
            f"{GROUP}formats: [aws/lambda-text]\n- {{name: g, match: y, formats: [aws/lambda-text]}}",
            "8:10: duplicate-group: `g` is the name of the group in line 5 already; give each its own",
        ),
        (
            f"{GROUP}formats: [aws/lambda-text]\n- {{name: h, match: x, formats: [aws/lambda-text]}}",
            (
                "8:3: shadowed-group: no log group is left for group `h`: group `g` before it takes all; put it first, or take its "
                "log groups out there by `except`"
            ),
        ),
        (
            f"{HEAD}{GROUPS}ignore: [shadowed-group]",
            "4:10: unused-ignore: `shadowed-group` finds nothing here; leave this out",
        ),
        (
            f"{HEAD}{GROUPS}ignore: [shadowed]",
            (
                f"4:10: unused-ignore: `shadowed` is no rule; those that can be silent are {', '.join(SILENT)}. "
                "Did you mean `shadowed-group`?"
            ),
        ),
        (
            f"{HEAD}{GROUPS}ignore: [wrong-type]",
            "4:10: unused-ignore: `wrong-type` cannot be silent, for the contract has no meaning then; mend what it finds",
        ),
    ],
)
def test_a_problem_stands_at_its_place_and_says_what_to_do(library: Path, text: str, problem: str) -> None:
    """Columns count inside of quoted scalars too, with their escapes and doubled quotes."""
    assert problem in said(library, text)


def test_one_fault_does_not_become_many(library: Path) -> None:
    """A field of a wrong type is still a field, and a format of a wrong shape is still a format."""
    text = f"""\
{HEAD}fields: {{a: {{type: keywrod}}, b: {{type: no}}}}
formats: {{f: [], g: {{line: "{{a}}", set: {{a: 1}}, {EXAMPLES}}}}}
groups: [{{name: x, match: x, formats: [f, g], drop: ["a = 1"], set: {{b: 1}}}}]
"""
    assert [problem.split(": ")[:2] for problem in said(library, text)] == [
        ["3:20", "unknown-type"],
        ["3:40", "yaml-trap"],
        ["4:14", "wrong-type"],
    ]


def test_all_problems_come_at_once_sorted_by_place(library: Path) -> None:
    """YAML's traps, the schema's faults and the rules' are one list."""
    text = """\
version: 1
name: shop
nme: x
formats:
  f: {line: "{oops", examples: [{line: x, record: {}}], zone: no}
groups:
  - {name: a, match: x, formats: [f, h], drop: ["level >= LOUD"], keep: {logs: 2d}}
  - {name: a, match: x}
version: 2
"""
    assert [problem.split(": ")[:2] for problem in said(library, text)] == [
        ["3:1", "unknown-key"],
        ["5:14", "wrong-template"],
        ["5:51", "wrong-value"],
        ["5:63", "yaml-trap"],
        ["7:38", "unknown-format"],
        ["7:59", "wrong-predicate"],
        ["7:80", "wrong-keep"],
        ["8:5", "missing-key"],
        ["8:5", "shadowed-group"],
        ["8:12", "duplicate-group"],
        ["9:1", "duplicate-key"],
    ]


def test_an_ignore_is_silent_where_it_stands_and_below(library: Path) -> None:
    """A contract can say that it means what looks wrong; the silenced contract loads."""
    text = f"""\
{HEAD}x-note: mine
ignore: [unknown-key]
fields: {{ignore: {{type: keyword}}}}
formats:
  f: {{line: "{{message}} {{later}}", json: {{ignore: [a, b]}}, ignore: [unknown-field], {EXAMPLES}}}
groups:
  - {{name: a, match: '*', formats: [f]}}
  - {{name: b, match: b, formats: [f], ignore: [shadowed-group]}}
"""
    found = contract(library, text)

    assert [group.name for group in found.groups] == ["a", "b"]
    assert found.formats["f"].lines[0].template.names == ("message", "later")


def test_the_innermost_ignore_is_the_one_that_is_used(library: Path) -> None:
    """A silence that another one makes needless is noise."""
    text = f"""\
{HEAD}ignore: [shadowed-group]
groups:
  - {{name: a, match: '*', formats: [aws/lambda-text]}}
  - {{name: b, match: b, formats: [aws/lambda-text], ignore: [shadowed-group]}}
"""
    assert said(library, text) == ["3:10: unused-ignore: `shadowed-group` finds nothing here; leave this out"]


def test_silencing_examples_waits_until_they_are_run(library: Path) -> None:
    """Loading runs no examples, so it cannot know whether the silence is of use."""
    text = f"{HEAD}{GROUPS}formats: {{f: {{line: x, ignore: [failed-example], {EXAMPLES}}}}}"

    assert said(library, text) == []
    (problem,) = reading(library, text).problems(load.JUDGES | {"examples"})
    assert problem.rule == "unused-ignore"


ENTRY = "{{name: {name}, match: {match}, except: {out}, formats: [aws/lambda-text]}}"


@pytest.mark.parametrize(
    ("first", "second", "shadowed"),
    [
        (("/a/b", "-"), ("/a/b", "-"), True),
        (("/a/*", "-"), ("/a/b*c", "-"), True),
        (("*b", "-"), ("/a/*b", "-"), True),
        (("/a/b*", "-"), ("/a/*", "-"), False),
        (("['/a/*', '/b/*']", "-"), ("['/b/x', '/a/*/y']", "-"), True),
        (("['/a/*', '/b/*']", "-"), ("['/b/x', '/c']", "-"), False),
        (("/a/*", "/a/x*"), ("/a/b*", "-"), True),
        (("/a/*", "/a/x*"), ("/a/*y", "-"), False),
        (("/a/*", "/a/x*"), ("/a/*", "/a/x*"), True),
        (("/a/*", "/a/x*"), ("/a/*", "/a/xy"), False),
    ],
)
def test_an_entry_is_shadowed_when_earlier_ones_take_all_it_matches(
    library: Path, first: tuple[str, str], second: tuple[str, str], *, shadowed: bool
) -> None:
    """Such an entry is never used, though it looks as if it were."""
    entries = [
        ENTRY.format(name=name, match=match if "[" in match else f"'{match}'", out=f"'{out}'")
        for name, (match, out) in (("one", first), ("two", second))
    ]

    found = said(library, f"{HEAD}groups: [{', '.join(entries)}]")

    assert [problem.split(": ")[1] for problem in found] == ["shadowed-group"] * shadowed


@pytest.mark.parametrize(
    ("first", "second", "answer"),
    [
        ("a", "a", True),
        ("a", "b", False),
        ("*", "", True),
        ("a*", "*b", True),
        ("a*c", "a*b", False),
        ("*a*", "bcd*", True),
        ("a*b*c", "aXbXd", False),
        ("**", "*a", True),
        ("ab*", "a", False),
    ],
)
def test_globs_meet_when_there_is_a_name_for_both(first: str, second: str, *, answer: bool) -> None:
    """An exception matters only where it meets the entry."""
    assert (meet(first, second), meet(second, first)) == (answer, answer)


def test_a_glob_covers_what_it_matches_whatever_the_other_star_stands_for() -> None:
    """Covering is decided, not sampled."""
    assert (covers("a*", "ab*c*"), covers("a*c", "a*bc"), covers("a*b", "a*"), covers("*", "*")) == (
        True,
        True,
        False,
        True,
    )


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [
        ("a*", "*b", "a*b"),
        ("/aws/*", "*-api", "/aws/*-api"),
        ("*x*", "*y*", "*x*y*"),
        ("*", "/x", "/x"),
        ("/x", "/x", "/x"),
        ("/x", "/y", None),
    ],
)
def test_what_two_globs_have_in_common_is_a_glob(first: str, second: str, both: str | None) -> None:
    """It stands for log groups that belong to both."""
    assert common(first, second) == both


@given(st.text("ab*", max_size=6), st.text("ab*", max_size=6))
def test_what_is_common_is_covered_by_both_and_there_when_they_meet(first: str, second: str) -> None:
    """Three ways to compare globs are of one mind."""
    both = common(first, second)

    assert (both is not None) == meet(first, second)
    assert both is None or (covers(first, both) and covers(second, both))


@given(steps=st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=4), lines=st.booleans())
def test_a_path_that_is_spelled_is_read_as_it_was(steps: list[str], *, lines: bool) -> None:
    """What `explain` and `diff` print can be put into a contract."""
    path = JsonPath(steps=tuple(steps), filter="lines" if lines else None, when=parse_need("type=a*"))

    assert (parse(spelled(path)), [parse_need(text) for text in spelled_need(parse_need("a['b c']=x"))]) == (
        path,
        [parse_need("a['b c']=x")],
    )


def test_a_path_is_steps_with_dots_or_quotes() -> None:
    """OpenTelemetry's keys have dots in them."""
    assert parse("resource['service.name'].x|lines") == JsonPath(
        steps=("resource", "service.name", "x"), filter="lines"
    )
    assert parse("['it''s']['=|']").steps == ("it's", "=|")
    assert parse("took when type=report").when == Need(paths=(JsonPath(steps=("type",)),), like="report")
    assert parse_need("['a=b']=x=*") == Need(paths=(JsonPath(steps=("a=b",)),), like="x=*")
    assert parse_need("@timestamp") == Need(paths=(JsonPath(steps=("@timestamp",)),))


def test_load_raises_with_every_problem(tmp_path: Path) -> None:
    """Who cannot go on without a contract gets the whole list."""
    path = tmp_path / "c.yaml"
    path.write_text("version: 1\nname: Shop\n")

    with pytest.raises(InvalidContract) as caught:
        logshape.load(str(path))

    assert [problem.rule for problem in caught.value.problems] == ["missing-key", "wrong-name"]
    assert str(caught.value).splitlines() == list(map(str, caught.value.problems))


def test_a_contract_that_is_not_there_is_unreadable(tmp_path: Path) -> None:
    """That is no problem of a contract."""
    with pytest.raises(UnreadableInput, match="cannot be read: Is a directory"):
        logshape.load(tmp_path)


def test_the_library_is_judged_as_the_contract_is(library: Path) -> None:
    """A built-in format with a fault is named with its own file."""
    (library / "more.yaml").write_text("formats:\n  aws/x: {json: {took: 'a..b'}}\n  y: {}\n")

    found: list[Fault] = [
        fault for document in reading(library, HEAD + GROUPS).library.documents for fault in document.faults
    ]

    assert sorted((fault.path, fault.rule) for fault in found) == [
        (("formats", "aws/x"), "missing-key"),
        (("formats", "aws/x", "json", "took"), "wrong-path"),
        (("formats", "y"), "missing-key"),
        (("formats", "y"), "missing-key"),
        (("formats", "y"), "wrong-name"),
    ]


def test_the_shipped_library_has_no_problems() -> None:
    """Built-in formats are of the language that they serve."""
    problems = [problem for document in load.read(SHOP).library.documents for problem in document.problems(load.JUDGES)]

    assert problems == []


def test_advice_is_no_problem_and_can_be_silent(library: Path) -> None:
    """Who is only advised still has a contract, and may say that it is meant."""
    found = reading(library, HEAD + GROUPS)
    found.document.refuse(("name",), "scalar-type", "a number counts as its text")
    quiet = reading(library, HEAD + "ignore: [scalar-type]\n" + GROUPS)
    quiet.document.refuse(("name",), "scalar-type", "a number counts as its text")
    judges = load.JUDGES | {"agreement"}

    assert (found.document.is_sound(), found.problems(judges)) == (True, [])
    assert [str(advice).partition(":")[2] for advice in found.advice(judges)] == [
        "2:7: scalar-type: a number counts as its text"
    ]
    assert (quiet.problems(judges), quiet.advice(judges)) == ([], [])


@pytest.mark.parametrize(
    ("redact", "wanted"),
    [
        ("", SECRETS),
        ("redact: []\n", ()),
        ("redact: [secrets, card]\n", (*SECRETS, Detector(name="card"))),
        ("redact: [{name: email, as: hash}]\n", (Detector(name="email", action="hash"),)),
        (
            "redact: [{name: card, pattern: '[0-9]{13,19}', check: luhn, as: drop}]\n",
            (Detector(name="card", pattern="[0-9]{13,19}", check="luhn", action="drop"),),
        ),
    ],
)
def test_what_is_looked_for(library: Path, redact: str, wanted: tuple[Detector, ...]) -> None:
    """Saying nothing is safe; a list is all there is; a pattern comes before what is built in under its name."""
    assert contract(library, HEAD + GROUPS + redact).redact == wanted


@pytest.mark.parametrize(
    ("redact", "problem"),
    [
        ("[emial]", "4:10: unknown-detector: `emial` is no detector; use one of secrets, aws-access-key, jwt, bearer-token, private-key, email, card, ipv4, ipv6, phone, or give it a `pattern`. Did you mean `email`?"),
        ("[{name: sku}]", "4:17: unknown-detector: `sku` is no detector; use one of secrets, aws-access-key, jwt, bearer-token, private-key, email, card, ipv4, ipv6, phone, or give it a `pattern`"),
        ("[secrets, jwt]", "4:19: duplicate-detector: `jwt` is looked for already; leave one of the two out"),
        ("[{name: a, pattern: '(?=b)'}]", "4:30: wrong-pattern: the pattern `(?=b)` is refused by RE2: invalid perl operator: (?="),
        ("[{name: a, pattern: 'b*'}]", "4:30: wrong-pattern: the pattern `b*` finds the empty text, which is everywhere; ask for at least one character"),
        ("[{name: a, pattern: '^b'}]", "4:30: wrong-pattern: the pattern `^b` is bound to an end of the text, and is looked for anywhere; leave the anchor out, or use `\\b`"),
    ],
)  # fmt: skip
def test_what_cannot_be_looked_for(library: Path, redact: str, problem: str) -> None:
    """A detector that finds nothing, or everything, is worse than none."""
    assert said(library, f"{HEAD}{GROUPS}redact: {redact}\n") == [problem]


@pytest.mark.parametrize("pattern", [r"[$^]x", r"\$[0-9]+", r"\Qa^b\E", r"\bx\b", "[[:alpha:]^]y"])
def test_what_looks_like_an_anchor(library: Path, pattern: str) -> None:
    """In a class, or behind a backslash, it is a character."""
    assert said(library, f"{HEAD}{GROUPS}redact: [{{name: a, pattern: '{pattern}'}}]\n") == []


def test_a_field_of_numbers_can_only_be_dropped(library: Path) -> None:
    """No mask fits its column."""
    fields = (
        "fields: {age: {type: integer, redact: hash}, ip: {type: ip, redact: drop}, who: {type: text, redact: mask}}\n"
    )

    assert said(library, HEAD + GROUPS + fields) == [
        "4:39: wrong-redaction: a field of type integer cannot be hashed, for its stores take no text; use `drop`, or make it a keyword or a text"
    ]
