"""Who may move money: not a restored backup, not a clone, not a second machine, not by a clock that is wrong."""

import pytest
import sqlalchemy as sa

from sidecar.billing import guard, hooks, restoring, store_guard
from sidecar.billing.desk import Settings
from sidecar.billing.guard import Paused
from sidecar.billing.invoicing.models import invoices, series
from sidecar.billing.models import (
    alarms,
    anchors,
    attempts,
    disputes,
    ledger,
    orders,
    receivables,
    refunds,
    settlements,
    surpluses,
)
from sidecar.billing.states import SubscriptionState
from sidecar.db import reading, session, use_case
from sidecar.errors import Refused
from sidecar.members.models import entitlements
from sidecar.members.rules import Status
from sidecar.outbox import outbox
from tests.billing.books import deliver_all

MONEY = (
    invoices,
    series,
    outbox,
    alarms,
    anchors,
    refunds,
    disputes,
    surpluses,
    ledger,
    settlements,
    attempts,
    receivables,
    orders,
    entitlements,
)


def alice_subscribes(shop):
    alice = shop.house.user("alice")
    return alice, shop.buy(alice, shop.product())


@use_case
def backup():
    """All rows of what money changes."""
    copy = {table: [dict(row._mapping) for row in session().execute(sa.select(table))] for table in MONEY}
    return copy, dict(store_guard.find_lease(session())._mapping)


@use_case
def restore(saved):
    rows, lease = saved
    for table in MONEY:
        session().execute(sa.delete(table))
    for table in reversed(MONEY):
        if rows[table]:
            session().execute(sa.insert(table), rows[table])
    store_guard.set_lease(session(), **{name: value for name, value in lease.items() if name != "id"})


def lose_a_renewal(shop):
    """The database of the day before Alice's renewal stands in for that of the day after it; gives her and her order."""
    alice, order = alice_subscribes(shop)
    shop.run()
    saved = backup()
    shop.move(days=30)
    shop.run()
    restore(saved)
    return alice, order


def open_alarms():
    with reading() as reader:
        return {alarm.kind for alarm in store_guard.list_alarms(reader)}


def test_a_restored_backup_is_noticed_by_what_the_gateway_knows_and_charges_nobody(shop):
    _alice, order = lose_a_renewal(shop)
    (shop.desk.state_dir / "billing_runs").unlink()
    with pytest.raises(Paused, match="does not"):
        shop.run()
    assert len(shop.charges()) == 2
    assert shop.read(order).next_cycle == 1
    assert "paused" in open_alarms()


def test_a_webhook_of_a_lost_payment_that_comes_before_the_guard_has_looked_pauses_and_waits(shop):
    """Else its alarm would set the payment aside, and the guard would take it for known: the cycle would be charged again."""
    _alice, order = lose_a_renewal(shop)
    (shop.desk.state_dir / "billing_runs").unlink()
    deliver_all(shop)
    assert open_alarms() == {"paused"}
    with pytest.raises(Paused, match="does not"):
        shop.run()
    assert len(shop.charges()) == 2
    restoring.resume(shop.desk, by="test")
    assert hooks.process_webhooks(shop.desk) > 0
    assert shop.run().counts == {}
    assert len(shop.charges()) == len(shop.settlements(order)) == 2


def test_resuming_imports_what_the_gateway_knows_moves_the_dates_and_goes_on(shop):
    alice, order = lose_a_renewal(shop)
    with pytest.raises(Paused):
        shop.run()
    done = restoring.resume(shop.desk, by="test")
    assert (done.imported, done.unknown) == (1, 0)
    assert shop.read(order).next_due_at.isoformat() == "2026-08-15T12:00:00+00:00"
    assert [one.source for one in shop.settlements(order)] == ["gateway", "gateway"]
    assert shop.run().counts == {}
    assert len(shop.charges()) == 2
    assert shop.hold(alice).status is Status.ACTIVE
    assert restoring.resume(shop.desk, by="test").imported == 0


def test_no_number_of_an_invoice_that_was_lost_with_the_database_is_given_again(shop):
    """What was printed after the backup has gone to its buyer; the payment that is imported gets another number."""
    alice_subscribes(shop)
    shop.run()
    saved = backup()
    shop.move(days=30)
    shop.run()
    lost = names_of_invoices()
    restore(saved)
    with pytest.raises(Paused):
        shop.run()
    restoring.resume(shop.desk, by="test")
    kept = names_of_invoices()
    assert len(kept) == len(lost) == 2
    assert kept & lost == set(sorted(lost)[:1])


def names_of_invoices():
    with reading() as reader:
        return {(row.series, row.number) for row in reader.execute(sa.select(invoices))}


def test_a_restored_backup_is_noticed_by_this_machine_even_when_no_money_moved_since(shop):
    alice_subscribes(shop)
    shop.run()
    saved = backup()
    shop.run()
    restore(saved)
    with pytest.raises(Paused, match="later state"):
        shop.run()


def test_a_failed_payment_that_a_restored_database_forgot_is_imported_too(shop):
    _alice, order = alice_subscribes(shop)
    shop.run()
    saved = backup()
    shop.script(order, "insufficient_funds", then="succeed")
    shop.move(days=30)
    shop.run()
    restore(saved)
    with pytest.raises(Paused):
        shop.run()
    restoring.resume(shop.desk, by="test")
    assert shop.read(order).status is SubscriptionState.OVERDUE
    shop.move(days=2)
    assert shop.run().counts == {"settled": 1}
    assert len(shop.charges()) == 2


