"""Shape log lines by one declared contract, archive them as Parquet, index them in OpenSearch."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from logshape.contract.load import load
    from logshape.pipeline import Pipeline, Shipment

__all__ = ["Pipeline", "Shipment", "load"]


def __getattr__(name: str) -> object:
    """Import a public name on its first use, so that a function's cold start pays only for what it takes."""
    match name:
        case "load":
            from logshape.contract.load import load

            return load
        case "Pipeline" | "Shipment":
            from logshape import pipeline

            return getattr(pipeline, name)
        case _:
            message = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(message)
