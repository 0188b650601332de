"""Texts: a predicate over the lines of one template, as branches of a regex that is anchored where the line begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from logshape.artefacts.patterns.branches import written
from logshape.artefacts.patterns.holes import ANY, contents_of, demand, meet, nothing
from logshape.artefacts.patterns.leaves import FILLED, asked, constant, constants, fallback, is_of_event, severity
from logshape.contract.predicates import And, Not, Or
from logshape.contract.templates import Hole, holes
from logshape.errors import Unsayable
from logshape.lines.pairs import parts_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from logshape.artefacts.patterns.branches import Demands
    from logshape.contract.model import Field, Format, Line, Scalar
    from logshape.contract.predicates import Leaf, Node


_MOST: Final = 100


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
        found = (parts_of(template) for template in self.format.pairs if name in template.source)
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
    return list(dict.fromkeys(branch for demands in found for branch in written(demands, template)))


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
        yield {key: filled} if optional or filled != (ANY,) else {}
    if optional:
        empty = nothing(template.format, field) if hole is not None else ()
        yield from _of_nothing(leaf, template, {key: empty}, wanted=wanted)


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
