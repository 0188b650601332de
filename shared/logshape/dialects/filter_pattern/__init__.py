"""The filter pattern language of CloudWatch Logs, as docs/filter-patterns.md tells it: parse, print, match, judge."""

from logshape.dialects.filter_pattern.doubts import hangs_on
from logshape.dialects.filter_pattern.evaluator import Match, Matcher, matcher, matches
from logshape.dialects.filter_pattern.limits import IGNORED_TERMS, Breach, group_problems, problems
from logshape.dialects.filter_pattern.parser import parse
from logshape.dialects.filter_pattern.printer import show, show_selector
from logshape.dialects.filter_pattern.regexes import escaped
from logshape.dialects.filter_pattern.switches import DEFAULT, Unconfirmed
from logshape.dialects.filter_pattern.transformations import transformation_problems

__all__ = [
    "DEFAULT",
    "IGNORED_TERMS",
    "Breach",
    "Match",
    "Matcher",
    "Unconfirmed",
    "escaped",
    "group_problems",
    "hangs_on",
    "matcher",
    "matches",
    "parse",
    "problems",
    "show",
    "show_selector",
    "transformation_problems",
]
