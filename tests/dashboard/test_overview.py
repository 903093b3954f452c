"""The numbers of the overview: counted once by a job, what they hold, and what an owner reads."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from sidecar.billing import changing
from sidecar.catalog.rules import ProductKind
from sidecar.db import reading
from sidecar.reports.counting import count_figures
from sidecar.reports.overview import read_overview
from sidecar.staff.rules import Role
from tests.dashboard.screens import Desk, an_administrator, an_employee
from tests.house import DAY

PARIS = ZoneInfo("Europe/Paris")


def seen(shop):
    count_figures(shop.now, PARIS)
    with reading() as reader:
        return read_overview(reader, shop.now, PARIS)


@pytest.fixture
def alice(shop):
    """19 € a month."""
    return shop.buy(shop.house.user("alice"), shop.product("Monthly"))


def test_monthly_revenue_takes_a_yearly_price_by_twelve_and_leaves_plans_trials_and_the_canceled_out(
    shop, alice
):
    yearly = shop.product("Yearly", price_minor=12000, unit="year")
    plan = shop.product("Plan", kind=ProductKind.PAYMENT_PLAN, payments=3, price_minor=5000)
    trial = shop.product("Trial", trial_days=14, trial_price_minor=0)
    gone = shop.product("Gone", price_minor=3000)
    for login, product in (("bob", yearly), ("carla", plan), ("dora", trial)):
        shop.buy(shop.house.user(login), product)
    ending = shop.buy(shop.house.user("emil"), gone)
    changing.cancel(shop.desk, None, ending.uuid, by="test")
    numbers = seen(shop)

    assert numbers.mrr == {"EUR": 1900 + 1000}
    assert numbers.subscriptions == 2


def test_what_is_expected_stands_on_the_days_of_the_site(shop, alice):
    shop.move(days=1)
    numbers = seen(shop)
    due = alice.next_due_at.astimezone(PARIS).date()
    assert {day: amounts for day, amounts in numbers.expected.items() if amounts} == {due: {"EUR": 1900}}
    assert numbers.payments == {due: 1}


def test_what_was_collected_stands_on_its_day_and_a_second_count_changes_nothing(shop, alice):
    first, second = seen(shop), seen(shop)
    today = shop.now.astimezone(PARIS).date()
    assert first.collected[today] == {"EUR": 1900}
    assert {**vars(first), "counted_at": None} == {**vars(second), "counted_at": None}


def test_a_failed_renewal_is_overdue_and_its_recovery_is_counted_by_try_and_reason(shop, alice):
    shop.script(alice, "insufficient_funds", "insufficient_funds")
    shop.move(days=31)
    shop.run()
    late = seen(shop)
    for _retry in range(2):
        shop.move(days=3)
        shop.run()
    recovered = seen(shop)

    assert (late.overdue, late.owed) == (1, {"EUR": 1900})
    assert (recovered.overdue, recovered.owed) == (0, {})
    assert recovered.recovered == {("retry 2", "insufficient_funds"): 1}
    assert recovered.saved == {"EUR": 1900}


def test_lost_tells_will_from_need_and_a_change_of_product_is_neither(shop, alice):
    asked = shop.buy(shop.house.user("bob"), shop.product("B"))
    changing.cancel(shop.desk, None, asked.uuid, by="test", at_once=True)
    shop.script(alice, *["insufficient_funds"] * 4)
    shop.move(days=31)
    for _try in range(5):
        shop.run()
        shop.move(days=3)
    numbers = seen(shop)
    assert numbers.lost == {"voluntary": 0, "involuntary": 1}  # Bob left more than thirty days ago
    assert numbers.unpaid == 1


def test_what_was_canceled_in_the_last_thirty_days_is_lost_by_will(shop, alice):
    changing.cancel(shop.desk, None, alice.uuid, by="test", at_once=True)
    assert seen(shop).lost == {"voluntary": 1, "involuntary": 0}


def test_the_screen_says_them_in_words_and_names_nobody_to_an_analyst(shop, alice):
    analyst = Desk(shop.house, an_employee(shop.house, Role.ANALYST), billing=shop.desk)
    text = analyst.text("/overview")
    assert "Monthly revenue €19.00" in text
    assert "Active members 1" in text
    assert "alice" not in text.lower()


def test_an_empty_site_says_what_will_stand_there(house):
    text = Desk(house, an_administrator(house)).text("/overview")
    assert "No payments yet" in text
    assert "Nothing is expected" in text


def test_the_screen_speaks_the_language_of_whom_it_is_for(house):
    owner = an_administrator(house)
    house.meta(owner, "locale", "fr_FR")
    text = Desk(house, owner).text("/overview")
    assert "Membres actifs" in text
    assert "Active members" not in text


def test_days_without_a_count_are_made_up_for(shop, alice):
    seen(shop)
    shop.move(days=3)
    numbers = seen(shop)
    paid_on = (shop.now - 3 * DAY).astimezone(PARIS).date()
    assert numbers.collected[paid_on] == {"EUR": 1900}
    assert numbers.collected[paid_on + timedelta(days=1)] == {}
