"""
The contract as plain frozen facts, with no YAML in them: what every later stage is compiled from.

A contract is made by ``logshape.load`` or read from the file that ``make build`` writes; both give the same value.
"""

from __future__ import annotations

import re
from fnmatch import translate
from functools import cache
from typing import Final, Literal, TypeAlias

import msgspec

from logshape.contract.levels import Level  # noqa: TC001 # msgspec reads the annotations when it decodes
from logshape.contract.predicates import Predicate  # noqa: TC001 # as above
from logshape.contract.templates import Template, holes

FieldType: TypeAlias = Literal["keyword", "text", "boolean", "integer", "long", "double", "timestamp", "ip", "object"]
TEXTS: Final[tuple[FieldType, ...]] = ("keyword", "text")
"""The types of fields that can hold any text."""
Period: TypeAlias = Literal["day", "week", "month"]
Scalar: TypeAlias = str | int | float | bool
Action: TypeAlias = Literal["mask", "hash", "drop"]
"""What becomes of a value that is redacted: a name in its place, its keyed hash, or nothing."""
Check: TypeAlias = Literal["luhn"]
Unit: TypeAlias = Literal[
    "Seconds", "Microseconds", "Milliseconds",
    "Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes",
    "Bits", "Kilobits", "Megabits", "Gigabits", "Terabits",
    "Percent", "Count",
    "Bytes/Second", "Kilobytes/Second", "Megabytes/Second", "Gigabytes/Second", "Terabytes/Second",
    "Bits/Second", "Kilobits/Second", "Megabits/Second", "Gigabits/Second", "Terabits/Second",
    "Count/Second", "None",
]  # fmt: skip
"""What CloudWatch knows as a metric's unit."""


