"""Branches: what is demanded of the holes of a template, as regexes that are anchored where the line begins."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Final, TypeAlias

from logshape.artefacts.patterns.holes import ANY, ANYTHING, Content, Demand, contents_of, in_class, like, regex_of
from logshape.contract.templates import TIME_SHAPES, Hole, Maybe, Text, holes
from logshape.errors import Unsayable
from logshape.lines.holes import ends_of
from logshape.lines.pairs import parts_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from logshape.artefacts.patterns.texts import Template
    from logshape.contract.templates import Part

Demands: TypeAlias = dict[str, Demand]
"""What is demanded of the holes, by the first field that each gives, and of pairs, by their names and a colon."""

_PADDING: Final = r"\x20*"
_END: Final = r"[\x0D\x0A]*$"
_SHORT: Final = 2  # characters of a literal that many lines begin with
_SHAPES: Final = {
    "word": r"\S",
    "uuid": "[0-9a-fA-F-]",
    "iso": r"[0-9TZ:.,+\x20-]",
    "slashed": r"[0-9/:.\x20]",
    "clf": r"[0-9A-Za-z:/+\x20-]",
}
_STARTS: Final = {"uuid": "", "iso": "[0-9]{4}-", "slashed": "[0-9]{4}/", "clf": "[0-9]{2}/"}
_KINDS: Final = {"integer": r"0-9\x2D", "long": r"0-9\x2D", "double": r"0-9.eE+\x2D", "ip": "0-9A-Fa-f.:"}


def written(demands: Demands, template: Template) -> Iterator[str]:
    """Yield the branches for *demands*, no longer than it takes to know the template and to see all of them."""
    parts = template.line.template.parts
    wanted = _known(_of_pairs({**_likes(template), **demands}, template), template)
    last = max((at for at, part in enumerate(parts) if _is_asked(part, wanted)), default=-1)
    end = next((at for at, part in enumerate(parts) if at > last and isinstance(part, Text)), len(parts) - 1)
    if last < 0 and not isinstance(parts[0], Text):
        end = max((at for at, part in enumerate(parts) if isinstance(part, Text)), default=-1)
    if end < 0:
        raise Unsayable(f"the template `{template.line.template.source}` has no literal by which a filter knows it")
    pieces = [_piece(part, parts[at + 1 :], wanted, template) for at, part in enumerate(parts[: end + 1])]
    for choice in product(*pieces):
        yield _loosened("^" + "".join(choice))


def _likes(template: Template) -> Demands:
    """Return what the globs of the line demand."""
    likes = ((template.hole(name), glob) for name, glob in template.line.like.items())
    return {hole.names[0]: (like(glob),) for hole, glob in likes if hole is not None}


def _known(demands: Demands, template: Template) -> Demands:
    """Return *demands* with all by which lines of *template* are known, unless a literal begins them that does."""
    first = template.line.template.parts[0]
    if isinstance(first, Text) and (demands or len(first.text) > _SHORT):
        return demands
    sure = [part for part in template.line.template.parts if isinstance(part, Hole) and not part.optional]
    shaped: Demands = {_key(hole): (ANY,) for hole in sure if hole.shape in _STARTS}
    levels = tuple(Content(regex_of(word), words=(word,)) for word in template.format.levels)
    return {**shaped, **({"level": levels} if any("level" in hole.names[:1] for hole in sure) else {}), **demands}


def _is_asked(part: Part, demands: Demands) -> bool:
    inside = holes((part,))
    return any(_key(hole) in demands for hole in inside)


def _key(hole: Hole) -> str:
    return "*:" if hole.shape == "pairs" else hole.names[0] if hole.names else ""


def _of_pairs(demands: Demands, template: Template) -> Demands:
    """Return *demands* with that of a pair as one of the hole that holds them all."""
    pairs = {key: value for key, value in demands.items() if key.endswith(":")}
    if not pairs:
        return demands
    if len(pairs) > 1:
        raise Unsayable("of pairs in any order a regex can ask one; divide the metric")
    ((key, value),) = pairs.items()
    tails = (tail for head, _, tail in map(parts_of, template.format.pairs) if f"{head}:" == key)
    tail = regex_of(next(tails))
    found = [Content(regex, is_open=True) for one in contents_of(value) for regex in _pair(regex_of(key), one, tail)]
    rest = {other: value for other, value in demands.items() if other not in pairs}
    return {**rest, "*:": tuple(found)}


def _pair(name: str, content: Content, tail: str) -> Iterator[str]:
    """Yield how a pair looks that stands first, and one that stands behind others."""
    text = rf"{name}\x20{content.regex}"
    if content.is_open:
        texts = [text + (r"[^\x09\x0A]" if content.longer else "")]
    elif tail:
        texts = [text + tail]
    else:
        texts = [rf"{text}\x20*[\x09\x0A]", rf"{text}\x20*{_END}"]
    for each in texts:
        yield each
        yield rf"{ANYTHING}[\x09\x0A]\x20*{each}"


def _piece(part: Part, rest: Sequence[Part], demands: Demands, template: Template) -> list[str]:
    """Return the ways to write *part*, before *rest*."""
    match part:
        case Text(text=text):
            return [regex_of(text)]
        case Maybe(parts=(Text(text=text),)) if len(text) == 1:
            return [f"{regex_of(text)}?"]
        case Maybe(parts=inner):
            pieces = [_piece(each, (*inner[at + 1 :], *rest), demands, template) for at, each in enumerate(inner)]
            there = ["".join(choice) for choice in product(*pieces)]
            return there if _is_asked(part, demands) else ["", *there]
        case Hole():
            return _hole(part, rest, demands, template)


def _hole(hole: Hole, rest: Sequence[Part], demands: Demands, template: Template) -> list[str]:
    ends = ends_of(tuple(rest))
    any_one = _any_of(hole, ends, template)
    wanted = demands.get(_key(hole))
    padding = _PADDING if hole.filter == "pad" else ""
    if wanted is None or wanted == (ANY,):
        start = "" if hole.optional else _STARTS.get(hole.shape or "", "")
        return [f"{padding}{start}{any_one}{'*' if hole.optional or not hole.names else '+'}"]
    literal = ends[0] if ends else None
    possible = (each for each in contents_of(wanted) if not (literal and any(literal in word for word in each.words)))
    return [f"{padding}{_content(each, any_one, ends)}{padding}" for each in possible]


def _content(content: Content, any_one: str, ends: tuple[str | None, ...]) -> str:
    is_last = ends == (None,)
    if not content.is_open:
        return content.regex + (_END if is_last else "")
    more = any_one if content.longer else ""
    if is_last:
        return f"{content.regex}{more}"
    return f"{content.regex}{any_one}{'+' if more else '*'}"


def _any_of(hole: Hole, ends: tuple[str | None, ...], template: Template) -> str:
    """Return the class of the characters that *hole* holds before one of *ends*."""
    firsts = {end[0] for end in ends if end}
    is_known_by_end = all(end is None or len(end) == 1 for end in ends) and bool(firsts)
    if is_known_by_end and hole.shape in TIME_SHAPES and " " not in firsts:
        return f"[^{in_class(''.join(sorted(firsts)))}]"
    if hole.shape in _SHAPES and not hole.optional:
        return _SHAPES[hole.shape]
    name = hole.names[0] if hole.names else ""
    if name == "level" and not hole.optional:
        return r"\w"
    kind = template.fields[name].type if name in template.fields else "text"
    if kind in _KINDS:
        words = "".join(template.format.nulls) if hole.optional else ""
        return f"[{_KINDS[kind]}{in_class(''.join(sorted(set(words))))}]"
    if is_known_by_end:
        return f"[^{in_class(''.join(sorted(firsts)))}]"
    return r"[\s\S]"


def _loosened(branch: str) -> str:
    """Let any white space stand at the end of *branch*, so that templates which part only behind it are one branch."""
    branch = branch.replace(rf"{_PADDING}\x20", r"\x20+").replace(rf"\x20{_PADDING}", r"\x20+")
    for blank in (r"\x20+", r"\x20", r"\x09", r"\x0A"):
        if branch.endswith(blank):
            return branch.removesuffix(blank) + r"\s"
    return branch
