"""Invariants, the gateway's books against ours, and what members are told in time."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from sidecar.billing import checking, store_checks
from sidecar.billing.announcing import announce
from sidecar.billing.changing import cancel, charge_now
from sidecar.billing.invoicing.models import invoices
from sidecar.billing.models import (
    attempts,
    ledger,
    orders,
    receivables,
    refunds,
    settlements,
)
from sidecar.billing.ordering import Buyer, finish
from sidecar.billing.paying import begin_card, finish_card
from sidecar.billing.reconciling import reconcile
from sidecar.billing.returning import refund
from sidecar.billing.states import SubscriptionState
from sidecar.db import db, reading, transaction
from sidecar.members.models import entitlements
from sidecar.members.rules import Status
from tests.billing.books import (
    a_foreign_payment,
    accounts_of,
    alarm_kinds,
    newest_charge,
    refund_states,
    write_sql,
)

DAY = timedelta(days=1)


def broken_by(shop, *statements):
    """Names of the invariants that do not hold once these statements have run; nothing of them stays."""
    with Session(db.engine) as session:
        for statement in statements:
            session.execute(statement)
        return {breach.invariant for breach in checking.check(session, shop.now)}


@pytest.fixture
def order(shop):
    """Alice's subscription: one cycle paid and partly given back, the second overdue."""
    made = shop.buy(shop.house.user("alice"), shop.product())
    refund(shop.desk, made.uuid, 100, by="admin:1")
    shop.script(made, *["insufficient_funds"] * 3)
    shop.move(days=30)
    shop.run()
    return made


