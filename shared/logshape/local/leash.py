"""Turns the end of standard input into the end of a command, so that no command outlives the process that ran it."""

from __future__ import annotations

import signal
import subprocess
import sys
from threading import Thread
from typing import Final

PATIENCE: Final = 10.0
"""Seconds that the command has to end after SIGTERM, before SIGKILL."""


def main(command: list[str]) -> None:
    """
    Run *command* until it ends by itself, this process is told to end, or the other end of standard input is closed.

    The system closes a dead parent's pipes whatever it died of, and on every Unix.
    """
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 # the caller's own command
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    Thread(target=_hold, args=(process,), daemon=True).start()
    process.wait()


def _hold(process: subprocess.Popen[bytes]) -> None:
    sys.stdin.buffer.read()
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()


if __name__ == "__main__":
    main(sys.argv[1:])
