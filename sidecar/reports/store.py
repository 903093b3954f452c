"""The SQL of reports: what the log, the orders and the disputes hold. None of these commits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sidecar.activity.models import events
from sidecar.activity.rules import EventType
from sidecar.billing.models import attempts, cards, disputes, orders, receivables, refunds, settlements
from sidecar.catalog.models import products

MOST_PAYMENTS = 500


def list_member_events(
    reader: Session,
    member_id: int,
    kind: EventType,
    *,
    since: datetime,
    until: datetime,
    name: str | None = None,
    limit: int = 200,
) -> Sequence[sa.Row[Any]]:
    """A member's events of one type from `since` to `until`, newest first."""
    found = _of_member(sa.select(events), member_id, kind, since, until, name)
    return reader.execute(found.order_by(events.c.at.desc(), events.c.id.desc()).limit(limit)).all()


def summarize_member_events(
    reader: Session,
    member_id: int,
    kind: EventType,
    *,
    since: datetime,
    until: datetime,
    name: str | None = None,
) -> sa.Row[Any]:
    """How many there are, the first, the last, and from how many addresses: (count, first_at, last_at, addresses)."""
    addresses = sa.func.count(sa.distinct(sa.func.nullif(events.c.ip, "")))
    columns: Any = sa.select(
        sa.func.count().label("number"),
        sa.func.min(events.c.at).label("first_at"),
        sa.func.max(events.c.at).label("last_at"),
        addresses.label("addresses"),
    ).select_from(events)
    return reader.execute(_of_member(columns, member_id, kind, since, until, name)).one()


def _of_member(
    statement: sa.Select[Any],
    member_id: int,
    kind: EventType,
    since: datetime,
    until: datetime,
    name: str | None,
) -> sa.Select[Any]:
    """One index: member, time."""
    mine = statement.where(
        events.c.member_id == member_id, events.c.type == kind, events.c.at >= since, events.c.at <= until
    )
    return mine if name is None else mine.where(events.c.name == name)


def list_order_events(reader: Session, order_uuid: str, limit: int = 500) -> Sequence[sa.Row[Any]]:
    """What billing has logged of one order, oldest first."""
    mine = sa.and_(events.c.subject == f"order:{order_uuid}", events.c.type == EventType.BILLING)
    found = sa.select(events).where(mine).order_by(events.c.at, events.c.id).limit(limit)
    return reader.execute(found).all()


def list_payments(reader: Session, member_id: int) -> Sequence[Any]:
    """What a member has paid, newest first: settlements with their periods, tries, cards and orders."""
    joined = (
        settlements.join(receivables, receivables.c.id == settlements.c.receivable_id)
        .join(orders, orders.c.id == settlements.c.order_id)
        .join(products, products.c.id == orders.c.product_id)
        .outerjoin(attempts, attempts.c.id == settlements.c.attempt_id)
        .outerjoin(cards, cards.c.id == attempts.c.card_id)
    )
    return reader.execute(
        sa.select(
            settlements.c.settled_at, settlements.c.amount_minor, settlements.c.currency, settlements.c.source,
            settlements.c.charge_id, receivables.c.cycle, receivables.c.from_at, receivables.c.until_at,
            orders.c.uuid.label("order_uuid"), orders.c.ip, products.c.name.label("product"), attempts.c.origin,
            cards.c.brand, cards.c.last4, cards.c.fingerprint,
        )
        .select_from(joined)
        .where(settlements.c.member_id == member_id)
        .order_by(settlements.c.id.desc())
        .limit(MOST_PAYMENTS)
    ).all()  # fmt: skip


def list_refunds_of_member(reader: Session, member_id: int) -> Sequence[sa.Row[Any]]:
    """Oldest first."""
    return reader.execute(
        sa.select(refunds).where(refunds.c.member_id == member_id).order_by(refunds.c.id).limit(MOST_PAYMENTS)
    ).all()


def list_disputes_of_member(reader: Session, member_id: int) -> Sequence[sa.Row[Any]]:
    """Oldest first."""
    return reader.execute(
        sa.select(disputes)
        .where(disputes.c.member_id == member_id)
        .order_by(disputes.c.id)
        .limit(MOST_PAYMENTS)
    ).all()


def find_dispute_of(reader: Session, charge_ids: Collection[str]) -> sa.Row[Any] | None:
    """The newest over one of these charges."""
    mine = disputes.c.charge_id.in_(list(charge_ids))
    return reader.execute(sa.select(disputes).where(mine).order_by(disputes.c.id.desc()).limit(1)).first()
