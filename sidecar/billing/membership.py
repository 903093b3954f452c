"""What an administrator does to a membership, whoever pays for it: by an order it is the order's verb, else the members' own.

A membership that an order pays for is never moved beside it: money and access would part, and the next payment would move it
back. What an order cannot do is refused, with the order's name.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo

from sidecar.billing import changing, store
from sidecar.billing.desk import Desk
from sidecar.billing.rules import PAYING, Order
from sidecar.billing.states import SubscriptionState
from sidecar.catalog.rules import Grant
from sidecar.db import reading
from sidecar.errors import Refused
from sidecar.i18n import _
from sidecar.members.changing import change_level, change_status
from sidecar.members.rules import Change, Status
from sidecar.members.store import find_entitlement, get_member

_BESIDE = {Change.LOCK, Change.UNLOCK}
"""What covers a membership without touching its order: billing goes on under a lock."""


def change_membership(
    desk: Desk,
    user_id: int,
    change: Change,
    *,
    by: str,
    zone: tzinfo,
    bundle_id: int | None = None,
    expires_at: datetime | None = None,
) -> Status:
    """One step for a member's level, or for a bundle; gives the status after it. Raises Refused, NotFound, Busy.

    `expires_at`: with CANCEL_AT_END and REACTIVATE, where no order pays.
    """
    order = None if change in _BESIDE else find_paying_order(user_id, bundle_id)
    if order is None:
        return change_status(
            user_id, change, now=desk.now(), by=by, zone=zone, bundle_id=bundle_id, expires_at=expires_at
        )
    verb = _verbs(desk, by).get(change)
    if verb is None or expires_at is not None:
        raise Refused(_of_order(order))
    verb(order.uuid)
    return _status_of(user_id, bundle_id)


def _verbs(desk: Desk, by: str) -> dict[Change, Callable[[str], Order]]:
    return {
        Change.PAUSE: lambda order: changing.pause(desk, None, order, by=by),
        Change.RESUME: lambda order: changing.resume(desk, None, order, by=by),
        Change.KEEP: lambda order: changing.keep(desk, None, order, by=by),
        Change.CANCEL: lambda order: changing.cancel(desk, None, order, by=by, at_once=True),
        Change.CANCEL_AT_END: lambda order: changing.cancel(desk, None, order, by=by),
    }


def move_to_level(desk: Desk, user_id: int, level_id: int, *, by: str) -> None:
    """Another level for a member; refused while an order pays for the present one."""
    order = find_paying_order(user_id, None)
    if order is not None:
        raise Refused(_of_order(order))
    change_level(user_id, level_id, now=desk.now(), by=by)


def find_paying_order(user_id: int, bundle_id: int | None) -> Order | None:
    """The living order that pays for a member's level (None) or for a bundle; one that was never paid does not."""
    with reading() as reader:
        member = get_member(reader, user_id)
        grant = Grant.LEVEL if bundle_id is None else Grant.BUNDLE
        held = store.list_orders_for(reader, member.id, grant, bundle_id or 0)
    living = [
        order for order in held if order.status in PAYING and order.status is not SubscriptionState.PENDING
    ]
    return living[-1] if living else None


def _status_of(user_id: int, bundle_id: int | None) -> Status:
    with reading() as reader:
        member = get_member(reader, user_id)
        grant = Grant.LEVEL if bundle_id is None else Grant.BUNDLE
        held = find_entitlement(reader, member.id, grant, bundle_id or 0)
    return held.status if held is not None else Status.ERROR


def _of_order(order: Order) -> str:
    sentence = _("Order {order} pays for this, so it is changed there: gatepost order show {order}")
    return sentence.format(order=order.uuid[:8])
