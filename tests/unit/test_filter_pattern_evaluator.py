r"""Filter patterns on lines: AWS's own examples, each statement of its documentation, and each switch."""

from __future__ import annotations

import json

import msgspec
import pytest

from logshape.dialects.filter_pattern import DEFAULT, Match, Unconfirmed, hangs_on, matches
from logshape.dialects.filter_pattern.fields import split

APACHE = [
    '127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /apache_pb.gif HTTP/1.0" 200 1534',
    '127.0.0.1 - frank [10/Oct/2000:13:35:22 -0700] "GET /apache_pb.gif HTTP/1.0" 500 5324',
    '127.0.0.1 - frank [10/Oct/2000:13:50:35 -0700] "GET /apache_pb.gif HTTP/1.0" 200 4355',
]
PAGES = [
    '127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534',
    '127.0.0.1 - frank [10/Oct/2000:13:35:22 -0700] "GET /about-us/index.html HTTP/1.0" 200 5324',
    '127.0.0.1 - frank [10/Oct/2000:13:50:35 -0700] "GET /apache_pb.gif HTTP/1.0" 404 4355',
    '127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /products/index.html HTTP/1.0" 400 1534',
]
LOG4J = [
    "02 May 2014 00:34:12,525 [INFO] Starting the application",
    "02 May 2014 00:35:14,245 [DEBUG] Database connection established",
    "02 May 2014 00:34:14,663 [INFO] Executing SQL Query",
    "02 May 2014 00:34:16,142 [ERROR] Unhanded exception: InvalidQueryException",
    "02 May 2014 00:34:16,224 [ERROR] Terminating the application",
]
FIRST = ["127.0.0.1", "-", "frank", "10/Oct/2000:13:25:15 -0700", "GET /apache_pb.gif HTTP/1.0", "200", "1534"]
NAMES = ["ip", "identity", "user_id", "timestamp", "request", "status_code", "size"]
USERS = {
    "user": {"id": 1, "email": "John.Stiles@example.com"},
    "users": [{"id": 2, "email": "John.Doe@example.com"}, {"id": 3, "email": "Jane.Doe@example.com"}],
    "actions": ["GET", "PUT", "DELETE"],
    "coordinates": [[0, 1, 2], [4, 5, 6], [7, 8, 9]],
}
TRAIL = {
    "eventType": "UpdateTrail",
    "sourceIPAddress": "111.111.111.111",
    "arrayKey": ["value", "another value"],
    "objectList": [{"name": "a", "enabled": True}, {"name": "b", "enabled": False}],
    "SomeObject": None,
    "cluster.name": "c",
    "detail-type": "d",
    "snake_case": "s",
    "errorCode": 400,
    "errorMessage": "",
    "quoted": "400",
    "latency": 1.5e3,
    "small": -0.5,
    "yes": True,
    "no": False,
    "rare": "Ev*ent",
    "near": "Event",
    "say": 'a "b" \\c',
    "inner": {"list": [1, [2, "deep"]], "null": None},
}


def numbered(values: list[str]) -> dict[str, str]:
    """Return *values* by their positions, as unnamed fields are extracted."""
    return {f"${place}": value for place, value in enumerate(values, start=1)}


@pytest.mark.parametrize(
    ("pattern", "lines", "expected", "values"),
    [
        (
            f"[{', '.join(NAMES)}]",
            APACHE,
            [0, 1, 2],
            {f"${name}": text for name, text in zip(NAMES, FIRST, strict=True)},
        ),
        ("[..., size]", APACHE, [0, 1, 2], numbered(FIRST[:6]) | {"$size": "1534"}),
        ("[]", APACHE, [0, 1, 2], numbered(FIRST)),
        (
            "[..., status_code=200, size]",
            APACHE,
            [0, 2],
            numbered(FIRST[:5]) | {"$status_code": "200", "$size": "1534"},
        ),
        (
            "[..., request=*.html*, status_code=4*,]",
            PAGES,
            [0, 3],
            numbered(FIRST[:4]) | {"$request": "GET /index.html HTTP/1.0", "$status_code": "404", "$7": "1534"},
        ),
        ('"[ERROR]"', LOG4J, [3, 4], {}),
        ('"[ERROR]" Exception', LOG4J, [3], {}),
    ],
)
def test_aws_examples_match_and_extract_as_printed(
    pattern: str, lines: list[str], expected: list[int], values: dict[str, str]
) -> None:
    """These are the only answers of the service that it publishes."""
    found = {place: match for place, line in enumerate(lines) if (match := matches(pattern, line))}

    assert (list(found), found[expected[0]]) == (expected, Match(values))


