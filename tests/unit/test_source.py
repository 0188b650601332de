"""Source: YAML with places, and its traps."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from logshape.contract.source import LARGEST, Span, parse, read
from logshape.errors import UnreadableInput

if TYPE_CHECKING:
    from pathlib import Path


def said(content: str | bytes) -> list[str]:
    """Return the problems of *content* as they are printed."""
    return list(map(str, parse(content.encode() if isinstance(content, str) else content, "c.yaml").problems))


def test_every_value_and_key_knows_its_place() -> None:
    """A problem is worth most where the mend is made; characters are counted, not bytes."""
    source = parse("a: {é: '日本', b: x} # note\r\nlist:\n  - 1\n  - [2]\n".encode(), "c.yaml")

    assert source.data == {"a": {"é": "日本", "b": "x"}, "list": [1, [2]]}
    assert source.place(("a", "b")) == (1, 17)
    assert source.place(("a", "b"), "key") == (1, 14)
    assert source.place(("list", 1, 0)) == (4, 6)
    assert source.place(("list", 1, 0, "gone", "too")) == (4, 6)
    assert source.place(("nothing",), "key") == (1, 1)


def test_only_a_line_end_ends_a_line() -> None:
    """Editors do not count U+2028 as libyaml does, and do count a lone carriage return."""
    source = parse("a: 'x\u2028y'\rb: 1\r\nc: 2\n".encode(), "c.yaml")

    assert [source.place((key,)) for key in "abc"] == [(1, 4), (2, 4), (3, 4)]
    assert source.lines == ["a: 'x\u2028y'", "b: 1", "c: 2", ""]


@pytest.mark.parametrize(
    ("raw", "column", "place"),
    [
        ("abc", 3, (7, 12)),
        ("'a''b'", 3, (7, 14)),
        (r'"a\tb\u00e9c"', 3, (7, 14)),
        (r'"a\tb\u00e9c"', 5, (7, 21)),
        ('"ab"', 9, (7, 13)),
        (None, 3, (7, 10)),
    ],
)
def test_a_place_inside_a_scalar_minds_quotes_and_escapes(raw: str | None, column: int, place: tuple[int, int]) -> None:
    """Templates are full of tabs; the caret stands under the hole all the same."""
    assert Span(7, 10, raw).inside(column) == place


def test_times_and_dates_are_text() -> None:
    """An example's record says what the record says, which is text."""
    source = parse(b"{t: 2025-10-31T22:38:21.010Z, d: 2025-10-31, y: y, dash: -}", "c.yaml")

    assert source.data == {"t": "2025-10-31T22:38:21.010Z", "d": "2025-10-31", "y": "y", "dash": "-"}
    assert source.problems == ()


def test_scalars_are_read_as_yaml_1_2_does() -> None:
    """Editors read the file by the same rules."""
    source = parse(b"[~, null, true, False, -0, 42, 0x1F, .5, -1.5e3, 1., 9223372036854775807, '1']", "c.yaml")

    assert source.data == [None, None, True, False, 0, 42, 31, 0.5, -1500.0, 1.0, 2**63 - 1, "1"]


@pytest.mark.parametrize("word", ["yes", "No", "on", "OFF"])
def test_a_word_that_was_a_boolean_is_a_problem(word: str) -> None:
    """Norway is a country."""
    assert said(f"a: {word}") == [
        (
            f"c.yaml:1:4: yaml-trap: `{word}` is a boolean in YAML 1.1 and text in 1.2; "
            f"write true or false, or the text in quotes: '{word}'"
        )
    ]


@pytest.mark.parametrize("word", ["012", "0o17", "0b1", "1_000", "12:30", "22:38:21", "1e3", "079e12", "0x_1"])
def test_a_number_of_two_meanings_is_a_problem(word: str) -> None:
    """A request id like 079e12 must not become a number in one reader and text in another."""
    assert said(f"a: {word}") == [
        (
            f"c.yaml:1:4: yaml-trap: `{word}` is one thing in YAML 1.1 and another in 1.2; "
            f"write a decimal number, or '{word}' in quotes"
        )
    ]


@pytest.mark.parametrize(
    ("word", "rest"),
    [
        (".inf", "is not a finite number; write a number, or '.inf' in quotes for the text"),
        ("1.0e999", "is not a finite number; write a number, or '1.0e999' in quotes for the text"),
        ("9223372036854775808", "does not fit into 64 bits; write it in quotes if it is no number to reckon with"),
        ("0xfffffffffffffffff", "does not fit into 64 bits; write it in quotes if it is no number to reckon with"),
    ],
)
def test_a_number_that_no_store_holds_is_a_problem(word: str, rest: str) -> None:
    """The compiled contract holds 64 bits, and JSON no infinity."""
    assert said(f"a: {word}") == [f"c.yaml:1:4: yaml-trap: `{word}` {rest}"]


