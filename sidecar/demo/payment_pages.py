"""Pages of the preview: what was bought, what was tried to collect for it, and where the money is in the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from flask import abort
from sqlalchemy.orm import Session

from sidecar.billing import store, store_cards
from sidecar.billing.rules import Attempt, Card, Order, Receivable
from sidecar.billing.states import SubscriptionState
from sidecar.catalog.store import list_products
from sidecar.db import reading
from sidecar.demo.onlookers import VISITOR, Onlooker
from sidecar.demo.pages import preview, render_page
from sidecar.demo.scene import Scene
from sidecar.demo.store import list_all_orders, list_ledger, sum_ledger
from sidecar.web.dashboard.words import Words

_TROUBLE_FIRST = (SubscriptionState.OVERDUE, SubscriptionState.PENDING)


@dataclass(frozen=True)
class Sale:
    """One order, who bought what, and how collecting goes."""

    order: Order
    who: Onlooker
    product: str
    card: Card | None
    attempts: list[Attempt]


@dataclass(frozen=True)
class Cycle:
    """What one cycle owes, and the attempts to collect it, oldest first."""

    receivable: Receivable
    attempts: list[Attempt]


@preview.get("/payments")
def list_payments() -> str:
    """All orders: those in trouble first, then the newest; and what the ledger sums to."""
    with reading() as reader:
        scene = Scene(reader)
        sales = sorted(_sales(reader, scene, list_all_orders(reader)), key=_rank)
        words = Words(scene.words.language, scene.words.zone, scene.now)
        return render_page("payments.html", scene, sales=sales, words=words, sums=sum_ledger(reader))


@preview.get("/payments/<name>")
def show_payment(name: str) -> str:
    """One order: its cycles, attempts and postings."""
    with reading() as reader:
        scene, order = Scene(reader), store.find_order_by_uuid(reader, name)
        if order is None:
            abort(404)
        sale = next(_sales(reader, scene, [order]))
        cycles = [
            Cycle(owed, [one for one in sale.attempts if one.receivable_id == owed.id])
            for owed in store.list_receivables(reader, order.id)
        ]
        words = Words(scene.words.language, scene.words.zone, scene.now)
        postings = _postings(reader, [cycle.receivable for cycle in cycles])
        return render_page(
            "payment.html", scene, sale=sale, cycles=cycles[::-1], words=words, postings=postings
        )


def _sales(reader: Session, scene: Scene, orders: list[Order]) -> Iterator[Sale]:
    people = {one.member.id: one for one in scene.onlookers if one.member is not None}
    products = {product.id: product.name for product in list_products(reader)}
    for order in orders:
        yield Sale(
            order=order,
            who=people.get(order.member_id, VISITOR),
            product=products.get(order.product_id, ""),
            card=store_cards.find_card(reader, order.card_id) if order.card_id is not None else None,
            attempts=store.list_attempts(reader, order.id),
        )


def _rank(sale: Sale) -> tuple[int, float]:
    status = sale.order.status
    place = _TROUBLE_FIRST.index(status) if status in _TROUBLE_FIRST else len(_TROUBLE_FIRST)
    return place, -sale.order.ordered_at.timestamp()


def _postings(reader: Session, owed: list[Receivable]) -> list[tuple[Any, list[Any]]]:
    """(when, the entries of one posting), newest first."""
    rows = list_ledger(reader, {receivable.uuid for receivable in owed})
    return [
        (entries[0].at, entries)
        for _name, group in groupby(rows, lambda row: row.posting)
        if (entries := list(group))
    ]
