"""The SQL of figures. None of these commits. What reads whole tables is the job's; screens read the figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sidecar.billing.models import attempts, orders, receivables, settlements
from sidecar.billing.states import SubscriptionState
from sidecar.db import insert_once
from sidecar.members.models import entitlements, members
from sidecar.reports.figures import Figure
from sidecar.reports.figures_models import figures

_BATCH = 5000
_SMALL = 2000

# --- the table of figures -------------------------------------------------------------------------------------------


def set_figures(
    session: Session, on: date, new: Sequence[Figure], now: datetime, *, names: Sequence[str]
) -> None:
    """Replace the figures of one day that have these names."""
    session.execute(sa.delete(figures).where(figures.c.on == on, figures.c.name.in_(list(names))))
    rows = [
        {
            "on": one.on,
            "name": one.name,
            "key": one.key,
            "currency": one.currency,
            "value": one.value,
            "counted_at": now,
        }
        for one in new
    ]
    insert_once(session, figures, rows)


def list_figures(session: Session, since: date, until: date, names: Sequence[str] = ()) -> list[Figure]:
    """Of the days from `since` to `until`, both of them, by day."""
    wanted = sa.and_(figures.c.on >= since, figures.c.on <= until)
    if names:
        wanted = sa.and_(wanted, figures.c.name.in_(list(names)))
    rows = session.execute(
        sa.select(figures.c.on, figures.c.name, figures.c.key, figures.c.currency, figures.c.value)
        .where(wanted)
        .order_by(figures.c.on, figures.c.name, figures.c.key, figures.c.currency)
    )
    return [Figure(*row) for row in rows]


def find_counted_at(session: Session) -> datetime | None:
    """When the newest set was counted."""
    newest: datetime | None = session.scalar(sa.select(sa.func.max(figures.c.counted_at)))
    return newest


def find_newest_day(session: Session, name: str) -> date | None:
    """The newest day of which this was counted."""
    newest: date | None = session.scalar(sa.select(sa.func.max(figures.c.on)).where(figures.c.name == name))
    return newest


def is_small(session: Session) -> bool:
    """Whether counting everything takes no time that anybody notices."""
    return (session.scalar(sa.select(sa.func.max(orders.c.id))) or 0) < _SMALL and (
        session.scalar(sa.select(sa.func.max(members.c.id))) or 0
    ) < _SMALL


# --- what is counted ------------------------------------------------------------------------------------------------


def count_levels_by_status(session: Session) -> dict[str, int]:
    """Members by the status of their level."""
    rows = session.execute(
        sa.select(entitlements.c.status, sa.func.count())
        .where(entitlements.c.slot == "level")
        .group_by(entitlements.c.status)
    )
    return {row[0]: row[1] for row in rows}


def count_joined(session: Session, since: datetime) -> int:
    """Who became a member since then."""
    return session.scalar(sa.select(sa.func.count()).where(members.c.joined_at >= since)) or 0


def count_ended(session: Session, since: datetime) -> dict[str, int]:
    """Orders that renew, gave access and have ended since then: reason → how many."""
    ended = sa.and_(
        orders.c.status == SubscriptionState.CANCELED,
        orders.c.ended_at >= since,
        orders.c.activated_at.is_not(None),
    )
    rows = session.execute(
        sa.select(orders.c.ended_for, sa.func.count()).where(ended).group_by(orders.c.ended_for)
    )
    return {row[0] or "": row[1] for row in rows}


def iterate_collected(session: Session) -> Iterator[Any]:
    """Every living order that something is collected for, in batches by id: the columns that figures need, no more, as there
    may be hundreds of thousands."""
    columns = (
        orders.c.id, orders.c.currency, orders.c.terms, orders.c.coupon, orders.c.next_cycle, orders.c.carried_minor,
        orders.c.next_due_at, orders.c.wake_at, orders.c.first_failed_at,
    )  # fmt: skip
    wanted = sa.and_(
        orders.c.status.in_((SubscriptionState.ACTIVE, SubscriptionState.OVERDUE)),
        orders.c.next_due_at.is_not(None),
    )
    after = 0
    while True:
        query = sa.select(*columns).where(orders.c.id > after, wanted).order_by(orders.c.id).limit(_BATCH)
        batch = session.execute(query).all()
        yield from batch
        if len(batch) < _BATCH:
            return
        after = batch[-1].id


def sum_settled(session: Session, since: datetime, until: datetime) -> dict[str, int]:
    """What the gateway and hands have paid in between, by currency."""
    rows = session.execute(
        sa.select(settlements.c.currency, sa.func.sum(settlements.c.amount_minor))
        .where(
            settlements.c.settled_at >= since,
            settlements.c.settled_at < until,
            settlements.c.source.in_(("gateway", "manual")),
        )
        .group_by(settlements.c.currency)
    )
    return {row[0]: int(row[1]) for row in rows}


def list_recovered(session: Session, since: datetime) -> Sequence[sa.Row[Any]]:
    """Renewals that were paid since then after the schedule had failed: (origin of the try that paid, how many of the
    schedule's failed before it, reason of the first, currency, number, amount)."""
    failed = attempts.alias("failed")
    vain = (
        sa.select(
            failed.c.receivable_id,
            sa.func.count().label("failures"),
            sa.func.min(failed.c.number).label("first"),
        )
        .where(failed.c.status == "failed", failed.c.origin.in_(("schedule", "retry")))
        .group_by(failed.c.receivable_id)
        .subquery()
    )
    first = attempts.alias("first_failed")
    joined = (
        settlements.join(attempts, attempts.c.id == settlements.c.attempt_id)
        .join(vain, vain.c.receivable_id == settlements.c.receivable_id)
        .join(first, sa.and_(first.c.receivable_id == vain.c.receivable_id, first.c.number == vain.c.first))
    )
    reason = sa.func.coalesce(first.c.decline, "")
    return session.execute(
        sa.select(
            attempts.c.origin, vain.c.failures, reason.label("reason"), settlements.c.currency,
            sa.func.count().label("number"), sa.func.sum(settlements.c.amount_minor).label("amount"),
        )
        .select_from(joined)
        .where(settlements.c.settled_at >= since, attempts.c.number > 1)
        .group_by(attempts.c.origin, vain.c.failures, reason, settlements.c.currency)
    ).all()  # fmt: skip


def count_overdue(session: Session) -> int:
    """Orders whose renewal failed and waits to be paid; one index."""
    return session.scalar(sa.select(sa.func.count()).where(orders.c.status == SubscriptionState.OVERDUE)) or 0


def sum_overdue(session: Session) -> dict[str, tuple[int, int]]:
    """What they owe: currency → (how many, minor units)."""
    owed = receivables.c.gross_minor - receivables.c.credit_minor
    joined = orders.join(
        receivables, sa.and_(receivables.c.order_id == orders.c.id, receivables.c.status == "due")
    )
    rows = session.execute(
        sa.select(receivables.c.currency, sa.func.count(), sa.func.sum(owed))
        .select_from(joined)
        .where(orders.c.status == SubscriptionState.OVERDUE)
        .group_by(receivables.c.currency)
    )
    return {row[0]: (row[1], int(row[2])) for row in rows}
