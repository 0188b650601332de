"""Turns what a compiler derived into bytes that never vary, and its placeholders into what a deployed stack knows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

Arguments: TypeAlias = dict[str, Any]
"""What one API call takes, by its own parameter names, as JSON has it."""

# What only a deployed stack knows, written as CloudFormation's Fn::Sub reads it.
PARTITION: Final = "${AWS::Partition}"
REGION: Final = "${AWS::Region}"
INGEST_ARN: Final = "${IngestArn}"
ARCHIVE_BUCKET: Final = "${ArchiveBucket}"
FIREHOSE_ROLE_ARN: Final = "${FirehoseRoleArn}"
ALARM_TOPIC: Final = "${AlarmTopic}"
STACK_NAME: Final = "${AWS::StackName}"


def render(derived: Arguments | list[Arguments]) -> str:
    """Write *derived* as indented JSON with sorted keys and a final newline: the same contract gives the same bytes."""
    return json.dumps(derived, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def bind(arguments: Arguments, known: Mapping[str, str]) -> Arguments:
    """
    Return *arguments* with each placeholder of *known* (``{"${IngestArn}": "arn:…"}``) replaced in every text.

    All others stay, Athena's own ``${arrived}`` among them.
    """
    return {key: _bound(value, known) for key, value in arguments.items()}


def _bound(value: object, known: Mapping[str, str]) -> object:
    match value:
        case str():
            for placeholder, text in known.items():
                value = value.replace(placeholder, text)
            return value
        case dict():
            return bind(value, known)
        case list():
            return [_bound(item, known) for item in value]
        case _:
            return value