def test_mails_that_the_lost_database_has_sent_are_not_sent_again(shop):
    lose_a_renewal(shop)
    with pytest.raises(Paused):
        shop.run()
    assert restoring.resume(shop.desk, by="test").parked == 3  # welcome, the receipt of the import, the alarm
    assert shop.waiting_mails() == []
    shop.move(days=31)
    shop.run()
    assert shop.waiting_mails() == ["receipt"]


@pytest.mark.parametrize(
    "change",
    [{"site_url": "https://copy.test"}, {"machine": "machine-2"}],
    ids=["a clone", "a second machine"],
)
def test_a_copy_never_charges(shop, change):
    alice_subscribes(shop)
    shop.run()
    shop.move(days=30)
    shop.desk = shop.new_desk(**change)
    with pytest.raises(Paused, match="not what billing was bound to"):
        shop.run()
    assert len(shop.charges()) == 1


def test_a_copy_sells_nothing(shop):
    alice_subscribes(shop)
    shop.desk = shop.new_desk(site_url="https://copy.test")
    with pytest.raises(Refused, match="Nothing can be bought"):
        shop.begin(shop.house.user("bob"), shop.product())


def test_another_database_server_or_account_is_noticed(shop):
    alice_subscribes(shop)
    shop.run()
    for values in ({"server": "another"}, {"account": "acct_other:test"}):
        kept = dict(backup()[1])
        _set_lease(**values)
        with pytest.raises(Paused, match="not what billing was bound to"):
            shop.run()
        _set_lease(**{name: kept[name] for name in values})
    assert shop.run().counts == {}


@use_case
def _set_lease(**values):
    store_guard.set_lease(session(), **values)


def test_adopting_binds_a_moved_site_on_purpose_and_forgets_other_machines(shop):
    alice_subscribes(shop)
    shop.run()
    shop.move(days=30)
    old = shop.desk
    shop.desk = shop.new_desk(site_url="https://moved.test", machine="machine-2")
    restoring.adopt(shop.desk, by="test")
    assert shop.run().counts == {"settled": 1}
    with pytest.raises(Paused):
        guard.check_all(old)


def test_a_second_machine_charges_once_it_is_enrolled(shop):
    alice_subscribes(shop)
    shop.run()
    shop.move(days=30)
    shop.desk = shop.new_desk(machine="machine-2")
    restoring.enroll_machine(shop.desk)
    assert shop.run().counts == {"settled": 1}


def test_a_clock_far_from_the_gateways_charges_nothing_and_passes_when_it_is_right_again(shop):
    alice_subscribes(shop)
    shop.run()
    shop.move(days=30)
    shop.processor.post("clock", {"advance": -3600})
    with pytest.raises(Paused, match="clock"):
        shop.run()
    shop.processor.post("clock", {"advance": 3600})
    assert shop.run().counts == {"settled": 1}


def test_a_cron_that_was_dead_for_three_months_asks_before_it_charges_everybody(shop):
    product = shop.product()
    orders_made = [shop.buy(shop.house.user(), product, card=_card(number)) for number in range(22)]
    shop.run()
    shop.move(days=92)
    with pytest.raises(Paused, match="22 orders are due"):
        shop.run()
    restoring.resume(shop.desk, by="test")
    assert shop.run(threads=2).counts == {"settled": 22}
    assert [one.status for one in shop.receivables(orders_made[0])] == [
        "settled",
        "missed",
        "missed",
        "settled",
    ]
    assert len(shop.charges()) == 44
    assert "missed" in open_alarms()


def _card(number):
    from tests.processor.builders import a_number

    return a_number("visa" if number % 2 else "mastercard")


def test_a_day_far_busier_than_expected_pauses(shop, monkeypatch):
    monkeypatch.setattr(guard, "_SMALL_DAY", 2)
    product = shop.product()
    for number in range(4):
        shop.buy(shop.house.user(), product, card=_card(number))
    shop.run()
    shop.move(days=30)
    with pytest.raises(Paused, match="Far more"):
        shop.run()


def test_a_database_that_may_lose_its_commits_charges_nothing_unless_the_owner_insists(shop):
    alice_subscribes(shop)
    shop.run()
    with reading() as reader:
        is_safe = store_guard.get_unsafe_setting(reader) == ""
    shop.settings = Settings(accept_unsafe_database=False)
    shop.desk = shop.new_desk()
    if is_safe:
        assert shop.run().counts == {}
    else:
        with pytest.raises(Paused, match="may lose"):
            shop.run()


def test_a_setting_that_may_lose_commits_is_named(shop):
    if shop.house.app.config["SQLALCHEMY_DATABASE_URI"].get_backend_name() == "sqlite":

        @use_case
        def weaken():
            session().execute(sa.text("PRAGMA synchronous=NORMAL"))
            return store_guard.get_unsafe_setting(session())

        assert weaken() == "synchronous=1"
    else:
        with reading() as reader:
            assert store_guard.get_unsafe_setting(reader) == ""


def test_the_first_run_binds_and_a_database_with_orders_but_no_binding_waits_for_adopt(shop):
    alice_subscribes(shop)
    _forget_lease()
    with pytest.raises(Paused, match="adopt"):
        shop.run()


@use_case
def _forget_lease():
    from sidecar.billing.models import billing_lease

    session().execute(sa.delete(billing_lease))
