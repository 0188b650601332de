"""Fixtures: the real services that integration tests talk to, or what stands in for them on this machine."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from logshape.local.aws import LocalAws
from logshape.local.opensearch import Endpoint, Given, Node, Off, choose
from tests.stack import deployed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logshape.local.opensearch import Index
    from tests.stack import Stack

ROOT = Path(__file__).parents[2]
READY_SECONDS = 170.0


@pytest.fixture(scope="session")
def opensearch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """Run the real OpenSearch node, once for all tests; LOGSHAPE_OPENSEARCH_URL names another one."""
    chosen: Index = choose(os.environ, tmp_path_factory.mktemp("opensearch"))
    if not isinstance(chosen, Given):
        jars = ROOT / ".logshape" / "opensearch" / "jars.json"
        chosen = Node(tmp_path_factory.mktemp("opensearch"), jars=jars)
    with chosen as index:
        match index.ready(time.monotonic() + READY_SECONDS):
            case Endpoint() as endpoint:
                yield endpoint
            case Off(reason=reason):
                pytest.fail(f"no OpenSearch: {reason}")


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[LocalAws]:
    """Serve an empty AWS, which writes what Firehose delivers under *tmp_path* too."""
    with LocalAws(tmp_path) as served:
        yield served


@pytest.fixture
def stack(aws: LocalAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """Deploy the functions with their stores."""
    with deployed(aws, tmp_path, monkeypatch) as stack:
        yield stack
