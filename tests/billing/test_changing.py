"""What members and administrators do to an order that lives: each verb, each verb twice, and Charlie."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from sidecar.billing import changing, paying, switching
from sidecar.billing.models import cards
from sidecar.billing.ordering import Buyer
from sidecar.billing.states import SubscriptionState
from sidecar.catalog.rules import Grant, PlanEnd, ProductKind
from sidecar.errors import NotFound, Refused
from sidecar.members.rules import Status
from tests.billing.books import accounts_of, close_intents, refund_states, surplus_sums, write_sql
from tests.house import DAY

State = SubscriptionState


@pytest.fixture
def alice(shop):
    return shop.house.user("alice")


@pytest.fixture
def order(shop, alice):
    """Alice's monthly subscription, paid on June 15th for the first time."""
    return shop.buy(alice, shop.product())


def cancel(shop, alice, order, **options):
    return changing.cancel(shop.desk, alice, order.uuid, by="member", **options)


def keep(shop, alice, order):
    return changing.keep(shop.desk, alice, order.uuid, by="member")


def pause(shop, alice, order):
    return changing.pause(shop.desk, alice, order.uuid, by="member")


def resume(shop, alice, order):
    return changing.resume(shop.desk, alice, order.uuid, by="member")


def charge_now(shop, order):
    return changing.charge_now(shop.desk, order.uuid, by="admin:1")


def mark_paid(shop, order):
    return changing.mark_paid(shop.desk, order.uuid, by="admin:1", note="cash")


def amounts(shop):
    return [one["amount"] for one in shop.charges()]


def falls_overdue(shop, order, *outcomes):
    shop.script(order, *(outcomes or ["insufficient_funds"]))
    shop.move(days=30)
    shop.run()


def breaks_confirmation(shop, kind, **options):
    match = {"path": "/v1/payment_intents/*/confirm", "times": 1}
    shop.processor.post("faults", {"match": match, "do": {"kind": kind, **options}})


# --- cancel and keep ------------------------------------------------------------------------------------------------


def test_a_cancellation_lasts_to_the_end_of_what_is_paid_and_nothing_more_is_collected(shop, alice, order):
    canceled = cancel(shop, alice, order)
    assert (canceled.status, canceled.next_due_at) == (State.PENDING_CANCEL, None)
    assert (shop.hold(alice).status, shop.hold(alice).expires_at) == (
        Status.PENDING_CANCEL,
        order.paid_until_at,
    )
    shop.move(days=29)
    shop.run()
    assert shop.hold(alice).status is Status.PENDING_CANCEL
    shop.move(days=2)
    shop.run()
    assert (shop.read(order).status, shop.hold(alice).status) == (State.CANCELED, Status.CANCELED)
    assert amounts(shop) == [1900]


def test_asked_a_second_time_a_cancellation_still_ends_at_its_end(shop, alice, order):
    cancel(shop, alice, order)
    assert cancel(shop, alice, order).status is State.PENDING_CANCEL
    assert shop.hold(alice).status is Status.PENDING_CANCEL
    assert shop.mails().count("canceled") == 1


def test_a_cancellation_at_once_ends_access_at_once(shop, alice, order):
    assert cancel(shop, alice, order, at_once=True).status is State.CANCELED
    assert shop.hold(alice).status is Status.CANCELED
    with pytest.raises(Refused):
        cancel(shop, alice, order, at_once=True)


def test_a_cancellation_that_is_taken_back_goes_on_as_if_it_had_not_been(shop, alice, order):
    cancel(shop, alice, order)
    assert keep(shop, alice, order).next_due_at == order.next_due_at
    assert shop.hold(alice).expires_at is None
    with pytest.raises(Refused):
        keep(shop, alice, order)
    shop.move(days=30)
    assert shop.run().counts == {"settled": 1}


def test_what_has_ended_is_not_kept(shop, alice, order):
    cancel(shop, alice, order)
    shop.move(days=31)
    with pytest.raises(Refused, match="ended already"):
        keep(shop, alice, order)
    shop.run()
    with pytest.raises(Refused):
        keep(shop, alice, order)


def test_what_is_paid_once_renews_no_more_for_having_been_canceled_and_kept(shop, alice):
    order = shop.buy(alice, shop.once(access_days=30))
    cancel(shop, alice, order)
    kept = keep(shop, alice, order)
    assert (kept.next_due_at, kept.wake_at, kept.paid_until_at) == (None, order.wake_at, order.paid_until_at)
    shop.move(days=31)
    shop.run()
    assert (shop.hold(alice).status, amounts(shop)) == (Status.EXPIRED, [1900])


