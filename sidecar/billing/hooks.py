"""Webhooks: verify, store, acknowledge; then understand. The payload is a hint, the object is read afresh.

Repetitions and disorder change nothing, since what is booked is what the gateway says now. What could not be understood is
kept and tried again, and can be replayed; once a day the gateway's list of events tells what never arrived.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sidecar.billing import store, store_cards, store_guard
from sidecar.billing.booking import Foreign, book_intent, count_decline
from sidecar.billing.desk import Desk
from sidecar.billing.gateways.gateway import (
    CardFacts,
    ChargeFacts,
    NotExecuted,
    Notice,
    Setup,
    Unanswered,
    charge_of,
    object_of,
)
from sidecar.billing.guard import Paused, check_known
from sidecar.billing.locking import Busy, member_locked
from sidecar.billing.notices import raise_alarm
from sidecar.billing.ordering import ask_about
from sidecar.billing.paying import keep_setup
from sidecar.billing.returning import book_refund, note_dispute
from sidecar.billing.rules import Order, Receivable
from sidecar.billing.store_returns import find_charge
from sidecar.db import reading, session, use_case
from sidecar.i18n import _

log = logging.getLogger(__name__)
_LONGEST = timedelta(hours=6)
_MANY = 10
_OVERLAP_SECONDS = 3600.0


def receive_webhook(desk: Desk, body: bytes, signature: str) -> None:
    """Check and keep what the gateway sent; raises BadWebhook. Asks nobody, so the gateway gets its answer at once."""
    gateway = desk.pays_by_card()
    _store(gateway.name, gateway.check_webhook(body, signature), desk)


@use_case
def _store(gateway: str, notice: Notice, desk: Desk) -> None:
    store_guard.add_webhook(session(), gateway, notice, desk.now())


def process_webhooks(desk: Desk, limit: int = 100) -> int:
    """Understand what waits, oldest first; gives how many are done. One that fails is tried again later.

    In a restored database all wait for `billing resume`: it must see the intents as this database left them. The first that
    tells of a payment which this database has lost pauses it.
    """
    with reading() as reader:
        if store_guard.is_paused_for(reader, "restored"):
            return 0
        rows = store_guard.list_due_webhooks(reader, desk.now(), limit)
    done = 0
    try:
        for row in rows:
            done += process(desk, row)
    except Paused as pause:
        log.warning("webhooks wait: %s", pause)
    return done


def process(desk: Desk, row: Any) -> bool:
    """One webhook; whether it is done. Raises Paused, which leaves it as it is."""
    try:
        outcome = understand(desk, row)
    except Paused:
        raise
    except (Busy, NotExecuted, Unanswered, Foreign) as error:
        _keep_failed(desk, row, str(error))
        return False
    except Exception as error:  # one that cannot be understood never stops the others
        log.exception("webhook %s", row.id)
        _keep_failed(desk, row, str(error))
        return False
    _done(desk, row.id, outcome)
    return True


@use_case
def _done(desk: Desk, webhook_id: str, outcome: str) -> None:
    store_guard.set_webhook(session(), webhook_id, done_at=desk.now(), outcome=outcome[:20], error=None)


@use_case
def _keep_failed(desk: Desk, row: Any, error: str) -> None:
    pause = min(timedelta(seconds=15 * 2 ** min(row.tries, 12)), _LONGEST)
    store_guard.set_webhook(
        session(), row.id, tries=row.tries + 1, due_at=desk.now() + pause, error=error[:500]
    )
    if row.tries + 1 == _MANY:
        sentence = _("webhook {id} ({type}) cannot be understood: {error}")
        raise_alarm(
            session(), "webhook", row.id, sentence.format(id=row.id, type=row.type, error=error), desk.now()
        )


def replay(desk: Desk, webhook_id: str) -> bool:
    """Process a webhook again, whatever came of it before."""
    with reading() as reader:
        row = store_guard.find_webhook(reader, webhook_id)
    return row is not None and process(desk, row)


# --- what it means --------------------------------------------------------------------------------------------------


def understand(desk: Desk, row: Any) -> str:
    """Read the object that a webhook names, and book it. Gives the outcome; `foreign` for another's, `ignored` for no matter."""
    for beginning, handle in _HANDLERS.items():
        if row.type.startswith(beginning):
            return handle(desk, row.payload)
    return "ignored"


def _dispute_event(desk: Desk, payload: str) -> str:
    return note_dispute(desk, object_of(payload))


def _charge_event(desk: Desk, payload: str) -> str:
    charge_id = charge_of(payload)
    intent_id, charge = desk.pays_by_card().read_charge(charge_id)
    if charge.decline is not None and charge.card is not None:
        _count(desk, charge, intent_id)
    returned = _refunds(desk, charge_id)
    return returned if returned != "known" or not intent_id else _intent(desk, intent_id)


@use_case
def _count(desk: Desk, charge: ChargeFacts, intent_id: str) -> None:
    """Of several tries in the browser the intent shows the newest; each counts against its card."""
    if charge.decline is not None and charge.card is not None:
        known = store_cards.find_member_of_customer(session(), charge.card.customer_id)
        if known is not None:
            owed = store.find_receivable_by_intent(session(), intent_id)
            order_id = None if owed is None else owed.order_id
            count_decline(charge.id, charge.card, charge.decline, desk.now(), order_id=order_id)


