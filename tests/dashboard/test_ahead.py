"""An order's way ahead: what comes on which day if nothing changes."""

import pytest

from sidecar.billing import changing, store
from sidecar.catalog.rules import ProductKind
from sidecar.db import reading
from sidecar.reports.ahead import What, steps_of
from tests.dashboard.screens import Desk, an_administrator


@pytest.fixture
def order(shop):
    return shop.buy(shop.house.user("alice"), shop.product())


def ahead(shop, order):
    with reading() as reader:
        fresh = store.get_order(reader, order.uuid)
        steps = steps_of(fresh, store.list_attempts(reader, order.id), "2,5,7", shop.now)
    return [(step.at.date().isoformat(), step.what) for step in steps]


def test_an_active_order_shows_what_was_paid_and_three_renewals(shop, order):
    assert ahead(shop, order) == [
        ("2026-06-15", What.PAID), ("2026-07-15", What.PAYMENT), ("2026-08-15", What.PAYMENT), ("2026-09-15", What.PAYMENT),
    ]  # fmt: skip


def test_an_overdue_order_shows_its_retries_the_last_one_for_what_it_is(shop, order):
    shop.script(order, "insufficient_funds", "insufficient_funds")
    shop.move(days=30)
    shop.run()
    assert ahead(shop, order)[1:] == [
        ("2026-07-15", What.FAILED), ("2026-07-17", What.RETRY), ("2026-07-20", What.RETRY), ("2026-07-22", What.LAST_RETRY),
        ("2026-08-15", What.PAYMENT), ("2026-09-15", What.PAYMENT), ("2026-10-15", What.PAYMENT),
    ]  # fmt: skip
    shop.move(days=2)
    shop.run()
    assert ahead(shop, order)[3:5] == [("2026-07-20", What.RETRY), ("2026-07-22", What.LAST_RETRY)]


def test_who_canceled_sees_the_end_and_no_payment(shop, order):
    changing.cancel(shop.desk, None, order.uuid, by="test")
    assert ahead(shop, order)[1:] == [("2026-07-15", What.END)]


def test_a_plan_shows_no_payment_after_its_last(shop):
    plan = shop.product(kind=ProductKind.PAYMENT_PLAN, payments=2)
    order = shop.buy(shop.house.user("bob"), plan)
    assert [what for _day, what in ahead(shop, order)] == [What.PAID, What.PAYMENT]


def test_the_overdue_list_and_the_order_say_who_why_and_what_comes(shop, order):
    shop.script(order, "insufficient_funds")
    shop.move(days=30)
    shop.run()
    owner = Desk(shop.house, an_administrator(shop.house), billing=shop.desk)
    for path in ("/overdue", f"/orders/{order.uuid}"):
        text = owner.text(path)
        assert "not enough money" in text
        assert "Jul 17, 2026" in text
