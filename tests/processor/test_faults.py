"""What goes wrong between client and gateway, and what is true afterwards."""

import time

import pytest
import stripe

from tests.processor.builders import a_payer, an_intent, charge, code_of, declined


def confirm(client, payer, id: str, key: str = "confirm-1") -> stripe.PaymentIntent:
    return client.v1.payment_intents.confirm(
        id, {"payment_method": payer.method, "off_session": True}, {"idempotency_key": key}
    )


def fault(processor, do, **match) -> str:
    match = {"path": "*/confirm", "times": 1, **match}
    return processor.post("faults", {"match": match, "do": do})["id"]


@pytest.fixture
def payer(client):
    return a_payer(client)


@pytest.fixture
def intent(client, payer):
    return an_intent(client, payer)


def status(client, id: str) -> str:
    return client.v1.payment_intents.retrieve(id).status


def test_a_request_that_never_arrived_did_nothing_and_its_key_is_free(processor, client, payer, intent):
    fault(processor, "timeout_before")
    with pytest.raises(stripe.APIConnectionError):
        confirm(client, payer, intent)
    assert status(client, intent) == "requires_payment_method"
    assert confirm(client, payer, intent).status == "succeeded"


@pytest.mark.parametrize("do", ["timeout_after", "cut_reply", {"kind": "timeout_after", "seconds": 0.1}])
def test_an_answer_that_never_came_back_was_executed_and_the_key_repeats_it(
    processor, client, payer, intent, do
):
    fault(processor, do)
    with pytest.raises(stripe.APIConnectionError):
        confirm(client, payer, intent)
    assert status(client, intent) == "succeeded"
    assert confirm(client, payer, intent).status == "succeeded"
    assert len(client.v1.charges.list({"payment_intent": intent}).data) == 1


def test_a_late_request_is_executed_when_the_processors_clock_has_come_so_far(
    processor, client, payer, intent
):
    fault(processor, {"kind": "execute_late", "after": 600, "clock": "processor"})
    with pytest.raises(stripe.APIConnectionError):
        confirm(client, payer, intent)
    with pytest.raises(stripe.APIError) as caught:
        confirm(client, payer, intent)
    assert code_of(caught.value) == "idempotency_key_in_use"
    assert status(client, intent) == "requires_payment_method"
    processor.post("clock", {"advance": 601})
    assert status(client, intent) == "succeeded"
    assert confirm(client, payer, intent).status == "succeeded"


def test_a_late_request_loses_against_a_cancellation(processor, client, payer, intent):
    fault(processor, {"kind": "execute_late", "after": 600, "clock": "processor"})
    with pytest.raises(stripe.APIConnectionError):
        confirm(client, payer, intent)
    client.v1.payment_intents.cancel(intent)
    processor.post("clock", {"advance": 601})
    assert status(client, intent) == "canceled"
    assert processor.get("ledger")["charges"] == []


def test_a_late_request_is_executed_by_real_time_alone(processor, client, payer, intent):
    fault(processor, {"kind": "execute_late", "after": 0.1})
    with pytest.raises(stripe.APIConnectionError):
        confirm(client, payer, intent)
    deadline = time.monotonic() + 10
    while status(client, intent) != "succeeded":
        assert time.monotonic() < deadline


@pytest.mark.parametrize(
    ("options", "error", "code"),
    [
        ({"status": 429}, stripe.RateLimitError, "rate_limit"),
        ({"status": 429, "code": "lock_timeout"}, stripe.RateLimitError, "lock_timeout"),
        ({"status": 401}, stripe.AuthenticationError, None),
        ({"status": 500}, stripe.APIError, None),
        ({"status": 409}, stripe.APIError, "idempotency_key_in_use"),
    ],
)
def test_a_false_status_did_nothing_and_is_not_kept(processor, client, payer, intent, options, error, code):
    fault(processor, {"kind": "status", **options})
    with pytest.raises(error) as caught:
        confirm(client, payer, intent)
    assert (caught.value.http_status, code_of(caught.value)) == (options["status"], code)
    assert status(client, intent) == "requires_payment_method"
    assert confirm(client, payer, intent).status == "succeeded"


@pytest.mark.parametrize("executed", [True, False])
def test_a_stored_500_comes_again_whether_it_was_executed_or_not(processor, client, payer, intent, executed):
    fault(processor, {"kind": "status", "status": 500, "stored": True, "executed": executed})
    for _ in range(2):
        with pytest.raises(stripe.APIError) as caught:
            confirm(client, payer, intent)
        assert caught.value.http_status == 500
    assert status(client, intent) == ("succeeded" if executed else "requires_payment_method")


def test_a_500_after_execution_that_was_not_stored_repeats_the_true_answer(processor, client, payer, intent):
    fault(processor, {"kind": "status", "status": 500, "executed": True})
    with pytest.raises(stripe.APIError):
        confirm(client, payer, intent)
    assert confirm(client, payer, intent).status == "succeeded"


def test_a_bank_can_be_made_slow_or_ask_or_decline(processor, client, payer):
    fault(processor, {"kind": "processing", "outcome": "insufficient_funds", "after": 60})
    waiting = charge(client, payer)
    assert waiting.status == "processing"
    fault(processor, "requires_action")
    assert declined(client, payer).code == "authentication_required"
    fault(processor, {"kind": "decline", "decline_code": "do_not_honor", "advice_code": "do_not_try_again"})
    assert declined(client, payer).error["advice_code"] == "do_not_try_again"
    processor.post("clock", {"advance": 61})
    assert status(client, waiting.id) == "requires_payment_method"


def test_a_rule_strikes_only_what_it_names_and_only_so_often(processor, client, payer):
    other = a_payer(client)
    last4 = client.v1.payment_methods.retrieve(payer.method).card.last4
    fault(processor, "decline", card=last4, amount=1000, customer=payer.customer, times=2)
    assert charge(client, other).status == "succeeded"
    assert charge(client, payer, amount=1001).status == "succeeded"
    assert [declined(client, payer).code for _ in range(2)] == ["card_declined", "card_declined"]
    assert charge(client, payer).status == "succeeded"


def test_rules_can_be_cleared(processor, client, payer):
    fault(processor, "decline", times=None)
    assert processor.delete("faults") == {"cleared": 1}
    assert charge(client, payer).status == "succeeded"


def test_the_same_seed_brings_the_same_luck(processor, client, payer):
    def luck() -> list[bool]:
        processor.post("seed", {"seed": 7})
        return [_charged(client, payer) for _ in range(20)]

    fault(processor, {"kind": "status", "status": 500}, chance=0.5, times=None)
    first = luck()
    assert first == luck()
    assert {True, False} == set(first)


def _charged(client, payer) -> bool:
    try:
        return charge(client, payer).status == "succeeded"
    except stripe.APIError:
        return False


@pytest.mark.parametrize(
    "do", ["explode", {"kind": "decline", "decline_code": "no_such"}, {"kind": "processing", "outcome": "x"}]
)
def test_a_fault_that_is_none_is_refused(processor, do):
    with pytest.raises(AssertionError, match="400"):
        processor.post("faults", {"do": do})


def test_limits_answer_429_and_the_referee_saw_it(processor, client):
    def many_lists() -> None:
        for _ in range(50):
            client.v1.customers.list()

    processor.post("limits", {"per_second": 100, "per_endpoint": 5})
    with pytest.raises(stripe.RateLimitError) as caught:
        many_lists()
    assert code_of(caught.value) == "rate_limit"
    assert processor.get("violations")["violations"][0]["rule"] == "rate limit exceeded"
    processor.post("limits", {})
    assert client.v1.customers.list().data == []
