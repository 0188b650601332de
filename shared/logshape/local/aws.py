"""Turns this process into AWS for as long as a block lasts: moto over HTTP, corrected where it is wrong or silent."""

from __future__ import annotations

import io
import json
import logging
import zipfile
from contextlib import ExitStack, contextmanager
from functools import cache
from itertools import chain
from threading import Thread
from typing import TYPE_CHECKING, Any, Final, Self

import boto3
from botocore.config import Config
from moto.moto_api._internal.models import moto_api_backend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from logshape.local.corrections import corrected
from logshape.local.firehose import Firehose
from logshape.local.functions import Function, Invocation
from logshape.local.metrics import Metrics
from logshape.local.printing import divided
from logshape.local.streams import Mapping
from logshape.local.subscriptions import EventIds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import TracebackType

    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client

    from logshape.local.functions import Handler

REGION: Final = "us-east-1"
ACCOUNT: Final = "123456789012"
"""The account that moto serves."""
LOG: Final = "functions.log"
LOOPBACK: Final = "127.0.0.1,localhost"
KEY: Final = "local"
"""Both halves of the credentials: moto takes any, and these can open nothing else."""
_POLL_SECONDS: Final = 0.02
_TRUST: Final = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}],
}


class LocalAws:
    """
    AWS at *endpoint*, from entering to leaving: empty when entered, and one at a time in a process.

    What Firehose delivers lies under *home* too, and stays; what functions print is in `LOG` there.
    """

    def __init__(self, home: Path) -> None:
        """Prepare; nothing is served yet."""
        self.home = home
        self.ids = EventIds()
        self.metrics = Metrics()
        self.endpoint = ""
        self._clients: dict[str, Any] = {}
        self._functions: dict[str, Function] = {}
        self._mappings: list[Mapping] = []
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Serve."""
        moto_api_backend.reset()
        self._clients.clear()
        self.home.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            log = stack.enter_context((self.home / LOG).open("w", encoding="utf-8", buffering=1))
            stack.enter_context(divided(log))
            stack.enter_context(_quiet(logging.getLogger("werkzeug")))
            self.endpoint = stack.enter_context(_served())
            self.firehose = Firehose(self.client("s3"), self.client("glue"), self.home)
            stack.callback(self.firehose.close)
            stack.enter_context(corrected(self._functions, self.ids, self.metrics, self.firehose))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Deliver what Firehose holds, and serve no more."""
        self._stack.close()

    def environment(self) -> dict[str, str]:
        """Return the variables with which any AWS client uses this AWS."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": KEY,
            "NO_PROXY": LOOPBACK,
            "no_proxy": LOOPBACK,
        }

    def client(self, service: str) -> Any:  # noqa: ANN401 # boto3 makes clients at run time; callers say which they want
        """Return a boto3 client of *service* that uses this AWS, whatever the environment says."""
        if service not in self._clients:
            made = _session().client(service, endpoint_url=self.endpoint, config=Config(proxies={}))
            self._clients[service] = made
        return self._clients[service]

    def function(self, name: str, handler: Handler, *, failures: str) -> str:
        """
        Create the Lambda function *name* of *handler* and return its ARN; its failed events go to a bucket.

        CloudWatch Logs may call it, as the stack's permission has it.
        """
        role = self.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(_TRUST))["Role"]["Arn"]
        functions: LambdaClient = self.client("lambda")
        arn = functions.create_function(
            FunctionName=name, Role=role, Runtime="python3.13", Handler="handler.handle", Code={"ZipFile": _empty_zip()}
        )["FunctionArn"]
        functions.add_permission(
            FunctionName=name,
            StatementId="subscriptions",
            Action="lambda:InvokeFunction",
            Principal="logs.amazonaws.com",
            SourceAccount=ACCOUNT,
            SourceArn=f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:*",
        )
        functions.put_function_event_invoke_config(
            FunctionName=name, DestinationConfig={"OnFailure": {"Destination": f"arn:aws:s3:::{failures}"}}
        )
        function = Function(arn, handler, self._into(failures))
        self._stack.callback(function.close)
        self._functions[arn] = function
        return arn

    def stream(self, name: str, function_arn: str, *, failures: str) -> str:
        """Create the Kinesis stream *name* for a function that is there, and return its ARN; see `function`."""
        kinesis = self.client("kinesis")
        kinesis.create_stream(StreamName=name, StreamModeDetails={"StreamMode": "ON_DEMAND"})
        arn: str = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]
        self._mappings.append(Mapping(kinesis, arn, self._functions[function_arn], self._into(failures)))
        return arn

    def save(self, bucket: str, folder: Path) -> int:
        """Write the objects of *bucket* as files under *folder*, and return how many there are."""
        s3: S3Client = self.client("s3")
        keys = [
            item["Key"]
            for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
            for item in page.get("Contents", [])
        ]
        for key in keys:
            file = folder / key
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        return len(keys)

    def drain(self, deadline: float) -> list[Invocation]:
        """
        Wait until streams, queues and Firehose hold nothing, and return all invocations so far.

        Raises:
            OutsideFailure: that is not so by *deadline* of the monotonic clock.

        """
        for mapping in self._mappings:
            mapping.drain()
        for function in self._functions.values():
            function.drain(deadline)
        self.firehose.flush()
        called = [function.invocations for function in self._functions.values()]
        return list(chain(*called, *(mapping.invocations for mapping in self._mappings)))

    def _into(self, bucket: str) -> Callable[[str, bytes], object]:
        s3: S3Client = self.client("s3")
        return lambda key, body: s3.put_object(Bucket=bucket, Key=key, Body=body)


@contextmanager
def _served() -> Iterator[str]:
    """Serve moto under the URL that is given; moto's own thread takes half a second to notice that it is to stop."""
    app = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=MotoRequestHandler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": _POLL_SECONDS}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()


@cache
def _session() -> boto3.Session:
    """Return one session for all: it keeps the services' descriptions, which take long to read."""
    return boto3.Session(aws_access_key_id=KEY, aws_secret_access_key=KEY, region_name=REGION)


@contextmanager
def _quiet(logger: logging.Logger) -> Iterator[None]:
    """Keep the server's line for each request off standard error."""
    level = logger.level
    logger.setLevel(logging.ERROR)
    yield
    logger.setLevel(level)


def _empty_zip() -> bytes:
    """Return the code of a function whose handler is in this process."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as code:
        code.writestr("handler.py", "")
    return archive.getvalue()
