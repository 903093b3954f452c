"""Change of product: the unused part of what was paid is set against the new product's first price, and no cent is lost.

The new order waits like any checkout until it is paid; only then, in the same transaction, does the old one end. Until
then the unused part is reserved for it, out of revenue, and goes back there when the change is given up.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from sidecar.billing import store, store_anchors, store_ledger, store_returns
from sidecar.billing.accepting import circumstances
from sidecar.billing.amounts import allocate
from sidecar.billing.desk import Desk
from sidecar.billing.locking import member_locked
from sidecar.billing.notices import record
from sidecar.billing.ordering import (
    Begun,
    Buyer,
    Wish,
    ask_gateway,
    check_gateway,
    give_up_others,
    insert_order,
)
from sidecar.billing.owing import collectable, credit_for, refuse_currency, settle_without_gateway
from sidecar.billing.paying import get_member_id, get_own
from sidecar.billing.periods import Period
from sidecar.billing.policies import Policy
from sidecar.billing.proration import Change, prorate
from sidecar.billing.rules import Order, Receivable
from sidecar.billing.states import ReceivableState, SubscriptionState
from sidecar.catalog.rules import Product, Terms
from sidecar.catalog.store import get_product
from sidecar.db import reading, session, use_case
from sidecar.errors import Refused
from sidecar.i18n import _


def preview_change(desk: Desk, order_uuid: str, product_name: str) -> Change:
    """What a change would cost now, without changing anything. Minor units of the order's currency."""
    with reading() as reader:
        order = store.get_order(reader, order_uuid)
        return reckon_change(reader, order, get_product(reader, product_name), desk.now())


def reckon_change(reader: Session, order: Order, product: Product, now: datetime) -> Change:
    """The same for an order and a product that have been read."""
    return _reckon(reader, order, terms_after_change(product), now)


def change_product(
    desk: Desk,
    buyer: Buyer,
    order_uuid: str,
    product: str,
    token: str,
    *,
    by: str,
    accepted: tuple[Policy, ...] = (),
) -> Begun:
    """Begin the change: what the browser needs to pay the difference, or `none` when nothing is left to pay.

    `token` names the change as it does a checkout: sent twice it is one. `accepted`: what the buyer was shown and has accepted.
    Raises Refused, NotFound, Busy.
    """
    check_gateway(desk)
    member_id = get_member_id(buyer.user_id)
    old = get_own(member_id, order_uuid)
    with member_locked(member_id, desk.patience_seconds):
        give_up_others(desk, member_id, Wish(product, token))
        order = _place(desk, old.uuid, buyer, Wish(product, token, accepted=accepted), by)
        if order.status is not SubscriptionState.PENDING:
            return Begun(order.uuid, "none")
        return ask_gateway(desk, order, buyer)


@use_case
def _place(desk: Desk, old_uuid: str, buyer: Buyer, wish: Wish, by: str) -> Order:
    old, now = get_own(None, old_uuid), desk.now()
    product = get_product(session(), wish.product)
    terms = terms_after_change(product)
    order, is_new = insert_order(
        desk, old.member_id, buyer, wish, product, terms, coupon=None, replaces_id=old.id
    )
    if order.replaces_id != old.id:
        raise Refused(_("This checkout was begun by somebody else. Please open the page again."))
    if not is_new:
        return order
    _refuse_change(old, product, terms)
    refuse_currency(desk, wish.gateway, terms)
    store.set_order(session(), order.id, card_id=old.card_id, card_chosen_s=old.card_chosen_s)
    change = _reckon(session(), old, terms, now)
    receivable = _owe(desk, order, old, change, now)
    record(
        old,
        "change_begun",
        change.net_due_minor,
        now,
        by=by,
        new_order=order.uuid,
        credit_minor=change.credit_minor,
        ip=buyer.ip[:45],
        **circumstances(session(), buyer.email, buyer.agent, wish.accepted, now),
    )
    if receivable.collect_minor == 0:
        settle_without_gateway(desk, order, receivable, now)
    return store.find_order(session(), order.id) or order


