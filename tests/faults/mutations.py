"""Turns a number into a subscription event that is wrong somewhere: in base64, gzip, JSON, its envelope or a message."""

from __future__ import annotations

import base64
import gzip
import json
import random
import string
import zlib
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from logshape.local import sample
from tests.planted import planted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

NOW_MS = 1_800_000_000_000
"""A time that the index keeps for ever, by the fuzz's contract."""
CAP = 32 * 1024 * 1024
"""What a payload may inflate to."""


class Mutant(NamedTuple):
    """What Lambda hands over, and by which mutation it is wrong."""

    kind: str
    event: Any


def mutant(seed: str) -> Mutant:
    """Return the event of *seed*, always the same; ``kind!number`` is one of that kind."""
    dice = random.Random(seed)  # noqa: S311 # the same payloads on every machine
    kind = seed.rpartition("!")[0]
    if not kind:
        (kind,) = dice.choices(list(KINDS), [weight for weight, _ in KINDS.values()])
    return Mutant(kind, KINDS[kind][1](dice))


def _message(dice: random.Random) -> dict[str, Any]:
    """Return a sound payload of a few captured and a few planted lines."""
    lines = dice.choices(_lines(), k=dice.randrange(1, 12))
    group = dice.choice(["/aws/lambda/shop-a", "/aws/lambda/other", "/aws/apigateway/shop-access"])
    return {
        "messageType": "DATA_MESSAGE",
        "owner": "123456789012",
        "logGroup": group,
        "logStream": "2025/10/31/[$LATEST]a",
        "subscriptionFilters": ["logshape/shop"],
        "logEvents": [
            {"id": f"{dice.getrandbits(180):056d}", "timestamp": NOW_MS + number, "message": line}
            for number, line in enumerate(lines)
        ],
    }


@cache
def _lines() -> Sequence[str]:
    short = [one.event["message"] for one in planted(400) if isinstance(one.event["message"], str)]
    return [line for line in (*(event.message for event in sample.captured()), *short) if len(line) < 20_000]


def _packed(message: object, dice: random.Random) -> dict[str, Any]:
    text = message if isinstance(message, bytes) else json.dumps(message, ensure_ascii=dice.random() < 0.5)
    encoded = text if isinstance(text, bytes) else text.encode(errors="surrogatepass")
    return _event(gzip.compress(encoded, 1, mtime=0))


def _event(data: bytes) -> dict[str, Any]:
    return {"awslogs": {"data": base64.b64encode(data).decode()}}


def _data(dice: random.Random) -> bytes:
    return gzip.compress(json.dumps(_message(dice)).encode(), 1, mtime=0)


# The values that a type is mistaken for ----------------------------------------------------------------------------------


def _value(dice: random.Random, depth: int = 3) -> Any:  # noqa: ANN401 # any JSON
    made: list[Callable[[], Any]] = [
        lambda: None,
        lambda: dice.random() < 0.5,
        lambda: dice.choice([0, -1, 1, 2**31, 2**53 + 1, 2**63, 2**64, 10**30, -(10**400), NOW_MS]),
        lambda: dice.choice([0.0, -0.0, 1e308, 5e-324, float("nan"), float("inf"), NOW_MS + 0.5, float(NOW_MS)]),
        lambda: _text(dice),
        lambda: dice.choice(
            ["", "DATA_MESSAGE", "CONTROL_MESSAGE", "null", "\ud800", "\0", "x" * 600, "-", str(NOW_MS)]
        ),
    ]
    if depth:
        made += [
            lambda: [_value(dice, depth - 1) for _ in range(dice.randrange(4))],
            lambda: {_text(dice)[:20]: _value(dice, depth - 1) for _ in range(dice.randrange(4))},
        ]
    return dice.choice(made)()


