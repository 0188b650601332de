"""The filter pattern language of CloudWatch Logs, as docs/filter-patterns.md tells it: parse, print, match, judge."""

from logshape.dialects.filter_pattern.parser import parse
from logshape.dialects.filter_pattern.printer import show, show_selector
from logshape.dialects.filter_pattern.switches import DEFAULT, Unconfirmed

__all__ = ["DEFAULT", "Unconfirmed", "parse", "show", "show_selector"]
