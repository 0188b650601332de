"""
Detectors: what is built in under each name, as expressions of RE2 and, where these take too much, a test.

RE2 has no look-around, and its time grows with the text alone. So an expression says with its first group what is
found, and with the rest what must stand around it. Whether something is found must not depend on where a text was cut
out of its line, so that a whole batch can be searched at once: no expression is bound to the ends of a text, but that
the end stands for a character that may be there.
"""

from __future__ import annotations

from collections.abc import Callable  # noqa: TC003 # msgspec reads the annotations when it makes the class
from ipaddress import IPv6Address
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import msgspec

from logshape.errors import InvalidExpression

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logshape.contract.model import Check, Detector


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """
    One expression; *trigger* is one that finds something in each text in which *pattern* does, and does so quickly.

    *passes* is asked of what was found, and of the text before it; what it refuses is not found. Where sound lines are
    full of what *pattern* alone takes, *common* lets it be asked at once, of the group that is named so.
    """

    pattern: str
    trigger: str = ""
    passes: Callable[[str, str], bool] | None = None
    common: bool = False


def luhn(found: str, _before: str = "") -> bool:
    """Say whether the digits of *found* end with the check digit of ISO/IEC 7812, as card numbers do."""
    total = 0
    for place, digit in enumerate(reversed([int(each) for each in found if each.isdigit()])):
        doubled = digit * 2 if place % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled  # noqa: PLR2004 # the cross sum of two digits
    return total % 10 == 0


CHECKS: Final[Mapping[Check, Callable[[str, str], bool]]] = {"luhn": luhn}


_FEWEST: Final = 15  # changes of kind among forty characters: chance gives 25, names like `AutoScaling/latest` up to 14


def _is_mixed(found: str, _before: str) -> bool:
    """Tell forty random characters from a hash, a path and a long name, which keep to a kind of character longer."""
    kinds = ["A" if each.isupper() else "a" if each.islower() else "1" if each.isdigit() else each for each in found]
    changes = sum(left != right for left, right in pairwise(kinds))
    return changes >= _FEWEST and {"A", "a"} < set(kinds)


def _is_token(found: str, _before: str) -> bool:
    """Tell a token from the prose behind the word: it has a digit, or a capital behind a small letter."""
    return any(map(str.isdigit, found)) or any(left.islower() and right.isupper() for left, right in pairwise(found))


_FILES: Final = frozenset(("png", "jpg", "jpeg", "gif", "svg", "webp", "js", "mjs", "cjs", "ts", "tsx", "css", "json"))


def _is_address(found: str, _before: str) -> bool:
    """Tell an address from a picture for fine screens, `logo@2x.png`."""
    return found.rpartition(".")[2].lower() not in _FILES


_VERSIONS: Final = ("version", "ver", "release", "build")


def _is_ipv4(found: str, before: str) -> bool:
    """Tell an address from a version: `Chrome/119.0.0.0`, `version 1.2.3.4`."""
    word = before.rstrip(" :=\"'")
    return not found.endswith(".0.0.0") and not word.lower().endswith(_VERSIONS)


_SHORTEST_IPV6: Final = 5  # hexadecimal digits, as `fe80::1` has them


def _is_ipv6(found: str, _before: str) -> bool:
    """Tell an address from the names of a program, `Abc::Def`, and from what it numbers, `2::1`."""
    try:
        IPv6Address(found)
    except ValueError:
        return False
    digits = len(found) - found.count(":")
    return digits >= _SHORTEST_IPV6 and (any(map(str.isdigit, found)) or found.count(":") > 2)  # noqa: PLR2004 # a name has the two of `::`


def _is_card(found: str, before: str) -> bool:
    """Tell a card's number from the digits behind a point."""
    return luhn(found) and not (before.endswith(".") and before[-2:-1].isdigit())


_SHORTEST_PHONE, _LONGEST_PHONE = 8, 15  # digits, the country's included (ITU-T E.164)


def _is_phone(found: str, _before: str) -> bool:
    return _SHORTEST_PHONE <= sum(map(str.isdigit, found)) <= _LONGEST_PHONE


_PART: Final = "[A-Za-z0-9_-]"
_OCTET: Final = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4: Final = rf"{_OCTET}(?:\.{_OCTET}){{3}}"
_GROUPS: Final = "[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4}){0,7}"
_KEY: Final = "[A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
# No card's number begins with 0 or 1, nor with 20 or 21 as times will: neither times nor most ids are candidates.
_FIRST_FOUR: Final = r"\b((?:2[2-7]|[3-6][0-9])[0-9]{2}"

