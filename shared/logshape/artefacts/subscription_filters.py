"""Turns a contract's subscribed groups into the arguments of CloudWatch Logs' PutSubscriptionFilter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logshape.artefacts.arguments import INGEST_ARN

if TYPE_CHECKING:
    from logshape.artefacts.arguments import Arguments
    from logshape.contract.model import Contract


def derive(contract: Contract) -> list[Arguments]:
    """
    Return one call for each glob of each subscribed entry, in the order in which entries are tried.

    A glob stands where an account's log group names will; which of them an entry takes, `arguments` says.
    """
    return [
        call(contract, glob, INGEST_ARN) for group in contract.groups if group.subscribe for glob in sorted(group.match)
    ]


def arguments(
    contract: Contract, log_group: str, destination_arn: str = INGEST_ARN, role_arn: str = ""
) -> Arguments | None:
    """Return the call that subscribes *log_group*, see `call`; None when it is not to be subscribed, or not ours."""
    group = contract.group_for(log_group)
    if group is None or not group.subscribe:
        return None
    return call(contract, log_group, destination_arn, role_arn)


def filter_name(contract: Contract) -> str:
    """Return the whole name by which *contract* knows its one filter of a log group."""
    return f"logshape/{contract.name}/ingest"


def call(contract: Contract, log_group: str, destination_arn: str, role_arn: str = "") -> Arguments:
    """
    Return the call that sends *log_group* to *destination_arn*, whatever the contract says of it.

    A stream is written to as *role_arn*. A function allows CloudWatch Logs to call it, and is refused with a role.
    """
    subscription = {
        "logGroupName": log_group,
        "filterName": filter_name(contract),
        "filterPattern": "",  # every line arrives, since no pattern can say "all but these"; `drop` works in ingest
        "destinationArn": destination_arn,
    }
    return subscription | ({"roleArn": role_arn} if role_arn else {})
