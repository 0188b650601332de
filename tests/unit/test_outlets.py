"""Outlets: where a function finds its contract when nobody says."""

from __future__ import annotations

from pathlib import Path

import logshape
from logshape.delivery import outlets


def test_the_compiled_contract_lies_beside_the_package() -> None:
    """In a checkout that is `shared/`, and in the layer the folder that Lambda puts on the path."""
    assert Path(logshape.__file__).parents[1] == outlets.BESIDE
    assert (outlets.BESIDE / "logshape").is_dir()
