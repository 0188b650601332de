"""Contracts large enough to measure: many formats to check, many metrics to compile."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from logshape.artefacts import metric_filters
from logshape.contract.load import load

FORMATS = 50
METRICS = 100
GROUPS = 10
_HEAD = "version: 1\nname: large\nfields:\n  code: {type: integer, range: [0, 999], why: code, example: 7}\nformats:\n"


def many_formats() -> str:
    """Return a contract of 50 formats, half of them text, with a metric over all."""
    lines = [_HEAD]
    for number in range(FORMATS):
        if number % 2:
            lines.append(f'  f{number}:\n    line: "{number} [{{level}}] {{@timestamp:iso}} {{code}} {{message}}"\n')
            lines.append(f'    examples: [{{line: "{number} [WARN] 2025-10-31T22:38:21Z 7 m", record: {{code: 7}}}}]\n')
        else:
            lines.append(f"  f{number}:\n    needs: [level, kind=k{number}]\n    json: {{code: [c{number}, code]}}\n")
            lines.append(
                f'    examples: [{{line: \'{{"level":"INFO","kind":"k{number}","code":7}}\', record: {{code: 7}}}}]\n'
            )
    lines.append("groups:\n")
    lines += [f"  - {{name: g{number}, match: [/g{number}], formats: [f{number}]}}\n" for number in range(FORMATS)]
    return "".join(lines) + "metrics:\n  errors: {where: level >= ERROR}\n"


def many_metrics() -> str:
    """Return a contract of which 1,000 metric filters follow."""
    lines = [_HEAD, "  app:\n    needs: [level]\n    json: {code: code}\n"]
    lines.append('    examples: [{line: \'{"level":"INFO","code":7}\', record: {code: 7}}]\ngroups:\n')
    lines += [f"  - {{name: g{number}, match: [/g{number}], formats: [app]}}\n" for number in range(GROUPS)]
    lines.append("metrics:\n")
    lines += [f"  m{number}: {{where: code = {number} and level >= ERROR}}\n" for number in range(METRICS)]
    return "".join(lines)


def measure() -> None:
    """Print what `logshape check` and the compiler of metric filters take."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "contract.yaml"
        path.write_text(many_formats())
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "logshape.cli", "check", path], check=True, capture_output=True)
        print(f"logshape check on {FORMATS} formats, whole process: {time.perf_counter() - start:.2f} s (goal ≤ 1)")
        path.write_text(many_metrics())
        contract = load(path)
        start = time.process_time()
        made = metric_filters.derive(contract)
        print(f"{len(made):,} metric filters compiled: {time.process_time() - start:.2f} s of CPU (goal ≤ 1)")
