"""Another product in the middle of a period: who pays what, who is given what back, and no cent is lost."""

import secrets
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as some

from sidecar.billing import changing, returning, store_ledger, switching
from sidecar.billing.hooks import process_webhooks
from sidecar.billing.invoicing.store import list_of_order
from sidecar.billing.models import ledger
from sidecar.billing.ordering import Buyer, finish
from sidecar.billing.states import SubscriptionState
from sidecar.catalog.rules import Grant, PlanEnd, ProductKind
from sidecar.db import reading, transaction
from sidecar.errors import Refused
from sidecar.members.rules import Status
from tests.billing.books import (
    accounts_of,
    close_intents,
    credit_of,
    deliver_all,
    newest_charge,
    surplus_sums,
)

State = SubscriptionState


@pytest.fixture
def alice(shop):
    return shop.house.user("alice")


@pytest.fixture
def silver(shop, alice):
    """Alice's order for 19.00 a month, paid on June 15th; July 15th is 30 days away."""
    return shop.buy(alice, shop.product("Silver"))


def change(shop, alice, order, product, token=""):
    """(what the browser gets, the token)."""
    token = token or secrets.token_hex(16)
    buyer = Buyer(alice, "alice@example.test", "Alice")
    return switching.change_product(shop.desk, buyer, order.uuid, product, token, by="member"), token


def change_and_pay(shop, alice, order, product):
    begun, token = change(shop, alice, order, product)
    if begun.mode == "payment":
        shop.pay(begun)
    return finish(shop.desk, token)


def amounts(shop):
    return [one["amount"] for one in shop.charges()]


def level_of(shop, alice):
    return shop.house.read(alice).level.level_id


# --- up and down ----------------------------------------------------------------------------------------------------


def test_an_upgrade_in_mid_period_costs_the_difference_and_begins_a_period_of_its_own(shop, alice, silver):
    gold = shop.product("Gold", price_minor=4900)
    shop.move(days=10)  # 20 days of 30 are left: 12.67
    new = change_and_pay(shop, alice, silver, gold)
    assert amounts(shop) == [1900, 3633]
    assert (new.status, new.next_due_at) == (State.ACTIVE, shop.now + 30 * timedelta(days=1))
    assert (shop.read(silver).status, shop.read(silver).ended_for) == (State.CANCELED, "replaced")
    assert (level_of(shop, alice), credit_of(new)) == (new.level_id, 0)
    assert accounts_of(new) == {"gateway": 5533, "revenue": -5533}
    shop.move(days=30)
    shop.run()
    assert amounts(shop) == [1900, 3633, 4900]


def test_a_downgrade_leaves_credit_that_pays_the_coming_renewals(shop, alice, silver):
    bronze = shop.product("Bronze", price_minor=500)
    shop.move(days=10)
    begun, token = change(shop, alice, silver, bronze)
    new = finish(shop.desk, token)
    assert (begun.mode, new.status, credit_of(new)) == ("none", State.ACTIVE, 767)
    assert level_of(shop, alice) == new.level_id
    for _month in range(3):
        shop.move(days=31)
        shop.run()
        assert shop.hold(alice).status is Status.ACTIVE
    assert [(one.source, one.amount_minor) for one in shop.settlements(new)] == [
        ("credit", 500), ("credit", 500), ("gateway", 233), ("gateway", 500),
    ]  # fmt: skip
    assert amounts(shop) == [1900, 233, 500]


def test_what_is_previewed_is_what_is_paid(shop, alice, silver):
    gold = shop.product("Gold", price_minor=4900)
    shop.move(days=10)
    preview = switching.preview_change(shop.desk, silver.uuid, "Gold")
    assert (preview.credit_minor, preview.net_due_minor, preview.leftover_credit_minor) == (1267, 3633, 0)
    change_and_pay(shop, alice, silver, gold)
    assert amounts(shop)[-1] == preview.net_due_minor


