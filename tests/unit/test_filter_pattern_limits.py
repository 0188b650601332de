"""Limits of filter patterns, of a group's filters and of metric transformations."""

from __future__ import annotations

import pytest

from logshape.dialects.filter_pattern import Breach, group_problems, parse, problems, transformation_problems
from logshape.dialects.filter_pattern.tree import Compare, Json, Regex, Selector, Terms, Text

UNREFERENCED = "must be a valid number (or a field that the pattern refers to)"
SELECTOR = "Invalid metric transformation: dimension value must be valid selector"


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("a" * 1024, []),
        ("a" * 1025, [Breach("pattern-too-long", "1025 characters; CloudWatch takes 1024", 1025)]),
        ("[a=%x%, b=%y%]", []),
        (
            "[a=%x%, b=%y% || b=%z%]",
            [Breach("too-many-regexes", "3 regexes in one pattern; CloudWatch takes 2", 20)],
        ),
        (
            "{ $.a = %x% && ($.b = %y% || $.c != %z%) }",
            [Breach("too-many-regexes", "3 regexes in one pattern; CloudWatch takes 2", 37)],
        ),
        ("%x% %y% %z%", []),  # the limit is one of delimited and JSON patterns
        ("{ $.a[*] = 1 || $.b.* = 1 || $.c[*] IS NULL }", []),
        (
            "{ $.a[*].* = 1 }",
            [Breach("too-many-wildcards", "2 wildcards in `$.a[*].*`; CloudWatch takes 1", 3)],
        ),
        (
            "{ $.a[*] = 1 || $.b.* = 1 || $.c[*] = 1 || $.d[*] NOT EXISTS || $.e[*] = 1 }",
            [Breach("too-many-wildcards", "more than 3 wildcards in the selectors of one pattern", 44)],
        ),
        ("?a ?b", []),
        (
            "a ?b",
            [
                Breach(
                    "ignored-terms",
                    "CloudWatch ignores the terms with `?` where there are others; say what is meant without them",
                    4,
                )
            ],
        ),
        (
            "a(",
            [
                Breach(
                    "invalid-pattern",
                    "Invalid character(s) in term 'a(' (column 2: put the term in double quotes)",
                    2,
                )
            ],
        ),
        (
            Terms((Regex("a(b"),)),
            [
                Breach(
                    "invalid-pattern",
                    "no filter pattern can say the regex `a(b`: `(` is not taken in a regex; write `\\x28`",
                    1,
                )
            ],
        ),
        (
            Json(Compare(Selector(("a",)), "=", Text("x" * 1020))),
            [Breach("pattern-too-long", "1032 characters; CloudWatch takes 1024", 1025)],
        ),
    ],
)
def test_a_pattern_keeps_its_limits(pattern: str | Terms | Json, expected: list[Breach]) -> None:
    """Neither cfn-lint nor botocore checks one of these; the service would, in the middle of an apply."""
    assert problems(pattern) == expected


@pytest.mark.parametrize(
    ("metric_filters", "subscription_filters", "expected"),
    [
        (["%a%"] * 4 + ["a"] * 96, ["%b%", ""], []),
        (
            ["%a%"] * 4,
            ["%a%", "{ $.a = %b% }"],
            [
                Breach(
                    "too-many-regex-patterns",
                    "6 patterns with a regex, metric and subscription filters together, in one log group; CloudWatch takes 5",
                )
            ],
        ),
        (
            ["[a=%x% || a=%y%]"] * 6,
            [],
            [
                Breach(
                    "too-many-regex-patterns",
                    "6 patterns with a regex, metric and subscription filters together, in one log group; CloudWatch takes 5",
                )
            ],
        ),
        (
            ["a"] * 101,
            [""] * 3,
            [
                Breach("too-many-metric-filters", "101 metric filters in one log group; CloudWatch takes 100"),
                Breach("too-many-subscription-filters", "3 subscription filters in one log group; CloudWatch takes 2"),
            ],
        ),
    ],
)
def test_a_group_keeps_its_limits(
    metric_filters: list[str], subscription_filters: list[str], expected: list[Breach]
) -> None:
    """The five regexes are one budget for both kinds of filter."""
    assert group_problems(metric_filters, subscription_filters) == expected


@pytest.mark.parametrize(
    ("pattern", "value", "default", "dimensions", "expected"),
    [
        ("ERROR", "1", 0.0, {}, []),
        ("ERROR", "+1.5", None, {}, []),
        ("ERROR", "", None, {}, [f"Invalid metric transformation: metric value  {UNREFERENCED}"]),
        ("ERROR", "$.a", None, {}, [f"Invalid metric transformation: metric value $.a {UNREFERENCED}"]),
        ("{ $.a = * }", "$.a", None, {}, []),
        ("{ $.a = * }", "$.['a']", None, {}, []),
        ("{ $.a = * }", "$.b", None, {}, [f"Invalid metric transformation: metric value $.b {UNREFERENCED}"]),
        ("{ $.a = * }", "$.a = 1 || $.a", None, {}, [f"Invalid metric transformation: metric value $.a = 1 || $.a {UNREFERENCED}"]),
        ("{ $.a = * }", "1" * 101, None, {}, ["101 characters in the metric value; CloudWatch takes 100"]),
        ("{ $.a = 1 && $.b.c != x }", "1", None, {"A": "$.a", "B": "$.b.c"}, []),
        ("{ $.a = 1 }", "1", None, {"A": "shop"}, [f"{SELECTOR} (`A` is `shop`, which the pattern does not refer to)"]),
        ("{ $.a = 1 }", "1", None, {"B": "$.b"}, [f"{SELECTOR} (`B` is `$.b`, which the pattern does not refer to)"]),
        ("ERROR", "1", None, {"A": "$.a"}, ["The specified filter pattern does not support dimensions"]),
        ("%x%", "1", None, {"A": "$.a"}, ["The specified filter pattern does not support dimensions"]),
        (
            "{ $.a = * }",
            "1",
            0.0,
            {"A": "$.a"},
            ["Invalid metric transformation: dimensions and default value are mutually exclusive properties"],
        ),
        ("{ $.a = * }", "1", None, dict.fromkeys("abcd", "$.a"), ["4 dimensions on one metric; CloudWatch takes 3"]),
        ("{ $.a = * }", "1", None, {"d" * 256: "$.a"}, [f"the dimension `{'d' * 256}` or its value is longer than 255 characters"]),
        ("[a, , ..., b=1, ]", "$b", None, {"A": "$a", "B": "$2", "C": "$7"}, []),
        ("[a, , ..., b=1, ]", "$1", None, {}, [f"Invalid metric transformation: metric value $1 {UNREFERENCED}"]),
        ("[a, b]", "$3", None, {}, [f"Invalid metric transformation: metric value $3 {UNREFERENCED}"]),
        ("[a, b]", "$c", None, {}, [f"Invalid metric transformation: metric value $c {UNREFERENCED}"]),
        ("[a, b]", "b", None, {}, [f"Invalid metric transformation: metric value b {UNREFERENCED}"]),
        ("[]", "$12", None, {}, []),
    ],
)  # fmt: skip
def test_a_metric_takes_values_and_dimensions_from_its_pattern(
    pattern: str, value: str, default: float | None, dimensions: dict[str, str], expected: list[str]
) -> None:
    """CloudWatch says these only when the filter is put."""
    found = transformation_problems(parse(pattern), value, default, dimensions)

    assert [breach.message for breach in found] == expected
