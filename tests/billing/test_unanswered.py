"""What nobody answered: money that may have moved is found out, never sent again blind."""

import pytest

from sidecar.billing import charging, locking, store
from sidecar.billing.booking import book_intent
from sidecar.billing.planning import Collect, Task, prepare
from sidecar.billing.states import SubscriptionState
from sidecar.db import session, use_case
from sidecar.members.rules import Status
from tests.billing.shop import OTHER_GOOD_CARD

CONFIRM = {"method": "POST", "path": "/v1/payment_intents/*/confirm"}
CREATE = {"method": "POST", "path": "/v1/payment_intents"}


@pytest.fixture
def order(shop):
    """Alice's subscription, whose first renewal is due."""
    made = shop.buy(shop.house.user("alice"), shop.product())
    shop.move(days=30)
    return made


def alice(shop, order):
    with shop.house.app.app_context():
        return shop.hold(_user(order))


@use_case
def _user(order):
    return store.get_user_id(session(), order.member_id)


def breaks(shop, match, kind, **options):
    shop.processor.post("faults", {"match": {**match, "times": 1}, "do": {"kind": kind, **options}})


def intents_of(shop, order):
    wanted = {one.uuid for one in shop.receivables(order)}
    return [
        one
        for one in shop.processor.get("ledger")["payment_intents"]
        if one["metadata"].get("receivable") in wanted
    ]


def later(shop, hours=1):
    shop.move(hours=hours)
    return shop.run().counts


def test_a_confirmation_that_was_carried_out_and_not_answered_is_found_by_reading(shop, order):
    breaks(shop, CONFIRM, "timeout_after")
    assert shop.run().counts == {"unknown": 1}
    assert alice(shop, order).status is Status.ACTIVE
    assert later(shop) == {"settled": 1}
    assert len(shop.charges()) == 2


def test_a_reply_cut_in_the_middle_is_unknown_and_then_found(shop, order):
    breaks(shop, CONFIRM, "cut_reply")
    assert shop.run().counts == {"unknown": 1}
    assert later(shop) == {"settled": 1}
    assert len(shop.charges()) == 2


def test_an_error_500_is_unknown_even_if_nothing_happened(shop, order):
    breaks(shop, CONFIRM, "status", status=500, executed=False)
    assert shop.run().counts == {"unknown": 1}
    assert shop.attempts(order)[-1].status == "unknown"


@pytest.mark.parametrize("status", [409])
def test_a_conflict_is_unknown_and_no_decline(shop, order, status):
    breaks(shop, CONFIRM, "status", status=status)
    assert shop.run().counts == {"unknown": 1}
    assert shop.read(order).status is SubscriptionState.ACTIVE


def test_while_unknown_nothing_else_collects_and_access_stays(shop, order):
    breaks(shop, CONFIRM, "timeout_before")
    shop.run()
    for _again in range(3):
        assert later(shop) == {"known": 1}
    assert len(shop.attempts(order)) == 2
    assert len(shop.charges()) == 1
    assert alice(shop, order).status is Status.ACTIVE


def test_a_confirmation_that_never_arrived_is_canceled_at_the_gateway_and_a_successor_collects(
    shop, order, monkeypatch
):
    breaks(shop, CONFIRM, "timeout_before")
    shop.run()
    monkeypatch.setattr(charging, "IN_FLIGHT_SECONDS", -1.0)
    assert later(shop) == {"dropped": 1}
    assert later(shop) == {"settled": 1}
    assert [one["status"] for one in intents_of(shop, order)][-2:] == ["canceled", "succeeded"]
    assert len(shop.charges()) == 2
    assert [one.origin for one in shop.attempts(order)] == ["browser", "schedule", "schedule"]


def test_money_that_moves_long_after_the_time_out_is_booked_on_its_receivable(shop, order):
    breaks(shop, CONFIRM, "execute_late", after=7200, clock="processor")
    assert shop.run().counts == {"unknown": 1}
    assert later(shop) == {"known": 1}
    assert later(shop, hours=2) == {"settled": 1}
    assert len(shop.charges()) == 2