def test_the_level_follows_only_when_the_change_is_paid(shop, alice, silver):
    gold = shop.product("Gold", price_minor=4900)
    begun, token = change(shop, alice, silver, gold)
    assert level_of(shop, alice) == silver.level_id
    assert shop.hold(alice).status is Status.ACTIVE
    shop.pay(begun, "4000000000009995")
    assert finish(shop.desk, token).status is State.PENDING
    assert (level_of(shop, alice), shop.read(silver).status) == (silver.level_id, State.ACTIVE)
    shop.pay(begun)
    new = finish(shop.desk, token)
    assert level_of(shop, alice) == new.level_id != silver.level_id


def test_a_change_that_is_sent_twice_is_one(shop, alice, silver):
    gold = shop.product("Gold", price_minor=4900)
    first, token = change(shop, alice, silver, gold)
    assert change(shop, alice, silver, gold, token)[0] == first
    shop.pay(first)
    finish(shop.desk, token)
    assert change(shop, alice, silver, gold, token)[0].mode == "none"
    assert amounts(shop) == [1900, 3000]


def test_of_two_changes_in_two_tabs_the_second_counts(shop, alice, silver):
    first, _token = change(shop, alice, silver, shop.product("Gold", price_minor=4900))
    second, token = change(shop, alice, silver, shop.product("Platinum", price_minor=9900))
    assert "error" in shop.pay(first)
    shop.pay(second)
    assert finish(shop.desk, token).status is State.ACTIVE
    assert amounts(shop) == [1900, 8000]


# --- given up, crossed ----------------------------------------------------------------------------------------------


def test_a_change_that_is_given_up_gives_everything_back(shop, alice, silver):
    shop.move(days=10)
    change(shop, alice, silver, shop.product("Gold", price_minor=4900))
    assert accounts_of(silver)["revenue"] == -633
    shop.move(hours=25)
    assert shop.run().counts == {"given up": 1}
    assert accounts_of(silver) == {"gateway": 1900, "revenue": -1900}
    assert (shop.hold(alice).status, level_of(shop, alice)) == (Status.ACTIVE, silver.level_id)
    shop.move(days=20)
    shop.run()
    assert amounts(shop) == [1900, 1900]


def test_an_order_that_is_renewed_while_its_change_waits_is_credited_for_that_cycle(shop, alice, silver):
    gold = shop.product("Gold", price_minor=4900)
    shop.move(days=29, hours=12)
    begun, token = change(shop, alice, silver, gold)  # half a day is left: 0.32
    shop.move(hours=13)
    shop.run()
    assert amounts(shop) == [1900, 1900]
    shop.pay(begun)
    new = finish(shop.desk, token)
    assert amounts(shop) == [1900, 1900, 4868]
    assert credit_of(new) == 1898  # of 31 days 1 hour is used
    assert shop.read(silver).status is State.CANCELED


def test_a_cycle_that_was_given_for_nothing_while_the_change_waits_is_not_credited(shop, alice, silver):
    begun, token = change(shop, alice, silver, shop.product("Gold", price_minor=4900))
    shop.move(hours=1)
    changing.skip(shop.desk, silver.uuid, by="admin:1")
    shop.pay(begun)
    assert credit_of(finish(shop.desk, token)) == 0


def test_what_was_paid_ahead_is_credited_as_well(shop, alice, silver):
    shop.move(days=10)
    changing.charge_now(shop.desk, silver.uuid, by="admin:1")
    assert switching.preview_change(shop.desk, silver.uuid, other(shop)).credit_minor == 1267 + 1900


def test_what_was_paid_ahead_is_credited_once(shop, alice, silver):
    shop.move(days=1)
    changing.charge_now(shop.desk, silver.uuid, by="admin:1")
    assert credit_of(change_and_pay(shop, alice, silver, shop.product(price_minor=2000))) == 1737


def other(shop):
    return shop.product(price_minor=4900)


