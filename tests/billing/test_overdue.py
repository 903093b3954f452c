"""A renewal that fails: the schedule, the access, the notices, and the way back."""

import pytest

from sidecar.billing.desk import Settings
from sidecar.billing.ordering import Buyer
from sidecar.billing.paying import begin_card, finish_card
from sidecar.billing.states import SubscriptionState
from sidecar.catalog.rules import Grant
from sidecar.db import reading
from sidecar.members.rules import Status
from sidecar.outbox import list_waiting
from tests.billing.shop import OTHER_GOOD_CARD

OVERDUE = SubscriptionState.OVERDUE


def alice_subscribes(shop, **terms):
    alice = shop.house.user("alice")
    return alice, shop.buy(alice, shop.product(**terms))


def fails_at_renewal(shop, *outcomes, **terms):
    """Alice's first renewal, July 15th, is declined."""
    alice, order = alice_subscribes(shop, **terms)
    shop.script(order, *(outcomes or ["insufficient_funds"] * 4))
    shop.move(days=30)
    shop.run()
    return alice, order


def charges_tried(shop):
    return [one["status"] for one in shop.processor.get("ledger")["charges"]]


def test_a_declined_renewal_is_overdue_and_access_stops_in_the_same_moment(shop):
    alice, order = fails_at_renewal(shop)
    assert shop.read(order).status is OVERDUE
    assert shop.hold(alice).status is Status.OVERDUE
    assert shop.mails() == ["welcome", "payment_failed"]
    assert sorted(shop.event_names()) == ["declined", "ordered", "paid_first"]


def test_retries_come_two_five_and_seven_days_after_the_first_failure_and_then_it_is_canceled(shop):
    alice, order = fails_at_renewal(shop)
    tried = {0: len(shop.attempts(order))}
    for day in range(1, 10):
        shop.move(days=1)
        shop.run()
        tried[day] = len(shop.attempts(order))
    assert tried == {0: 2, 1: 2, 2: 3, 3: 3, 4: 3, 5: 4, 6: 4, 7: 5, 8: 5, 9: 5}
    assert [one.origin for one in shop.attempts(order)] == ["browser", "schedule", "retry", "retry", "retry"]
    assert shop.read(order).status is SubscriptionState.CANCELED
    assert shop.hold(alice).status is Status.CANCELED
    assert shop.receivables(order)[-1].status == "void"
    assert shop.mails() == ["welcome", "payment_failed", "retry_failed", "retry_failed", "canceled"]


def test_a_retry_that_succeeds_brings_access_back_and_keeps_the_rhythm(shop):
    alice, order = fails_at_renewal(shop, "insufficient_funds")
    shop.move(days=2)
    shop.run()
    assert shop.read(order).status is SubscriptionState.ACTIVE
    assert shop.hold(alice).status is Status.ACTIVE
    assert shop.read(order).next_due_at.isoformat() == "2026-08-15T12:00:00+00:00"
    assert shop.read(order).first_failed_at is None
    assert shop.mails()[-1] == "recovered"


def test_a_member_who_gives_a_new_card_pays_the_missed_cycle_at_once_and_is_back(shop):
    alice, order = fails_at_renewal(shop)
    begun = begin_card(shop.desk, Buyer(alice, "alice@example.test", "Alice"))
    assert (begun.mode, begun.order) == ("payment", order.uuid)
    shop.pay(begun, OTHER_GOOD_CARD)
    assert finish_card(shop.desk, alice, begun.order) == "paid"
    assert shop.hold(alice).status is Status.ACTIVE
    shop.move(days=2)
    shop.run()
    assert len(shop.charges()) == 2
    shop.move(days=29)
    assert shop.run().counts == {"settled": 1}
    assert shop.charges()[-1]["payment_method_details"]["card"]["brand"] == "mastercard"


def test_a_new_card_that_is_declined_too_moves_no_schedule(shop):
    alice, order = fails_at_renewal(shop)
    before = shop.read(order).wake_at
    begun = begin_card(shop.desk, Buyer(alice, "alice@example.test", "Alice"))
    shop.pay(begun, "4000000000009995")
    assert finish_card(shop.desk, alice, begun.order) == "declined"
    assert (shop.read(order).wake_at, shop.read(order).retries) == (before, 0)
    assert shop.hold(alice).status is Status.OVERDUE


def test_after_a_try_by_hand_that_failed_the_retries_still_count_and_end(shop):
    alice, order = fails_at_renewal(shop)
    begun = begin_card(shop.desk, Buyer(alice, "alice@example.test", "Alice"))
    shop.pay(begun, "4000000000009995")
    finish_card(shop.desk, alice, begun.order)
    for _day in range(8):
        shop.move(days=1)
        shop.run()
    origins = [one.origin for one in shop.attempts(order)]
    assert origins == ["browser", "schedule", "browser", "retry", "retry", "retry"]
    assert shop.read(order).status is SubscriptionState.CANCELED


