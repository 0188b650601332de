"""Turns a deployed stack into the variables that its functions have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logshape.targets.calls import Calls

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logshape.connections import Control

VARIABLES: Final[Mapping[str, str]] = {
    "ArchiveLocation": "LOGSHAPE_ARCHIVE",
    "ArchiveStreamName": "LOGSHAPE_FIREHOSE_STREAM",
    "OpenSearchEndpoint": "LOGSHAPE_OPENSEARCH_URL",
    "SpoolLocation": "LOGSHAPE_SPOOL",
}
"""The outputs of template.yaml that say where things are stored, and by which names the code knows them."""


def variables(control: Control, stack: str) -> dict[str, str]:
    """
    Return what the outputs of *stack* say, by variable.

    Raises:
        OutsideFailure: AWS does not answer or refuses, or there is no such *stack*.

    """
    found = Calls(control, "cloudformation").call("describe_stacks", f"`{stack}`", StackName=stack)["Stacks"][0]
    said = {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", ())}
    return {name: said[output] for output, name in VARIABLES.items() if output in said}