def test_an_overdue_order_is_canceled_at_once_and_owes_nothing_more(shop, alice, order):
    falls_overdue(shop, order)
    assert cancel(shop, alice, order).status is State.CANCELED
    assert shop.hold(alice).status is Status.CANCELED
    assert [one.status for one in shop.receivables(order)] == ["settled", "void"]
    assert close_intents(shop) == []
    shop.move(days=8)
    assert shop.run().counts == {}


def test_a_payment_that_crosses_the_cancellation_is_surplus(shop, alice, order):
    falls_overdue(shop, order)
    begun = paying.begin_card(shop.desk, Buyer(alice, "alice@example.test", "Alice"))
    cancel(shop, alice, order)
    shop.pay(begun)
    close_intents(shop)
    close_intents(shop)
    assert surplus_sums() == [1900]
    assert shop.hold(alice).status is Status.CANCELED


def test_a_payment_under_way_when_it_is_canceled_is_followed_to_its_end(shop, alice, order):
    shop.script(order, {"processing": "succeed", "after": 3 * 3600})
    shop.move(days=30)
    assert shop.run().counts == {"open": 1}
    cancel(shop, alice, order)
    for _hour in range(6):
        shop.move(hours=1)
        shop.run()
    assert surplus_sums() == [1900]
    assert [one.status for one in shop.attempts(order)] == ["succeeded", "succeeded"]


def test_a_cycle_that_was_tried_early_is_owed_anew_when_the_order_is_canceled_and_kept(shop, alice, order):
    shop.move(days=1)
    shop.script(order, "insufficient_funds")
    charge_now(shop, order)
    cancel(shop, alice, order)
    assert keep(shop, alice, order).next_due_at == order.next_due_at
    shop.move(days=30)
    assert shop.run().counts == {"settled": 1}
    assert [one.status for one in shop.receivables(order)] == ["settled", "void", "settled"]
    assert shop.read(order).next_due_at.isoformat() == "2026-08-15T12:00:00+00:00"


def test_a_plan_keeps_its_number_of_payments_when_a_cycle_is_owed_anew(shop, alice):
    order = shop.buy(alice, shop.product(kind=ProductKind.PAYMENT_PLAN, payments=3))
    shop.move(days=1)
    shop.script(order, "insufficient_funds")
    charge_now(shop, order)
    cancel(shop, alice, order)
    keep(shop, alice, order)
    for _month in range(4):
        shop.move(days=31)
        shop.run()
    assert amounts(shop) == [1900, 1900, 1900]
    assert shop.read(order).status is State.COMPLETED


# --- pause and resume -----------------------------------------------------------------------------------------------


def test_a_pause_keeps_the_unused_time_and_the_rhythm_begins_anew_after_it(shop, alice, order):
    shop.move(days=10)
    pause(shop, alice, order)
    assert shop.hold(alice).status is Status.PAUSED
    shop.move(days=100)
    assert shop.run().counts == {}
    resumed = resume(shop, alice, order)
    assert resumed.next_due_at == resumed.paid_until_at == shop.now + 20 * DAY
    assert shop.hold(alice).status is Status.ACTIVE
    shop.move(days=20)
    shop.run()
    assert amounts(shop) == [1900, 1900]
    periods = [(one.from_at, one.until_at) for one in shop.receivables(order)]
    assert periods[1][0] == resumed.next_due_at
    assert shop.read(order).next_due_at == periods[1][1]


def test_a_member_pauses_only_where_the_owner_lets_him_and_never_in_a_trial(shop, alice, order):
    trial = shop.product(grant=Grant.BUNDLE, trial_days=14, trial_price_minor=0)
    with pytest.raises(Refused, match="write to us"):
        pause(shop, alice, shop.buy(alice, trial))
    shop.settings = replace(shop.settings, members_may_pause=False)
    shop.desk = shop.new_desk()
    with pytest.raises(Refused, match="write to us"):
        pause(shop, alice, order)
    changing.pause(shop.desk, None, order.uuid, by="admin")
    assert shop.hold(alice).status is Status.PAUSED


