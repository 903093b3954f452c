"""Where money is lost or taken twice when several rare things meet. Each of these once went wrong."""

import pytest

from jobs.access import end_access
from sidecar.billing import (
    changing,
    checking,
    guard,
    hooks,
    restoring,
    returning,
    store,
    store_guard,
    store_ledger,
)
from sidecar.billing.guard import Paused
from sidecar.billing.ordering import Buyer, finish
from sidecar.billing.paying import begin_card, finish_card
from sidecar.billing.states import SubscriptionState
from sidecar.catalog.rules import Grant
from sidecar.db import reading, session, use_case
from sidecar.errors import NotFound
from sidecar.members.rules import Status
from tests.billing.books import alarm_kinds, credit_of, deliver_all, newest_charge
from tests.billing.shop import OTHER_GOOD_CARD
from tests.billing.test_guard import backup, restore
from tests.billing.test_overdue import alice_subscribes, fails_at_renewal

State = SubscriptionState
ASKS = "4000002760003184"


def buyer(user_id):
    return Buyer(user_id, "alice@example.test", "Alice")


@use_case
def give_credit(order, amount_minor, name="gift"):
    store_ledger.post(
        session(),
        f"test:{name}",
        order.member_id,
        "EUR",
        order.ordered_at,
        {"manual": amount_minor, "credit": -amount_minor},
    )


def days(shop, count):
    for _day in range(count):
        shop.move(days=1)
        shop.run()


# --- zones ---------------------------------------------------------------------------------------------------------


def test_a_site_that_has_an_offset_and_no_zone_sells_and_renews(shop):
    shop.house.option("timezone_string", "")
    shop.house.option("gmt_offset", "2")
    _alice, order = alice_subscribes(shop)
    assert order.zone == "UTC+02:00"
    shop.move(days=30)
    assert shop.run().counts == {"settled": 1}
    assert shop.read(order).next_due_at.isoformat() == "2026-08-15T12:00:00+00:00"


# --- after a restored backup ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_paid", [True, False], ids=["paid", "unpaid"])
def test_a_checkout_that_a_restored_database_lost_is_set_aside_and_billing_goes_on(shop, is_paid):
    alice_subscribes(shop)
    shop.run()
    saved = backup()
    shop.move(days=1)
    begun, _token = shop.begin(shop.house.user("bob"), shop.product())
    if is_paid:
        shop.pay(begun)
    restore(saved)
    with pytest.raises(Paused):
        shop.run()
    assert restoring.resume(shop.desk, by="test").unknown == 1
    shop.run()
    assert "unknown_payment" in alarm_kinds()
    intents = {one["status"] for one in shop.processor.get("ledger")["payment_intents"]}
    assert intents == ({"succeeded"} if is_paid else {"succeeded", "canceled"})


def test_resuming_satisfies_the_marks_of_other_machines_too(shop):
    alice_subscribes(shop)
    shop.run()
    other = shop.new_desk(machine="machine-2", state_dir=shop.desk.state_dir / "other")
    other.state_dir.mkdir()
    restoring.enroll_machine(other)
    saved = backup()
    for _run in range(3):
        guard.check_all(other)
    restore(saved)
    with pytest.raises(Paused):
        guard.check_all(other)
    restoring.resume(shop.desk, by="test")
    guard.check_all(other)


def test_a_cycle_that_was_collected_with_less_credit_than_the_backup_knows_is_imported_as_it_was(shop):
    _alice, order = alice_subscribes(shop)
    shop.run()
    give_credit(order, 500)
    saved = backup()
    give_credit(order, -500, "used")
    shop.move(days=30)
    shop.run()
    restore(saved)
    with pytest.raises(Paused):
        shop.run()
    assert restoring.resume(shop.desk, by="test").imported == 1
    days(shop, 2)
    assert [one["amount"] for one in shop.charges()] == [1900, 1900]
    assert [one.status for one in shop.receivables(order)] == ["settled", "settled"]
    assert credit_of(order) == 500


def test_a_cycle_that_was_paid_in_cash_after_the_backup_is_held_and_not_charged(shop):
    _alice, order = fails_at_renewal(shop)
    saved = backup()
    changing.mark_paid(shop.desk, order.uuid, by="admin:1")
    shop.run()
    restore(saved)
    with pytest.raises(Paused):
        shop.run()
    restoring.resume(shop.desk, by="test")
    assert shop.read(order).held == "restored"
    days(shop, 8)
    assert len(shop.charges()) == 1
    assert len(shop.attempts(order)) == 2


@pytest.mark.parametrize("when", ["before the guard looks", "while billing is paused"])
def test_what_webhooks_say_of_a_restored_cycle_takes_no_hold_away(shop, when):
    """`canceled` would move the cycle on to a second intent, and the first would tell nothing any more."""
    _alice, order = fails_at_renewal(shop)
    saved = backup()
    changing.mark_paid(shop.desk, order.uuid, by="admin:1")
    shop.run()
    restore(saved)
    if when == "before the guard looks":
        deliver_all(shop)
    with pytest.raises(Paused):
        shop.run()
    if when == "while billing is paused":
        assert deliver_all(shop) == 0
    restoring.resume(shop.desk, by="test")
    hooks.process_webhooks(shop.desk)
    assert shop.read(order).held == "restored"
    days(shop, 8)
    assert len(shop.charges()) == 1


