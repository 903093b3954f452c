"""Money that goes back: refunds, what came too much, disputes."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from sidecar.billing import changing, paying, returning
from sidecar.billing.desk import Settings
from sidecar.billing.gateways.stripe import StripeGateway
from sidecar.billing.models import orders, refunds
from sidecar.billing.ordering import Buyer, finish
from sidecar.billing.states import SubscriptionState
from sidecar.catalog.rules import ProductKind
from sidecar.errors import Refused
from sidecar.members.rules import Status
from tests.billing.books import (
    accounts_of,
    alarm_kinds,
    close_intents,
    credit_of,
    deliver_all,
    dispute_states,
    newest_charge,
    refund_states,
    rows_of,
    surplus_sums,
    write_sql,
)
from tests.catalog.racing import at_once

State = SubscriptionState
REFUNDS = {"method": "POST", "path": "/v1/refunds"}


@pytest.fixture
def alice(shop):
    return shop.house.user("alice")


@pytest.fixture
def order(shop, alice):
    """Alice's monthly subscription, paid once."""
    return shop.buy(alice, shop.product(tax_ppm=200_000, tax_country="FR"))


def refund(shop, order, amount=None, **options):
    return returning.refund(shop.desk, order.uuid, amount, by="admin:1", **options)


def breaks_refund(shop, kind, **options):
    shop.processor.post("faults", {"match": {**REFUNDS, "times": 1}, "do": {"kind": kind, **options}})


def refunds_at_gateway(shop):
    return [(one["amount"], one["status"]) for one in shop.processor.get("ledger")["refunds"]]


# --- refunds --------------------------------------------------------------------------------------------------------


def test_all_of_a_payment_back_ends_what_it_paid_for(shop, alice, order):
    assert refund(shop, order, reason="asked nicely") == "succeeded"
    assert refunds_at_gateway(shop) == [(1900, "succeeded")]
    assert accounts_of(order) == {"refunded": 1900, "revenue": -1583, "tax": -317}
    assert (shop.read(order).status, shop.read(order).ended_for) == (State.CANCELED, "refunded")
    assert shop.hold(alice).status is Status.CANCELED
    assert sorted(shop.mails()) == ["canceled", "refunded", "welcome"]
    shop.move(days=31)
    assert shop.run().counts == {}


def test_a_part_of_a_payment_back_changes_nothing_but_the_ledger(shop, alice, order):
    refund(shop, order, 500)
    assert shop.hold(alice).status is Status.ACTIVE
    assert accounts_of(order)["refunded"] == 500
    refund(shop, order, 1400)
    assert shop.hold(alice).status is Status.CANCELED
    assert refunds_at_gateway(shop) == [(500, "succeeded"), (1400, "succeeded")]


@pytest.mark.parametrize("amount", [1901, 0, -5])
def test_more_than_was_paid_is_not_refunded_and_neither_is_nothing(shop, order, amount):
    with pytest.raises(Refused, match="1900 can be refunded"):
        refund(shop, order, amount)
    assert refunds_at_gateway(shop) == []


def test_a_second_refund_finds_nothing_left(shop, order):
    refund(shop, order)
    with pytest.raises(Refused, match="0 can be refunded"):
        refund(shop, order)


def test_of_two_refunds_at_the_same_moment_one_is_made(shop, order):
    outcomes = at_once(shop.house, *[lambda: refund(shop, order)] * 2)
    assert sorted(outcomes, key=str) == [Refused, "succeeded"]
    assert refunds_at_gateway(shop) == [(1900, "succeeded")]


def test_an_older_cycle_given_back_ends_nothing(shop, alice, order):
    shop.move(days=30)
    shop.run()
    assert refund(shop, order, cycle=0) == "succeeded"
    assert shop.hold(alice).status is Status.ACTIVE
    assert refund(shop, order) == "succeeded"
    assert shop.hold(alice).status is Status.CANCELED


def test_a_cycle_that_was_paid_by_hand_since_keeps_access_when_the_card_payment_goes_back(shop, alice, order):
    changing.mark_paid(shop.desk, order.uuid, by="admin:1")
    refund(shop, order)
    assert shop.hold(alice).status is Status.ACTIVE


