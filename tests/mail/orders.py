"""Orders that need no gateway, and mails that wait for delivery."""

from __future__ import annotations

import secrets
from typing import Any

import sqlalchemy as sa

from sidecar import outbox
from sidecar.billing.desk import Desk, Settings
from sidecar.billing.ordering import Buyer, Wish, begin
from sidecar.billing.rules import Order
from sidecar.billing.store import get_order
from sidecar.catalog.making import make_product
from sidecar.catalog.rules import Grant, ProductKind, Terms
from sidecar.db import reading, transaction
from tests.house import House


def a_desk(house: House) -> Desk:
    """One without a gateway."""
    return Desk(
        "11111111-2222-3333-4444-555555555555", "https://club.test", "machine-1", house.clock, house.tables, Settings(),
        house.service.config.state_dir,
    )  # fmt: skip


def a_free_order(house: House, user_id: int, product: str = "Apprentice", **terms: Any) -> Order:
    """Of a free level called like the product, which is made here; its welcome is queued."""
    make_product(
        product, Terms(ProductKind.FREE, **terms), Grant.LEVEL, house.level(product), now=house.clock.now()
    )
    buyer = Buyer(user_id, "whoever@example.test", "", ip="192.0.2.7")
    begun = begin(
        a_desk(house), buyer, Wish(product, secrets.token_hex(16), gateway="manual", affiliate_id="aff7")
    )
    with reading() as reader:
        return get_order(reader, begun.order)


def queue_mail(
    house: House, kind: str, member: int | None = None, order: int | None = None, **data: Any
) -> str:
    """Gives the parcel's id."""
    payload = {"kind": kind, "member": member, "order": order, "data": data}
    with transaction() as session:
        return outbox.add(session, "mail", payload, house.clock.now())


def waiting_mails() -> list[Any]:
    """Rows of mails that are not done, oldest first."""
    table = outbox.outbox
    with reading() as reader:
        rows = sa.select(table).where(table.c.kind == "mail", table.c.done_at.is_(None))
        return list(reader.execute(rows.order_by(table.c.seq_at, table.c.id)))
