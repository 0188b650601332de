"""Turns what a service holds, and what a contract wants of it, into facts of one shape that can be compared."""

from __future__ import annotations

from typing import Any, Final, Literal, TypeAlias, get_args

import msgspec

Target: TypeAlias = Literal["logs", "cloudwatch", "opensearch"]
Kind: TypeAlias = Literal[
    "retention",
    "subscription-filter",
    "metric-filter",
    "query",
    "alarm",
    "dashboard",
    "index-template",
    "index",
    "saved-objects",
]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
"""In the order in which changes are shown and made."""
Key: TypeAlias = tuple[Target, Kind, str]


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """
    One thing that a target holds or should hold: *body* is the very arguments of the call that makes it so.

    Target, kind and name together say which thing it is; two of one name are never in the same collection.
    """

    target: Target
    kind: Kind
    name: str
    body: dict[str, Any]

    @property
    def key(self) -> Key:
        """What tells this thing from all others."""
        return self.target, self.kind, self.name


class Skipped(msgspec.Struct, frozen=True, order=True):
    """What is left as it is, and why; nobody need do anything."""

    name: str
    reason: str


class Blocked(msgspec.Struct, frozen=True, order=True):
    """What cannot be as the contract wants it until a person has done what *reason* says."""

    name: str
    reason: str


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What moves by itself: when a thing was made, in milliseconds since 1970, and how many bytes it holds."""

    born_ms: int
    stored_bytes: int = 0
