"""Outlets: where a function finds its contract when nobody says."""

from __future__ import annotations

from pathlib import Path

import logshape
from logshape.delivery import outlets


def test_the_compiled_contract_lies_beside_the_package() -> None:
    """In a checkout that is `shared/`, and in the layer the folder that Lambda puts on the path."""
    assert Path(logshape.__file__).parents[1] == outlets.BESIDE
    assert (outlets.BESIDE / "logshape").is_dir()


def test_the_log_groups_of_the_way_that_lines_take_are_known_from_the_environment() -> None:
    """An event of any of them that is delivered makes another: it would go round for ever."""
    stack = {
        "AWS_LAMBDA_FUNCTION_NAME": "shop-eu-ingest",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/ops/shop-ingest",
        "LOGSHAPE_FIREHOSE_STREAM": "shop-eu-archive",
    }

    assert outlets.own_groups(stack) == {
        "/ops/shop-ingest",
        "/aws/lambda/shop-eu-backfill",
        "/aws/lambda/shop-eu-govern",
        "/aws/lambda/shop-eu-ingest",
        "/aws/lambda/shop-eu-redrive",
        "/aws/kinesisfirehose/shop-eu-archive",
    }
    assert outlets.own_groups({}) == frozenset()
    assert outlets.own_groups({"AWS_LAMBDA_FUNCTION_NAME": "alone"}) == frozenset()
