"""What a member sees of his own: what he has, until when, what is paid next and with which card. Reading only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from sidecar.billing import store, store_cards
from sidecar.billing.rules import PAYING, Card, Order
from sidecar.billing.states import SubscriptionState
from sidecar.catalog.rules import Grant, Product
from sidecar.catalog.store import find_product, get_bundle, get_level
from sidecar.members.store import find_member


@dataclass(frozen=True)
class Holding:
    """One order as its buyer sees it. Amounts are minor units of `currency`.

    `gateway`: who collects; `manual` takes no card. `every`, `unit`: the rhythm, None for what is paid once. `overdue_minor`: what is to be paid now, 0 unless overdue.
    `retry_at`: when it is tried again by itself, or until when the member may act.
    """

    order: str
    gateway: str
    product: str
    gives: str
    grant: Grant
    grant_id: int
    status: SubscriptionState
    amount_minor: int
    currency: str
    every: int | None
    unit: str | None
    next_due_at: datetime | None
    paid_until_at: datetime | None
    card: Card | None
    overdue_minor: int
    retry_at: datetime | None
    may_pause: bool

    @property
    def is_overdue(self) -> bool:
        """Whether a renewal failed and waits to be paid."""
        return self.status is SubscriptionState.OVERDUE

    @property
    def renews(self) -> bool:
        """Whether another payment will come."""
        return self.next_due_at is not None and self.status is not SubscriptionState.PENDING_CANCEL

    @property
    def can_cancel(self) -> bool:
        """Whether there is something to cancel."""
        return self.unit is not None and self.status in {
            SubscriptionState.ACTIVE, SubscriptionState.OVERDUE, SubscriptionState.PAUSED,
        }  # fmt: skip

    @property
    def can_keep(self) -> bool:
        """Whether a cancellation can be taken back."""
        return self.status is SubscriptionState.PENDING_CANCEL and self.unit is not None

    @property
    def can_pause(self) -> bool:
        """Whether it can stand still."""
        return self.may_pause and self.unit is not None and self.status is SubscriptionState.ACTIVE

    @property
    def can_resume(self) -> bool:
        """Whether a pause can end."""
        return self.status is SubscriptionState.PAUSED


@dataclass(frozen=True)
class Account:
    """Everything a member has bought and still has, oldest first."""

    holdings: tuple[Holding, ...] = ()

    @property
    def overdue(self) -> Holding | None:
        """What must be paid first, if anything."""
        return next((one for one in self.holdings if one.is_overdue), None)


def get_account(reader: Session, user_id: int, *, may_pause: bool = False) -> Account:
    """What the member of a WordPress user has; empty for somebody who is none. `may_pause`: the owner lets members pause."""
    member = find_member(reader, user_id)
    if member is None:
        return Account()
    orders = [order for order in store.list_orders(reader, member.id) if order.status in PAYING]
    shown = [order for order in orders if order.status is not SubscriptionState.PENDING]
    return Account(tuple(holding_of(reader, order, may_pause=may_pause) for order in shown))


def holding_of(reader: Session, order: Order, *, may_pause: bool = False) -> Holding:
    """One order as its buyer sees it."""
    due = store.find_due_receivable(reader, order.id)
    product: Product | None = find_product(reader, order.product_id)
    find = get_level if order.grant is Grant.LEVEL else get_bundle
    is_overdue = order.status is SubscriptionState.OVERDUE
    return Holding(
        order=order.uuid,
        gateway=order.gateway,
        product=product.name if product else "",
        gives=find(reader, order.grant_id).name,
        grant=order.grant,
        grant_id=order.grant_id,
        status=order.status,
        amount_minor=order.price_of(order.next_cycle).gross_minor,
        currency=order.currency,
        every=order.terms.every,
        unit=order.terms.unit,
        next_due_at=order.next_due_at,
        paid_until_at=order.paid_until_at,
        card=store_cards.find_card(reader, order.card_id) if order.card_id is not None else None,
        overdue_minor=due.collect_minor if due and is_overdue else 0,
        retry_at=order.wake_at if is_overdue else None,
        may_pause=may_pause and not order.is_in_trial,
    )
