"""Turns the environment into the pipeline that shapes what a function is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logshape import connections, telemetry
from logshape.delivery.outlets import own_groups
from logshape.errors import OutsideFailure
from logshape.pipeline import Pipeline

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logshape.contract.model import Contract


def pipeline(contract: Contract, environ: Mapping[str, str]) -> Pipeline:
    """
    Return the pipeline of *contract*, with the own groups, the Region and the key that *environ* says.

    The key is read only where *contract* hashes. One that cannot be read stops nothing: values are masked until there
    is a container that can read it, which the log says once, and a metric with each payload.
    """
    key = None
    if contract.hashes:
        try:
            key = connections.redact_key(environ, connections.Aws(environ))
        except OutsideFailure as error:
            telemetry.trouble("the key for hashes cannot be read, values are masked", error)
    return Pipeline(contract, redact_key=key, own_groups=own_groups(environ), region=environ.get("AWS_REGION"))
