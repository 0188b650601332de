"""
Captures the sample: runs handlers under the real runtime clients, and writes what they wrote as CloudWatch events.

Run it with Python 3.13, pip and npm, cmake, make and a C++ compiler; it installs the clients into ``--tools``:

    python3.13 tests/corpus/capture.py --tools ${TMPDIR:-/tmp}/logshape-capture --pace 20

It writes ``shared/logshape/local/sample/`` (events and manifest) and ``tests/corpus/expected.ndjson``: for every line,
what the handlers were told to log and what the driver put into it. No parser has a part in this.
"""

from __future__ import annotations

import argparse
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import published
from functions import CLIENT, FUNCTIONS, NODE, POWERTOOLS, Function
from live import HANDLERS, Idle, Live
from sample import Sample
from tools import Tools

CORPUS = Path(__file__).parent
SAMPLE = CORPUS.parents[1] / "shared/logshape/local/sample"


def main() -> None:
    """Install, run all functions at once, add the published formats, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tools", type=Path, required=True, help="folder outside the project for the clients")
    parser.add_argument("--pace", type=float, default=20.0, help="mean seconds between two invocations")
    arguments = parser.parse_args()
    tools = Tools(arguments.tools.resolve(), HANDLERS)
    tools.install()
    sample = Sample()
    run(sample, tools, Idle(mean=arguments.pace))
    published.add_to(sample)
    sample.write(SAMPLE / "events.ndjson", CORPUS / "expected.ndjson")
    sources = {f"/aws/lambda/{each.name}": captured(each) for each in FUNCTIONS} | published.manifest()
    text = json.dumps(sources, indent=2, sort_keys=True) + "\n"
    (SAMPLE / "manifest.json").write_text(text, encoding="utf-8")


def run(sample: Sample, tools: Tools, idle: Idle) -> None:
    """Run every environment in a thread of its own; the first failure ends the capture."""
    with ThreadPoolExecutor(max_workers=32) as pool:
        futures = [
            pool.submit(Live(function, number, sample, tools).run, idle)
            for function in FUNCTIONS
            for number in range(function.environments)
        ]
        futures += [
            pool.submit(Live(function, number, sample, tools).run_broken, module, idle)
            for function in FUNCTIONS
            for number, module in enumerate(function.broken, function.environments)
        ]
        for future in futures:
            future.result()


def captured(function: Function) -> dict[str, str]:
    """Say where the lines of *function* come from; the service's own lines are never a client's."""
    client = function.client
    if function.node:
        client = f"{client} on {NODE}"
    if function.dialect == "powertools":
        client = f"{POWERTOOLS} on {CLIENT}"
    return {"source": "captured", "client": client, "platform_lines": "published form, measured numbers"}


if __name__ == "__main__":
    main()
