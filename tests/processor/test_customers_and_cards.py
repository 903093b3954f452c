"""Customers, payment methods, and the account they belong to."""

import pytest
import stripe

from tests.processor.builders import a_card, a_number, a_payer, charge, with_code
from tests.processor.running import RunningProcessor, running_processor


def test_the_account_stays_the_same_and_both_modes_share_it(processor, client):
    account = client.v1.accounts.retrieve_current()
    assert account.id.startswith("acct_")
    assert processor.client("sk_live_x").v1.accounts.retrieve_current().id == account.id


def test_a_customer_is_created_read_changed_listed_and_deleted(client):
    made = client.v1.customers.create({"email": "a@example.test", "metadata": {"uuid": "1", "site": "s"}})
    changed = client.v1.customers.update(made.id, {"name": "Alice", "metadata": {"site": ""}})
    assert (changed.email, changed.name, changed.metadata.to_dict()) == (
        "a@example.test",
        "Alice",
        {"uuid": "1"},
    )
    assert [row.id for row in client.v1.customers.list({"email": "a@example.test"}).data] == [made.id]
    assert client.v1.customers.delete(made.id).deleted
    assert client.v1.customers.retrieve(made.id).deleted
    assert client.v1.customers.list().data == []


def test_deleting_a_customer_uses_up_the_cards(client):
    payer = a_payer(client)
    client.v1.customers.delete(payer.customer)
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        client.v1.payment_methods.attach(payer.method, {"customer": client.v1.customers.create().id})


def test_a_card_shows_brand_last_digits_and_a_fingerprint_of_its_number(client):
    number = a_number("mastercard")
    first, again, other = (
        client.v1.payment_methods.retrieve(a_card(client, each)).card for each in (number, number, a_number())
    )
    assert (first.brand, first.last4, first.exp_year) == ("mastercard", number[-4:], 2060)
    assert first.fingerprint == again.fingerprint != other.fingerprint


@pytest.mark.parametrize(
    ("card", "code"),
    [
        ({"number": "4242424242424241"}, "incorrect_number"),
        ({"exp_month": 13}, "invalid_expiry_month"),
        ({"exp_year": 2019}, "invalid_expiry_year"),
    ],
)
def test_a_card_that_cannot_be_one_is_refused_before_a_bank_is_asked(client, card, code):
    typed = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2060, **card}
    with pytest.raises(stripe.CardError) as caught:
        client.v1.payment_methods.create({"type": "card", "card": typed})
    assert (caught.value.code, caught.value.http_status) == (code, 402)


def test_a_customers_cards_are_listed_and_a_detached_one_can_never_be_used_again(client):
    payer = a_payer(client)
    listed = client.v1.payment_methods.list({"customer": payer.customer, "type": "card"})
    assert [row.id for row in listed.data] == [payer.method]
    assert [row.id for row in client.v1.customers.payment_methods.list(payer.customer).data] == [payer.method]
    assert client.v1.payment_methods.detach(payer.method).customer is None
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        charge(client, payer)


def test_charlie_cannot_be_charged_on_alices_card(client):
    alice, charlie = a_payer(client), a_payer(client)
    with pytest.raises(stripe.InvalidRequestError, match="does not own the payment method"):
        charge(client, charlie._replace(method=alice.method))


def test_a_card_without_an_owner_pays_once(client):
    customer = a_payer(client).customer
    payer = a_payer(client)._replace(customer=customer, method=a_card(client))
    assert charge(client, payer).status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        charge(client, payer)


def test_the_updater_renews_a_card_and_tells_of_it(processor, client):
    payer = a_payer(client)
    renewed = processor.post(f"cards/{payer.method}/update", {"exp_year": 2061, "number": "5555555555554444"})
    card = client.v1.payment_methods.retrieve(payer.method).card
    assert (card.exp_year, card.last4, card.brand) == (2061, "4444", "mastercard")
    assert renewed["id"] == payer.method
    told = client.v1.events.list({"type": "payment_method.automatically_updated"}).data
    assert [event.data.object["id"] for event in told] == [payer.method]


def test_live_and_test_objects_never_see_each_other(processor, client):
    payer = a_payer(client)
    live = processor.client("sk_live_x")
    with with_code("resource_missing"):
        live.v1.customers.retrieve(payer.customer)
    assert live.v1.payment_methods.create(
        {"type": "card", "card": {"number": "4242424242424242", "exp_month": 1, "exp_year": 2060}}
    ).livemode
    assert live.v1.customers.list().data == []


@pytest.mark.parametrize("key", ["sk_test_", "nonsense", "sk_prod_x", "whsec_x"])
def test_a_key_that_is_none_is_refused(processor, key):
    with pytest.raises(stripe.AuthenticationError):
        processor.client(key).v1.customers.list()


def test_a_publishable_key_cannot_do_what_a_server_does(processor):
    with pytest.raises(stripe.PermissionError):
        processor.client("pk_test_x").v1.customers.list()


@pytest.mark.process
def test_named_secret_keys_are_the_only_ones():
    with running_processor("--secret-key", "sk_test_right") as running:
        assert running.client("sk_test_right").v1.customers.list().data == []
        with pytest.raises(stripe.AuthenticationError):
            running.client("sk_test_wrong").v1.customers.list()


def test_unknown_addresses_and_parameters_are_refused(processor: RunningProcessor, client):
    with pytest.raises(stripe.InvalidRequestError, match="Unrecognized request URL"):
        client.raw_request("get", "/v1/unicorns")
    with with_code("parameter_unknown"):
        client.v1.customers.create({"colour": "red"})
