"""Billing's jobs: they find what is due in the database, do nothing without a gateway, and a pause is one line."""

import msgspec
import pytest
import sqlalchemy as sa

from jobs import billing
from jobs.schedule import SCHEDULE, run_one
from sidecar.billing import changing, store_guard
from sidecar.billing.models import alarms, billing_lease, receivables, surpluses, webhooks
from sidecar.billing.standing import CHARGE, State, read_standing
from sidecar.db import reading, transaction
from sidecar.outbox import outbox
from sidecar.service import Service

JOBS = {job.name: job for job in SCHEDULE}
OF_BILLING = (
    "charge", "process_webhooks", "close_intents", "refund_surpluses", "follow_refunds", "announce", "check_invariants",
    "catch_up",
)  # fmt: skip


@pytest.fixture
def service(shop) -> Service:
    """The service of a shop whose configuration names its gateway."""
    the_service = shop.house.service
    section = msgspec.structs.replace(the_service.config.billing, gateway="stripe", threads=2)
    the_service.config = msgspec.structs.replace(the_service.config, billing=section)
    the_service.__dict__["desk"] = shop.desk
    return the_service


def open_alarms():
    with reading() as reader:
        return {one.kind: one.sentence for one in store_guard.list_alarms(reader)}


def parcels(kind="close_intent"):
    with reading() as reader:
        return list(reader.execute(sa.select(outbox).where(outbox.c.kind == kind)))


@pytest.mark.parametrize("name", OF_BILLING)
def test_without_a_gateway_a_job_does_nothing_and_opens_no_desk(house, name):
    assert JOBS[name].run(house.service) == 0
    assert "desk" not in house.service.__dict__


def test_what_is_due_is_charged_once_and_the_next_run_finds_nothing(shop, service):
    alice, bob = shop.house.user("alice"), shop.house.user("bob")
    orders = [shop.buy(user, shop.product()) for user in (alice, bob)]
    shop.move(days=30, hours=1)
    assert billing.may_have_due(service)
    assert [billing.charge(service) for _ in range(2)] == [2, 0]
    assert not billing.may_have_due(service)
    assert [len(shop.settlements(order)) for order in orders] == [2, 2]


def test_progress_is_told_while_it_goes(shop, service):
    shop.buy(shop.house.user("alice"), shop.product())
    shop.move(days=30, hours=1)
    told = []
    billing.charge(service, told=lambda tally: told.append(tally.total))
    assert (told[-1], told) == (1, sorted(told))


def test_a_pause_is_one_line_charges_nobody_and_passes(shop, service, caplog):
    order = shop.buy(shop.house.user("alice"), shop.product())
    shop.move(days=30, hours=1)
    with transaction() as session:
        session.execute(
            sa.update(billing_lease).values(
                paused_for="late", paused_because="Look first.", paused_at=shop.now
            )
        )
    assert run_one(service, JOBS["charge"]) == 0
    assert [record.getMessage() for record in caplog.records if record.name == "jobs.billing"] == [
        "charge: Look first."
    ]
    assert len(shop.settlements(order)) == 1
    assert "refused" not in open_alarms()
    with transaction() as session:
        session.execute(sa.update(billing_lease).values(paused_for=None, paused_because=None))
    assert billing.charge(service) == 1


def test_a_refusal_that_nobody_wrote_down_is_an_alarm_until_a_run_is_allowed(shop, service):
    shop.buy(shop.house.user("alice"), shop.product())
    shop.processor.post("clock", {"now": shop.now.timestamp() + 7200})
    assert billing.charge(service) == 0
    assert "clock" in open_alarms()["refused"]
    with reading() as reader:
        assert read_standing(reader, shop.now, service.config).state is State.STALE
    shop.processor.post("clock", {"now": shop.now.timestamp()})
    assert billing.charge(service) == 0
    assert "refused" not in open_alarms()
    with reading() as reader:
        assert read_standing(reader, shop.now, service.config).state is State.OK


def test_a_worker_is_nudged_after_some_minutes_though_nothing_is_due(shop, service):
    shop.buy(shop.house.user("alice"), shop.product())
    assert billing.may_have_due(service)
    billing.charge(service)
    assert not billing.may_have_due(service)
    with transaction() as session:
        session.execute(
            sa.text("UPDATE gatepost_heartbeats SET at_s = at_s - 301 WHERE name = :name"), {"name": CHARGE}
        )
    assert billing.may_have_due(service)


