"""Buying: what is ordered, what is paid first, and what two tabs, two buyers and a vanished browser make of it."""

from datetime import timedelta

import pytest

from sidecar.billing import changing, returning, store
from sidecar.billing.announcing import announce
from sidecar.billing.ordering import finish, quote
from sidecar.billing.returning import note_dispute
from sidecar.billing.states import SubscriptionState
from sidecar.billing.upcoming import list_upcoming
from sidecar.catalog.coupons import CouponKind, CouponScope
from sidecar.catalog.making import archive_product, make_product
from sidecar.catalog.rules import Grant, PlanEnd, ProductKind, Terms
from sidecar.catalog.store import find_coupon
from sidecar.db import reading
from sidecar.errors import NotFound, Refused
from sidecar.members.rules import Status
from tests.billing.books import (
    a_coupon,
    accounts_of,
    alarm_kinds,
    close_intents,
    credit_of,
    refund_states,
)
from tests.billing.shop import product_id
from tests.catalog.racing import at_once

ACTIVE, PENDING, CANCELED = SubscriptionState.ACTIVE, SubscriptionState.PENDING, SubscriptionState.CANCELED


def amounts(shop):
    return [one["amount"] for one in shop.charges()]


# --- once, free, in parts -------------------------------------------------------------------------------------------


def test_what_is_paid_once_lasts_for_ever(shop):
    alice = shop.house.user("alice")
    order = shop.buy(alice, shop.once())
    assert (order.status, order.next_due_at, order.paid_until_at, order.wake_at) == (ACTIVE, None, None, None)
    shop.move(days=4000)
    assert shop.run().counts == {}
    assert shop.hold(alice).status is Status.ACTIVE


def test_what_is_paid_once_for_thirty_days_ends_after_them_and_not_before(shop):
    alice = shop.house.user("alice")
    order = shop.buy(alice, shop.once(access_days=30))
    assert shop.hold(alice).expires_at == order.paid_until_at == shop.now + timedelta(days=30)
    shop.move(days=29)
    shop.run()
    assert shop.hold(alice).status is Status.ACTIVE
    shop.move(days=1, hours=1)
    shop.run()
    assert shop.read(order).status is SubscriptionState.COMPLETED
    assert shop.hold(alice).status is Status.EXPIRED
    assert amounts(shop) == [1900]


@pytest.mark.parametrize("days", [None, 30])
def test_collecting_by_hand_ends_nothing_that_was_paid_once(shop, days):
    alice = shop.house.user("alice")
    order = shop.buy(alice, shop.once(access_days=days))
    changing.charge_now(shop.desk, order.uuid, by="admin:1")
    assert shop.hold(alice).status is Status.ACTIVE
    assert (shop.read(order).status, amounts(shop)) == (ACTIVE, [1900])


def test_what_is_free_is_had_at_once_and_the_gateway_hears_nothing_of_it(shop):
    alice = shop.house.user("alice")
    product = shop.product(kind=ProductKind.FREE, price_minor=0, every=None, unit=None)
    begun, token = shop.begin(alice, product, gateway="manual")
    assert begun.mode == "none"
    assert finish(shop.desk, token).status is ACTIVE
    assert shop.hold(alice).status is Status.ACTIVE
    assert shop.processor.get("ledger")["customers"] == []


@pytest.mark.parametrize(
    ("end", "status"), [(PlanEnd.KEEP, Status.ACTIVE), (None, Status.ACTIVE), (PlanEnd.END, Status.EXPIRED)]
)
def test_a_payment_plan_is_paid_three_times_and_then_keeps_or_ends(shop, end, status):
    alice = shop.house.user("alice")
    order = shop.buy(alice, shop.product(kind=ProductKind.PAYMENT_PLAN, payments=3, plan_end=end))
    for _month in range(5):
        shop.move(days=31)
        shop.run()
    assert amounts(shop) == [1900, 1900, 1900]
    assert shop.read(order).status is SubscriptionState.COMPLETED
    assert shop.hold(alice).status is status