def test_what_came_by_hand_cannot_go_back_through_the_gateway(shop, alice):
    begun, _token = shop.begin(alice, shop.product(), gateway="manual")
    order = changing.mark_paid(shop.desk, begun.order, by="admin:1")
    with pytest.raises(Refused, match="No payment of this order"):
        refund(shop, order)


def test_a_refund_that_fails_days_later_is_taken_back_and_the_owner_is_told(shop, alice, order):
    refund(shop, order, 500)
    shop.processor.post(f"refunds/{rows_of(refunds)[0].gateway_id}/fail")
    deliver_all(shop)
    assert refund_states() == [("failed", 500)]
    assert accounts_of(order) == {"gateway": 1900, "revenue": -1583, "tax": -317}
    assert "refund" in alarm_kinds()
    deliver_all(shop)
    assert refund(shop, order, 1900) == "succeeded"


def test_a_refund_that_is_pending_counts_and_is_followed_to_its_end(shop, order):
    breaks_refund(shop, "refund_pending")
    assert refund(shop, order, 500) == "pending"
    with pytest.raises(Refused, match="1400 can be refunded"):
        refund(shop, order, 1500)
    assert returning.follow_refunds(shop.desk) == 0
    shop.processor.post(f"refunds/{rows_of(refunds)[0].gateway_id}/succeed")
    assert returning.follow_refunds(shop.desk) == 1
    assert refund_states() == [("succeeded", 500)]
    assert accounts_of(order)["refunded"] == 500


@pytest.mark.parametrize("kind", ["cut_reply", "timeout_after", "timeout_before"])
def test_a_refund_that_nobody_answered_is_found_under_its_key_and_made_once(shop, order, kind):
    breaks_refund(shop, kind)
    assert refund(shop, order, 500) == "unknown"
    with pytest.raises(Refused, match="1400 can be refunded"):
        refund(shop, order, 1500)
    assert returning.follow_refunds(shop.desk) == 1
    assert returning.follow_refunds(shop.desk) == 0
    assert refunds_at_gateway(shop) == [(500, "succeeded")]
    assert accounts_of(order)["refunded"] == 500


@pytest.mark.parametrize(("kind", "status"), [("cut_reply", "succeeded"), ("timeout_before", "failed")])
@pytest.mark.parametrize("left", ["unknown", "claimed"])
def test_when_the_gateway_has_forgotten_the_key_the_refund_is_looked_for_and_not_sent_again(
    shop, order, kind, status, left
):
    breaks_refund(shop, kind)
    refund(shop, order, 500)
    write_sql(sa.update(refunds).values(asked_s=refunds.c.asked_s - 24 * 3600, status=left))
    shop.processor.post("keys/prune")
    assert returning.follow_refunds(shop.desk) == 1
    assert refund_states() == [(status, 500)]
    assert len(refunds_at_gateway(shop)) == (1 if status == "succeeded" else 0)


def test_a_refund_that_the_gateway_refuses_has_failed_and_the_owner_is_told(shop, order):
    breaks_refund(shop, "status", status=400)
    assert refund(shop, order) == "failed"
    assert alarm_kinds() == ["refund"]
    assert refund(shop, order) == "succeeded"


def test_a_refund_that_was_not_carried_out_is_sent_again_later(shop, order):
    breaks_refund(shop, "status", status=429)
    assert refund(shop, order) == "unknown"
    assert returning.follow_refunds(shop.desk) == 1
    assert refunds_at_gateway(shop) == [(1900, "succeeded")]


def test_a_refund_that_somebody_makes_at_the_gateway_is_booked_once(shop, alice, order):
    client = shop.processor.client()
    client.v1.refunds.create({"charge": newest_charge(shop), "amount": 500})
    deliver_all(shop)
    deliver_all(shop)
    assert refund_states() == [("succeeded", 500)]
    assert accounts_of(order)["refunded"] == 500
    client.v1.refunds.create({"charge": newest_charge(shop)})
    deliver_all(shop)
    assert shop.hold(alice).status is Status.CANCELED


def test_a_pending_refund_that_was_made_at_the_gateway_is_followed_too(shop, order):
    breaks_refund(shop, "refund_pending")
    made = shop.processor.client().v1.refunds.create({"charge": newest_charge(shop), "amount": 500})
    deliver_all(shop)
    shop.processor.post(f"refunds/{made.id}/succeed")
    assert returning.follow_refunds(shop.desk) == 1
    assert refund_states() == [("succeeded", 500)]


