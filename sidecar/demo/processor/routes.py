"""Every address of the API, the function behind it, and the parameters that it knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sidecar.demo.processor import customers, disputing, intents, methods, refunding, setups
from sidecar.demo.processor.books import Row
from sidecar.demo.processor.desk import Desk
from sidecar.demo.processor.listing import list_events, list_of, list_of_customer

Endpoint = Callable[..., Row]
PAGING = "limit starting_after ending_before created"
CUSTOMER = """address balance description email invoice_settings metadata name payment_method phone preferred_locales
    shipping tax tax_exempt"""
CONFIRMING = """payment_method payment_method_data payment_method_options payment_method_types confirmation_token
    error_on_requires_action mandate mandate_data off_session receipt_email return_url setup_future_usage shipping
    use_stripe_sdk client_secret"""
INTENT = """amount currency customer description metadata payment_method payment_method_data payment_method_options
    payment_method_types receipt_email setup_future_usage shipping statement_descriptor statement_descriptor_suffix
    transfer_group capture_method"""
SETUP = """customer description metadata payment_method payment_method_data payment_method_options
    payment_method_types"""


@dataclass(frozen=True, slots=True)
class Route:
    """`name` as it is counted, with {id} for an id; `public`: a browser may call it with a publishable key."""

    name: str
    endpoint: Endpoint
    known: frozenset[str]
    public: bool = False


def get_account(desk: Desk) -> Row:
    return desk.get("account", "account")["object_shown"]  # type: ignore[no-any-return]


def retrieving(table: str) -> Endpoint:
    """The endpoint that reads one object of a table."""

    def answer(desk: Desk, id: str) -> Row:
        return desk.get(table, id)

    return answer


_TABLE: list[tuple[str, Endpoint, str]] = [
    ("GET account", get_account, ""),
    ("POST customers", customers.create, CUSTOMER),
    ("GET customers", list_of("customer", "email"), PAGING + " email"),
    ("GET customers/{id}", customers.retrieve, ""),
    ("POST customers/{id}", customers.update, CUSTOMER),
    ("DELETE customers/{id}", customers.delete, ""),
    (
        "GET customers/{id}/payment_methods",
        list_of_customer("payment_method"),
        PAGING + " type allow_redisplay",
    ),
    (
        "POST payment_methods",
        methods.create,
        "type card billing_details metadata allow_redisplay radar_options",
    ),
    ("GET payment_methods", list_of("payment_method", "customer", "type"), PAGING + " customer type"),
    ("GET payment_methods/{id}", methods.retrieve, ""),
    ("POST payment_methods/{id}", methods.update, "card billing_details metadata allow_redisplay"),
    ("POST payment_methods/{id}/attach", methods.attach, "customer"),
    ("POST payment_methods/{id}/detach", methods.detach, ""),
    (
        "POST payment_intents",
        intents.create,
        INTENT + " automatic_payment_methods confirm confirmation_method " + CONFIRMING,
    ),
    ("GET payment_intents", list_of("payment_intent", "customer"), PAGING + " customer"),
    ("GET payment_intents/{id}", intents.retrieve, "client_secret"),
    ("POST payment_intents/{id}", intents.update, INTENT),
    ("POST payment_intents/{id}/confirm", intents.confirm, CONFIRMING),
    ("POST payment_intents/{id}/cancel", intents.cancel, "cancellation_reason"),
    (
        "POST setup_intents",
        setups.create,
        SETUP + " automatic_payment_methods confirm usage flow_directions attach_to_self " + CONFIRMING,
    ),
    (
        "GET setup_intents",
        list_of("setup_intent", "customer", "payment_method"),
        PAGING + " customer payment_method",
    ),
    ("GET setup_intents/{id}", setups.retrieve, "client_secret"),
    ("POST setup_intents/{id}", setups.update, SETUP),
    ("POST setup_intents/{id}/confirm", setups.confirm, CONFIRMING),
    ("POST setup_intents/{id}/cancel", setups.cancel, "cancellation_reason"),
    ("GET setup_attempts", list_of("setup_attempt", "setup_intent"), PAGING + " setup_intent"),
    ("GET charges", list_of("charge", "payment_intent", "customer"), PAGING + " payment_intent customer"),
    ("GET charges/{id}", retrieving("charge"), ""),
    (
        "POST refunds",
        refunding.create,
        "payment_intent charge amount reason metadata currency instructions_email",
    ),
    ("GET refunds", list_of("refund", "charge", "payment_intent"), PAGING + " charge payment_intent"),
    ("GET refunds/{id}", refunding.retrieve, ""),
    ("POST refunds/{id}", refunding.update, "metadata"),
    ("GET disputes", list_of("dispute", "charge", "payment_intent"), PAGING + " charge payment_intent"),
    ("GET disputes/{id}", disputing.retrieve, ""),
    ("POST disputes/{id}", disputing.update, "evidence metadata submit"),
    ("GET events", list_events, PAGING + " type types delivery_success"),
    ("GET events/{id}", retrieving("event"), ""),
    ("GET balance_transactions/{id}", retrieving("balance_transaction"), ""),
]
_PUBLIC = {
    "POST payment_methods", "GET payment_intents/{id}", "POST payment_intents/{id}/confirm",
    "GET setup_intents/{id}", "POST setup_intents/{id}/confirm",
}  # fmt: skip
ROUTES = {
    name: Route(name, endpoint, frozenset([*known.split(), "expand"]), name in _PUBLIC)
    for name, endpoint, known in _TABLE
}


def find_route(method: str, path: str) -> tuple[Route | None, list[Any]]:
    """The route of an address under /v1, and the ids in it.

    >>> route, ids = find_route("POST", "/v1/payment_intents/pi_1/confirm")
    >>> route.name, ids
    ('POST payment_intents/{id}/confirm', ['pi_1'])
    """
    steps = path.strip("/").split("/")[1:]
    if len(steps) == 1:
        return ROUTES.get(f"{method} {steps[0]}"), []
    if len(steps) not in {2, 3}:
        return None, []
    steps[1], id = "{id}", steps[1]
    return ROUTES.get(f"{method} {'/'.join(steps)}"), [id]
