"""The SQL of trials: one for each member. None of these commits."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sidecar.billing.models import trials
from sidecar.db import insert_once


def claim_trial(session: Session, member_id: int, order_id: int, now: datetime) -> bool:
    """Take a member's one trial for an order; False when he has had it. The primary key decides between two at once."""
    insert_once(session, trials, [{"member_id": member_id, "order_id": order_id, "began_at": now}])
    return session.scalar(sa.select(trials.c.order_id).where(trials.c.member_id == member_id)) == order_id


def has_had_trial(session: Session, member_id: int) -> bool:
    """Whether a member's one trial is used up."""
    return session.scalar(sa.select(trials.c.order_id).where(trials.c.member_id == member_id)) is not None


def return_trial(session: Session, order_id: int) -> None:
    """A trial that never began, because its checkout was given up."""
    session.execute(sa.delete(trials).where(trials.c.order_id == order_id))
