"""Every way in which logshape can refuse, each with the exit code that the command line answers with."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence


class Finding(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """What a rule says of a contract, at the place where it is mended; lines and columns count from 1."""

    file: str
    line: int
    column: int
    rule: str
    message: str

    def __str__(self) -> str:
        """Print as ``file:line:column: rule: message``, which editors turn into a link."""
        return f"{self.file}:{self.line}:{self.column}: {self.rule}: {self.message}"


class Problem(Finding, frozen=True, kw_only=True, order=True):
    """One fault of a contract: it does not hold until this is mended."""


class Advice(Finding, frozen=True, kw_only=True, order=True):
    """What holds and may still surprise its author; it never decides an exit code."""


class LogshapeError(Exception):
    """The root of the tree; nothing raises it as it is."""

    exit_code: ClassVar[int] = 2


class UnreadableInput(LogshapeError):
    """A file, a line of a file or an argument cannot be read at all."""


class InvalidContract(LogshapeError):
    """A contract has problems; it carries them all, sorted by place."""

    exit_code = 1

    def __init__(self, problems: Sequence[Problem]) -> None:
        """Keep *problems* for those who print them one a line."""
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(map(str, self.problems)))


class InvalidTemplate(LogshapeError):
    """A line template is not of the language; *column* counts from 1 inside the template."""

    def __init__(self, message: str, column: int) -> None:
        """Say what was seen at *column* and what was wanted."""
        self.column = column
        super().__init__(message)


class InvalidPredicate(LogshapeError):
    """A predicate is not of the language; *column* counts from 1 inside its text."""

    def __init__(self, message: str, column: int) -> None:
        """Say what was seen at *column* and what was wanted."""
        self.column = column
        super().__init__(message)


class InvalidPath(LogshapeError):
    """A path into JSON is not of the language; *column* counts from 1 inside its text."""

    def __init__(self, message: str, column: int) -> None:
        """Say what was seen at *column* and what was wanted."""
        self.column = column
        super().__init__(message)


class InvalidPattern(LogshapeError):
    """A CloudWatch filter pattern is not of the language or over its limits; *column* counts from 1 inside its text."""

    def __init__(self, message: str, column: int) -> None:
        """Say what CloudWatch says, and what is wrong at *column*."""
        self.column = column
        super().__init__(message)


class InvalidExpression(LogshapeError):
    """RE2 refuses a regular expression, and says why."""


class Unsayable(LogshapeError):
    """CloudWatch's filters cannot say what a metric asks; *column* counts from 1 inside its predicate."""

    exit_code = 1

    def __init__(self, message: str, column: int = 1) -> None:
        """Say what cannot be said, why, and what to do; *column* is that of the comparison, if it is one."""
        self.column = column
        super().__init__(message)


class UnreadablePayload(LogshapeError):
    """What Lambda was given is not a CloudWatch Logs subscription event, and there is no spool to keep it in."""


class InvalidEnvironment(LogshapeError):
    """A variable of the environment has a value that means nothing."""


class UnbalancedLedger(LogshapeError):
    """An event is unaccounted for: what came in is not what went out."""

    exit_code = 1


class Undeliverable(LogshapeError):
    """Documents that a sink refused could not be kept in the spool either."""

    exit_code = 3


class OutsideFailure(LogshapeError):
    """A system outside this process failed or does not answer."""

    exit_code = 3


class UnsafePlan(LogshapeError):
    """A plan would do what nobody asked for in so many words."""

    exit_code = 1


class StalePlan(LogshapeError):
    """What would be done now is not what was shown."""

    exit_code = 1