def test_the_time_that_a_pause_has_kept_is_credited(shop, alice, silver):
    shop.move(days=10)
    changing.pause(shop.desk, None, silver.uuid, by="admin:1")
    shop.move(days=100)
    changing.resume(shop.desk, None, silver.uuid, by="admin:1")
    shop.move(days=5)
    assert switching.preview_change(shop.desk, silver.uuid, other(shop)).credit_minor == 950


def test_a_change_ends_with_the_order_that_it_would_have_ended(shop, alice, silver):
    begun, token = change(shop, alice, silver, other(shop))
    returning.refund(shop.desk, silver.uuid, None, by="admin:1")
    assert finish(shop.desk, token).status is State.CANCELED
    shop.pay(begun)
    close_intents(shop)
    assert surplus_sums() == [3000]
    assert credit_of(silver) == 0
    assert shop.hold(alice).status is Status.CANCELED


def test_a_change_of_what_ends_soon_goes_on_as_the_new_product(shop, alice, silver):
    changing.cancel(shop.desk, alice, silver.uuid, by="member")
    new = change_and_pay(shop, alice, silver, other(shop))
    assert (new.status, shop.hold(alice).status) == (State.ACTIVE, Status.ACTIVE)
    assert shop.hold(alice).expires_at is None


def test_a_change_on_the_29th_of_february_is_reckoned_like_any(shop, alice):
    shop.move(hours=(datetime(2028, 2, 29, 12, tzinfo=UTC) - shop.now) / timedelta(hours=1))
    order = shop.buy(alice, shop.once())
    assert switching.preview_change(shop.desk, order.uuid, other(shop)).net_due_minor == 4900


def downgraded(shop, alice, silver):
    """Alice's order for 5.00, and the charge of 19.00 of which 14.00 are her credit now."""
    return change_and_pay(shop, alice, silver, shop.product(price_minor=500)), newest_charge(shop)


def loses_dispute(shop, charge):
    lost = shop.processor.post("disputes", {"charge": charge})["id"]
    shop.processor.post(f"disputes/{lost}/close", {"status": "lost"})
    deliver_all(shop)


def gives_credit(order, amount, now):
    """Credit that no change gave."""
    with transaction() as session:
        sums = {"unapplied": amount, "credit": -amount}
        store_ledger.post(session, f"given:{order.uuid}", order.member_id, order.currency, now, sums)


def credited(order):
    """The credit notes of an order, oldest first, in minor units."""
    with reading() as reader:
        return [row.gross_minor for row in list_of_order(reader, order.id) if row.kind == "credit_note"]


def test_credit_goes_with_the_payment_that_it_came_from(shop, alice, silver):
    bronze, charge = downgraded(shop, alice, silver)
    assert credit_of(bronze) == 1400
    loses_dispute(shop, charge)
    assert (credit_of(bronze), accounts_of(bronze)) == (0, {"disputed": 500, "revenue": -500})


def test_of_credit_that_was_used_only_the_rest_goes_with_its_payment(shop, alice, silver):
    bronze, charge = downgraded(shop, alice, silver)
    shop.move(days=30)
    shop.run()
    assert returning.refund(shop.desk, silver.uuid, None, by="admin:1") == "succeeded"
    assert (credit_of(bronze), accounts_of(bronze)) == (0, {"refunded": 1000, "revenue": -1000})
    assert charge == newest_charge(shop)


def test_credit_comes_back_when_the_refund_fails(shop, alice, silver):
    bronze, _charge = downgraded(shop, alice, silver)
    returning.refund(shop.desk, silver.uuid, None, by="admin:1")
    shop.processor.post(f"refunds/{shop.processor.get('ledger')['refunds'][0]['id']}/fail")
    deliver_all(shop)
    assert (credit_of(bronze), accounts_of(bronze)["gateway"]) == (1400, 1900)


def test_a_payment_that_the_change_credited_nothing_of_takes_no_credit_with_it(shop, alice, silver):
    shop.move(days=30)
    shop.run()
    bronze = change_and_pay(shop, alice, silver, shop.product(price_minor=500))
    assert returning.refund(shop.desk, silver.uuid, None, cycle=0, by="admin:1") == "succeeded"
    assert (credit_of(bronze), credited(silver)) == (1400, [-1900, -1900])


