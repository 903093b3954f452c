"""Payment methods: cards that are typed in, named by a test token, kept with a customer, and let go."""

from __future__ import annotations

import time
from typing import Any

from sidecar.demo.processor import shapes
from sidecar.demo.processor.books import Row
from sidecar.demo.processor.cards import TOKENS, behaviour_of, checked_number, wrong_card
from sidecar.demo.processor.clock import year_of
from sidecar.demo.processor.declines import as_seen_by
from sidecar.demo.processor.desk import Desk
from sidecar.demo.processor.outcomes import of_setup
from sidecar.demo.processor.parameters import Params, inner, many, merged_metadata, needed, text, whole
from sidecar.demo.processor.referee import Referee
from sidecar.demo.processor.refusals import Impossible, Missing, WrongParameter
from sidecar.demo.processor.refusing import card_error

USED_UP = (
    "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, shared with a "
    "connected account without Customer attachment, or was detached from a Customer. It may not be used again. To use "
    "a PaymentMethod multiple times, you must attach it to a Customer first."
)


def create(desk: Desk) -> Row:
    """Of a card that was typed in; it belongs to nobody yet."""
    return from_data(desk, desk.params)


def from_data(desk: Desk, data: Params) -> Row:
    """A new payment method of the fields `type`, `card[number]` …, `billing_details`, `metadata`."""
    if needed(data, "type") != "card":
        raise WrongParameter("This processor takes cards only.", "type")
    card = inner(data, "card")
    if text(card, "token"):
        return from_token(desk, "pm_card_" + needed(card, "token").removeprefix("tok_"), "card[token]")
    number = checked_number(needed(card, "number"))
    month, year = checked_expiry(whole(card, "exp_month") or 0, whole(card, "exp_year") or 0, desk.now)
    method = _add(desk, number, month, year, cvc=text(card, "cvc"))
    return desk.change(
        "payment_method",
        method,
        billing_details=billing_details(inner(data, "billing_details")),
        metadata=merged_metadata({}, data),
        allow_redisplay=text(data, "allow_redisplay") or "unspecified",
    )


def from_token(desk: Desk, token: str, param: str) -> Row:
    """A new payment method of one of Stripe's test tokens. Raises `Missing`."""
    number = TOKENS.get(token)
    if number is None or desk.livemode:
        raise Missing("PaymentMethod", token, param)
    return _add(desk, number, 12, year_of(desk.now) + 4, cvc="123")


def _add(desk: Desk, number: str, month: int, year: int, *, cvc: str | None) -> Row:
    id = shapes.new_id("pm")
    method = shapes.payment_method(
        id, desk.now, number, month, year, has_cvc=bool(cvc), livemode=desk.livemode
    )
    desk.put("vault", {"id": id, "number": number, "used_up": False, "set_up": False})
    return desk.put("payment_method", method)


def billing_details(given: Params) -> dict[str, Any]:
    """All fields of Stripe's shape, unnamed ones null."""
    address = {**shapes.NO_ADDRESS, **inner(given, "address")}
    known = {name: text(given, name) for name in ("email", "name", "phone", "tax_id")}
    return {**known, "address": address}


def checked_expiry(month: int, year: int, now: int) -> tuple[int, int]:
    """Raises a card error for a month that is none, and a year before this one or absurdly far away."""
    this_year = year_of(now)
    year += 2000 if 0 <= year < 100 else 0
    if not 1 <= month <= 12:
        raise wrong_card(
            "invalid_expiry_month", "Your card's expiration month is invalid.", "card[exp_month]"
        )
    if not this_year <= year <= this_year + 50:
        raise wrong_card("invalid_expiry_year", "Your card's expiration year is invalid.", "card[exp_year]")
    return month, year


def named(desk: Desk, id: str, param: str) -> Row:
    """The payment method that a parameter names; a test token makes a new one."""
    if id in TOKENS:
        return from_token(desk, id, param)
    found = desk.find("payment_method", id)
    if found is None:
        raise Missing("PaymentMethod", id, param)
    return found


def automatic(desk: Desk) -> Row:
    """What an object says of Stripe's own choice of methods, which methods that the request names switch off."""
    types = many(desk.params, "payment_method_types")
    if types:
        if types != ["card"]:
            raise WrongParameter("This processor takes cards only.", "payment_method_types")
        return {"automatic_payment_methods": None}
    redirects = text(inner(desk.params, "automatic_payment_methods"), "allow_redirects") or "always"
    return {"automatic_payment_methods": {"allow_redirects": redirects, "enabled": True}}


