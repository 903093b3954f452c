"""Legal holds: the events of a member are kept, whatever their age, until somebody releases them."""

from __future__ import annotations

from datetime import datetime

from sidecar.activity import store_holds
from sidecar.activity.rules import EventType
from sidecar.activity.store import add_event
from sidecar.db import session, use_case
from sidecar.errors import NotFound
from sidecar.i18n import _


@use_case
def make_hold(
    member_id: int, user_id: int, *, order_uuid: str = "", reason: str = "", by: str, now: datetime
) -> int:
    """Hold all events of a member, for an order's or for his own sake; gives the hold's id. It is an event itself."""
    hold_id = store_holds.add_hold(session(), member_id, order_uuid, reason, by, now)
    _record("hold_made", hold_id, member_id, user_id, order_uuid, {"reason": reason[:300], "by": by}, now)
    return hold_id


@use_case
def release_hold(hold_id: int, *, by: str, now: datetime) -> None:
    """End a hold; what it alone has kept goes with the next run. Raises NotFound for one that is released, or none."""
    hold = store_holds.find_hold(session(), hold_id)
    if hold is None or not store_holds.claim_release(session(), hold_id, now):
        raise NotFound(_("there is no hold {id}: gatepost log holds").format(id=hold_id))
    _record("hold_released", hold_id, hold.member_id, None, hold.order_uuid, {"by": by}, now)


def _record(
    name: str, hold_id: int, member_id: int, user_id: int | None, order_uuid: str, body: dict[str, str], now: datetime
) -> None:  # fmt: skip
    subject = f"order:{order_uuid}" if order_uuid else f"hold:{hold_id}"
    add_event(
        session(), EventType.ACCESS, name, now,
        member_id=member_id, user_id=user_id, subject=subject, body={**body, "hold": hold_id},
    )  # fmt: skip
