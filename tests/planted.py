"""
Planted secrets: log events that hold one secret each, of every kind and in every place that a line has.

``planted()`` makes them, ``leaks()`` looks for them in whatever bytes came out. All is seeded: the same arguments give the
same events.
"""

from __future__ import annotations

import base64
import json
import random
import re
import string
from itertools import islice, pairwise, product
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import re2

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

REDACT: Final = "redact: [secrets, email, card, ipv4, ipv6, phone]"
"""What a contract must say, so that all that is planted here is found."""
TIME: Final = 1761950301010  # 2025-10-31T22:38:21.010Z
REQUEST: Final = "79b4f56e-95b1-4643-9700-2807f4e68189"
_LETTERS: Final = string.ascii_letters + string.digits
_ESCAPE: Final = re.compile(r'\\(?:u([0-9a-fA-F]{4})|(["\\/]))')
_LEVELS: Final = 4  # how many layers of JSON text in JSON text are looked through


_MEMORY: Final = 512 * 1024 * 1024  # for the automaton of some thousand texts


class Planted(NamedTuple):
    """A log event, the secret in it, and the *traces* of the secret: no output may hold one of them."""

    kind: str
    place: str
    secret: str
    event: dict[str, Any]
    traces: tuple[str, ...]

    @property
    def name(self) -> str:
        """What a failing test calls it."""
        return f"{self.kind} in {self.place}: {self.secret!r}"


def planted(
    count: int = 200, seed: int = 1, kinds: Iterable[str] = (), places: Iterable[str] = (), time: int = TIME
) -> list[Planted]:
    """
    Return *count* planted events of *kinds* in *places*, of all where none is named, with times from *time* on.

    Kinds and places go round together, so that every pair is there once *count* is their product.
    """
    made = islice(_made(seed, tuple(kinds) or tuple(KINDS), tuple(places) or tuple(PLACES)), count)
    return [
        one._replace(event={"id": f"{seed}{number:055d}", "timestamp": time + number, **one.event})
        for number, one in enumerate(made)
    ]


def leaks(data: bytes, found: Iterable[Planted]) -> list[str]:
    """Return the names of what of *found* is in *data*, as it is or behind JSON's escapes."""
    views = [data.decode(errors="replace")]
    while len(views) <= _LEVELS and "\\" in views[-1]:
        views.append(_ESCAPE.sub(lambda match: chr(int(match[1], 16)) if match[1] else match[2], views[-1]))
    names = {trace: one.name for one in found for trace in one.traces}
    options = re2.Options()
    options.max_mem = _MEMORY
    # One search, for there are many of them and much to search.
    any_trace = re2.compile("|".join(map(re2.escape, names)), options)
    return sorted(
        {names[match.group()] for view in views for match in any_trace.finditer(view.encode(errors="replace").decode())}
    )


def _made(seed: int, kinds: tuple[str, ...], places: tuple[str, ...]) -> Iterator[Planted]:
    """Yield events without end, each with a secret of its own."""
    dice = random.Random(seed)  # noqa: S311 # the same lines on every machine
    pairs = [pair for pair in product(kinds, places) if pair[1] not in ONLY or pair[0] in ONLY[pair[1]]]
    while True:
        dice.shuffle(pairs)
        for kind, place in pairs:
            secret = KINDS[kind](dice)
            event = PLACES[place](secret)
            event = event if isinstance(event, dict) else {"message": event}
            yield Planted(kind, place, secret, event, _traces(kind, secret))


def _traces(kind: str, secret: str) -> tuple[str, ...]:
    """Return what betrays *secret* by itself: of a key each line, of a card its digits, too."""
    match kind:
        case "private-key":
            return tuple(line for line in secret.splitlines() if "-----" not in line)
        case "card":
            return secret, re.sub(r"\D", "", secret)
        case "bearer-token":
            return (secret.rsplit(maxsplit=1)[-1],)
        case _:
            return (secret,)


