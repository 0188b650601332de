"""Changes: what tells a new contract from an old one, each with its class; every class several times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from logshape.contract.model import Alarm, Contract, Field, Format, Group, Index, Keep, Key, Line, Metric, Path
from logshape.contract.predicates import parse as predicate
from logshape.contract.templates import parse as template
from logshape.proof.changes import CONTRACT, FIELD, FORMAT, changes, is_refused
from logshape.proof.metric_changes import METRIC
from logshape.proof.ownership import GROUP

if TYPE_CHECKING:
    from logshape.proof.differences import Aspect

REPLACE = msgspec.structs.replace
STATUS = Field(name="status", type="integer", why="HTTP status", range=(100, 599))
TEXT = Format(
    name="text", lines=(Line(template=template("[{level}] {message}")),), levels={"INFO": "INFO", "ERROR": "ERROR"}
)
JSON = Format(
    name="json",
    json=(
        Key(field="status", paths=(Path(steps=("http", "status")),)),
        Key(field="message", paths=(Path(steps=("message",)),)),
    ),
)
ORDERS = Group(
    name="orders",
    match=("/aws/lambda/orders-*",),
    exclude=("/aws/lambda/orders-test",),
    formats=("text",),
    keep=Keep(logs=30, index=14),
    drop=(predicate("message = 'ping'"),),
)
REST = Group(name="rest", match=("/aws/lambda/*",), formats=("text", "json"), keep=Keep(logs=14, index=14))
ERRORS = Metric(
    name="errors",
    where=predicate("level >= ERROR"),
    groups=("orders", "rest"),
    default=0,
    alarm=Alarm(over=5, within=300),
)
CALLS = Metric(name="calls", where=predicate("exists status"), groups=("rest",), by=("service",))
SHOP = Contract(
    version=3,
    name="shop",
    fields=(STATUS, Field(name="note", type="keyword", why="a note"), Field(name="paid", type="boolean", why="money")),
    formats={"text": TEXT, "json": JSON},
    groups=(ORDERS, REST),
    keep=Keep(index=14),
    keep_archive=400,
    metrics=(ERRORS, CALLS),
)


def field(name: str, **new: Any) -> Contract:  # noqa: ANN401 # the fields of Field
    """Return the shop with another field *name*."""
    return REPLACE(SHOP, fields=tuple(REPLACE(one, **new) if one.name == name else one for one in SHOP.fields))


def orders(**new: Any) -> Contract:  # noqa: ANN401 # the fields of Group
    """Return the shop with another first group."""
    return REPLACE(SHOP, groups=(REPLACE(ORDERS, **new), REST))


def errors(**new: Any) -> Contract:  # noqa: ANN401 # the fields of Metric
    """Return the shop with another first metric."""
    return REPLACE(SHOP, metrics=(REPLACE(ERRORS, **new), CALLS))


def formats(text: Format = TEXT, json: Format = JSON, **more: Format) -> Contract:
    """Return the shop with other formats."""
    return REPLACE(SHOP, formats={"text": text, "json": json, **more})


def index(**new: Any) -> Contract:  # noqa: ANN401 # the fields of Index
    """Return the shop with another index."""
    return REPLACE(SHOP, index=Index(**new))


def told(old: Contract, new: Contract) -> list[str]:
    """Return each change on one line, its reason left out."""
    return [_line(msgspec.to_builtins(change)) for change in changes(old, new)]


def _line(change: dict[str, Any]) -> str:
    what = ".".join(filter(None, (change["kind"], change["name"], change.get("part"))))
    values = " → ".join(str(change[side]) for side in ("from", "to") if side in change)
    return f"{change['action']} {what}: {values}: {change['class']}"


@pytest.mark.parametrize(
    ("new", "change"),
    [
        # The contract
        (REPLACE(SHOP, version=4), "update contract.shop.version: 3 → 4: safe"),
        (REPLACE(SHOP, version=2), "update contract.shop.version: 3 → 2: new table"),
        (REPLACE(SHOP, name="shop-eu"), "update contract.shop-eu.name: shop → shop-eu: new table"),
        (REPLACE(SHOP, keep_archive=30), "update contract.shop.keep.archive: 400d → 30d: deletes data"),
        (REPLACE(SHOP, keep_archive=None), "update contract.shop.keep.archive: 400d → forever: safe"),
        (REPLACE(SHOP, keep=Keep(index=7)), "update contract.shop.keep.index: 14d → 7d: deletes data"),
        (REPLACE(SHOP, keep=Keep(index=30)), "update contract.shop.keep.index: 14d → 30d: re-index"),
        (REPLACE(SHOP, keep=Keep(index=14, logs=7)), "update contract.shop.keep.logs: forever → 7d: safe"),
        (index(period="week"), "update contract.shop.index.period: day → week: re-index"),
        (index(shards=2), "update contract.shop.index.shards: 1 → 2: safe"),
        (index(replicas=0), "update contract.shop.index.replicas: 1 → 0: safe"),
        (index(refresh="1s"), "update contract.shop.index.refresh: 10s → 1s: safe"),
        # Fields
        (
            REPLACE(SHOP, fields=(*SHOP.fields, Field(name="cart", type="object", why="goods"))),
            "create field.cart: object: safe",
        ),
        (REPLACE(SHOP, fields=SHOP.fields[:2]), "delete field.paid: boolean: new table"),
        (field("status", type="long"), "update field.status.type: integer → long: new table"),
        (field("paid", type="keyword"), "update field.paid.type: boolean → keyword: new table"),
        (field("note", type="text"), "update field.note.type: keyword → text: re-index"),
        (field("note", type="ip"), "update field.note.type: keyword → ip: re-index"),
        (field("note", why="a remark"), "update field.note.why: a note → a remark: safe"),
        (field("status", unit="Count"), "update field.status.unit: None → Count: safe"),
        (field("status", range=None), "update field.status.range: [100, 599] → None: safe"),
        (field("note", example="x"), "update field.note.example: None → x: safe"),
        (
            REPLACE(SHOP, fields=SHOP.fields[::-1]),
            "update fields.order: ['status', 'note', 'paid'] → ['paid', 'note', 'status']: safe",
        ),
        # Formats
        (formats(more=REPLACE(TEXT, name="more")), "create format.more: ['[{level}] {message}']: safe"),
        (formats(text=REPLACE(TEXT, zone="UTC")), "update format.text.zone: None → UTC: safe"),
        (
            formats(json=REPLACE(JSON, json=JSON.json and JSON.json[1:])),
            "update format.json.json.status: ['http.status'] → ['status']: safe",
        ),
        (
            formats(
                json=REPLACE(JSON, json=(*(JSON.json or ()), Key(field="note", paths=(Path(steps=("a.b", "c")),))))
            ),
            "update format.json.json.note: ['note'] → [\"['a.b'].c\"]: safe",
        ),
        # Groups
        (orders(keep=Keep(logs=14, index=14)), "update group.orders.keep.logs: 30d → 14d: deletes data"),
        (orders(keep=Keep(logs=None, index=14)), "update group.orders.keep.logs: 30d → forever: safe"),
        (orders(keep=Keep(logs=30, index=7)), "update group.orders.keep.index: 14d → 7d: deletes data"),
        (orders(keep=Keep(logs=30, index=None)), "update group.orders.keep.index: 14d → forever: re-index"),
        (
            orders(keep=Keep(logs=30, index=14, end_never_expires=True)),
            "update group.orders.keep.end_never_expires: False → True: deletes data",
        ),
        (orders(subscribe=False), "update group.orders.subscribe: True → False: deletes data"),
        (orders(raw=False), "update group.orders.raw: keep → never: deletes data"),
        (orders(drop=()), "update group.orders.drop: [\"message = 'ping'\"] → []: safe"),
        (
            orders(drop=(*ORDERS.drop, predicate("level = DEBUG"))),
            "update group.orders.drop: [\"message = 'ping'\"] → ['level = DEBUG', \"message = 'ping'\"]: deletes data",
        ),
        (orders(formats=("json", "text")), "update group.orders.formats: ['text'] → ['json', 'text']: safe"),
        (orders(set={"service": "o"}), "update group.orders.set: {} → {'service': 'o'}: safe"),
        # Metrics
        (
            errors(where=predicate("level = FATAL")),
            "update metric.errors.where: level >= ERROR → level = FATAL: moves an alarm",
        ),
        (errors(groups=("orders",)), "update metric.errors.in: ['orders', 'rest'] → ['orders']: moves an alarm"),
        (errors(value="status"), "update metric.errors.value: None → status: moves an alarm"),
        (errors(unit="Count"), "update metric.errors.unit: None → Count: moves an alarm"),
        (errors(default=None), "update metric.errors.default: 0 → None: moves an alarm"),
        (errors(by=("service",)), "update metric.errors.by: [] → ['service']: moves an alarm"),
        (errors(per_group=True), "update metric.errors.per: False → True: moves an alarm"),
        (errors(via_ingest=True), "update metric.errors.via: False → True: moves an alarm"),
        (
            errors(alarm=Alarm(over=9, within=300)),
            "update metric.errors.alarm: {'over': 5, 'within': '5m'} → {'over': 9, 'within': '5m'}: moves an alarm",
        ),
        (errors(alarm=None), "update metric.errors.alarm: {'over': 5, 'within': '5m'} → None: moves an alarm"),
        (
            REPLACE(SHOP, metrics=(ERRORS, REPLACE(CALLS, alarm=Alarm(over=1, within=60)))),
            "update metric.calls.alarm: None → {'over': 1, 'within': '1m'}: safe",
        ),
        (REPLACE(SHOP, metrics=(ERRORS,)), "delete metric.calls: exists status: moves an alarm"),
        (
            REPLACE(SHOP, metrics=(*SHOP.metrics, REPLACE(CALLS, name="more"))),
            "create metric.more: exists status: safe",
        ),
    ],
)
def test_a_change_is_told_with_its_class(new: Contract, change: str) -> None:
    """Whoever reads it knows what will happen to what is there."""
    assert told(SHOP, new) == [change]


@pytest.mark.parametrize(
    ("groups", "wanted"),
    [
        (
            (REPLACE(ORDERS, match=("/aws/lambda/orders-*", "/aws/lambda/checkout")), REST),
            [
                "update group.orders.match: ['/aws/lambda/orders-*'] → ['/aws/lambda/checkout', '/aws/lambda/orders-*']: safe",
                "update log groups./aws/lambda/checkout: rest → orders: deletes data",
            ],
        ),
        (
            (REPLACE(ORDERS, exclude=()), REST),
            [
                "update group.orders.except: ['/aws/lambda/orders-test'] → []: safe",
                "update log groups./aws/lambda/orders-test: rest → orders: deletes data",
            ],
        ),
        (
            (ORDERS,),
            [
                "delete group.rest: ['/aws/lambda/*']: safe",
                "update log groups./aws/lambda/*: rest → no entry: deletes data",
            ],
        ),
        (
            (ORDERS, REPLACE(REST, match=("/aws/*",))),
            [
                "update group.rest.match: ['/aws/lambda/*'] → ['/aws/*']: safe",
                "update log groups./aws/*: no entry → rest: moves an alarm",
            ],
        ),
        (
            (ORDERS, REPLACE(REST, name="others")),
            [
                "create group.others: ['/aws/lambda/*']: safe",
                "delete group.rest: ['/aws/lambda/*']: safe",
                "update log groups./aws/lambda/*: rest → others: moves an alarm",
            ],
        ),
        (
            (REST, ORDERS),
            [
                "update groups.order: ['orders', 'rest'] → ['rest', 'orders']: safe",
                "update log groups./aws/lambda/orders-*: orders → rest: deletes data",
            ],
        ),
    ],
)
def test_log_groups_that_pass_to_another_entry_are_told(groups: tuple[Group, ...], wanted: list[str]) -> None:
    """A glob that is edited changes the life of log groups that it does not name."""
    assert told(SHOP, REPLACE(SHOP, groups=groups)) == wanted


def test_a_move_says_what_becomes_of_the_log_groups() -> None:
    """Of all that changes for them the gravest is told."""
    new = REPLACE(SHOP, groups=(REST, ORDERS))

    assert [change.why for change in changes(SHOP, new) if change.kind == "log groups"] == [
        "`keep.logs` becomes `14d` for them: CloudWatch deletes what is older, once `apply --allow-shorten` is run"
    ]


def test_a_new_entry_that_ends_never_expires_deletes_data() -> None:
    """It asks that retention be set where there was none."""
    keep = Keep(logs=7, end_never_expires=True)
    new = REPLACE(SHOP, groups=(ORDERS, REST, Group(name="api", match=("/api",), formats=("text",), keep=keep)))

    assert told(SHOP, new) == [
        "create group.api: ['/api']: safe",
        "update log groups./api: no entry → api: deletes data",
    ]


def test_a_metric_of_each_entry_does_not_move_when_an_entry_comes() -> None:
    """Nobody watches what is not there yet."""
    old = errors(per_group=True, groups=("orders",))

    assert told(old, errors(per_group=True)) == ["update metric.errors.in: ['orders'] → ['orders', 'rest']: safe"]


@pytest.mark.parametrize(
    "new",
    [
        formats(text=REPLACE(TEXT, lines=(Line(template=template("<{level}> {message}")),))),
        formats(text=REPLACE(TEXT, levels=TEXT.levels | {"E": "ERROR"})),
        orders(set={"level": "ERROR"}),
    ],
    ids=["template", "levels", "constant"],
)
def test_a_metric_that_is_declared_as_before_may_count_otherwise(new: Contract) -> None:
    """What its filters say hangs on formats, levels and constants; an alarm moves where nobody touched it."""
    metrics = (REPLACE(ERRORS, groups=("orders",)),)
    found = changes(REPLACE(SHOP, metrics=metrics), REPLACE(new, metrics=metrics))

    assert [(change.kind, change.name, change.part, change.effect) for change in found][1:] == [
        ("metric", "errors", "filters", "moves an alarm")
    ]
    assert found[0].effect == "safe"


def test_what_means_the_same_is_no_change() -> None:
    """White space, examples and the order in `match` carry no meaning."""
    old = orders(match=("/a", "/b"), drop=(predicate("message = 'a  b'"), predicate("level = INFO")))
    new = orders(match=("/b", "/a"), drop=(predicate(" level  = INFO"), predicate("message = 'a  b'")))

    assert (told(old, new), told(SHOP, SHOP)) == ([], [])
    assert told(old, orders(match=("/a", "/b"), drop=(predicate("message = 'a b'"), predicate("level = INFO")))) != []


def test_a_field_that_comes_changes_no_json_format() -> None:
    """JSON reads each field by its own name, which is no change of the format."""
    cart = Field(name="cart", type="object", why="goods")
    key = Key(field="cart", paths=(Path(steps=("cart",)),))
    new = REPLACE(formats(json=REPLACE(JSON, json=(*(JSON.json or ()), key))), fields=(*SHOP.fields, cart))

    assert told(SHOP, new) == ["create field.cart: object: safe"]


@pytest.mark.parametrize(
    ("new", "answer"),
    [
        (SHOP, False),
        (field("note", why="x"), False),
        (field("note", type="text"), True),
        (REPLACE(field("note", type="text"), version=4), False),
        (REPLACE(SHOP, version=2), True),
    ],
)
def test_only_an_unsafe_change_without_a_higher_version_is_refused(new: Contract, *, answer: bool) -> None:
    """Records say their version, by which a reader tells what they mean."""
    assert is_refused(SHOP, new, changes(SHOP, new)) is answer


@pytest.mark.parametrize(
    ("kind", "aspects", "elsewhere"),
    [
        (Contract, CONTRACT, {"fields", "formats", "groups", "metrics"}),
        (Field, FIELD, {"name", "type"}),
        (Format, FORMAT, {"name", "json", "examples", "quoted"}),
        (Group, GROUP, {"name"}),
        (Metric, METRIC, {"name"}),
    ],
)
def test_nothing_that_a_contract_says_is_left_out(
    kind: type[msgspec.Struct], aspects: tuple[Aspect, ...], elsewhere: set[str]
) -> None:
    """Whoever adds a key to the language must say what changing it does."""
    judged = {aspect.attribute.partition(".")[0] for aspect in aspects} - {"reads_json"}

    assert judged | elsewhere == set(kind.__struct_fields__)


@pytest.mark.parametrize(
    ("kind", "prefix", "aspects"), [(Keep, "keep", GROUP), (Index, "index", CONTRACT)], ids=["keep", "index"]
)
def test_nothing_that_is_nested_is_left_out(
    kind: type[msgspec.Struct], prefix: str, aspects: tuple[Aspect, ...]
) -> None:
    """The same for the maps inside."""
    judged = {aspect.attribute.removeprefix(f"{prefix}.") for aspect in aspects if aspect.attribute.startswith(prefix)}

    assert judged - {"keep_archive"} == set(kind.__struct_fields__)