def test_a_payment_plan_that_ends_lasts_to_the_end_of_its_last_period(shop):
    alice = shop.house.user("alice")
    shop.buy(alice, shop.product(kind=ProductKind.PAYMENT_PLAN, payments=2, plan_end=PlanEnd.END))
    shop.move(days=30)
    shop.run()
    shop.move(days=30)
    shop.run()
    assert shop.hold(alice).status is Status.ACTIVE
    shop.move(days=1, hours=1)
    shop.run()
    assert shop.hold(alice).status is Status.EXPIRED


@pytest.mark.parametrize("end", [PlanEnd.KEEP, PlanEnd.END])
def test_a_payment_plan_whose_last_payment_was_held_for_too_long_ends_unpaid_and_not_beyond_its_payments(
    shop, end
):
    alice = shop.house.user("alice")
    order = shop.buy(alice, shop.product(kind=ProductKind.PAYMENT_PLAN, payments=2, plan_end=end))
    dispute = shop.processor.post("disputes", {"charge": shop.charges()[0]["id"]})
    note_dispute(shop.desk, dispute["id"])
    for _day in range(100):
        shop.move(days=1)
        shop.run()
    shop.processor.post(f"disputes/{dispute['id']}/close", {"status": "won"})
    note_dispute(shop.desk, dispute["id"])
    for _day in range(40):
        shop.move(days=1)
        shop.run()
    assert [(one.cycle, one.status) for one in shop.receivables(order)] == [(0, "settled"), (1, "missed")]
    assert amounts(shop) == [1900]
    assert (shop.read(order).status, shop.read(order).ended_for) == (SubscriptionState.CANCELED, "unpaid")
    assert shop.hold(alice).status is Status.CANCELED


# --- trials ---------------------------------------------------------------------------------------------------------


def test_a_free_trial_keeps_a_card_takes_nothing_and_is_paid_when_it_is_over(shop):
    alice = shop.house.user("alice")
    begun, token = shop.begin(alice, shop.product(trial_days=14, trial_price_minor=0))
    assert begun.mode == "setup"
    assert finish(shop.desk, token).status is PENDING
    shop.pay(begun)
    order = finish(shop.desk, token)
    assert (order.status, amounts(shop)) == (ACTIVE, [])
    assert order.next_due_at == order.paid_until_at == shop.now + timedelta(days=14)
    shop.move(days=7)
    announce(shop.desk)
    shop.move(days=7, hours=1)
    assert shop.run().counts == {"settled": 1}
    assert amounts(shop) == [1900]
    assert shop.read(order).next_due_at == order.next_due_at + timedelta(days=30)


def test_a_card_that_cannot_be_kept_begins_no_free_trial(shop):
    alice = shop.house.user("alice")
    begun, token = shop.begin(alice, shop.product(trial_days=14, trial_price_minor=0))
    shop.pay(begun, "4000000000000002")
    assert finish(shop.desk, token).status is PENDING
    assert shop.hold(alice).status is Status.PENDING_ACTIVATION


def test_a_paid_trial_costs_its_own_price_first(shop):
    shop.buy(shop.house.user("alice"), shop.product(trial_days=7, trial_price_minor=100))
    announce(shop.desk)
    shop.move(days=7, hours=1)
    shop.run()
    shop.move(days=8)
    shop.run()
    assert amounts(shop) == [100, 1900]


def test_the_second_time_there_is_no_trial(shop):
    alice, product = shop.house.user("alice"), shop.product(trial_days=14, trial_price_minor=0)
    first = shop.buy(alice, product)
    changing.cancel(shop.desk, alice, first.uuid, by="member", at_once=True)
    assert quote(product, "", alice, shop.now).first_minor == 1900
    second = shop.buy(alice, product)
    assert (second.has_trial, second.status, amounts(shop)) == (False, ACTIVE, [1900])


