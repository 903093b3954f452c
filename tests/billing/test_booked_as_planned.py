"""A renewal's success is booked on what was planned, without reading it again: only as long as nobody else has had the lock."""

import json
from dataclasses import replace

import pytest
import sqlalchemy as sa

from sidecar.billing import booking, charging, locking, store_charging
from sidecar.billing.booking import book_intent
from sidecar.billing.invoicing.models import invoices
from sidecar.billing.models import (
    attempts,
    cards,
    ledger,
    member_locks,
    orders,
    receivables,
    settlements,
)
from sidecar.catalog.rules import PlanEnd, ProductKind
from sidecar.db import reading, transaction
from sidecar.outbox import outbox
from tests.billing.books import alarm_kinds
from tests.processor.builders import a_number

ITS_OWN = {
    "id", "uuid", "token", "order_id", "member_id", "gateway_id", "customer_id",
    "fingerprint", "holder", "posting", "number", "started_s", "intent_asked_at", "last4",
    "card_chosen_s", "cause", "card_last4", "buyer_shown_as",
}  # fmt: skip
"""Columns that differ between any two members."""
NAMED = {"receivable_id", "attempt_id", "card_id", "intent_id", "charge_id"}
"""Columns of which it counts whether they are filled."""


def books_of(shop, order):
    """All that billing has written about an order, but for names and ids."""
    with reading() as reader:
        rows = {
            table.name: [
                {
                    name: value is not None if name in NAMED else value
                    for name, value in row._mapping.items()
                    if name not in ITS_OWN
                }
                for row in reader.execute(sa.select(table).where(mine).order_by(sa.text("1")))
            ]
            for table, mine in (
                (orders, orders.c.id == order.id),
                (receivables, receivables.c.order_id == order.id),
                (attempts, attempts.c.order_id == order.id),
                (settlements, settlements.c.order_id == order.id),
                (ledger, ledger.c.member_id == order.member_id),
                (cards, cards.c.member_id == order.member_id),
                (invoices, invoices.c.member_id == order.member_id),
            )
        }
        parcels = [json.loads(text) for text in reader.scalars(sa.select(outbox.c.payload))]
    told = [one.get("name", one["kind"]) for one in parcels if one.get("order") == order.id]
    events = [event for event in shop.house.events() if event.type == "billing"]
    happened = [event.name for event in events if order.uuid in str(event)]
    return rows | {"told": sorted(told), "happened": sorted(happened)}


@pytest.mark.parametrize(
    "terms",
    [
        {},
        {"kind": ProductKind.PAYMENT_PLAN, "payments": 2},
        {"kind": ProductKind.PAYMENT_PLAN, "payments": 2, "plan_end": PlanEnd.END},
        {"tax_ppm": 200_000, "tax_country": "FR"},
    ],
    ids=["renewal", "last payment, kept", "last payment, ends", "with tax"],
)
def test_it_writes_what_booking_with_a_fresh_look_writes(shop, monkeypatch, terms):
    product = shop.product(**terms)
    short, long = (shop.buy(shop.house.user(), product, card=a_number()) for _ in range(2))
    shop.run()
    shop.move(days=30, hours=1)
    ways = []

    def book(desk, plan, intent, *, now):
        done = None if plan.order.id == long.id else booking.book_as_planned(desk, plan, intent, now=now)
        ways.append((plan.order.id, done))
        return done

    monkeypatch.setattr(charging, "book_as_planned", book)
    assert shop.run().counts == {"settled": 2}
    assert sorted(ways) == [(short.id, "settled"), (long.id, None)]
    theirs, its = books_of(shop, short), books_of(shop, long)
    for name, rows in its.items():
        assert (name, theirs[name]) == (name, rows)
    assert len(its[settlements.name]) == len(its[invoices.name]) == 2
    assert "paid_renewal" in its["happened"]
    assert {"receipt", "mm_payment_rebill"} <= set(its["told"])


