"""
What plan and govern cost over 10,000 log groups: CPU, memory, calls, invocations.

`make bench` prints them last. AWS is a process of its own (`endpoint`), reached over HTTP by botocore. Each plan and
each invocation of govern is a process too, so that its memory is its own; its clock goes on by itself wherever it
would wait for a rate of AWS, so that what a run takes at these rates is known without waiting for it.
"""

from __future__ import annotations

import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

from endpoint import ACCOUNT, ARN, GROUPS, KINDS, LEFTOVERS, PAGE, REGION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
CONTRACT = ROOT / "shared/contract.yaml"
LAMBDA_SECONDS = 900
GOALS = {"CPU seconds": 3.0, "MiB": 200.0}


def measure() -> None:
    """Plan over an account where nothing and one where all is as it should be, govern the second, and print."""
    for state in ("empty", "kept"):
        with served(state) as url:
            plan = child("plan", url)
            made = told(url)["made"]
        _expect_plan(made, plan["filters"])
        print(
            f"plan over {GROUPS:,} log groups, {state}: {plan['changes']:,} changes, {sum(made.values()):,} calls, "
            f"{plan['at_rates']:,.0f} s at AWS's rates"
        )
        _print(plan)
    with served("kept") as url, tempfile.TemporaryDirectory() as folder:
        govern(url, Path(folder))


def govern(url: str, folder: Path) -> None:
    """Let govern make a run, invocation by invocation, and print each."""
    from logshape.contract import compiled

    compiled.write(CONTRACT, folder / "contract.msgpack")
    handed: list[Any] = [{"occasion": "schedule"}]
    made: Counter[str] = Counter()
    seconds = 0.0
    for number, event in enumerate(handed, start=1):
        done = child("govern", url, json.dumps(event), LOGSHAPE_CONTRACT=str(folder / "contract.msgpack"))
        after = told(url)
        handed += after["handed"]
        made.update(after["made"])
        seconds += done["at_rates"]
        print(f"govern, invocation {number}: {done['counts']}, {done['at_rates']:.0f} s at AWS's rates")
        _print(done)
    print(f"govern: {len(handed)} invocations, {made.total():,} calls, {seconds:,.0f} s at AWS's rates")
    for name, calls in sorted(made.items()):
        print(f"  {name:<40}{calls:>8,}")
    assert made["logs:DescribeSubscriptionFilters"] == GROUPS, "each log group is read once"
    assert done["counts"]["deleted"] == LEFTOVERS, "the leftovers of all slices are deleted at the end"


def _print(measured: dict[str, Any]) -> None:
    own, whole = measured["own"], measured["whole"]
    print(f"  CPU seconds {own:.2f} (goal ≤ {GOALS['CPU seconds']:.0f}), with botocore {whole:.2f}")
    print(f"  MiB of the whole process at most {measured['mib']:.0f} (goal ≤ {GOALS['MiB']:.0f})")


def _expect_plan(made: dict[str, int], filters: int) -> None:
    """Refuse figures of a plan that made more calls than page sizes ask for, or read less than there is."""
    gateway = sum(KINDS[number % len(KINDS)].startswith("apigateway") for number in range(GROUPS))
    assert made == {
        "lambda:GetPolicy": 1,
        "logs:DescribeLogGroups": math.ceil(gateway / PAGE) + math.ceil((GROUPS - gateway) / PAGE),
        "logs:DescribeMetricFilters": max(1, math.ceil(filters / PAGE)),
        "logs:DescribeQueryDefinitions": 1,
        "logs:DescribeSubscriptionFilters": GROUPS,
    }, made


@contextmanager
def served(state: str) -> Iterator[str]:
    """Serve the account in *state* inside the block, under the URL that is given."""
    command = [sys.executable, Path(__file__).with_name("endpoint.py"), CONTRACT, state]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        try:
            yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        finally:
            server.terminate()


def told(url: str) -> dict[str, Any]:
    """Return the calls that were made since this was asked last, and the events that functions were handed."""
    with urlopen(f"{url}/-/told") as answer:  # noqa: S310 # our own process
        return json.load(answer)


def child(what: str, url: str, event: str = "", **more: str) -> dict[str, Any]:
    """Measure *what* in a process of its own, as a function of the stack sees AWS at *url*."""
    environment = {
        **os.environ,
        "AWS_ENDPOINT_URL": url,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_LAMBDA_FUNCTION_NAME": "shop-govern",
        "LOGSHAPE_DESTINATION_ARN": ARN,
        "LOGSHAPE_ALARM_TOPIC": f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms",
        "LOGSHAPE_SPOOL": "s3://spool/spool",
        "NO_PROXY": "127.0.0.1",
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "shared"))),
        **more,
    }
    command = [sys.executable, __file__, what, event]
    done = subprocess.run(command, check=True, env=environment, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


class Meter:
    """A clock that goes on by itself wherever somebody would wait, and the CPU time that botocore takes."""

    def __init__(self) -> None:
        """Stand in the place of time and of the ways to AWS."""
        self.skipped = self.wire = 0.0
        monotonic = time.monotonic
        time.monotonic = lambda: monotonic() + self.skipped
        time.sleep = self._sleep
        from logshape.connections import Bucket, Control

        for owner, name in ((Control, "call"), (Bucket, "read"), (Bucket, "write")):
            setattr(owner, name, self._metered(getattr(owner, name)))

    def measured(self, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Do *work*, and return what it says and what it took."""
        begin, clock = time.process_time(), time.monotonic()
        said = work()
        whole = time.process_time() - begin
        mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        at_rates = time.monotonic() - clock
        return {**said, "whole": whole, "own": whole - self.wire, "mib": mib, "at_rates": at_rates}

    def _sleep(self, seconds: float) -> None:
        self.skipped += seconds

    def _metered(self, call: Callable[..., object]) -> Callable[..., object]:
        def metered(*positional: object, **named: object) -> object:
            begin = time.process_time()
            try:
                return call(*positional, **named)
            finally:
                self.wire += time.process_time() - begin

        return metered


def plan() -> dict[str, Any]:
    """Plan log groups, filters and queries as the command line does."""
    meter = Meter()
    from logshape import connections
    from logshape.contract.load import load
    from logshape.contract.queries import beside
    from logshape.targets import planning
    from logshape.targets.logs import Logs
    from logshape.targets.place import Place

    contract, queries = load(CONTRACT), beside(CONTRACT)

    def work() -> dict[str, Any]:
        place = Place(account=ACCOUNT, region=REGION, destination=ARN)
        target = Logs(connections.Control(os.environ), place, queries)
        planned = planning.plan([target], contract, place, planning.Wish(), 1)
        planned.fingerprint()
        return {"changes": len(planned.changes), "filters": planned.found.get("metric-filter", 0)}

    return meter.measured(work)


def invocation(event: str) -> dict[str, Any]:
    """Call govern's handler as Lambda does."""
    meter = Meter()
    from functions.govern import handler
    from logshape.local.functions import Context

    unnamed = dict.fromkeys(("invoked_function_arn", "aws_request_id", "log_group_name", "log_stream_name"), "")
    context = Context(function_name="shop-govern", deadline=time.monotonic() + LAMBDA_SECONDS, **unnamed)
    return meter.measured(lambda: {"counts": handler.handle(json.loads(event), context)})


if __name__ == "__main__":
    print(json.dumps(plan() if sys.argv[1] == "plan" else invocation(sys.argv[2])))
