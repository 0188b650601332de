"""The functions' layer, built as `sam build` builds it and imported with nothing else on the path."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SHARED = Path(__file__).parents[2] / "shared"
HERE = ("arm64" if platform.machine() in {"aarch64", "arm64"} else "x86_64", "{}.{}".format(*sys.version_info))
DEPLOYED = ("arm64", "3.13")

IMPORTS = """
import sys
sys.path.insert(0, sys.argv[1])
import isal.igzip, msgspec, opensearchpy, orjson, re2
from aws_lambda_powertools import Logger, Metrics
import logshape.pipeline
print(logshape.pipeline.__file__)
"""


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """Copy the layer's sources, as sam does, with a compiled contract that the build must only carry."""
    copy = shutil.copytree(SHARED, tmp_path / "shared", ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "contract.yaml").touch()
    (copy / "contract.msgpack").write_bytes(b"compiled")
    return copy


def build(shared: Path, target: tuple[str, str]) -> subprocess.CompletedProcess[str]:
    """Build the layer for *target*, an architecture and a Python, into the folder beside *shared*."""
    architecture, runtime = target
    settings = {"ARTIFACTS_DIR": str(shared.parent / "layer"), "PYTHON": sys.executable}
    given = [f"{name}={value}" for name, value in (settings | {"ARCH": architecture, "RUNTIME": runtime}).items()]
    alone = {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}}
    command = ["make", "-C", str(shared), "build-SharedLayer", *given]
    return subprocess.run(command, check=False, capture_output=True, text=True, env=alone)


@pytest.mark.skipif(sys.platform != "linux", reason="the layer holds Linux wheels, which only Linux can import")
def test_hot_path_imports_from_the_layer_alone(shared: Path) -> None:
    """What the layer lacks would be found at the first event, by the user."""
    built = build(shared, HERE)
    assert built.returncode == 0, built.stderr

    layer = shared.parent / "layer/python"
    alone = [sys.executable, "-I", "-S", "-W", "error", "-c", IMPORTS, str(layer)]
    imported = subprocess.run(alone, check=False, capture_output=True, text=True)

    assert (imported.stdout.strip(), imported.stderr) == (str(layer / "logshape/pipeline.py"), "")
    assert (layer / "contract.msgpack").read_bytes() == b"compiled"


def test_layer_is_built_for_the_functions_from_any_machine(shared: Path) -> None:
    """A wheel serves one Python on one architecture; the wrong one fails only once it is deployed."""
    built = build(shared, DEPLOYED)
    assert built.returncode == 0, built.stderr

    compiled = {path.name.split(".", 1)[1] for path in (shared.parent / "layer").rglob("*.so")}

    assert compiled == {"cpython-313-aarch64-linux-gnu.so"}


@pytest.mark.parametrize("state", ["missing", "stale"])
def test_build_without_a_fresh_contract_says_what_to_do(shared: Path, state: str) -> None:
    """A layer with yesterday's contract would shape by it, and say nothing."""
    compiled = shared / "contract.msgpack"
    if state == "missing":
        compiled.unlink()
    else:
        os.utime(compiled, (0, 0))

    built = build(shared, HERE)

    assert built.returncode == 2
    assert built.stderr.splitlines()[0] == (
        "the compiled contract, shared/contract.msgpack, is missing or older than its sources: run make build"
    )
