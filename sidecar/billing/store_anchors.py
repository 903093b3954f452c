"""The SQL of anchors: from where an order's cycles are counted, and why. None of these commits."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sidecar.billing.models import anchors
from sidecar.db import insert_once


def add_anchor(session: Session, order_id: int, cycle: int, at: datetime, reason: str, now: datetime) -> None:
    """Note from where an order's cycles are counted from this one on."""
    row = {"order_id": order_id, "cycle": cycle, "at": at, "reason": reason, "noted_at": now}
    insert_once(session, anchors, [row])


def find_anchor_reason(session: Session, order_id: int, cycle: int) -> str | None:
    """Why a cycle begins where it does: the newest reason; None where the rhythm alone says it."""
    mine = sa.and_(anchors.c.order_id == order_id, anchors.c.cycle == cycle)
    return session.scalar(sa.select(anchors.c.reason).where(mine).order_by(anchors.c.id.desc()).limit(1))