def test_a_lost_dispute_over_a_payment_that_the_change_credited_nothing_of_takes_no_credit_with_it(
    shop, alice, silver
):
    old = newest_charge(shop)
    shop.move(days=30)
    shop.run()
    bronze = change_and_pay(shop, alice, silver, shop.product(price_minor=500))
    loses_dispute(shop, old)
    assert (credit_of(bronze), accounts_of(bronze)["disputed"]) == (1400, 1900)


def test_the_credit_of_a_renewal_that_came_while_the_change_waited_goes_with_that_renewal(
    shop, alice, silver
):
    shop.move(days=29, hours=12)
    begun, token = change(shop, alice, silver, other(shop))
    shop.move(hours=13)
    shop.run()
    shop.pay(begun)
    new = finish(shop.desk, token)
    assert credit_of(new) == 1898
    assert returning.refund(shop.desk, silver.uuid, None, by="admin:1") == "succeeded"
    assert (credit_of(new), credited(silver)) == (0, [-32, -1898, -2])


def test_a_payment_that_goes_back_in_parts_takes_only_the_credit_that_it_gave(shop, alice, silver):
    bronze, _charge = downgraded(shop, alice, silver)
    gives_credit(bronze, 1000, shop.now)
    for amount in (1000, 900):
        returning.refund(shop.desk, silver.uuid, amount, by="admin:1")
    assert (credit_of(bronze), credited(silver)) == (1000, [-1900])


def test_a_change_that_was_given_up_counts_for_nothing_when_the_payment_of_a_later_one_goes_back(
    shop, alice, silver
):
    shop.move(days=29)
    change(shop, alice, silver, other(shop))
    shop.move(hours=25)
    shop.run()
    bronze = change_and_pay(shop, alice, silver, shop.product(price_minor=500))
    credit = credit_of(bronze)
    for amount in (1000, 900):
        returning.refund(shop.desk, silver.uuid, amount, by="admin:1", cycle=1)
    assert (len(amounts(shop)), credit > 1000, credit_of(bronze)) == (2, True, 0)


def test_payments_that_one_change_has_credited_together_take_no_more_than_it_left(shop, alice, silver):
    shop.move(days=15)
    changing.charge_now(shop.desk, silver.uuid, by="admin:1")
    bronze = change_and_pay(shop, alice, silver, shop.product(price_minor=2000))  # 9.50 and 19.00
    gives_credit(bronze, 1000, shop.now)
    for cycle in (1, 0):
        returning.refund(shop.desk, silver.uuid, None, by="admin:1", cycle=cycle)
    assert (credit_of(bronze), credited(silver)) == (1000, [-1900, -950, -950])


def test_credit_that_a_failed_refund_gave_back_goes_with_the_next_refund(shop, alice, silver):
    bronze, _charge = downgraded(shop, alice, silver)
    returning.refund(shop.desk, silver.uuid, None, by="admin:1")
    shop.processor.post(f"refunds/{shop.processor.get('ledger')['refunds'][0]['id']}/fail")
    deliver_all(shop)
    returning.refund(shop.desk, silver.uuid, None, by="admin:1")
    assert credit_of(bronze) == 0


# --- what is refused ------------------------------------------------------------------------------------------------


def test_what_cannot_be_changed_to_is_refused_in_a_sentence(shop, alice, silver):
    for product, sentence in (
        ("Silver", "cannot be changed to"), (shop.product(currency="USD"), "keeps the currency"),
        (shop.product(grant=Grant.BUNDLE), "for a membership"), (shop.product(price_minor=30), "below what"),
    ):  # fmt: skip
        shop.move(days=8)
        with pytest.raises(Refused, match=sentence):
            change(shop, alice, silver, product)
    assert accounts_of(silver) == {"gateway": 1900, "revenue": -1900}