TO_BREAK = {
    "a posting balances": [sa.update(ledger).where(ledger.c.account == "revenue").values(amount_minor=-1)],
    "a settled receivable has its settlement": [sa.delete(settlements)],
    "a settlement belongs to a settled receivable": [sa.update(receivables).values(status="missed")],
    "a settlement pays what was owed": [sa.update(settlements).values(amount_minor=1)],
    "a settlement by the gateway has its charge and a succeeded attempt": [
        sa.update(attempts).values(status="failed")
    ],
    "a succeeded attempt has paid something": [sa.update(settlements).values(charge_id="ch_other")],
    "no more goes back than came": [sa.update(refunds).values(amount_minor=1901)],
    "credit is never negative": [
        sa.update(ledger).where(ledger.c.account == "revenue").values(account="credit", amount_minor=1900)
    ],
    "an order that renews knows when": [sa.update(orders).values(wake_at=None)],
    "an overdue order has something due": [
        sa.update(receivables).where(receivables.c.status == "due").values(status="void")
    ],
    "an open attempt is looked at": [
        sa.update(attempts).where(attempts.c.status == "failed").values(
            status="unknown", is_open=1, started_at=datetime(2026, 1, 1, tzinfo=UTC)
        ),
        sa.update(orders).values(wake_at=None),
    ],
    "cycles leave no gap": [
        sa.update(receivables).where(receivables.c.cycle == 1).values(from_at=datetime(2026, 8, 1, tzinfo=UTC))
    ],
    "an ended order owes nothing": [sa.update(orders).values(status="canceled")],
    "two cycles are never due at once": [sa.update(receivables).values(status="due")],
    "invoices leave no gap": [sa.delete(invoices).where(invoices.c.kind == "invoice")],
    "credit notes leave no gap": [sa.delete(invoices).where(invoices.c.kind == "credit_note")],
    "a payment has its invoice": [sa.update(invoices).values(credits_id=9)],
    "an invoice says what was owed": [sa.update(invoices).values(tax_ppm=7)],
    "a refund has its credit note": [sa.delete(invoices).where(invoices.c.kind == "credit_note")],
    "no more is credited than was invoiced": [
        sa.update(invoices).where(invoices.c.kind == "credit_note").values(receivable_id=9)
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", TO_BREAK)
def test_each_invariant_can_be_broken_and_says_so(shop, order, name):
    assert broken_by(shop) == set()
    assert name in broken_by(shop, *TO_BREAK[name])


def test_every_invariant_is_tested(shop):
    assert TO_BREAK.keys() == store_checks.invariants(shop.now).keys()


# --- parking --------------------------------------------------------------------------------------------------------


@pytest.fixture
def two(shop):
    """(Alice's order, Bob's order), and Alice's access taken away by hand."""
    alice, bob = (shop.house.user(name) for name in ("alice", "bob"))
    both = shop.buy(alice, shop.product()), shop.buy(bob, shop.product())
    write_sql(
        sa.update(entitlements).where(entitlements.c.member_id == both[0].member_id).values(status="expired")
    )
    return both


def heal(order):
    write_sql(
        sa.update(entitlements).where(entitlements.c.member_id == order.member_id).values(status="active")
    )


def test_a_member_who_breaks_an_invariant_is_parked_and_nobody_else(shop, two):
    alices, bobs = two
    assert checking.park_breaches(shop.desk) == 1
    assert checking.park_breaches(shop.desk) == 1
    assert alarm_kinds() == ["invariant"]
    shop.move(days=30)
    shop.run()
    assert [len(shop.settlements(one)) for one in two] == [1, 2]
    assert [shop.read(one).held for one in two] == ["parked", None]
    heal(alices)
    checking.unpark(shop.desk, alices.uuid)
    assert shop.run().counts == {"settled": 1}
    assert len(shop.settlements(bobs)) == 2


def test_a_parked_order_that_was_canceled_ends_at_its_end(shop, two):
    alices, _bobs = two
    heal(alices)
    with transaction() as session:
        store_checks.park_orders(session, alices.member_id)
    cancel(shop.desk, None, alices.uuid, by="admin:1")
    shop.move(days=31)
    shop.run()
    assert shop.read(alices).status is SubscriptionState.CANCELED


def test_what_is_unparked_keeps_the_end_of_its_time(shop):
    alice = shop.house.user("alice")
    order = shop.buy(alice, shop.once(access_days=30))
    with transaction() as session:
        store_checks.park_orders(session, order.member_id)
    checking.unpark(shop.desk, order.uuid)
    shop.run()
    assert shop.read(order).wake_at == order.paid_until_at
    shop.move(days=31)
    shop.run()
    assert shop.hold(alice).status is Status.EXPIRED


def test_access_that_follows_the_money_is_no_breach(shop, order):
    with reading() as reader:
        assert checking.check_access(reader, [order.member_id], shop.now) == []


# --- the gateway's books --------------------------------------------------------------------------------------------


def compared(shop, **options):
    """(what, ours, theirs) of the last forty days."""
    found = reconcile(shop.desk, shop.now - 40 * DAY, shop.now + DAY, **options)
    return [(one.what, one.here_minor, one.there_minor) for one in found]


def test_books_that_agree_have_no_differences(shop, order):
    shop.move(days=2)
    shop.run()
    a_foreign_payment(shop)
    assert compared(shop) == []


def test_a_payment_that_was_never_booked_is_found_and_mended(shop):
    alice = shop.house.user("alice")
    begun, token = shop.begin(alice, shop.product())
    shop.pay(begun)
    assert compared(shop) == [("unbooked", 0, 1900)]
    assert shop.hold(alice).status is Status.PENDING_ACTIVATION
    assert compared(shop, mend=True) == [("unbooked", 0, 1900)]
    assert compared(shop) == []
    assert shop.hold(alice).status is Status.ACTIVE
    assert finish(shop.desk, token).status is SubscriptionState.ACTIVE


def test_a_payment_of_ours_for_something_unknown_is_listed(shop, order):
    a_foreign_payment(
        shop, gatepost=shop.desk.installation, receivable="00000000-0000-0000-0000-000000000000"
    )
    assert compared(shop, mend=True) == [("unknown", 0, 900)]


@pytest.mark.parametrize("intent", ["pi_nobody", "canceled"])
def test_a_settlement_that_the_gateway_knows_nothing_of_is_listed_and_left_alone(shop, order, intent):
    if intent == "canceled":
        client = shop.processor.client()
        intent = client.v1.payment_intents.create({"amount": 1900, "currency": "eur"}).id
        client.v1.payment_intents.cancel(intent)
    before = shop.settlements(order)
    write_sql(sa.update(attempts).where(attempts.c.status == "succeeded").values(intent_id=intent))
    assert compared(shop, mend=True) == [("missing", 1900, 0)]
    assert shop.settlements(order) == before


def test_a_sum_that_differs_is_listed(shop, order):
    write_sql(sa.update(settlements).values(amount_minor=1800))
    assert compared(shop, mend=True) == [("amount", 1800, 1900)]
    write_sql(sa.update(settlements).values(amount_minor=1900))


def test_a_refund_that_was_made_at_the_gateway_is_found_and_mended(shop, order):
    shop.processor.client().v1.refunds.create({"charge": newest_charge(shop), "amount": 300})
    assert compared(shop) == [("refunds", 100, 400)]
    compared(shop, mend=True)
    assert compared(shop) == []
    assert refund_states() == [("succeeded", 100), ("succeeded", 300)]
    assert accounts_of(order)["refunded"] == 400


def test_a_refund_that_failed_at_the_gateway_is_found_and_mended(shop, order):
    shop.processor.post(f"refunds/{shop.processor.get('ledger')['refunds'][0]['id']}/fail")
    assert compared(shop, mend=True) == [("refunds", 100, 0)]
    assert compared(shop) == []
    assert refund_states() == [("failed", 100)]


def test_what_lies_outside_the_range_is_not_looked_at(shop):
    begun, _token = shop.begin(shop.house.user("alice"), shop.product())
    shop.pay(begun)
    shop.move(days=3)
    assert reconcile(shop.desk, shop.now - DAY, shop.now) == []
    assert reconcile(shop.desk, shop.now - 9 * DAY, shop.now - 5 * DAY) == []


# --- told in time ---------------------------------------------------------------------------------------------------


def test_a_trial_that_ends_is_announced_once_a_week_before(shop):
    shop.buy(shop.house.user("alice"), shop.product(trial_days=30, trial_price_minor=0))
    told = []
    for _day in range(30):
        announce(shop.desk)
        told.append(shop.mails().count("trial_ending"))
        shop.move(days=1)
    assert told == [0] * 23 + [1] * 7
    shop.run()
    assert [one["amount"] for one in shop.charges()] == [1900]


def test_a_yearly_renewal_waits_for_its_notice(shop):
    alice = shop.house.user("alice")
    order = shop.buy(alice, shop.product(unit="year"))
    shop.move(days=365)
    shop.run()
    assert (len(shop.charges()), shop.mails()) == (1, ["welcome", "renewal_notice"])
    assert shop.hold(alice).status is Status.ACTIVE
    shop.move(days=6)
    shop.run()
    assert len(shop.charges()) == 1
    shop.move(days=1)
    shop.run()
    assert len(shop.charges()) == 2
    assert shop.read(order).next_due_at.isoformat() == "2028-06-15T12:00:00+00:00"


def test_a_yearly_renewal_that_was_announced_in_time_is_collected_on_its_day(shop):
    shop.buy(shop.house.user("alice"), shop.product(unit="year"))
    shop.move(days=357, hours=1)
    announce(shop.desk)
    announce(shop.desk)
    shop.move(days=8)
    shop.run()
    assert len(shop.charges()) == 2
    assert shop.mails().count("renewal_notice") == 1


def test_a_monthly_renewal_needs_no_notice(shop):
    shop.buy(shop.house.user("alice"), shop.product())
    for _day in range(30):
        announce(shop.desk)
        shop.move(days=1)
    shop.run()
    assert (len(shop.charges()), "renewal_notice" in shop.mails()) == (2, False)


def test_an_owner_who_insists_is_not_held_up_by_a_notice(shop):
    order = shop.buy(shop.house.user("alice"), shop.product(unit="year"))
    shop.move(days=365)
    assert charge_now(shop.desk, order.uuid, by="admin:1") == "settled"


def give_expiring_card(shop, begun):
    intent = begun.client_secret.split("_secret_")[0]
    shop.processor.post("pay", {"intent": intent, "card": "4242424242424242", "exp_year": 2026})


def test_the_same_card_typed_in_again_is_no_news(shop):
    alice = shop.house.user("alice")
    begun, token = shop.begin(alice, shop.product())
    give_expiring_card(shop, begun)
    order = finish(shop.desk, token)
    while shop.now < datetime(2026, 11, 25, tzinfo=UTC):
        shop.move(days=5)
        shop.run()
    announce(shop.desk)
    assert shop.mails().count("card_expiring") == 1
    before = shop.card_of(order)
    again = begin_card(shop.desk, Buyer(alice, "alice@example.test", "Alice"))
    give_expiring_card(shop, again)
    setup_id = again.client_secret.split("_secret_")[0]
    assert finish_card(shop.desk, alice, setup_id=setup_id) == "kept"
    assert shop.card_of(order) != before
    shop.move(days=1)
    announce(shop.desk)
    assert shop.mails().count("card_expiring") == 1


def test_a_card_that_expires_is_told_of_once(shop):
    begun, token = shop.begin(shop.house.user("alice"), shop.product())
    give_expiring_card(shop, begun)
    finish(shop.desk, token)
    told = {}
    while shop.now < datetime(2026, 12, 20, tzinfo=UTC):
        shop.run()
        announce(shop.desk)
        told[shop.now.date().isoformat()[:7]] = shop.mails().count("card_expiring")
        shop.move(days=5)
    assert told == {
        "2026-06": 0,
        "2026-07": 0,
        "2026-08": 0,
        "2026-09": 0,
        "2026-10": 0,
        "2026-11": 1,
        "2026-12": 1,
    }
