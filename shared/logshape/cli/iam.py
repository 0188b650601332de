"""Iam: the least policy that one use of logshape needs, gathered from where its calls are made."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Actions = Mapping[str, tuple[str, ...]]

USES: Final = ("plan", "apply", "ingest", "redrive", "govern")
# What Lambda does in the name of a function: it writes the log, reads the stream if there is one, and keeps what failed
# for the last time.
_OF_INGEST: Final[Actions] = {
    "kinesis:DescribeStream": ("${LineStream.Arn}",),
    "kinesis:DescribeStreamSummary": ("${LineStream.Arn}",),
    "kinesis:GetRecords": ("${LineStream.Arn}",),
    "kinesis:GetShardIterator": ("${LineStream.Arn}",),
    "kinesis:ListShards": ("${LineStream.Arn}",),
    "logs:CreateLogStream": ("${IngestLogs.Arn}",),
    "logs:PutLogEvents": ("${IngestLogs.Arn}",),
    "s3:ListBucket": ("${SpoolBucket.Arn}",),
    "s3:PutObject": ("${SpoolBucket.Arn}/aws/lambda/*",),
}
# The same, and what the event source mapping does in the name of the function.
_OF_REDRIVE: Final[Actions] = {
    "logs:CreateLogStream": ("${RedriveLogs.Arn}",),
    "logs:PutLogEvents": ("${RedriveLogs.Arn}",),
    "sqs:ChangeMessageVisibility": ("${RedriveQueue.Arn}",),
    "sqs:DeleteMessage": ("${RedriveQueue.Arn}",),
    "sqs:GetQueueAttributes": ("${RedriveQueue.Arn}",),
    "sqs:ReceiveMessage": ("${RedriveQueue.Arn}",),
}
_OF_GOVERN: Final[Actions] = {
    "logs:CreateLogStream": ("${GovernLogs.Arn}",),
    "logs:PutLogEvents": ("${GovernLogs.Arn}",),
}


@click.command("iam")
@click.argument("use", type=click.Choice(USES))
def command(use: str) -> None:
    """
    Print the least IAM policy for USE as JSON: what its calls need, and nothing else.

    plan and apply are for whoever runs these commands (drift needs what plan does), ingest, redrive and govern for the
    stack's functions. What only a deployed stack knows is printed as ${ArchiveStream.Arn} and the like, as
    CloudFormation's Fn::Sub reads it from template.yaml.
    """
    click.echo(json.dumps(policy(use), indent=2))


def policy(use: str) -> dict[str, Any]:
    """Return the policy document for *use*: sorted, one statement for actions on the same resources."""
    resources: defaultdict[str, set[str]] = defaultdict(set)
    for actions in _declared(use):
        for action, where in actions.items():
            resources[action].update(where)
    actions_on: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for action in sorted(resources):
        actions_on[tuple(sorted(resources[action]))].append(action)
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": actions, "Resource": list(where)} for where, actions in actions_on.items()
        ],
    }


def _declared(use: str) -> Iterable[Actions]:
    from logshape import connections
    from logshape.connections import keys
    from logshape.delivery import returns, sweeping
    from logshape.sinks import firehose, opensearch, spool
    from logshape.targets import cloudwatch, logs, operator, place, runs
    from logshape.targets import opensearch as cluster

    reads = (place.ACTIONS, logs.READS, cloudwatch.READS, cluster.READS, connections.ACTIONS)
    sinks = (firehose.ACTIONS, opensearch.ACTIONS, spool.ACTIONS, connections.ACTIONS)
    writes = (logs.WRITES, cloudwatch.WRITES, cluster.WRITES)
    uses: Mapping[str, Iterable[Actions]] = {
        "plan": reads,
        "apply": (*reads, *writes),
        "ingest": (*sinks, keys.ACTIONS, _OF_INGEST),
        "redrive": (*sinks, keys.ACTIONS, returns.ACTIONS, sweeping.ACTIONS, _OF_REDRIVE),
        "govern": (*reads, *writes, operator.ACTIONS, runs.ACTIONS, _OF_GOVERN),
    }
    return uses[use]
