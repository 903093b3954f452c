"""What somebody can do who has read the page: a publishable key, and at most one client secret."""

import pytest
import requests

from tests.processor.builders import a_payer, an_intent


def ask(processor, method: str, path: str, **fields) -> requests.Response:
    where = {"params": fields} if method == "GET" else {"data": fields}
    headers = {"Authorization": "Bearer pk_test_x"}
    return requests.request(method, processor.url + path, headers=headers, timeout=5, **where)


@pytest.fixture
def intent(client):
    return client.v1.payment_intents.retrieve(an_intent(client, a_payer(client), metadata={"member": "7"}))


def test_the_secret_shows_one_intent_without_its_customer(processor, intent):
    shown = ask(
        processor, "GET", f"/v1/payment_intents/{intent.id}", client_secret=intent.client_secret
    ).json()
    assert (shown["id"], shown["amount"]) == (intent.id, 1000)
    assert not {"customer", "metadata", "latest_charge"} & shown.keys()


@pytest.mark.parametrize("secret", ["", "wrong"])
def test_without_the_secret_nothing_is_shown_and_nothing_happens(processor, client, intent, secret):
    path = f"/v1/payment_intents/{intent.id}"
    assert ask(processor, "GET", path, client_secret=secret).status_code == 401
    assert ask(processor, "POST", f"{path}/confirm", client_secret=secret).status_code == 401
    answered = ask(
        processor, "POST", "/v3/authenticate", intent=intent.id, client_secret=secret, outcome="approve"
    )
    assert answered.status_code == 401
    assert client.v1.payment_intents.retrieve(intent.id).status == "requires_payment_method"


def test_a_browser_never_charges_off_session(processor, intent):
    path = f"/v1/payment_intents/{intent.id}/confirm"
    refused = ask(processor, "POST", path, client_secret=intent.client_secret, off_session="true")
    assert refused.json()["error"]["param"] == "off_session"


def test_the_bank_asks_nothing_about_an_intent_that_does_not_wait(processor, intent):
    refused = ask(
        processor,
        "POST",
        "/v3/authenticate",
        intent=intent.id,
        client_secret=intent.client_secret,
        outcome="approve",
    )
    assert refused.status_code == 400


def test_an_error_shows_no_more_than_the_intent_does(processor, intent):
    card = {
        "payment_method_data[card][number]": "4000000000000002",
        "payment_method_data[card][exp_month]": "1",
    }
    more = {"payment_method_data[type]": "card", "payment_method_data[card][exp_year]": "2060"}
    path = f"/v1/payment_intents/{intent.id}/confirm"
    error = ask(processor, "POST", path, client_secret=intent.client_secret, **card, **more).json()["error"]
    assert (error["code"], error["decline_code"]) == ("card_declined", "generic_decline")
    assert "metadata" not in error["payment_intent"]
