"""
Turns the environment into connections: to Data Firehose, to OpenSearch, to S3, and to what operators change.

Whatever happens on a wire comes back as a value of this module. No retry is made for the sinks: whoever calls has the
patience, and knows how much of it is left. A connection is opened when it is first used; `warm` pays for the imports
before.
"""

from __future__ import annotations

import gc
import logging
import random
import threading
import time
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias
from urllib.parse import unquote, urlsplit

import msgspec
from isal import igzip
from msgspec.structs import replace

from logshape.errors import InvalidEnvironment, OutsideFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from urllib.parse import SplitResult

    from opensearchpy import Urllib3HttpConnection

CONNECT_SECONDS: Final = 2.0
"""For a handshake, and for sending a body: Python counts both against one timeout."""
READ_SECONDS: Final = 3.0
TALKATIVE: Final = ("botocore", "opensearch", "urllib3")
"""Loggers that print bodies, and so what the events say, at level DEBUG, and a line for each request at INFO."""
_ERROR_STATUS: Final = range(300, 1000)
_UNAUTHORIZED: Final = 401
_LOOPBACK: Final = ("localhost", "::1")
_NDJSON: Final = {"content-type": "application/x-ndjson", "content-encoding": "gzip"}
_JSON: Final = {"content-type": "application/json", "content-encoding": "gzip"}
_BULK: Final = "/_bulk"
_SPOOL_TRIES: Final = 3
_CONTROL_TRIES: Final = 8
CONTROL_SECONDS: Final = 30.0
"""For an answer to a change, of which a service may think longer than of data."""
_LONGEST_PAUSE: Final = 5.0
ACTIONS: Final[Mapping[str, tuple[str, ...]]] = {"secretsmanager:GetSecretValue": ("${OpenSearchSecretArn}",)}
"""What a connection itself asks for; each sink and target declares what it does with one."""
_SERVICES: Final = ["firehose", "s3", "secretsmanager"]


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """An answer over HTTP; *after* is how many seconds the server asked to wait, 0 where it did not."""

    status: int
    body: str
    after: float = 0.0


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """An AWS service answered with an error to a call as a whole; *message* is empty where it may quote an event."""

    status: int
    code: str
    message: str = ""


class NoAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """No answer came that can be read, so that nothing is known about what was sent; *reason* holds nothing of it."""

    reason: str


Put: TypeAlias = "Callable[[Sequence[bytes]], Mapping[str, object] | Refused | NoAnswer]"
"""Records to one call of PutRecordBatch."""
Request: TypeAlias = "Callable[[str, str, bytes | None, float], Reply | NoAnswer]"
"""Method, path, body of JSON (of NDJSON for `_bulk`) or none, and the seconds that it may take."""
Keep: TypeAlias = "Callable[[str, bytes], None]"
"""Key and gzip body of an object under the spool's prefix; raises OutsideFailure when it was not written."""


class Session(Protocol):
    """What a cluster's connection needs of AWS: who asks, and where a secret lies."""

    @property
    def region(self) -> str | None:
        """The Region, if anybody names one."""

    def client(self, service: str) -> Any:  # noqa: ANN401 # botocore makes its clients at run time
        """Return the client of *service*."""

    def credentials(self) -> Any:  # noqa: ANN401 # as above
        """Return botocore's credentials, which renew themselves, or None."""


class Aws:
    """AWS clients by name, made on first use; threads may share it."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        """Take Region and endpoints from *environ*; credentials are botocore's affair."""
        self.region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")
        # A bucket's name before the host needs a DNS that only AWS has.
        own_endpoint = environ.get("AWS_ENDPOINT_URL") or environ.get("AWS_ENDPOINT_URL_S3")
        self._s3: Any = {"addressing_style": "path" if own_endpoint else "auto"}
        self._lock = threading.Lock()
        self._clients: dict[str, Any] = {}
        self._session: Any = None

    def client(self, service: str, *, tries: int = 1) -> Any:  # noqa: ANN401 # botocore makes its clients at run time
        """Return the client of *service*, which makes at most *tries* requests a call."""
        with self._lock:
            if service not in self._clients:
                with _uncollected():
                    self._clients[service] = self._made(service, tries)
            return self._clients[service]

    def credentials(self) -> Any:  # noqa: ANN401 # as above
        """Return botocore's credentials, which renew themselves, or None."""
        with self._lock:
            return self._opened().get_credentials()

    def _opened(self) -> Any:  # noqa: ANN401 # as above
        if self._session is None:
            import botocore.session

            self._session = botocore.session.get_session()
            loader = self._session.get_component("data_loader")
            # Only to see that the name exists, botocore walks twice through the folders of 400 services.
            loader.list_available_services = lambda _: _SERVICES
        return self._session

    def _made(self, service: str, tries: int) -> Any:  # noqa: ANN401 # as above
        from botocore.config import Config

        config = Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": tries},
            s3=self._s3,
        )
        return self._opened().create_client(service, region_name=self.region, config=config)


