"""The command line: one module a command, imported only when it is called; all that prints, all that exits."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Final, NoReturn

import click

from logshape.errors import InvalidContract, LogshapeError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Each module holds a click command named `command`.
COMMANDS: Final[Mapping[str, str]] = {
    "check": "prove that a contract holds: schema, rules, examples",
    "parse": "read lines as records",
    "explain": "show which format reads a line, and why the others do not",
    "compile": "print what one service wants of a contract",
    "diff": "tell what changes between two contracts",
    "plan": "show what is to be done in an account",
    "apply": "do what plan shows",
    "drift": "tell whether somebody changed an account by hand",
    "pattern": "show which lines a CloudWatch filter pattern takes",
    "iam": "print the least policy for one use",
    "redrive": "send again what waits in a spool",
    "quarantine": "look at what no store will take, and send it again",
    "ledger": "show where the events of the last local run ended",
    "local": "run the pipeline on this machine",
}


class _Lazy(click.Group):
    """A group whose commands are modules of this package; help is printed without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"{__name__}.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="logshape")
def logshape() -> None:
    """Shape log lines by one declared contract."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line; what logshape refuses ends with its message and its exit code, never with a traceback."""
    try:
        logshape.main(args=arguments, prog_name="logshape")
    except InvalidContract as invalid:
        click.echo(str(invalid), err=True)
        sys.exit(invalid.exit_code)
    except LogshapeError as error:
        click.echo(f"logshape: {error}", err=True)
        sys.exit(error.exit_code)
    sys.exit(0)
