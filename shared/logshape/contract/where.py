"""Where: a predicate of a document, judged by the fields that it asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logshape.contract import predicates
from logshape.contract.fields import refuse_unknown
from logshape.errors import InvalidPredicate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logshape.contract.documents import Document
    from logshape.contract.model import FieldType
    from logshape.contract.predicates import Predicate
    from logshape.contract.source import Keys


def read(document: Document, path: Keys, text: str, types: Mapping[str, FieldType | None]) -> Predicate | None:
    """
    Return *text* at *path* as a predicate, None if it is none; what is wrong with it becomes a fault of *document*.

    *types* has every field; None stands for a type that is not known.
    """
    try:
        predicate = predicates.parse(text)
    except InvalidPredicate as fault:
        document.refuse(path, "wrong-predicate", str(fault), column=fault.column)
        return None
    unread: set[int] = set()
    for leaf in predicates.leaves(predicate.tree):
        if leaf.field not in types:
            refuse_unknown(document, leaf.field, path, types, leaf.column)
        if types.get(leaf.field) is None:
            unread.add(leaf.column)
    known = {name: kind for name, kind in types.items() if kind is not None}
    for column, message in predicates.misfits(predicate, known):
        if column not in unread:
            document.refuse(path, "misfit-predicate", message, column=column)
    return predicate
