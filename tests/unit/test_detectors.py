"""Detectors: what each finds, and what it leaves alone although it looks alike."""

from __future__ import annotations

import json
import random
import string
from pathlib import Path
from typing import Any

import pytest

import logshape
from logshape.contract.detectors import BUILT_IN
from logshape.contract.model import Detector
from logshape.lines.searching import Searcher

SAMPLE = Path(logshape.__file__).parent / "local/sample/events.ndjson"
ALPHABET = string.ascii_letters + string.digits + "/+"
ALL = Searcher([Detector(name=name) for name in BUILT_IN])
KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA04up8hoqzS1\n-----END RSA PRIVATE KEY-----"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm5hIn0.sflKxwRJSMeKKF2QT4fwpMeJf36POk6yJVadQssw5c"


def found(text: str, searcher: Searcher = ALL) -> list[tuple[str, str]]:
    """Return what is found in *text*, each with its detector's name."""
    return [(span.detector.name, span.value.decode()) for span in searcher.spans(text)[1]]


@pytest.mark.parametrize(
    ("name", "secret", "text"),
    [
        ("aws-access-key", "AKIAIOSFODNN7EXAMPLE", "id AKIAIOSFODNN7EXAMPLE."),
        ("aws-access-key", "ASIAY34FZKBOKMUTVV7A", "Credential=ASIAY34FZKBOKMUTVV7A%2F20251031"),
        ("aws-access-key", "AKIAIOSFODNN7EXAMPLE", "%3DAKIAIOSFODNN7EXAMPLE"),
        ("aws-access-key", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        ("aws-access-key", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        ("aws-access-key", "IQoJb3JpZ2luX2VjEOr//////////wEaCXVzLWVhc3Qt", "token IQoJb3JpZ2luX2VjEOr//////////wEaCXVzLWVhc3Qt"),
        ("jwt", JWT, f"token={JWT};"),
        ("jwt", JWT[:40], JWT[:40]),
        ("jwt", JWT, f"Bearer {JWT}"),
        ("bearer-token", "7a9c0e52-bb1e-4a1d-8f2b-1d2c3b4a5e6f", "Authorization: Bearer 7a9c0e52-bb1e-4a1d-8f2b-1d2c3b4a5e6f"),
        ("bearer-token", "mF_9.B5f-4.1JqM", "authorization=bearer%20mF_9.B5f-4.1JqM"),
        ("private-key", KEY, f"key:\n{KEY}\nnext"),
        ("private-key", KEY[:50], KEY[:50]),
        ("private-key", KEY[32:], KEY[32:]),
        ("private-key", "-----BEGIN PRIVATE KEY-----\\nMIIE\\n-----END PRIVATE KEY-----", "'-----BEGIN PRIVATE KEY-----\\nMIIE\\n-----END PRIVATE KEY-----'"),
        ("private-key", "-----BEGIN PGP PRIVATE KEY BLOCK-----\nlQ", "-----BEGIN PGP PRIVATE KEY BLOCK-----\nlQ"),
        ("email", "anna.b+shop@mail.example.com", "to <anna.b+shop@mail.example.com>, at once"),
        ("email", "jörg@exämple.de", "jörg@exämple.de"),
        ("email", "anna%40example.com", "GET /u?mail=anna%40example.com&x"),
        ("card", "4111111111111111", "paid by 4111111111111111"),
        ("card", "4111 1111 1111 1111", "paid by 4111 1111 1111 1111, thanks"),
        ("card", "5555-5555-5555-4444", "5555-5555-5555-4444"),
        ("card", "378282246310005", "amex 378282246310005"),
        ("card", "3782 822463 10005", "amex 3782 822463 10005"),
        ("card", "4222222222222", "4222222222222"),
        ("card", "4111 1111 1111 1111", "4111 1111 1111 1111 123"),
        ("ipv4", "203.0.113.7", "from 203.0.113.7:443"),
        ("ipv4", "203.0.113.7", "http://203.0.113.7/x"),
        ("ipv4", "203.0.113.7", "/203.0.113.7:443 closed."),
        ("ipv4", "203.0.113.7", "It was 203.0.113.7."),
        ("ipv6", "2001:db8::8a2e:370:7334", "from [2001:db8::8a2e:370:7334]:443"),
        ("ipv6", "2001:db8:85a3:0:0:8a2e:370:7334", "2001:db8:85a3:0:0:8a2e:370:7334"),
        ("ipv6", "::ffff:203.0.113.7", "peer ::ffff:203.0.113.7"),
        ("ipv6", "fe80::1", "fe80::1: refused"),
        ("phone", "+49 30 1234567", "call +49 30 1234567 now"),
        ("phone", "+14155552671", "tel:+14155552671"),
        ("phone", "(415) 555-2671", "call (415) 555-2671"),
        ("phone", "415-555-2671", "call 415-555-2671"),
    ],
)  # fmt: skip
def test_a_detector_finds(name: str, secret: str, text: str) -> None:
    """What is found is the secret and all of it: what stands around it stays readable."""
    assert found(text) == [(name, secret)]


@pytest.mark.parametrize(
    "text",
    [
        "79b4f56e-95b1-4643-9700-2807f4e68189",  # a request id
        "95424643-9542-4643-9700-280700004681",  # one of digits alone
        "37294017892348712398471029384701298347102938471029384710",  # an event's id
        "1-69053a1d-0123456789abcdef01234567",  # X-Ray's
        "U2Y3lG-XIAMF6Zw=",  # API Gateway's
        "1761950301010 1761950301010123 1761950301010123456",  # milli-, micro- and nanoseconds
        "2025-10-31T22:38:21.010Z 2025-10-31 22:38:21,010+0000 31/Oct/2025:22:38:21 +0200",
        "22:38:21 00:1a:2b:3c:4d:5e",  # a time, and a network card
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",  # SHA-1, as git names a commit
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",  # SHA-256
        "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",  # the same in base64
        "aGVsbG8gd29ybGQsIHRoaXMgaXMgYmFzZTY0IG9mIG9yZGluYXJ5IHRleHQu",  # a text in base64
        "com/example/orders/OrderServiceHandler42",  # forty characters of a path
        "role/AWSServiceRoleSSMIntegrationsPolicy InstanceProfileAssociationEc2Permissions",  # and of names
        "com/AutoScaling/latest/DeveloperGuide/AS",
        "1.2.3 v1.2.3.4 Chrome/119.0.0.0 Safari/537.36 version 4.3.2.1 python:3.13.v18",
        "arn:aws:lambda:eu-west-1:123456789012:function:orders arn:aws:iam::123456789012:role/x",
        "account 123456789012, order 20251031",
        "std::vector<int> Abc::Def :: 2::1",
        "@aws-sdk/client-s3@3.654.0 logo@2x.png java.lang.Object@1b2c3d4e",
        "the bearer of bad news; Bearer authentication is required",
        'WWW-Authenticate: Bearer realm="example", error="invalid_token"',
        "eyJhbGciOiJIUzI1NiJ9",  # only the head of a token, which says how, not who
        "-----BEGIN PUBLIC KEY----- -----BEGIN CERTIFICATE-----",
        "4111111111111112",  # a wrong check digit
        "took 0.4111111111111111 s",
        "0.4111111111111111e2 12.5 ms 0x4111111111111111f",
        "Duration: 128.83 ms Billed Duration: 129 ms Memory Size: 128 MB",
        "AKIA is how they begin",
        "+0200 +1 23-45-67",
    ],
)
def test_a_detector_leaves_alone(text: str) -> None:
    """Whoever finds `[card]` in place of a time turns redaction off."""
    assert found(text) == []


@pytest.mark.parametrize(
    ("pattern", "options", "text", "secrets"),
    [
        (r"\bORD-[0-9]{4}\b", {}, "ORD-1234 ORD-12345 ORD-9876", ["ORD-1234", "ORD-9876"]),
        (r"password=(\S+)", {}, "user=anna password=hunter2 x", ["hunter2"]),
        (r"\b\d{13,19}\b", {"check": "luhn"}, "1761950301016 and 1761950301017", ["1761950301016"]),
        (r"pin: (?P<pin>\d{4})|(?P<tan>\d{6})", {}, "pin: 1234, 123456", ["1234", "123456"]),
        ("clé-[a-zà-ü]+", {}, "voici clé-été!", ["clé-été"]),
    ],
)
def test_a_pattern_of_ones_own(pattern: str, options: dict[str, Any], text: str, secrets: list[str]) -> None:
    """The first group is what is found; the rest of the match is what must stand around it."""
    searcher = Searcher([Detector(name="own", pattern=pattern, **options)])

    assert found(text, searcher) == [("own", secret) for secret in secrets]


@pytest.mark.parametrize(
    ("written", "secret"),
    [
        (r'{"to":"anna\u0040example.com","x', r"anna\u0040example.com"),
        (r'"a\nanna@example.com"', "anna@example.com"),
        (r"'{\"to\":\"\\u0061nna@example.com\"}'", r"\\u0061nna@example.com"),
    ],
)
def test_what_hides_behind_escapes_is_found_where_it_stands(written: str, secret: str) -> None:
    """Text that quotes JSON is no JSON, and shows the secret all the same to who reads it."""
    encoded, spans = ALL.spans(written)

    assert [(encoded[span.start : span.end].decode(), span.value) for span in spans] == [(secret, b"anna@example.com")]


def test_in_lines_of_real_runtimes_only_addresses_are_found() -> None:
    """2,689 of them, with ids, times, numbers, traces and names as these write them."""
    lines = [json.loads(line)["message"] for line in SAMPLE.read_text(encoding="utf-8").splitlines()]

    assert {secret for line in lines for secret in found(line)} == {
        ("email", "jane.doe@example.com"),
        ("ipv4", "192.0.2.14"),
        ("ipv4", "198.51.100.7"),
        ("ipv4", "203.0.113.250"),
        ("ipv6", "2001:db8::8a2e:370:7334"),
    }


def test_a_secret_key_is_seldom_taken_for_a_name() -> None:
    """They are forty characters by chance, and nothing but their disorder tells of them."""
    dice = random.Random(1)  # noqa: S311 # the same keys on every machine
    keys = ["".join(dice.choices(ALPHABET, k=40)) for _ in range(2000)]

    assert sum(not found(key) for key in keys) <= 4
