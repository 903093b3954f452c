"""What members are told in time: a trial that ends, a long period that renews, a card that expires.

Networks and laws want seven days and more. The charge waits for the notice: a renewal that must be announced and was not is
put off until it has been, and a notice is queued once for its cycle or card.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sidecar.billing import store, store_cards
from sidecar.billing.desk import Desk
from sidecar.billing.notices import notify
from sidecar.billing.rules import Order
from sidecar.billing.states import SubscriptionState
from sidecar.db import reading, session, use_case

LONG_PERIOD_DAYS = 80
"""Renewals of what lasts this long are announced: from a quarter on nobody remembers the date."""
_AHEAD = timedelta(days=1)
"""So much earlier the notice is queued, so that it has come when the days that it must come before begin."""


def announce(desk: Desk, limit: int = 500) -> int:
    """Queue every notice whose time has come; gives how many orders and cards were looked at. Can be repeated."""
    until = desk.now() + timedelta(days=desk.settings.notice_days) + _AHEAD
    with reading() as reader:
        orders = store.list_orders_to_announce(reader, until, limit)
        cards = store_cards.list_expiring(reader, *_month_of(until))
    _note_silent([order.id for order in orders if not announces(order)])
    for order in filter(announces, orders):
        announce_order(desk, order.id)
    for card in cards:
        _announce_card(desk, card.id, card.member_id)
    return len(orders) + len(cards)


def announces(order: Order) -> bool:
    """Whether the coming payment of this order must be announced: the first after a trial, and each of a long rhythm.

    One that was announced already is not: the order remembers for which cycle.
    """
    if order.status is not SubscriptionState.ACTIVE or order.next_due_at is None or order.gateway == "manual":
        return False
    if order.announced_cycle is not None and order.announced_cycle >= order.next_cycle:
        return False
    ends_trial = order.has_trial and order.next_cycle == 1
    return ends_trial or order.anchor.rhythm.shortest_days >= LONG_PERIOD_DAYS


def waits_for_notice(order: Order, now: datetime, notice_days: int) -> datetime | None:
    """Until when the charge waits, because its notice was not sent in time; None when it need not.

    Only an order that began long enough ago owes a notice: a three-day trial cannot be announced seven days before.
    """
    if notice_days == 0 or not announces(order):
        return None
    began = order.activated_at or order.ordered_at
    if order.next_due_at is None or order.next_due_at - began < timedelta(days=notice_days):
        return None
    return now + timedelta(days=notice_days)


@use_case
def _note_silent(order_ids: list[int]) -> None:
    """Orders whose next payment needs no notice are not looked at again before it."""
    store.note_announced(session(), order_ids)


@use_case
def announce_order(desk: Desk, order_id: int) -> None:
    """Tell the member of the next payment, once for its cycle."""
    order = store.find_order(session(), order_id)
    if order is None or not announces(order) or order.next_due_at is None:
        return
    kind = "trial_ending" if order.has_trial and order.next_cycle == 1 else "renewal_notice"
    store.note_announced(session(), [order.id])
    notify(
        order, kind, f"{order.uuid}:{order.next_cycle}", desk.now(),
        amount_minor=order.price_of(order.next_cycle).gross_minor, at=order.next_due_at.isoformat(),
    )  # fmt: skip


@use_case
def _announce_card(desk: Desk, card_id: int, member_id: int) -> None:
    card = store_cards.find_card(session(), card_id)
    order = next((one for one in store.list_orders(session(), member_id) if one.card_id == card_id), None)
    if card is not None and order is not None:
        # The same card typed in again has another number at the gateway, and is no news to the member.
        about = f"{card.member_id}:{card.fingerprint or card.gateway_id}:{card.exp_year}-{card.exp_month}"
        ends = f"{card.exp_year}-{card.exp_month:02}"
        notify(
            order, "card_expiring", about, desk.now(), brand=card.brand, last4=card.last4, valid_until=ends
        )


def _month_of(moment: datetime) -> tuple[int, int]:
    return moment.year, moment.month