# --- too much -------------------------------------------------------------------------------------------------------


def pays_too_much(shop, alice):
    """Alice cancels a checkout in one tab and pays it in the other."""
    begun, token = shop.begin(alice, shop.product())
    changing.cancel(shop.desk, alice, begun.order, by="member")
    shop.pay(begun)
    close_intents(shop)
    return token


def test_what_came_too_much_goes_back_by_default_and_once(shop, alice):
    pays_too_much(shop, alice)
    deliver_all(shop)
    assert surplus_sums() == [1900]
    assert [returning.refund_surpluses(shop.desk) for _ in range(2)] == [1, 0]
    assert refunds_at_gateway(shop) == [(1900, "succeeded")]


def test_what_is_on_its_way_back_pays_nothing_meanwhile(shop, alice):
    pays_too_much(shop, alice)
    order = shop.buy(alice, shop.product())
    returning.refund_surpluses(shop.desk)
    assert [one.source for one in shop.settlements(order)] == ["gateway"]
    assert (credit_of(order), accounts_of(order)) == (0, {"gateway": 1900, "revenue": -1900})


def test_what_came_too_much_is_credit_when_the_owner_says_so_and_stays_it(shop, alice):
    shop.settings = Settings(accept_unsafe_database=True, refund_surplus=False)
    shop.desk = shop.new_desk()
    pays_too_much(shop, alice)
    assert returning.refund_surpluses(shop.desk) == 0
    order = shop.buy(alice, shop.product(price_minor=2500))
    assert [one["amount"] for one in shop.charges()] == [1900, 600]
    shop.settings = replace(shop.settings, refund_surplus=True)
    shop.desk = shop.new_desk()
    assert returning.refund_surpluses(shop.desk) == 0
    assert accounts_of(order) == {"gateway": 2500, "revenue": -2500}


# --- disputes -------------------------------------------------------------------------------------------------------


def dispute(shop, charge="", **options):
    opened = shop.processor.post("disputes", {"charge": charge or newest_charge(shop), **options})
    returning.note_dispute(shop.desk, opened["id"])
    return opened["id"]


def close(shop, dispute_id, status):
    shop.processor.post(f"disputes/{dispute_id}/close", {"status": status})
    returning.note_dispute(shop.desk, dispute_id)


def test_an_open_dispute_holds_renewals_on_that_card_of_every_member_who_uses_it(shop, alice, order):
    bobs = shop.buy(shop.house.user("bob"), shop.product())
    mine = shop.buy(shop.house.user("charlie"), shop.product(), card="5555555555554444")
    first = dispute(shop, shop.settlements(order)[0].charge_id)
    shop.move(days=31)
    shop.run()
    assert [len(shop.settlements(one)) for one in (order, bobs, mine)] == [1, 1, 2]
    assert [shop.read(one).held for one in (order, bobs, mine)] == ["dispute", "dispute", None]
    assert shop.hold(alice).status is Status.ACTIVE
    close(shop, first, "won")
    shop.move(days=1)
    shop.run()
    assert [len(shop.settlements(one)) for one in (order, bobs, mine)] == [2, 2, 2]
    assert [shop.read(one).held for one in (order, bobs)] == [None, None]


@pytest.mark.parametrize("held", ["restored", "parked"])
def test_what_the_owner_must_look_at_stays_held_for_that_when_a_dispute_comes_and_goes(shop, order, held):
    write_sql(sa.update(orders).where(orders.c.id == order.id).values(held=held))
    lost = dispute(shop)
    assert shop.read(order).held == held
    close(shop, lost, "lost")
    wins_after_all(shop, lost)
    assert (shop.read(order).status, shop.read(order).held) == (State.ACTIVE, held)


def test_an_open_dispute_holds_the_retries_of_an_overdue_order(shop, alice, order):
    shop.script(order, "insufficient_funds")
    shop.move(days=30)
    shop.run()
    dispute(shop)
    shop.move(days=3)
    shop.run()
    assert len(shop.attempts(order)) == 2
    assert shop.read(order).status is State.OVERDUE


def test_while_a_dispute_is_open_nothing_is_refunded(shop, order):
    dispute(shop)
    with pytest.raises(Refused, match="the bank has the money"):
        refund(shop, order)
    assert refunds_at_gateway(shop) == []


