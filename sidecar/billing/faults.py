"""What the gateway provably did not carry out: no decline, no change of access, tried again in minutes, with bounds."""

from __future__ import annotations

import logging
from datetime import timedelta

from sidecar.billing import store, store_cards
from sidecar.billing.desk import Desk
from sidecar.billing.gateways.gateway import CardGone, CustomerGone, NotExecuted
from sidecar.billing.notices import raise_alarm
from sidecar.billing.progress import wait_for_card
from sidecar.billing.states import AttemptState, is_final
from sidecar.db import session, use_case
from sidecar.i18n import _

log = logging.getLogger(__name__)
MANY = 8
_LONGEST = timedelta(hours=1)
_TOMORROW = timedelta(days=1)


@use_case
def postpone(desk: Desk, attempt_id: int, fault: NotExecuted) -> None:
    """The attempt did not happen; its order is looked at again after a pause that doubles with each fault in a row.

    A fault that will not pass by itself waits for a day and tells the owner; so do many passing ones in a row. A card that
    the gateway no longer keeps for the member is the member's to replace.
    """
    attempt = store.find_attempt(session(), attempt_id)
    if attempt is None or is_final(attempt.status):
        return
    now = desk.now()
    store.claim_attempt(
        session(), attempt, AttemptState.NOT_EXECUTED, finished_at=now, message=str(fault)[:300]
    )
    order, receivable = (
        store.find_order(session(), attempt.order_id),
        store.find_receivable(session(), attempt.receivable_id),
    )
    if order is None or receivable is None:
        return
    log.warning("order %s: %s", order.uuid, fault)
    if isinstance(fault, CustomerGone) and order.card_id is not None:
        _forget_customer(order.card_id)
    if isinstance(fault, CardGone | CustomerGone):
        wait_for_card(desk, order, receivable, now)
        return
    pause = pause_after(order.faults) if fault.is_passing else _TOMORROW
    store.set_order(session(), order.id, faults=order.faults + 1, wake_at=now + pause)
    if not fault.is_passing or order.faults + 1 >= MANY:
        sentence = _("order {order} cannot be charged: {reason}")
        raise_alarm(session(), "fault", order.uuid, sentence.format(order=order.uuid, reason=fault), now)


def _forget_customer(card_id: int) -> None:
    card = store_cards.find_card(session(), card_id)
    if card is not None:
        store_cards.forget_customer(session(), card.customer_id)
        store.renumber_intents(session(), card.member_id)


def pause_after(faults: int) -> timedelta:
    """How long to wait after the fault that follows `faults` earlier ones in a row.

    >>> [int(pause_after(faults).total_seconds() / 60) for faults in (0, 1, 2, 5, 50)]
    [1, 2, 4, 32, 60]
    """
    return min(timedelta(minutes=2 ** min(faults, 10)), _LONGEST)