def test_paused_or_resumed_twice_is_refused(shop, alice, order):
    with pytest.raises(Refused):
        resume(shop, alice, order)
    pause(shop, alice, order)
    with pytest.raises(Refused):
        pause(shop, alice, order)
    resume(shop, alice, order)
    with pytest.raises(Refused):
        resume(shop, alice, order)


def test_what_is_paid_once_cannot_be_paused(shop, alice):
    with pytest.raises(Refused, match="Only what renews"):
        pause(shop, alice, shop.buy(alice, shop.once(access_days=30)))


def test_while_overdue_there_is_nothing_to_pause(shop, alice, order):
    falls_overdue(shop, order)
    with pytest.raises(Refused):
        pause(shop, alice, order)


def test_a_plan_that_is_paid_up_collects_nothing_more_for_having_been_paused(shop, alice):
    order = shop.buy(alice, shop.product(kind=ProductKind.PAYMENT_PLAN, payments=2, plan_end=PlanEnd.END))
    shop.move(days=30)
    shop.run()
    shop.move(days=11)
    pause(shop, alice, order)
    shop.move(days=50)
    assert resume(shop, alice, order).paid_until_at == shop.now + 20 * DAY
    shop.move(days=19)
    shop.run()
    assert shop.hold(alice).status is Status.ACTIVE
    shop.move(days=2)
    shop.run()
    assert (shop.hold(alice).status, amounts(shop)) == (Status.EXPIRED, [1900, 1900])


def test_a_try_that_is_open_when_the_pause_begins_is_followed_to_its_end(shop, alice, order):
    shop.script(order, {"processing": "insufficient_funds", "after": 3 * 3600})
    shop.move(days=30)
    shop.run()
    pause(shop, alice, order)
    for _hour in range(6):
        shop.move(hours=1)
        shop.run()
    assert [one.status for one in shop.attempts(order)] == ["succeeded", "failed"]
    assert (shop.read(order).status, shop.read(order).wake_at) == (State.PAUSED, None)


def test_what_was_due_when_the_pause_began_is_due_when_it_ends(shop, alice, order):
    breaks_confirmation(shop, "status", status=429)
    shop.move(days=30)
    assert shop.run().counts == {"not executed": 1}
    pause(shop, alice, order)
    shop.move(days=3)
    resume(shop, alice, order)
    assert shop.run().counts == {"settled": 1}
    assert shop.read(order).next_due_at == shop.read(order).start_of(3)
    assert amounts(shop) == [1900, 1900]


# --- skip and another date ------------------------------------------------------------------------------------------


def test_a_skipped_cycle_costs_nothing_and_keeps_the_rhythm(shop, alice, order):
    skipped = changing.skip(shop.desk, order.uuid, by="admin:1")
    assert skipped.next_due_at.isoformat() == "2026-08-15T12:00:00+00:00"
    shop.move(days=31)
    assert shop.run().counts == {}
    assert shop.hold(alice).status is Status.ACTIVE
    shop.move(days=30)
    shop.run()
    assert amounts(shop) == [1900, 1900]
    assert [one.source for one in shop.settlements(order)] == ["gateway", "waived", "gateway"]


def test_a_second_click_does_not_skip_a_second_cycle(shop, order):
    changing.skip(shop.desk, order.uuid, by="admin:1")
    with pytest.raises(Refused, match="less than a day ago"):
        changing.skip(shop.desk, order.uuid, by="admin:1")


def test_another_date_moves_this_cycle_and_all_after_it(shop, alice, order):
    at = shop.now + 45 * DAY
    changing.change_date(shop.desk, order.uuid, at, by="admin:1")
    changing.change_date(shop.desk, order.uuid, at, by="admin:1")
    shop.move(days=44)
    assert shop.run().counts == {}
    assert shop.hold(alice).status is Status.ACTIVE
    shop.move(days=1)
    shop.run()
    assert amounts(shop) == [1900, 1900]
    assert shop.read(order).next_due_at.isoformat() == "2026-08-30T12:00:00+00:00"


@pytest.mark.parametrize("days", [0, -1])
def test_a_new_date_lies_in_the_future(shop, order, days):
    with pytest.raises(Refused, match="lies in the future"):
        changing.change_date(shop.desk, order.uuid, shop.now + days * DAY, by="admin:1")


# --- by hand --------------------------------------------------------------------------------------------------------


