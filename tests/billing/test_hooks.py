"""Webhooks: forged, repeated, in disorder, foreign, never delivered."""

import json
import time
from datetime import timedelta

import pytest
import sqlalchemy as sa

from sidecar.billing import hooks, paying, store_cards
from sidecar.billing.gateways.gateway import BadWebhook
from sidecar.billing.gateways.stripe import StripeGateway
from sidecar.billing.models import cards, webhooks
from sidecar.billing.ordering import Buyer, finish
from sidecar.billing.states import SubscriptionState
from sidecar.catalog.rules import Grant
from sidecar.db import reading
from sidecar.demo.processor.webhooks import signature
from sidecar.members.rules import Status
from tests.billing.books import (
    a_foreign_payment,
    alarm_kinds,
    deliver,
    deliver_all,
    events_at_gateway,
    refund_states,
    rows_of,
)

ACTIVE, PENDING = SubscriptionState.ACTIVE, SubscriptionState.PENDING


def paid_checkout(shop, login="alice", **terms):
    """A checkout that the browser has paid and not come back from: (user, token)."""
    user = shop.house.user(login)
    begun, token = shop.begin(user, shop.product(**terms))
    shop.pay(begun)
    return user, token


def kept():
    with reading() as reader:
        return list(reader.execute(sa.select(webhooks).order_by(webhooks.c.received_at, webhooks.c.id)))


def outcomes():
    return {row.type: row.outcome for row in kept()}


# --- who says it ----------------------------------------------------------------------------------------------------


def test_a_payment_that_a_webhook_tells_of_gives_access_without_the_browser(shop):
    alice, _token = paid_checkout(shop)
    assert deliver_all(shop) > 0
    assert shop.hold(alice).status is Status.ACTIVE
    assert outcomes()["payment_intent.succeeded"] in {"settled", "known"}


def test_a_webhook_is_acknowledged_before_anything_is_asked(shop):
    paid_checkout(shop)
    event = events_at_gateway(shop)[-1]
    before = shop.processor.get("counts")["counts"]
    deliver(shop, event)
    assert shop.processor.get("counts")["counts"] == before
    assert [(row.id, row.done_at) for row in kept()] == [(event["id"], None)]


@pytest.mark.parametrize("secret", ["whsec_other", ""])
def test_a_forged_webhook_is_refused_and_not_kept(shop, secret):
    paid_checkout(shop)
    with pytest.raises(BadWebhook):
        deliver(shop, events_at_gateway(shop)[-1], secret=secret)
    assert kept() == []


def test_a_body_that_was_changed_on_its_way_is_refused(shop):
    paid_checkout(shop)
    body = json.dumps(events_at_gateway(shop)[-1]).encode()
    header = signature("whsec_test", body, int(time.time()))
    with pytest.raises(BadWebhook):
        hooks.receive_webhook(shop.desk, body.replace(b"1900", b"0001"), header)


@pytest.mark.parametrize("header", ["", "t=1,v1=00", "nonsense", "t=x,v1=y"])
def test_a_header_that_is_no_signature_is_refused(shop, header):
    with pytest.raises(BadWebhook):
        hooks.receive_webhook(shop.desk, b"{}", header)


@pytest.mark.parametrize(
    "body", [b"{}", b"[]", b"null", b"\xff\xfe", b'{"id": "evt_1", "type": "x", "data": {"object": 3}}']
)
def test_what_is_signed_and_no_event_is_refused(shop, body):
    with pytest.raises(BadWebhook):
        hooks.receive_webhook(shop.desk, body, signature("whsec_test", body, int(time.time())))


def test_a_webhook_that_is_played_back_ten_minutes_later_is_refused(shop):
    paid_checkout(shop)
    with pytest.raises(BadWebhook):
        deliver(shop, events_at_gateway(shop)[-1], at=time.time() - 600)


def test_without_a_secret_nothing_is_believed(shop):
    paid_checkout(shop)
    event = events_at_gateway(shop)[-1]
    shop.desk = shop.new_desk(
        gateway=StripeGateway(
            shop.processor.secret_key, shop.processor.publishable_key, api_url=shop.processor.url
        )
    )
    for secret in ("whsec_test", ""):
        with pytest.raises(BadWebhook, match="no webhook secret"):
            deliver(shop, event, secret=secret)


# --- whose it is ----------------------------------------------------------------------------------------------------


