"""Several workers, and a member beside them: one winner, one charge."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import sqlalchemy as sa
from flask import current_app

from sidecar.billing import store
from sidecar.billing.charging import charge_due, claim_due
from sidecar.billing.ordering import Buyer
from sidecar.billing.paying import begin_card, finish_card
from sidecar.db import db, reading
from tests.billing.shop import OTHER_GOOD_CARD
from tests.processor.builders import a_number


def at_once(shop, *calls):
    """Run the calls in threads that begin together; gives what each returned."""
    together = Barrier(len(calls))

    def run(call):
        with shop.house.app.app_context():
            together.wait()
            return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_two_and_then_ten_workers_charge_each_renewal_once(shop):
    product = shop.product()
    orders = [shop.buy(shop.house.user(), product, card=a_number()) for _number in range(6)]
    shop.run()
    for cycle, workers in ((1, 2), (2, 10)):
        shop.move(days=31)
        at_once(shop, *[lambda: charge_due(shop.desk, threads=2)] * workers)
        shop.run()
        assert len(shop.charges()) == len(orders) * (cycle + 1)
    assert [len(shop.settlements(order)) for order in orders] == [3] * len(orders)


def test_ten_workers_on_one_member_charge_him_once(shop):
    order = shop.buy(shop.house.user("alice"), shop.product())
    shop.run()
    shop.move(days=30)
    at_once(shop, *[lambda: charge_due(shop.desk, threads=1)] * 10)
    assert len(shop.charges()) == 2
    assert len(shop.attempts(order)) == 2


def test_a_member_who_pays_by_hand_in_the_middle_of_a_retry_pays_once(shop):
    alice = shop.house.user("alice")
    order = shop.buy(alice, shop.product())
    shop.script(order, "insufficient_funds")
    shop.move(days=30)
    shop.run()
    begun = begin_card(shop.desk, Buyer(alice, "alice@example.test", "Alice"))
    shop.move(days=2)
    at_once(shop, lambda: charge_due(shop.desk, threads=1), lambda: shop.pay(begun, OTHER_GOOD_CARD))
    finish_card(shop.desk, alice, order.uuid)
    shop.move(hours=1)
    shop.run()
    assert len(shop.charges()) == 2
    assert [one.source for one in shop.settlements(order)] == ["gateway", "gateway"]


def test_many_threads_wait_for_the_connections_that_there_are_and_close_none(shop):
    """A connection costs as much as a renewal: threads that open one each for a moment would do nothing else."""
    opened, closed = [], []
    for engine in (db.engine, current_app.extensions["gatepost_reader"]):
        sa.event.listen(engine, "connect", lambda connection, _record: opened.append(connection))
        sa.event.listen(engine, "close", lambda connection, _record: closed.append(connection))
    product = shop.product()
    for _member in range(20):
        shop.buy(shop.house.user(), product, card=a_number())
    shop.move(days=31)
    assert charge_due(shop.desk, threads=20).counts == {"settled": 20}
    assert closed == []
    assert len(opened) <= 32


def test_one_members_failure_does_not_stop_the_batch(shop):
    product = shop.product()
    orders = [shop.buy(shop.house.user(), product, card=a_number()) for _number in range(4)]
    shop.run()
    _break_terms(orders[1])
    shop.move(days=30)
    counts = shop.run().counts
    assert counts == {"settled": 3, "failed": 1}
    assert len(shop.charges()) == 7


def _break_terms(order):
    from sidecar.billing import store
    from sidecar.db import session, use_case

    @use_case
    def run():
        store.set_order(session(), order.id, terms='{"kind":"no such kind"}')

    run()


def test_who_finds_the_first_ones_taken_works_on_the_next(shop, monkeypatch):
    """Also when they were taken only after he had looked: two workers that wait for each other are one."""
    product = shop.product()
    for _number in range(4):
        shop.buy(shop.house.user(), product, card=a_number())
    shop.move(days=30)
    first = claim_due(shop.desk, set(), limit=2)
    second = claim_due(shop.desk, set(), limit=1)
    everything = [(task.order_id, task.member_id) for task in first + second]
    with reading() as reader:
        left = store.list_due(reader, shop.now, 10)
    looks = iter([everything, everything + left, []])
    monkeypatch.setattr(store, "list_due", lambda *_asked: next(looks))
    third = claim_due(shop.desk, set(), limit=3)
    assert [len(first), len(second), len(third)] == [2, 1, 1]
    assert len({task.member_id for task in first + second + third}) == 4
