"""Compile: artefacts as JSON, the same bytes every time, and what it answers when there are none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from logshape.artefacts import ARTEFACTS, render
from logshape.cli import main
from logshape.cli.compile import command
from logshape.contract.load import load

if TYPE_CHECKING:
    from click.testing import Result

SHOP = Path(__file__).parent / "contracts" / "shop.yaml"
QUERY = "# Errors\nfilter level = 'ERROR'\n"


def compiled(artefact: str, contract: Path = SHOP) -> Result:
    """Run `logshape compile`."""
    return CliRunner().invoke(command, [artefact, "--contract", str(contract)])


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[object, str, str]:
    """Run `logshape compile` as from a shell: exit code, stdout, stderr."""
    with pytest.raises(SystemExit) as ended:
        main(["compile", *arguments])
    out, err = capsys.readouterr()
    return ended.value.code, out, err


@pytest.mark.parametrize("name", sorted(ARTEFACTS))
def test_an_artefact_is_printed_as_it_is_derived(name: str) -> None:
    """A pipe into a file is the golden file of somebody's own repository."""
    result = compiled(name)

    assert (result.exit_code, result.stdout) == (0, render(ARTEFACTS[name](load(SHOP))))


def test_what_only_a_stack_knows_stands_as_cloudformation_reads_it() -> None:
    """The same text goes into a template, or through a few replacements into a call."""
    [call] = json.loads(compiled("subscription-filters").stdout)

    assert call["destinationArn"] == "${IngestArn}"


def test_the_help_names_every_artefact() -> None:
    """One that it does not name is found by nobody."""
    shown = CliRunner().invoke(command, ["--help"]).stdout

    assert [name for name in (*ARTEFACTS, "queries") if name not in shown] == []


@pytest.mark.parametrize("folder", ["contract.yaml", "shared/contract.yaml"])
def test_queries_lie_beside_the_contract_or_in_the_projects_root(folder: str, tmp_path: Path) -> None:
    """A project keeps its contract in `shared/`; a contract alone has its queries with it."""
    contract = tmp_path / folder
    contract.parent.mkdir(exist_ok=True)
    contract.write_text(SHOP.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "queries").mkdir()
    (tmp_path / "queries" / "errors.cwli").write_text(QUERY, encoding="utf-8")

    assert json.loads(compiled("queries", contract).stdout) == [
        {"name": "logshape/shop/Errors", "queryLanguage": "CWLI", "queryString": QUERY}
    ]


def test_no_queries_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing found is never nothing wanted: it would delete all that are deployed."""
    contract = tmp_path / "c.yaml"
    contract.write_text(SHOP.read_text(encoding="utf-8"), encoding="utf-8")

    assert refused(["queries", "--contract", str(contract)], capsys) == (
        2,
        "",
        f"logshape: {contract}: there is no query *.cwli in queries/ beside it or in the project's root\n",
    )


def test_an_unknown_artefact_is_refused_with_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody knows by heart whether it is `metric-filter` or `metric-filters`."""
    listed = ", ".join(sorted((*ARTEFACTS, "queries")))

    assert refused(["dashbord", "--contract", str(SHOP)], capsys) == (
        2,
        "",
        f"logshape: `dashbord` is no artefact; use one of {listed}. Did you mean `dashboard`?\n",
    )


def test_saved_objects_come_later(capsys: pytest.CaptureFixture[str]) -> None:
    """A name that the manual has must not look like a typing error."""
    assert refused(["saved-objects"], capsys) == (2, "", "logshape: `saved-objects` cannot be compiled yet\n")
