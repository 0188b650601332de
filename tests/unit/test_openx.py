"""Records convert as Firehose converts them: whole, typed as the Glue table says, or not at all."""

from __future__ import annotations

import json
from base64 import b64decode
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logshape.archive.columns import misfits
from logshape.archive.failures import failure_lines
from logshape.archive.openx import Converted, Converter, Refused
from logshape.artefacts import firehose, glue
from logshape.errors import UnreadableInput

if TYPE_CHECKING:
    from logshape.contract.model import Contract

ONE_OF_EACH = [
    {"Name": "text", "Type": "string"},
    {"Name": "yes", "Type": "boolean"},
    {"Name": "number", "Type": "int"},
    {"Name": "long", "Type": "bigint"},
    {"Name": "real", "Type": "double"},
    {"Name": "time", "Type": "timestamp"},
    {"Name": "texts", "Type": "array<string>"},
]
ROWS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "text": st.text(),
            "yes": st.booleans(),
            "number": st.integers(-(2**31), 2**31 - 1),
            "long": st.integers(-(2**63), 2**63 - 1),
            "real": st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53),
            "time": st.datetimes().map(lambda time: f"{time.isoformat(timespec='milliseconds')}Z"),
            "texts": st.lists(st.none() | st.text()),
        },
    ),
    min_size=1,
)
MISFIT = "DataFormatConversion.MalformedData"


def convert(*records: bytes) -> Converted:
    """Convert *records* by the table of one column a type."""
    return Converter(ONE_OF_EACH).convert(records)


def row(record: bytes) -> dict[str, object]:
    """Return the one row of *record*, without nulls."""
    converted = convert(record)
    assert converted.refused == ()
    [only] = converted.table.to_pylist()
    return {name: value for name, value in only.items() if value is not None}


def test_the_columns_are_the_glue_tables(shop: Contract) -> None:
    """Athena reads a file by the table: another type is an error, or worse, another value."""
    columns = glue.columns(shop)

    assert misfits(Converter(columns).convert([]).table.schema, columns) == []


def test_a_table_that_no_contract_compiles_to_is_refused_by_name() -> None:
    """A column that somebody changed by hand must not be guessed at."""
    with pytest.raises(UnreadableInput) as caught:
        Converter([{"Name": "tags", "Type": "map<string,string>"}])

    assert str(caught.value) == (
        "Glue column `tags` has type `map<string,string>`; a contract compiles to string, boolean, int, bigint, "
        "double, timestamp, array<string>. Write the table anew from the contract."
    )


@pytest.mark.parametrize(
    ("record", "numbers"),
    [
        (b'{"number":1}\n{"number":2}\n', [1, 2]),
        (b'{"number":1}{"number":2}', [1, 2]),
        (b' {"number":1}\r\n\r\n{"number":2} \n', [1, 2]),
        (b'{"NUMBER":"1"}{"number":2}', [1, 2]),
        (b'{}{"number":null}', [None, None]),
    ],
)
def test_a_record_holds_objects_one_after_the_other(record: bytes, numbers: list[int | None]) -> None:
    """Ingest packs many rows into one record, since Firehose bills each as 5 KB."""
    assert convert(record).table["number"].to_pylist() == numbers


def test_rows_keep_the_order_of_their_records() -> None:
    """The fast way and the lenient one give one table."""
    converted = convert(b'{"number":1}', b'{"Number":"2"}', b'{"number":3}')

    assert converted.table["number"].to_pylist() == [1, 2, 3]


@given(rows=ROWS)
def test_the_fast_way_reads_what_the_lenient_one_reads(rows: list[dict[str, object]]) -> None:
    """Which way a record takes must not show; a key that is no column sends it the lenient way."""
    fast = convert(msgspec.json.Encoder().encode_lines(rows))
    lenient = convert(msgspec.json.Encoder().encode_lines([{"stranger": 0} | row for row in rows]))

    assert (fast.refused, lenient.refused) == ((), ())
    assert fast.table.equals(lenient.table)
    assert [{k: v for k, v in row.items() if k != "time"} for row in fast.table.to_pylist()] == [
        {column["Name"]: row.get(column["Name"]) for column in ONE_OF_EACH if column["Name"] != "time"} for row in rows
    ]


