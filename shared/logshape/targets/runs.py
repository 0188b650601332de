"""Turns what the slices of a run saw into one plan of deletions, once all of them are read."""

from __future__ import annotations

import hashlib
import uuid
from collections import Counter
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from logshape.errors import OutsideFailure
from logshape.plan import Delete, Kind, Plan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from logshape.connections import Store
    from logshape.contract.model import Contract
    from logshape.targets.place import Place

ACTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "s3:GetObject": ("${SpoolBucket.Arn}/spool/govern/*",),
    "s3:PutObject": ("${SpoolBucket.Arn}/spool/govern/*",),
}
OLDEST_MS: Final = 86_400_000
"""How long after its beginning a run may still go on; what it saw is no longer what there is."""
_BEGUN: Final = "begun"
_LEAVERS: Final = "leavers"

_Told = TypeVar("_Told")


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What a part of the account holds of ours: how many of each kind, and those that the contract does not want."""

    found: dict[Kind, int]
    unwanted: tuple[Delete, ...] = ()


class _Begun(msgspec.Struct, frozen=True, kw_only=True):
    """When a run began, in milliseconds since 1970, and the globs of its slices."""

    at_ms: int
    globs: tuple[str, ...]


class Runs:
    """
    The runs over more log groups than one invocation can read, each a folder on S3 under *govern/*.

    A slice that is read twice is kept once, as it was seen last. Each object says of which run, place and contract it
    is, and is obeyed by no other.
    """

    def __init__(self, store: Store, prefix: str, contract: Contract, place: Place) -> None:
        """Keep what is seen under *prefix* of *store*; runs are of *contract* at *place*."""
        self._store = store
        self._prefix = prefix
        self._contract = contract
        self._place = place

    def begin(self, globs: Sequence[str], leavers: Seen, now_ms: int) -> str:
        """
        Begin a run whose slices are *globs*, and return its name; *leavers* are of log groups that no slice reads.

        Raises:
            OutsideFailure: it could not be kept.

        """
        run = uuid.uuid4().hex
        self._keep(run, _LEAVERS, leavers)
        self._keep(run, _BEGUN, _Begun(at_ms=now_ms, globs=tuple(globs)))
        return run

    def goes_on(self, run: str, now_ms: int) -> bool:
        """
        Say whether *run* is of this place and contract, and began less than a day ago.

        Raises:
            OutsideFailure: what was kept of it could not be read.

        """
        begun = self._kept(run, _BEGUN, _Begun)
        return begun is not None and 0 <= now_ms - begun.at_ms < OLDEST_MS

    def keep(self, run: str, glob: str, seen: Seen) -> None:
        """
        Keep what the slice *glob* of *run* saw.

        Raises:
            OutsideFailure: it could not be kept.

        """
        self._keep(run, _name(glob), seen)

    def deletions(self, run: str) -> Plan:
        """
        Return the plan that deletes what no slice of *run* wants; it knows how many there are of each kind.

        Raises:
            OutsideFailure: a slice was not read, or what it saw could not be.

        """
        begun = self._kept(run, _BEGUN, _Begun)
        names = [_LEAVERS, *(_name(glob) for glob in begun.globs)] if begun else []
        seen = [one for name in names if (one := self._kept(run, name, Seen))]
        if len(seen) < len(names) or not names:
            raise OutsideFailure(f"run {run}: not all that its slices saw is kept; nothing is deleted")
        found: Counter[Kind] = Counter()
        for one in seen:
            found.update(one.found)
        return Plan(
            account=self._place.account,
            region=self._place.region,
            contract=self._contract.name,
            changes=tuple(change for one in seen for change in one.unwanted),
            found=dict(found),
        )

    def _keep(self, run: str, name: str, told: object) -> None:
        self._store.write(self._key(run, name), msgspec.json.encode((self._of(run), told)))

    def _kept(self, run: str, name: str, kind: type[_Told]) -> _Told | None:
        """Return what is kept under *name*; None where nothing is that is of this run, place and contract."""
        key = self._key(run, name)
        file = self._store.read(key)
        if file is None:
            return None
        with file:
            try:
                of, told = msgspec.json.decode(file.read(), type=tuple[str, msgspec.Raw])
                return msgspec.json.decode(told, type=kind) if of == self._of(run) else None
            except msgspec.MsgspecError as error:
                raise OutsideFailure(f"{self._store.address(key)} is nothing that govern kept: {error}") from error

    def _key(self, run: str, name: str) -> str:
        return f"{self._prefix}govern/{run}/{name}.json"

    def _of(self, run: str) -> str:
        """Return a digest of whom what is kept is of."""
        whole = [run, self._place.account, self._place.region, self._contract]
        return hashlib.sha256(msgspec.json.encode(whole, order="deterministic")).hexdigest()


def _name(glob: str) -> str:
    """Return a name for *glob* that any key may hold."""
    return hashlib.sha256(glob.encode()).hexdigest()
