"""Turns the environment into the key by which values are hashed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from logshape.connections.answers import told
from logshape.errors import OutsideFailure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logshape.connections.aws import Aws

ACTIONS: Final[Mapping[str, tuple[str, ...]]] = {"secretsmanager:GetSecretValue": ("${RedactKeyArn}",)}
_ARN: Final = re.compile(r"arn:[\w-]+:secretsmanager:[\w-]+:\d{12}:secret:\S+")
_TRIES: Final = 3


def redact_key(environ: Mapping[str, str], aws: Aws) -> bytes | None:
    """
    Return the key LOGSHAPE_REDACT_KEY, itself or in the secret of Secrets Manager that it names; None if it is empty.

    All of a secret's text is the key, or its bytes, if it has no text.

    Raises:
        OutsideFailure: the secret cannot be read, or holds nothing.

    """
    written = environ.get("LOGSHAPE_REDACT_KEY", "")
    if not _ARN.fullmatch(written):
        return written.encode() or None
    with told("LOGSHAPE_REDACT_KEY"):
        secret: dict[str, Any] = aws.client("secretsmanager", tries=_TRIES).get_secret_value(SecretId=written)
    key: bytes = secret.get("SecretString", "").encode() or secret.get("SecretBinary", b"")
    if not key:
        raise OutsideFailure("LOGSHAPE_REDACT_KEY: the secret is empty")
    return key