def test_a_dispute_that_is_lost_ends_what_the_payment_paid_for(shop, alice, order):
    lost = dispute(shop)
    assert accounts_of(order) == {"disputed": 1900, "revenue": -1583, "tax": -317}
    close(shop, lost, "lost")
    close_again = returning.note_dispute(shop.desk, lost)
    assert (close_again, dispute_states()) == ("known", ["lost"])
    assert accounts_of(order) == {"disputed": 1900, "revenue": -1583, "tax": -317}
    assert (shop.hold(alice).status, shop.read(order).ended_for) == (Status.CANCELED, "disputed")
    with pytest.raises(Refused, match="0 can be refunded"):
        refund(shop, order)


def test_a_dispute_that_is_won_changes_nothing_in_the_end(shop, alice, order):
    close(shop, dispute(shop), "won")
    assert accounts_of(order) == {"gateway": 1900, "revenue": -1583, "tax": -317}
    assert shop.hold(alice).status is Status.ACTIVE
    assert refund(shop, order) == "succeeded"


def test_a_dispute_over_a_cycle_that_is_over_ends_nothing(shop, alice, order):
    first = newest_charge(shop)
    shop.move(days=30)
    shop.run()
    close(shop, dispute(shop, first), "lost")
    assert shop.hold(alice).status is Status.ACTIVE


def test_a_dispute_over_a_part_ends_nothing_and_leaves_the_rest_to_be_refunded(shop, alice, order):
    close(shop, dispute(shop, amount=700), "lost")
    assert shop.hold(alice).status is Status.ACTIVE
    assert accounts_of(order)["disputed"] == 700
    with pytest.raises(Refused, match="1200 can be refunded"):
        refund(shop, order, 1201)
    assert refund(shop, order) == "succeeded"
    assert shop.hold(alice).status is Status.CANCELED


def test_an_inquiry_moves_no_money_and_can_be_answered_by_a_refund(shop, alice, order):
    inquiry = dispute(shop, status="warning_needs_response")
    assert (dispute_states(), accounts_of(order)["gateway"]) == (["inquiry"], 1900)
    assert refund(shop, order, 500) == "succeeded"
    close(shop, inquiry, "warning_closed")
    assert (dispute_states(), accounts_of(order)["refunded"]) == (["closed"], 500)
    assert shop.hold(alice).status is Status.ACTIVE


def test_an_inquiry_that_grows_into_a_dispute_takes_the_money_then(shop, order):
    inquiry = dispute(shop, status="warning_needs_response")
    shop.processor.post(f"disputes/{inquiry}/escalate")
    returning.note_dispute(shop.desk, inquiry)
    assert accounts_of(order)["disputed"] == 1900
    assert alarm_kinds().count("dispute") == 1


def test_what_was_prevented_at_the_card_network_has_gone_back_all_the_same(shop, alice, order):
    close(shop, dispute(shop), "prevented")
    assert accounts_of(order)["disputed"] == 1900
    assert shop.hold(alice).status is Status.CANCELED
    with pytest.raises(Refused, match="0 can be refunded"):
        refund(shop, order)


class SecondThoughts(StripeGateway):
    """The bank decides again, for the seller: the processor has no such end, Stripe has."""

    def read_dispute(self, dispute_id):
        return replace(super().read_dispute(dispute_id), status="won")


def wins_after_all(shop, dispute_id):
    gateway = SecondThoughts(
        shop.processor.secret_key, shop.processor.publishable_key, api_url=shop.processor.url
    )
    return returning.note_dispute(shop.new_desk(gateway=gateway), dispute_id)


def test_a_dispute_that_is_won_after_all_gives_back_what_it_had_ended(shop, alice, order):
    lost = dispute(shop)
    close(shop, lost, "lost")
    assert wins_after_all(shop, lost) == "booked"
    assert (shop.read(order).status, shop.hold(alice).status) == (State.ACTIVE, Status.ACTIVE)
    assert accounts_of(order) == {"gateway": 1900, "revenue": -1583, "tax": -317}
    shop.move(days=30)
    assert shop.run().counts == {"settled": 1}


