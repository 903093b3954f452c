"""The member pays: a missed cycle with a new card, on-session so that the bank can ask; or only leaves a new card.

What the browser confirms is the receivable's one intent, the same that a retry would confirm, so a payment by hand and a
retry at the same moment cannot both collect.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sidecar.billing import store, store_cards
from sidecar.billing.booking import Foreign, Outcome, book_intent
from sidecar.billing.cards import use_everywhere
from sidecar.billing.desk import Desk
from sidecar.billing.gateways.gateway import NotExecuted, Setup, Unanswered
from sidecar.billing.guard import check_may_sell
from sidecar.billing.locking import member_locked
from sidecar.billing.ordering import Begun, Buyer, as_customer, payment_secret
from sidecar.billing.overdue import Decline
from sidecar.billing.rules import Order, Receivable
from sidecar.billing.setups import belongs, keep_card
from sidecar.billing.states import SubscriptionState
from sidecar.billing.store_guard import find_lease
from sidecar.db import session, use_case
from sidecar.errors import NotFound, Refused
from sidecar.i18n import _
from sidecar.members.store import get_member


@dataclass(frozen=True)
class CardOutcome:
    """What came of a new card. `word`: `paid`, `kept`, `open` (the bank still works on it) or `declined`, and then why."""

    word: str
    decline: Decline | None = None


def begin_card(desk: Desk, buyer: Buyer, order_uuid: str = "") -> Begun:
    """What the browser needs to take a new card: `payment` of the missed cycle where one is overdue, else `setup`.

    `order_uuid`: which overdue order to pay; without it the one that has waited longest. A second call gives the same
    intent. Raises Refused, NotFound, NotExecuted, Unanswered.
    """
    check_may_sell(desk)
    gateway, member_id = desk.pays_at_once(), get_member_id(buyer.user_id)
    with member_locked(member_id, desk.patience_seconds):
        found = _find_overdue(member_id, order_uuid)

        def ask(customer_id: str) -> str:
            if found is None:
                return _setup_secret(desk, customer_id)
            return payment_secret(desk, *found, customer_id)

        secret = as_customer(desk, member_id, buyer, ask)
    mode, name = ("payment", found[0].uuid) if found is not None else ("setup", "")
    return Begun(name, mode, secret, gateway.publishable_key, gateway.script_url)


def _setup_secret(desk: Desk, customer_id: str) -> str:
    key = desk.key("setup", f"card:{customer_id}:{secrets.token_hex(8)}")
    metadata = {"gatepost": desk.installation, "for": customer_id}
    return desk.pays_at_once().make_setup(key, customer_id, metadata).client_secret


def finish_card(desk: Desk, user_id: int, order_uuid: str = "", setup_id: str = "") -> str:
    """The browser is back: `paid`, `kept`, `open` (the bank still works on it) or `declined`.

    The card becomes that of all the member's orders, and what else is overdue is charged with it at the next run.
    """
    return finish_card_hearing(desk, user_id, order_uuid, setup_id).word


def finish_card_hearing(desk: Desk, user_id: int, order_uuid: str = "", setup_id: str = "") -> CardOutcome:
    """As `finish_card`, together with why a card was declined."""
    member_id = get_member_id(user_id)
    with member_locked(member_id, desk.patience_seconds):
        if order_uuid:
            return _finish_payment(desk, member_id, order_uuid)
        return _finish_setup(desk, member_id, setup_id)


def _finish_payment(desk: Desk, member_id: int, order_uuid: str) -> CardOutcome:
    order = get_own(member_id, order_uuid)
    receivable = _waiting(order.id)
    if receivable is None or receivable.intent_id is None:
        return CardOutcome("paid" if order.status is SubscriptionState.ACTIVE else "open")
    try:
        intent = desk.pays_at_once().read_intent(receivable.intent_id)
        outcome = book_intent(desk, receivable.id, intent, now=desk.now())
    except (NotExecuted, Unanswered, Foreign):
        return CardOutcome("open")
    if outcome is Outcome.SETTLED:
        return CardOutcome("paid")
    if intent.error is None or outcome is Outcome.OPEN:
        return CardOutcome("open")
    return CardOutcome("declined", intent.error)


def _finish_setup(desk: Desk, member_id: int, setup_id: str) -> CardOutcome:
    customer_id = _customer_of(member_id)
    try:
        setup = desk.pays_at_once().read_setup(setup_id)
    except Unanswered:
        return CardOutcome("open")
    except NotExecuted as error:
        raise NotFound(_("This change of card is not known here.")) from error
    if customer_id is None or setup.customer_id != customer_id or not belongs(desk, setup, customer_id):
        raise NotFound(_("This change of card is not known here."))
    return keep_setup(desk, member_id, setup)


@use_case
def keep_setup(desk: Desk, member_id: int, setup: Setup) -> CardOutcome:
    """The card of a change that is done pays all the member's orders, but those for which he has chosen another since; the lock is
    held, and whoever comes first does it."""
    card = keep_card(desk, member_id, setup)
    if card is None:
        return CardOutcome("declined" if setup.error is not None else "open", setup.error)
    use_everywhere(member_id, card.id, setup.chosen_s, desk.now())
    return CardOutcome("kept")


# --- finding --------------------------------------------------------------------------------------------------------


@use_case
def get_member_id(user_id: int) -> int:
    """The member of a WordPress user; raises NotFound."""
    return get_member(session(), user_id).id


@use_case
def get_own(member_id: int | None, order_uuid: str) -> Order:
    """An order by its UUID, if it is this member's (None: an admin asks); else NotFound, as for one that is not there."""
    order = store.get_order(session(), order_uuid)
    if member_id is not None and order.member_id != member_id:
        raise NotFound(_("there is no order {order}").format(order=order_uuid))
    return order


@use_case
def _find_overdue(member_id: int, order_uuid: str) -> tuple[Order, Receivable] | None:
    """The order to pay and what it owes; None when nothing of the member's is overdue."""
    if order_uuid:
        order = get_own(member_id, order_uuid)
        receivable = store.find_due_receivable(session(), order.id)
        if receivable is None or order.status not in {SubscriptionState.OVERDUE, SubscriptionState.ACTIVE}:
            raise Refused(_("There is nothing to pay for this order."))
        return order, receivable
    overdue = [
        one for one in store.list_orders(session(), member_id) if one.status is SubscriptionState.OVERDUE
    ]
    for order in sorted(overdue, key=lambda one: one.first_failed_at or one.ordered_at):
        receivable = store.find_due_receivable(session(), order.id)
        if receivable is not None:
            return order, receivable
    return None


@use_case
def _waiting(order_id: int) -> Receivable | None:
    return store.find_due_receivable(session(), order_id)


@use_case
def _customer_of(member_id: int) -> str | None:
    lease = find_lease(session())
    return store_cards.find_customer(session(), member_id, str(lease.account)) if lease is not None else None
