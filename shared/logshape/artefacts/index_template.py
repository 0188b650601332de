"""Turns a contract into the body of OpenSearch's `PUT _index_template/logs-<name>`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from logshape.contract.model import CORE_FIELDS, FieldType
from logshape.contract.periods import keep_class

if TYPE_CHECKING:
    from logshape.artefacts.arguments import Arguments
    from logshape.contract.model import Contract

PRIORITY: Final = 500  # over the catch-all templates that clusters have, which stay below 100

_MAPPINGS: Final[dict[FieldType, dict[str, Any]]] = {
    # Lucene refuses a document with a term over 32,766 bytes; 8,191 characters of four bytes stay below.
    "keyword": {"type": "keyword", "ignore_above": 8191},
    "text": {"type": "match_only_text"},
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer"},
    "long": {"type": "long"},
    "double": {"type": "double"},
    "timestamp": {"type": "date", "format": "strict_date_optional_time"},
    "ip": {"type": "ip"},
    "object": {"type": "flat_object"},
}
_FIELDS_LIMIT: Final = 1000  # OpenSearch's own default of index.mapping.total_fields.limit


def derive(contract: Contract) -> Arguments:
    """
    Return a template that names each field of an index document and lets no line add one.

    Settings are text, as OpenSearch gives them back, so that what is read can be compared with what is wanted.
    """
    return {
        "index_patterns": index_patterns(contract),
        "priority": PRIORITY,
        "template": {"settings": {"index": _settings(contract)}, "mappings": _mappings(contract)},
        "_meta": _meta(contract),
    }


def index_patterns(contract: Contract) -> list[str]:
    """
    Return one pattern for each keep class that a document of *contract* can have.

    The contract's own default is one of them: it keeps what log groups that no entry matches send.
    """
    classes = {contract.stranger.keep.index, *(group.keep.index for group in contract.groups)}
    return sorted(f"logs-{contract.name}-{keep_class(days)}-*" for days in classes)


def _settings(contract: Contract) -> dict[str, Any]:
    # An object's flat_object mapper brings fields of its own; four each is more than any type takes.
    fields = 4 * (len(CORE_FIELDS) + len(contract.fields) + 1)
    return {
        "codec": "best_compression",  # logs are written once and read seldom; zstd is not on every cluster
        "mapping": {"total_fields": {"limit": str(max(_FIELDS_LIMIT, fields))}},
        "number_of_replicas": str(contract.index.replicas),
        "number_of_shards": str(contract.index.shards),
        "refresh_interval": contract.index.refresh,
    }


def _mappings(contract: Contract) -> dict[str, Any]:
    fields = (*CORE_FIELDS, *contract.fields)
    properties = {field.name: dict(_MAPPINGS[field.type]) for field in fields}
    return {
        "_meta": _meta(contract),
        "dynamic": False,
        "properties": properties | {"attributes": dict(_MAPPINGS["object"])},
    }


def _meta(contract: Contract) -> dict[str, Any]:
    return {"contract": contract.name, "version": contract.version}
