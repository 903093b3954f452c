"""The payments ahead, for the owner: date, member, product, state. Reading only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from sidecar.billing import store
from sidecar.billing.rules import Order
from sidecar.billing.states import SubscriptionState


@dataclass(frozen=True)
class Upcoming:
    """One payment that is expected at `at`. `state`: pending, first failure, retry 2, … or held.

    `amount_minor`: gross, in minor units of `currency`, before credit.
    """

    at: datetime
    order: Order
    user_id: int
    amount_minor: int
    currency: str
    state: str


def list_upcoming(reader: Session, until: datetime, limit: int = 100) -> list[Upcoming]:
    """What is expected to be collected before `until`, soonest first; what waits for its member comes with it."""
    rows = store.list_orders_to_collect(reader, until, limit)
    return [_upcoming(reader, order) for order in rows]


def _upcoming(reader: Session, order: Order) -> Upcoming:
    at = order.wake_at if order.status is SubscriptionState.OVERDUE else order.next_due_at
    return Upcoming(
        at=at or order.ordered_at,
        order=order,
        user_id=store.get_user_id(reader, order.member_id),
        amount_minor=order.price_of(order.next_cycle).gross_minor + order.carried_minor,
        currency=order.currency,
        state=state_of(order),
    )


def state_of(order: Order) -> str:
    """Where an order stands in its retry schedule, in a word."""
    if order.held is not None:
        return "held"
    if order.status is not SubscriptionState.OVERDUE:
        return "pending"
    return "first failure" if order.retries == 0 else f"retry {order.retries} failed"
