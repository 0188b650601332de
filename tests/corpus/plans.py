"""Turns a seed into what each invocation of a function is told to do."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Step = dict[str, Any]

ORDINARY = (
    ("TRACE", "entering reserve({order})"),
    ("DEBUG", "cache miss for customer {customer}, asking the database"),
    ("DEBUG", "loaded customer {customer} in {took} ms"),
    ("DEBUG", "在庫を確認しています: {city}"),
    ("INFO", "received order {order}"),
    ("INFO", "order {order} has {count} items for {city}"),
    ("INFO", "reserved stock for {order} at warehouse {city}"),
    ("INFO", "payment of {count}00.50 EUR accepted for {order}"),
    ("INFO", "published OrderPlaced for {order}"),
    ("INFO", "GET /orders/{order} took={took}ms status=200"),
    ("INFO", "batch of {count} records done, 0 failed"),
    ("INFO", "注文 {order} を受け付けました"),
    ("INFO", "parcel for {order} 📦 left {city}"),
    ("WARN", "retry {count} of 9 for {order}: connection reset by peer"),
    ("WARN", "stock of {city} is low: {count} left"),
    ("ERROR", "could not reach the warehouse of {city} in {took} ms"),
    ("ERROR", "支払いに失敗しました: {order}"),
    ("FATAL", "the ledger is locked, giving up on {order}"),
)
SPECIAL = (
    'customer wrote "no ERROR here, thank you" in the form',
    "ERROR rate is 0.02 %, all is well",
    "the word WARNING stands in this line and means nothing",
    "支払いに失敗しました 💳❌ もう一度お試しください",
    "👩‍💻 deployed to 🇯🇵 and Zürich, naïve façade",
    "two lines follow:\n  first\n  second",
    "columns:\tsku\tquantity\tprice",
    '{"looks": "like json", "level": "ERROR"}',
    "[INFO]\tnot a prefix but prose",
    "100% of %s and {placeholders} stay as they are",
    "path C:\\orders\\new \"quoted\" and 'quoted'",
    "REPORT RequestId: is only mentioned here",
    "a=1 b=two c='three four' url=https://example.com/?q=1&r=%20",
    "contact: jane.doe@example.com asked about the invoice",
    "long: " + "lorem ipsum dolor sit amet " * 60 + "end",
    "2025-01-01T00:00:00.000Z is a time inside the message",
)
PRINTS = (
    "debug: cart = {'sku': 'A-1', 'qty': 2}",
    "---- begin of import ----",
    "ERROR: not really, only printed",
    "こんにちは、印刷の世界 🖨️",
    "one\n  two\n  three",
    "0.1 + 0.2 = 0.30000000000000004",
)
CITIES = ("Osaka", "東京", "Zürich", "Ålesund", "Lima")
WHY = ("card expired", 'bank said "declined"', "残高不足です 💸", "no answer after 3 tries\nlast: timeout")


@dataclass(frozen=True, kw_only=True)
class Speech:
    """How the function's language names levels and errors."""

    levels: Mapping[str, str]
    errors: tuple[str, ...]


PYTHON = Speech(
    levels={"TRACE": "DEBUG", "WARN": "WARNING", "FATAL": "CRITICAL"},
    errors=("ValueError", "PaymentDeclined", "ZeroDivisionError", "OutOfStock"),
)
NODE = Speech(
    levels={},
    errors=("TypeError", "PaymentDeclined", "RangeError", "Error"),
)


class Author:
    """Writes the plans of one execution environment; the same seed gives the same plans."""

    def __init__(self, seed: str, speech: Speech) -> None:
        """Begin with the lines that each environment must show, in an order of its own."""
        self._random = random.Random(seed)  # noqa: S311 # no secret, and it must repeat
        self._speech = speech
        self._special = self._random.sample(SPECIAL, len(SPECIAL))
        self._prints = self._random.sample(PRINTS, len(PRINTS))

    def invocations(self, count: int, endings: Sequence[str]) -> list[list[Step]]:
        """Write *count* invocations; *endings* are spread over them, the others end well."""
        every = max(2, count // (len(endings) + 1))
        ends = {every * (place + 1) - 1: ending for place, ending in enumerate(endings)}
        return [self._invocation(ends.get(number)) for number in range(count)]

    def _invocation(self, ending: str | None) -> list[Step]:
        steps = [self._log() for _ in range(self._random.randint(2, 5))]
        if self._special:
            steps.insert(1, self._log(self._special.pop()))
        if self._prints and self._random.random() < 0.5:
            steps.append({"do": "print", "text": self._prints.pop()})
        return [*steps, *self._end(ending)]

    def _log(self, text: str | None = None) -> Step:
        draw = self._random
        took = draw.randint(1, 400)
        facts = {
            "order": f"o-{draw.randint(1000, 9999)}",
            "customer": f"c{draw.randint(10, 99)}",
            "city": draw.choice(CITIES),
            "count": draw.randint(1, 9),
            "took": took,
        }
        level, ordinary = draw.choice(ORDINARY)
        step: Step = {
            "do": "log",
            "level": self._speech.levels.get(level, level),
            "text": text or ordinary.format(**facts),
            "logger": draw.choice((None, "shop.orders", "shop.payments")),
        }
        if draw.random() < 0.3:
            step["extra"] = {
                "order_id": facts["order"],
                "duration": took / 8,
                "vip": draw.random() < 0.5,
                "cart": {"lines": facts["count"], "city": facts["city"]},
                "tags": ["new", "注文"],
            }
        return step

    def _end(self, ending: str | None) -> list[Step]:
        draw = self._random
        failure = {"error": draw.choice(self._speech.errors), "why": draw.choice(WHY)}
        table: dict[str | None, list[Step]] = {
            None: [],
            "caught": [{"do": "caught", "text": "could not charge the card", **failure, "logger": "shop.payments"}],
            "chained": [{"do": "caught", "text": "gave up on the order", **failure, "cause": "sku", "logger": None}],
            "object": [{"do": "object", "value": {"event": "cart", "lines": 3, "city": "大阪"}, "logger": None}],
            "raise": [{"do": "raise", **failure}],
            "raise-chained": [{"do": "raise", **failure, "cause": "sku"}],
            "raise-bare": [{"do": "raise", **failure, "why": ""}],
            "reject": [{"do": "reject", **failure}],
            "timeout": [{"do": "sleep", "seconds": 60}],
            "exit": [{"do": "exit", "code": 1}],
        }
        return table[ending]