# --- intents that nothing is owed for ------------------------------------------------------------------------------


def an_overdue_order(shop):
    """Whose renewal was declined, so that its receivable has an intent."""
    order = shop.buy(shop.house.user("alice"), shop.product())
    shop.script(order, "insufficient_funds", then="insufficient_funds")
    shop.move(days=30, hours=1)
    shop.run()
    return shop.read(order)


def intents(shop, status):
    return [one["id"] for one in shop.processor.get("ledger")["payment_intents"] if one["status"] == status]


def test_the_intent_of_a_canceled_order_is_canceled_at_the_gateway_once(shop, service):
    order = an_overdue_order(shop)
    changing.cancel(shop.desk, None, order.uuid, by="test", at_once=True)
    assert len(parcels()) == 1
    assert [billing.close_intents(service) for _ in range(2)] == [1, 0]
    assert len(intents(shop, "canceled")) == 1
    assert parcels()[0].done_at is not None
    assert shop.receivables(order)[1].intent_id is None


def test_money_that_came_before_the_intent_could_be_closed_is_surplus_and_goes_back(shop, service):
    order = an_overdue_order(shop)
    intent_id = shop.receivables(order)[1].intent_id
    changing.cancel(shop.desk, None, order.uuid, by="test", at_once=True)
    shop.processor.post("pay", {"intent": intent_id, "card": "5555555555554444"})
    assert billing.close_intents(service) == 1
    with reading() as reader:
        assert reader.scalar(sa.select(sa.func.count()).select_from(surpluses)) == 1
    assert [billing.refund_surpluses(service) for _ in range(2)] == [1, 0]
    assert [one["amount"] for one in shop.processor.get("ledger")["refunds"]] == [1900]


def test_an_intent_whose_gateway_is_silent_is_closed_later(shop, service):
    order = an_overdue_order(shop)
    changing.cancel(shop.desk, None, order.uuid, by="test", at_once=True)
    shop.processor.post("faults", {"match": {"path": "*/cancel"}, "do": {"kind": "status", "status": 429}})
    assert billing.close_intents(service) == 0
    assert (parcels()[0].done_at, parcels()[0].attempts) == (None, 1)
    shop.processor.delete("faults")
    shop.move(hours=1)
    assert billing.close_intents(service) == 1


def test_a_restored_database_closes_and_refunds_nothing(shop, service, caplog):
    order = an_overdue_order(shop)
    changing.cancel(shop.desk, None, order.uuid, by="test", at_once=True)
    with transaction() as session:
        session.execute(
            sa.update(billing_lease).values(paused_for="restored", paused_because="…", paused_at=shop.now)
        )
    assert billing.close_intents(service) == 0
    assert intents(shop, "canceled") == []
    assert "close_intents" in caplog.text


# --- the others -----------------------------------------------------------------------------------------------------


def test_webhooks_that_wait_are_understood(shop, service):
    order = an_overdue_order(shop)
    owed = shop.receivables(order)[1]
    shop.processor.post("pay", {"intent": owed.intent_id, "card": "5555555555554444"})
    assert billing.catch_up(service) > 0
    done = billing.process_webhooks(service)
    with reading() as reader:
        waiting = reader.scalar(sa.select(sa.func.count()).where(webhooks.c.done_at.is_(None)))
        paid = reader.scalar(sa.select(receivables.c.status).where(receivables.c.id == owed.id))
    assert (done > 0, waiting, paid) == (True, 0, "settled")


def test_a_breach_is_alarmed_and_its_member_parked_while_others_are_charged(shop, service):
    alice, bob = shop.house.user("alice"), shop.house.user("bob")
    broken, sound = shop.buy(alice, shop.product()), shop.buy(bob, shop.product())
    with transaction() as session:
        session.execute(
            sa.text("UPDATE gatepost_receivables SET status = 'void' WHERE order_id = :id"), {"id": broken.id}
        )
    assert billing.check_invariants(service) > 0
    assert shop.read(broken).held == "parked"
    assert shop.read(sound).held is None
    assert "invariant" in open_alarms()
    shop.move(days=30, hours=1)
    billing.charge(service)
    assert [len(shop.settlements(order)) for order in (broken, sound)] == [1, 2]
    with transaction() as session:
        session.execute(
            sa.text("UPDATE gatepost_receivables SET status = 'settled' WHERE order_id = :id"),
            {"id": broken.id},
        )
        session.execute(sa.delete(alarms))
