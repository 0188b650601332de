"""Facts about the repository that no other tool watches: what it holds, what it pins, what it may not name."""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DEV, UV, TOOLS = (ROOT / ".locks" / f"{name}.txt" for name in ("dev", "uv", "tools"))
LAYER = ROOT / "shared/requirements.txt"
PYPROJECT = ROOT / "pyproject.toml"

TOP_LEVEL = {
    ".ci",
    ".editorconfig",
    ".gitignore",
    ".locks",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "docs",
    "functions",
    "pyproject.toml",
    "queries",
    "shared",
    "template.yaml",
    "tests",
}
# A path of one person's machine, and the options that name a package index.
MACHINE_PATH = re.compile(r"(?<![\w.~-])/(?:root|work|home/\w+|Users/\w+)/")
INDEX = re.compile(
    r"--(?:index-url|extra-index-url|default-index|find-links|trusted-host)|\b(?:index|registry)[-_]?url\b"
)
# Not part of the expressions themselves, hence the brackets.
BARE_SILENCE = re.compile(r"[#] noqa(?!: [A-Z]+\d+(?:, [A-Z]+\d+)* # \w)|[#] type: ignore(?!\[[a-z, -]+\] # \w)")


def files() -> list[Path]:
    """Return each file that is, or is about to be, part of the project."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [path for name in names.split("\0") if name and (path := ROOT / name).is_file()]


def found(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    """Return each place in *paths* where *pattern* stands, as ``file:line: text``."""
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in paths
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1)
        if pattern.search(line)
    ]


def pins(lock: Path) -> dict[str, tuple[str, int]]:
    """Return each name of *lock* with its version and the number of its hashes."""
    entries = re.split(r"^(?=\S)", lock.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    heads = [re.match(r"([a-z0-9-]+)==(\S+)", entry) for entry in entries]
    assert all(heads), "each entry is name==version"
    return {
        head[1]: (head[2], entry.count("--hash=sha256:")) for head, entry in zip(heads, entries, strict=True) if head
    }


def versions(lock: Path) -> dict[str, str]:
    """Return each name of *lock* with its version."""
    return {name: version for name, (version, _) in pins(lock).items()}


def test_help_names_every_target() -> None:
    """A target that help does not list is found by nobody."""
    rules = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^\.PHONY: (.+)$", rules, flags=re.MULTILINE)
    help_text = subprocess.run(["make"], cwd=ROOT, check=True, capture_output=True, text=True).stdout

    assert re.findall(r"^  make (\S+) +\w", help_text, flags=re.MULTILINE) == targets


def test_top_level_holds_only_what_the_house_plan_names() -> None:
    """A newcomer reads the first listing as a table of contents."""
    assert {path.relative_to(ROOT).parts[0] for path in files()} - TOP_LEVEL == set()


def test_no_file_names_a_package_index() -> None:
    """Where packages come from is a matter of the machine that installs them."""
    assert found(INDEX, [path for path in files() if path != Path(__file__)]) == []


def test_no_file_names_a_path_of_one_machine() -> None:
    """What works in one person's folder alone works for one person."""
    assert found(MACHINE_PATH, files()) == []


def test_every_silence_says_which_rule_and_why() -> None:
    """A bare silence hides the next fault on its line too."""
    assert found(BARE_SILENCE, [path for path in files() if path.suffix == ".py"]) == []


def test_test_files_have_names_of_their_own() -> None:
    """A report that says `test_glue.py` must mean one file."""
    names = Counter(path.name for path in (ROOT / "tests").rglob("test_*.py"))

    assert [name for name, count in names.items() if count > 1] == []


def test_each_dependency_has_a_reason_beside_it() -> None:
    """A dependency is a promise to follow its releases: whoever reads the list must see why it was made."""
    reasons = dict(
        re.findall(r'^    "([^"]+)",? +# (\w.*)$', PYPROJECT.read_text(encoding="utf-8"), flags=re.MULTILINE)
    )
    project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))
    groups = [project["project"]["dependencies"], *project["dependency-groups"].values()]

    assert [entry for group in groups for entry in group if isinstance(entry, str) and entry not in reasons] == []


@pytest.mark.parametrize("lock", [DEV, UV, TOOLS, LAYER], ids=lambda lock: f"{lock.parent.name}/{lock.name}")
def test_lock_pins_by_hash_and_says_not_where_from(lock: Path) -> None:
    """The same bytes are installed everywhere, from whatever mirror a machine uses."""
    assert [name for name, (_, hashes) in pins(lock).items() if not hashes] == []
    assert "://" not in lock.read_text(encoding="utf-8")


def test_lock_holds_every_declared_dependency() -> None:
    """A dependency added without `make lock` would be missing on every machine but one."""
    project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))
    declared = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    names = [re.match(r"[\w-]+", entry) for entry in declared if isinstance(entry, str)]

    assert {name[0].lower() for name in names if name} - versions(DEV).keys() == set()


def test_layer_is_pinned_to_what_the_tests_ran_with() -> None:
    """What is deployed is what was tested, without what the Lambda runtime carries itself."""
    layer, tested = versions(LAYER), versions(DEV)

    assert layer == {name: tested[name] for name in layer}
    assert layer.keys() & {"boto3", "botocore", "s3transfer"} == set()


def test_template_tools_stay_out_of_the_development_environment() -> None:
    """Sam pins an old click and outweighs all the rest."""
    assert versions(DEV).keys() & {"aws-sam-cli", "aws-sam-translator", "cfn-lint", "docker"} == set()