def test_traps_in_keys_are_problems() -> None:
    """All of them are told at once, and the values behind them are read."""
    content = "on: 1\n2: x\n? [x]\n: y\n<<: {z: 1}\na: 1\n'a': 2\n"

    assert said(content) == [
        "c.yaml:1:1: yaml-key: the key `on` is no text in YAML; put it in quotes: 'on'",
        "c.yaml:2:1: yaml-key: the key `2` is no text in YAML; put it in quotes: '2'",
        "c.yaml:3:3: yaml-key: a list or a map stands where a key belongs; wanted a name",
        "c.yaml:5:1: yaml-tag: `<<` merges maps in YAML 1.1 alone; write the keys out, or use `extends`",
        "c.yaml:7:1: duplicate-key: `a` stands in this map already, at 6:1; leave one of them out",
    ]
    assert parse(content.encode(), "c.yaml").data == {"on": 1, "2": "x", "a": 1}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "1:1: yaml-syntax: the file is empty; wanted a map with `version`, `name` and `groups`"),
        ("# only\n", "1:1: yaml-syntax: the file is empty; wanted a map with `version`, `name` and `groups`"),
        (
            "a:\n \t- b",
            "2:2: yaml-syntax: a tab stands in the indentation, where YAML takes only spaces; put spaces in its place",
        ),
        (
            "a: 1\n---\nb: 2",
            "2:1: yaml-syntax: a second document begins here; a contract is one document, so give each a file of its own",
        ),
        ("a:\n  @timestamp: x", "2:3: yaml-syntax: nothing in YAML begins with `@`; put the word in quotes"),
        (
            "a: [1\nb: 2",
            (
                "2:2: yaml-syntax: this is not YAML: did not find expected ',' or ']', while parsing a flow sequence that began "
                "in line 1; look for a missing quote, bracket, colon or space"
            ),
        ),
        (
            "a: b: c",
            (
                "1:5: yaml-syntax: this is not YAML: mapping values are not allowed in this context; "
                "look for a missing quote, bracket, colon or space"
            ),
        ),
        (
            "a: \x00",
            '1:4: yaml-syntax: the control character U+0000 may not stand here; write "\\u0000" in double quotes',
        ),
        (b"\xef\xbb\xbfa: 1\nb: \xe9\n", "2:4: yaml-syntax: the byte 0xe9 is not UTF-8; save the file as UTF-8"),
        ("a: *b", "1:4: yaml-syntax: `*b` has no complete `&b` before it; write the value out"),
        ("a: &a [*a]", "1:8: yaml-syntax: `*a` has no complete `&a` before it; write the value out"),
        (
            "a: !!binary eA==",
            "1:4: yaml-tag: the tag `tag:yaml.org,2002:binary` means nothing here; leave it out, and put text in quotes",
        ),
    ],
)
def test_what_is_not_yaml_is_a_problem_with_a_place(content: str | bytes, problem: str) -> None:
    """A typo is no traceback."""
    assert said(content) == [f"c.yaml:{problem}"]


def test_anchors_repeat_a_value_at_its_own_place() -> None:
    """Sharing is welcome; what is wrong with a shared value is mended once, so it is told once."""
    source = parse(b"a: &x {b: no}\nc: *x\nd: *x\n", "c.yaml")

    assert source.data == {"a": {"b": "no"}, "c": {"b": "no"}, "d": {"b": "no"}}
    assert source.place(("d", "b")) == (1, 11)
    assert [problem.line for problem in source.problems] == [1]


def test_aliases_that_multiply_end_early() -> None:
    """Nine levels of nine aliases are 387 million values in a file of 300 bytes."""
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{chr(98 + level)}: &{chr(98 + level)} [{','.join(['*' + chr(97 + level)] * 9)}]\n" for level in range(8)
    )

    assert said(bomb) == [
        "c.yaml:1:10: yaml-size: with its aliases followed, the file has more than 100,000 values or is more than 32 deep"
    ]


@pytest.mark.parametrize("content", ["[" * 100_000, "{a: " * 50_000, "- " * 100_000])
def test_depth_ends_early(content: str) -> None:
    """The composer of libyaml would end the process here."""
    (problem,) = parse(content.encode(), "c.yaml").problems

    assert (problem.rule, problem.message) == (
        "yaml-size",
        "lists and maps stand more than 32 deep; no contract needs that",
    )


def test_a_huge_file_is_refused_without_being_read(tmp_path: Path) -> None:
    """What was meant to be a contract and is a dump of 10 MB costs nothing."""
    path = tmp_path / "c.yaml"
    path.write_bytes(b"a: 1\n" * 2_000_000)
    began = time.process_time()

    source = read(path, "c.yaml")

    assert list(map(str, source.problems)) == [
        f"c.yaml:1:1: yaml-size: the file is larger than {LARGEST:,} bytes; a contract is written by people, and much smaller"
    ]
    assert time.process_time() - began < 1


def test_a_file_that_is_not_there_is_unreadable(tmp_path: Path) -> None:
    """That is another exit code than a problem in it."""
    with pytest.raises(UnreadableInput, match=r"^c.yaml cannot be read: No such file or directory$"):
        read(tmp_path / "c.yaml", "c.yaml")