def test_the_second_time_it_is_the_alternate_product(shop):
    alice, other = shop.house.user("alice"), shop.product(price_minor=1500)
    terms = Terms(ProductKind.SUBSCRIPTION, 1900, "EUR", 1, "month", trial_days=14, trial_price_minor=0)
    make_product(
        "Try", terms, Grant.LEVEL, shop.house.level(), now=shop.now, alternate_product_id=product_id(other)
    )
    first = shop.buy(alice, "Try")
    changing.cancel(shop.desk, alice, first.uuid, by="member", at_once=True)
    assert shop.buy(alice, "Try").product_id == product_id(other)
    assert amounts(shop) == [1500]


def test_a_trial_that_never_began_is_not_used_up(shop):
    alice, product = shop.house.user("alice"), shop.product(trial_days=14, trial_price_minor=0)
    shop.begin(alice, product)
    shop.move(hours=25)
    shop.run()
    assert shop.buy(alice, product).has_trial


def test_one_member_has_one_trial_of_two_that_are_begun_at_the_same_moment(shop):
    alice = shop.house.user("alice")
    bundles = [shop.product(grant=Grant.BUNDLE, trial_days=14, trial_price_minor=0) for _ in range(2)]
    shop.house.level("Free", is_free=True, is_default=True)
    at_once(shop.house, *(lambda name=name: shop.begin(alice, name) for name in bundles))
    with reading() as reader:
        orders = store.list_orders(reader, shop.house.read(alice).id)
    assert sorted(order.has_trial for order in orders) == [False, True]


# --- coupons --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "scope", "values", "paid"),
    [
        (CouponKind.PERCENT, CouponScope.FIRST, {}, [1520, 1900]),
        (CouponKind.PERCENT, CouponScope.ALL, {}, [1520, 1520]),
        (CouponKind.AMOUNT, CouponScope.FIRST, {"amount_minor": 500, "currency": "EUR"}, [1400, 1900]),
        (CouponKind.AMOUNT, CouponScope.ALL, {"amount_minor": 500, "currency": "EUR"}, [1400, 1400]),
        (CouponKind.FREE, CouponScope.FIRST, {}, [1900]),
        (CouponKind.FREE, CouponScope.ALL, {}, []),
    ],
)
def test_a_coupon_takes_off_the_first_payment_or_all(shop, kind, scope, values, paid):
    alice, code = shop.house.user("alice"), a_coupon(shop, "SUMMER", kind, scope=scope, **values)
    order = shop.buy(alice, shop.product(), coupon=code)
    assert order.status is ACTIVE
    shop.move(days=30, hours=1)
    shop.run()
    assert amounts(shop) == paid
    assert shop.hold(alice).status is Status.ACTIVE
    assert len(shop.settlements(order)) == 2


def test_a_coupon_for_the_first_payment_is_not_used_up_by_a_free_trial(shop):
    code = a_coupon(shop, "SUMMER")
    shop.buy(shop.house.user("alice"), shop.product(trial_days=1, trial_price_minor=0), coupon=code)
    shop.move(days=1, hours=1)
    shop.run()
    assert amounts(shop) == [1520]


def test_a_coupon_counts_within_its_dates_and_an_order_keeps_it_after_them(shop):
    product = shop.product()
    code = a_coupon(
        shop,
        "JULY",
        scope=CouponScope.ALL,
        starts_at=shop.now + timedelta(days=1),
        ends_at=shop.now + timedelta(days=3),
    )
    with pytest.raises(Refused, match="cannot be used yet"):
        shop.begin(shop.house.user("alice"), product, coupon=code)
    shop.move(days=2)
    shop.buy(shop.house.user("bob"), product, coupon=code)
    shop.move(days=1)
    with pytest.raises(Refused, match="has ended"):
        shop.begin(shop.house.user("charlie"), product, coupon=code)
    shop.move(days=30)
    shop.run()
    assert amounts(shop) == [1520, 1520]


def test_a_code_that_nobody_made_is_refused(shop):
    with pytest.raises(Refused, match="no such coupon"):
        shop.begin(shop.house.user("alice"), shop.product(), coupon="NOTHING")


