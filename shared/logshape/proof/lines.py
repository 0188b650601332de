"""
Lines: a format as lines that it can write, made up to be hard on those who read them.

The choice is seeded by what is asked, so that every run on every machine makes up the same lines.
"""

from __future__ import annotations

from functools import cache
from itertools import islice, zip_longest
from random import Random
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from logshape.contract.levels import SEVERITY
from logshape.contract.predicates import leaves
from logshape.contract.templates import Hole, holes
from logshape.lines.conditions import any_of
from logshape.lines.writing import Writer, copy, put
from logshape.proof import values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from logshape.contract.model import Field, Format, Line
    from logshape.contract.predicates import Leaf, Predicate
    from logshape.contract.templates import Template
    from logshape.lines.records import Record
    from logshape.proof.values import Values

_T = TypeVar("_T")
_DRAWS: Final = 300  # records that are drawn to find some for which a question holds
_BASES: Final = 2  # such records, of which one field at a time is changed
_UNASKED: Final = 2  # lines of a way that gives no field that is asked for
_PATIENCE: Final = 12  # records after which a line that counts, to be quoted, is expected no more
_QUOTES: Final = 3  # lines for each text that quote a line that counts
_ANY: Final = 24  # records that no question directs
_COMPANY: Final = 6  # fields beside those asked for that a JSON line has, about
_LIKELY: Final = 0.6  # that a text has what it may leave out
_ABSENT: Final = object()
_SHAPED: Final[Mapping[str, Values]] = {
    "uuid": ["79b4f56e-95b1-4643-9700-2807f4e68189", "6BBB3E87-95B1-4643-9700-2807F4E68189"],
    "word": ["x-1", "ERROR", "a.b:c", "[WARN]", "支払い"],
}


class Made(msgspec.Struct, frozen=True):
    """A line that was made up; an *odd* one has a JSON scalar of another type than its field's."""

    text: str
    odd: bool = False


class Question(msgspec.Struct, frozen=True):
    """A predicate, and the test of records that it is."""

    predicate: Predicate
    holds: Callable[[Record], bool]


def question(predicate: Predicate, fields: Mapping[str, Field]) -> Question:
    """Return *predicate* as a question about records with *fields*."""
    return Question(predicate, any_of((predicate,), {name: field.type for name, field in fields.items()}))


class Maker:
    """Makes up lines of one format."""

    def __init__(self, format_: Format, fields: Mapping[str, Field]) -> None:
        """Make lines as *format_* says; *fields* are the core and the declared ones."""
        self.writer = Writer(format_, fields)
        self.fields = fields
        self.usual = cache(lambda name: [_ABSENT, *values.tried(fields[name])])

    @property
    def ways(self) -> int:
        """How many ways the format has to write a line: JSON is one, each template one."""
        return self.writer.format.reads_json + len(self.writer.format.lines)

    def lines(self, question: Question | None, most: int) -> Iterator[Made]:
        """
        Yield at most *most* different lines for each way in which the format writes, all of which it reads.

        Where there is a *question*, its fields take the values at which its answer may turn, null and none among them,
        while the rest of it holds; what else the lines say is drawn from what is usual and what is unusual.
        """
        asked = question.predicate.source if question else ""
        for way in (*((None,) if self.writer.format.reads_json else ()), *self.writer.format.lines):
            seed = f"{self.writer.format.name}\0{way.template.source if way else ''}\0{asked}"
            draft = _Draft(self, way, question, Random(seed))  # noqa: S311 # a choice of samples, no secret
            yield from islice(draft.lines(), most if draft.is_asked or question is None else min(most, _UNASKED))


