"""
What a plan over 10,000 log groups costs: its own CPU, its memory, its calls.

`make bench` prints them last. The account answers from memory, so that what is measured is ours;
time passes without waiting, so that the seconds at AWS's rates are known too.
"""

from __future__ import annotations

import resource
import time
import tracemalloc
from collections import Counter
from pathlib import Path

import logshape
from logshape.targets import planning
from logshape.targets.calls import Time
from logshape.targets.logs import Logs
from logshape.targets.place import Place

GROUPS = 10_000
PAGE = 50
GOALS = {"CPU seconds": 3.0, "MiB": 200.0}
ROOT = Path(__file__).parents[2]
ARN = "arn:aws:lambda:eu-west-1:123456789012:function:shop-ingest"


class Account:
    """An account with 10,000 log groups, which answers as connections.Control does, without a wire."""

    region = "eu-west-1"

    def __init__(self) -> None:
        """Make the groups, in which nothing is as the contract wants it."""
        kinds = ("lambda/orders", "lambda/payments", "lambda/other", "apigateway/shop")
        self.groups = sorted(f"/aws/{kinds[number % 4]}-{number:05}" for number in range(GROUPS))
        self.made: Counter[str] = Counter()

    def call(self, service: str, operation: str, **arguments: object) -> dict[str, object]:
        """Answer one page."""
        self.made[f"{service}:{operation}"] += 1
        if operation != "describe_log_groups":
            return {}
        prefix, begin = str(arguments.get("logGroupNamePrefix", "")), int(str(arguments.get("nextToken", 0)))
        found = [name for name in self.groups if name.startswith(prefix)]
        page = [
            {"logGroupName": name, "creationTime": 1, "storedBytes": 1 << 30} for name in found[begin : begin + PAGE]
        ]
        return {"logGroups": page, **({"nextToken": str(begin + PAGE)} if begin + PAGE < len(found) else {})}


def measure() -> None:
    """Plan twice, for time and for memory, and print."""
    contract = logshape.load(ROOT / "shared/contract.yaml")
    queries = {file.name: file.read_text(encoding="utf-8") for file in (ROOT / "queries").glob("*.cwli")}
    place = Place(account="123456789012", region="eu-west-1", destination=ARN)
    passed = [0.0]
    clock = Time(clock=lambda: passed[0], sleep=lambda seconds: passed.append(passed.pop() + seconds))

    def planned() -> tuple[int, str]:
        target = Logs(account, place, queries, clock)  # type: ignore[arg-type] # it answers as a Control does
        plan = planning.plan([target], contract, place, planning.Wish(), 1)
        return len(plan.changes), plan.fingerprint()

    account = Account()
    begin = time.process_time()
    changes, _ = planned()
    seconds = time.process_time() - begin
    made, at_rates = dict(account.made), passed[0]
    tracemalloc.start()
    planned()
    peak = tracemalloc.get_traced_memory()[1] / (1 << 20)
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"plan over {GROUPS:,} log groups: {changes:,} changes, {sum(made.values()):,} calls, {at_rates:,.0f} s at AWS's rates"
    )
    print(f"CPU seconds {seconds:.2f} (goal ≤ {GOALS['CPU seconds']:.0f})")
    print(f"MiB of its own at most {peak:.0f} (goal ≤ {GOALS['MiB']:.0f}); of the whole process {resident:.0f}")
    for name, number in sorted(made.items()):
        print(f"  {name:<40}{number:>8,}")