BUILT_IN: Final[Mapping[str, tuple[Search, ...]]] = {
    "aws-access-key": (
        Search(pattern=r"((?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16})(?:[^A-Za-z0-9]|$)"),
        Search(pattern=r"((?:IQoJb3JpZ2lu|F[wQ]oGZXIvYXdz)[A-Za-z0-9/+=%_-]{20,})"),  # a session's token
        Search(
            pattern=r"(?:^|[^A-Za-z0-9/+])(?P<common>[A-Za-z0-9/+]{40})(?:$|[^A-Za-z0-9/+=])",
            passes=_is_mixed,
            common=True,
        ),
    ),
    "jwt": (
        Search(
            pattern=(
                rf"(e(?:yJ|yA|wo){_PART}{{8,}}\.{_PART}{{8,}}\.{_PART}*(?:\.{_PART}+)*|"
                rf"eyJ{_PART}{{8,}}\.eyJ{_PART}{{8,}})"
            ),
            trigger=rf"e(?:yJ|yA|wo){_PART}{{8,}}\.{_PART}{{8}}",
        ),
    ),
    "bearer-token": (
        Search(
            pattern=r"(?i:bearer)(?:[\s:=]|%20){1,4}([A-Za-z0-9._~+/=-]{8,})",
            trigger=r"(?i:bearer)(?:[\s:=]|%20){1,4}[A-Za-z0-9._~+/=-]{8}",
            passes=_is_token,
        ),
    ),
    "private-key": (
        Search(
            pattern=rf"(?s)(-----BEGIN {_KEY}.*?(?:-----END {_KEY}|\z))",
            trigger=f"-----BEGIN {_KEY}",
        ),
        Search(pattern=rf"((?:[A-Za-z0-9+/=]+\s+)*-----END {_KEY})", trigger=f"-----END {_KEY}"),
    ),
    "email": (
        Search(
            pattern=r"([\pL\pN._%+-]+(?:@|%40)(?:[\pL\pN-]+\.)+\pL{2,24})",
            trigger=r"[\pL\pN._%+-](?:@|%40)(?:[\pL\pN-]+\.)+\pL{2}",
            passes=_is_address,
        ),
    ),
    "card": (
        Search(pattern=_FIRST_FOUR + r"[0-9]{9,15})\b", passes=_is_card),
        Search(pattern=_FIRST_FOUR + r"(?:[ -][0-9]{4}){2}[ -][0-9]{1,4})\b", passes=_is_card),
        Search(pattern=_FIRST_FOUR + r"(?:[ -][0-9]{4}){3}[ -][0-9]{1,3})\b", passes=_is_card),
        Search(pattern=_FIRST_FOUR + r"[ -][0-9]{6}[ -][0-9]{4,5})\b", passes=_is_card),
    ),
    "ipv4": (
        Search(
            pattern=rf"(?:^/?|[^0-9A-Za-z_./-]|[^0-9A-Za-z_.-]/)({_IPV4})(?:$|[^0-9A-Za-z_.]|\.(?:$|[^0-9]))",
            passes=_is_ipv4,
        ),
    ),
    "ipv6": (
        Search(
            pattern=(
                rf"(?:^|[^0-9A-Za-z_:.])((?:[0-9A-Fa-f]{{1,4}}:){{7}}[0-9A-Fa-f]{{1,4}}|"
                rf"(?:{_GROUPS})?::(?:(?:{_GROUPS}:)?{_IPV4}|{_GROUPS})?)(?:$|[^0-9A-Za-z_:]|:(?:$|[^0-9A-Fa-f:]))"
            ),
            passes=_is_ipv6,
        ),
    ),
    "phone": (
        Search(
            pattern=(
                r"(?:^|[^0-9A-Za-z_+])(\+[1-9][0-9]{0,2}[ .-]?(?:\([0-9]{1,4}\)[ .-]?)?"
                r"[0-9]{1,4}(?:[ .-]?[0-9]{2,4}){1,5})(?:$|[^0-9A-Za-z_])"
            ),
            passes=_is_phone,
        ),
        Search(
            pattern=(
                r"(?:^|[^0-9A-Za-z_.+-])((?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[ .-])"
                r"[2-9][0-9]{2}[ .-][0-9]{4})(?:$|[^0-9A-Za-z_-])"
            )
        ),
    ),
}
"""What each detector looks for; of one that finds two things, each finds its own."""


def searches(detector: Detector) -> tuple[Search, ...]:
    """Return what *detector* looks for: its own pattern, or what is built in under its name."""
    if detector.pattern is None:
        return BUILT_IN[detector.name]
    return (Search(pattern=detector.pattern, passes=CHECKS[detector.check] if detector.check else None),)


def expression(pattern: str) -> Any:  # noqa: ANN401 # google-re2 ships no types
    """
    Return *pattern* compiled for UTF-8.

    Raises:
        InvalidExpression: RE2 refuses it.

    """
    import re2  # type: ignore[import-untyped] # google-re2 ships no types

    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern.encode(), options)
    except re2.error as error:
        text = error.args[0]
        raise InvalidExpression(text.decode(errors="replace") if isinstance(text, bytes) else str(text)) from error
