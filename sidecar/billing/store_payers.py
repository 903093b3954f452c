"""What the activity log wants to know of billing: who has paid, and whose payment is disputed. Reads only."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sidecar.billing.models import disputes, settlements
from sidecar.billing.rules import Source
from sidecar.billing.store_cards import OPEN_DISPUTES

_TAKEN_UP_AGAIN = timedelta(days=180)
"""Longer than the rounds of arbitration that follow a dispute."""
_MONEY = (Source.GATEWAY, Source.MANUAL)


def find_payers(session: Session, member_ids: Collection[int]) -> set[int]:
    """Those of these members who have ever paid money, refunded or not."""
    if not member_ids:
        return set()
    paid = sa.select(settlements.c.member_id).where(
        settlements.c.member_id.in_(sorted(member_ids)),
        settlements.c.source.in_(_MONEY),
        settlements.c.amount_minor > 0,
    )
    return set(session.scalars(paid.distinct()))


def list_disputed_members(session: Session, now: datetime) -> set[int]:
    """The members with a payment whose dispute is open, or was closed so lately that it may be taken up again."""
    is_live = sa.or_(
        disputes.c.status.in_(sorted(OPEN_DISPUTES)), disputes.c.closed_at >= now - _TAKEN_UP_AGAIN
    )
    return set(session.scalars(sa.select(disputes.c.member_id).where(is_live).distinct()))