def _some(dice: random.Random, length: int, alphabet: str = _LETTERS) -> str:
    return "".join(dice.choices(alphabet, k=length))


def _segment(dice: random.Random, length: int) -> str:
    return base64.urlsafe_b64encode(dice.randbytes(length)).decode().rstrip("=")


def _jwt(dice: random.Random) -> str:
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').decode().rstrip("=")
    body = json.dumps({"sub": _some(dice, 12), "iat": dice.randrange(10**9)}, separators=(",", ":"))
    return f"{head}.{base64.urlsafe_b64encode(body.encode()).decode().rstrip('=')}.{_segment(dice, 32)}"


def _private_key(dice: random.Random) -> str:
    kind = dice.choice(["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED "])
    lines = "\n".join(base64.b64encode(dice.randbytes(48)).decode() for _ in range(4))
    end = f"\n-----END {kind}PRIVATE KEY-----" if dice.random() < 0.75 else ""  # some are cut off
    return f"-----BEGIN {kind}PRIVATE KEY-----\n{lines}{end}"


def _aws_secret_key(dice: random.Random) -> str:
    while True:
        key = _some(dice, 40, _LETTERS + "/+")
        changes = sum(_kind(left) != _kind(right) for left, right in pairwise(key))
        # One in some hundred has no digit or reads like a name by chance, and no detector could tell.
        if changes >= 15 and any(map(str.isdigit, key)) and "//" not in key:
            return key


def _kind(character: str) -> str:
    return "A" if character.isupper() else "a" if character.islower() else "1" if character.isdigit() else character


def _email(dice: random.Random) -> str:
    return f"{_some(dice, 6, string.ascii_lowercase)}.{_some(dice, 5, string.ascii_lowercase)}{dice.randrange(99)}@{_some(dice, 7, string.ascii_lowercase)}.example.com"


def _card(dice: random.Random) -> str:
    head, length = dice.choice([("4", 16), ("52", 16), ("37", 15), ("6011", 16), ("36", 14), ("62", 19), ("4", 13)])
    digits = head + _some(dice, length - len(head) - 1, string.digits)
    digits += next(last for last in string.digits if _luhn(digits + last))
    separator = dice.choice(["", " ", "-"]) if length == 16 else ""
    return separator.join(digits[at : at + 4] for at in range(0, length, 4)) if separator else digits