def test_payments_of_another_shop_of_the_account_are_left_alone(shop):
    intent = a_foreign_payment(shop)
    shop.processor.client().v1.refunds.create({"payment_intent": intent.id, "amount": 100})
    deliver_all(shop)
    assert all(row.done_at is not None for row in kept())
    assert (alarm_kinds(), refund_states()) == ([], [])
    assert outcomes()["payment_intent.succeeded"] == "foreign"


def test_a_payment_of_ours_for_something_unknown_is_alarmed(shop):
    a_foreign_payment(
        shop, gatepost=shop.desk.installation, receivable="00000000-0000-0000-0000-000000000000"
    )
    deliver_all(shop)
    assert alarm_kinds() == ["unknown_payment"]


def test_a_payment_that_names_a_receivable_it_does_not_belong_to_is_not_booked(shop):
    alice = shop.house.user("alice")
    begun, token = shop.begin(alice, shop.product())
    with reading() as reader:
        order = hooks.store.get_order(reader, begun.order)
    receivable = shop.receivables(order)[0]
    a_foreign_payment(shop, gatepost=shop.desk.installation, receivable=receivable.uuid)
    deliver_all(shop)
    assert finish(shop.desk, token).status is PENDING
    assert [row.done_at for row in kept() if row.type == "payment_intent.succeeded"] == [None]
    assert alarm_kinds() == ["paused"]  # as it does when the guard comes upon it


# --- how often, in which order --------------------------------------------------------------------------------------


def test_repeated_and_in_reverse_order_they_say_the_same(shop):
    alice, token = paid_checkout(shop)
    shop.script(finish(shop.desk, token), "insufficient_funds")
    shop.move(days=30)
    shop.run()
    shop.move(days=2)
    shop.run()
    before = (shop.event_names(), shop.mails(), shop.charges())
    for event in [*reversed(events_at_gateway(shop)), *events_at_gateway(shop)]:
        deliver(shop, event)
    hooks.process_webhooks(shop.desk)
    for row in kept():
        assert hooks.replay(shop.desk, row.id)
    assert (shop.event_names(), shop.mails(), shop.charges()) == before
    assert shop.hold(alice).status is Status.ACTIVE


def test_an_event_that_comes_twice_is_kept_once(shop):
    paid_checkout(shop)
    for _again in range(3):
        deliver(shop, events_at_gateway(shop)[-1])
    assert len(kept()) == 1


def test_what_nobody_cares_about_is_done_at_once(shop):
    deliver(
        shop,
        {
            "id": "evt_1",
            "type": "balance.available",
            "created": 1,
            "livemode": False,
            "data": {"object": {"id": "x"}},
        },
    )
    assert hooks.process_webhooks(shop.desk) == 1
    assert outcomes() == {"balance.available": "ignored"}


# --- what goes wrong ------------------------------------------------------------------------------------------------


def test_what_could_not_be_understood_is_kept_with_its_error_and_tried_again(shop):
    alice, _token = paid_checkout(shop)
    event = next(one for one in events_at_gateway(shop) if one["type"] == "payment_intent.succeeded")
    deliver(shop, event)
    shop.processor.post(
        "faults",
        {"match": {"path": "/v1/payment_intents/*", "times": 1}, "do": {"kind": "status", "status": 500}},
    )
    assert hooks.process_webhooks(shop.desk) == 0
    assert (kept()[0].tries, kept()[0].done_at) == (1, None)
    assert "500" in kept()[0].error
    assert hooks.process_webhooks(shop.desk) == 0
    shop.move(hours=1)
    assert hooks.process_webhooks(shop.desk) == 1
    assert (kept()[0].error, shop.hold(alice).status) == (None, Status.ACTIVE)


def test_one_that_breaks_does_not_stop_the_others(shop):
    alice, _token = paid_checkout(shop)
    broken = {
        "id": "evt_0",
        "type": "charge.failed",
        "created": 1,
        "livemode": False,
        "data": {"object": {"object": "charge"}},
    }
    deliver(shop, broken)
    deliver_all(shop)
    assert shop.hold(alice).status is Status.ACTIVE
    assert {row.id: row.tries for row in kept()}["evt_0"] == 1


def test_after_ten_tries_the_owner_is_told_once(shop):
    deliver(
        shop,
        {
            "id": "evt_1",
            "type": "charge.failed",
            "created": 1,
            "livemode": False,
            "data": {"object": {"id": "ch_nobody", "object": "charge"}},
        },
    )
    for _try in range(12):
        hooks.process_webhooks(shop.desk)
        shop.move(hours=7)
    assert alarm_kinds() == ["webhook"]