def test_keys_lose_their_case_and_strangers_are_dropped() -> None:
    """CaseInsensitive is the SerDe's default, and a table that lags behind the contract loses what it does not know."""
    record = b'{"Text":"a","TEXT":"b","more":{"deep":[1]},"number":7}'

    assert row(record) == {"text": "b", "number": 7}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2025-10-31T22:38:21.010Z", "2025-10-31T22:38:21.010000"),
        ("2025-10-31T22:38:21Z", "2025-10-31T22:38:21"),
        ("2025-10-31T22:38:21.123456789Z", "2025-10-31T22:38:21.123456"),
        ("0001-01-01T00:00:00.000Z", "0001-01-01T00:00:00"),
        ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999000"),
        ("1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999000"),
        ("2025-10-31 22:38:21.01", "2025-10-31T22:38:21.010000"),
        ("2025-1-3 02:38:21", "2025-01-03T02:38:21"),
        (1761950301, "2025-10-31T22:38:21"),
        (1761950301010, "2025-10-31T22:38:21.010000"),
        (1761950301.01, "2025-10-31T22:38:21.010000"),
        ("1761950301", "2025-10-31T22:38:21"),
        ("1761950301010", "2025-10-31T22:38:21.010000"),
        ("1761950301.5", "2025-10-31T22:38:21.500000"),
    ],
)
def test_the_documented_spellings_of_a_time_are_read(value: object, expected: str) -> None:
    """They are all that Firehose reads; UTC, whatever this machine's zone."""
    [time] = row(json.dumps({"time": value}).encode()).values()

    assert isinstance(time, datetime)
    assert time.isoformat() == expected


@pytest.mark.parametrize(
    "value",
    [
        "2025-10-31T22:38:21.010+00:00",
        "2025-10-31T22:38:21,010Z",
        "2025-10-31T22:38:21.010",
        "2025-10-31T22:38:21.0101010101Z",
        "2025-10-31 22:38:21Z",
        "2025-10-31t22:38:21z",
        "2025-10-31",
        "2025-02-30T00:00:00.000Z",
        "2025-10-31T24:00:01.000Z",
        "2025-10-31T22:38:60.000Z",
        "0000-01-01T00:00:00.000Z",
        "٢٠٢٥-10-31T22:38:21.010Z",
        "now",
        "",
        True,
        9007199254740993000,
        1e300,
        {"seconds": 1},
    ],
)
def test_another_spelling_of_a_time_refuses_the_record(value: object) -> None:
    """One row with an offset would take its whole record, up to a mebibyte of neighbours, to the error prefix."""
    spelled = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    record = f'{{"number":1}}{{"time":{spelled}}}'.encode()

    [refused] = convert(record).refused

    assert (refused.record, refused.code) == (record, MISFIT)
    assert refused.message.endswith(" is no timestamp.")


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (b'{"number":-2147483648}', {"number": -(2**31)}),
        (b'{"number":2147483647}', {"number": 2**31 - 1}),
        (b'{"number":"-2147483648"}', {"number": -(2**31)}),
        (b'{"long":-9223372036854775808}', {"long": -(2**63)}),
        (b'{"long":"9223372036854775807"}', {"long": 2**63 - 1}),
        (b'{"real":1e308}', {"real": 1e308}),
        (b'{"real":7}', {"real": 7.0}),
        (b'{"real":"-1.5e3"}', {"real": -1500.0}),
        (b'{"yes":"TRUE"}', {"yes": True}),
        (b'{"yes":false}', {"yes": False}),
        (b'{"text":12}', {"text": "12"}),
        (b'{"text":true}', {"text": "true"}),
        (b'{"text":""}', {"text": ""}),
        (b'{"text":"a\\u0000b"}', {"text": "a\0b"}),
        ('{"text":"注文 🛒"}'.encode(), {"text": "注文 🛒"}),
        (b'{"text":"\\ud83d\\uded2"}', {"text": "🛒"}),
        (b'{"texts":[]}', {"texts": []}),
        (b'{"texts":["type:status",null,1]}', {"texts": ["type:status", None, "1"]}),
    ],
)
def test_a_value_that_fits_is_kept(record: bytes, expected: dict[str, object]) -> None:
    """The edges of each type, and numbers and booleans as text, which the SerDe reads."""
    assert row(record) == expected


def test_the_sign_of_zero_is_kept() -> None:
    """What is equal to Python need not be equal to the next reader."""
    assert str(row(b'{"real":-0.0}')["real"]) == "-0.0"


