"""One payment intent: its states, and what each state allows."""

import calendar

import pytest
import stripe

from tests.processor.builders import Payer, a_card, a_payer, an_intent, charge, declined, with_code

BACK = "https://club.test/back"


def _succeeded(client, payer):
    return charge(client, payer).id


def _canceled(client, payer):
    return client.v1.payment_intents.cancel(an_intent(client, payer)).id


def _processing(processor, client, payer):
    processor.post(f"cards/{payer.method}", {"outcomes": ["processing_then_succeed"]})
    return charge(client, payer).id


def _asking(processor, client, payer):
    processor.post(f"cards/{payer.method}", {"outcomes": ["authentication_required"]})
    id = an_intent(client, payer)
    client.v1.payment_intents.confirm(id, {"payment_method": payer.method, "return_url": BACK})
    return id


MAKERS = {
    "requires_payment_method": lambda _processor, client, payer: an_intent(client, payer),
    "requires_confirmation": lambda _processor, client, payer: an_intent(
        client, payer, payment_method=payer.method
    ),
    "requires_action": _asking,
    "processing": _processing,
    "succeeded": lambda _processor, client, payer: _succeeded(client, payer),
    "canceled": lambda _processor, client, payer: _canceled(client, payer),
}
VERBS = {
    "confirm": lambda client, id, payer: client.v1.payment_intents.confirm(
        id, {"payment_method": payer.method, "off_session": True}
    ),
    "cancel": lambda client, id, _payer: client.v1.payment_intents.cancel(id),
    "update": lambda client, id, _payer: client.v1.payment_intents.update(id, {"amount": 2000}),
}
OPEN = {"requires_payment_method", "requires_confirmation", "requires_action"}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("state", MAKERS)
def test_every_state_takes_or_refuses_every_verb_as_stripe_does(processor, client, state, verb):
    payer = a_payer(client)
    id = MAKERS[state](processor, client, payer)
    assert client.v1.payment_intents.retrieve(id).status == state
    if state in OPEN:
        VERBS[verb](client, id, payer)
        return
    with pytest.raises(stripe.InvalidRequestError) as caught:
        VERBS[verb](client, id, payer)
    assert caught.value.code == "payment_intent_unexpected_state"
    assert caught.value.error.payment_intent.status == state
    assert client.v1.payment_intents.retrieve(id).status == state


def test_an_intent_is_created_without_moving_money(client):
    intent = client.v1.payment_intents.retrieve(an_intent(client, metadata={"receivable": "r-1"}))
    assert (intent.status, intent.amount_received, intent.latest_charge) == (
        "requires_payment_method",
        0,
        None,
    )
    assert intent.metadata["receivable"] == "r-1"
    assert intent.client_secret.startswith(f"{intent.id}_secret_")


def test_a_success_has_a_charge_with_a_balance_transaction(client):
    intent = charge(client, a_payer(client))
    paid = client.v1.payment_intents.retrieve(intent.id, {"expand": ["latest_charge.balance_transaction"]})
    assert (paid.status, paid.amount_received) == ("succeeded", 1000)
    assert (paid.latest_charge.captured, paid.latest_charge.outcome.type) == (True, "authorized")
    assert paid.latest_charge.balance_transaction.net == 1000


def test_a_decline_leaves_a_failed_charge_and_an_intent_that_can_be_tried_again(processor, client):
    payer = a_payer(client)
    processor.post(f"cards/{payer.method}", {"outcomes": ["insufficient_funds"]})
    error = declined(client, payer)
    intent = client.v1.payment_intents.retrieve(error.error.payment_intent.id, {"expand": ["latest_charge"]})
    assert (intent.status, intent.payment_method) == ("requires_payment_method", None)
    assert intent.last_payment_error.decline_code == "insufficient_funds"
    assert intent.last_payment_error.payment_method.id == payer.method
    assert (intent.latest_charge.status, intent.latest_charge.failure_code) == ("failed", "card_declined")
    assert intent.latest_charge.outcome.network_decline_code == "51"
    again = client.v1.payment_intents.confirm(
        intent.id, {"payment_method": payer.method, "off_session": True}
    )
    assert (again.status, again.last_payment_error) == ("succeeded", None)
    assert len(client.v1.charges.list({"payment_intent": intent.id}).data) == 2


