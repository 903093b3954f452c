"""Short ways to a paying customer. Card numbers are Stripe's test cards by their last four digits, or fresh ones."""

from itertools import count
from typing import Any, NamedTuple

import pytest
import stripe

PREFIXES = {"visa": "4929", "mastercard": "5425"}
_numbers = count(1)


class Payer(NamedTuple):
    """A customer with a card."""

    customer: str
    method: str


def a_number(brand: str = "visa") -> str:
    """A valid card number that nobody has used yet: it has a fingerprint of its own and always pays."""
    digits = f"{PREFIXES[brand]}{next(_numbers):011}"
    doubled = [int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(digits))]
    return digits + str(-sum(value - 9 if value > 9 else value for value in doubled) % 10)


def a_card(client: stripe.StripeClient, number: str = "", year: int = 2060) -> str:
    """A payment method that belongs to nobody yet."""
    card: Any = {"number": number or a_number(), "exp_month": 12, "exp_year": year, "cvc": "123"}
    return client.v1.payment_methods.create({"type": "card", "card": card}).id


def a_payer(client: stripe.StripeClient, number: str = "") -> Payer:
    customer = client.v1.customers.create({"email": "alice@example.test"}).id
    method = client.v1.payment_methods.attach(a_card(client, number), {"customer": customer}).id
    return Payer(customer, method)


def an_intent(client: stripe.StripeClient, payer: Payer | None = None, **more: Any) -> str:
    params: Any = {"amount": 1000, "currency": "eur", **more}
    if payer:
        params["customer"] = payer.customer
    return client.v1.payment_intents.create(params).id


def charge(client: stripe.StripeClient, payer: Payer, **more: Any) -> stripe.PaymentIntent:
    """Off-session, as a renewal is; a decline raises."""
    return client.v1.payment_intents.confirm(
        an_intent(client, payer, **more), {"payment_method": payer.method, "off_session": True}
    )


def declined(client: stripe.StripeClient, payer: Payer, **more: Any) -> stripe.CardError:
    """The error of a charge that must fail."""
    with pytest.raises(stripe.CardError) as caught:
        charge(client, payer, **more)
    return caught.value


def with_code(code: str) -> Any:
    """`pytest.raises` for an invalid request with this code."""
    return pytest.raises(stripe.InvalidRequestError, check=lambda error: error.code == code)


def code_of(error: stripe.StripeError) -> str | None:
    """The error's code as it was sent; the library drops that of 401, 409 and 429."""
    body: Any = error.json_body
    code: str | None = body["error"].get("code")
    return code
