"""Turns the environment into requests to OpenSearch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

import msgspec
from isal import igzip

from logshape.connections.answers import NoAnswer, Reply, seconds_to_wait
from logshape.connections.aws import CONNECT_SECONDS, READ_SECONDS
from logshape.errors import InvalidEnvironment, OutsideFailure

if TYPE_CHECKING:
    from collections.abc import Mapping
    from urllib.parse import SplitResult

    from opensearchpy import Urllib3HttpConnection

    from logshape.connections.answers import Request
    from logshape.connections.aws import Session

ACTIONS: Final[Mapping[str, tuple[str, ...]]] = {"secretsmanager:GetSecretValue": ("${OpenSearchSecretArn}",)}
"""What the connection itself asks for; each sink and target declares what it does with it."""
_ERROR_STATUS: Final = range(300, 1000)
_UNAUTHORIZED: Final = 401
_LOOPBACK: Final = ("localhost", "::1")
_NDJSON: Final = {"content-type": "application/x-ndjson", "content-encoding": "gzip"}
_JSON: Final = {"content-type": "application/json", "content-encoding": "gzip"}
_BULK: Final = "/_bulk"


def opensearch(environ: Mapping[str, str], aws: Session, read_seconds: float = READ_SECONDS) -> Request | None:
    """
    Return the way to the cluster LOGSHAPE_OPENSEARCH_URL, or None where it is empty.

    An answer may take *read_seconds*, whatever the request would wait.

    Raises:
        InvalidEnvironment: URL, way of authentication or what it needs cannot be understood.

    """
    url = environ.get("LOGSHAPE_OPENSEARCH_URL")
    if not url:
        return None
    return _Cluster(_checked(url), environ, aws, read_seconds).request


class _Cluster:
    """One OpenSearch endpoint, over the connection of opensearch-py, which neither retries nor hides an answer here."""

    def __init__(self, url: SplitResult, environ: Mapping[str, str], aws: Session, read_seconds: float) -> None:
        self._url = url
        self._aws = aws
        self._read_seconds = read_seconds
        self._secret = environ.get("LOGSHAPE_OPENSEARCH_SECRET")
        self._auth = environ.get("LOGSHAPE_OPENSEARCH_AUTH") or _default_auth(url)
        if self._auth not in ("none", "basic", "es"):
            raise InvalidEnvironment(f"LOGSHAPE_OPENSEARCH_AUTH is `{self._auth}`; use one of none, basic, es")
        if self._auth == "basic" and not (url.username or self._secret):
            raise InvalidEnvironment(
                "LOGSHAPE_OPENSEARCH_AUTH is `basic`, and nobody says who: put user:password@ into "
                "LOGSHAPE_OPENSEARCH_URL, or the ARN of a secret into LOGSHAPE_OPENSEARCH_SECRET"
            )
        if self._auth == "es" and not aws.region:
            raise InvalidEnvironment("LOGSHAPE_OPENSEARCH_AUTH is `es`, which needs AWS_REGION; it is empty")
        self._connection: Urllib3HttpConnection | None = None

    def request(self, method: str, path: str, body: bytes | None, seconds: float) -> Reply | NoAnswer:
        """Send *body*, inflated as it comes, and return what was answered; nothing is raised."""
        from opensearchpy.exceptions import OpenSearchException
        from urllib3 import Timeout

        timeout = Timeout(total=seconds, connect=CONNECT_SECONDS, read=self._read_seconds)
        try:
            connection = self._connection = self._connection or self._connected()
            status, headers, text = connection.perform_request(
                method,
                path,
                # opensearch-py by itself would compress at zlib's slowest level.
                body=None if body is None else igzip.compress(body, 1, mtime=0),
                headers=None if body is None else _NDJSON if path.startswith(_BULK) else _JSON,
                timeout=timeout,  # type: ignore[arg-type] # urllib3, to which it is handed on, takes both times apart
                ignore=_ERROR_STATUS,
            )
        except (OpenSearchException, OutsideFailure) as error:
            return NoAnswer(reason=type(error).__name__)
        if status == _UNAUTHORIZED:
            self._connection = None  # a secret may have been rotated: the next request reads it anew
        return Reply(status=status, body=text, after=seconds_to_wait(headers.get("retry-after", "")))

    def _connected(self) -> Urllib3HttpConnection:
        from opensearchpy import Urllib3HttpConnection

        https = self._url.scheme == "https"
        return Urllib3HttpConnection(
            host=self._url.hostname or "",
            port=self._url.port or (443 if https else 80),
            use_ssl=https,
            url_prefix=self._url.path.strip("/"),
            http_auth=self._credentials(),
            headers={"accept-encoding": "gzip"},
        )

    def _credentials(self) -> object:
        if self._auth == "none":
            return None
        if self._auth == "basic":
            return self._user_and_password()
        from opensearchpy import Urllib3AWSV4SignerAuth

        credentials = self._aws.credentials()
        if credentials is None:
            raise OutsideFailure("LOGSHAPE_OPENSEARCH_AUTH is `es`, and botocore finds no credentials")
        return Urllib3AWSV4SignerAuth(credentials, self._aws.region, "es")

    def _user_and_password(self) -> tuple[str, str]:
        if not self._secret:
            return unquote(self._url.username or ""), unquote(self._url.password or "")
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            text = self._aws.client("secretsmanager").get_secret_value(SecretId=self._secret)["SecretString"]
            secret = msgspec.json.decode(text, type=dict[str, object])
            return str(secret["username"]), str(secret["password"])
        except (BotoCoreError, ClientError, KeyError, msgspec.MsgspecError) as error:
            raise OutsideFailure(f"LOGSHAPE_OPENSEARCH_SECRET: {type(error).__name__}") from error


def _checked(url: str) -> SplitResult:
    parts = urlsplit(url)
    try:
        known = parts.scheme in ("http", "https") and parts.hostname and (parts.port or True)
    except ValueError:
        known = False
    if not known:
        # The URL may hold a password: it is not repeated.
        raise InvalidEnvironment("LOGSHAPE_OPENSEARCH_URL is not a URL; wanted http[s]://[user:password@]host[:port]")
    return parts


def _default_auth(url: SplitResult) -> str:
    if url.username:
        return "basic"
    host = url.hostname or ""
    return "none" if host in _LOOPBACK or host.startswith("127.") else "es"
