"""A subscription from its first payment on: renewed, overdue, recovered, ended."""

from sidecar.billing.states import SubscriptionState
from sidecar.members.rules import Status


def test_a_first_payment_gives_access_and_the_next_is_due_a_month_later(shop):
    alice, product = shop.house.user("alice"), shop.product()
    order = shop.buy(alice, product)
    assert order.status is SubscriptionState.ACTIVE
    assert shop.hold(alice).status is Status.ACTIVE
    assert order.next_due_at.isoformat() == "2026-07-15T12:00:00+00:00"
    assert [(one.source, one.amount_minor) for one in shop.settlements(order)] == [("gateway", 1900)]
    assert shop.mails() == ["welcome"]


def test_a_renewal_is_charged_once_however_often_the_run_is_repeated(shop):
    alice = shop.house.user("alice")
    order = shop.buy(alice, shop.product())
    shop.move(days=30, hours=1)
    tallies = [shop.run().counts for _ in range(3)]
    assert tallies[0] == {"settled": 1}
    assert [one["amount"] for one in shop.charges()] == [1900, 1900]
    assert [one.cycle for one in shop.receivables(order)] == [0, 1]
    assert shop.read(order).next_due_at.isoformat() == "2026-08-15T12:00:00+00:00"
