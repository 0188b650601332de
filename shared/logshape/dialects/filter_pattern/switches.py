"""What AWS leaves open about filter patterns, as one switch each."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import msgspec

Absorbing: TypeAlias = Literal["never", "behind tests", "always"]


class Unconfirmed(msgspec.Struct, frozen=True, kw_only=True):
    """
    The open points; a default is what is documented where anything is, and else what claims least.

    What a pattern answers should never hang on one of these: `hangs_on` tells where it does.
    """

    wildcards_in_terms: bool = False
    """An asterisk in an unstructured term stands for any text; else it stands for itself, and only in quotes."""
    space_in_regex: bool = True
    """A regex may hold a space: it is not in the list of characters, yet in one of AWS's examples."""
    dot_takes_newline: bool = False
    """A dot in a regex takes a new line too."""
    anchors_at_lines: bool = False
    """``^`` and ``$`` stand at each line of an event; else only where the event begins and ends."""
    unequal_takes_missing: bool = False
    """``!=`` holds where the field is missing."""
    unequal_takes_null: bool = False
    """``!=`` holds where the field is null."""
    star_takes_null: bool = False
    """``= *`` holds where the field is null."""
    numbers_read_text: bool = False
    """A number compares with a JSON string that spells one."""
    text_reads_numbers: bool = False
    """Text and regexes compare with a JSON number as it is spelled."""
    wildcards_in_slots: bool = True
    """A bare ``name=VALUE*`` is read in a space-delimited pattern, as documented; one user saw it refused."""
    tab_parts_fields: bool = False
    """A tab parts the fields of a line as a space does."""
    spaces_run_together: bool = True
    """Several spaces part two fields; else there are empty fields between them."""
    closing_parts_fields: bool = True
    """Behind a closing ``]`` or quote a field is done; else these close only before a space or the end."""
    last_name_takes_rest: Absorbing = "behind tests"
    """A bare name in the last slot takes the rest of the line: documented where each slot before it has a test."""


DEFAULT: Final = Unconfirmed()