def test_a_cancellation_beats_a_late_confirmation_and_nobody_pays_twice(shop, order, monkeypatch):
    breaks(shop, CONFIRM, "execute_late", after=7200, clock="processor")
    shop.run()
    monkeypatch.setattr(charging, "IN_FLIGHT_SECONDS", -1.0)
    assert later(shop) == {"dropped": 1}
    shop.move(hours=3)
    shop.run()
    assert len(shop.charges()) == 2
    assert shop.read(order).status is SubscriptionState.ACTIVE


def test_an_intent_whose_making_was_not_answered_is_made_once(shop, order):
    breaks(shop, CREATE, "timeout_after")
    assert shop.run().counts == {"unknown": 1}
    assert later(shop) == {"not executed": 1}
    assert later(shop) == {"settled": 1}
    renewal = [one for one in intents_of(shop, order) if one["metadata"]["cycle"] == "1"]
    assert len(renewal) == 1


def test_an_intent_that_was_lost_longer_ago_than_its_key_lives_is_found_by_its_metadata(shop, order):
    breaks(shop, CREATE, "timeout_after")
    shop.run()
    _forget_key(shop, order)
    shop.processor.post("keys/prune")
    assert later(shop) == {"not executed": 1}
    assert later(shop) == {"settled": 1}
    renewal = [one for one in intents_of(shop, order) if one["metadata"]["cycle"] == "1"]
    assert len(renewal) == 1


@use_case
def _forget_key(shop, order):
    due = store.find_due_receivable(session(), order.id)
    store.set_receivable(session(), due.id, intent_asked_at=due.intent_asked_at - 25 * 3600)


@pytest.mark.parametrize(("status", "code"), [(429, None), (429, "lock_timeout"), (401, None)])
def test_what_was_provably_not_carried_out_is_tried_again_in_minutes_without_touching_access(
    shop, order, status, code
):
    breaks(shop, CONFIRM, "status", status=status, **({"code": code} if code else {}))
    assert shop.run().counts == {"not executed": 1}
    assert alice(shop, order).status is Status.ACTIVE
    assert later(shop, hours=0.1) == {"settled": 1}
    assert [one.status for one in shop.attempts(order)][-2:] == ["not_executed", "succeeded"]


def test_a_gateway_that_cannot_be_reached_is_no_decline(shop, order):
    from sidecar.billing.gateways.gateway import NotExecuted
    from sidecar.billing.gateways.stripe import StripeGateway

    nobody = StripeGateway("sk_test_x", "pk_test_x", api_url="http://127.0.0.1:9")
    with pytest.raises(NotExecuted) as caught:
        nobody.read_intent("pi_1")
    assert caught.value.is_passing


# --- who died ------------------------------------------------------------------------------------------------------


def claims(shop, order):
    """What a worker has after it claimed and prepared, before it sends anything."""
    holder = locking.new_holder()
    locking.make_lock_rows([order.member_id])
    assert locking.claim_members([order.member_id], holder) == {order.member_id}
    task = Task(order.id, order.member_id, holder)
    plan = prepare(shop.desk, task, now=shop.now)
    assert isinstance(plan, Collect)
    return task, plan


def ends_lease(order):
    from sidecar.billing.models import member_locks

    @use_case
    def end():
        session().execute(member_locks.update().values(until_s=1.0))

    end()


def test_a_member_that_somebody_holds_is_not_charged(shop, order):
    claims(shop, order)
    assert shop.run().counts == {}


def test_a_claim_whose_holder_died_becomes_unknown_and_never_due(shop, order):
    claims(shop, order)
    ends_lease(order)
    assert shop.run().counts == {"not executed": 1}
    assert shop.attempts(order)[-1].status == "not_executed"
    assert later(shop) == {"settled": 1}


