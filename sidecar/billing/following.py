"""Access follows the money: what a member may see is worked out from all orders for it, in the transaction that moves one.

Nobody says "revoke" here. The entitlement is led to what the best of the orders gives, so a refund or a lost dispute takes
away only what nothing else pays for, and a second call finds nothing to do.
"""

from __future__ import annotations

from datetime import datetime, tzinfo

from sqlalchemy.orm import Session

from sidecar.billing import store
from sidecar.billing.periods import zone_of
from sidecar.billing.rules import Order, access_of, best_of
from sidecar.billing.states import SubscriptionState
from sidecar.catalog.rules import Grant
from sidecar.catalog.store import find_default_level
from sidecar.db import session
from sidecar.errors import Refused
from sidecar.i18n import _
from sidecar.members.changing import (
    change_expiry,
    change_level,
    change_status,
    give_bundle,
    make_member,
)
from sidecar.members.rules import Change, Entitlement, Status, changes_to
from sidecar.members.store import (
    Member,
    find_entitlement,
    find_member_by_id,
    set_keeps_access,
)

_BY_ORDER = (Status.PENDING_ACTIVATION, Status.ERROR)


def follow(order: Order, *, now: datetime, by: str, keeps_overdue: bool | None = None) -> None:
    """Lead the member's hold on what `order` is for to what all orders for it give. Needs a transaction.

    `keeps_overdue`: whether access stays while overdue, where product or site say so; None: as the level or bundle says.
    An order that never gave access governs nothing but a hold that waits for it. A complimentary hold is left alone.
    """
    member = find_member_by_id(session(), order.member_id)
    if member is None:
        return
    orders = store.list_orders_for(session(), order.member_id, order.grant, order.grant_id)
    held = find_entitlement(session(), member.id, order.grant, order.grant_id)
    best = best_of([one for one in orders if _governs(one, held)])
    if best is None or (held is not None and held.is_complimentary):
        return
    if held is None:
        _give(member, best, now=now, by=by)
    else:
        _lead(member, held, best, now=now, by=by, zone=zone_of(order.zone))
    _set_limits(member, best, keeps_overdue, now=now, by=by)


def expected_status(reader: Session, member_id: int, held: Entitlement) -> Status | None:
    """What a hold should be, as all orders for it have it; None where no order governs it."""
    if held.is_complimentary:
        return None
    orders = store.list_orders_for(reader, member_id, held.grant, held.grant_id)
    best = best_of([one for one in orders if _governs(one, held)])
    return None if best is None else access_of(best)


def _governs(order: Order, held: Entitlement | None) -> bool:
    """Whether an order has a say: it has given access once, or the hold waits for just such an order."""
    if order.activated_at is not None:
        return True
    waits = held is None or (held.status_under_lock or held.status) in _BY_ORDER
    return waits and (held is not None or order.status is SubscriptionState.PENDING)


def _give(member: Member, order: Order, *, now: datetime, by: str) -> None:
    """A hold where there was none. Every member has a level: the buyer of a bundle gets the default one."""
    status = access_of(order)
    if order.grant is Grant.LEVEL:
        make_member(member.user_id, order.grant_id, now=now, by=by, status=status)
        return
    if member.level is None:
        default = find_default_level(session())
        if default is None:
            raise Refused(
                _("The buyer of a bundle needs a level, and there is no default one: gatepost level default")
            )
        make_member(member.user_id, default.id, now=now, by=by)
    if status is not Status.PENDING_ACTIVATION:
        give_bundle(member.user_id, order.grant_id, now=now, by=by, status=status)


def _lead(member: Member, held: Entitlement, order: Order, *, now: datetime, by: str, zone: tzinfo) -> None:
    wanted = access_of(order)
    gives = wanted in {Status.ACTIVE, Status.PENDING_CANCEL}
    if order.grant is Grant.LEVEL and gives and held.level_id != order.level_id:
        change_level(member.user_id, order.grant_id, now=now, by=by)
    for change in changes_to(held.state, wanted):
        until = order.paid_until_at if change is Change.CANCEL_AT_END else None
        change_status(
            member.user_id, change, now=now, by=by, zone=zone, bundle_id=order.bundle_id, expires_at=until
        )


def _set_limits(member: Member, order: Order, keeps_overdue: bool | None, *, now: datetime, by: str) -> None:
    """Until when access lasts by itself, and whether it lasts while overdue."""
    held = find_entitlement(session(), member.id, order.grant, order.grant_id)
    if held is None:
        return
    wanted = access_of(order)
    ends = order.paid_until_at if wanted is Status.PENDING_CANCEL or not order.terms.renews else None
    if wanted in {Status.ACTIVE, Status.PENDING_CANCEL} and held.expires_at != ends:
        change_expiry(member, held, ends, now=now, by=by)
    if held.keeps_access_overdue != keeps_overdue:
        set_keeps_access(session(), held, keeps_overdue)
