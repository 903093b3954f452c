"""The SQL of what a change of the catalog would mean for whom. None of these commits."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sidecar.billing.models import orders
from sidecar.billing.states import SubscriptionState
from sidecar.catalog.rules import Grant
from sidecar.members.models import entitlements
from sidecar.members.rules import Status

_RUNS = (
    SubscriptionState.ACTIVE,
    SubscriptionState.OVERDUE,
    SubscriptionState.PAUSED,
    SubscriptionState.PENDING_CANCEL,
)
_HOLDS = (Status.ACTIVE, Status.PENDING_CANCEL, Status.OVERDUE, Status.PAUSED, Status.LOCKED)


def count_running(session: Session, product_id: int) -> int:
    """How many orders of a product go on and keep the terms that they were made with."""
    mine = sa.and_(orders.c.product_id == product_id, orders.c.status.in_(_RUNS))
    return session.scalar(sa.select(sa.func.count()).select_from(orders).where(mine)) or 0


def count_holders(session: Session, grant: Grant, grant_id: int) -> dict[Status, int]:
    """Who holds a level or bundle now, by status; nobody for whom it has ended."""
    column = entitlements.c.level_id if grant is Grant.LEVEL else entitlements.c.bundle_id
    rows = session.execute(
        sa.select(entitlements.c.status, sa.func.count())
        .where(column == grant_id, entitlements.c.status.in_(_HOLDS))
        .group_by(entitlements.c.status)
    )
    return {Status(status): count for status, count in rows}
