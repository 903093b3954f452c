"""Setup intents keep a card for later, and collect nothing."""

import pytest
import stripe

from tests.processor.builders import Payer, a_card, a_payer, charge, with_code

BACK = "https://club.test/back"


def a_setup(client, customer: str, **more) -> stripe.SetupIntent:
    return client.v1.setup_intents.create({"customer": customer, **more})


def test_a_success_attaches_the_card_and_charges_nothing(client):
    customer = client.v1.customers.create().id
    intent = a_setup(client, customer, metadata={"order": "7"})
    assert intent.status == "requires_payment_method"
    done = client.v1.setup_intents.confirm(intent.id, {"payment_method": a_card(client), "return_url": BACK})
    assert (done.status, done.metadata["order"]) == ("succeeded", "7")
    assert client.v1.payment_methods.retrieve(done.payment_method).customer == customer
    assert client.v1.charges.list().data == []
    assert charge(client, Payer(customer, done.payment_method)).status == "succeeded"


def test_a_decline_is_written_on_the_intent_and_it_can_be_tried_again(client):
    intent = a_setup(client, client.v1.customers.create().id)
    with pytest.raises(stripe.CardError) as caught:
        client.v1.setup_intents.confirm(intent.id, {"payment_method": a_card(client, "4000000000009995")})
    assert caught.value.error.setup_intent.status == "requires_payment_method"
    after = client.v1.setup_intents.retrieve(intent.id, {"expand": ["latest_attempt"]})
    assert after.last_setup_error.decline_code == "insufficient_funds"
    assert after.latest_attempt.status == "failed"
    assert (
        client.v1.setup_intents.confirm(intent.id, {"payment_method": a_card(client)}).status == "succeeded"
    )


def test_a_refused_question_keeps_no_card(processor, client):
    customer = client.v1.customers.create().id
    intent = a_setup(client, customer, payment_method=a_card(client, "4000002500003155"), confirm=True)
    assert intent.status == "requires_action"
    processor.post("authenticate", {"intent": intent.id, "outcome": "refuse"})
    after = client.v1.setup_intents.retrieve(intent.id)
    assert after.last_setup_error.code == "setup_intent_authentication_failure"
    assert client.v1.customers.payment_methods.list(customer).data == []


@pytest.mark.parametrize("ended", ["succeeded", "canceled"])
def test_what_has_ended_can_neither_be_confirmed_nor_canceled(client, ended):
    payer = a_payer(client)
    intent = a_setup(client, payer.customer, payment_method=payer.method)
    if ended == "succeeded":
        client.v1.setup_intents.confirm(intent.id)
    else:
        assert client.v1.setup_intents.cancel(intent.id, {"cancellation_reason": "abandoned"}).status == ended
    for refused in (client.v1.setup_intents.confirm, client.v1.setup_intents.cancel):
        with with_code("setup_intent_unexpected_state"):
            refused(intent.id)
    assert client.v1.setup_intents.retrieve(intent.id).status == ended


def test_setups_are_listed_by_customer(client):
    payer = a_payer(client)
    intents = [a_setup(client, payer.customer).id for _ in range(3)]
    a_setup(client, a_payer(client).customer)
    listed = client.v1.setup_intents.list({"customer": payer.customer}).data
    assert [row.id for row in listed] == intents[::-1]
