"""Turns calls of CloudWatch Logs that moto does not know, or answers in part, into AWS's answers."""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from moto.logs.exceptions import InvalidParameterException, ResourceNotFoundException
from moto.logs.models import LogGroup
from moto.logs.responses import LogsResponse

if TYPE_CHECKING:
    from collections.abc import Callable

_CLASS: Final = "log_group_class"
_PAGE: Final = 50
_LARGEST_PAGE: Final = 1000


def methods() -> list[tuple[type, dict[str, Callable[..., Any]]]]:
    """Return what to put in the place of moto's own: saved queries, log classes, and pages of filters."""
    return [
        (LogsResponse, {**_queries(), **_pages(), **_creation()}),
        (LogGroup, _description()),
    ]


def _queries() -> dict[str, Callable[..., Any]]:
    kept: defaultdict[tuple[str, str], dict[str, dict[str, Any]]] = defaultdict(dict)

    def of(response: LogsResponse) -> dict[str, dict[str, Any]]:
        return kept[response.current_account, response.region]

    def put_query_definition(self: LogsResponse) -> str:
        """Make a new one without an id, of whatever name, and replace the one with it."""
        known, asked = of(self), json.loads(self.body)
        id_ = asked.get("queryDefinitionId")
        if id_ is not None and id_ not in known:
            raise ResourceNotFoundException
        id_ = id_ or str(uuid.uuid4())
        known[id_] = {"queryLanguage": "CWLI", **asked, "queryDefinitionId": id_}
        return json.dumps({"queryDefinitionId": id_})

    def describe_query_definitions(self: LogsResponse) -> str:
        prefix = self._get_param("queryDefinitionNamePrefix") or ""
        found = [one for one in of(self).values() if one["name"].startswith(prefix)]
        return _page(self, "queryDefinitions", found, self._get_param("maxResults") or _LARGEST_PAGE)

    def delete_query_definition(self: LogsResponse) -> str:
        if of(self).pop(self._get_param("queryDefinitionId"), None) is None:
            raise ResourceNotFoundException
        return json.dumps({"success": True})

    return {
        "put_query_definition": put_query_definition,
        "describe_query_definitions": describe_query_definitions,
        "delete_query_definition": delete_query_definition,
    }


def _pages() -> dict[str, Callable[..., Any]]:
    def paged(operation: str, items: str) -> Callable[[LogsResponse], str]:
        moto = getattr(LogsResponse, operation)

        def answered(self: LogsResponse) -> str:
            found: list[Any] = json.loads(moto(self))[items]
            return _page(self, items, found, self._get_param("limit") or _PAGE)

        return answered

    return {
        "describe_metric_filters": paged("describe_metric_filters", "metricFilters"),
        "describe_subscription_filters": paged("describe_subscription_filters", "subscriptionFilters"),
    }


def _page(response: LogsResponse, items: str, found: list[Any], limit: int) -> str:
    begin = int(response._get_param("nextToken") or 0)  # noqa: SLF001 # moto has no public way to it
    end = begin + limit
    return json.dumps({items: found[begin:end], **({"nextToken": str(end)} if end < len(found) else {})})


def _creation() -> dict[str, Callable[..., Any]]:
    moto = LogsResponse.create_log_group

    def create_log_group(self: LogsResponse) -> str:
        log_class = self._get_param("logGroupClass") or "STANDARD"
        if log_class not in ("STANDARD", "INFREQUENT_ACCESS", "DELIVERY"):
            raise InvalidParameterException(f"`{log_class}` is no log class")
        answer = moto(self)
        setattr(self.logs_backend.groups[self._get_param("logGroupName")], _CLASS, log_class)
        return answer

    return {"create_log_group": create_log_group}


def _description() -> dict[str, Callable[..., Any]]:
    moto = LogGroup.to_describe_dict

    def to_describe_dict(self: LogGroup) -> dict[str, Any]:
        return moto(self) | {"logGroupClass": getattr(self, _CLASS, "STANDARD")}

    return {"to_describe_dict": to_describe_dict}