def test_a_new_card_pays_everything_that_is_overdue_and_moves_no_schedule(shop):
    alice, order = alice_subscribes(shop)
    other = shop.buy(alice, shop.product(grant=Grant.BUNDLE))
    shop.processor.post("cards/4242", {"outcomes": ["insufficient_funds"] * 2})
    shop.move(days=30)
    shop.run()
    shop.run()
    assert {shop.read(one).status for one in (order, other)} == {OVERDUE}
    begun = begin_card(shop.desk, Buyer(alice, "alice@example.test", "Alice"))
    shop.pay(begun, OTHER_GOOD_CARD)
    assert finish_card(shop.desk, alice, begun.order) == "paid"
    assert shop.run().counts == {"settled": 1}
    paid_by = {tuple(one.origin for one in shop.attempts(each)[1:]) for each in (order, other)}
    assert paid_by == {("schedule", "browser"), ("schedule", "member")}
    assert {shop.read(one).status for one in (order, other)} == {SubscriptionState.ACTIVE}


def test_a_payment_by_hand_while_a_retry_is_due_is_found_and_not_charged_again(shop):
    alice, order = fails_at_renewal(shop)
    begun = begin_card(shop.desk, Buyer(alice, "alice@example.test", "Alice"))
    shop.pay(begun, OTHER_GOOD_CARD)
    shop.move(days=2)
    assert shop.run().counts == {"settled": 1}
    assert len(shop.charges()) == 2
    assert [one.source for one in shop.settlements(order)] == ["gateway", "gateway"]


def test_a_retry_that_the_bank_wants_to_ask_about_is_left_to_the_member(shop):
    alice, order = fails_at_renewal(shop, "authentication_required", "authentication_required")
    assert shop.mails()[-1] == "authentication_needed"
    for _day in range(6):
        shop.move(days=1)
        shop.run()
    assert len(shop.attempts(order)) == 2
    shop.move(days=1, hours=1)
    shop.run()
    assert shop.hold(alice).status is Status.CANCELED


def test_a_card_that_must_never_be_tried_again_is_not(shop):
    alice, order = fails_at_renewal(shop, {"decline_code": "stolen_card", "advice_code": "do_not_try_again"})
    for _day in range(6):
        shop.move(days=1)
        shop.run()
    assert len(shop.attempts(order)) == 2
    begun = begin_card(shop.desk, Buyer(alice, "alice@example.test", "Alice"))
    shop.pay(begun, OTHER_GOOD_CARD)
    assert finish_card(shop.desk, alice, begun.order) == "paid"
    assert shop.hold(alice).status is Status.ACTIVE


def test_a_cardholder_who_revoked_ends_the_subscription_at_once(shop):
    alice, order = fails_at_renewal(shop, {"decline_code": "revocation_of_all_authorizations"})
    assert shop.read(order).status is SubscriptionState.CANCELED
    assert shop.hold(alice).status is Status.CANCELED


@pytest.mark.parametrize("keeper", ["level", "product", "site"])
def test_access_stays_while_overdue_where_the_owner_chose_so(shop, keeper):
    terms = {"keeps_access_overdue": True} if keeper == "product" else {}
    if keeper == "level":
        terms["grant_id"] = shop.house.level(keeps_access_overdue=True)
    if keeper == "site":
        shop.settings = Settings(accept_unsafe_database=True, keeps_access_overdue=True)
        shop.desk = shop.new_desk()
    alice, _order = fails_at_renewal(shop, **terms)
    held = shop.hold(alice)
    assert held.status is Status.OVERDUE
    assert held.keeps_access_overdue is (None if keeper == "level" else True)


def test_a_weekly_product_is_retried_before_its_next_due_date_only(shop):
    alice, order = alice_subscribes(shop, unit="week")
    shop.script(order, *["insufficient_funds"] * 5)
    shop.move(days=7)
    shop.run()
    for _day in range(7):
        shop.move(days=1)
        shop.run()
    assert [one.origin for one in shop.attempts(order)] == ["browser", "schedule", "retry", "retry"]
    assert shop.hold(alice).status is Status.CANCELED
    assert [one.cycle for one in shop.receivables(order)] == [0, 1]


def test_a_schedule_of_the_product_wins_over_the_sites(shop):
    _alice, order = fails_at_renewal(shop, retry_days="1,3")
    for _day in range(3):
        shop.move(days=1)
        shop.run()
    assert [one.origin for one in shop.attempts(order)] == ["browser", "schedule", "retry", "retry"]
    assert shop.read(order).status is SubscriptionState.CANCELED


def test_a_decline_on_the_31st_keeps_the_31st_for_the_next_cycle(shop):
    shop.move(days=46)  # July 31st
    alice, order = alice_subscribes(shop)
    shop.script(order, "insufficient_funds")
    shop.move(days=31)  # August 31st
    shop.run()
    shop.move(days=2)
    shop.run()
    assert shop.hold(alice).status is Status.ACTIVE
    assert shop.read(order).next_due_at.isoformat() == "2026-09-30T12:00:00+00:00"


def test_each_notice_is_queued_once_with_one_id_however_often_the_run_comes(shop):
    fails_at_renewal(shop)
    for _again in range(3):
        shop.run()
    with reading() as reader:
        parcels = list_waiting(reader, "mail")
    assert sorted(parcel.payload["kind"] for parcel in parcels) == ["payment_failed", "welcome"]


def test_charlie_who_bought_nothing_is_never_charged(shop):
    charlie = shop.house.member(shop.house.level())
    fails_at_renewal(shop)
    assert {one["customer"] for one in shop.processor.get("ledger")["charges"]} != set()
    assert shop.house.read(charlie.user_id).level.status is Status.ACTIVE
    with pytest.raises(Exception, match="there is no order"):
        finish_card(shop.desk, charlie.user_id, "0000-0000")
