"""Scalars: a comparison as the facts about one value of a JSON line that decide it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logshape.artefacts.patterns import digits
from logshape.artefacts.patterns.facts import Like, OneOf, Ordered, Present, Spelled, Unlike, Word
from logshape.artefacts.patterns.leaves import levels_of
from logshape.contract.predicates import Compare, Exists, In
from logshape.contract.predicates import Like as LikeLeaf
from logshape.errors import Unsayable
from logshape.lines.formats import glob

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from logshape.artefacts.patterns.cases import Facts
    from logshape.contract.model import Field, Format, Path
    from logshape.contract.predicates import Leaf, Operator, Value

NUMBERS: Final = ("integer", "long", "double")
INVERSE: Final[Mapping[Operator, Operator]] = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "=": "!=", "!=": "="}
_BOOLEANS: Final = {truth: (Word("boolean", truth), Word("text", str(truth).lower())) for truth in (True, False)}


class Scalars:
    """The facts that decide one comparison with the field's value, wherever that stands."""

    def __init__(self, leaf: Leaf, format_: Format, field: Field) -> None:
        """Take *leaf* for lines of *format_*, of whose *field* it is."""
        self._leaf = leaf
        self._format = format_
        self._field = field
        self._nulls = () if field.type == "text" else _texts(format_.nulls)

    def of(self, path: Path, *, wanted: bool) -> Iterator[Facts]:
        """
        Yield the facts, each tuple by itself, by which a value at *path* makes the comparison as *wanted*.

        Raises:
            Unsayable: no JSON pattern can ask that.

        """
        at = path.steps
        if path.filter == "lines":
            yield from self._of_lines(at, wanted=wanted)
        elif self._field.name == "level":
            yield from self._of_finite(at, self._level_words(levels_of(self._leaf)), self._levels, wanted=wanted)
        elif isinstance(self._leaf, Exists):
            yield from self._of_existence(at, wanted=wanted)
        elif isinstance(self._leaf, LikeLeaf):
            yield from self._of_text(at, self._leaf.pattern, wanted=wanted)
        elif isinstance(self._leaf, Compare) and self._leaf.operator not in ("=", "!="):
            operator = self._leaf.operator if wanted else INVERSE[self._leaf.operator]
            yield from self._of_order(at, operator, self._leaf.value)
        else:
            yield from self._of_words(at, wanted=wanted)

    def _of_lines(self, at: tuple[str, ...], *, wanted: bool) -> Iterator[Facts]:
        """Decide whether there is a text, which stands in a list of its lines or as it is."""
        if not isinstance(self._leaf, Exists):
            raise self._unsayable("a list of lines can only be asked whether it is there")
        if wanted:
            yield (Present((*at, 0)),)
            yield (Present(at),)

    def _of_existence(self, at: tuple[str, ...], *, wanted: bool) -> Iterator[Facts]:
        match self._field.type:
            case "object" if wanted:
                raise self._unsayable("no filter sees an object")
            case "boolean":
                yield from self._of_finite(at, self._booleans, self._booleans, wanted=wanted)
            case _ if wanted:
                yield (Present(at, self._nulls),)

    def _of_finite(
        self, at: tuple[str, ...], chosen: Iterable[Word], every: Iterable[Word], *, wanted: bool
    ) -> Iterator[Facts]:
        """Decide by the *chosen* of the words that alone are a value of the field."""
        words = tuple(word for word in chosen if word not in self._nulls)
        if not wanted and self._field.type == "boolean":
            words = tuple(word for word in every if word not in words)
        elif not wanted:
            yield (Present(at, (*self._nulls, *words)),)
            return
        if words:
            yield (OneOf(at, words),)

    def _of_words(self, at: tuple[str, ...], *, wanted: bool) -> Iterator[Facts]:
        match self._leaf:
            case In(values=values):
                equal = wanted
            case Compare(operator=operator, value=value):
                values, equal = (value,), wanted is (operator == "=")
            case _:
                return
        chosen = tuple(dict.fromkeys(word for value in values for word in self._spellings(value)))
        if self._field.type == "boolean":
            yield from self._of_finite(at, chosen, self._booleans, wanted=equal)
        elif not equal:
            yield (Present(at, (*self._nulls, *chosen)),)
        elif words := tuple(word for word in chosen if word not in self._nulls):
            yield (OneOf(at, words),)

    def _of_text(self, at: tuple[str, ...], pattern: str, *, wanted: bool) -> Iterator[Facts]:
        if "*" in pattern[1:-1]:
            raise self._unsayable("an asterisk inside of a text is none to CloudWatch; put it at an end")
        fits = glob(pattern)
        known = self._format.words.get(self._field.name, {})
        meant = tuple(Word("text", word) for word, meaning in known.items() if fits(meaning) is wanted)
        if meant:
            yield (OneOf(at, meant),)
        others = (*self._nulls, *_texts(known))
        if "*" not in pattern:
            word = Word("text", pattern)
            yield (OneOf(at, (word,)) if wanted else Present(at, (word, *others)),)
            return
        yield (Like(at, pattern) if wanted else Unlike(at, pattern), *((Present(at, others),) if others else ()))

    def _of_order(self, at: tuple[str, ...], operator: Operator, value: Value) -> Iterator[Facts]:
        if self._field.type not in NUMBERS or isinstance(value, str):
            raise self._unsayable(f"CloudWatch knows no order of {self._field.type} values")
        yield (Ordered(at, operator, value),)
        if self._field.name in self._format.quoted:
            ranges = tuple(digits.ranges(self._field, operator, value))
            yield (Spelled(at, ranges, self._field.type == "double"),)

    def _spellings(self, value: Value) -> tuple[Word, ...]:
        """Return the scalars that are read as *value*."""
        kind = self._field.type
        if kind == "timestamp":
            raise self._unsayable("a time has too many spellings")
        if kind == "ip" and ":" in str(value):
            raise self._unsayable("an IPv6 address has many spellings")
        if kind == "boolean":
            return _BOOLEANS[bool(value)]
        if kind in NUMBERS and not isinstance(value, str):
            return (Word("number", value), *_texts(digits.texts(self._field, value)))
        known = self._format.words.get(self._field.name, {})
        words = [word for word, meaning in known.items() if meaning == value]
        return _texts([*words, *([] if value in known else [str(value)])])

    @property
    def _booleans(self) -> tuple[Word, ...]:
        return (*_BOOLEANS[True], *_BOOLEANS[False])

    @property
    def _levels(self) -> tuple[Word, ...]:
        return self._level_words(set(self._format.levels.values()))

    def _level_words(self, levels: Iterable[str]) -> tuple[Word, ...]:
        """Return the spellings of *levels*, those of digits as numbers too, as pino writes them."""
        chosen = set(levels)
        spelled = [word for word, level in self._format.levels.items() if level in chosen]
        numbers = [Word("number", int(word)) for word in spelled if word.isascii() and word.isdigit()]
        return (*_texts(spelled), *numbers)

    def _unsayable(self, why: str) -> Unsayable:
        return Unsayable(f"`{self._field.name}`: {why}", self._leaf.column)


def _texts(words: Iterable[str]) -> tuple[Word, ...]:
    return tuple(Word("text", word) for word in words)
