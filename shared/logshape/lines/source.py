"""
Source: the text of one Python function, written line by line and made into the function.

A format's reader runs once for each event of a busy account, and there a loop over a table of fields costs more than
all the work that it does. So a format becomes the straight line of code that one would write for it by hand.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Source:
    """A function in the making: its lines, and the values that they name."""

    def __init__(self, signature: str) -> None:
        """Begin the function ``def read(signature)``."""
        self._lines = [f"def read({signature}):"]
        self._depth = 1
        self._values: dict[str, object] = {}

    def add(self, *lines: str) -> None:
        """Append *lines* at the present depth."""
        self._lines += ["    " * self._depth + line for line in lines]

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Append *head* and indent what is added inside of the ``with``."""
        self.add(head)
        self._depth += 1
        yield
        self._depth -= 1

    def name(self, value: object, hint: str) -> str:
        """Return a name by which the lines can speak of *value*."""
        for name, known in self._values.items():
            if known is value:
                return name
        name = f"{hint}_{len(self._values)}"
        self._values[name] = value
        return name

    @property
    def text(self) -> str:
        """The function's text, for people who want to see what runs."""
        return "\n".join(self._lines) + "\n"

    def function(self, title: str) -> Callable[..., Any]:
        """Compile the text; tracebacks name *title* as the file."""
        scope: dict[str, Any] = dict(self._values)
        exec(compile(self.text, f"<{title}>", "exec"), scope)  # noqa: S102 # the text is ours, each value in it a repr()
        function: Callable[..., Any] = scope["read"]
        return function
