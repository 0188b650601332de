"""What follows from the contract in `template.yaml`: written where its key stands, and compared line by line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import yaml
from click.testing import CliRunner

from logshape.artefacts import glue, lifecycle
from logshape.artefacts.stack_template import Difference, differences, written
from logshape.cli.check import command
from logshape.contract.model import Contract, Field
from logshape.errors import UnreadableInput
from logshape.proof import template

if TYPE_CHECKING:
    from click.testing import Result

EMPTY = """\
Resources:
  # The archive
  ArchiveTable:
    Type: AWS::Glue::Table
    Properties:
      TableInput:

  ArchiveBucket:
    Type: AWS::S3::Bucket
    Properties:
      LifecycleConfiguration:
        Rules: []
# a thought from long ago
        # and another one
        More: stays nowhere
      # a comment
      BucketName: kept-as-it-is
Outputs: {}
"""
CONTRACT = (
    "version: 1\nname: shop\ngroups: [{name: all, match: '*', formats: [aws/lambda-json]}]\nkeep: {archive: 30d}\n"
)


class Loader(yaml.SafeLoader):
    """Reads `!Sub` as the text that it stands for."""


Loader.add_constructor("!Sub", lambda loader, node: loader.construct_scalar(node).replace("${!", "${"))


def resources(text: str) -> dict[str, Any]:
    """Return the properties of each resource of the template *text*."""
    found = yaml.load(text, Loader=Loader)["Resources"]  # noqa: S506 # it is a SafeLoader
    return {name: resource["Properties"] for name, resource in found.items()}


def test_blocks_read_as_they_were_derived(shop: Contract) -> None:
    """YAML reads words, numbers and escapes in its own way: what comes out is what went in."""
    odd = Field(
        name="on", type="keyword", why='a "quote", a: colon, # no comment, \u0085\x7f, 🛒, ${money} and {braces}'
    )
    contract = msgspec.structs.replace(shop, fields=(*shop.fields, odd))

    assert resources(written(contract, EMPTY)) == {
        "ArchiveTable": {"TableInput": glue.derive(contract)["TableInput"]},
        "ArchiveBucket": {"LifecycleConfiguration": lifecycle.derive(contract), "BucketName": "kept-as-it-is"},
    }


def test_all_other_lines_stay(shop: Contract) -> None:
    """The template is its author's; comments and blank lines around a block are too."""
    lines = written(shop, EMPTY).split("\n")

    assert lines[:5] == EMPTY.split("\n")[:5]
    assert lines[-4:] == ["      # a comment", "      BucketName: kept-as-it-is", "Outputs: {}", ""]


def test_what_was_written_is_written_again_as_the_same_bytes(shop: Contract) -> None:
    """A second run must give a review nothing to read."""
    once = written(shop, EMPTY)

    assert written(shop, once) == once
    assert differences(shop, once) == []


def test_lines_end_as_they_did(shop: Contract) -> None:
    """A checkout on Windows has its own, and the template is no other for it."""
    windows = written(shop, EMPTY).replace("\n", "\r\n")

    assert written(shop, EMPTY.replace("\n", "\r\n")) == windows
    assert differences(shop, windows) == []


def test_indentation_is_the_templates_own(shop: Contract) -> None:
    """An editor that indents by four breaks nothing."""
    wide = EMPTY.replace("  ", "    ")

    assert resources(written(shop, wide)) == resources(written(shop, EMPTY))


def test_the_archive_expires_with_all_that_lies_beside_it(shop: Contract) -> None:
    """What Firehose could not convert holds the same lines: an auditor asks for it too."""
    abandoned = {
        "Id": "abandoned-uploads",
        "Status": "Enabled",
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    }

    assert lifecycle.derive(shop) == {
        "Rules": [
            abandoned,
            {"Id": "expired-archive", "Status": "Enabled", "Prefix": "archive/", "ExpirationInDays": 400},
            {"Id": "expired-failed", "Status": "Enabled", "Prefix": "failed/", "ExpirationInDays": 400},
        ]
    }
    assert lifecycle.derive(msgspec.structs.replace(shop, keep_archive=None)) == {"Rules": [abandoned]}


