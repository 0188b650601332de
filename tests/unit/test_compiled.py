"""Compiled: a contract without YAML, equal to the one with it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import logshape
from logshape.contract import compiled
from logshape.errors import UnreadableInput

SHOP = Path(__file__).parent / "contracts" / "shop.yaml"


def test_the_compiled_contract_is_the_contract(tmp_path: Path) -> None:
    """The functions shape by the same facts as the command line."""
    target = tmp_path / "contract.msgpack"

    compiled.write(SHOP, target)

    assert compiled.read(target) == logshape.load(SHOP)
    assert sorted(tmp_path.iterdir()) == [target]


def test_the_same_contract_gives_the_same_bytes(tmp_path: Path) -> None:
    """A layer that did not change is not published again."""
    first, second = tmp_path / "a", tmp_path / "b"

    compiled.write(SHOP, first)
    compiled.write(SHOP, second)

    assert first.read_bytes() == second.read_bytes()


def test_it_is_fresh_until_its_sources_change(tmp_path: Path) -> None:
    """What is deployed is what was checked."""
    source, target = tmp_path / "contract.yaml", tmp_path / "contract.msgpack"
    source.write_bytes(SHOP.read_bytes())
    before = compiled.fresh(target, source)

    compiled.write(source, target)
    after = compiled.fresh(target, source)
    source.write_bytes(SHOP.read_bytes() + b"# changed\n")
    changed = compiled.fresh(target, source)

    assert (before, after, changed) == (False, True, False)


def test_the_saved_queries_are_compiled_with_it(tmp_path: Path) -> None:
    """The function that deploys them has no folder to read them from; and a changed query is a changed source."""
    source, query, target = tmp_path / "contract.yaml", tmp_path / "queries/errors.cwli", tmp_path / "contract.msgpack"
    source.write_bytes(SHOP.read_bytes())
    query.parent.mkdir()
    query.write_text("# Errors\nfilter level = 'ERROR'\n", encoding="utf-8")

    compiled.write(source, target)
    known, fresh = compiled.queries(target), compiled.fresh(target, source)
    query.write_text("# Errors\n", encoding="utf-8")

    assert known == {"errors.cwli": "# Errors\nfilter level = 'ERROR'\n"}
    assert (fresh, compiled.fresh(target, source)) == (True, False)


def test_no_queries_are_an_error_where_they_are_wanted(tmp_path: Path) -> None:
    """Nothing found is never nothing wanted: it would delete all that are deployed."""
    target = tmp_path / "contract.msgpack"
    compiled.write(SHOP, target)

    with pytest.raises(UnreadableInput) as caught:
        compiled.queries(target)

    assert str(caught.value) == (f"{target}: there is no query *.cwli in queries/ beside it or in the project's root")


@pytest.mark.parametrize(
    "content", [b"", b"\x80", b"version: 1\n", b"\x82\xa7sources\xa1x\xa8contract\x81\xa4name\xa1x"]
)
def test_what_another_version_compiled_is_unreadable(tmp_path: Path, content: bytes) -> None:
    """A function that misreads its contract is worse than one that does not start."""
    path = tmp_path / "contract.msgpack"
    path.write_bytes(content)

    with pytest.raises(
        UnreadableInput, match=r"is no contract that this version of logshape compiled: .*; run `make build`"
    ):
        compiled.read(path)


def test_a_missing_file_is_unreadable(tmp_path: Path) -> None:
    """The message names the file."""
    with pytest.raises(UnreadableInput, match=r"nothing cannot be read: No such file or directory$"):
        compiled.read(tmp_path / "nothing")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python with *arguments*, as `make build` and a function's start do."""
    environment = {**os.environ, "PYTHONPATH": str(Path(logshape.__file__).parents[1])}
    return subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True, check=False)


def test_reading_imports_neither_yaml_nor_the_schema(tmp_path: Path) -> None:
    """The layer carries neither, and a cold start has no time for them."""
    target = tmp_path / "contract.msgpack"
    compiled.write(SHOP, target)
    script = (
        "import sys, pathlib; from logshape.contract import compiled; "
        "compiled.read(pathlib.Path(sys.argv[1])); print(sorted({'yaml', 'jsonschema'} & set(sys.modules)))"
    )

    assert run("-c", script, str(target)).stdout == "[]\n"


def test_the_module_compiles_from_the_command_line(tmp_path: Path) -> None:
    """`make build` runs it; a contract with problems ends it with the list, and leaves what is there."""
    source, target = tmp_path / "contract.yaml", tmp_path / "contract.msgpack"
    source.write_text("version: 1\nname: shop\n")

    good = run("-m", "logshape.contract.compiled", str(SHOP), str(target))
    bad = run("-m", "logshape.contract.compiled", str(source), str(target))

    assert (good.returncode, good.stdout, good.stderr) == (0, "", "")
    assert (bad.returncode, bad.stdout) == (1, "")
    assert bad.stderr == f"{source}:1:1: missing-key: the contract has no `groups`; add a list of group entries\n"
    assert compiled.read(target).name == "shop"