def test_a_webhook_can_be_replayed_by_hand(shop):
    alice, _token = paid_checkout(shop)
    event = next(one for one in events_at_gateway(shop) if one["type"] == "payment_intent.succeeded")
    deliver(shop, event)
    assert hooks.replay(shop.desk, event["id"])
    assert shop.hold(alice).status is Status.ACTIVE
    assert not hooks.replay(shop.desk, "evt_nobody")


# --- what never arrived ---------------------------------------------------------------------------------------------


def test_what_was_never_delivered_is_found_by_the_catch_up(shop):
    alice, _token = paid_checkout(shop)
    listed = hooks.catch_up(shop.desk)
    assert listed == len(events_at_gateway(shop)) == len(kept())
    hooks.process_webhooks(shop.desk)
    assert shop.hold(alice).status is Status.ACTIVE
    shop.move(days=1)
    assert hooks.catch_up(shop.desk) <= listed
    assert len(kept()) == listed


def test_a_catch_up_changes_nothing_of_what_was_delivered(shop):
    paid_checkout(shop)
    deliver_all(shop)
    before = kept()
    hooks.catch_up(shop.desk)
    assert kept() == before


def test_before_anything_was_sold_there_is_nothing_to_catch_up_with(shop):
    assert hooks.catch_up(shop.desk) == 0


# --- cards ----------------------------------------------------------------------------------------------------------


def test_a_card_that_the_network_has_renewed_may_be_charged_again(shop):
    alice, token = paid_checkout(shop)
    order = finish(shop.desk, token)
    shop.script(order, "stolen_card")
    shop.move(days=30)
    shop.run()
    assert shop.hold(alice).status is Status.OVERDUE
    card = rows_of(cards)[0]
    assert card.never_again
    shop.processor.post(f"cards/{card.gateway_id}/update", {"exp_year": card.exp_year + 4})
    deliver_all(shop, lambda event: event["type"].startswith("payment_method."))
    assert (rows_of(cards)[0].never_again, rows_of(cards)[0].exp_year) == (False, card.exp_year + 4)


def test_a_new_number_behind_the_same_card_is_kept(shop):
    _alice, token = paid_checkout(shop)
    finish(shop.desk, token)
    shop.processor.post(f"cards/{rows_of(cards)[0].gateway_id}/update", {"number": "5555555555554444"})
    deliver_all(shop)
    assert [(row.brand, row.last4) for row in rows_of(cards)] == [("mastercard", "4444")]


def test_somebody_elses_card_is_left_alone(shop):
    client = shop.processor.client()
    card = client.v1.payment_methods.attach("pm_card_visa", {"customer": client.v1.customers.create().id})
    shop.processor.post(f"cards/{card.id}/update", {"exp_year": 2040})
    deliver_all(shop)
    assert outcomes()["payment_method.automatically_updated"] == "foreign"


def test_a_free_trial_is_begun_by_the_webhook_of_its_set_up(shop):
    alice, _token = paid_checkout(shop, trial_days=14, trial_price_minor=0)
    deliver_all(shop)
    assert shop.hold(alice).status is Status.ACTIVE


def test_a_set_up_of_another_shop_is_left_alone(shop):
    client = shop.processor.client()
    client.v1.setup_intents.create(
        {"customer": client.v1.customers.create().id, "payment_method": "pm_card_visa", "confirm": True,
         "payment_method_types": ["card"]}
    )  # fmt: skip
    deliver_all(shop)
    assert outcomes()["setup_intent.succeeded"] == "foreign"


def test_a_member_who_pays_a_missed_cycle_and_closes_the_browser_is_back_by_the_webhook(shop):
    alice, token = paid_checkout(shop)
    order = finish(shop.desk, token)
    shop.script(order, "insufficient_funds")
    shop.move(days=30)
    shop.run()
    shop.pay(paying.begin_card(shop.desk, Buyer(alice, "alice@example.test", "Alice")), "5555555555554444")
    deliver_all(shop)
    assert shop.hold(alice).status is Status.ACTIVE
    with reading() as reader:
        assert store_cards.find_card(reader, shop.read(order).card_id).brand == "mastercard"


# --- late, and again ------------------------------------------------------------------------------------------------


def subscribed(shop, card="4242424242424242", **terms):
    """(user, order) of a subscription whose browser came back."""
    user = shop.house.user()
    return user, shop.buy(user, shop.product(**terms), card)