@pytest.mark.parametrize(
    ("record", "code", "message"),
    [
        (b'{"number":2147483648}', MISFIT, "Data does not match the schema: 2147483648 is no int."),
        (b'{"number":1.0}', MISFIT, "Data does not match the schema: 1.0 is no int."),
        (b'{"number":"x"}', MISFIT, 'Data does not match the schema: "x" is no int.'),
        (b'{"number":true}', MISFIT, "Data does not match the schema: true is no int."),
        (b'{"long":9223372036854775808}', MISFIT, "Data does not match the schema: 9223372036854775808 is no bigint."),
        (b'{"real":"NaN"}', MISFIT, 'Data does not match the schema: "NaN" is no double.'),
        (b'{"real":false}', MISFIT, "Data does not match the schema: false is no double."),
        (b'{"yes":1}', MISFIT, "Data does not match the schema: 1 is no boolean."),
        (b'{"text":{"a":1}}', MISFIT, 'Data does not match the schema: {"a":1} is no string.'),
        (b'{"texts":"one"}', MISFIT, 'Data does not match the schema: "one" is no array<string>.'),
        (b'{"texts":[["deep"]]}', MISFIT, 'Data does not match the schema: ["deep"] is no string.'),
        (b'[{"number":1},{"number":2}]', MISFIT, '[{"number":1},{"number":2}] is no JSON object.'),
        (b'{"number":1}\nnull\n', MISFIT, "Data does not match the schema: null is no JSON object."),
        (b" \n", MISFIT, "The record is empty."),
        (b'{"real":1' + b"0" * 400 + b"}", MISFIT, "0… is no double."),
        (b'{"text":"a"', "DataFormatConversion.ParseError", "Not JSON: Input data was truncated."),
        (b'{"real":NaN}', "DataFormatConversion.ParseError", "Not JSON: JSON is malformed"),
        (b'{"text":"\\ud800"}', "DataFormatConversion.ParseError", "Not JSON: "),
        (b'{"text":"\xff"}', "DataFormatConversion.ParseError", "Not JSON: 'utf-8' codec can't decode byte 0xff"),
        (b'\xef\xbb\xbf{"text":"a"}', "DataFormatConversion.ParseError", "Not JSON: JSON is malformed"),
        (b'{"more":' + b"[" * 100_000, "DataFormatConversion.ParseError", "Not JSON: "),
    ],
)
def test_a_value_that_does_not_fit_refuses_the_record_and_says_which(record: bytes, code: str, message: str) -> None:
    """Here a fault of the pipeline shows on one machine, before it fills an error prefix."""
    [refused] = convert(record).refused

    assert (refused.record, refused.code) == (record, code)
    assert message in refused.message


def test_a_refused_record_harms_no_other() -> None:
    """Firehose delivers the rest of its buffer."""
    converted = convert(b'{"number":1}', b'{"number":2}{"number":"two"}', b'{"number":3}')

    assert converted.table["number"].to_pylist() == [1, 3]
    assert [refused.record for refused in converted.refused] == [b'{"number":2}{"number":"two"}']


def test_a_refused_record_is_written_as_firehose_writes_it(shop: Contract) -> None:
    """`redrive` takes these lines apart again, on AWS and here alike."""
    destination = firehose.derive(shop)["ExtendedS3DestinationConfiguration"]
    table = destination["DataFormatConversionConfiguration"]["SchemaConfiguration"]
    refused = Refused(record=b'{"status":"\xf0\x9f"}\n', code=MISFIT, message="no int")

    [line] = failure_lines([refused], 1761950301010, table).splitlines()

    written = json.loads(line)
    assert b64decode(written["rawData"]) == refused.record
    assert written == {
        "attemptsMade": 1,
        "arrivalTimestamp": 1761950301010,
        "ErrorCode": MISFIT,
        "ErrorMessage": "no int",
        "attemptEndingTimestamp": 1761950301010,
        "rawData": "eyJzdGF0dXMiOiLwnyJ9Cg==",
        "sequenceNumber": None,
        "subSequenceNumber": None,
        "dataCatalogTable": {
            "catalogId": None,
            "databaseName": "logshape",
            "tableName": "shop_eu",
            "region": "${AWS::Region}",
            "versionId": "LATEST",
        },
    }