def _refuse_change(old: Order, product: Product, terms: Terms) -> None:
    if old.status not in {SubscriptionState.ACTIVE, SubscriptionState.PENDING_CANCEL}:
        raise Refused(_("Only what is active can be changed; what is overdue is paid first."))
    if product.grant is not old.grant or (old.bundle_id is not None and product.grant_id != old.bundle_id):
        raise Refused(_("A membership is changed for a membership, a bundle for another price of the same."))
    if terms.currency != old.currency:
        raise Refused(_("A change keeps the currency."))
    if product.id == old.product_id or product.is_archived:
        raise Refused(_("This product cannot be changed to."))
    paid = store.list_settlements(session(), old.id)
    if any(row.charge_id is not None and store_returns.is_disputed(session(), row.charge_id) for row in paid):
        raise Refused(_("A payment of this order is disputed; it can be changed when that is over."))


def terms_after_change(product: Product) -> Terms:
    """The product's terms without its trial: who changes has begun already."""
    return replace(product.terms, trial_days=None, trial_price_minor=None)


def _reckon(reader: Any, old: Order, terms: Terms, now: datetime) -> Change:
    """The unused parts of all cycles that were paid, the present one and what was paid ahead, against the new price."""
    settled = [one for one in store.list_receivables(reader, old.id) if one.status is ReceivableState.SETTLED]
    credit = sum(_unused(reader, one, now) for one in settled[:-1])
    if settled:
        credit += _unused(reader, settled[-1], now, _moved_by(reader, old, settled[-1]))
    price = terms.price_minor
    return Change(credit, price, max(0, price - credit), max(0, credit - price))


def _unused(reader: Any, receivable: Receivable, now: datetime, moved: timedelta = timedelta()) -> int:
    """Of what was really paid for a cycle; what has no end cannot be used up, and is not given back."""
    if receivable.until_at is None:
        return 0
    paid = store_returns.compute_kept(reader, receivable.id)
    return prorate(paid, Period(receivable.from_at + moved, receivable.until_at + moved), now, 0).credit_minor


def _moved_by(reader: Any, old: Order, newest: Receivable) -> timedelta:
    """By how much pauses have moved the end of what was paid last; another date that an owner gave moves nothing of it."""
    resumed = store_anchors.find_anchor_reason(reader, old.id, old.next_cycle) == "resumed"
    if not resumed or old.paid_until_at is None or newest.until_at is None:
        return timedelta()
    return old.paid_until_at - newest.until_at


def _owe(desk: Desk, order: Order, old: Order, change: Change, now: datetime) -> Receivable:
    """The new order's first receivable, with the unused part of the old one reserved for it, and the rest as credit."""
    price, (smallest, step) = order.price_of(0), collectable(desk, order)
    used = credit_for(price.gross_minor, change.credit_minor, smallest=smallest, step=step)
    if 0 < price.gross_minor - used < smallest:
        raise Refused(_("The first payment is below what the payment gateway collects."))
    _anchor, _cycle, until_at = order.first_period(now)
    receivable = store.add_receivable(
        session(),
        {
            "order_id": order.id, "member_id": order.member_id, "cycle": 0, "net_minor": price.net_minor,
            "tax_minor": price.tax_minor, "gross_minor": price.gross_minor, "credit_minor": used, "currency": price.currency,
            "tax_ppm": price.tax_ppm, "country": price.country, "from_at": now, "until_at": until_at, "due_at": now,
            "made_at": now,
        },
    )  # fmt: skip
    net, tax = unearned(old, change.credit_minor)
    sums = {"revenue": net, "tax": tax, "reserved": -used, "changing": -(change.credit_minor - used)}
    store_ledger.post(session(), f"change:{order.uuid}", order.member_id, order.currency, now, sums)
    return receivable


def unearned(old: Order, credit_minor: int) -> tuple[int, int]:
    """(revenue, tax) that an unused part takes back, in the proportion in which the price was taken."""
    price = old.price_of(old.next_cycle)
    if price.gross_minor <= 0:
        return credit_minor, 0
    net, tax = allocate(credit_minor, [price.net_minor, price.tax_minor])
    return net, tax
