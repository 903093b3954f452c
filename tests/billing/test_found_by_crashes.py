"""What `./run crash` has found, each as the shortest story that shows it."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from sidecar.billing import changing, charging, locking, restoring, returning, store_cards
from sidecar.billing.gateways.gateway import CardFacts
from sidecar.billing.guard import Paused, check_all
from sidecar.billing.models import alarms, member_locks, receivables, refunds
from sidecar.billing.planning import Collect, Task, prepare
from sidecar.billing.returning import book_refund, follow_refunds, note_dispute, refund
from sidecar.billing.rules import Origin
from sidecar.db import get_server_time, reading, session, use_case
from tests.billing.books import alarm_kinds, deliver_all
from tests.billing.test_guard import backup, restore
from tests.billing.test_overdue import fails_at_renewal


@pytest.fixture
def order(shop):
    return shop.buy(shop.house.user("alice"), shop.product())


def test_a_charge_by_hand_whose_process_died_is_followed_up_by_the_next_run(shop, order):
    """The order is due in weeks; nobody would have asked before then whether the money had moved."""
    shop.move(days=2)
    with locking.member_locked(order.member_id) as holder:
        plan = prepare(shop.desk, Task(order.id, order.member_id, holder, Origin.ADMIN), now=shop.now)
        assert isinstance(plan, Collect)
        intent_id = charging.ensure_intent(shop.desk, plan, holder)
        shop.gateway.confirm_intent("a-key", intent_id, plan.card.gateway_id)
    shop.move(hours=1)
    assert shop.run().counts == {"settled": 1}
    assert [one.status for one in shop.attempts(order)] == ["succeeded", "succeeded"]


def test_a_declined_charge_by_hand_leaves_the_order_to_its_due_date(shop, order):
    shop.script(order, "insufficient_funds")
    shop.move(days=2)
    with locking.member_locked(order.member_id) as holder:
        charging.carry_out_now(shop.desk, Task(order.id, order.member_id, holder, Origin.ADMIN))
    shop.move(hours=1)
    shop.run()
    assert shop.read(order).wake_at == order.next_due_at
    assert len(shop.charges()) == 1


def test_a_worker_that_woke_up_late_plans_nothing_beside_the_one_who_has_the_lock_now(shop, order):
    shop.move(days=30)
    late = Task(order.id, order.member_id, "a holder whose lease has ended")
    with locking.member_locked(order.member_id):
        assert charging.charge_one(shop.desk, late) == "nothing"
    assert [one.cycle for one in shop.receivables(order)] == [0]


def test_a_worker_whose_lease_is_over_plans_nothing_even_if_nobody_has_taken_it_yet(shop, order, monkeypatch):
    shop.move(days=30)
    with locking.member_locked(order.member_id) as holder:
        _end_lease(order.member_id)
        assert charging.charge_one(shop.desk, Task(order.id, order.member_id, holder)) == "nothing"
    assert [one.cycle for one in shop.receivables(order)] == [0]


@use_case
def _end_lease(member_id):
    over = sa.update(member_locks).where(member_locks.c.member_id == member_id)
    session().execute(over.values(until_s=get_server_time(session()) - 1))


def test_a_worker_that_woke_up_late_neither_puts_off_nor_alarms_what_somebody_else_works_on(
    shop, order, monkeypatch
):
    shop.move(days=30)

    def breaks(*arguments, **options):
        raise RuntimeError("a unique key refused what somebody else has just written")

    with locking.member_locked(order.member_id):
        monkeypatch.setattr(charging, "prepare", breaks)
        late = Task(order.id, order.member_id, "a holder whose lease has ended")
        assert charging.charge_one(shop.desk, late) == "lost"
    with reading() as reader:
        assert reader.execute(sa.select(alarms.c.kind)).all() == []
    assert shop.read(order).wake_at == order.wake_at


def test_a_cycle_that_was_held_for_long_is_not_followed_by_the_next_one_on_the_same_day(shop):
    """The dispute lasted until two days before the next date; two weekly cycles within an hour would be a surprise."""
    order = shop.buy(shop.house.user("alice"), shop.product(every=1, unit="week"))
    dispute = shop.processor.post("disputes", {"charge": shop.charges()[0]["id"]})
    note_dispute(shop.desk, dispute["id"])
    for _day in range(16):
        shop.move(days=1)
        shop.run()
    shop.processor.post(f"disputes/{dispute['id']}/close", {"status": "won"})
    note_dispute(shop.desk, dispute["id"])
    shop.move(days=1)
    runs = [shop.run().counts, shop.run().counts]
    shop.move(hours=2)
    runs.append(shop.run().counts)
    assert [counts["settled"] for counts in runs] == [1, 0, 0]
    assert len([one for one in shop.receivables(order) if one.status == "settled"]) == 2


CARD = CardFacts("pm_first", "a-fingerprint", "visa", "4242", 2030, 12, "cus_1")


def test_a_card_that_its_network_forbids_stays_forbidden_when_it_is_typed_in_again(shop, order):
    """The gateway gives it another name then; a new date is another card."""
    first = keep(shop, order, CARD)
    forbid(CARD.fingerprint)
    again = keep(shop, order, replace(CARD, id="pm_second"))
    renewed = keep(shop, order, replace(CARD, id="pm_third", exp_year=2034))
    assert [first.never_again, again.never_again, renewed.never_again] == [False, True, False]


def test_a_card_that_was_only_tried_and_is_forbidden_is_so_when_it_is_kept_later(shop, order):
    """A browser tries a card that nobody keeps; typed in once more it is accepted, and would be charged by the schedule."""
    refuse(shop, CARD)
    kept = keep(shop, order, CARD)
    renewed = keep(shop, order, replace(CARD, id="pm_second", exp_year=2034))
    assert [kept.never_again, renewed.never_again] == [True, False]


@use_case
def refuse(shop, facts):
    store_cards.add_decline(session(), "ch_tried", facts, shop.now, forbids=True)


@use_case
def keep(shop, order, facts):
    return store_cards.sync_card(session(), order.member_id, facts, shop.now)


@use_case
def forbid(fingerprint):
    store_cards.set_never_again(session(), fingerprint, forbidden=True)


def test_a_clock_that_is_set_in_the_midst_of_a_run_is_noticed_before_the_next_order(shop):
    """Between two questions to the gateway a run would have charged hundreds of orders days too early."""
    shop.buy(shop.house.user("alice"), shop.product())
    shop.move(days=2)
    shop.buy(shop.house.user("bob"), shop.product())
    shop.move(days=28)

    def set_clock(_tally):
        shop.house.clock.move(timedelta(days=3))

    with pytest.raises(Paused):
        shop.run(told=set_clock)
    assert len(shop.charges()) == 3


def test_a_refund_that_counted_as_never_made_and_was_made_after_all_is_written_down(shop, order, monkeypatch):
    shop.processor.post(
        "faults", {"match": {"path": "/v1/refunds", "times": 1}, "do": {"kind": "timeout_before"}}
    )
    assert refund(shop.desk, order.uuid, None, by="admin") == "unknown"
    monkeypatch.setattr(returning, "KEY_LIVES_SECONDS", -1.0)
    follow_refunds(shop.desk)
    with reading() as reader:
        row = reader.execute(sa.select(refunds)).one()
    assert row.status == "failed"
    metadata = {"gatepost": shop.desk.installation, "refund": row.uuid}
    facts = shop.gateway.make_refund("late", row.charge_id, row.amount_minor, row.currency, metadata)
    book_refund(shop.desk, facts)
    book_refund(shop.desk, facts)
    assert shop.mails().count("refunded") == 1
    assert shop.read(order).ended_for == "refunded"


@pytest.mark.parametrize("is_paid", [True, False], ids=["paid", "unpaid"])
def test_a_restored_order_that_is_canceled_before_billing_resumes_does_not_pause_it_for_ever(
    shop, monkeypatch, is_paid
):
    """Its cycle had got a second intent since the backup, and is owed no more: nothing could be bound to it. The first one
    is older than what is imported."""
    _alice, order = fails_at_renewal(shop)
    shop.script(order, "insufficient_funds")
    live(shop, days=4)
    shop.buy(shop.house.user("bob"), shop.product())
    shop.run()
    saved = backup()
    monkeypatch.setattr(charging, "IN_FLIGHT_SECONDS", -1.0)
    never_arrives = {"path": "/v1/payment_intents/*/confirm", "times": 1}
    shop.processor.post("faults", {"match": never_arrives, "do": {"kind": "timeout_before"}})
    shop.script(order, *([] if is_paid else ["insufficient_funds"]))
    live(shop, days=3)
    assert len(shop.processor.get("ledger")["payment_intents"]) == 4
    restore(saved)
    changing.cancel(shop.desk, None, order.uuid, by="member")
    with pytest.raises(Paused):
        shop.run()
    restoring.resume(shop.desk, by="owner")
    assert shop.run().total == 0
    assert len(shop.charges()) == 2 + is_paid
    assert ("surplus" in alarm_kinds()) is is_paid
    if not is_paid:
        statuses = {one["status"] for one in shop.processor.get("ledger")["payment_intents"]}
        assert statuses == {"succeeded", "canceled"}


def test_a_restored_cycle_that_a_webhook_settles_before_billing_resumes_is_bound_to_what_has_collected_it(
    shop, order
):
    saved, plan = begin_renewal(shop, order)
    restore(saved)
    deliver_all(shop)
    cycle = shop.receivables(order)[-1]
    assert (cycle.status, cycle.intent_id) == ("settled", collected(shop)[-1]["payment_intent"])
    assert cycle.intent_id != plan.receivable.intent_id
    assert {one.intent_id for one in shop.attempts(order)[1:]} == {cycle.intent_id}
    shop.run()
    assert len(collected(shop)) == 2


def test_an_intent_of_a_cycle_that_never_asked_for_one_tells_of_a_restored_database(shop, order):
    saved, _plan = begin_renewal(shop, order)
    restore(saved)
    forget_asking()
    with pytest.raises(Paused, match="restored from a backup"):
        check_all(shop.desk)


def begin_renewal(shop, order):
    """Renew; gives the database as it was when the intent was about to be asked for, and what was planned."""
    shop.move(days=30)
    with locking.member_locked(order.member_id) as holder:
        plan = prepare(shop.desk, Task(order.id, order.member_id, holder, Origin.ADMIN), now=shop.now)
        saved = backup()
        charging.collect(shop.desk, plan, holder)
    return saved, plan


def collected(shop):
    return [one for one in shop.charges() if one["status"] == "succeeded"]


@use_case
def forget_asking():
    session().execute(sa.update(receivables).values(intent_asked_at=None))


def live(shop, days):
    for _day in range(days):
        shop.move(days=1)
        shop.run()
