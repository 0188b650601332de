"""Texts: a predicate over the lines of one template, as branches of a regex that is anchored where the line begins."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Final, TypeAlias

import msgspec

from logshape.artefacts.patterns.holes import (
    ANYTHING,
    Content,
    Demand,
    contents_of,
    demand,
    in_class,
    like,
    meet,
    nothing,
    regex_of,
)
from logshape.artefacts.patterns.leaves import FILLED, asked, constant, constants, fallback, is_of_event, severity
from logshape.contract.predicates import And, Not, Or
from logshape.contract.templates import Hole, Maybe, Text, holes
from logshape.errors import Unsayable
from logshape.lines.holes import ends_of
from logshape.lines.pairs import parts_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from logshape.contract.model import Field, Format, Line, Scalar
    from logshape.contract.predicates import Leaf, Node
    from logshape.contract.templates import Part

Demands: TypeAlias = dict[str, Demand]
"""What is demanded of the holes, by the first field that each gives, and of pairs, by their names and a colon."""

_END: Final = r"[\x0D\x0A]*$"
_MOST: Final = 100
_SHAPES: Final = {
    "word": r"\S",
    "uuid": "[0-9a-fA-F-]",
    "iso": r"[0-9TZ:.,+\x20-]",
    "slashed": r"[0-9/:.\x20]",
    "clf": r"[0-9A-Za-z:/+\x20-]",
}
_KINDS: Final = {"integer": "[0-9-]", "long": "[0-9-]", "double": "[0-9.eE+-]", "ip": "[0-9A-Fa-f.:]"}


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """One template of a format, with what the group and the line itself say of each field."""

    format: Format
    line: Line
    fields: Mapping[str, Field]
    given: Mapping[str, Scalar]

    @property
    def otherwise(self) -> dict[str, Scalar]:
        """What is so where the line says nothing."""
        return {**self.format.set, **self.line.set}

    def hole(self, name: str) -> Hole | None:
        """Return the hole that gives the field *name*."""
        return next((hole for hole in holes(self.line.template.parts) if name in hole.names), None)

    def is_optional(self, hole: Hole) -> bool:
        """Say whether *hole* may be empty, or not there at all."""
        return hole.optional or hole not in self.line.template.parts

    def shapes(self) -> set[str | None]:
        """Return the shapes of the holes."""
        return {hole.shape for hole in holes(self.line.template.parts)}

    def pair(self, name: str) -> tuple[str, str] | None:
        """Return the name and the unit of the pair that gives the field *name*, if the template holds pairs."""
        if "pairs" not in self.shapes():
            return None
        found = (parts_of(template) for template in self.format.pairs)
        return next(((head, tail) for head, hole, tail in found if name in hole.names), None)


def templates(format_: Format, fields: Mapping[str, Field], given: Mapping[str, Scalar]) -> Iterator[Template]:
    """Yield the templates of *format_* whose lines are not JSON as a whole; *given* is what the group sets."""
    fixed = constants(format_, given)
    for line in format_.lines:
        match line.template.parts:
            case (Hole(shape="json"),):
                pass
            case _:
                yield Template(format=format_, line=line, fields=fields, given=fixed)


def gives(name: str, template: Template) -> bool:
    """Say whether a line of *template* can hold a value of the field *name*."""
    in_json = "json" in template.shapes() and any(key.field == name for key in template.format.json or ())
    return template.hole(name) is not None or template.pair(name) is not None or in_json


def branches(node: Node, template: Template) -> list[str]:
    """
    Return the branches of the regex that finds lines of *template* for whose records *node* holds.

    Raises:
        Unsayable: no regex can say that.

    """
    found = _demands(node, template, wanted=True)
    return list(dict.fromkeys(branch for demands in found for branch in _written(demands, template)))


def _demands(node: Node, template: Template, *, wanted: bool) -> list[Demands]:
    match node:
        case Not(term=term):
            return _demands(term, template, wanted=not wanted)
        case And(terms=terms) | Or(terms=terms):
            is_all = isinstance(node, And) is wanted
            found = asked(terms, lambda term: _demands(term, template, wanted=wanted), all_of=is_all)
            if isinstance(node, And) is not wanted:
                return [demands for part in found for demands in part]
            together: list[Demands] = [{}]
            for part in found:
                met = (_met(one, other) for one in together for other in part)
                together = [demands for demands in met if demands is not None]
                if len(together) > _MOST:
                    raise Unsayable("it has too many cases; divide it into several metrics")
            return together
        case _:
            return list(_of_leaf(severity(node), template, wanted=wanted))


def _met(one: Demands, other: Demands) -> Demands | None:
    found = {
        key: meet(one[key], other[key]) if key in one and key in other else (one | other)[key] for key in one | other
    }
    return found if all(contents_of(each) for each in found.values()) else None


def _of_leaf(leaf: Leaf, template: Template, *, wanted: bool) -> Iterator[Demands]:
    name = leaf.field
    known = constant(leaf, template.given, template.fields)
    if known is not None:
        if known is wanted:
            yield {}
        return
    hole, pair = template.hole(name), template.pair(name)
    if is_of_event(name):
        raise Unsayable(f"`{name}` comes from the event or the pipeline, and a filter sees the line alone", leaf.column)
    if hole is None and pair is None:
        if gives(name, template):
            raise Unsayable(f"`{name}` stands in JSON behind a text, where no filter can find it", leaf.column)
        yield from _of_nothing(leaf, template, {}, wanted=wanted)
        return
    field = template.fields[name]
    optional = hole is None or template.is_optional(hole)
    filled = demand(leaf, field, template.format, optional=optional, wanted=wanted)
    key = hole.names[0] if hole is not None else f"{pair[0] if pair else ''}:"
    if contents_of(filled):
        yield {key: filled} if optional or not _is_any(filled) else {}
    if optional:
        empty = nothing(template.format, field) if hole is not None else ()
        yield from _of_nothing(leaf, template, {key: empty}, wanted=wanted)


def _is_any(filled: Demand) -> bool:
    return filled == (Content("", is_open=True, words=("+",)),)


def _of_nothing(leaf: Leaf, template: Template, demands: Demands, *, wanted: bool) -> Iterator[Demands]:
    """Yield *demands*, by which the line gives no value, if *leaf* is as *wanted* then."""
    name = leaf.field
    if name in template.otherwise:
        is_so = fallback(leaf, template.otherwise, template.fields) is wanted
    elif name in FILLED:
        raise Unsayable(f"`{name}`: {FILLED[name]}, and a filter sees the line alone", leaf.column)
    else:
        is_so = not wanted
    if not is_so:
        return
    if any(contents == () for contents in demands.values()):
        raise Unsayable(f"`{name}`: a regex cannot say that a pair is not there", leaf.column)
    yield demands


def _written(demands: Demands, template: Template) -> Iterator[str]:
    """Yield the branches for *demands*, up to the literal behind the last hole that any is made of."""
    parts = template.line.template.parts
    wanted = dict(demands)
    for name, glob in template.line.like.items():
        found = template.hole(name)
        if found is not None and found.names[0] not in wanted:
            wanted[found.names[0]] = (like(glob),)
    if "pairs" in template.shapes():
        wanted = _of_pairs(wanted, template)
    last = max((at for at, part in enumerate(parts) if _is_asked(part, wanted)), default=-1)
    end = next((at for at, part in enumerate(parts) if at > last and isinstance(part, Text)), len(parts) - 1)
    shown = parts[: end + 1]
    if last < 0 and not isinstance(parts[end], Text):
        raise Unsayable(
            f"the template `{template.line.template.source}` begins with no literal by which a filter knows it"
        )
    pieces = [_piece(part, parts[at + 1 :], wanted, template) for at, part in enumerate(shown)]
    for choice in product(*pieces):
        yield _loosened("^" + "".join(choice))


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
        texts = [text + (r"[^\x09\x0A]" if "+" in content.words else "")]
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
    padding = r"\x20*" if hole.filter == "pad" else ""
    if wanted is None:
        return [f"{padding}{any_one}{'*' if hole.optional or not hole.names else '+'}"]
    literal = ends[0] if ends else None
    possible = (each for each in contents_of(wanted) if not (literal and any(literal in word for word in each.words)))
    return [f"{padding}{_content(each, any_one, ends)}{padding}" for each in possible]


def _content(content: Content, any_one: str, ends: tuple[str | None, ...]) -> str:
    is_last = ends == (None,)
    if not content.is_open:
        return content.regex + (_END if is_last else "")
    more = any_one if "+" in content.words else ""
    if is_last:
        return f"{content.regex}{more}"
    return f"{content.regex}{any_one}{'+' if more else '*'}"


def _any_of(hole: Hole, ends: tuple[str | None, ...], template: Template) -> str:
    """Return the class of the characters that *hole* holds before one of *ends*."""
    if hole.shape in _SHAPES and not hole.optional:
        return _SHAPES[hole.shape]
    kind = template.fields[hole.names[0]].type if hole.names and hole.names[0] in template.fields else "text"
    if kind in _KINDS and not hole.optional:
        return _KINDS[kind]
    firsts = {end[0] for end in ends if end}
    if all(end is None or len(end) == 1 for end in ends) and firsts:
        return f"[^{in_class(''.join(sorted(firsts)))}]"
    return r"[\s\S]"


def _loosened(branch: str) -> str:
    """Let any white space stand at the end of *branch*, so that templates which part only behind it are one branch."""
    for blank in (r"\x20", r"\x09", r"\x0A"):
        if branch.endswith(blank):
            return branch.removesuffix(blank) + r"\s"
    return branch