class Control:
    """AWS as operators change it: no haste, and as many tries as it takes where a service is busy."""

    def __init__(self, environ: Mapping[str, str], profile: str | None = None, region: str | None = None) -> None:
        """
        Take *profile* and *region* as the AWS CLI does, each before what *environ* and the configuration say.

        Raises:
            InvalidEnvironment: there is no such profile, or nobody names a Region.

        """
        import botocore.session
        from botocore.exceptions import BotoCoreError

        self._session = botocore.session.Session(profile=profile)
        self._clients: dict[str, Any] = {}
        try:
            self._session.get_scoped_config()  # tells whether the profile is there
            configured = environ.get("AWS_REGION") or self._session.get_config_variable("region")
        except BotoCoreError as error:
            raise InvalidEnvironment(str(error)) from error
        self.region: str = region or configured or ""
        if not self.region:
            raise InvalidEnvironment("nobody names a Region; say --region, or set AWS_REGION")

    def call(self, service: str, operation: str, **arguments: object) -> Mapping[str, Any] | Refused | NoAnswer:
        """Return what *operation*, by its name in Python, answers; a busy service is asked again, more slowly."""
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError

        try:
            answer: Mapping[str, Any] = getattr(self.client(service), operation)(**arguments)
        except ClientError as error:
            return replace(_refused(error.response), message=error.response.get("Error", {}).get("Message", ""))
        except BotoCoreError as error:
            return NoAnswer(reason=str(error))
        except ResponseParserError:
            return NoAnswer(reason="what was answered cannot be read")
        return answer

    def credentials(self) -> Any:  # noqa: ANN401 # botocore makes them at run time
        """Return botocore's credentials, which renew themselves, or None."""
        return self._session.get_credentials()

    def client(self, service: str) -> Any:  # noqa: ANN401 # as above
        """Return the client of *service*, which has the patience."""
        if service not in self._clients:
            from botocore.config import Config

            retries: Any = {"mode": "adaptive", "total_max_attempts": _CONTROL_TRIES}
            config = Config(connect_timeout=CONNECT_SECONDS, read_timeout=CONTROL_SECONDS, retries=retries)
            client: Any = self._session.create_client(service, region_name=self.region, config=config)
            # By the service's own name, or it would come after botocore's.
            event = f"needs-retry.{client.meta.service_model.service_id.hyphenize()}"
            client.meta.events.register_first(event, _again)
            self._clients[service] = client
        return self._clients[service]


def firehose(environ: Mapping[str, str], aws: Aws) -> Put | None:
    """Return the way into the delivery stream LOGSHAPE_FIREHOSE_STREAM, or None where it is empty."""
    stream = environ.get("LOGSHAPE_FIREHOSE_STREAM")
    if not stream:
        return None

    def put(records: Sequence[bytes]) -> Mapping[str, object] | Refused | NoAnswer:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            batch = [{"Data": record} for record in records]
            return aws.client("firehose").put_record_batch(DeliveryStreamName=stream, Records=batch)  # type: ignore[no-any-return] # botocore makes its clients at run time
        except ClientError as error:
            return _refused(error.response)
        except BotoCoreError as error:
            return NoAnswer(reason=type(error).__name__)

    return put


def spool(environ: Mapping[str, str], aws: Aws) -> Keep | None:
    """
    Return the way into LOGSHAPE_SPOOL, or None where it is empty.

    Raises:
        InvalidEnvironment: it is not of the form s3://bucket/prefix.

    """
    url = environ.get("LOGSHAPE_SPOOL")
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme != "s3" or not parts.netloc:
        raise InvalidEnvironment(f"LOGSHAPE_SPOOL is `{url}`; wanted s3://bucket/prefix")
    prefix = f"{parts.path.strip('/')}/".lstrip("/")

    def keep(key: str, body: bytes) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            client = aws.client("s3", tries=_SPOOL_TRIES)
            client.put_object(Bucket=parts.netloc, Key=prefix + key, Body=body, ContentType="application/gzip")
        except (BotoCoreError, ClientError) as error:
            code = _refused(error.response).code if isinstance(error, ClientError) else type(error).__name__
            raise OutsideFailure(f"s3://{parts.netloc}/{prefix}{key}: {code}") from error

    return keep


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


def warm(environ: Mapping[str, str]) -> None:
    """Import what the sinks that are on will need, so that a container pays before its first event."""
    with _uncollected():
        if environ.get("LOGSHAPE_FIREHOSE_STREAM"):
            import botocore.session  # noqa: F401 # imported to be there
        if environ.get("LOGSHAPE_OPENSEARCH_URL"):
            import opensearchpy  # noqa: F401 # as above
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.ERROR)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Make a great many objects that stay, without looking each time for those that do not: a tenth of a cold start."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


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

        timeout = Timeout(connect=min(CONNECT_SECONDS, seconds), read=min(self._read_seconds, seconds))
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
        return Reply(status=status, body=text, after=_seconds(headers.get("retry-after", "")))

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


def _refused(response: Mapping[str, Any]) -> Refused:
    return Refused(
        status=response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0),
        code=response.get("Error", {}).get("Code", "Unknown"),
    )


def _again(response: tuple[object, dict[str, Any]] | None, attempts: int, **_: object) -> float | None:
    """Tell botocore in how many seconds to try again where it does not know, and not to where it should not."""
    error = response[1].get("Error", {}) if response else {}
    match error.get("Code"):
        case "OperationAbortedException" if attempts < _CONTROL_TRIES:  # another writer holds the thing
            return random.uniform(0.5, 1) * min(2.0**attempts / 10, _LONGEST_PAUSE)  # noqa: S311 # no secret
        case "LimitExceededException":  # botocore takes it for haste; to CloudWatch it is a quota, and full
            error["Code"] = "LimitExceeded"
    return None


def _seconds(after: str) -> float:
    """Read a Retry-After header: seconds, or a date (RFC 9110 section 10.2.3); anything else asks for nothing."""
    if after.isdecimal():
        return float(after)
    try:
        return max(0.0, parsedate_to_datetime(after).timestamp() - time.time())
    except ValueError:
        return 0.0