def _text(dice: random.Random) -> str:
    alphabets: list[Callable[[], str]] = [
        lambda: dice.choice(string.printable),
        lambda: chr(dice.randrange(0x110000)),
        lambda: chr(dice.randrange(32)),
        lambda: dice.choice('{}[]":,\\\n\t'),
        lambda: dice.choice(["\ud83d", "\udc00", "\u2028", "\ufeff", "\x85", "İ", "ß", "\U0001d7d8", "\x1b[31m"]),
    ]
    alphabet = dice.choice(alphabets)
    return "".join(alphabet() for _ in range(dice.randrange(60)))


# The levels --------------------------------------------------------------------------------------------------------------


def _lambda_event(dice: random.Random) -> Any:  # noqa: ANN401 # any JSON
    data = _event(_data(dice))["awslogs"]["data"]
    return dice.choice(
        [
            _value(dice),
            {"awslogs": _value(dice)},
            {"awslogs": {"data": _value(dice)}},
            {"awslogs": {"data": [data]}},
            {"AWSLogs": {"data": data}},
            {"Records": [{"kinesis": {"data": data}}]},
            {"Records": [{"eventSource": "aws:sqs", "body": data}]},
            {"awslogs": {"data": data}, "more": _value(dice)},
        ]
    )


def _base64(dice: random.Random) -> Any:  # noqa: ANN401 # as above
    text = list(_event(_data(dice))["awslogs"]["data"])
    for _ in range(dice.randrange(1, 4)):
        place = dice.randrange(len(text))
        match dice.randrange(5):
            case 0:
                text[place] = dice.choice(string.printable + "\ud800é=-_")
            case 1:
                del text[place:]
            case 2:
                text.insert(place, dice.choice(["\n", " ", "=", "=="]))
            case 3:
                text[place:place] = text[: dice.randrange(40)]
            case _:
                del text[place : place + dice.randrange(1, 9)]
        text = text or ["="]
    return {"awslogs": {"data": "".join(text)}}


def _gzip(dice: random.Random) -> Any:  # noqa: ANN401 # as above
    data = bytearray(_data(dice))
    match dice.randrange(9):
        case 0 | 1 | 2:
            _scratched(data, dice)
        case 3:
            del data[dice.randrange(len(data)) :]
        case 4:
            data += dice.choice([b"", b"\0" * 9, b"\x1f\x8b", dice.randbytes(40), _data(dice), gzip.compress(b"") * 50])
        case 5:
            data[:0] = dice.choice([b"\xef\xbb\xbf", gzip.compress(b""), b"\x1f\x8b\x08\0", dice.randbytes(4)])
        case 6:
            data = bytearray(zlib.compress(gzip.decompress(data)))
        case 7:
            data[3] |= 1 << dice.randrange(8)  # flags: an extra field, a name, a checksum that are not there
        case _:
            data = bytearray(gzip.decompress(data))
    return _event(bytes(data))


def _json(dice: random.Random) -> Any:  # noqa: ANN401 # as above
    text = bytearray(json.dumps(_message(dice), ensure_ascii=dice.random() < 0.5).encode(errors="surrogatepass"))
    match dice.randrange(8):
        case 0 | 1 | 2:
            _scratched(text, dice)
        case 3:
            del text[dice.randrange(len(text)) :]
        case 4:
            start = dice.randrange(len(text))
            text[start:start] = text[start : start + dice.randrange(200)]
        case 5:
            place = dice.randrange(len(text))
            text[place:place] = dice.choice(
                [b"NaN", b"\xff\xfe", b"\0", b"//", b",", b"{", b"\\u", b"\\ud800", b"1e999"]
            )
        case 6:
            text[:0] = dice.choice([b"\xef\xbb\xbf", b" " * 99, b"[" * 5_000, b'{"a":' * 5_000, b"null"])
        case _:
            text = bytearray(
                text.decode(errors="replace").encode(dice.choice(["utf-16", "utf-32", "latin-1"]), "replace")
            )
    return _packed(bytes(text), dice)