def test_a_worker_that_wakes_up_after_its_lease_sends_nothing(shop, order):
    task, plan = claims(shop, order)
    ends_lease(order)
    shop.run()
    later(shop)
    assert charging.collect(shop.desk, plan, task.holder) == "lost"
    assert len(shop.charges()) == 2


def test_a_worker_that_wakes_up_between_the_last_look_and_the_confirmation_cannot_collect_twice(
    shop, order, monkeypatch
):
    task, plan = claims(shop, order)
    intent_id = charging.ensure_intent(shop.desk, plan, task.holder)
    assert charging._last_look(plan, task.holder)
    ends_lease(order)
    monkeypatch.setattr(charging, "IN_FLIGHT_SECONDS", -1.0)
    shop.run()
    later(shop)
    late = shop.gateway.confirm_intent("woken", intent_id, plan.card.gateway_id)
    assert late.status == "canceled"
    assert len(shop.charges()) == 2


def test_what_a_dead_worker_collected_is_booked_by_the_next(shop, order):
    task, plan = claims(shop, order)
    intent_id = charging.ensure_intent(shop.desk, plan, task.holder)
    shop.gateway.confirm_intent(
        shop.desk.key("confirm", plan.receivable.uuid, 2), intent_id, plan.card.gateway_id
    )
    ends_lease(order)
    assert shop.run().counts == {"settled": 1}
    assert len(shop.charges()) == 2


def test_an_outcome_is_booked_once_however_often_it_is_told(shop, order):
    shop.run()
    receivable = shop.receivables(order)[-1]
    intent = shop.gateway.read_intent(receivable.intent_id)
    assert [book_intent(shop.desk, receivable.id, intent, now=shop.now) for _again in range(3)] == [
        "known"
    ] * 3
    assert len(shop.settlements(order)) == 2


# --- the gateway takes its time -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "status"), [("succeed", Status.ACTIVE), ("insufficient_funds", Status.OVERDUE)]
)
def test_processing_is_open_and_goes_either_way(shop, order, outcome, status):
    breaks(shop, CONFIRM, "processing")
    assert shop.run().counts == {"open": 1}
    assert alice(shop, order).status is Status.ACTIVE
    shop.processor.post(f"intents/{shop.receivables(order)[-1].intent_id}/finish", {"outcome": outcome})
    later(shop, hours=2)
    assert alice(shop, order).status is status


def test_a_last_retry_that_is_processing_cancels_nothing(shop, order):
    shop.script(order, *["insufficient_funds"] * 3)
    shop.run()
    for days in (2, 3):
        shop.move(days=days)
        shop.run()
    breaks(shop, CONFIRM, "processing")
    shop.move(days=2)
    shop.run()
    shop.move(days=1)
    shop.run()
    assert shop.read(order).status is SubscriptionState.OVERDUE
    shop.processor.post(f"intents/{shop.receivables(order)[-1].intent_id}/finish", {"outcome": "succeed"})
    later(shop, hours=2)
    assert alice(shop, order).status is Status.ACTIVE


def test_money_for_a_receivable_that_was_closed_is_surplus_and_given_back(shop, order):
    from sidecar.billing.changing import cancel
    from sidecar.billing.returning import refund_surpluses

    shop.script(order, "insufficient_funds")
    shop.run()
    intent_id = shop.receivables(order)[-1].intent_id
    cancel(shop.desk, None, order.uuid, by="test")
    shop.processor.post("pay", {"intent": intent_id, "card": OTHER_GOOD_CARD})
    intent = shop.gateway.read_intent(intent_id)
    assert book_intent(shop.desk, shop.receivables(order)[-1].id, intent, now=shop.now) == "surplus"
    assert refund_surpluses(shop.desk) == 1
    assert refund_surpluses(shop.desk) == 0
    refunds = shop.processor.get("ledger")["refunds"]
    assert [one["amount"] for one in refunds] == [1900]
