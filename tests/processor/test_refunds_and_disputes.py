"""Money that goes back."""

import pytest
import stripe

from tests.processor.builders import a_payer, charge, with_code


@pytest.fixture
def paid(client):
    return charge(client, a_payer(client))


def refund(client, paid, amount=None, **more) -> stripe.Refund:
    params = {"payment_intent": paid.id, **more}
    return client.v1.refunds.create({**params, "amount": amount} if amount else params)


def dispute(processor, paid, **more) -> str:
    return processor.post("disputes", {"charge": paid.latest_charge, **more})["id"]


def test_parts_are_refunded_until_nothing_is_left(client, paid):
    assert (
        refund(client, paid, 300, reason="requested_by_customer", metadata={"a": "b"}).status == "succeeded"
    )
    assert not client.v1.charges.retrieve(paid.latest_charge).refunded
    with pytest.raises(
        stripe.InvalidRequestError, match="greater than unrefunded amount on charge"
    ) as caught:
        refund(client, paid, 701)
    assert caught.value.param == "amount"
    assert refund(client, paid).amount == 700
    assert client.v1.charges.retrieve(paid.latest_charge).refunded
    with with_code("charge_already_refunded"):
        refund(client, paid, 1)
    assert [row.amount for row in client.v1.refunds.list({"payment_intent": paid.id}).data] == [700, 300]


def test_what_was_not_paid_is_not_refunded(client, paid):
    unpaid = client.v1.payment_intents.create({"amount": 500, "currency": "eur"})
    with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge"):
        refund(client, unpaid)


def test_a_refund_that_fails_later_can_be_made_again(processor, client, paid):
    first = refund(client, paid)
    failed = processor.post(f"refunds/{first.id}/fail", {"reason": "expired_or_canceled_card"})
    assert (failed["status"], failed["failure_reason"]) == ("failed", "expired_or_canceled_card")
    assert client.v1.charges.retrieve(paid.latest_charge).amount_refunded == 0
    assert refund(client, paid).status == "succeeded"


def test_a_pending_refund_counts_and_arrives_later(processor, client, paid):
    processor.post("faults", {"match": {"path": "/v1/refunds", "times": 1}, "do": "refund_pending"})
    waiting = refund(client, paid)
    assert (waiting.status, waiting.pending_reason) == ("pending", "processing")
    with with_code("charge_already_refunded"):
        refund(client, paid)
    processor.post(f"refunds/{waiting.id}/succeed")
    assert client.v1.refunds.retrieve(waiting.id).status == "succeeded"


def test_nothing_is_refunded_while_a_dispute_is_open(processor, client, paid):
    id = dispute(processor, paid)
    with with_code("charge_disputed"):
        refund(client, paid)
    processor.post(f"disputes/{id}/close", {"status": "won"})
    assert refund(client, paid).status == "succeeded"


@pytest.mark.parametrize("end", ["lost", "prevented"])
def test_what_a_dispute_took_is_not_refunded_as_well(processor, client, paid, end):
    id = dispute(processor, paid, amount=400)
    processor.post(f"disputes/{id}/close", {"status": end})
    assert client.v1.disputes.retrieve(id).status == end
    assert refund(client, paid).amount == 600


def test_an_inquiry_takes_no_money_and_can_end_or_grow(processor, client, paid):
    id = dispute(processor, paid, status="warning_needs_response")
    inquiry = client.v1.disputes.retrieve(id)
    assert (inquiry.is_charge_refundable, inquiry.balance_transactions) == (True, [])
    grown = processor.post(f"disputes/{id}/escalate")
    assert (grown["status"], grown["balance_transactions"][0]["amount"]) == ("needs_response", -1000)
    other = charge(client, a_payer(client))
    id = dispute(processor, other, status="warning_needs_response")
    assert processor.post(f"disputes/{id}/close", {"status": "warning_closed"})["status"] == "warning_closed"
    assert refund(client, other).status == "succeeded"


def test_evidence_puts_a_dispute_under_review(processor, client, paid):
    id = dispute(processor, paid)
    changed = client.v1.disputes.update(id, {"evidence": {"product_description": "A year of reading"}})
    assert (changed.status, changed.evidence_details.submission_count) == ("under_review", 1)


@pytest.mark.parametrize(
    ("status", "end"), [("needs_response", "warning_closed"), ("warning_needs_response", "won")]
)
def test_a_dispute_cannot_end_as_what_it_is_not(processor, paid, status, end):
    id = dispute(processor, paid, status=status)
    with pytest.raises(AssertionError, match="cannot become"):
        processor.post(f"disputes/{id}/close", {"status": end})


def test_the_balance_adds_up_over_payment_refund_failure_and_dispute(processor, client, paid):
    failed = refund(client, paid, 100)
    processor.post(f"refunds/{failed.id}/fail")
    refund(client, paid, 250)
    processor.post(f"disputes/{dispute(processor, paid, amount=400)}/close", {"status": "lost"})
    moved = [row["net"] for row in processor.get("ledger")["balance_transactions"]]
    assert moved == [1000, -100, 100, -250, -400]
