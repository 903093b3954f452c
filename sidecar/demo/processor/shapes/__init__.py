"""New objects in the shapes of Stripe's API, every field there. Pure: ids and times are arguments."""

from sidecar.demo.processor.shapes.charges import AUTHORIZED, charge, charged_card
from sidecar.demo.processor.shapes.customers import NO_ADDRESS, NO_BILLING, card, customer, payment_method
from sidecar.demo.processor.shapes.envelopes import account, event, listing
from sidecar.demo.processor.shapes.ids import API_VERSION, new_id
from sidecar.demo.processor.shapes.intents import CARD_OPTIONS, payment_intent, setup_attempt, setup_intent
from sidecar.demo.processor.shapes.returns import balance_transaction, dispute, refund

__all__ = [
    "API_VERSION",
    "AUTHORIZED",
    "CARD_OPTIONS",
    "NO_ADDRESS",
    "NO_BILLING",
    "account",
    "balance_transaction",
    "card",
    "charge",
    "charged_card",
    "customer",
    "dispute",
    "event",
    "listing",
    "new_id",
    "payment_intent",
    "payment_method",
    "refund",
    "setup_attempt",
    "setup_intent",
]
