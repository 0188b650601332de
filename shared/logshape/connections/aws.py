"""Turns the environment into AWS's clients for data: Data Firehose, and S3 for the spool."""

from __future__ import annotations

import gc
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Protocol

from logshape.connections.answers import NoAnswer, refused
from logshape.connections.objects import Bucket, bucket_and_prefix

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from logshape.connections.answers import Keep, Put, Refused

CONNECT_SECONDS: Final = 2.0
"""For a handshake, and for sending a body: Python counts both against one timeout."""
READ_SECONDS: Final = 3.0
_UNREADABLE: Final = (AttributeError, UnicodeDecodeError)
"""What botocore raises of an answer that is no JSON object, or no text: it looks inside without a check."""
_SERVICES: Final = ["firehose", "s3", "secretsmanager", "sqs"]


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
                with uncollected():
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
            return refused(error.response)
        except (BotoCoreError, *_UNREADABLE) as error:
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
    bucket, prefix = bucket_and_prefix("LOGSHAPE_SPOOL", url)
    store = Bucket(aws, bucket)
    return lambda key, body: store.write(prefix + key, body)


@contextmanager
def uncollected() -> Iterator[None]:
    """Make a great many objects that stay, without looking each time for those that do not: a tenth of a cold start."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