def test_the_last_use_of_a_coupon_goes_to_one_of_two_buyers_at_once(shop):
    product, code = shop.product(), a_coupon(shop, "LAST", quantity=1)
    alice, bob = shop.house.user("alice"), shop.house.user("bob")
    outcomes = at_once(
        shop.house, *(lambda user=user: shop.begin(user, product, coupon=code) for user in (alice, bob))
    )
    assert len([one for one in outcomes if one is not Refused]) == 1
    assert used(code) == 1


def used(code):
    with reading() as reader:
        return find_coupon(reader, code).used


def test_a_coupon_is_given_back_when_its_checkout_is_given_up(shop):
    code = a_coupon(shop, "LAST", quantity=1)
    shop.begin(shop.house.user("alice"), shop.product(), coupon=code)
    assert used(code) == 1
    shop.move(hours=25)
    shop.run()
    assert used(code) == 0


# --- currencies and sums --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("currency", "price", "at_stripe"),
    [
        ("JPY", 980, 980),
        ("KWD", 1230, 1230),
        ("ISK", 500, 50000),
        ("RSD", 99050, 99050),
        ("UGX", 5000, 500000),
        ("USD", 50, 50),
    ],
)
def test_each_currency_is_charged_what_its_price_says(shop, currency, price, at_stripe):
    order = shop.buy(shop.house.user("alice"), shop.product(price_minor=price, currency=currency))
    assert [(one["amount"], one["currency"]) for one in shop.charges()] == [(at_stripe, currency.lower())]
    assert [(one.amount_minor, one.currency) for one in shop.settlements(order)] == [(price, currency)]
    assert returning.refund(shop.desk, order.uuid, None, by="admin:1") == "succeeded"
    assert refund_states() == [("succeeded", price)]
    assert [one["amount"] for one in shop.processor.get("ledger")["refunds"]] == [at_stripe]


def test_a_discount_in_dinars_leaves_what_can_be_collected(shop):
    code = a_coupon(shop, "SUMMER")
    shop.buy(shop.house.user("alice"), shop.product(price_minor=1230, currency="KWD"), coupon=code)
    assert amounts(shop) == [980]


@pytest.mark.parametrize(("currency", "price"), [("XAU", 1000), ("KWD", 1005)])
def test_what_the_gateway_does_not_take_is_not_sold(shop, currency, price):
    with pytest.raises(Refused, match=r"does not take|no such fractions"):
        shop.begin(shop.house.user("alice"), shop.product(price_minor=price, currency=currency))


def test_the_tax_inside_the_price_is_booked_apart(shop):
    order = shop.buy(shop.house.user("alice"), shop.product(tax_ppm=200_000, tax_country="FR"))
    assert accounts_of(order) == {"gateway": 1900, "revenue": -1583, "tax": -317}


def test_a_first_payment_below_the_minimum_is_refused(shop):
    with pytest.raises(Refused, match="below what"):
        shop.begin(shop.house.user("alice"), shop.product(price_minor=49))


def test_a_renewal_below_the_minimum_is_carried_to_the_cycle_that_can_be_collected(shop):
    alice = shop.house.user("alice")
    order = shop.buy(alice, shop.product(price_minor=20, trial_days=1, trial_price_minor=100))
    shop.move(days=1, hours=1)
    for _cycle in range(3):
        shop.run()
        shop.move(days=31)
    assert amounts(shop) == [100, 60]
    assert [one.status for one in shop.receivables(order)] == ["settled", "carried", "carried", "settled"]
    assert shop.hold(alice).status is Status.ACTIVE


def test_a_product_that_is_paid_for_has_a_price(shop):
    with pytest.raises(Refused, match="needs a price"):
        shop.product(price_minor=0)


@pytest.mark.parametrize("name", ["Nothing of that name", "Old"])
def test_what_is_not_sold_cannot_be_bought(shop, name):
    archive_product(product_id(shop.product(name="Old")), now=shop.now)
    with pytest.raises((NotFound, Refused)):
        shop.begin(shop.house.user("alice"), name)