def _scratched(data: bytearray, dice: random.Random) -> None:
    for _ in range(dice.choice([1, 1, 2, 8])):
        data[dice.randrange(len(data))] = dice.randrange(256)


def _envelope(dice: random.Random) -> Any:  # noqa: ANN401 # as above
    message = _message(dice)
    for _ in range(dice.randrange(1, 3)):
        key = dice.choice(list(message) or ["logEvents"])
        if dice.random() < 0.3:
            message.pop(key, None)
        else:
            message[key] = _value(dice)
    return _packed(message, dice)


def _events(dice: random.Random) -> Any:  # noqa: ANN401 # as above
    message = _message(dice)
    events = message["logEvents"]
    for _ in range(dice.randrange(1, 5)):
        place = dice.randrange(len(events))
        if not isinstance(event := events[place], dict):
            continue
        match dice.randrange(6):
            case 0:
                events[place] = _value(dice)
            case 1:
                event[dice.choice(["id", "timestamp", "message"])] = _value(dice)
            case 2:
                event.pop(dice.choice(["id", "timestamp", "message"]), None)
            case 3:
                event["id"] = dice.choice(["a", "a-1", "a-2", "a" * 128, "a" * 129, "ü" * 128, ""])
            case 4:
                events.append({**event, "message": dice.choice([event.get("message"), _text(dice)])})
            case _:
                event[_text(dice)] = _value(dice)
    return _packed(message, dice)


def _messages(dice: random.Random) -> Any:  # noqa: ANN401 # as above
    message = _message(dice)
    for event in message["logEvents"]:
        line = event["message"]
        match dice.randrange(7):
            case 0:
                event["message"] = _text(dice)
            case 1:
                event["message"] = json.dumps(_value(dice, 6))
            case 2:
                place = dice.randrange(len(line) + 1)
                event["message"] = line[:place] + _text(dice) + line[place + dice.randrange(9) :]
            case 3:
                event["message"] = line[: dice.randrange(len(line) + 1)]
            case 4:
                event["message"] = line * dice.choice([2, 20, 200]) if len(line) < 500 else line
            case 5:
                event["message"] = dice.choice(["{", "[", '"', "\\", '{"a":', "é", "[ERROR] "]) * dice.choice(
                    [9, 999, 9999]
                )
            case _:
                event["message"] = line.replace(dice.choice('":,{}\t [].'), _text(dice)[:3], dice.randrange(5))
    return _packed(message, dice)


def _bomb(dice: random.Random) -> Any:  # noqa: ANN401 # as above
    size = dice.choice([CAP - 4096, CAP + 1, 2 * CAP])
    message = _message(dice)
    match dice.randrange(5):
        case 0:
            return _event(gzip.compress(b" " * size, 1))
        case 1:
            return _event(gzip.compress(b" " * (size // 40), 1) * 40)
        case 2:
            message["logEvents"][0]["message"] = dice.choice('a\\{"é') * 2**20
        case 3:
            message["logEvents"] = [{**event, "message": event["message"] * 99} for event in message["logEvents"]] * 9
        case _:
            event = dice.choice([b"{}", b"0", b'{"id":"1","timestamp":1800000000000,"message":"m"}'])
            head, tail = json.dumps({**message, "logEvents": []}).encode().rsplit(b"]", 1)
            return _packed(head + (event + b",") * (size // (len(event) + 1)) + event + b"]" + tail, dice)
    return _packed(message, dice)


KINDS: dict[str, tuple[float, Callable[[random.Random], Any]]] = {
    "lambda event": (0.06, _lambda_event),
    "base64": (0.08, _base64),
    "gzip": (0.16, _gzip),
    "json": (0.2, _json),
    "envelope": (0.1, _envelope),
    "events": (0.2, _events),
    "messages": (0.199, _messages),
    "bomb": (0.001, _bomb),
}
"""The mutations, each with its share."""
