"""Line templates: the language, and what its faults are called."""

from __future__ import annotations

import pytest

from logshape.contract.templates import Hole, Maybe, Text, parse
from logshape.errors import InvalidTemplate


def test_a_template_is_literals_and_holes() -> None:
    """The tree is what the reader, the pattern and the generator are made from."""
    template = parse("[{level|pad}] {{{a,b?:word}{? x={_:uuid}} }} {*:json}")

    assert template.parts == (
        Text("["),
        Hole(names=("level",), filter="pad"),
        Text("] {"),
        Hole(names=("a", "b"), optional=True, shape="word"),
        Maybe((Text(" x="), Hole(shape="uuid"))),
        Text(" } "),
        Hole(shape="json"),
    )
    assert template.names == ("level", "a", "b")


@pytest.mark.parametrize(
    ("source", "column", "message"),
    [
        ("{level", 1, "a hole is not closed; write `{field}`, or `{{` for a brace"),
        ("a } b", 3, "`}` closes nothing; write `}}` for a brace"),
        ("{Level}", 2, "`Level` is no field name; wanted [a-z][a-z0-9_]*, `@timestamp`, `_` or `*`"),
        ("{a:wrod}", 4, "`wrod` is no shape; use one of word, uuid, iso, slashed, clf, json, pairs"),
        ("{a|upper}", 4, "`upper` is no filter; use pad"),
        ("{*}", 2, "`{*}` goes with the shapes json and pairs, and they with it"),
        ("{a:json}", 2, "`{*}` goes with the shapes json and pairs, and they with it"),
        ("{a}{b}", 1, "two holes stand side by side; put a literal before `{b}`"),
        ("{a}{?{b}}", 4, "an optional part begins with a literal, by which a reader knows that it is there"),
        ("a{? b", 6, "an optional part is not closed; add `}`"),
        ("a{? b{? c}}", 6, "an optional part stands inside another; write them one after the other"),
    ],
)
def test_a_fault_has_its_column(source: str, column: int, message: str) -> None:
    """An editor puts the cursor where the mend is made."""
    with pytest.raises(InvalidTemplate) as caught:
        parse(source)

    assert (caught.value.column, str(caught.value)) == (column, message)
