"""Parcels of the outbox handed to the bridge, and what became of each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from sidecar import outbox
from sidecar.outbox import Parcel
from sidecar.wordpress.bridge import SiteAddress, SiteAway, send_changes


@dataclass(frozen=True)
class Handed:
    """Ids that the site has done, and why it has not done others. `is_away`: it has not answered at all."""

    done: frozenset[str] = frozenset()
    failed: Mapping[str, str] = field(default_factory=dict)
    is_away: bool = False

    def reason(self, parcel_id: str) -> str:
        """Why a parcel that is not done is not."""
        return self.failed.get(parcel_id, "the site did not say")


def hand_over(site: SiteAddress, changes: list[dict[str, Any]]) -> Handed:
    """Have the bridge make these changes; a site that is away is an answer, too. Leaves the machine: never in a transaction."""
    if not changes:
        return Handed()
    try:
        delivery = send_changes(site, changes)
    except SiteAway as error:
        return Handed(failed={change["id"]: str(error) for change in changes}, is_away=True)
    return Handed(frozenset(delivery.done), delivery.failed)


def finish(
    session: Session, parcels: Iterable[Parcel], done: Collection[str], handed: Handed, now: datetime
) -> None:
    """Note which parcels are `done`; the others are tried again after a pause. In the caller's transaction."""
    outbox.set_done(session, list(done), now)
    for parcel in parcels:
        if parcel.id not in done:
            outbox.set_failed(session, parcel, handed.reason(parcel.id), now)