def chooses(shop, user, card, *, comes_back):
    """A new card without a payment, a minute after what was before; the set-up's name at the gateway."""
    shop.move(hours=1 / 60)
    begun = paying.begin_card(shop.desk, Buyer(user, "alice@example.test", "Alice"))
    return enters(shop, user, begun, card, comes_back=comes_back)


def enters(shop, user, begun, card, *, comes_back):
    shop.pay(begun, card)
    name = begun.client_secret.split("_secret_")[0]
    if comes_back:
        assert paying.finish_card(shop.desk, user, setup_id=name) == "kept"
    return name


def brand_of(shop, order):
    with reading() as reader:
        return store_cards.find_card(reader, shop.read(order).card_id).brand


def tells_of(shop, name):
    """What the gateway has to say of one object, and nothing else, arrives."""
    assert deliver_all(shop, lambda event: event["data"]["object"]["id"] == name)


@pytest.mark.parametrize("comes_back", [True, False])
def test_a_set_up_that_is_told_late_puts_no_card_back_that_was_replaced(shop, comes_back):
    user, order = subscribed(shop)
    first = chooses(shop, user, "5555555555554444", comes_back=comes_back)
    chooses(shop, user, "378282246310005", comes_back=True)
    tells_of(shop, first)
    assert (brand_of(shop, order), shop.event_names().count("card_changed")) == ("amex", 1 + comes_back)


def test_a_set_up_is_told_late_and_holds_for_the_orders_whose_card_was_not_chosen_since(shop):
    user, order = subscribed(shop)
    first = chooses(shop, user, "5555555555554444", comes_back=False)
    shop.move(hours=1 / 60)
    shop.house.level("Free", is_free=True, is_default=True)
    newer = shop.buy(user, shop.product(grant=Grant.BUNDLE), "378282246310005")
    tells_of(shop, first)
    assert [brand_of(shop, one) for one in (order, newer)] == ["mastercard", "amex"]


def test_a_set_up_that_is_told_late_does_not_undo_the_card_of_a_trial_begun_since(shop):
    user, _order = subscribed(shop)
    first = chooses(shop, user, "5555555555554444", comes_back=False)
    shop.move(hours=1 / 60)
    trial = shop.product(grant=Grant.BUNDLE, trial_days=14, trial_price_minor=0)
    newer = shop.buy(user, trial, "378282246310005")
    tells_of(shop, first)
    assert brand_of(shop, newer) == "amex"


def test_a_set_up_that_is_told_late_does_not_undo_the_card_that_has_paid_what_was_overdue(shop):
    user, order = subscribed(shop)
    first = chooses(shop, user, "5555555555554444", comes_back=True)
    shop.script(order, "insufficient_funds")
    shop.move(days=30)
    shop.run()
    shop.move(days=1)
    begun = paying.begin_card(shop.desk, Buyer(user, "alice@example.test", "Alice"))
    shop.pay(begun, "378282246310005")
    assert paying.finish_card(shop.desk, user, begun.order) == "paid"
    tells_of(shop, first)
    assert brand_of(shop, order) == "amex"


def test_a_renewal_is_no_choice_of_its_card(shop):
    user, order = subscribed(shop)
    shop.move(days=29)
    first = chooses(shop, user, "5555555555554444", comes_back=False)
    shop.move(days=1)
    shop.run()
    tells_of(shop, first)
    assert (len(shop.settlements(order)), brand_of(shop, order)) == (2, "mastercard")


def test_of_two_forms_the_card_that_was_entered_last_counts(shop):
    user, order = subscribed(shop)
    buyer = Buyer(user, "alice@example.test", "Alice")
    first = paying.begin_card(shop.desk, buyer)
    shop.move(hours=1 / 60)
    second = paying.begin_card(shop.desk, buyer)
    enters(shop, user, second, "5555555555554444", comes_back=True)
    shop.move(hours=1 / 60)
    enters(shop, user, first, "378282246310005", comes_back=True)
    deliver_all(shop)
    assert brand_of(shop, order) == "amex"


class TickingClock:
    """A microsecond passes whenever it is looked at."""

    def __init__(self, now):
        self._now = now

    def now(self):
        self._now += timedelta(microseconds=1)
        return self._now


def test_the_catch_up_keeps_what_it_finds_oldest_first(shop):
    paid_checkout(shop)
    hooks.catch_up(shop.new_desk(clock=TickingClock(shop.now)))
    assert [row.id for row in kept()] == [event["id"] for event in events_at_gateway(shop)]