def _luhn(digits: str) -> bool:
    doubled = [int(digit) * (1 + at % 2) for at, digit in enumerate(reversed(digits))]
    return sum(number // 10 + number % 10 for number in doubled) % 10 == 0


def _ipv4(dice: random.Random) -> str:
    return ".".join(str(dice.randrange(11, 250)) for _ in range(4))


def _ipv6(dice: random.Random) -> str:
    groups = [f"{dice.randrange(4096, 65536):x}" for _ in range(8)]
    return ":".join(groups) if dice.random() < 0.5 else f"2001:db8:{groups[0]}::{groups[1]}"


def _phone(dice: random.Random) -> str:
    digits = _some(dice, 7, "23456789")
    spelled = ["+49 30 {0}{1}", "+1 415 {0} {1}", "+1-415-{0}-{1}", "+44 20 7{0} {1}", "+4930{0}{1}", "(415) {0}-{1}"]
    return dice.choice(spelled).format(digits[:3], digits[3:])


KINDS: Final[Mapping[str, Callable[[random.Random], str]]] = {
    "aws-access-key-id": lambda dice: (
        dice.choice(["AKIA", "ASIA"]) + _some(dice, 16, string.ascii_uppercase + "234567")
    ),
    "aws-secret-key": _aws_secret_key,
    "jwt": _jwt,
    "bearer-token": lambda dice: f"{dice.choice(['Bearer', 'bearer'])} {_some(dice, 31)}7",
    "private-key": _private_key,
    "email": _email,
    "card": _card,
    "ipv4": _ipv4,
    "ipv6": _ipv6,
    "phone": _phone,
}


def _json(document: object, **options: Any) -> str:  # noqa: ANN401 # as json.dumps takes them
    return json.dumps(document, separators=(",", ":"), **options)


def _powertools(**keys: object) -> str:
    usual = {"level": "INFO", "location": "handle:12", "message": "done", "timestamp": "2025-10-31 22:38:21,010+0000"}
    return _json({**usual, "service": "orders", **keys})


def _lambda_json(**keys: object) -> str:
    return _json({"timestamp": "2025-10-31T22:38:21Z", "level": "ERROR", "requestId": REQUEST, **keys})


def _escaped(text: str) -> str:
    """Write *text* in JSON with an escape for each character."""
    return '"' + "".join(f"\\u{ord(character):04x}" for character in text) + '"'


def _slashed(text: str) -> str:
    """Write *text* in JSON as PHP and others do, with an escape before each slash."""
    return json.dumps(text).replace("/", "\\/")


_STAMP: Final = "2025-10-31T22:38:21.010Z"
_ACCESS: Final = '192.0.2.1 - - [31/Oct/2025:22:38:21 +0000]"GET {} HTTP/1.1" 200 32 ' + REQUEST
_NESTED: Final = (
    '{"level":"INFO","message":"m","timestamp":"2025-10-31 22:38:21,010+0000","service":"s","a":{"b":[{"c":%s}]}}'
)

PLACES: Final[Mapping[str, Callable[[str], str | dict[str, Any]]]] = {
    # Text
    "a print": lambda secret: f"debug: it is {secret}, and then?\n",
    "a print of its own": lambda secret: secret,
    "Python's text": lambda secret: f"[INFO]\t{_STAMP}\t{REQUEST}\tsent {secret} away\n",
    "Node's text": lambda secret: f"{_STAMP}\t{REQUEST}\tINFO\tuser = '{secret}'\n",
    "Node's error": lambda secret: (
        f"{_STAMP}\t{REQUEST}\tERROR\tInvoke Error \t{_json({'errorType': 'Error', 'errorMessage': f'no {secret}', 'stack': ['Error', secret]})}"
    ),
    "Java's text": lambda secret: f"2025-10-31 22:38:21 {REQUEST} INFO  Handler - got {secret}",
    "Go's text": lambda secret: f"2025/10/31 22:38:21 got <{secret}>",
    "a traceback": lambda secret: (
        f'[ERROR] ValueError: no {secret}\nTraceback (most recent call last):\n  File "a.py", line 2, in f\n    raise ValueError("{secret}")\n'
    ),
    "an unhandled exit": lambda secret: f"RequestId: {REQUEST} Error: no {secret}",
    "an extension's pair": lambda secret: f"EXTENSION\tName: agent\tState: {secret}\tEvents: [INVOKE]",
    "a URL": lambda secret: f"GET https://example.org/v1/reset?then={secret}&x=1",
    "pairs": lambda secret: f'level=info msg="sent" to="{secret}" n=1',
    "Python's repr": lambda secret: f"cart = {{'to': {secret!r}, 'path': 'C:\\\\new'}}",
    "a carriage return": lambda secret: f"one\r\n{secret}\r\n",
    # JSON
    "the message": lambda secret: _powertools(message=f"sent to {secret} at last"),
    "an attribute": lambda secret: _powertools(to=secret),
    "a deep attribute": lambda secret: _powertools(a={"b": [{"c": [1, {"d": f"x {secret}"}]}]}),
    "a key": lambda secret: _powertools(sent={secret: 1}),
    "a list of texts": lambda secret: _powertools(many=["a", secret, "b"]),
    "a list of a text's lines": lambda secret: _powertools(many=["a", *secret.splitlines(), "b"]),
    "the logger": lambda secret: _lambda_json(message="m", logger=secret),
    "the request id": lambda secret: _json({"timestamp": "2025-10-31T22:38:21Z", "level": "INFO", "requestId": secret}),
    "the service": lambda secret: _powertools(service=secret),
    "the error's text": lambda secret: _lambda_json(errorMessage=f"no {secret}", errorType="ValueError"),
    "the stack": lambda secret: _lambda_json(
        errorMessage="m", errorType="E", stackTrace=["  File a", *secret.splitlines()]
    ),
    "a number's field": lambda secret: _powertools(duration=secret),
    "a time's field": lambda secret: _lambda_json(message="m", time=secret),
    "JSON in JSON": lambda secret: _powertools(body=_json({"to": secret, "n": 1})),
    "JSON in JSON in JSON": lambda secret: _powertools(body=_json({"inner": _json({"to": f"<{secret}>"})})),
    "JSON behind text": lambda secret: f"[INFO]\t{_STAMP}\t{REQUEST}\tevent {_json({'to': secret})}",
    "escaped JSON behind text": lambda secret: f'[INFO]\t{_STAMP}\t{REQUEST}\tevent {{"to":{_escaped(secret)}}}',
    "every character escaped": lambda secret: _NESTED % _escaped(secret),
    "slashes escaped": lambda secret: _NESTED % _slashed(secret),
    "an escape before it": lambda secret: _NESTED % json.dumps(f'said "{secret}"\n{secret}\t{secret}\\'),
    "letters that JSON escapes": lambda secret: _NESTED % json.dumps(f"für {secret}、受け取った"),
    "JSON with spaces": lambda secret: json.dumps({"level": "INFO", "to": {"mail": secret}}, indent=2),
    "a key that stands twice": lambda secret: (
        f'{{"level":"INFO","to":{json.dumps(secret)},"to":"x","timestamp":"2025-10-31 22:38:21,010+0000","service":"s","message":"m"}}'
    ),
    "JSON with NaN": lambda secret: f'{{"level":"INFO","n":NaN,"to":{json.dumps(secret)}}}',
    "a list": lambda secret: _json([{"to": secret}]),
    "JSON that was cut off": lambda secret: _powertools(to=secret)[:-1] + ',"more":{"a":"b',
    "escaped JSON that was cut off": lambda secret: f'{{"level":"INFO","to":{_escaped(secret)},"more":"b',
    "JSON that is very deep": lambda secret: '{"a":' * 80 + json.dumps(secret) + "}" * 80,
    "a number": lambda secret: (
        f'{{"level":"INFO","message":"m","timestamp":"2025-10-31 22:38:21,010+0000","service":"s","n":{re.sub("[^0-9]", "", secret)}}}'
    ),
    "a number with a point": lambda secret: f'{{"level":"INFO","n":[{re.sub("[^0-9]", "", secret)}.0]}}',
    # Long lines
    "a long text": lambda secret: f"{'lorem ipsum ' * 4000}{secret}{' dolor sit' * 4000}",
    "a long attribute": lambda secret: _powertools(body="x " * 16_370 + secret + " y" * 9000),
    "a line over every limit": lambda secret: _powertools(body="lorem " * 180_000 + secret),
    "an access log": lambda secret: _ACCESS.format(
        secret.replace("\n", "|").replace(" ", "%20") if " " in secret else secret
    ),
    # Events that are not as they should be
    "a message that is a map": lambda secret: {"message": {"to": secret}},
    "an event without a message": lambda secret: {"message": None, "to": secret},
    "an event without an id": lambda secret: {"id": None, "message": f"to {secret}"},
    "half a surrogate pair": lambda secret: {"message": f"\ud83d {secret}"},
}
ONLY: Final[Mapping[str, tuple[str, ...]]] = {
    "a number": ("card",),
    "a number with a point": ("card",),
    "an access log": ("aws-access-key-id", "aws-secret-key", "jwt", "email", "ipv4", "ipv6"),
}
"""The places that take some kinds alone: only a card is a number, and a path has no spaces."""
