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


def use_everywhere(member_id: int, card_id: int, chosen_s: float, now: datetime) -> None:
    """The member's new card pays all his orders; those that are overdue are tried with it at once.

    `chosen_s`: when he chose it, by the gateway's clock. What is told late or again changes no order whose card he has chosen since.
    """
    for order in store.list_orders(session(), member_id):
        if order.status not in _LIVING or order.gateway == "manual" or not order.terms.renews:
            continue
        if order.card_chosen_s is not None and order.card_chosen_s > chosen_s:
            continue
        if order.card_id != card_id:
            record(order, "card_changed", 0, now)
        store.set_order(session(), order.id, card_id=card_id, card_chosen_s=chosen_s)
        if order.status is SubscriptionState.OVERDUE:
            store.set_order(session(), order.id, wake_at=now)