@pytest.mark.parametrize(
    ("described", "advice", "network"),
    [
        ("lost_card", "do_not_try_again", "41"),
        ("insufficient_funds", "try_again_later", "51"),
        ({"decline_code": "do_not_honor", "advice_code": "confirm_card_data"}, "confirm_card_data", "05"),
        ({"decline_code": "do_not_honor", "network_decline_code": "ZZ"}, "try_again_later", "ZZ"),
    ],
)
def test_a_decline_carries_what_bank_and_network_advise(processor, client, described, advice, network):
    payer = a_payer(client)
    processor.post(f"cards/{payer.method}", {"outcomes": [described]})
    error = declined(client, payer).error
    assert (error["advice_code"], error["network_decline_code"]) == (advice, network)


def test_mastercard_says_never_again_as_network_advice(processor, client):
    payer = a_payer(client, "5555555555554444")
    processor.post("cards/4444", {"outcomes": ["stolen_card"]})
    assert declined(client, payer).error["network_advice_code"] == "03"


def test_a_script_runs_out_into_what_comes_then(processor, client):
    payer = a_payer(client)
    processor.post(f"cards/{payer.method}", {"outcomes": ["succeed"], "then": "expired_card"})
    assert charge(client, payer).status == "succeeded"
    assert [declined(client, payer).code for _ in range(2)] == ["expired_card", "expired_card"]


def test_a_script_of_unknown_words_is_refused(processor):
    with pytest.raises(AssertionError, match="400"):
        processor.post("cards/4242", {"outcomes": ["insufficent_funds"]})


@pytest.mark.parametrize(
    ("outcome", "status"), [("succeed", "succeeded"), ("fail", "requires_payment_method")]
)
def test_processing_goes_either_way_when_a_test_says_so(processor, client, outcome, status):
    payer = a_payer(client)
    processor.post(f"cards/{payer.method}", {"outcomes": ["processing_then_succeed"]})
    waiting = charge(client, payer)
    assert waiting.status == "processing"
    assert client.v1.charges.retrieve(waiting.latest_charge).status == "pending"
    processor.post(f"intents/{waiting.id}/finish", {"outcome": outcome})
    after = client.v1.payment_intents.retrieve(waiting.id)
    assert (after.status, after.latest_charge) == (status, waiting.latest_charge)


def test_processing_ends_by_the_processors_clock(processor, client):
    payer = a_payer(client)
    processor.post(
        f"cards/{payer.method}", {"outcomes": [{"processing": "insufficient_funds", "after": 3600}]}
    )
    id = charge(client, payer).id
    processor.post("clock", {"advance": 3500})
    assert client.v1.payment_intents.retrieve(id).status == "processing"
    processor.post("clock", {"advance": 200})
    assert client.v1.payment_intents.retrieve(id).last_payment_error.decline_code == "insufficient_funds"


def test_confirming_on_creation_is_one_step_and_keeps_the_intent_when_declined(client):
    payer = Payer(client.v1.customers.create().id, "pm_card_visa")
    params = {
        "amount": 500,
        "currency": "usd",
        "customer": payer.customer,
        "confirm": True,
        "off_session": True,
    }
    assert (
        client.v1.payment_intents.create({**params, "payment_method": "pm_card_visa"}).status == "succeeded"
    )
    with pytest.raises(stripe.CardError) as caught:
        client.v1.payment_intents.create({**params, "payment_method": "pm_card_chargeDeclined"})
    assert caught.value.error.payment_intent.status == "requires_payment_method"
    assert len(client.v1.payment_intents.list({"customer": payer.customer}).data) == 2
    assert len(client.v1.customers.payment_methods.list(payer.customer).data) == 0


def test_a_card_is_kept_where_future_use_was_asked_for(client):
    customer = client.v1.customers.create().id
    payer = Payer(customer, a_card(client))
    id = an_intent(client, payer, setup_future_usage="off_session")
    client.v1.payment_intents.confirm(id, {"payment_method": payer.method, "return_url": BACK})
    assert [row.id for row in client.v1.customers.payment_methods.list(customer).data] == [payer.method]
    assert charge(client, payer).status == "succeeded"


def test_what_is_to_keep_a_card_is_not_charged_without_its_holder(client):
    payer = a_payer(client)
    id = an_intent(client, payer, setup_future_usage="off_session")
    with pytest.raises(stripe.InvalidRequestError, match="`setup_future_usage` is also set") as caught:
        client.v1.payment_intents.confirm(id, {"payment_method": payer.method, "off_session": True})
    assert (caught.value.http_status, client.v1.charges.list().data) == (400, [])
    client.v1.payment_intents.update(id, {"setup_future_usage": ""})
    again = client.v1.payment_intents.confirm(id, {"payment_method": payer.method, "off_session": True})
    assert again.status == "succeeded"