def test_collecting_now_takes_the_next_cycle_and_keeps_the_rhythm(shop, alice, order):
    shop.move(days=1)
    assert charge_now(shop, order) == "settled"
    assert shop.read(order).next_due_at.isoformat() == "2026-08-15T12:00:00+00:00"
    shop.move(days=31)
    assert shop.run().counts == {}
    assert shop.attempts(order)[-1].origin == "admin"


def test_a_second_click_does_not_collect_a_second_cycle(shop, alice, order):
    shop.move(days=1)
    charge_now(shop, order)
    with pytest.raises(Refused, match="less than a day ago"):
        charge_now(shop, order)
    assert amounts(shop) == [1900, 1900]


def test_a_second_click_on_an_overdue_order_does_not_collect_the_cycle_after(shop, alice, order):
    falls_overdue(shop, order)
    shop.move(days=1)
    assert charge_now(shop, order) == "settled"
    assert shop.hold(alice).status is Status.ACTIVE
    with pytest.raises(Refused, match="less than a day ago"):
        charge_now(shop, order)
    assert amounts(shop) == [1900, 1900]


def test_a_decline_before_the_due_date_makes_nothing_overdue(shop, alice, order):
    shop.move(days=1)
    shop.script(order, "insufficient_funds")
    assert charge_now(shop, order) == "declined"
    assert (shop.read(order).status, shop.hold(alice).status) == (State.ACTIVE, Status.ACTIVE)
    assert "payment_failed" not in shop.mails()
    shop.move(days=30)
    assert shop.run().counts == {"settled": 1}


def test_where_the_bank_asks_for_the_holder_nobody_else_tries_again(shop, alice, order):
    falls_overdue(shop, order, "authentication_required")
    assert charge_now(shop, order) == "nothing"
    assert len(shop.attempts(order)) == 2
    assert shop.hold(alice).status is Status.OVERDUE


def test_a_card_given_again_is_not_tried_where_the_bank_asks_for_its_holder(shop, alice, order):
    bundle = shop.buy(alice, shop.product(grant=Grant.BUNDLE))
    shop.processor.post("cards/4242", {"outcomes": ["authentication_required"] * 2})
    shop.move(days=30)
    shop.run()
    shop.run()
    begun = paying.begin_card(shop.desk, Buyer(alice, "alice@example.test", "Alice"), order.uuid)
    shop.pay(begun)
    assert paying.finish_card(shop.desk, alice, begun.order) == "paid"
    shop.run()
    assert (shop.read(order).status, shop.read(bundle).status) == (State.ACTIVE, State.OVERDUE)
    assert len(shop.attempts(bundle)) == 2


@pytest.mark.parametrize("lost", [{"never_again": True}, {"customer_id": ""}])
def test_a_card_that_may_not_be_charged_makes_nothing_overdue_before_the_due_date(shop, alice, order, lost):
    shop.move(days=1)
    write_sql(sa.update(cards).values(**lost))
    assert charge_now(shop, order) == "nothing"
    assert (shop.read(order).status, shop.hold(alice).status) == (State.ACTIVE, Status.ACTIVE)
    shop.move(days=30)
    shop.run()
    assert shop.hold(alice).status is Status.OVERDUE


def test_a_card_that_the_gateway_has_lost_makes_nothing_overdue_before_the_due_date(shop, alice, order):
    shop.move(days=1)
    shop.processor.post(f"methods/{shop.card_of(order)}/detach")
    assert charge_now(shop, order) == "not executed"
    assert shop.hold(alice).status is Status.ACTIVE


def test_a_missed_cycle_is_marked_paid_once_the_gateway_can_no_longer_collect_it(shop, alice, order):
    falls_overdue(shop, order)
    intent = shop.receivables(order)[1].intent_id
    paid = mark_paid(shop, order)
    assert (paid.status, shop.hold(alice).status) == (State.ACTIVE, Status.ACTIVE)
    states = {one["id"]: one["status"] for one in shop.processor.get("ledger")["payment_intents"]}
    assert states[intent] == "canceled"
    assert accounts_of(order) == {"gateway": 1900, "manual": 1900, "revenue": -3800}


def test_a_second_click_does_not_mark_the_cycle_after_as_paid(shop, alice, order):
    falls_overdue(shop, order)
    mark_paid(shop, order)
    with pytest.raises(Refused, match="less than a day ago"):
        mark_paid(shop, order)
    with pytest.raises(Refused, match="less than a day ago"):
        changing.waive(shop.desk, order.uuid, by="admin:1")