@pytest.mark.parametrize(
    ("pattern", "line", "expected"),
    [
        ("", "anything", True),
        ("", "", True),
        (" \t\n", "anything", True),
        ('" "', "anything", True),
        ('""', "anything", True),
        ('" " a', "anything", False),  # beside another term a blank is text
        ("ERROR", "Exiting with ERRORCODE: -1", True),
        ("ERROR", "error", False),
        ("ERROR ARGUMENTS", "ARGUMENTS of ERROR", True),
        ("ERROR ARGUMENTS", "ERROR", False),
        ("ERROR -EXITING", "ERROR now", True),
        ("ERROR -EXITING", "ERROR EXITING", False),
        ("-ERROR", "fine", True),
        ("-ERROR", "ERROR", False),
        ('-"a b" -%c+d%', "a cd b", False),
        ('-"a b" -%c+d%', "a c b", True),
        ("?ERROR ?ARGUMENTS", "ARGUMENTS", True),
        ("?ERROR ?ARGUMENTS", "REQUEST", False),
        ("?ERROR ?ARGUMENTS REQUEST", "ERROR", False),  # `?` is ignored beside other terms
        ("?ERROR ?ARGUMENTS REQUEST", "REQUEST", True),
        ("?ERROR -WARN", "INFO", True),
        ("?ERROR -WARN", "ERROR WARN", False),
        ('"a \\"b\\" \\\\ %c%"', 'x a "b" \\ %c% y', True),
        ('"a*c"', "abc", False),
        ('"a*c"', "a*c", True),
        ('"naïve 🛒"', "so naïve 🛒!", True),
        ("%AUTHORIZED%", "UNAUTHORIZED", True),
        ("%^AUTHORIZED%", "UNAUTHORIZED", False),
        ("%^starting|^initializing|^shutting down%", "shutting down now", True),
        ("%^starting|^initializing|^shutting down%", "now shutting down", False),
        (r"%^\[ERROR\]\s%", "[ERROR]\tboom", True),
        (r"%^\[ERROR\]\s%", 'he said "[ERROR] boom"', False),
        (r"%\d{3}$%", "status 404", True),
        (r"%^\d{,3}$%", "404", True),
        (r"%^\d{,3}$%", "4040", False),
        (r"%^\d{2,}$%", "4", False),
        (r"%^\d{2,3}$%", "404", True),
        (r"%^[^0-9]+$%", "abc", True),
        (r"%^\x21\x28\x29\x22\x25\x7B$%", '!()"%{', True),
        (r"%^\w\W\s\S\D.$%", "a- b-c", True),
        (r"%10\.0\.0\.1%", "10.0.0.1", True),
        (r"%10\.0\.0\.1%", "10x0x0x1", False),
        (r"%a?b*c+%", "xc", True),
        (r"%^.$%", "é", True),
        (r"%^a:_#=@/;,-$%", "a:_#=@/;,-", True),
    ],
)
def test_terms_are_found_anywhere_in_a_line(pattern: str, line: str, expected: bool) -> None:  # noqa: FBT001 # a table's last column
    """A term is no word: what counts it must know."""
    assert matches(pattern, line) == (Match({}) if expected else None)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ('{ ($.user.id = 1) && ($.users[0].email = "John.Doe@example.com") }', True),
        (
            '{ $.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = "nonmatch" && $.actions[2] = "nonmatch" }',
            True,
        ),
        (
            '{ ($.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = "nonmatch") && $.actions[2] = "nonmatch" }',
            False,
        ),
        ('{ ($.user.id = 2 && $.users[0].email = "nonmatch") || $.actions[2] = "GET" }', False),
        ("{ $.coordinates[0][1] = 1 }", True),
        ("{ $.users[*].id = 3 }", True),
        ("{ $.users[*].id = 4 }", False),
        ("{ $.users[2].id = * }", False),
        ("{ $.users[*].* = 3 }", True),
    ],
)
def test_compound_conditions_bind_as_documented(pattern: str, expected: bool) -> None:  # noqa: FBT001 # a table's last column
    """Parentheses, then and, then or."""
    assert (matches(pattern, json.dumps(USERS)) is not None) is expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("$.arrayKey[*] = %val.{2}%", True),
        (r"$.* = %111\.111\.111\.1[0-9]{1,2}%", True),
        ("$.SomeObject IS NULL", True),
        ("$.eventType IS NULL", False),
        ("$.SomeOtherObject IS NULL", False),
        ("$.SomeOtherObject NOT EXISTS", True),
        ("$.SomeObject NOT EXISTS", False),
        ("$.inner NOT EXISTS", False),
        ("$.['cluster.name'] = \"c\"", True),
        ("$.detail-type = d && $.snake_case = s", True),
        ("$.['eventType'] = UpdateTrail", True),
        ("$.yes IS TRUE && $.no IS FALSE", True),
        ("$.yes IS FALSE", False),
        ("$.eventType IS TRUE", False),
        ("$.objectList[0].enabled IS TRUE", True),
        ("$.objectList[*].enabled IS FALSE", True),
        ("$.latency = *", True),
        ('$.latency = "*"', True),
        ("$.yes = *", True),
        ("$.absent = *", False),
        ("$.inner = *", False),  # objects and arrays never match
        ("$.inner != x", False),
        ("$.arrayKey = value", False),
        ("$.arrayKey != value", False),
        ("$.inner.list[1][1] = deep", True),
        ("$.inner.list[1] != deep", False),
        ('$.eventType = "UpdateTrail"', True),
        ('$.eventType = "updatetrail"', False),
        ('$.eventType = "Update"', False),
        ('$.eventType = "Update*"', True),
        ("$.eventType = Update*", True),
        ('$.eventType = "*Trail"', True),
        ('$.eventType = "*dateT*"', True),
        ('$.eventType = "*date"', False),
        ("$.sourceIPAddress = 111.111.*", True),
        ("$.sourceIPAddress != 123.123.*", True),
        ('$.eventType = "*" && $.sourceIPAddress != 123.123.*', True),
        ("$.rare = Ev*ent && $.near != Ev*ent", True),  # a star in the middle is a star
        ('$.errorMessage = ""', True),
        ('$.say = "a \\"b\\" \\\\c"', True),
        ("$.errorCode = 400", True),
        ("$.errorCode = 4e+2", True),
        ("$.errorCode = +400.0", True),
        ("$.errorCode != 400", False),
        ("$.errorCode != 401", True),
        ("$.errorCode >= 400 && $.errorCode <= 400", True),
        ("$.errorCode > 400 || $.errorCode < 400", False),
        ("$.latency = 1.5e+3 && $.small < -1e-3", True),
        ("$.eventType > 1", False),
        ("$.yes = 1", False),
        ("$.yes != x", True),
        ("$.eventType != 5", True),
        (r"$.eventType = %^Up\w+$%", True),
        ("$.eventType != %^Down%", True),
        ("$.a.b.c = 1", False),
        ("$.eventType[0] = U", False),
        ("$.inner[0] = 1", False),
    ],
)
def test_conditions_on_json_hold_as_documented(condition: str, expected: bool) -> None:  # noqa: FBT001 # a table's last column
    """Each is a statement of the documentation, or follows from one."""
    assert (matches(f"{{ {condition} }}", json.dumps(TRAIL)) is not None) is expected


