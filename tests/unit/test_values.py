"""Values: what fits which type, as the contract's language says."""

from __future__ import annotations

import pytest

from logshape.lines.values import COERCIONS, MISFIT


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("keyword", "a", "a"),
        ("keyword", True, "true"),
        ("keyword", 12, "12"),
        ("keyword", {"a": 1}, MISFIT),
        ("text", ["a"], MISFIT),
        ("boolean", False, False),
        ("boolean", "true", True),
        ("boolean", "True", MISFIT),
        ("boolean", 1, MISFIT),
        ("integer", 2**31 - 1, 2**31 - 1),
        ("integer", 2**31, MISFIT),
        ("integer", -(2**31), -(2**31)),
        ("integer", 4.0, 4),
        ("integer", 4.5, MISFIT),
        ("integer", "-12", -12),
        ("integer", "012", MISFIT),
        ("integer", "+12", MISFIT),
        ("integer", "1e3", MISFIT),
        ("integer", " 12", MISFIT),
        ("integer", "٣", MISFIT),
        ("integer", True, MISFIT),
        ("long", 2**63 - 1, 2**63 - 1),
        ("long", 2**63, MISFIT),
        ("long", "9" * 5000, MISFIT),
        ("long", 1e300, MISFIT),
        ("double", 12, 12.0),
        ("double", "-1.5e3", -1500.0),
        ("double", "1_000", MISFIT),
        ("double", "nan", MISFIT),
        ("double", "1e999", MISFIT),
        ("double", 10**400, MISFIT),
        ("double", True, MISFIT),
        ("ip", "192.0.2.1", "192.0.2.1"),
        ("ip", "2001:db8::1", "2001:db8::1"),
        ("ip", "2001:DB8:0:0::1", "2001:db8::1"),
        ("ip", "fe80::1%eth0", MISFIT),
        ("ip", "192.0.2.256", MISFIT),
        ("ip", 1, MISFIT),
        ("object", {"a": 1}, {"a": 1}),
        ("object", "{}", MISFIT),
    ],
)
def test_a_value_fits_its_type_or_does_not(kind: str, value: object, expected: object) -> None:
    """The archive and the index must see one value, and neither may refuse it later."""
    coerced = COERCIONS[kind](value)  # type: ignore[index] # the table's kinds are written out here

    assert coerced == expected
    assert type(coerced) is type(expected)
