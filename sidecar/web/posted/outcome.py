"""What came of a payment that the browser says it has made, for the one who waits for the answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sidecar.billing.gateways.gateway import Intent, IntentStatus, Setup
from sidecar.billing.ordering import Finished
from sidecar.billing.overdue import Decline
from sidecar.billing.rules import Order
from sidecar.billing.states import SubscriptionState
from sidecar.billing.store import find_due_receivable
from sidecar.db import reading


class Outcome(StrEnum):
    """How a checkout stands. `WAITING`: nothing was paid yet, and nothing has failed."""

    PAID = "paid"
    PROCESSING = "processing"
    DECLINED = "declined"
    WAITING = "waiting"
    OVER = "over"


@dataclass(frozen=True)
class Look:
    """`mode` and `client_secret`: by which it can be tried again, '' where it cannot."""

    outcome: Outcome
    decline: Decline | None = None
    mode: str = ""
    client_secret: str = ""


def look_at(finished: Finished) -> Look:
    """The outcome of an order, with what the gateway has just said of it. Nobody is asked again, and nothing is booked.

    A gateway that was not asked now, or did not answer, is no decline: it counts as processing.
    """
    order, said = finished.order, finished.said
    if order.status is SubscriptionState.CANCELED:
        return Look(Outcome.OVER)
    if order.status is not SubscriptionState.PENDING:
        return Look(Outcome.PAID)
    if said is None:
        return Look(Outcome.PROCESSING if _can_be_paid(order) else Outcome.WAITING)
    return _of_setup(said) if isinstance(said, Setup) else _of_intent(said)


def _can_be_paid(order: Order) -> bool:
    """Whether the gateway knows the order, so that a payment of it may be under way."""
    with reading() as reader:
        receivable = find_due_receivable(reader, order.id)
    return order.setup_id is not None or (receivable is not None and receivable.intent_id is not None)


def _of_setup(setup: Setup) -> Look:
    if setup.is_done:
        return Look(Outcome.PROCESSING)
    outcome = Outcome.WAITING if setup.error is None else Outcome.DECLINED
    return Look(outcome, setup.error, "setup", setup.client_secret)


def _of_intent(intent: Intent) -> Look:
    """One that has succeeded is about to be booked."""
    if intent.status in {IntentStatus.PROCESSING, IntentStatus.SUCCEEDED}:
        return Look(Outcome.PROCESSING)
    if intent.status is IntentStatus.CANCELED:
        return Look(Outcome.OVER)
    decline = intent.error or (intent.charge.decline if intent.charge is not None else None)
    outcome = Outcome.WAITING if decline is None else Outcome.DECLINED
    return Look(outcome, decline, "payment", intent.client_secret)
