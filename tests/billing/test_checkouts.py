"""One checkout: its token, two tabs, a browser that vanished, a payment that came too late."""

import secrets

import pytest

from sidecar.billing import changing, returning
from sidecar.billing.ceilings import MOST_REFUSED
from sidecar.billing.gateways.gateway import Unanswered
from sidecar.billing.ordering import Buyer, Wish, begin, finish
from sidecar.billing.states import SubscriptionState
from sidecar.billing.store_guard import list_alarms
from sidecar.catalog.rules import Grant
from sidecar.db import reading
from sidecar.errors import Refused
from sidecar.i18n import speaking
from sidecar.members.rules import Status
from tests.billing.books import alarm_kinds, close_intents, deliver_all, refund_states, surplus_sums
from tests.catalog.racing import at_once

ACTIVE, PENDING, CANCELED = SubscriptionState.ACTIVE, SubscriptionState.PENDING, SubscriptionState.CANCELED
REFUSED = "4000000000009995"


def amounts(shop):
    return [one["amount"] for one in shop.charges()]


def test_the_same_token_is_the_same_order_however_often_it_is_sent(shop):
    alice, product = shop.house.user("alice"), shop.product()
    first, token = shop.begin(alice, product)
    second, _token = shop.begin(alice, product, token=token)
    assert first == second
    shop.pay(first)
    assert finish(shop.desk, token).uuid == finish(shop.desk, token).uuid == first.order
    assert shop.begin(alice, product, token=token)[0].mode == "none"
    assert amounts(shop) == [1900]


def test_the_same_token_at_the_same_moment_is_one_order(shop):
    alice, product, token = shop.house.user("alice"), shop.product(), secrets.token_hex(16)
    begun = at_once(shop.house, *[lambda: shop.begin(alice, product, token=token)[0]] * 2)
    assert len({one.order for one in begun if one is not Refused}) == 1
    assert len(shop.processor.get("ledger")["payment_intents"]) == 1


def test_charlie_cannot_take_over_alices_checkout(shop):
    product = shop.product()
    _begun, token = shop.begin(shop.house.user("alice"), product)
    with pytest.raises(Refused, match="somebody else"):
        shop.begin(shop.house.user("charlie"), product, token=token)


def test_a_token_that_names_no_checkout_is_refused(shop):
    with pytest.raises(Refused, match="not known here"):
        finish(shop.desk, "0" * 32)


def test_of_two_tabs_the_second_gives_up_the_first_at_the_gateway_too(shop):
    alice, product = shop.house.user("alice"), shop.product()
    first, first_token = shop.begin(alice, product)
    second, second_token = shop.begin(alice, product)
    assert "error" in shop.pay(first)
    shop.pay(second)
    assert finish(shop.desk, first_token).status is CANCELED
    assert finish(shop.desk, second_token).status is ACTIVE
    assert amounts(shop) == [1900]


def test_a_second_tab_finds_that_the_first_is_paid(shop):
    alice, product = shop.house.user("alice"), shop.product()
    first, token = shop.begin(alice, product)
    shop.pay(first)
    with pytest.raises(Refused, match="have a membership already"):
        shop.begin(alice, product)
    assert finish(shop.desk, token).status is ACTIVE


def test_a_second_tab_waits_while_the_bank_works_on_the_first(shop):
    alice, product = shop.house.user("alice"), shop.product()
    first, token = shop.begin(alice, product)
    shop.processor.post("cards/4242", {"outcomes": ["processing_then_succeed"]})
    shop.pay(first)
    with pytest.raises(Refused, match="still being worked on"):
        shop.begin(alice, product)
    shop.processor.post(f"intents/{intent_of(first)}/finish", {"outcome": "succeed"})
    assert finish(shop.desk, token).status is ACTIVE


def intent_of(begun):
    return begun.client_secret.split("_secret_")[0]


def test_a_payment_that_arrives_after_its_checkout_was_given_up_is_given_back(shop):
    alice = shop.house.user("alice")
    begun, _token = shop.begin(alice, shop.product())
    changing.cancel(shop.desk, alice, begun.order, by="member")
    shop.pay(begun)
    assert close_intents(shop) == []
    assert surplus_sums() == [1900]
    assert shop.hold(alice).status is not Status.ACTIVE
    assert returning.refund_surpluses(shop.desk) == 1
    assert refund_states() == [("succeeded", 1900)]
    assert alarm_kinds() == ["surplus"]


def test_the_owner_reads_an_alarm_in_his_language_whatever_the_buyer_speaks(shop):
    shop.house.option("WPLANG", "fr_FR")
    alice = shop.house.user("alice")
    begun, _token = shop.begin(alice, shop.product())
    changing.cancel(shop.desk, alice, begun.order, by="member")
    shop.pay(begun)
    with speaking("en"):
        close_intents(shop)
    with reading() as reader:
        [alarm] = list_alarms(reader)
    assert alarm.sentence.startswith("le débit ch_")