# --- by hand, affiliates --------------------------------------------------------------------------------------------


def test_an_order_that_is_paid_by_hand_waits_until_it_is_marked_paid(shop):
    alice = shop.house.user("alice")
    begun, token = shop.begin(alice, shop.product(), gateway="manual")
    assert (begun.mode, finish(shop.desk, token).status) == ("manual", PENDING)
    shop.move(days=3)
    shop.run()
    order = changing.mark_paid(shop.desk, begun.order, by="admin:1", note="cheque 7")
    assert (order.status, order.next_due_at) == (ACTIVE, shop.now + timedelta(days=30))
    assert shop.hold(alice).status is Status.ACTIVE
    assert [(one.source, one.note) for one in shop.settlements(order)] == [("manual", "cheque 7 (admin:1)")]


def test_a_renewal_by_hand_is_listed_and_the_owner_is_told_once(shop):
    begun, _token = shop.begin(shop.house.user("alice"), shop.product(), gateway="manual")
    order = changing.mark_paid(shop.desk, begun.order, by="admin:1")
    with reading() as reader:
        upcoming = list_upcoming(reader, shop.now + timedelta(days=31))
    assert [(one.at, one.amount_minor, one.state) for one in upcoming] == [
        (order.next_due_at, 1900, "pending")
    ]
    shop.move(days=30, hours=1)
    shop.run()
    shop.run()
    assert alarm_kinds() == ["due_by_hand"]
    assert changing.mark_paid(shop.desk, order.uuid, by="admin:1").next_due_at == order.start_of(2)


def test_an_affiliate_stands_on_the_order_and_in_each_event_and_has_events_of_his_own(shop):
    order = shop.buy(shop.house.user("alice"), shop.product(), affiliate_id="A7", subaffiliate_id="mail-3")
    assert (order.affiliate_id, order.subaffiliate_id) == ("A7", "mail-3")
    shop.move(days=30)
    shop.run()
    assert shop.event_names("affiliate") == ["paid_first", "paid_renewal"]
    bodies = [event.body for event in shop.house.events() if event.type == "billing"]
    assert all('"affiliate":"A7"' in body and '"subaffiliate":"mail-3"' in body for body in bodies)


# --- bundles and credit ---------------------------------------------------------------------------------------------


def test_the_buyer_of_a_bundle_gets_the_default_level(shop):
    alice, bundle = shop.house.user("alice"), shop.house.bundle()
    product = shop.product(grant=Grant.BUNDLE, grant_id=bundle)
    with pytest.raises(Refused, match="no default one"):
        shop.begin(alice, product)
    free = shop.house.level("Free", is_free=True, is_default=True)
    shop.buy(alice, product)
    assert (shop.hold(alice).level_id, shop.hold(alice).status) == (free, Status.ACTIVE)
    assert shop.hold(alice, bundle).status is Status.ACTIVE


def test_credit_that_pays_the_first_payment_is_said_to_have_paid_it(shop):
    shop.settings = shop.settings.__class__(accept_unsafe_database=True, refund_surplus=False)
    shop.desk = shop.new_desk()
    alice = shop.house.user("alice")
    begun, _token = shop.begin(alice, shop.product())
    changing.cancel(shop.desk, alice, begun.order, by="member")
    shop.pay(begun)
    close_intents(shop)
    order = shop.buy(alice, shop.product())
    assert (order.status, credit_of(order)) == (ACTIVE, 0)
    assert [(one.source, one.amount_minor) for one in shop.settlements(order)] == [("credit", 1900)]
    assert accounts_of(order) == {"gateway": 1900, "revenue": -1900}


def test_two_buyers_of_one_product_are_two_customers(shop):
    product = shop.product()
    for name in ("alice", "bob"):
        shop.buy(shop.house.user(name), product)
    assert len({one["customer"] for one in shop.charges()}) == 2