def test_what_the_gateway_has_collected_meanwhile_is_booked_and_not_marked_paid(shop, alice, order):
    falls_overdue(shop, order)
    shop.pay(paying.begin_card(shop.desk, Buyer(alice, "alice@example.test", "Alice")))
    with pytest.raises(Refused, match="just done so"):
        mark_paid(shop, order)
    assert shop.hold(alice).status is Status.ACTIVE
    assert [one.source for one in shop.settlements(order)] == ["gateway", "gateway"]


def test_nothing_is_marked_paid_while_nobody_knows_what_came_of_a_try(shop, alice, order):
    shop.move(days=30)
    breaks_confirmation(shop, "cut_reply")
    assert shop.run().counts == {"unknown": 1}
    with pytest.raises(Refused, match="being worked on"):
        mark_paid(shop, order)
    shop.move(hours=1)
    shop.run()
    assert amounts(shop) == [1900, 1900]


def test_what_is_waived_gives_access_back_and_no_money(shop, alice, order):
    falls_overdue(shop, order)
    changing.waive(shop.desk, order.uuid, by="admin:1", note="illness")
    assert shop.hold(alice).status is Status.ACTIVE
    assert shop.settlements(order)[-1].source == "waived"
    assert accounts_of(order) == {"gateway": 1900, "waived": 1900, "revenue": -3800}


def test_nothing_is_owed_for_what_has_ended(shop, alice, order):
    cancel(shop, alice, order, at_once=True)
    for verb in (changing.mark_paid, changing.waive):
        with pytest.raises(Refused, match="Nothing is owed"):
            verb(shop.desk, order.uuid, by="admin:1")


def test_a_missed_old_cycle_is_marked_paid_once(shop, alice, order):
    shop.move(days=65)
    shop.run()
    assert [one.status for one in shop.receivables(order)] == ["settled", "missed", "settled"]
    changing.collect_missed(shop.desk, order.uuid, 1, by="admin:1")
    with pytest.raises(Refused, match="was not missed"):
        changing.collect_missed(shop.desk, order.uuid, 1, by="admin:1")
    assert shop.read(order).next_due_at.isoformat() == "2026-09-15T12:00:00+00:00"


# --- Charlie --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", [changing.cancel, changing.keep, changing.pause, changing.resume])
def test_charlie_cannot_touch_alices_order(shop, alice, order, verb):
    charlie = shop.house.user("charlie")
    with pytest.raises(NotFound):
        verb(shop.desk, charlie, order.uuid, by="member")
    shop.buy(charlie, shop.product())
    with pytest.raises(NotFound):
        verb(shop.desk, charlie, order.uuid, by="member")
    assert shop.read(order) == order


def test_charlie_can_neither_pay_nor_finish_alices_order(shop, alice, order):
    falls_overdue(shop, order)
    charlie = shop.house.user("charlie")
    shop.buy(charlie, shop.product())
    buyer = Buyer(charlie, "charlie@example.test", "Charlie")
    for attempt in (
        lambda: paying.begin_card(shop.desk, buyer, order.uuid), lambda: paying.finish_card(shop.desk, charlie, order.uuid),
        lambda: switching.change_product(shop.desk, buyer, order.uuid, shop.product(), "0" * 32, by="member"),
    ):  # fmt: skip
        with pytest.raises(NotFound):
            attempt()
    assert refund_states() == []


def test_charlie_cannot_keep_a_card_that_alice_has_given(shop, alice, order):
    begun = paying.begin_card(shop.desk, Buyer(alice, "alice@example.test", "Alice"))
    assert begun.mode == "setup"
    shop.pay(begun)
    charlie = shop.house.user("charlie")
    shop.buy(charlie, shop.product())
    setup_id = begun.client_secret.split("_secret_")[0]
    with pytest.raises(NotFound):
        paying.finish_card(shop.desk, charlie, setup_id=setup_id)
    assert paying.finish_card(shop.desk, alice, setup_id=setup_id) == "kept"


def test_after_all_verbs_the_order_is_collected_as_ever(shop, alice, order):
    pause(shop, alice, order)
    resume(shop, alice, order)
    cancel(shop, alice, order)
    keep(shop, alice, order)
    shop.move(days=30)
    assert shop.run().counts == {"settled": 1}
    assert shop.hold(alice).status is Status.ACTIVE
    assert shop.hold(alice).expires_at is None
