"""Turns a contract into what it needs of AWS and OpenSearch on this machine, by the calls that a deployment makes."""

from __future__ import annotations

import importlib.util
import os
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeAlias
from urllib.parse import urlsplit

from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException

import logshape
from logshape.artefacts import bind, firehose, glue, index_template, metric_filters, retention, subscription_filters
from logshape.artefacts.arguments import ARCHIVE_BUCKET, FIREHOSE_ROLE_ARN, PARTITION
from logshape.artefacts.arguments import REGION as REGION_VARIABLE
from logshape.contract.periods import template_name
from logshape.errors import OutsideFailure, UnreadableInput
from logshape.local.aws import REGION
from logshape.local.opensearch import URL
from logshape.local.redriving import Redrive
from logshape.targets.place import DESTINATION, ROLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mypy_boto3_logs import CloudWatchLogsClient

    from logshape.contract.model import Contract
    from logshape.local.aws import LocalAws
    from logshape.local.functions import Handler
    from logshape.local.opensearch import Endpoint

ARCHIVE: Final = "logshape-archive"
SPOOL: Final = "logshape-spool"
STREAM_ROLE: Final = "arn:aws:iam::123456789012:role/into-the-stream"
Source: TypeAlias = Literal["lambda", "kinesis"]
"""As the parameter `Source` of template.yaml."""
FUNCTIONS: Final = Path(logshape.__file__).parents[2] / "functions"
"""The functions are no part of the package: a checkout has them, and SAM deploys them from there."""
# What a user's shell may say of another AWS.
_ELSEWHERE: Final = ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_FIREHOSE", "AWS_ENDPOINT_URL_S3")


@dataclass(frozen=True, kw_only=True)
class Stack:
    """
    What is deployed: the contract's pipeline, where log groups send to, and the variables with which it runs.

    *destination* is the function, or a stream before it, which CloudWatch Logs writes to as *role*.
    """

    aws: LocalAws
    contract: Contract
    destination: str
    role: str
    environment: dict[str, str]

    def adopt(self, log_group: str) -> bool:
        """
        Give *log_group* the contract's retention, metric filters and subscription, and say whether it is subscribed.

        One that no entry matches is subscribed too, as if by hand: its lines are read with the built-in formats.
        """
        logs: CloudWatchLogsClient = self.aws.client("logs")
        if kept := retention.arguments(self.contract, log_group):
            logs.put_retention_policy(**kept)
        for counting in metric_filters.arguments(self.contract, log_group):
            logs.put_metric_filter(**counting)
        if self.contract.group_for(log_group):
            subscription = subscription_filters.arguments(self.contract, log_group, self.destination, self.role)
        else:
            subscription = subscription_filters.call(self.contract, log_group, self.destination, self.role)
        if subscription:
            logs.put_subscription_filter(**subscription)
        return subscription is not None

    def adopt_new(self) -> None:
        """Adopt the log groups that have no subscription yet, as govern does when one is created."""
        logs: CloudWatchLogsClient = self.aws.client("logs")
        for page in logs.get_paginator("describe_log_groups").paginate():
            for group in page["logGroups"]:
                name = group["logGroupName"]
                if not logs.describe_subscription_filters(logGroupName=name)["subscriptionFilters"]:
                    self.adopt(name)

    def redrive(self) -> Redrive:
        """Deploy redrive with its queue; whoever has it polls."""
        return Redrive(self.aws, f"{self.contract.name}-redrive", _handler("redrive"), self.environment)


@contextmanager
def deployed(
    aws: LocalAws, contract: Contract, path: Path, index: Endpoint | None, source: Source = "lambda"
) -> Iterator[Stack]:
    """
    Deploy the pipeline of *contract*, which is the file *path*, and its template at *index* if there is one.

    Log groups send to the function itself, or into a stream that it reads, as *source* says.

    Inside the block this process has the function's environment.

    Raises:
        UnreadableInput: the function's code is not there.
        OutsideFailure: OpenSearch does not take the template.

    """
    _archive(aws, contract)
    if index:
        with asking(index) as opensearch:
            template = index_template.derive(contract)
            opensearch.indices.put_index_template(name=template_name(contract), body=template)
    name = f"{contract.name}-ingest"
    variables = aws.environment() | {
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}",
        "LOGSHAPE_CONTRACT": str(path.resolve()),
        "LOGSHAPE_FIREHOSE_STREAM": firehose.stream_name(contract),
        "LOGSHAPE_ARCHIVE": f"s3://{ARCHIVE}/{glue.PREFIX}",
        "LOGSHAPE_SPOOL": f"s3://{SPOOL}/spool",
        "POWERTOOLS_SERVICE_NAME": "logshape",
        "POWERTOOLS_METRICS_NAMESPACE": f"logshape/{contract.name}",
        URL: index.url if index else "",
    }
    with _environment(variables):
        arn, role = aws.function(name, _handler("ingest"), failures=SPOOL), ""
        if source == "kinesis":
            arn, role = aws.stream(f"{contract.name}-lines", arn, failures=SPOOL), STREAM_ROLE
        destination = {DESTINATION: arn, ROLE: role}
        yield Stack(aws=aws, contract=contract, destination=arn, role=role, environment={**variables, **destination})


@contextmanager
def asking(index: Endpoint) -> Iterator[OpenSearch]:
    """
    Talk to *index* inside the block.

    Raises:
        OutsideFailure: it does not answer, or not as it should.

    """
    opensearch = OpenSearch(hosts=[index.url])
    try:
        yield opensearch
    except OpenSearchException as error:
        host = urlsplit(index.url).hostname  # the URL may hold a password
        raise OutsideFailure(f"OpenSearch at {host} ({URL}): {error}") from error
    finally:
        opensearch.close()


def _archive(aws: LocalAws, contract: Contract) -> None:
    for bucket in (ARCHIVE, SPOOL):
        aws.client("s3").create_bucket(Bucket=bucket)
    role = "arn:aws:iam::123456789012:role/firehose"
    known = {ARCHIVE_BUCKET: ARCHIVE, FIREHOSE_ROLE_ARN: role, PARTITION: "aws", REGION_VARIABLE: REGION}
    aws.client("glue").create_database(DatabaseInput={"Name": glue.DATABASE})
    aws.client("glue").create_table(**bind(glue.derive(contract), known))
    aws.client("firehose").create_delivery_stream(**bind(firehose.derive(contract), known))


def _handler(function: str) -> Handler:
    """Import a function anew, since it reads contract and environment when it is imported."""
    file = FUNCTIONS / function / "handler.py"
    spec = importlib.util.spec_from_file_location("handler", file)
    if spec is None or spec.loader is None or not file.is_file():
        raise UnreadableInput(f"{file}: not there; run logshape from a checkout of its repository")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    handler: Handler = module.handle
    return handler


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    for name in _ELSEWHERE:
        os.environ.pop(name, None)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
