"""Turns an occasion into what is done on it for one account, and what there is no time for into another run."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, assert_never

import msgspec
from msgspec.structs import replace

from logshape import connections, telemetry
from logshape.contract import compiled
from logshape.contract.globs import covers
from logshape.delivery import outlets
from logshape.targets import place as places
from logshape.targets.calls import Calls
from logshape.targets.cloudwatch import CloudWatch
from logshape.targets.logs import RATES, Logs, account
from logshape.targets.logs.leavers import Leavers
from logshape.targets.logs.saved import SavedQueries
from logshape.targets.occasions import Born, Routine, Slice
from logshape.targets.opensearch import OpenSearch
from logshape.targets.removal import unsubscribe
from logshape.targets.rounds import MOST, Account, Tally
from logshape.targets.runs import Runs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from logshape.targets import Target
    from logshape.targets.place import Place

ACTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "lambda:InvokeFunction": (
        "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${AWS::StackName}-govern",
    )
}
STACK: Final = "LOGSHAPE_STACK"
SPOOL: Final = "LOGSHAPE_SPOOL"
LAST_WORD: Final = 60.0
"""Seconds of a run that are kept for slow changes, for the next run and for an answer; of a short run less."""
_SHARE: Final = 0.25
_SHOWN: Final = 20  # failures that the log spells out


class Operator:
    """Who plans and applies on the function's behalf, as *environ* says where and until *deadline* is near."""

    def __init__(self, environ: Mapping[str, str], deadline: float) -> None:
        """
        Load the contract; *deadline* is of the monotonic clock.

        Raises:
            UnreadableInput, InvalidContract, InvalidEnvironment: contract or environment mean nothing.

        """
        self.contract = outlets.declared(environ)
        self._environ = environ
        self._until = deadline - min(LAST_WORD, (deadline - time.monotonic()) * _SHARE)
        self._control = connections.Control(environ)

    def work(self, occasion: Routine | Born | Slice, now_ms: int) -> Tally:
        """
        Make the account, or the part of it that *occasion* is about, as the contract wants it.

        Raises:
            OutsideFailure, UnsafePlan: as `rounds.Account` says.

        """
        kept = self._account(now_ms)
        match occasion:
            case Routine() | Slice(globs=("*",)):
                tally = kept.whole(list(self._names(("*",))), self._until)
            case Born(group=group):
                tally = kept.slices(Slice(globs=(group,)), self._until)
            case Slice() as begun:
                tally = kept.slices(begun, self._until)
            case _:
                assert_never(occasion)
        return _told(tally)

    def unsubscribe(self, name: str, globs: Sequence[str]) -> Tally:
        """
        Delete the subscription filters of the contract *name*, which ours once was, where *globs* match.

        Raises:
            OutsideFailure: the log groups could not be read.

        """
        former = replace(self.contract, name=name)
        subscribed = [
            group for group in self._names(globs) if (entry := former.group_for(group)) is not None and entry.subscribe
        ]
        return _told(unsubscribe(self._calls(), former, subscribed, self._until))

    def hand_on(self, rest: Slice) -> None:
        """
        Start another invocation for *rest*.

        Raises:
            OutsideFailure: it could not be started.

        """
        function = self._environ["AWS_LAMBDA_FUNCTION_NAME"]
        Calls(self._control, "lambda").call(
            "invoke", function, FunctionName=function, InvocationType="Event", Payload=msgspec.json.encode(rest)
        )

    def _account(self, now_ms: int) -> Account:
        place = places.find(self._control, self._environ.get(STACK), self._environ, self.contract.name)
        logs = Logs(self._control, place, compiled.queries(outlets.source(self._environ)), piecewise=True)
        beside: list[Target] = [CloudWatch(self._control, place, self._environ.get(STACK, self.contract.name))]
        if request := connections.opensearch(self._environ, self._control, connections.CONTROL_SECONDS):
            beside.append(OpenSearch(request, now_ms))
        return Account(
            contract=self.contract,
            place=place,
            logs=logs,
            queries=SavedQueries(logs),
            leavers=Leavers(logs),
            beside=tuple(beside),
            runs=self._runs(place),
        )

    def _runs(self, place: Place) -> Runs | None:
        """Return what keeps what slices see, if there is a spool to keep it beside."""
        url = self._environ.get(SPOOL)
        if not url:
            return None
        bucket, prefix = connections.bucket_and_prefix(SPOOL, url)
        return Runs(connections.Bucket(connections.Aws(self._environ), bucket), prefix, self.contract, place)

    def _names(self, globs: Sequence[str]) -> Iterator[str]:
        """Yield the log groups that the contract matches and one of *globs*."""
        for group in account.log_groups(self._calls(), self.contract, None):
            if any(covers(glob, group.name) for glob in globs):
                yield group.name

    def _calls(self) -> Calls:
        return Calls(self._control, "logs", RATES)


def _told(tally: Tally) -> Tally:
    if tally.counts["given_up"]:
        telemetry.LOGGER.warning("a run was given up: it is of another contract, or more than a day old")
    if tally.counts["undeleted"]:
        telemetry.LOGGER.warning(
            f"over more than {MOST} log groups nothing is deleted without {SPOOL}",
            extra={"resources": tally.counts["undeleted"]},
        )
    if tally.failures:
        shown = list(tally.failures[:_SHOWN])
        telemetry.LOGGER.error("changes were not made", extra={"changes": len(tally.failures), "reasons": shown})
    return tally