@pytest.fixture
def order(shop):
    """A subscription whose renewal is due."""
    made = shop.buy(shop.house.user("alice"), shop.product())
    shop.move(days=30)
    return made


def test_nothing_is_read_again(shop, order, monkeypatch):
    monkeypatch.setattr(store_charging, "find_bookable", refuse)
    assert shop.run().counts == {"settled": 1}


def refuse(*_asked):
    raise AssertionError("it was read again")


def test_a_worker_whose_lock_was_taken_over_looks_afresh_and_finds_it_booked(shop, order, monkeypatch):
    def meanwhile(answer):
        take_the_lock(order)
        assert [one.status for one in shop.attempts(order)][-1] == "unknown"
        assert book_intent(shop.desk, shop.receivables(order)[-1].id, answer, now=shop.now) == "settled"

    after_confirming(shop, monkeypatch, meanwhile)
    assert shop.run().counts == {"known": 1}
    assert len(shop.charges()) == len(shop.settlements(order)) == 2


def take_the_lock(order):
    with transaction() as session:
        session.execute(sa.update(member_locks).values(until_s=0.0))
    locking.claim_members([order.member_id], "another")


def reuse_the_row(_order):
    """As a database does that was restored: its next attempt gets the same id."""
    with transaction() as session:
        session.execute(sa.update(attempts).where(attempts.c.is_open == 1).values(intent_id="pi_another"))


def reuse_the_row_by_another(_order):
    with transaction() as session:
        session.execute(sa.update(attempts).where(attempts.c.is_open == 1).values(holder="another"))


@pytest.mark.parametrize("change", [take_the_lock, reuse_the_row, reuse_the_row_by_another])
def test_what_is_no_longer_as_it_was_planned_is_booked_after_a_fresh_look(shop, order, monkeypatch, change):
    looked, find = [], store_charging.find_bookable
    monkeypatch.setattr(store_charging, "find_bookable", lambda *asked: looked.append(asked) or find(*asked))
    after_confirming(shop, monkeypatch, lambda _answer: change(order))
    assert shop.run().counts == {"settled": 1}
    assert len(looked) == 1
    assert [one.status for one in shop.attempts(order)] == ["succeeded", "succeeded"]


def after_confirming(shop, monkeypatch, do):
    """Have something happen between the gateway's answer and its booking."""
    confirm = shop.gateway.confirm_intent

    def confirm_and_do(*asked):
        answer = confirm(*asked)
        do(answer)
        return answer

    monkeypatch.setattr(shop.gateway, "confirm_intent", confirm_and_do)


def test_an_answer_about_something_else_is_not_booked(shop, order, monkeypatch):
    confirm = shop.gateway.confirm_intent
    monkeypatch.setattr(
        shop.gateway,
        "confirm_intent",
        lambda *asked: replace(confirm(*asked), metadata={"gatepost": "another"}),
    )
    assert shop.run().counts == {"foreign": 1}
    assert len(shop.settlements(order)) == 1
    assert shop.run().counts == {}  # nor is the gateway asked again at once
    assert alarm_kinds() == ["broken"]
    monkeypatch.undo()
    shop.move(hours=1)
    shop.run()
    assert len(shop.settlements(order)) == len(shop.charges()) == 2


def test_a_card_that_shows_new_digits_is_written_down(shop, order, monkeypatch):
    confirm = shop.gateway.confirm_intent

    def confirm_with_a_new_year(*asked):
        answer = confirm(*asked)
        card = replace(answer.charge.card, exp_year=2050)
        return replace(answer, charge=replace(answer.charge, card=card))

    monkeypatch.setattr(shop.gateway, "confirm_intent", confirm_with_a_new_year)
    assert shop.run().counts == {"settled": 1}
    with reading() as reader:
        assert reader.scalars(sa.select(cards.c.exp_year)).all() == [2050]