def _intent_event(desk: Desk, payload: str) -> str:
    return _intent(desk, object_of(payload))


def _intent(desk: Desk, intent_id: str) -> str:
    intent = desk.pays_by_card().read_intent(intent_id)
    if intent.metadata.get("gatepost") != desk.installation:
        return "foreign"
    check_known(desk, intent)
    receivable = _receivable_of(intent.metadata.get("receivable", ""))
    if receivable is None:
        sentence = _("the gateway speaks of payment {intent}, which this database does not know")
        _alarm(desk, intent_id, sentence.format(intent=intent_id))
        return "unknown"
    with member_locked(receivable.member_id):
        return str(
            book_intent(desk, receivable.id, desk.pays_by_card().read_intent(intent_id), now=desk.now())
        )


@use_case
def _receivable_of(name: str) -> Receivable | None:
    return store.find_receivable_by_uuid(session(), name)


@use_case
def _alarm(desk: Desk, subject: str, sentence: str) -> None:
    raise_alarm(session(), "unknown_payment", subject, sentence, desk.now())


def _refund_event(desk: Desk, payload: str) -> str:
    return _refunds(desk, charge_of(payload))


def _refunds(desk: Desk, charge_id: str) -> str:
    member_id = _member_of_charge(charge_id)
    if member_id is None:
        return "known"
    outcome = "known"
    with member_locked(member_id):
        for facts in desk.pays_by_card().list_refunds(charge_id):
            book_refund(desk, facts)
            outcome = "booked"
    return outcome


@use_case
def _member_of_charge(charge_id: str) -> int | None:
    found = find_charge(session(), charge_id)
    return None if found is None else int(found.member_id)


def _setup_event(desk: Desk, payload: str) -> str:
    setup = desk.pays_by_card().read_setup(object_of(payload))
    if setup.metadata.get("gatepost") != desk.installation:
        return "foreign"
    order = _order_of(setup.metadata.get("for", ""))
    if order is None:
        return _card_change(desk, setup)
    with member_locked(order.member_id):
        ask_about(desk, order)
    return "booked"


def _card_change(desk: Desk, setup: Setup) -> str:
    """A change of card holds although its browser never came back; one that was refused counts against that card."""
    member_id = _member_of_customer(setup.metadata.get("for", ""))
    if member_id is None:
        return "ignored"
    with member_locked(member_id):
        return "booked" if keep_setup(desk, member_id, setup).word in {"kept", "declined"} else "ignored"


@use_case
def _member_of_customer(customer_id: str) -> int | None:
    return store_cards.find_member_of_customer(session(), customer_id)


@use_case
def _order_of(name: str) -> Order | None:
    return store.find_order_by_uuid(session(), name)


def _card_event(desk: Desk, payload: str) -> str:
    facts = desk.pays_by_card().read_card(object_of(payload))
    return _sync_card(desk, facts, renewed=False)


def _renewal_event(desk: Desk, payload: str) -> str:
    return _sync_card(desk, desk.pays_by_card().read_card(object_of(payload)), renewed=True)


@use_case
def _sync_card(desk: Desk, facts: CardFacts, *, renewed: bool) -> str:
    """A card's new date or number counts. "Never again" is over only when the network has renewed it, not when somebody
    has edited what stands beside it."""
    card = store_cards.find_card_by_name(session(), facts.id)
    if card is None:
        return "foreign"
    store_cards.sync_card(session(), card.member_id, facts, desk.now())
    if renewed:
        store_cards.set_never_again(session(), facts.fingerprint, forbidden=False)
    return "booked"


_HANDLERS: dict[str, Callable[[Desk, str], str]] = {
    "payment_intent.": _intent_event,
    "charge.dispute.": _dispute_event,
    "charge.": _charge_event,
    "refund.": _refund_event,
    "setup_intent.": _setup_event,
    "payment_method.automatically_updated": _renewal_event,
    "payment_method.updated": _card_event,
}
"""By the beginning of an event's type; the first that fits."""


# --- what never arrived ---------------------------------------------------------------------------------------------


def catch_up(desk: Desk) -> int:
    """List the gateway's events since the last time and keep those that never arrived, oldest first, as they are to be
    understood; gives how many were listed."""
    if desk.gateway is None:
        return 0
    since = _caught_up_since()
    if since is None:
        return 0
    listed, newest = 0, since
    for notice in reversed(list(desk.gateway.list_notices(since - _OVERLAP_SECONDS))):
        _store(desk.gateway.name, notice, desk)
        listed, newest = listed + 1, max(newest, notice.created_s)
    _note_caught_up(newest)
    return listed


@use_case
def _caught_up_since() -> float | None:
    lease = store_guard.find_lease(session())
    return None if lease is None else float(lease.caught_up_s)


@use_case
def _note_caught_up(newest_s: float) -> None:
    store_guard.set_lease(session(), caught_up_s=newest_s)
