"""What the code declares that it calls is what the stack's roles allow, and what `logshape iam` prints."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

import pytest
from click.testing import CliRunner

from logshape.cli.iam import command
from tests.repository.test_template import ROLES, ROOT, statements

if TYPE_CHECKING:
    from collections.abc import Iterable

ROLE: Final = {"ingest": "IngestRole", "redrive": "RedriveRole", "govern": "GovernRole"}


def printed(use: str) -> list[dict[str, Any]]:
    """Return the statements that `logshape iam` prints for *use*."""
    document = json.loads(CliRunner().invoke(command, [use]).stdout)
    assert document["Version"] == "2012-10-17"
    listed: list[dict[str, Any]] = document["Statement"]
    return listed


def pairs(found: Iterable[dict[str, Any]]) -> set[tuple[str, str]]:
    """Return each action of the statements *found* with each of its resources."""
    return {
        (action, resource)
        for statement in found
        for action in _listed(statement["Action"])
        for resource in _listed(statement["Resource"])
    }


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


@pytest.mark.parametrize(("use", "role"), ROLE.items())
def test_a_role_allows_what_is_declared_beside_the_calls(use: str, role: str) -> None:
    """A right too few shows only under load, as a spool that fills; one too many shows in an audit."""
    assert pairs(printed(use)) == pairs(statements(ROLES[role]["Policies"]))


def test_actions_on_the_same_resources_are_one_statement() -> None:
    """A policy is read by people: what belongs together stands together, in a fixed order."""
    assert printed("ingest")[:4] == [
        {"Effect": "Allow", "Action": ["es:ESHttpGet"], "Resource": ["${OpenSearchDomainArn}/_index_template/*"]},
        {"Effect": "Allow", "Action": ["es:ESHttpPost"], "Resource": ["${OpenSearchDomainArn}/_bulk"]},
        {"Effect": "Allow", "Action": ["firehose:PutRecordBatch"], "Resource": ["${ArchiveStream.Arn}"]},
        {
            "Effect": "Allow",
            "Action": [
                "kinesis:DescribeStream",
                "kinesis:DescribeStreamSummary",
                "kinesis:GetRecords",
                "kinesis:GetShardIterator",
                "kinesis:ListShards",
            ],
            "Resource": ["${LineStream.Arn}"],
        },
    ]


def test_to_plan_is_to_read() -> None:
    """Who may only look can plan: in a review, in a pipeline of somebody else's pull request."""
    verbs = {action.split(":")[1] for action, _ in pairs(printed("plan"))}

    assert {verb for verb in verbs if not verb.startswith(("Describe", "Get", "List", "ESHttpGet"))} == set()
    assert pairs(printed("plan")) < pairs(printed("apply")) < pairs(printed("govern"))


def test_apply_gives_nobody_a_right() -> None:
    """
    The stack has one permission for all log groups, and a stream or an index needs none of ours.

    One a log group would fill the function's policy; CloudWatch Logs has ten resource policies for all who live there.
    """
    called = {
        operation
        for file in (ROOT / "shared/logshape/targets").rglob("*.py")
        for operation in re.findall(r"\w+_(?:permission|policy)\b", file.read_text(encoding="utf-8"))
    }
    verbs = {action for action, _ in pairs(printed("govern"))}

    assert {name for name in called if name.startswith(("add_", "put_"))} == {"put_retention_policy"}
    assert {verb for verb in verbs if "Permission" in verb or "Policy" in verb} == {
        "lambda:GetPolicy", "logs:DeleteRetentionPolicy", "logs:PutRetentionPolicy",
    }  # fmt: skip


def test_an_unknown_use_is_refused_with_the_list() -> None:
    """A policy for nothing would be an empty one, which allows nothing."""
    result = CliRunner().invoke(command, ["ingst"])

    assert (result.exit_code, result.stdout) == (2, "")
    assert "'ingst' is not " in result.stderr
    assert "'ingest'" in result.stderr