def test_a_dispute_that_is_won_after_all_gives_nothing_back_beside_another_order_for_the_same(
    shop, alice, order
):
    lost = dispute(shop)
    close(shop, lost, "lost")
    newer = shop.buy(alice, shop.product(price_minor=500), card="5555555555554444")
    assert wins_after_all(shop, lost) == "booked"
    assert (shop.read(order).status, alarm_kinds()) == (State.CANCELED, ["dispute", "won_beside"])
    assert accounts_of(order)["gateway"] == 1900 + 500
    shop.move(days=30)
    shop.run()
    assert [len(shop.settlements(one)) for one in (order, newer)] == [1, 2]
    assert shop.hold(alice).status is Status.ACTIVE


def test_a_checkout_that_nobody_has_paid_keeps_no_order_from_being_given_back(shop, alice, order):
    lost = dispute(shop)
    close(shop, lost, "lost")
    shop.begin(alice, shop.product(price_minor=500))
    wins_after_all(shop, lost)
    assert (shop.read(order).status, alarm_kinds()) == (State.ACTIVE, ["dispute"])


def test_what_is_paid_in_a_window_left_open_beside_an_order_that_was_given_back_goes_back(shop, alice, order):
    lost = dispute(shop)
    close(shop, lost, "lost")
    begun, token = shop.begin(alice, shop.product(price_minor=500))
    wins_after_all(shop, lost)
    shop.pay(begun, "5555555555554444")
    assert finish(shop.desk, token).status is State.CANCELED
    assert close_intents(shop) == []
    assert returning.refund_surpluses(shop.desk) == 1
    assert shop.processor.get("ledger")["refunds"][-1]["amount"] == 500
    shop.move(days=30)
    shop.run()
    assert len(shop.settlements(order)) == 2


def test_an_overdue_order_that_a_lost_dispute_ended_owes_its_cycle_anew_when_it_is_won(shop, alice, order):
    shop.script(order, "insufficient_funds")
    shop.move(days=30)
    shop.run()
    lost = dispute(shop)
    close(shop, lost, "lost")
    assert shop.read(order).status is State.CANCELED
    wins_after_all(shop, lost)
    shop.move(days=1)
    assert shop.run().counts == {"settled": 1}
    assert [one.status for one in shop.receivables(order)] == ["settled", "void", "settled"]


def test_a_plan_that_was_paid_up_does_not_outlast_the_loss_of_its_last_payment(shop, alice):
    order = shop.buy(alice, shop.product(kind=ProductKind.PAYMENT_PLAN, payments=2))
    shop.move(days=30)
    shop.run()
    assert shop.read(order).status is State.COMPLETED
    lost = dispute(shop)
    assert shop.hold(alice).status is Status.ACTIVE
    close(shop, lost, "lost")
    assert shop.hold(alice).status is Status.EXPIRED
    wins_after_all(shop, lost)
    assert shop.hold(alice).status is Status.ACTIVE


def test_what_another_order_pays_for_survives_a_lost_dispute(shop, alice, order):
    charge = newest_charge(shop)
    changing.cancel(shop.desk, alice, order.uuid, by="member", at_once=True)
    shop.buy(alice, shop.product(), card="5555555555554444")
    close(shop, dispute(shop, charge), "lost")
    assert shop.hold(alice).status is Status.ACTIVE


def test_a_dispute_over_another_shops_charge_is_left_alone(shop):
    client = shop.processor.client()
    customer = client.v1.customers.create().id
    intent = client.v1.payment_intents.create(
        {"amount": 900, "currency": "eur", "customer": customer, "payment_method": "pm_card_visa", "confirm": True,
         "off_session": True}
    )  # fmt: skip
    opened = shop.processor.post("disputes", {"charge": intent.latest_charge})
    assert returning.note_dispute(shop.desk, opened["id"]) == "foreign"
    assert dispute_states() == []


def test_a_card_that_is_disputed_can_be_replaced_by_its_holder(shop, alice, order):
    dispute(shop)
    begun = paying.begin_card(shop.desk, Buyer(alice, "alice@example.test", "Alice"))
    shop.pay(begun, "5555555555554444")
    assert paying.finish_card(shop.desk, alice, setup_id=begun.client_secret.split("_secret_")[0]) == "kept"
    shop.move(days=30)
    assert shop.run().counts == {"settled": 1}
    assert shop.read(order).held is None
