"""Values of patterns, as tests of text and of JSON scalars."""

from __future__ import annotations

import json
import operator
from typing import TYPE_CHECKING, Final, TypeAlias, assert_never

from logshape.dialects.filter_pattern.regexes import RegexFault, search
from logshape.dialects.filter_pattern.scanner import INVALID, NUMBER, invalid
from logshape.dialects.filter_pattern.tree import Number, Regex, Star, Text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from logshape.dialects.filter_pattern.switches import Unconfirmed
    from logshape.dialects.filter_pattern.tree import Operator, Value

Scalar: TypeAlias = str | int | float | bool | None
TextTest: TypeAlias = "Callable[[str], bool]"
ScalarTest: TypeAlias = "Callable[[Scalar], bool]"

_COMPARES: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "=": operator.eq,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
_LONGEST_NUMBER: Final = 400  # digits and all: a double has no use for more, and reading more is not linear


def text_test(operator_: Operator, value: Value, switches: Unconfirmed) -> TextTest:
    """Return the test that a field of text stands to *value* as *operator_* says."""
    if operator_ == "!=":
        equal = text_test("=", value, switches)
        return lambda text: not equal(text)
    match value:
        case Star():
            return lambda _: True
        case Text():
            return _likeness(value)
        case Regex():
            return regex_test(value, switches)
        case Number(value=wanted):
            compares = _COMPARES[operator_]
            return lambda text: (number := _spelled(text)) is not None and compares(number, wanted)
        case _:
            assert_never(value)


def scalar_test(operator_: Operator, value: Value, switches: Unconfirmed) -> ScalarTest:
    """Return the test that a JSON scalar stands to *value* as *operator_* says."""
    if operator_ == "!=":
        equal = scalar_test("=", value, switches)
        return lambda found: switches.unequal_takes_null if found is None else not equal(found)
    match value:
        case Star():
            return lambda found: found is not None or switches.star_takes_null
        case Number(value=wanted):
            compares = _COMPARES[operator_]
            return lambda found: (number := _number(found, switches)) is not None and compares(number, wanted)
        case Text() | Regex():
            fits = text_test("=", value, switches)
            return lambda found: (text := _text(found, switches)) is not None and fits(text)
        case _:
            assert_never(value)


def regex_test(regex: Regex, switches: Unconfirmed) -> TextTest:
    """
    Return the test that *regex* is found in a text.

    Raises:
        InvalidPattern: it is no regex of the language.

    """
    try:
        return search(regex.body, switches)
    except RegexFault as fault:
        raise invalid(INVALID, regex.column + 1 + fault.offset, str(fault)) from fault


def extracted(found: object) -> str | None:
    """Return *found* as an extracted value: text as it is, numbers and booleans as JSON spells them, else None."""
    if isinstance(found, str):
        return found
    return json.dumps(found) if isinstance(found, bool | int | float) else None


def _likeness(value: Text) -> TextTest:
    wanted = value.text
    match value.open_start, value.open_end:
        case True, True:
            return lambda text: wanted in text
        case True, False:
            return lambda text: text.endswith(wanted)
        case False, True:
            return lambda text: text.startswith(wanted)
        case _:
            return lambda text: text == wanted


def _spelled(text: str) -> float | None:
    return float(text) if len(text) <= _LONGEST_NUMBER and NUMBER.fullmatch(text) else None


def _number(found: Scalar, switches: Unconfirmed) -> float | None:
    if isinstance(found, str):
        return _spelled(found) if switches.numbers_read_text else None
    return found if isinstance(found, int | float) and not isinstance(found, bool) else None


def _text(found: Scalar, switches: Unconfirmed) -> str | None:
    if isinstance(found, str):
        return found
    return extracted(found) if switches.text_reads_numbers and _number(found, switches) is not None else None
