"""Reading what billing wrote, and what the processor has: for tests that reckon."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from jobs.billing import close_intent
from sidecar import outbox
from sidecar.billing import hooks, store_ledger
from sidecar.billing.models import alarms, disputes, ledger, refunds, surpluses
from sidecar.billing.notices import CLOSE_INTENT
from sidecar.billing.rules import Order
from sidecar.catalog.coupons import Coupon, CouponKind, CouponScope
from sidecar.catalog.making import make_coupon
from sidecar.db import reading, transaction
from sidecar.demo.processor.webhooks import signature
from sidecar.outbox import set_done
from tests.billing.shop import Shop


def credit_of(order: Order) -> int:
    """The member's credit in the order's currency, in minor units."""
    with reading() as reader:
        return store_ledger.compute_credit(reader, order.member_id, order.currency)


def accounts_of(order: Order) -> dict[str, int]:
    """The member's ledger: account → minor units, debit positive, without the empty ones."""
    total = sa.func.sum(ledger.c.amount_minor)
    rows = sa.select(ledger.c.account, total).where(ledger.c.member_id == order.member_id)
    with reading() as reader:
        return {name: int(sum_) for name, sum_ in reader.execute(rows.group_by(ledger.c.account)) if sum_}


def rows_of(table: sa.Table) -> list[Any]:
    """All rows of a table, oldest first."""
    with reading() as reader:
        return list(reader.execute(sa.select(table).order_by(table.c.id)))


def refund_states() -> list[tuple[str, int]]:
    """(status, minor units) of all refunds."""
    return [(row.status, row.amount_minor) for row in rows_of(refunds)]


def dispute_states() -> list[str]:
    """Where all disputes stand."""
    return [row.status for row in rows_of(disputes)]


def surplus_sums() -> list[int]:
    """What came too much, in minor units."""
    return [row.amount_minor for row in rows_of(surpluses)]


def alarm_kinds() -> list[str]:
    """What the owner was told of."""
    return [row.kind for row in rows_of(alarms) if row.closed_at is None]


def write_sql(statement: sa.Update | sa.Insert | sa.Delete) -> None:
    """Change rows past billing, as only a mistake or a hand would."""
    with transaction() as session:
        session.execute(statement)


def a_coupon(shop: Shop, code: str, kind: CouponKind = CouponKind.PERCENT, **values: Any) -> str:
    """A coupon of 20 %, or as said; gives its code."""
    if kind is CouponKind.PERCENT:
        values = {"percent_ppm": 200_000, **values}
    make_coupon(Coupon(0, code, kind, **{"scope": CouponScope.FIRST, **values}), now=shop.now)
    return code


def newest_charge(shop: Shop) -> str:
    """The processor's id of the charge that succeeded last."""
    return str(shop.charges()[-1]["id"])


def close_intents(shop: Shop) -> list[str]:
    """What the job does with intents that nothing is owed for; gives why some are not closed."""
    with reading() as reader:
        parcels = outbox.list_waiting(reader, CLOSE_INTENT)
    reasons = [close_intent(shop.desk, parcel) for parcel in parcels]
    with transaction() as session:
        done = [parcel.id for parcel, reason in zip(parcels, reasons, strict=True) if not reason]
        set_done(session, done, shop.now)
    return [reason for reason in reasons if reason]


def a_foreign_payment(shop: Shop, **metadata: str) -> Any:
    """A payment that somebody else makes through the same account; its intent."""
    client = shop.processor.client()
    return client.v1.payment_intents.create(
        {"amount": 900, "currency": "eur", "customer": client.v1.customers.create().id, "payment_method": "pm_card_visa",
         "confirm": True, "off_session": True, "metadata": metadata}
    )  # fmt: skip


# --- webhooks -------------------------------------------------------------------------------------------------------


def events_at_gateway(shop: Shop) -> list[dict[str, Any]]:
    """Everything that the processor would tell, oldest first."""
    listed = shop.processor.client().v1.events.list({"limit": 100})
    return [event.to_dict() for event in reversed(listed.data)]


def deliver(shop: Shop, event: dict[str, Any], secret: str = "whsec_test", at: float | None = None) -> None:
    """One webhook arrives, signed."""
    body = json.dumps(event).encode()
    hooks.receive_webhook(shop.desk, body, signature(secret, body, int(at or time.time())))


def deliver_all(shop: Shop, wanted: Callable[[dict[str, Any]], bool] = lambda _event: True) -> int:
    """Every event that is wanted arrives and is understood; gives how many are done."""
    for event in events_at_gateway(shop):
        if wanted(event):
            deliver(shop, event)
    return hooks.process_webhooks(shop.desk)