@pytest.mark.parametrize(
    "line", ['[INFO] {"a": 1}', '[{"a": 1}]', '{"a": 1} {"a": 1}', '{"a": NaN}', '{"a": 1', "", "a", '{"a":' * 100_000]
)
def test_only_one_whole_json_object_matches_a_json_pattern(line: str) -> None:
    """Text before the brace makes it text."""
    assert matches("{ $.a = * }", line) is None


def test_json_that_a_quick_reader_refuses_is_still_json() -> None:
    """Half a surrogate pair and a number beyond a double are legal JSON."""
    assert matches("{ $.a = x }", '{"a": "x", "b": "\\ud800", "c": 1e999}') == Match({"$.a": "x"})


def test_json_extracts_the_scalars_that_its_selectors_find() -> None:
    """Metric values and dimensions name these keys."""
    pattern = "{ ($.user.id = 1 || $.absent = 1) && $.users[*].email = *Jane* && $.actions NOT EXISTS || $.['user'].email = * }"

    assert matches(pattern, json.dumps(USERS)) == Match(
        {"$.user.id": "1", "$.users[*].email": "John.Doe@example.com", "$.user.email": "John.Stiles@example.com"}
    )


@pytest.mark.parametrize(
    ("pattern", "line", "expected"),
    [
        ("[a, b]", "1 2", {"$a": "1", "$b": "2"}),
        ("[a, b]", "1", None),
        ("[a, b]", "1 2 3", None),
        ("[a, , c]", "1 2 3", {"$a": "1", "$2": "2", "$c": "3"}),
        ("[,]", "1 2", {"$1": "1", "$2": "2"}),
        ("[a, ...]", "1 2 3", {"$a": "1", "$2": "2", "$3": "3"}),
        ("[a, ...]", "1", {"$a": "1"}),
        ("[a, ..., z]", "1 2 3 4", {"$a": "1", "$2": "2", "$3": "3", "$z": "4"}),
        ("[a, ..., z]", "1 2", {"$a": "1", "$z": "2"}),
        ("[a, ..., z]", "1", None),
        ("[ip, user, ..., status_code=500, bytes]", APACHE[1], {"$ip": "127.0.0.1", "$user": "-", **dict(zip(["$3", "$4", "$5", "$status_code", "$bytes"], ["frank", "10/Oct/2000:13:35:22 -0700", "GET /apache_pb.gif HTTP/1.0", "500", "5324"], strict=True))}),
        ("[]", "", {}),
        ("[a]", '"x y"', {"$a": "x y"}),
        ("[a, b]", '"" []', {"$a": "", "$b": ""}),
        ("[a, b]", "[x y] [z", {"$a": "x y", "$b": "[z"}),
        ("[a, b]", '"x 1', {"$a": '"x', "$b": "1"}),
        ("[a, b]", "x[1 2]", {"$a": "x[1", "$b": "2]"}),
        ("[w1=ERROR, w2]", "ERROR 09/25/2014 12:00:02 Failed to process request", {"$w1": "ERROR", "$w2": "09/25/2014 12:00:02 Failed to process request"}),
        ("[w1=ERROR, w2]", "WARN 09/25/2014 12:00:02 Failed", None),
        ("[w1=ERROR, w2]", "ERROR", None),
        ("[w1!=ERROR&&w1!=WARN, w2]", "INFO up and running", {"$w1": "INFO", "$w2": "up and running"}),
        ("[w1!=ERROR&&w1!=WARN, w2]", "WARN up and running", None),
        ("[w1=ERROR, ...]", "ERROR in it", {"$w1": "ERROR", "$2": "in", "$3": "it"}),
        ("[a=1 || a=2 && a!=2]", "1", {"$a": "1"}),
        ("[a=1 || a=2 && a!=2]", "2", None),
        ("[a > 1, b >= 2, c < 3, d <= 4, e != 5]", "1.5 2 -3e1 4 6", {"$a": "1.5", "$b": "2", "$c": "-3e1", "$d": "4", "$e": "6"}),
        ("[a > 1]", "x", None),
        ("[a != 1]", "x", {"$a": "x"}),
        ("[a = *]", "x", {"$a": "x"}),
        ('[a = "x*"]', "xyz", {"$a": "xyz"}),
        ('[a = "*y*"]', "xyz", {"$a": "xyz"}),
        ('[a = "x y", b = %^4[0-9]{2}$%]', '"x y" 404', {"$a": "x y", "$b": "404"}),
        ("[a = %,%, b]", "x,y z", {"$a": "x,y", "$b": "z"}),
        ("[a, b]", "é 日本", {"$a": "é", "$b": "日本"}),
    ],
)  # fmt: skip
def test_fields_between_spaces_are_counted_tested_and_extracted(
    pattern: str, line: str, expected: dict[str, str] | None
) -> None:
    """Every field is accounted for, by a slot or by the one ellipsis."""
    assert matches(pattern, line) == (None if expected is None else Match(expected))


