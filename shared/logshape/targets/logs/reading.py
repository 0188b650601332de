"""Turns what describe calls say into resources: the arguments by which a thing would be made as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from logshape.artefacts import subscription_filters
from logshape.plan import Kind, Resource

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from logshape.contract.model import Contract
    from logshape.targets.logs.account import Account, LogGroup, Raw

# Arguments with what they are when nobody gives them, which describe calls say or leave out as they like.
_SUBSCRIPTION: Final[Mapping[str, object]] = {
    "roleArn": None,
    "distribution": "ByLogStream",
    "applyOnTransformedLogs": False,
    "fieldSelectionCriteria": None,
    "emitSystemFields": None,
}
_METRIC_FILTER: Final[Mapping[str, object]] = {
    "applyOnTransformedLogs": False,
    "fieldSelectionCriteria": None,
    "emitSystemFieldDimensions": None,
}
_QUERY: Final[Mapping[str, object]] = {"logGroupNames": None, "parameters": None}


def prefix(contract: Contract) -> str:
    """Return how the names of all that is ours begin, in filters and in queries."""
    return f"logshape/{contract.name}/"


def resource(kind: Kind, body: dict[str, Any], name: str = "") -> Resource:
    """Return the resource that *body* makes: it bears the name of its log group, and of its filter after a colon."""
    group, own = body.get("logGroupName", ""), body.get("filterName", "")
    return Resource(target="logs", kind=kind, name=name or (f"{group}:{own}" if own else group), body=body)


def ours(contract: Contract, account: Account) -> Iterator[Resource]:
    """Yield what *account* holds that belongs to *contract*."""
    # By the identity of what they are made of, of which log groups that are alike have one.
    transformations: dict[int, list[Raw]] = {}
    for group in account.groups.values():
        yield from _retention(contract, group)
    for raws in account.metric_filters.values():
        yield from (_metric_filter(raw, transformations) for raw in ours_among(contract, raws))
    for raws in (account.subscriptions or {}).values():
        name = subscription_filters.filter_name(contract)
        yield from (_subscription(raw) for raw in raws if raw["filterName"] == name)
    yield from _queries(contract, account.queries or [])


def ours_among(contract: Contract, filters: Iterable[Raw]) -> list[Raw]:
    """Return those of *filters* that bear our name."""
    return [raw for raw in filters if raw["filterName"].startswith(prefix(contract))]


def _retention(contract: Contract, group: LogGroup) -> Iterator[Resource]:
    """Yield the retention of *group* where the contract says one, be it `forever`; any other is the user's own."""
    entry = contract.group_for(group.name)
    if group.days is not None and entry is not None and entry.keep.says_logs:
        yield resource("retention", {"logGroupName": group.name, "retentionInDays": group.days})


def _subscription(raw: Raw) -> Resource:
    body = {name: raw[name] for name in ("logGroupName", "filterName", "filterPattern", "destinationArn")}
    return resource("subscription-filter", body | _unusual(raw, _SUBSCRIPTION))


def _metric_filter(raw: Raw, transformations: dict[int, list[Raw]]) -> Resource:
    said: Sequence[Raw] = raw.get("metricTransformations", ())
    if id(said) not in transformations:
        transformations[id(said)] = [_transformation(one) for one in said]
    body = {
        "logGroupName": raw["logGroupName"],
        "filterName": raw["filterName"],
        "filterPattern": raw.get("filterPattern", ""),
        "metricTransformations": transformations[id(said)],
    }
    return resource("metric-filter", body | _unusual(raw, _METRIC_FILTER))


def _transformation(raw: Raw) -> dict[str, Any]:
    said = {name: value for name, value in raw.items() if value is not None and value != {}}
    return {"unit": "None"} | said


def _queries(contract: Contract, raws: list[Raw]) -> Iterator[Resource]:
    """Yield our queries; a name is no key to CloudWatch, so that all but the first of one name bear their id too."""
    names: set[str] = set()
    for raw in sorted(raws, key=lambda raw: (raw["name"], raw["queryDefinitionId"])):
        if raw["name"].startswith(prefix(contract)):
            name = f"{raw['name']} ({raw['queryDefinitionId']})" if raw["name"] in names else raw["name"]
            names.add(raw["name"])
            body = {
                "queryDefinitionId": raw["queryDefinitionId"],
                "name": raw["name"],
                "queryLanguage": raw.get("queryLanguage", "CWLI"),
                "queryString": raw["queryString"],
            }
            yield resource("query", body | _unusual(raw, _QUERY), name)


def _unusual(raw: Raw, usual: Mapping[str, object]) -> dict[str, Any]:
    return {name: raw[name] for name, value in usual.items() if raw.get(name) and raw[name] != value}
