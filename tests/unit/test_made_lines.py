"""Made-up lines: a format tries every value at which an answer turns, the same on every machine."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from logshape.contract.load import built_in
from logshape.contract.model import CORE_FIELDS
from logshape.contract.predicates import parse
from logshape.lines.conditions import any_of
from logshape.proof.bench import Bench
from logshape.proof.lines import Maker, question

CONTRACT = built_in()
FIELDS = {field.name: field for field in (*CORE_FIELDS, *CONTRACT.fields)}
TYPES = {name: field.type for name, field in FIELDS.items()}
PRINTED = """
from logshape.contract.load import built_in
from logshape.proof.bench import Bench
contract = built_in()
bench = Bench(contract)
print([made.text for name in contract.formats for made in bench.maker(name).lines(None, 5)])
"""


@pytest.mark.parametrize("name", CONTRACT.formats)
def test_every_line_is_one_that_the_format_reads(name: str) -> None:
    """What the format cannot write proves nothing about it."""
    maker = Maker(CONTRACT.formats[name], FIELDS)
    lines = [made.text for made in maker.lines(None, 10)]

    assert len(lines) >= 10
    assert [line for line in lines if maker.writer.read(line) is None] == []


@pytest.mark.parametrize(
    ("name", "asked", "values"),
    [
        ("aws/apigateway-access", "status >= 500", {499, 500, 501, 100, 599, None}),
        ("aws/lambda-json", "level = ERROR", {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL", None}),
        ("aws/lambda-json", "logger like 'app.*'", {"app.", "app.x y", "xapp.x y", "app.x", "APP.X Y", None}),
        ("aws/lambda-platform", "duration_ms > 3000 and event = 'report'", {2999.0, 3000.5, 3000.0, 2999.5, None}),
        ("aws/lambda-text", "level >= ERROR", {"WARN", "ERROR", "FATAL", None}),
    ],
)
def test_the_fields_of_a_question_take_the_values_at_which_it_turns(name: str, asked: str, values: set[object]) -> None:
    """A filter that is wrong by one is wrong at the boundary, and nowhere else."""
    maker = Maker(CONTRACT.formats[name], FIELDS)
    predicate = parse(asked)
    records = [maker.writer.read(made.text) or {} for made in maker.lines(question(predicate, FIELDS), 40)]
    field = asked.split(maxsplit=1)[0]
    answers = {any_of((predicate,), TYPES)(record) for record in records}

    assert values - {record.get(field) for record in records} == set()
    assert answers == {True, False}


def test_only_odd_lines_have_a_scalar_of_another_type() -> None:
    """They are advice and the others are problems, so that each must be known for what it is."""
    maker = Maker(CONTRACT.formats["aws/lambda-json"], FIELDS)
    lines = list(maker.lines(question(parse("duration_ms > 3"), FIELDS), 60))
    misfits = {
        made.odd for made in lines if "type:duration_ms" in (maker.writer.read(made.text) or {}).get("parse_errors", ())
    }

    assert misfits == {True}
    assert '"duration_ms":"12.5"' in "".join(made.text.replace(": ", ":") for made in lines if made.odd)


def test_every_process_makes_up_the_same_lines() -> None:
    """A proof that fails today and holds tomorrow proves nothing."""
    bench = Bench(CONTRACT)
    here = [made.text for name in CONTRACT.formats for made in bench.maker(name).lines(None, 5)]
    environment = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "PYTHONIOENCODING": "utf-8"}
    there = subprocess.run([sys.executable, "-c", PRINTED], env=environment, capture_output=True, check=True)

    assert there.stdout.decode().rstrip() == str(here)
