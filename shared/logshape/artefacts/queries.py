"""Turns the saved queries beside a contract into the arguments of CloudWatch Logs' PutQueryDefinition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logshape.errors import UnreadableInput

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logshape.artefacts.arguments import Arguments
    from logshape.contract.model import Contract

_LONGEST: Final = 10_000  # characters of a query, and
_LONGEST_NAME: Final = 255  # of its name, by PutQueryDefinition


def derive(contract: Contract, texts: Mapping[str, str]) -> list[Arguments]:
    """
    Return one definition for each of *texts*, which are queries by the names of their files, in the order of these.

    A definition has no id, which only an account knows: without one the call makes another of the same name. It has no
    log groups either, which an update would replace.

    Raises:
        UnreadableInput: a query has no title, the title of another, or is too long.

    """
    files: dict[str, str] = {}
    for file, text in sorted(texts.items()):
        name = f"logshape/{contract.name}/{_title(file, text)}"
        if name in files:
            raise UnreadableInput(f"{file}:1: the title is that of {files[name]} too; give each query its own")
        for length, longest, what in ((len(name), _LONGEST_NAME, "name"), (len(text), _LONGEST, "query")):
            if length > longest:
                raise UnreadableInput(f"{file}: the {what} has {length} characters; CloudWatch takes {longest}")
        files[name] = file
    return [{"name": name, "queryLanguage": "CWLI", "queryString": texts[file]} for name, file in files.items()]


def _title(file: str, text: str) -> str:
    first = text.split("\n", 1)[0].strip()
    title = first.removeprefix("#").strip()
    if not first.startswith("#") or not title:
        raise UnreadableInput(f"{file}:1: saw `{first}`, wanted `# title`: it names the query in CloudWatch")
    return title