def test_confirming_without_a_payment_method_is_refused(client):
    with with_code("payment_intent_unexpected_state"):
        client.v1.payment_intents.confirm(an_intent(client), {"off_session": True})


def test_a_server_that_confirms_with_the_customer_there_says_where_they_come_back(client):
    payer = a_payer(client)
    id = an_intent(client, payer)
    with pytest.raises(stripe.InvalidRequestError, match="return_url"):
        client.v1.payment_intents.confirm(id, {"payment_method": payer.method})
    cards_only = an_intent(client, payer, payment_method_types=["card"])
    assert (
        client.v1.payment_intents.confirm(cards_only, {"payment_method": payer.method}).status == "succeeded"
    )


def test_a_refused_creation_leaves_nothing_behind(client):
    with pytest.raises(stripe.InvalidRequestError, match="return_url"):
        client.v1.payment_intents.create(
            {"amount": 500, "currency": "usd", "confirm": True, "payment_method": "pm_card_visa"}
        )
    assert client.v1.payment_intents.list().data == []


def test_what_was_paid_keeps_its_amount_but_takes_new_metadata(client):
    id = charge(client, a_payer(client), metadata={"a": "1"}).id
    changed = client.v1.payment_intents.update(id, {"metadata": {"b": "2"}, "description": "cycle 2"})
    assert (changed.metadata.to_dict(), changed.description) == ({"a": "1", "b": "2"}, "cycle 2")


def test_a_new_amount_asks_for_confirmation_again(processor, client):
    payer = a_payer(client)
    id = _asking(processor, client, payer)
    changed = client.v1.payment_intents.update(id, {"amount": 2500})
    assert (changed.status, changed.amount, changed.next_action) == ("requires_confirmation", 2500, None)


@pytest.mark.parametrize(
    ("amount", "currency", "code"),
    [
        (49, "usd", "amount_too_small"), (29, "gbp", "amount_too_small"), (49, "jpy", "amount_too_small"),
        (100_000_000, "usd", "amount_too_large"), (0, "eur", "parameter_invalid_integer"),
        (-5, "eur", "parameter_invalid_integer"),
    ],
)  # fmt: skip
def test_amounts_have_bounds_in_each_currency(client, amount, currency, code):
    with with_code(code):
        client.v1.payment_intents.create({"amount": amount, "currency": currency})


@pytest.mark.parametrize(("amount", "currency"), [(1005, "kwd"), (1050, "isk"), (1000, "xxx")])
def test_amounts_between_the_steps_of_a_currency_and_unknown_currencies_are_refused(client, amount, currency):
    with pytest.raises(stripe.InvalidRequestError, match=r"multiples of|Invalid currency"):
        client.v1.payment_intents.create({"amount": amount, "currency": currency})


@pytest.mark.parametrize(
    ("amount", "currency"), [(30, "gbp"), (50, "jpy"), (1010, "kwd"), (100, "isk"), (50, "EUR")]
)
def test_the_least_amounts_are_taken(client, amount, currency):
    made = client.v1.payment_intents.create({"amount": amount, "currency": currency})
    assert (made.amount, made.currency) == (amount, currency.lower())


def test_the_error_names_a_missing_parameter_and_a_missing_customer(client):
    with with_code("parameter_missing"):
        client.v1.payment_intents.create({"amount": 100})  # type: ignore[typeddict-item]
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.payment_intents.create({"amount": 100, "currency": "eur", "customer": "cus_nobody"})
    assert (caught.value.code, caught.value.param, caught.value.http_status) == (
        "resource_missing",
        "customer",
        400,
    )


def test_a_card_is_good_until_the_end_of_its_month(processor, client):
    customer = client.v1.customers.create().id
    payer = Payer(customer, client.v1.payment_methods.attach("pm_card_visa", {"customer": customer}).id)
    card = client.v1.payment_methods.retrieve(payer.method).card
    new_year = calendar.timegm((card.exp_year + 1, 1, 1, 0, 0, 0))
    processor.post("clock", {"now": new_year - 60})
    assert charge(client, payer).status == "succeeded"
    processor.post("clock", {"now": new_year + 1})
    assert declined(client, payer).code == "expired_card"
    processor.post(f"cards/{payer.method}/update", {"exp_year": card.exp_year + 3})
    assert charge(client, payer).status == "succeeded"
