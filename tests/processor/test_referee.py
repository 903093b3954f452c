"""What no gateway stops and the world forbids, is seen."""

import pytest

from tests.processor.builders import a_number, a_payer, an_intent, charge, declined
from tests.processor.running import running_processor

DAY = 86_400


def rules(processor) -> list[str]:
    return [seen["rule"] for seen in processor.get("violations")["violations"]]


def decline_often(processor, client, payer, times: int) -> None:
    processor.post(f"cards/{payer.method}", {"outcomes": ["insufficient_funds"] * times})
    for _ in range(times):
        declined(client, payer)


def test_an_honest_year_breaks_nothing(processor, client):
    payer = a_payer(client)
    for _ in range(12):
        decline_often(processor, client, payer, 3)
        assert charge(client, payer).status == "succeeded"
        processor.post("clock", {"advance": 30 * DAY})
    assert rules(processor) == []


def test_visa_allows_twenty_declines_in_thirty_days(processor, client):
    payer = a_payer(client, a_number("visa"))
    decline_often(processor, client, payer, 20)
    assert rules(processor) == []
    decline_often(processor, client, payer, 1)
    assert rules(processor) == ["card ceiling"]


def test_mastercard_allows_ten_declines_in_a_day_and_thirty_five_in_thirty(processor, client):
    payer = a_payer(client, a_number("mastercard"))
    for _ in range(3):
        decline_often(processor, client, payer, 10)
        processor.post("clock", {"advance": DAY})
    decline_often(processor, client, payer, 5)
    assert rules(processor) == []
    decline_often(processor, client, payer, 1)
    seen = processor.get("violations")["violations"]
    assert [(each["declined"], each["days"]) for each in seen] == [(36, 30)]


def test_a_card_counts_over_all_customers_and_methods(processor, client):
    number = a_number("visa")
    for _ in range(3):
        decline_often(processor, client, a_payer(client, number), 7)
    assert rules(processor) == ["card ceiling"]


def test_a_number_that_comes_with_a_new_date_is_a_renewed_card(processor, client):
    number = a_number("visa")
    old, again = a_payer(client, number), a_payer(client, number)
    processor.post(f"cards/{old.method}", {"outcomes": ["stolen_card"]})
    declined(client, old)
    new_date = {"card": {"exp_month": 12, "exp_year": 2061}}
    client.v1.payment_methods.update(again.method, new_date)
    assert charge(client, again).status == "succeeded"
    assert rules(processor) == []
    charge(client, old)
    assert rules(processor) == ["tried after do not try again"]


def test_nobody_tries_again_after_never_again_until_the_network_renews_the_card(processor, client):
    payer = a_payer(client)
    processor.post(f"cards/{payer.method}", {"outcomes": ["stolen_card"]})
    declined(client, payer)
    processor.post(f"cards/{payer.method}/update", {"exp_year": 2061})
    assert charge(client, payer).status == "succeeded"
    assert rules(processor) == []
    processor.post(f"cards/{payer.method}", {"outcomes": ["stolen_card"]})
    declined(client, payer)
    charge(client, payer)
    assert rules(processor) == ["tried after do not try again"]


def test_a_receivable_is_paid_once(processor, client):
    payer = a_payer(client)
    charge(client, payer, metadata={"receivable": "r-1"})
    charge(client, payer, metadata={"receivable": "r-2"})
    assert rules(processor) == []
    charge(client, payer, metadata={"receivable": "r-1"})
    assert rules(processor) == ["receivable paid twice"]


@pytest.mark.parametrize("with_customer", [True, False])
def test_a_bank_that_asks_for_its_customer_gets_the_customer(processor, client, with_customer):
    payer = a_payer(client)
    processor.post(f"cards/{payer.method}", {"outcomes": ["authentication_required"]})
    id = an_intent(client, payer)
    confirming = {"payment_method": payer.method, "off_session": True}
    with pytest.raises(Exception, match="requires authentication"):
        client.v1.payment_intents.confirm(id, confirming)
    if with_customer:
        confirming = {"payment_method": payer.method, "return_url": "https://club.test/"}
    client.v1.payment_intents.confirm(id, confirming)
    assert rules(processor) == ([] if with_customer else ["off-session after authentication_required"])


@pytest.mark.process
def test_a_process_that_saw_something_ends_with_3_and_says_what():
    with running_processor() as running:
        client = running.client()
        payer = a_payer(client)
        for _ in range(2):
            charge(client, payer, metadata={"receivable": "r-1"})
        code, complaints = running.stop()
    assert code == 3
    assert "receivable paid twice" in complaints


@pytest.mark.process
def test_a_process_that_saw_nothing_ends_with_0_and_says_nothing():
    with running_processor() as running:
        charge(running.client(), a_payer(running.client()))
        assert running.stop() == (0, "")