@pytest.mark.parametrize(
    ("switch", "setting", "pattern", "line", "ours", "other"),
    [
        ("wildcards_in_terms", True, '"a*c"', "abc", None, {}),
        ("wildcards_in_terms", True, '"*c*b*"', "abc", None, None),
        ("space_in_regex", False, "%a b%", "a b", {}, "refused"),
        ("dot_takes_newline", True, "%a.b%", "a\nb", None, {}),
        ("anchors_at_lines", True, "%^b$%", "a\nb\nc", None, {}),
        ("wildcards_in_slots", False, "[a=b*]", "b", {"$a": "b"}, "refused"),
        ("unequal_takes_missing", True, "{ $.b != x }", '{"a": 1}', None, {}),
        ("unequal_takes_null", True, "{ $.a != x }", '{"a": null}', None, {}),
        ("star_takes_null", True, "{ $.a = * }", '{"a": null}', None, {}),
        ("numbers_read_text", True, "{ $.a >= 400 }", '{"a": "400"}', None, {"$.a": "400"}),
        ("text_reads_numbers", True, "{ $.a = 4* }", '{"a": 404}', None, {"$.a": "404"}),
        ("tab_parts_fields", True, "[a, b]", "1\t2", None, {"$a": "1", "$b": "2"}),
        ("spaces_run_together", False, "[a, b, c]", "1  2", None, {"$a": "1", "$b": "", "$c": "2"}),
        ("closing_parts_fields", False, "[a, b]", "[1]2 3", None, {"$a": "[1]2", "$b": "3"}),
        ("closing_parts_fields", False, "[a, b, c]", '[1 2]"3 4" 5', {"$a": "1 2", "$b": "3 4", "$c": "5"}, None),
        ("last_name_takes_rest", "never", "[a=1, b]", "1 2 3", {"$a": "1", "$b": "2 3"}, None),
        ("last_name_takes_rest", "always", "[a, b]", "1 2 3", None, {"$a": "1", "$b": "2 3"}),
    ],
)  # fmt: skip
def test_each_open_point_is_one_switch(  # noqa: PLR0913, PLR0917 # the columns of the table
    switch: str, setting: object, pattern: str, line: str, ours: object, other: object
) -> None:
    """What AWS leaves open is decided in one place, and where it decides an answer, that is told."""
    changed = msgspec.structs.replace(DEFAULT, **{switch: setting})
    default = matches(pattern, line)
    answer = "refused" if other == "refused" else matches(pattern, line, changed)

    assert default == (None if ours is None else Match(ours))
    assert answer == (other if other in (None, "refused") else Match(other))
    assert (switch in hangs_on(pattern, line)) is (ours != other)


def test_every_switch_is_tried() -> None:
    """A switch that no line can turn would be a claim without effect."""
    tried = {mark.args[1][place][0] for mark in test_each_open_point_is_one_switch.pytestmark for place in range(17)}

    assert tried == set(Unconfirmed.__struct_fields__)


@pytest.mark.parametrize("pattern", ["ERROR", '{ $.a = "x" }', "[a, ...]", "%^x%"])
@pytest.mark.parametrize("line", ['{"a":"x"}', "x y", ""])
def test_plain_patterns_hang_on_nothing(pattern: str, line: str) -> None:
    """What the compiler emits means the same however AWS reads the open points."""
    assert hangs_on(pattern, line) == ()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (" a  b ", ["", "a", "", "b", ""]),
        ("", []),
        (" ", ["", ""]),
        ("a", ["a"]),
        ('"a" "b"', ["a", "b"]),
    ],
)
def test_single_spaces_leave_empty_fields(line: str, expected: list[str]) -> None:
    """The other reading of runs of spaces, at the edges too."""
    assert [text for text, _ in split(line, Unconfirmed(spaces_run_together=False))] == expected
