"""Turns a contract's `keep: {logs: …}` into the arguments of CloudWatch Logs' PutRetentionPolicy."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from logshape.artefacts.arguments import Arguments
    from logshape.contract.model import Contract


def derive(contract: Contract) -> list[Arguments]:
    """
    Return one call for each glob of each entry, in the order in which entries are tried.

    A glob stands where an account's log group names will; which of them an entry takes, `arguments` says. An entry
    that keeps its logs for ever has no call.
    """
    return [
        _call(glob, group.keep.logs)
        for group in contract.groups
        if group.keep.logs is not None
        for glob in sorted(group.match)
    ]


def arguments(contract: Contract, log_group: str) -> Arguments | None:
    """Return the call for *log_group*; None when it is kept for ever or no entry matches it: then it is not ours."""
    group = contract.group_for(log_group)
    if group is None or group.keep.logs is None:
        return None
    return _call(log_group, group.keep.logs)


def _call(log_group: str, days: int) -> Arguments:
    return {"logGroupName": log_group, "retentionInDays": days}
