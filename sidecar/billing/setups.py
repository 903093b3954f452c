"""Cards that are kept without a payment: free trials, and the change of a card."""

from __future__ import annotations

import logging

from sidecar.billing import store, store_cards
from sidecar.billing.booking import count_decline
from sidecar.billing.desk import Desk
from sidecar.billing.gateways.gateway import NotExecuted, Setup, Unanswered
from sidecar.billing.progress import end_order, settle
from sidecar.billing.rules import Card, Order, source_of_nothing
from sidecar.billing.states import SubscriptionState
from sidecar.db import session, use_case

log = logging.getLogger(__name__)


def book_setup(desk: Desk, order_id: int, *, gives_up: bool = False) -> str:
    """Read the set-up of a checkout whose first payment is nothing; once its card is kept the order begins.

    The caller holds the member's lock and no transaction. A checkout that is given up ends.
    """
    return hear_setup(desk, order_id, gives_up=gives_up)[0]


def hear_setup(desk: Desk, order_id: int, *, gives_up: bool = False) -> tuple[str, Setup | None]:
    """As `book_setup`, together with the set-up that was read."""
    order = _order_of(order_id)
    if order is None or order.setup_id is None:
        return "known", None
    gateway = desk.pays_by_card()
    try:
        setup = gateway.read_setup(order.setup_id)
        if gives_up and not setup.is_done:
            setup = gateway.cancel_setup(order.setup_id)
    except (NotExecuted, Unanswered) as error:
        log.warning("set-up %s could not be read: %s", order.setup_id, error)
        return "unread", None
    return _book(desk, order_id, setup, gives_up=gives_up), setup


@use_case
def _order_of(order_id: int) -> Order | None:
    return store.find_order(session(), order_id)


@use_case
def _book(desk: Desk, order_id: int, setup: Setup, *, gives_up: bool) -> str:
    order, now = store.find_order(session(), order_id), desk.now()
    if order is None or order.status is not SubscriptionState.PENDING:
        return "known"
    if not belongs(desk, setup, order.uuid):
        return "foreign"
    if setup.is_done and setup.card is not None:
        card = store_cards.sync_card(session(), order.member_id, setup.card, now)
        receivable = store.find_due_receivable(session(), order.id)
        if receivable is not None and receivable.collect_minor == 0:
            source, chosen_s = source_of_nothing(order, receivable), setup.chosen_s
            settle(desk, order, receivable, source, now=now, card_id=card.id, card_chosen_s=chosen_s)
            return "settled"
    note_refusal(setup, desk, order.id)
    if gives_up:
        end_order(desk, order, "abandoned", now=now, by="billing")
        return "given up"
    return "known"


def belongs(desk: Desk, setup: Setup, name: str) -> bool:
    """Whether a set-up is ours and for this order or member."""
    return setup.metadata.get("gatepost") == desk.installation and setup.metadata.get("for") == name


def note_refusal(setup: Setup, desk: Desk, order_id: int | None) -> None:
    """A refused set-up counts against its card's ceilings, and against the checkout that it is for. Needs a transaction."""
    if setup.error is not None and setup.card is not None:
        what = setup.attempt_id or setup.id
        count_decline(what, setup.card, setup.error, desk.now(), order_id=order_id)


def keep_card(desk: Desk, member_id: int, setup: Setup) -> Card | None:
    """The card of a set-up that is done, as a row of ours; None while it is not. Needs a transaction."""
    if not setup.is_done or setup.card is None:
        note_refusal(setup, desk, None)
        return None
    return store_cards.sync_card(session(), member_id, setup.card, desk.now())