class _Draft:
    """Lines that are written in one way, with one question in mind."""

    def __init__(self, maker: Maker, line: Line | None, question: Question | None, random: Random) -> None:
        self._maker = maker
        self._line = line
        self._holds = question.holds if question else _never
        self._random = random
        told = list(leaves(question.predicate.tree)) if question else []
        needed, self._filler = _of_json(maker.writer.format) if line is None else _of_text(line.template, maker.fields)
        self._pools = {name: self._pool(name, [leaf for leaf in told if leaf.field == name]) for name in self._names()}
        self._needed = needed & self._pools.keys()
        self._asked = [name for name in self._pools if any(leaf.field == name for leaf in told)]
        self._holding, self._failing = self._bases()
        self._counted: list[str] = []

    @property
    def is_asked(self) -> bool:
        """Whether a line of this way can give a field that the question is of."""
        return bool(self._asked)

    def lines(self) -> Iterator[Made]:
        """Yield each line once, if the format reads it; those that the question turns on are among the first."""
        seen: set[str] = set()
        for made, odd in self._records():
            text = self._text(made)
            if text is None or text in seen:
                continue
            seen.add(text)
            record = self._maker.writer.read(text)
            if record is not None:
                if self._holds(record):
                    self._counted.append(text)
                yield Made(text, odd)

    def _text(self, record: Record) -> str | None:
        choose, writer = self._choose, self._maker.writer
        if self._line is None:
            return next(writer.json_texts(record, choose), None)
        return writer.text(self._line, record, choose)

    def _names(self) -> list[str]:
        """Return the fields that a line of this way can give."""
        format_, fields = self._maker.writer.format, self._maker.fields
        keys = [key.field for key in format_.json or ()]
        if self._line is None:
            return [name for name in keys if name in fields]
        shapes = {hole.shape for hole in holes(self._line.template.parts)}
        pairs = [name for template in format_.pairs for name in template.names]
        found = [*self._line.template.names, *(keys if "json" in shapes else ()), *(pairs if "pairs" in shapes else ())]
        return [name for name in dict.fromkeys(found) if name in fields]

    def _pool(self, name: str, told: Sequence[Leaf]) -> Values:
        """Return what is tried of the field *name*, what is *told* of it first, none at all among it."""
        field, format_ = self._maker.fields[name], self._maker.writer.format
        if not told and self._line is None and name != "level" and name not in format_.words:
            return self._maker.usual(name)
        near = [value for leaf in told for value in values.near(leaf, field)]
        usual = self._maker.usual(name)[1:]
        if name == "level":
            usual = [level for level in usual if level in format_.levels.values()]
        if self._line is None and name in format_.words:
            usual = [*dict.fromkeys(format_.words[name].values()), *usual[:2]]
        for hole in holes(self._line.template.parts) if self._line else ():
            if name in hole.names:
                usual = _SHAPED.get(hole.shape or "", usual)
        if self._line and name in self._line.like:
            usual = [self._line.like[name].replace("*", filling) for filling in ("3.00 seconds", "", "x")]
        return [*near, _ABSENT, *usual]

    def _records(self) -> Iterator[tuple[Record, bool]]:
        """Yield records and whether they are odd: those that turn the answer, those that quote it, odd ones and any."""
        kinds = (self._turning(), self._quoting(), self._misread(), self._any())
        return (found for some in zip_longest(*kinds) for found in some if found is not None)

    def _turning(self) -> Iterator[tuple[Record, bool]]:
        for base in self._holding:
            for place in range(max((len(self._pools[name]) for name in self._asked), default=0)):
                for name in self._asked:
                    if place < len(self._pools[name]):
                        yield self._record({**base, name: self._pools[name][place]}), False

    def _quoting(self) -> Iterator[tuple[Record, bool] | None]:
        """Yield records for which the question does not hold, and in which a text is a whole line for which it does."""
        texts = [name for name in self._pools if self._maker.fields[name].type == "text" and name not in self._asked]
        for _ in range(_PATIENCE if self._failing and texts else 0):
            if self._counted:
                break
            yield None
        for name in texts * _QUOTES if self._counted else ():
            yield self._record({**self._choose(self._failing), name: self._counted[-1]}), False

    def _misread(self) -> Iterator[tuple[Record, bool]]:
        """Yield records of JSON lines in which a field is what its type does not take."""
        writer = self._maker.writer
        keys = [key for key in writer.format.json or () if key.field in self._asked] if self._line is None else []
        for key in keys:
            odd = values.odd(self._maker.fields[key.field], quoted=key.field in writer.format.quoted)
            words = values.no_levels() if key.field == "level" else ()
            for value, is_odd in (*((value, True) for value in odd), *((word, False) for word in words)):
                record = self._record({**self._choose(self._holding), key.field: _ABSENT})
                if put(record.setdefault("attributes", {}), key.paths[0].steps, value):
                    yield record, is_odd

    def _any(self) -> Iterator[tuple[Record, bool]]:
        for _ in range(_ANY):
            yield self._record({}), False

    def _bases(self) -> tuple[list[Record], list[Record]]:
        """Return values of the fields asked for with which the question holds, and some with which it fails."""
        holding: list[Record] = []
        failing: list[Record] = []
        for _ in range(_DRAWS if self._asked else 1):
            drawn = {name: self._choose(self._pools[name]) for name in self._asked}
            (holding if self._holds(_told(drawn)) else failing).append(drawn)
            if len(holding) >= _BASES and len(failing) >= _BASES:
                break
        return holding[:_BASES] or failing[:1], failing[:_BASES]

    def _choose(self, options: Sequence[_T]) -> _T:
        # Random.choice is exact where there are 2**50 options, and takes twice the time.
        return options[int(self._random.random() * len(options))]

    def _record(self, told: Mapping[str, Any]) -> Record:
        """Return a record that says what is *told*, what every line must say, and something beside."""
        likely = _COMPANY / max(_COMPANY, len(self._pools)) if self._line is None else _LIKELY
        record: Record = {"attributes": copy(self._filler)} if self._filler else {}
        for name, pool in self._pools.items():
            if name in told:
                value = told[name]
            elif name in self._needed:
                value = self._choose([value for value in pool if value is not _ABSENT])
            else:
                value = self._choose(pool) if self._random.random() < likely else _ABSENT
            if value is not _ABSENT:
                record[name] = value
        return record


def _never(_record: Record) -> bool:
    return False


def _told(values: Record) -> Record:
    """Return *values* as a record that can be asked: levels by number, nothing absent."""
    record = {name: value for name, value in values.items() if value is not _ABSENT}
    if "level" in record:
        record["severity_number"] = SEVERITY[record["level"]]
    return record


def _of_text(template: Template, fields: Mapping[str, Field]) -> tuple[set[str], Record]:
    """Return the fields that every line of *template* gives, and something for holes whose name is no field."""
    needed = {name for hole in template.parts if isinstance(hole, Hole) and not hole.optional for name in hole.names}
    return needed, {name: "x-1" for name in template.names if name not in fields}


def _of_json(format_: Format) -> tuple[set[str], Record]:
    """Return the fields without which *format_* takes no line for its own, and what else such a line must hold."""
    needed: set[str] = set()
    filler: Record = {}
    places = {path.steps: key.field for key in reversed(format_.json or ()) for path in key.paths}
    for need in format_.needs:
        field = next((places[path.steps] for path in need.paths if path.steps in places), None)
        if field is not None:
            needed.add(field)
        else:
            steps = need.paths[0].steps
            inside = any(other[: len(steps)] == steps for other in places)
            put(filler, steps, {"x": 1} if inside else (need.like or "x").replace("*", "x"))
    return needed, filler