def with_method(desk: Desk, intent: Row) -> Row:
    """The intent with the payment method that the request names, if it does; it then waits for confirmation."""
    data = inner(desk.params, "payment_method_data")
    if data:
        method = from_data(desk, data)
    elif text(desk.params, "payment_method"):
        method = named(desk, needed(desk.params, "payment_method"), "payment_method")
    else:
        return intent
    usable(desk, method, intent["customer"])
    return {**intent, "payment_method": method["id"], "status": "requires_confirmation", "next_action": None}


def usable(desk: Desk, method: Row, customer: str | None) -> Row:
    """The method, if this customer (None: a guest) may pay with it. Raises `Impossible`."""
    if method["customer"] and method["customer"] != customer:
        raise Impossible(
            f"The customer {customer or 'of this request'} does not own the payment method {method['id']}. Please "
            "include the Customer that it is attached to.",
            param="payment_method",
        )
    if desk.get("vault", method["id"])["used_up"]:
        raise Impossible(USED_UP, param="payment_method")
    return method


def retrieve(desk: Desk, id: str) -> Row:
    method = desk.find("payment_method", id)
    if method is None:
        raise Missing("PaymentMethod", id)
    return method


def update(desk: Desk, id: str) -> Row:
    """Expiry, billing details and metadata; the number never changes this way."""
    method = retrieve(desk, id)
    card = inner(desk.params, "card")
    month, year = checked_expiry(
        whole(card, "exp_month") or method["card"]["exp_month"],
        whole(card, "exp_year") or method["card"]["exp_year"],
        desk.now,
    )
    billing = inner(desk.params, "billing_details")
    changed = desk.change(
        "payment_method",
        method,
        card={**method["card"], "exp_month": month, "exp_year": year},
        billing_details=billing_details(billing) if billing else method["billing_details"],
        metadata=merged_metadata(method["metadata"], desk.params),
    )
    desk.tell("payment_method.updated", changed)
    return changed


def attach(desk: Desk, id: str) -> Row:
    """Keeps the card with a customer; the bank is asked, and may decline."""
    customer = desk.get("customer", needed(desk.params, "customer"), "customer")["id"]
    method = usable(desk, named(desk, id, "payment_method"), customer)
    if method["customer"]:
        return method
    outcome = of_setup(behaviour_of(number_of(desk, method)), authenticated=True)
    if outcome.decline:
        decline = as_seen_by(outcome.decline, method["card"]["brand"])
        Referee(desk).saw_decline(method, decline)
        raise card_error(decline)
    return keep(desk, method, customer)


def keep(desk: Desk, method: Row, customer: str) -> Row:
    """The method belongs to this customer from now on."""
    if method["customer"] == customer:
        return method
    kept = desk.change("payment_method", method, customer=customer)
    desk.tell("payment_method.attached", kept)
    return kept


def detach(desk: Desk, id: str) -> Row:
    """Final: a detached method can never be used again."""
    method = retrieve(desk, id)
    if not method["customer"]:
        raise Impossible(
            "The payment method you provided is not attached to a customer so detachment is impossible.",
            param="payment_method",
        )
    use_up(desk, method)
    loose = desk.change("payment_method", method, customer=None)
    desk.tell("payment_method.detached", loose)
    return loose


def use_up(desk: Desk, method: Row) -> None:
    """It may not be charged again."""
    desk.change("vault", desk.get("vault", method["id"]), used_up=True)


def agree_to_later_charges(desk: Desk, method: Row) -> None:
    """Its owner was there and agreed: cards that ask "unless set up" need not ask any more."""
    desk.change("vault", desk.get("vault", method["id"]), set_up=True)


def number_of(desk: Desk, method: Row) -> str:
    """The full number, which no answer ever shows."""
    number: str = desk.get("vault", method["id"])["number"]
    return number


def is_set_up(desk: Desk, method: Row) -> bool:
    """Whether its owner once agreed to later charges."""
    return bool(desk.get("vault", method["id"])["set_up"])


def has_expired(method: Row, now: int) -> bool:
    """A card is good until the end of its month."""
    today = time.gmtime(now)
    return bool((method["card"]["exp_year"], method["card"]["exp_month"]) < (today.tm_year, today.tm_mon))
