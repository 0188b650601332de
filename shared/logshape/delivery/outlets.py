"""Turns the environment into the contract, the sinks that are switched on, and their spool."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

import logshape
from logshape import connections
from logshape.contract import compiled
from logshape.contract.periods import template_name
from logshape.delivery.breaker import Breaker
from logshape.delivery.reserve import Reserve
from logshape.sinks import Sink, SinkName  # noqa: TC001 # msgspec reads the annotations when it makes the class
from logshape.sinks.firehose import Archive
from logshape.sinks.opensearch import Index
from logshape.sinks.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from logshape.contract.model import Contract

BESIDE: Final = Path(logshape.__file__).parents[1]
"""The folder of the package: `shared/` in a checkout, the layer on AWS."""

SIBLINGS: Final = ("backfill", "govern", "ingest", "redrive")
"""The stack's functions, whose names are the stack's and one of these."""


class Sinks(msgspec.Struct, frozen=True, kw_only=True):
    """The two sinks, of which None is one that is switched off and counts nothing; and what a container has learnt."""

    archive: Sink | None = None
    index: Sink | None = None
    breakers: dict[SinkName, Breaker] = msgspec.field(
        default_factory=lambda: {name: Breaker(name) for name in ("archive", "index")}
    )
    reserve: Reserve = msgspec.field(default_factory=Reserve)

    def on(self) -> Iterator[Sink]:
        """Yield the sinks that are switched on."""
        yield from (sink for sink in (self.archive, self.index) if sink is not None)


def declared(environ: Mapping[str, str]) -> Contract:
    """
    Return the contract LOGSHAPE_CONTRACT, else the compiled one beside the package, else `contract.yaml` there.

    Where both lie there, as in a checkout, the compiled one must be of the other. A YAML file needs PyYAML and the
    schema, which the functions' layer does not carry.

    Raises:
        UnreadableInput, InvalidContract: as `compiled.read` and `load` say.

    """
    path = source(environ)
    if path.suffix not in compiled.YAML:
        return compiled.read(path)
    from logshape.contract.load import load

    return load(path)


def source(environ: Mapping[str, str]) -> Path:
    """Return the file of which `declared` speaks, whether or not it is there."""
    packed, written = BESIDE / "contract.msgpack", BESIDE / "contract.yaml"
    usable = packed.exists() and (not written.exists() or compiled.fresh(packed, written))
    return Path(environ.get("LOGSHAPE_CONTRACT") or (packed if usable else written))


def own_groups(environ: Mapping[str, str]) -> frozenset[str]:
    """
    Return the log groups of the way that lines take: an event of theirs that is delivered makes another.

    They are the function's own, those of the stack's other functions, and the one in which Firehose tells its failures.
    """
    stream = environ.get("LOGSHAPE_FIREHOSE_STREAM")
    stack = environ.get("AWS_LAMBDA_FUNCTION_NAME", "").rpartition("-")[0]
    return frozenset(
        {environ.get("AWS_LAMBDA_LOG_GROUP_NAME", "")} - {""}
        | ({f"/aws/lambda/{stack}-{name}" for name in SIBLINGS} if stack else set())
        | ({f"/aws/kinesisfirehose/{stream}"} if stream else set())
    )


def connected(contract: Contract, environ: Mapping[str, str]) -> tuple[Sinks, Spool | None]:
    """
    Return what *environ* switches on for *contract*; nothing is connected to before it is used.

    Raises:
        InvalidEnvironment: a variable has a value that means nothing.

    """
    connections.warm(environ)
    aws = connections.Aws(environ)
    put = connections.firehose(environ, aws)
    request = connections.opensearch(environ, aws)
    keep = connections.spool(environ, aws)
    sinks = Sinks(
        archive=None if put is None else Archive(put),
        index=None if request is None else Index(request, template_name(contract)),
    )
    return sinks, None if keep is None else Spool(keep, contract.version)