def test_the_first_line_that_differs_is_told(shop: Contract) -> None:
    """A table of sixty columns in a message helps nobody."""
    text = written(shop, EMPTY)
    shorter = msgspec.structs.replace(shop, keep_archive=7)
    place = ("Resources", "ArchiveBucket", "Properties", "LifecycleConfiguration")
    line = "          - {Id: expired-archive, Status: Enabled, Prefix: archive/, ExpirationInDays: 400}"

    assert differences(shorter, text) == [
        Difference(line=text.split("\n").index(line) + 1, path=place, saw=line, wanted=line.replace("400", "7"))
    ]


def test_a_block_without_its_place_is_told(shop: Contract) -> None:
    """A renamed resource would leave the table as it was, in silence."""
    text = written(shop, EMPTY).replace("ArchiveTable", "Table")
    path = ("Resources", "ArchiveTable", "Properties", "TableInput")

    assert differences(shop, text) == [Difference(line=1, path=path, saw=None, wanted="TableInput:")]
    with pytest.raises(UnreadableInput) as refused:
        written(shop, text)
    assert str(refused.value) == (
        "there is no `Resources.ArchiveTable.Properties.TableInput`; put its key there, and `make template` fills it"
    )


def test_anothers_template_is_left_alone(shop: Contract) -> None:
    """A contract may lie in the project of an application that has a template of its own."""
    assert differences(shop, "Resources:\n  Queue: {Type: AWS::SQS::Queue}\n") == []


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the contract of a project whose template is as it must be; its root is where we are."""
    contract = tmp_path / "shared" / "contract.yaml"
    contract.parent.mkdir()
    contract.write_text(CONTRACT)
    (tmp_path / template.NAME).write_text(EMPTY)
    template.write(contract, tmp_path / template.NAME)
    monkeypatch.chdir(tmp_path)
    return contract


def check(path: str) -> Result:
    """Run `logshape check` on the contract *path*."""
    return CliRunner().invoke(command, [path])


def test_check_compares_the_template_of_the_project(project: Path) -> None:
    """Firehose drops what has no column: a table behind the contract loses fields without a word."""
    assert check("shared/contract.yaml").exit_code == 0

    project.write_text(CONTRACT.replace("30d", "31d"))
    result = check("shared/contract.yaml")

    assert result.exit_code == 1
    shown = [line for line in Path("template.yaml").read_text().splitlines() if "expired-archive" in line]
    number = Path("template.yaml").read_text().splitlines().index(shown[0]) + 1
    saw = "`- {Id: expired-archive, Status: Enabled, Prefix: archive/, ExpirationInDays: 30}`"
    assert result.stdout.splitlines() == [
        (
            f"template.yaml:{number}:11: stale-template: `Resources.ArchiveBucket.Properties.LifecycleConfiguration` "
            f"is not as the contract has it: saw {saw}, wanted {saw.replace('30}', '31}')}; run `make template`"
        ),
        f"  {number} | {shown[0]}",
        f"  {' ' * len(str(number))} |           ^",
    ]


def test_check_finds_the_template_from_wherever_it_is_run(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Editors run it in the folder of the file."""
    project.write_text(CONTRACT.replace("30d", "31d"))
    monkeypatch.chdir(project.parent)

    assert check("contract.yaml").exit_code == check(str(project)).exit_code == 1


def test_check_compares_no_template_that_lies_elsewhere(project: Path, tmp_path: Path) -> None:
    """A second contract in a project has a stack of its own."""
    other = tmp_path / "other" / "contract.yaml"
    other.parent.mkdir()
    other.write_text(CONTRACT.replace("30d", "31d"))
    del project

    assert check(str(other)).exit_code == 0
