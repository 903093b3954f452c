"""The invariants' SQL: each SELECT gives (subject, member_id) of what must not be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sidecar.billing.invoicing import checks
from sidecar.billing.models import (
    anchors,
    attempts,
    disputes,
    ledger,
    orders,
    receivables,
    refunds,
    settlements,
    surpluses,
)
from sidecar.billing.states import AttemptState, ReceivableState, SubscriptionState
from sidecar.db import count_changed

MOST = 100
_FORGOTTEN = timedelta(days=2)
Check = sa.Select[Any]


def invariants(now: datetime) -> dict[str, Check]:
    """By name; every one must come back empty."""
    return {
        "a posting balances": _unbalanced(),
        "a settled receivable has its settlement": _settled_without(),
        "a settlement belongs to a settled receivable": _settlement_of_unsettled(),
        "a settlement pays what was owed": _settled_otherwise(),
        "a settlement by the gateway has its charge and a succeeded attempt": _settlement_without_charge(),
        "a succeeded attempt has paid something": _success_without_settlement(),
        "no more goes back than came": _returned_too_much(),
        "credit is never negative": _negative_credit(),
        "an order that renews knows when": _renewal_without_date(),
        "an overdue order has something due": _overdue_without_receivable(),
        "an open attempt is looked at": _forgotten_attempt(now),
        "cycles leave no gap": _gap(),
        "an ended order owes nothing": _ended_but_owing(),
        "two cycles are never due at once": _two_due(),
        **checks.invariants(),
    }


def _unbalanced() -> Check:
    return (
        sa.select(ledger.c.posting.label("subject"), sa.func.max(ledger.c.member_id).label("member_id"))
        .group_by(ledger.c.posting, ledger.c.currency)
        .having(sa.func.sum(ledger.c.amount_minor) != 0)
    )


def _settled_without() -> Check:
    joined = receivables.outerjoin(settlements, settlements.c.receivable_id == receivables.c.id)
    return (
        sa.select(receivables.c.uuid.label("subject"), receivables.c.member_id)
        .select_from(joined)
        .where(receivables.c.status == ReceivableState.SETTLED, settlements.c.id.is_(None))
    )


def _settlement_of_unsettled() -> Check:
    return (
        sa.select(receivables.c.uuid.label("subject"), receivables.c.member_id)
        .join(settlements, settlements.c.receivable_id == receivables.c.id)
        .where(receivables.c.status != ReceivableState.SETTLED)
    )


def _settled_otherwise() -> Check:
    """What credit does not pay of a receivable, its source pays; where the source is credit, credit pays all."""
    owed = sa.case(
        (settlements.c.source == "credit", receivables.c.gross_minor),
        else_=receivables.c.gross_minor - receivables.c.credit_minor,
    )
    return (
        sa.select(receivables.c.uuid.label("subject"), receivables.c.member_id)
        .join(settlements, settlements.c.receivable_id == receivables.c.id)
        .where(settlements.c.amount_minor != owed)
    )


def _settlement_without_charge() -> Check:
    right = sa.and_(
        attempts.c.id == settlements.c.attempt_id,
        attempts.c.status == AttemptState.SUCCEEDED,
        attempts.c.charge_id == settlements.c.charge_id,
    )
    return (
        sa.select(settlements.c.id.label("subject"), settlements.c.member_id)
        .select_from(settlements.outerjoin(attempts, right))
        .where(settlements.c.source == "gateway", attempts.c.id.is_(None))
    )


def _success_without_settlement() -> Check:
    paid = sa.select(settlements.c.id).where(settlements.c.charge_id == attempts.c.charge_id).exists()
    kept = sa.select(surpluses.c.id).where(surpluses.c.charge_id == attempts.c.charge_id).exists()
    return sa.select(attempts.c.charge_id.label("subject"), attempts.c.member_id).where(
        attempts.c.status == AttemptState.SUCCEEDED, ~paid, ~kept
    )


def _returned_too_much() -> Check:
    given = (
        sa.select(sa.func.coalesce(sa.func.sum(refunds.c.amount_minor), 0))
        .where(refunds.c.charge_id == settlements.c.charge_id, refunds.c.status != "failed")
        .scalar_subquery()
    )
    lost = (
        sa.select(sa.func.coalesce(sa.func.sum(disputes.c.amount_minor), 0))
        .where(disputes.c.charge_id == settlements.c.charge_id, disputes.c.status == "lost")
        .scalar_subquery()
    )
    return sa.select(settlements.c.charge_id.label("subject"), settlements.c.member_id).where(
        settlements.c.charge_id.is_not(None), given + lost > settlements.c.amount_minor
    )


def _negative_credit() -> Check:
    return (
        sa.select(ledger.c.member_id.label("subject"), ledger.c.member_id)
        .where(ledger.c.account == "credit")
        .group_by(ledger.c.member_id, ledger.c.currency)
        .having(sa.func.sum(ledger.c.amount_minor) > 0)
    )


def _renewal_without_date() -> Check:
    living = orders.c.status.in_((SubscriptionState.ACTIVE, SubscriptionState.OVERDUE))
    lost = sa.and_(
        orders.c.next_due_at.is_not(None), orders.c.wake_at.is_(None), orders.c.gateway != "manual"
    )
    return sa.select(orders.c.uuid.label("subject"), orders.c.member_id).where(living, lost)


def _overdue_without_receivable() -> Check:
    due = sa.and_(receivables.c.order_id == orders.c.id, receivables.c.status == ReceivableState.DUE)
    return (
        sa.select(orders.c.uuid.label("subject"), orders.c.member_id)
        .select_from(orders.outerjoin(receivables, due))
        .where(orders.c.status == SubscriptionState.OVERDUE, receivables.c.id.is_(None))
    )


def _forgotten_attempt(now: datetime) -> Check:
    """Older than two days and nobody will look: unknown money must not be forgotten."""
    return (
        sa.select(attempts.c.id.label("subject"), attempts.c.member_id)
        .join(orders, orders.c.id == attempts.c.order_id)
        .where(attempts.c.is_open == 1, attempts.c.started_at < now - _FORGOTTEN, orders.c.wake_at.is_(None))
    )


def _gap() -> Check:
    """The period after this one begins where this one ends, unless a new anchor was written for it."""
    after = receivables.alias("after")
    moved = sa.select(anchors.c.id).where(
        anchors.c.order_id == after.c.order_id,
        anchors.c.cycle == after.c.cycle,
        anchors.c.reason != "ordered",
    )
    return (
        sa.select(receivables.c.uuid.label("subject"), receivables.c.member_id)
        .join(
            after,
            sa.and_(after.c.order_id == receivables.c.order_id, after.c.cycle == receivables.c.cycle + 1),
        )
        .where(after.c.from_at != receivables.c.until_at, ~moved.exists())
    )


def _ended_but_owing() -> Check:
    ended = orders.c.status.in_((SubscriptionState.CANCELED, SubscriptionState.COMPLETED))
    return (
        sa.select(receivables.c.uuid.label("subject"), receivables.c.member_id)
        .join(orders, orders.c.id == receivables.c.order_id)
        .where(ended, receivables.c.status == ReceivableState.DUE)
    )


def _two_due() -> Check:
    return (
        sa.select(
            receivables.c.order_id.label("subject"), sa.func.max(receivables.c.member_id).label("member_id")
        )
        .where(receivables.c.status == ReceivableState.DUE)
        .group_by(receivables.c.order_id)
        .having(sa.func.count() > 1)
    )


def list_members_changed(session: Session, limit: int) -> list[int]:
    """Members with orders, those with the newest first."""
    newest = sa.func.max(orders.c.id)
    rows = session.execute(
        sa.select(orders.c.member_id).group_by(orders.c.member_id).order_by(newest.desc()).limit(limit)
    )
    return [row[0] for row in rows]


def park_orders(session: Session, member_id: int) -> int:
    """Nothing more is collected of this member until the owner has looked; gives how many orders that is."""
    living = orders.c.status.in_(
        (SubscriptionState.ACTIVE, SubscriptionState.OVERDUE, SubscriptionState.PENDING)
    )
    mine = sa.update(orders).where(orders.c.member_id == member_id, living)
    return count_changed(session, mine.values(held="parked"))


def list_settled_between(session: Session, since: datetime, until: datetime) -> Sequence[sa.Row[Any]]:
    """Settlements by the gateway in a range, with the intent that collected them, oldest first."""
    return session.execute(
        sa.select(settlements, attempts.c.intent_id)
        .join(attempts, attempts.c.id == settlements.c.attempt_id)
        .where(
            settlements.c.source == "gateway",
            settlements.c.settled_at >= since,
            settlements.c.settled_at < until,
        )
        .order_by(settlements.c.id)
    ).all()
