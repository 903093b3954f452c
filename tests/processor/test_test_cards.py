"""Stripe's test cards, typed in or by their tokens."""

import pytest
import stripe

from tests.processor.builders import Payer, a_card, a_payer, an_intent, charge, declined

BACK = "https://club.test/back"
DECLINES = {
    "4000000000000002": ("card_declined", "generic_decline"),
    "4000000000009995": ("card_declined", "insufficient_funds"),
    "4000000000009987": ("card_declined", "lost_card"),
    "4000000000009979": ("card_declined", "stolen_card"),
    "4000000000000069": ("expired_card", "expired_card"),
    "4000000000000127": ("incorrect_cvc", "incorrect_cvc"),
    "4000000000000119": ("processing_error", "processing_error"),
}


def confirm_with_customer(client, payer: Payer) -> stripe.PaymentIntent:
    return client.v1.payment_intents.confirm(
        an_intent(client, payer), {"payment_method": payer.method, "return_url": BACK}
    )


def set_up(client, customer: str, method: str) -> stripe.SetupIntent:
    return client.v1.setup_intents.create(
        {"customer": customer, "payment_method": method, "confirm": True, "return_url": BACK}
    )


@pytest.mark.parametrize(("number", "codes"), DECLINES.items())
def test_declining_cards_decline_and_cannot_be_kept(client, number, codes):
    customer = client.v1.customers.create().id
    method = a_card(client, number)
    for refused in (
        lambda: client.v1.payment_methods.attach(method, {"customer": customer}),
        lambda: set_up(client, customer, method),
        lambda: charge(client, Payer(customer, method)),
    ):
        with pytest.raises(stripe.CardError) as caught:
            refused()
        assert (caught.value.code, caught.value.error["decline_code"]) == codes


@pytest.mark.parametrize("number", ["4242424242424242", "5555555555554444", "378282246310005"])
def test_good_cards_pay(client, number):
    assert charge(client, a_payer(client, number)).status == "succeeded"


def test_0341_can_be_kept_and_declines_every_charge(client):
    payer = a_payer(client, "4000000000000341")
    assert [declined(client, payer).code for _ in range(2)] == ["card_declined", "card_declined"]


def test_3155_asks_once_at_setup_and_then_pays_alone(processor, client):
    payer = a_payer(client, "4000002500003155")
    assert declined(client, payer).code == "authentication_required"
    intent = set_up(client, payer.customer, payer.method)
    assert intent.status == "requires_action"
    processor.post("authenticate", {"intent": intent.id, "outcome": "approve"})
    assert client.v1.setup_intents.retrieve(intent.id).status == "succeeded"
    assert charge(client, payer).status == "succeeded"


def test_3184_asks_every_time(processor, client):
    payer = a_payer(client, "4000002760003184")
    assert declined(client, payer).error["decline_code"] == "authentication_required"
    intent = confirm_with_customer(client, payer)
    assert intent.next_action.redirect_to_url.return_url == BACK
    processor.post("authenticate", {"intent": intent.id, "outcome": "approve"})
    paid = client.v1.payment_intents.retrieve(intent.id, {"expand": ["latest_charge"]})
    assert paid.status == "succeeded"
    assert paid.latest_charge.payment_method_details.card.three_d_secure.result == "authenticated"
    assert declined(client, payer).code == "authentication_required"


def test_3178_asks_and_then_lacks_the_money(processor, client):
    intent = confirm_with_customer(client, a_payer(client, "4000008260003178"))
    after = processor.post("authenticate", {"intent": intent.id, "outcome": "approve"})
    assert after["last_payment_error"]["decline_code"] == "insufficient_funds"


def test_a_refused_question_charges_nothing(processor, client):
    intent = confirm_with_customer(client, a_payer(client, "4000002760003184"))
    processor.post("authenticate", {"intent": intent.id, "outcome": "refuse"})
    after = client.v1.payment_intents.retrieve(intent.id)
    assert (after.status, after.latest_charge) == ("requires_payment_method", None)
    assert after.last_payment_error.code == "payment_intent_authentication_failure"


def test_a_client_that_cannot_ask_is_declined(client):
    payer = a_payer(client, "4000002760003184")
    with pytest.raises(stripe.CardError) as caught:
        client.v1.payment_intents.confirm(
            an_intent(client, payer),
            {"payment_method": payer.method, "return_url": BACK, "error_on_requires_action": True},
        )
    assert caught.value.error["decline_code"] == "authentication_not_handled"


def test_a_question_a_test_scripted_is_followed_by_success(processor, client):
    payer = a_payer(client)
    processor.post(f"cards/{payer.method}", {"outcomes": ["authentication_required"]})
    intent = confirm_with_customer(client, payer)
    assert (
        processor.post("authenticate", {"intent": intent.id, "outcome": "approve"})["status"] == "succeeded"
    )


def test_0259_pays_and_is_disputed(client):
    paid = charge(client, a_payer(client, "4000000000000259"))
    (dispute,) = client.v1.disputes.list({"payment_intent": paid.id}).data
    assert (dispute.status, dispute.reason, dispute.amount) == ("needs_response", "fraudulent", 1000)
    assert client.v1.charges.retrieve(paid.latest_charge).disputed


@pytest.mark.parametrize(
    ("token", "number"),
    [("pm_card_visa", "4242"), ("pm_card_mastercard", "4444"), ("pm_card_chargeCustomerFail", "0341")],
)
def test_a_token_stands_for_a_card(client, token, number):
    attached = client.v1.payment_methods.attach(token, {"customer": client.v1.customers.create().id})
    assert (attached.card.last4, attached.id[:3]) == (number, "pm_")
    assert attached.id != token


def test_tokens_are_for_test_mode(processor):
    live = processor.client("sk_live_x")
    with pytest.raises(stripe.InvalidRequestError, match="No such PaymentMethod"):
        live.v1.payment_methods.attach("pm_card_visa", {"customer": live.v1.customers.create().id})


def test_what_the_browser_would_do_can_be_done_by_hand(processor, client):
    id = an_intent(client)
    assert "error" in processor.post("pay", {"intent": id, "card": "4000000000000002"})
    assert processor.post("pay", {"intent": id, "card": "4242424242424242"})["status"] == "succeeded"
    assert client.v1.payment_intents.retrieve(id).status == "succeeded"