def test_an_abandoned_checkout_is_given_up_after_a_day_and_can_no_longer_be_paid(shop):
    alice = shop.house.user("alice")
    begun, token = shop.begin(alice, shop.product())
    for hours in (1, 6, 16):
        shop.move(hours=hours)
        shop.run()
        assert finish(shop.desk, token).status is PENDING
    shop.move(hours=2)
    assert shop.run().counts == {"given up": 1}
    assert finish(shop.desk, token).status is CANCELED
    assert "error" in shop.pay(begun)
    assert shop.hold(alice).status is Status.CANCELED
    assert shop.mails() == []


@pytest.mark.parametrize("terms", [{}, {"trial_days": 14, "trial_price_minor": 0}])
def test_a_checkout_that_cards_are_tried_with_is_closed_at_the_gateway_and_the_owner_is_told(shop, terms):
    alice = shop.house.user("alice")
    begun, token = shop.begin(alice, shop.product(**terms))
    for _time in range(MOST_REFUSED):
        shop.pay(begun, REFUSED)
        deliver_all(shop)
    assert (shop.run().counts, alarm_kinds()) == ({}, [])
    shop.pay(begun, REFUSED)
    deliver_all(shop)
    assert finish(shop.desk, token).status is PENDING
    assert shop.run().counts == {"given up": 1}
    assert finish(shop.desk, token).status is CANCELED
    assert "error" in shop.pay(begun)
    assert alarm_kinds() == ["card_testing"]
    again, second = shop.begin(alice, shop.product())
    shop.pay(again)
    assert finish(shop.desk, second).status is ACTIVE
    assert shop.charges()[-1]["amount"] == 1900


def test_tries_that_come_faster_than_their_webhooks_are_counted_one_by_one(shop):
    begun, token = shop.begin(shop.house.user("alice"), shop.product())
    for _time in range(MOST_REFUSED + 1):
        shop.pay(begun, REFUSED)
    deliver_all(shop)
    deliver_all(shop)
    shop.pay(begun, REFUSED)  # the newest is not booked yet when the checkout is looked at
    assert shop.run().counts == {"given up": 1}
    assert finish(shop.desk, token).status is CANCELED


def test_who_pays_in_the_end_has_no_refused_tries_any_more(shop):
    begun, token = shop.begin(shop.house.user("alice"), shop.product())
    for _time in range(MOST_REFUSED):
        shop.pay(begun, REFUSED)
        finish(shop.desk, token)
    shop.pay(begun)
    order = finish(shop.desk, token)
    assert (order.status, order.retries) == (ACTIVE, 0)
    shop.run()
    assert alarm_kinds() == []


def test_a_checkout_that_was_paid_in_a_browser_that_vanished_is_found_by_the_schedule(shop):
    alice = shop.house.user("alice")
    begun, token = shop.begin(alice, shop.product())
    shop.pay(begun)
    shop.move(hours=1)
    assert shop.run().counts == {"settled": 1}
    assert shop.hold(alice).status is Status.ACTIVE
    assert finish(shop.desk, token).next_due_at > shop.now


def test_a_free_trial_whose_browser_vanished_is_found_by_the_schedule(shop):
    alice = shop.house.user("alice")
    begun, _token = shop.begin(alice, shop.product(trial_days=14, trial_price_minor=0))
    shop.pay(begun)
    shop.move(hours=1)
    assert shop.run().counts == {"settled": 1}
    assert shop.hold(alice).status is Status.ACTIVE


def test_who_has_it_already_is_refused(shop):
    alice, bundle = shop.house.user("alice"), shop.product(grant=Grant.BUNDLE)
    shop.buy(alice, shop.product())
    shop.buy(alice, bundle)
    for product, sentence in ((shop.product(), "have a membership already"), (bundle, "have this already")):
        with pytest.raises(Refused, match=sentence):
            shop.begin(alice, product)


def test_a_declined_first_payment_gives_nothing_and_can_be_tried_again(shop):
    alice = shop.house.user("alice")
    begun, token = shop.begin(alice, shop.product())
    shop.pay(begun, "4000000000009995")
    assert finish(shop.desk, token).status is PENDING
    assert shop.hold(alice).status is Status.PENDING_ACTIVATION
    shop.pay(begun)
    assert finish(shop.desk, token).status is ACTIVE
    assert shop.mails() == ["welcome"]


def test_a_checkout_goes_on_where_the_gateway_failed_to_answer(shop):
    alice, product = shop.house.user("alice"), shop.product()
    token = secrets.token_hex(16)
    shop.processor.post(
        "faults", {"match": {"method": "POST", "path": "/v1/payment_intents", "times": 1}, "do": "cut_reply"}
    )
    wish, buyer = Wish(product, token), Buyer(alice, "alice@example.test", "Alice")
    with pytest.raises(Unanswered):
        begin(shop.desk, buyer, wish)
    begun = begin(shop.desk, buyer, wish)
    shop.pay(begun)
    assert finish(shop.desk, token).status is ACTIVE
    assert len(shop.processor.get("ledger")["payment_intents"]) == 1