class Fact(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the classes of this module have in common: frozen, by keyword, equal by value."""


class Field(Fact, frozen=True, kw_only=True):
    """One field, with one meaning in parser, mapping, Parquet and queries."""

    name: str
    type: FieldType
    why: str
    unit: str | None = None
    range: tuple[float, float] | None = None
    example: Scalar | None = None
    redact: Action | None = None


class Path(Fact, frozen=True, kw_only=True):
    """
    Where a JSON line holds a value: ``order.id`` is the steps ``order``, ``id``.

    The filter ``lines`` takes a list of strings as one text with a line each. The path counts only in a line that is
    as *when* says.
    """

    steps: tuple[str, ...]
    filter: Literal["lines"] | None = None
    when: Need | None = None


class Key(Fact, frozen=True, kw_only=True):
    """The paths that give one field in JSON lines; the first that is there and not null wins."""

    field: str
    paths: tuple[Path, ...]


class Need(Fact, frozen=True, kw_only=True):
    """What a JSON line must hold to be of a format: at least one path with a value, which *like* matches if given."""

    paths: tuple[Path, ...]
    like: str | None = None


class Line(Fact, frozen=True, kw_only=True):
    """
    One way to write a line of text, with what such a line says of itself without words.

    *like* narrows holes further, by the field that they fill: a glob that the text must match as a whole.
    """

    template: Template
    like: dict[str, str] = {}
    set: dict[str, Scalar] = {}


class Example(Fact, frozen=True, kw_only=True):
    """A line and the record, or a part of it, that it must give."""

    line: str
    record: dict[str, object]
    at: tuple[int, int] = (1, 1)
    """Line and column of ``record`` in the contract's file."""


class Format(Fact, frozen=True, kw_only=True):
    """
    How one family of lines is written: templates for text, keys for JSON, or both.

    JSON lines are of the format where all its *needs* are met. One with a template that holds ``{*:json}`` reads JSON
    there and nowhere else. *words* translates what a JSON line says in a field, *nulls* are words that stand for no
    value in fields other than text, *zone* is where times are from that name none. *quoted* are numbers that JSON lines
    hold in quotes, as the examples show.
    """

    name: str
    lines: tuple[Line, ...] = ()
    json: tuple[Key, ...] | None = None
    needs: tuple[Need, ...] = ()
    pairs: tuple[Template, ...] = ()
    levels: dict[str, Level] = {}
    words: dict[str, dict[str, str]] = {}
    nulls: tuple[str, ...] = ()
    zone: str | None = None
    set: dict[str, Scalar] = {}
    examples: tuple[Example, ...] = ()
    quoted: tuple[str, ...] = ()

    @property
    def reads_json(self) -> bool:
        """Whether a line that is all JSON can be of the format."""
        inner = any(hole.shape == "json" for line in self.lines for hole in holes(line.template.parts))
        return self.json is not None and not inner


class Keep(Fact, frozen=True, kw_only=True):
    """
    How many days a store keeps what it got; None is for ever.

    Where the contract does not say how long *logs* are kept, *says_logs* is false, and CloudWatch's retention is left
    as it is. *end_never_expires* lets it be set on groups that have none, though that deletes what is older.
    """

    logs: int | None = None
    says_logs: bool = False
    index: int | None = None
    end_never_expires: bool = False


class Group(Fact, frozen=True, kw_only=True):
    """One entry of ``groups``: the log groups it matches, how their lines are read and how long they are kept."""

    name: str
    match: tuple[str, ...]
    exclude: tuple[str, ...] = ()
    formats: tuple[str, ...]
    set: dict[str, Scalar] = {}
    keep: Keep = Keep()
    subscribe: bool = True
    drop: tuple[Predicate, ...] = ()
    raw: bool = True

    def matches(self, log_group: str) -> bool:
        """Say whether *log_group* is of this entry: a glob of ``match`` fits and none of ``except``."""
        return _any_glob(self.match, log_group) and not _any_glob(self.exclude, log_group)


class Alarm(Fact, frozen=True, kw_only=True):
    """A metric is in alarm when its value is *over* a number *within* so many seconds, a multiple of 60."""

    over: float
    within: int


class Metric(Fact, frozen=True, kw_only=True):
    """
    What is counted, or measured, of the lines for which *where* holds.

    *groups* names the entries of the contract whose lines are asked. Without *value* each line counts as 1; *by* are
    the metric's dimensions. *default* is what a count says in minutes in which lines came and none was counted. With
    *via_ingest* no filter counts, but ingest publishes.
    """

    name: str
    where: Predicate
    groups: tuple[str, ...]
    value: str | None = None
    unit: Unit = "None"
    default: float | None = None
    by: tuple[str, ...] = ()
    per_group: bool = False
    alarm: Alarm | None = None
    via_ingest: bool = False

    def published(self, group: str) -> str:
        """Return the name under which CloudWatch knows what the metric says of the entry *group*."""
        return f"{self.name}/{group}" if self.per_group else self.name


class Detector(Fact, frozen=True, kw_only=True):
    """
    What is looked for in every text, and what becomes of it where it is found.

    Without a *pattern* it is the one that is built in under its name. If the pattern has a group, the first is what is
    found, and the rest of the match is what stands around it.
    """

    name: str
    action: Action = "mask"
    pattern: str | None = None
    check: Check | None = None


SECRETS: Final = tuple(Detector(name=name) for name in ("aws-access-key", "jwt", "bearer-token", "private-key"))
"""What a contract that does not say `redact` looks for: what opens doors, and is in no log on purpose."""


class Index(Fact, frozen=True, kw_only=True):
    """How the index is cut into periods and built."""

    period: Period = "day"
    shards: int = 1
    replicas: int = 1
    refresh: str = "10s"


class Contract(Fact, frozen=True, kw_only=True):
    """All that one file declares, formats resolved and fields in their stored order."""

    version: int
    name: str
    fields: tuple[Field, ...]
    formats: dict[str, Format]
    groups: tuple[Group, ...]
    keep: Keep = Keep()
    keep_archive: int | None = None
    index: Index = Index()
    metrics: tuple[Metric, ...] = ()
    redact: tuple[Detector, ...] = SECRETS

    @property
    def redacts(self) -> bool:
        """Whether anything is taken out of what lines say."""
        return bool(self.redact) or any(one.redact for one in self.fields)

    @property
    def hashes(self) -> bool:
        """Whether anything becomes its hash, for which a key is needed."""
        return any(one.action == "hash" for one in self.redact) or any(one.redact == "hash" for one in self.fields)

    def group_for(self, log_group: str) -> Group | None:
        """Return the first entry that matches *log_group*, or None."""
        return next((group for group in self.groups if group.matches(log_group)), None)

    @property
    def stranger(self) -> Group:
        """The entry for log groups that no entry matches: read with every built-in format, never dropped."""
        return Group(name="-", match=("*",), formats=tuple(n for n in self.formats if n in BUILT_IN), keep=self.keep)


def _core(name: str, kind: FieldType, why: str) -> Field:
    return Field(name=name, type=kind, why=why)


# In the order in which they are stored; `raw` (archive) and `attributes` (index) follow the declared fields.
CORE_FIELDS: Final[tuple[Field, ...]] = (
    _core("@timestamp", "timestamp", "the line's own time, else the CloudWatch event's"),
    _core("observed_time", "timestamp", "the CloudWatch event's time"),
    _core("level", "keyword", "TRACE, DEBUG, INFO, WARN, ERROR or FATAL"),
    _core("severity_number", "integer", "OpenTelemetry's number of the level"),
    _core("request_id", "keyword", "the id of the invocation or of the API call"),
    _core("trace_id", "keyword", "the trace that the line belongs to"),
    _core("span_id", "keyword", "the span that the line belongs to"),
    _core("service", "keyword", "who wrote the line; the function's name unless declared"),
    _core("logger", "keyword", "the logger's name"),
    _core("message", "text", "what the line says"),
    _core("error_type", "keyword", "the class of the error"),
    _core("error_message", "text", "what the error says"),
    _core("stack_trace", "text", "where the error arose, one frame a line"),
    _core("account", "keyword", "the AWS account that owns the log group"),
    _core("region", "keyword", "the Region of the log group"),
    _core("log_group", "keyword", "the log group's name"),
    _core("log_stream", "keyword", "the log stream's name"),
    _core("event_id", "keyword", "the CloudWatch event's id"),
    _core("format", "keyword", "the format that read the line, or `unparsed`"),
    _core("contract_version", "integer", "the version of the contract that shaped the record"),
    _core("parse_errors", "keyword", "a list: what could not be read as declared"),
)
# The core fields that a line can give; the others come from the envelope and the pipeline.
LINE_FIELDS: Final[tuple[str, ...]] = (
    "@timestamp", "level", "request_id", "trace_id", "span_id", "service", "logger",
    "message", "error_type", "error_message", "stack_trace",
)  # fmt: skip
UNPARSED: Final = "unparsed"
PLATFORM: Final = "aws/lambda-platform"
PLATFORMS: Final = frozenset((PLATFORM, "aws/lambda-platform-json"))
"""The formats of what the service itself writes of an invocation."""
# In the order in which they are tried on a line of which nothing is known.
BUILT_IN: Final[tuple[str, ...]] = (
    PLATFORM, "aws/powertools-json", "aws/lambda-json", "aws/apigateway-access", "aws/lambda-text",
)  # fmt: skip


def _any_glob(globs: tuple[str, ...], name: str) -> bool:
    # fnmatch's `*` crosses `/`, as the contract's does; its `?` and `[` are kept out by the schema's pattern.
    return any(_expression(glob).match(name) for glob in globs)


@cache
def _expression(glob: str) -> re.Pattern[str]:
    return re.compile(translate(glob))
