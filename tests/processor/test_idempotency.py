"""Idempotency keys: the first answer comes again, and only to the same question."""

import threading

import pytest
import stripe

from tests.processor.builders import a_payer, an_intent, code_of, with_code

DAY = 86_400


def create(client, key: str, amount: int = 1000) -> stripe.PaymentIntent:
    return client.v1.payment_intents.create({"amount": amount, "currency": "eur"}, {"idempotency_key": key})


def replayed(answer: stripe.StripeObject) -> bool:
    assert answer.last_response
    return answer.last_response.headers.get("Idempotent-Replayed") == "true"


def test_the_same_key_and_body_are_executed_once(client):
    first, again = create(client, "k"), create(client, "k")
    assert (first.id, replayed(first), replayed(again)) == (again.id, False, True)
    assert len(client.v1.payment_intents.list().data) == 1


def test_a_replay_shows_the_old_snapshot(client):
    first = create(client, "k")
    client.v1.payment_intents.cancel(first.id)
    assert create(client, "k").status == "requires_payment_method"


def test_the_same_key_for_something_else_is_refused(client):
    id = create(client, "k").id
    with pytest.raises(stripe.IdempotencyError):
        create(client, "k", amount=2000)
    with pytest.raises(stripe.IdempotencyError):
        client.v1.payment_intents.cancel(id, options={"idempotency_key": "k"})
    assert client.v1.payment_intents.retrieve(id).status == "requires_payment_method"


def test_a_decline_is_repeated_without_asking_the_bank_again(processor, client):
    payer = a_payer(client)
    processor.post(f"cards/{payer.method}", {"outcomes": ["insufficient_funds"]})
    id = an_intent(client, payer)
    for _ in range(2):
        with pytest.raises(stripe.CardError) as caught:
            client.v1.payment_intents.confirm(
                id, {"payment_method": payer.method, "off_session": True}, {"idempotency_key": "confirm"}
            )
        assert caught.value.error["decline_code"] == "insufficient_funds"
    assert len(client.v1.charges.list({"payment_intent": id}).data) == 1


def test_a_refused_state_is_repeated_but_a_wrong_parameter_is_not(processor, client):
    with with_code("amount_too_small"):
        create(client, "k", amount=1)
    assert create(client, "k").status == "requires_payment_method"


def test_keys_of_test_and_live_are_apart(processor, client):
    assert create(client, "k").id != create(processor.client("sk_live_x"), "k").id


def test_a_key_is_forgotten_after_a_day_of_the_processors_clock(processor, client):
    first = create(client, "k")
    processor.post("clock", {"advance": DAY - 60})
    assert create(client, "k").id == first.id
    processor.post("clock", {"advance": 61})
    assert create(client, "k").id != first.id


def test_keys_can_be_pruned(processor, client):
    first = create(client, "k")
    assert processor.post("keys/prune")["pruned"] == 1
    assert create(client, "k").id != first.id


def test_a_key_in_flight_is_a_conflict_until_its_request_ends(processor, client):
    processor.post("faults", {"match": {"method": "POST", "times": 1}, "do": {"kind": "delay", "ms": 1500}})
    answers = []
    slow = threading.Thread(target=lambda: answers.append(create(processor.client(), "k")))
    slow.start()
    while not processor.get("counts")["counts"].get("POST payment_intents"):
        pass
    with pytest.raises(stripe.APIError) as caught:
        create(client, "k")
    assert (caught.value.http_status, code_of(caught.value)) == (409, "idempotency_key_in_use")
    slow.join()
    assert create(client, "k").id == answers[0].id


@pytest.mark.parametrize("workers", [8])
def test_many_at_once_with_one_key_make_one_object(processor, client, workers):
    made, refused = [], []

    def work():
        try:
            made.append(create(processor.client(), "same").id)
        except stripe.StripeError as error:
            refused.append(error.http_status)

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 1
    assert set(refused) <= {409}
    assert len(client.v1.payment_intents.list().data) == 1
