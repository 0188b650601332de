"""Metric transformations, from a pattern with value, default and dimensions to the list of what CloudWatch refuses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from logshape.dialects.filter_pattern.limits import Breach
from logshape.dialects.filter_pattern.objects import leaves
from logshape.dialects.filter_pattern.parser import parse
from logshape.dialects.filter_pattern.tree import Compare, Delimited, Json, Rest, Slot, Terms
from logshape.errors import InvalidPattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from logshape.dialects.filter_pattern.tree import Pattern, Selector

DIMENSIONS_A_FILTER: Final = 3
LONGEST_DIMENSION: Final = 255
LONGEST_VALUE: Final = 100

_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_POSITION: Final = re.compile(r"[1-9][0-9]{0,3}")


def transformation_problems(
    pattern: Pattern, value: str, default: float | None, dimensions: Mapping[str, str]
) -> list[Breach]:
    """Return what CloudWatch refuses in the metric that a filter with *pattern* makes, in its own words."""
    return [*_value(pattern, value), *_dimensions(pattern, default, dimensions)]


def names_field(pattern: Pattern, selector: str) -> bool:
    """Tell whether *selector*, ``$.a.b``, ``$name`` or ``$3``, is a field that *pattern* refers to."""
    match pattern:
        case Terms():
            return False
        case Json(condition=condition):
            return any(leaf.selector == _selector(selector) for leaf in leaves(condition))
        case Delimited(slots=slots):
            name = selector.removeprefix("$")
            if not selector.startswith("$") or not name:
                return False
            named = any(isinstance(slot, Slot) and slot.name == name for slot in slots)
            return named or (_POSITION.fullmatch(name) is not None and _is_unnamed(slots, int(name)))


def _value(pattern: Pattern, value: str) -> Iterator[Breach]:
    if len(value) > LONGEST_VALUE:
        yield Breach("metric-value", f"{len(value)} characters in the metric value; CloudWatch takes {LONGEST_VALUE}")
    elif not _NUMBER.fullmatch(value) and not names_field(pattern, value):
        yield Breach(
            "metric-value",
            f"Invalid metric transformation: metric value {value} must be a valid number"
            " (or a field that the pattern refers to)",
        )


def _dimensions(pattern: Pattern, default: float | None, dimensions: Mapping[str, str]) -> Iterator[Breach]:
    if not dimensions:
        return
    if isinstance(pattern, Terms):
        yield Breach("dimensions", "The specified filter pattern does not support dimensions")
    if default is not None:
        wording = "Invalid metric transformation: dimensions and default value are mutually exclusive properties"
        yield Breach("dimensions", wording)
    if len(dimensions) > DIMENSIONS_A_FILTER:
        yield Breach(
            "dimensions", f"{len(dimensions)} dimensions on one metric; CloudWatch takes {DIMENSIONS_A_FILTER}"
        )
    for name, selector in dimensions.items():
        if not isinstance(pattern, Terms) and not names_field(pattern, selector):
            wording = "Invalid metric transformation: dimension value must be valid selector"
            yield Breach("dimensions", f"{wording} (`{name}` is `{selector}`, which the pattern does not refer to)")
        if len(name) > LONGEST_DIMENSION or len(selector) > LONGEST_DIMENSION:
            message = f"the dimension `{name}` or its value is longer than {LONGEST_DIMENSION} characters"
            yield Breach("dimensions", message)


def _selector(text: str) -> Selector | None:
    try:
        match parse(f"{{ {text} = * }}"):
            case Json(condition=Compare(selector=selector)):
                return selector
            case _:
                return None
    except InvalidPattern:
        return None


def _is_unnamed(slots: tuple[Slot | Rest, ...], position: int) -> bool:
    """Tell whether the field at *position* can be one that has no name and goes by its number."""
    gap = next((place for place, slot in enumerate(slots) if isinstance(slot, Rest)), None if slots else 0)
    if gap is not None and position > gap:
        return True
    slot = slots[position - 1] if position <= len(slots) else None
    return isinstance(slot, Slot) and not slot.name