def test_a_refund_that_the_backup_does_not_know_is_imported_with_its_payment(shop):
    alice, order = alice_subscribes(shop)
    shop.run()
    saved = backup()
    shop.move(days=30)
    shop.run()
    returning.refund(shop.desk, order.uuid, None, by="admin:1")
    restore(saved)
    with pytest.raises(Paused):
        shop.run()
    restoring.resume(shop.desk, by="test")
    assert shop.read(order).status is State.CANCELED
    assert shop.hold(alice).status is Status.CANCELED


# --- by hand, from where nobody may -----------------------------------------------------------------------------------


def acts_by_hand(desk, order):
    return {
        "charge": lambda: changing.charge_now(desk, order.uuid, by="admin"),
        "paid": lambda: changing.mark_paid(desk, order.uuid, by="admin"),
        "waive": lambda: changing.waive(desk, order.uuid, by="admin"),
        "refund": lambda: returning.refund(desk, order.uuid, None, by="admin"),
    }


@pytest.mark.parametrize("act", ["charge", "paid", "waive", "refund"])
def test_a_copy_of_the_site_moves_no_money_by_hand(shop, act):
    _alice, order = fails_at_renewal(shop)
    copy = shop.new_desk(site_url="https://copy.test", machine="machine-2")
    with pytest.raises(Paused):
        acts_by_hand(copy, order)[act]()
    assert len(shop.charges()) == 1


@pytest.mark.parametrize("act", ["charge", "paid", "waive", "refund"])
def test_a_restored_database_moves_no_money_by_hand_before_it_has_resumed(shop, act):
    _alice, order = alice_subscribes(shop)
    shop.run()
    saved = backup()
    shop.move(days=30)
    shop.run()
    restore(saved)
    with pytest.raises(Paused):
        shop.run()
    with pytest.raises(Paused):
        acts_by_hand(shop.desk, order)[act]()
    assert len(shop.charges()) == 2


# --- who does not come back -----------------------------------------------------------------------------------------


def test_a_question_of_the_bank_that_nobody_answers_stops_no_schedule(shop):
    alice, order = fails_at_renewal(shop)
    begun = begin_card(shop.desk, buyer(alice))
    shop.pay(begun, ASKS)
    assert finish_card(shop.desk, alice, begun.order) == "open"
    days(shop, 9)
    assert shop.read(order).status is State.CANCELED
    assert [one.origin for one in shop.attempts(order)][-2:] == ["retry", "retry"]


def test_a_checkout_whose_bank_was_never_answered_is_given_up(shop):
    alice = shop.house.user("alice")
    begun, token = shop.begin(alice, shop.product())
    shop.pay(begun, ASKS)
    finish(shop.desk, token)
    days(shop, 3)
    assert finish(shop.desk, token).status is State.CANCELED


def test_a_member_who_paid_on_the_last_day_without_coming_back_is_not_canceled(shop):
    alice, order = fails_at_renewal(shop, {"decline_code": "lost_card"})
    shop.move(days=6, hours=22)
    shop.run()
    begun = begin_card(shop.desk, buyer(alice))
    shop.pay(begun, OTHER_GOOD_CARD)
    shop.move(hours=3)
    assert shop.run().counts == {"settled": 1}
    assert shop.read(order).status is State.ACTIVE
    assert shop.hold(alice).status is Status.ACTIVE


def test_a_change_of_card_holds_although_its_browser_never_came_back(shop):
    alice, order = alice_subscribes(shop)
    before = shop.card_of(order)
    begun = begin_card(shop.desk, buyer(alice))
    shop.pay(begun, OTHER_GOOD_CARD)
    deliver_all(shop)
    assert shop.card_of(order) != before


def test_a_webhook_that_is_faster_than_the_browser_gives_the_new_card_to_all_orders(shop):
    alice, order = alice_subscribes(shop)
    other = shop.buy(alice, shop.product(grant=Grant.BUNDLE))
    shop.processor.post("cards/4242", {"outcomes": ["insufficient_funds"] * 2})
    shop.move(days=30)
    shop.run()
    shop.run()
    begun = begin_card(shop.desk, buyer(alice))
    shop.pay(begun, OTHER_GOOD_CARD)
    deliver_all(shop)
    assert finish_card(shop.desk, alice, begun.order) == "paid"
    assert shop.run().counts == {"settled": 1}
    assert {shop.read(one).status for one in (order, other)} == {State.ACTIVE}


def test_a_card_that_the_gateway_did_not_keep_pays_once_and_becomes_nobodys(shop):
    alice, order = fails_at_renewal(shop, "insufficient_funds", "insufficient_funds")
    begun = begin_card(shop.desk, buyer(alice))
    before = shop.card_of(order)
    shop.move(days=2)
    shop.run()  # the retry takes the keeping back
    shop.pay(begun, OTHER_GOOD_CARD)
    assert finish_card(shop.desk, alice, begun.order) == "paid"
    assert shop.card_of(order) == before
    shop.move(days=29)
    assert shop.run().counts == {"settled": 1}


