"""Digits: a range of numbers as the regexes, a branch each, that their decimal spellings match as a whole."""

from __future__ import annotations

from math import ceil, floor
from typing import TYPE_CHECKING

from logshape.errors import Unsayable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from logshape.contract.model import Field
    from logshape.contract.predicates import Operator


def between(low: int, high: int) -> list[str]:
    """Return branches for the whole numbers from *low* to *high*; those below zero have a sign."""
    if low > high:
        return []
    negative = [f"-{branch}" for branch in _unsigned(max(1, -high), -low)] if low < 0 else []
    return [*negative, *(_unsigned(max(0, low), high) if high >= 0 else [])]


def _ranges(operator: Operator, number: float, least: int, greatest: int) -> Iterator[tuple[int, int]]:
    match operator:
        case "<":
            yield least, min(greatest, ceil(number) - 1)
        case "<=":
            yield least, min(greatest, floor(number))
        case ">":
            yield max(least, floor(number) + 1), greatest
        case ">=":
            yield max(least, ceil(number)), greatest
        case "=":
            yield max(least, ceil(number)), min(greatest, floor(number))
        case "!=":
            yield least, min(greatest, ceil(number) - 1)
            yield max(least, floor(number) + 1), greatest


def _unsigned(low: int, high: int) -> list[str]:
    """Cut the range into blocks ``<digits>[a-b]<any digits>``, at most two for each length of the numbers."""
    branches: list[str] = []
    while low <= high:
        free = 0  # digits at the end that may be any
        while low % 10 ** (free + 1) == 0 and low + 10 ** (free + 1) - 1 <= high and low >= 10 ** (free + 1):
            free += 1
        block = 10**free
        head, digit = divmod(low // block, 10)
        last = min(9, digit + (high - low + 1) // block - 1)
        branches.append(f"{head or ''}{_class(digit, last)}{_any(free)}")
        low += (last - digit + 1) * block
    return branches


def _class(first: int, last: int) -> str:
    if first == last:
        return str(first)
    return "[0-9]" if (first, last) == (0, 9) else f"[{first}-{last}]"


def _any(count: int) -> str:
    return "[0-9]" if count == 1 else f"[0-9]{{{count}}}" if count else ""


def ranges(field: Field, operator: Operator, number: float) -> list[tuple[int, int]]:
    """
    Return the values of *field* that stand to *number* as *operator* says, as ranges of whole numbers.

    In ranges of a double the numbers have fractions, so that each range ends before the next whole number.

    Raises:
        Unsayable: the field has no range, or no such ranges can say it.

    """
    if field.range is None:
        message = f"`{field.name}` has no range, without which no regex can say `{operator}`; declare one"
        raise Unsayable(message)
    least, greatest = field.range
    is_cut_whole = operator in ("<", ">=") and number == int(number) and least >= 0
    if field.type == "double" and not is_cut_whole:
        message = f"of `{field.name}`, a double, a regex can only say `<` and `>=` with a whole number"
        raise Unsayable(message)
    return [found for found in _ranges(operator, number, ceil(least), floor(greatest)) if found[0] <= found[1]]


def written(ranges_: Iterable[tuple[int, int]], *, has_fraction: bool) -> list[str]:
    """Return branches for the decimal spellings of the numbers in *ranges_*, as `ranges` gave them."""
    whole_numbers = [branch for low, high in ranges_ for branch in between(low, high)]
    return [*whole_numbers, *(rf"{branch}\.[0-9]+" for branch in whole_numbers)] if has_fraction else whole_numbers


def texts(field: Field, value: float) -> list[str]:
    """Return the plain decimal spellings of *value* as *field* has it."""
    if value == int(value):
        whole_number = str(int(value))
        return [whole_number, f"{whole_number}.0"] if field.type == "double" else [whole_number]
    return [repr(float(value))] if field.type == "double" else []
