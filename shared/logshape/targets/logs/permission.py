"""Turns the policy of the function that lines are sent to into blockers, where CloudWatch Logs may not call it."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

import msgspec

from logshape.errors import OutsideFailure
from logshape.plan import Blocked, Skipped
from logshape.targets.calls import Rejected

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from logshape.plan import Resource
    from logshape.targets.calls import Calls
    from logshape.targets.place import Place

ACTIONS: Final[Mapping[str, tuple[str, ...]]] = {"lambda:GetPolicy": ("${IngestFunction.Arn}",)}
POLICY_BYTES: Final = 20_480
"""What the policy of a function may hold, by the quotas of Lambda."""
_FUNCTION: Final = ":function:"
# Lambda has one name for two things that are missing.
_MISSING: Final = "ResourceNotFoundException"
_NO_FUNCTION: Final = "Function not found"
_DENIED: Final = frozenset(("AccessDenied", "AccessDeniedException"))
_ACTION: Final = "lambda:InvokeFunction"
_SERVICE: Final = "logs.amazonaws.com"
# Operators that are read, with or without `IfExists`; another one, or another key, is taken to be fulfilled.
_OPERATORS: Final = ("StringEquals", "StringLike", "ArnEquals", "ArnLike")


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """What a function's policy says: its statements, and how many bytes it has."""

    statements: tuple[dict[str, Any], ...] = ()
    size: int = 0


def unmet(calls: Calls, place: Place, filters: Sequence[Resource]) -> tuple[list[Skipped], list[Blocked]]:
    """
    Return the subscription *filters* that would send to the function of *place* in vain.

    Where its policy may not be read, nothing is blocked, and that is said. A destination that is no function has none.

    Raises:
        OutsideFailure: Lambda does not answer.

    """
    if not filters or _FUNCTION not in place.destination:
        return [], []
    try:
        policy = _policy(calls, place.destination)
    except Rejected as error:
        if error.code not in _DENIED:
            raise
        return [Skipped(place.destination, f"whether CloudWatch Logs may call it, nobody knows; {error}")], []
    return [], list(_blocked(policy, place, filters))


def _policy(calls: Calls, function: str) -> Policy | None:
    """Return the policy of *function*, be it an empty one, or None where there is no such function."""
    try:
        text = str(calls.call("get_policy", function, FunctionName=function)["Policy"])
    except Rejected as error:
        if error.code != _MISSING:
            raise
        return None if _NO_FUNCTION in str(error) else Policy()
    try:
        statements = json.loads(text)["Statement"]
    except (ValueError, KeyError, TypeError) as error:
        raise OutsideFailure(f"lambda:GetPolicy of {function}: what was answered is no policy") from error
    return Policy(statements=tuple(_listed(statements)), size=len(text.encode()))


def _blocked(policy: Policy | None, place: Place, filters: Sequence[Resource]) -> Iterator[Blocked]:
    statements = policy.statements if policy else ()
    reason = _reason(policy, place) if policy else f"there is no function {place.destination}"
    for one in filters:
        group = _log_group(place, one.body["logGroupName"])
        if not any(_allows(statement, place, group) for statement in statements):
            yield Blocked(one.name, reason)


def _allows(statement: dict[str, Any], place: Place, group: str) -> bool:
    """Say whether *statement* lets CloudWatch Logs call the function for the log group of the ARN *group*."""
    return (
        statement.get("Effect") == "Allow"
        and _is_logs(statement.get("Principal"), place.region)
        and any(fnmatchcase(_ACTION.lower(), action.lower()) for action in _listed(statement.get("Action", ())))
        and all(
            _fulfilled(key, _listed(values), place, group)
            for operator, conditions in statement.get("Condition", {}).items()
            if operator.removesuffix("IfExists") in _OPERATORS
            for key, values in conditions.items()
        )
    )


def _is_logs(principal: Any, region: str) -> bool:  # noqa: ANN401 # a policy's JSON
    """Say whether *principal* is CloudWatch Logs, which goes by two names: its own, and that of its *region*."""
    names = principal.get("Service", ()) if isinstance(principal, dict) else principal
    return any(name in ("*", _SERVICE) or name.startswith(f"logs.{region}.amazonaws.com") for name in _listed(names))


def _fulfilled(key: str, values: Sequence[str], place: Place, group: str) -> bool:
    match key.lower():
        case "aws:sourceaccount":
            return any(fnmatchcase(place.account, value) for value in values)
        case "aws:sourcearn":
            return any(fnmatchcase(arn, value) for value in values for arn in (group, f"{group}:*"))
        case _:
            return True


def _reason(policy: Policy, place: Place) -> str:
    """Return what a person is to do, once for all log groups; and before it, where the policy has no room for that."""
    source = _log_group(place, "*")
    command = (
        f"aws lambda add-permission --function-name {place.destination} --statement-id logshape --action {_ACTION} "
        f"--principal {_SERVICE} --source-account {place.account} --source-arn '{source}'"
    )
    why = f"{place.destination} does not let CloudWatch Logs of this account and Region call it"
    statement = {
        "Sid": "logshape",
        "Effect": "Allow",
        "Principal": {"Service": _SERVICE},
        "Action": _ACTION,
        "Resource": place.destination,
        "Condition": {"StringEquals": {"AWS:SourceAccount": place.account}, "ArnLike": {"AWS:SourceArn": source}},
    }
    if policy.size + len(json.dumps(statement, separators=(",", ":"))) > POLICY_BYTES:
        full = f"its policy has {policy.size:,} of {POLICY_BYTES:,} bytes, and no room for one permission more"
        return f"{why}; {full}: remove those of single log groups, and then {command}"
    return f"{why}; {command}"


def _log_group(place: Place, name: str) -> str:
    partition = place.destination.split(":")[1]
    return f"arn:{partition}:logs:{place.region}:{place.account}:log-group:{name}"


def _listed(value: Any) -> Sequence[Any]:  # noqa: ANN401 # a policy's JSON has one or a list of them
    if value is None:
        return ()
    return value if isinstance(value, list | tuple) else (value,)
