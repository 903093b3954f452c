"""The card that a member pays with: once he has given another, all his orders are paid with it. Needs a transaction."""

from __future__ import annotations

from datetime import datetime

from sidecar.billing import store
from sidecar.billing.notices import record
from sidecar.billing.states import SubscriptionState
from sidecar.db import session

_LIVING = (
    SubscriptionState.ACTIVE, SubscriptionState.OVERDUE, SubscriptionState.PAUSED, SubscriptionState.PENDING_CANCEL,
)  # fmt: skip


def use_everywhere(member_id: int, card_id: int, now: datetime) -> None:
    """The member's new card pays all his orders; those that are overdue are tried with it at once."""
    for order in store.list_orders(session(), member_id):
        if order.status not in _LIVING or order.gateway == "manual" or not order.terms.renews:
            continue
        if order.card_id != card_id:
            record(order, "card_changed", 0, now)
        store.set_order(session(), order.id, card_id=card_id)
        if order.status is SubscriptionState.OVERDUE:
            store.set_order(session(), order.id, wake_at=now)