def test_charlie_cannot_take_over_a_checkout_of_alices_by_changing_into_it(shop, alice):
    _begun, token = shop.begin(alice, shop.product())
    charlie = shop.house.user("charlie")
    charlies = shop.buy(charlie, shop.product())
    with pytest.raises(Refused, match="somebody else"):
        change(shop, charlie, charlies, other(shop), token)


def test_what_is_overdue_is_paid_first(shop, alice, silver):
    shop.script(silver, "insufficient_funds")
    shop.move(days=30)
    shop.run()
    with pytest.raises(Refused, match="paid first"):
        change(shop, alice, silver, other(shop))


def test_money_that_the_bank_has_taken_back_pays_no_change(shop, alice, silver):
    shop.processor.post("disputes", {"charge": newest_charge(shop)})
    deliver_all(shop)
    with pytest.raises(Refused, match="is disputed"):
        change(shop, alice, silver, other(shop))
    assert process_webhooks(shop.desk) == 0


def test_what_was_refunded_in_part_is_credited_in_the_part_that_is_left(shop, alice, silver):
    returning.refund(shop.desk, silver.uuid, 900, by="admin:1")
    shop.move(days=15)
    assert switching.preview_change(shop.desk, silver.uuid, other(shop)).credit_minor == 500


def test_a_plan_and_a_subscription_can_be_changed_into_each_other(shop, alice, silver):
    plan = shop.product(kind=ProductKind.PAYMENT_PLAN, payments=2, plan_end=PlanEnd.END, price_minor=5000)
    new = change_and_pay(shop, alice, silver, plan)
    assert change_and_pay(shop, alice, new, "Silver").status is State.ACTIVE
    assert amounts(shop) == [1900, 3100]


def test_a_bundle_keeps_its_bundle(shop, alice):
    shop.house.level("Free", is_free=True, is_default=True)
    bundle = shop.house.bundle()
    monthly = shop.product(grant=Grant.BUNDLE, grant_id=bundle)
    yearly = shop.product(grant=Grant.BUNDLE, grant_id=bundle, price_minor=19000, unit="year")
    order = shop.buy(alice, monthly)
    new = change_and_pay(shop, alice, order, yearly)
    assert (new.next_due_at.year, shop.hold(alice, bundle).status) == (2027, Status.ACTIVE)
    with pytest.raises(Refused, match="another price of the same"):
        change(shop, alice, new, shop.product(grant=Grant.BUNDLE))


# --- to the cent ----------------------------------------------------------------------------------------------------


@settings(
    max_examples=15, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(
    old=some.integers(50, 100_000), new=some.integers(50, 100_000), minutes=some.integers(0, 27 * 24 * 60),
    tax=some.sampled_from([0, 55_000, 190_000, 200_000]),
)  # fmt: skip
def test_whatever_the_prices_and_the_day_no_cent_is_lost(shop, old, new, minutes, tax):
    user, before = shop.house.user(), sum(amounts(shop))
    terms = {"tax_ppm": tax, "tax_country": "FR" if tax else ""}
    first = shop.buy(user, shop.product(price_minor=old, **terms))
    shop.move(hours=minutes / 60)
    order = change_and_pay(shop, user, first, shop.product(price_minor=new, **terms))
    accounts = accounts_of(order)
    assert accounts["gateway"] == sum(amounts(shop)) - before
    assert accounts.keys() <= {"gateway", "revenue", "tax", "credit"}
    assert sum(accounts.values()) == 0
    assert 0 <= credit_of(order) <= old
    changing.cancel(shop.desk, user, order.uuid, by="member", at_once=True)


def test_every_posting_balances_by_itself(shop, alice, silver):
    change_and_pay(shop, alice, silver, other(shop))
    rows = sa.select(ledger.c.posting, sa.func.sum(ledger.c.amount_minor)).group_by(ledger.c.posting)
    with reading() as reader:
        assert {int(total) for _posting, total in reader.execute(rows)} == {0}