# --- what waits for long --------------------------------------------------------------------------------------------


def test_a_cycle_that_was_held_until_it_was_over_is_listed_and_only_the_present_one_is_collected(shop):
    _alice, order = alice_subscribes(shop)
    opened = shop.processor.post("disputes", {"charge": newest_charge(shop)})
    returning.note_dispute(shop.desk, opened["id"])
    shop.move(days=30)
    shop.run()
    days(shop, 70)
    shop.processor.post(f"disputes/{opened['id']}/close", {"status": "won"})
    returning.note_dispute(shop.desk, opened["id"])
    days(shop, 3)
    assert len(shop.charges()) == 2
    assert [one.status for one in shop.receivables(order)] == ["settled", "missed", "missed", "settled"]
    assert "missed" in alarm_kinds()


def test_checkouts_that_nobody_pays_do_not_stop_billing(shop, monkeypatch):
    monkeypatch.setattr(guard, "_SMALL_DAY", 3)
    product = shop.product()
    for _number in range(4):
        shop.begin(shop.house.user(), product)
    shop.run()
    for hours in (0.5, 1, 6, 17):
        shop.move(hours=hours)
        shop.run()
    with reading() as reader:
        assert store_guard.find_lease(reader).paused_for is None


def test_a_network_that_wants_to_be_left_alone_for_longer_than_the_schedule_is(shop):
    alice = shop.house.user("alice")
    order = shop.buy(alice, shop.product(), card=OTHER_GOOD_CARD)
    shop.script(order, {"decline_code": "do_not_honor", "network_advice_code": "30"}, then="succeed")
    shop.move(days=30)
    shop.run()
    days(shop, 8)
    assert len(shop.attempts(order)) == 2
    assert shop.read(order).status is State.CANCELED


# --- credit, refunds, alarms ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["skip", "waive"])
def test_what_is_given_for_nothing_uses_no_credit(shop, verb):
    _alice, order = alice_subscribes(shop)
    give_credit(order, 500)
    getattr(changing, verb)(shop.desk, order.uuid, by="admin:1")
    assert credit_of(order) == 500


def test_a_full_refund_gives_back_the_part_that_credit_had_paid(shop):
    _alice, order = alice_subscribes(shop)
    give_credit(order, 500)
    shop.move(days=30)
    shop.run()
    assert [one["amount"] for one in shop.charges()] == [1900, 1400]
    returning.refund(shop.desk, order.uuid, None, by="admin:1")
    assert credit_of(order) == 500


def test_an_alarm_that_comes_back_is_mailed_again(shop):
    for _time in range(2):
        shop.move(hours=1)
        _raise(shop)
        _close(shop)
    assert shop.mails().count("alarm") == 2


@use_case
def _raise(shop):
    from sidecar.billing.notices import raise_alarm

    raise_alarm(session(), "fault", "x", "Something is wrong.", shop.now)


@use_case
def _close(shop):
    store_guard.close_alarms(session(), "fault", shop.now)


def test_an_end_that_was_written_down_on_one_side_first_is_no_breach(shop):
    alice, order = alice_subscribes(shop)
    other = shop.buy(alice, shop.product(grant=Grant.BUNDLE))
    changing.cancel(shop.desk, alice, order.uuid, by="member")
    shop.move(days=30, hours=0.01)
    end_access(shop.house.service)
    assert checking.park_breaches(shop.desk) == 0
    assert shop.read(other).held is None


def test_editing_a_card_does_not_lift_what_its_network_has_forbidden(shop):
    _alice, order = fails_at_renewal(shop, {"decline_code": "stolen_card", "advice_code": "do_not_try_again"})
    card_id = shop.card_of(order)
    shop.processor.client().v1.payment_methods.update(card_id, {"metadata": {"a": "b"}})
    deliver_all(shop)
    with reading() as reader:
        from sidecar.billing.store_cards import find_card_by_name

        assert find_card_by_name(reader, card_id).never_again


def test_a_mistyped_number_names_nobodys_order(shop):
    alice_subscribes(shop)
    for name in ("zzzz", "%%%%", "____", ""):
        with pytest.raises(NotFound), reading() as reader:
            store.get_order(reader, name)


def test_a_customer_that_the_gateway_forgot_is_made_again_when_the_member_pays(shop):
    alice, order = alice_subscribes(shop)
    client = shop.processor.client()
    customer = next(iter(client.v1.customers.list().data)).id
    client.v1.customers.delete(customer)
    shop.move(days=30)
    shop.run()
    assert shop.read(order).status is State.OVERDUE
    begun = begin_card(shop.desk, buyer(alice))
    shop.pay(begun, OTHER_GOOD_CARD)
    assert finish_card(shop.desk, alice, begun.order) == "paid"
    shop.move(days=31)
    assert shop.run().counts == {"settled": 1}
