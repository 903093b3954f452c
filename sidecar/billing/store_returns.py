"""The SQL of money that goes back: refunds and surplus. None of these commits."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sidecar.billing.models import disputes, ledger, receivables, refunds, settlements, surpluses
from sidecar.db import count_changed, get_server_time, insert_row

OPEN_REFUNDS = ("claimed", "unknown", "pending")


def add_surplus(
    session: Session,
    charge_id: str,
    intent_id: str,
    member_id: int,
    receivable_id: int | None,
    amount_minor: int,
    currency: str,
    reason: str,
    now: datetime,
) -> bool:
    """Write money down that nothing was owed for; False when it is written down already."""
    if session.scalar(sa.select(surpluses.c.id).where(surpluses.c.charge_id == charge_id)) is not None:
        return False
    values = {
        "charge_id": charge_id, "intent_id": intent_id, "member_id": member_id, "receivable_id": receivable_id,
        "amount_minor": amount_minor, "currency": currency, "reason": reason, "found_at": now,
    }  # fmt: skip
    insert_row(session, surpluses, values)
    return True


def list_unrefunded_surpluses(session: Session, limit: int = 50) -> Sequence[sa.Row[Any]]:
    """Surplus money that no refund was begun for, oldest first. One that failed is the owner's to repeat; one that was booked
    as the member's credit stays it, and may be used up."""
    begun = sa.select(refunds.c.id).where(refunds.c.charge_id == surpluses.c.charge_id).exists()
    kept = sa.select(ledger.c.id).where(
        ledger.c.posting == sa.literal("surplus:").concat(surpluses.c.charge_id), ledger.c.account == "credit"
    )
    return session.execute(
        sa.select(surpluses).where(~begun, ~kept.exists()).order_by(surpluses.c.id).limit(limit)
    ).all()


def add_refund(session: Session, values: dict[str, Any]) -> sa.Row[Any]:
    """Begin a refund; gives its row."""
    fresh = {"uuid": str(uuid.uuid4()), "status": "claimed", "asked_s": get_server_time(session), **values}
    row_id = insert_row(session, refunds, fresh)
    return session.execute(sa.select(refunds).where(refunds.c.id == row_id)).one()


def find_refund(session: Session, refund_id: int) -> sa.Row[Any] | None:
    """By its row id."""
    return session.execute(sa.select(refunds).where(refunds.c.id == refund_id)).first()


def find_refund_by_uuid(session: Session, name: str) -> sa.Row[Any] | None:
    """By its name towards the gateway."""
    return session.execute(sa.select(refunds).where(refunds.c.uuid == name)).first()


def find_refund_by_gateway(session: Session, gateway_id: str) -> sa.Row[Any] | None:
    """By the gateway's name for it."""
    return session.execute(sa.select(refunds).where(refunds.c.gateway_id == gateway_id)).first()


def claim_refund(session: Session, refund_id: int, old: str, new: str, **values: Any) -> bool:
    """Move a refund from the status that was read; False when somebody was first."""
    claim = sa.update(refunds).where(refunds.c.id == refund_id, refunds.c.status == old)
    return bool(count_changed(session, claim.values(status=new, **values)))


def list_open_refunds(session: Session, limit: int = 100) -> Sequence[sa.Row[Any]]:
    """Those whose end is not known yet, oldest first."""
    return session.execute(
        sa.select(refunds).where(refunds.c.status.in_(OPEN_REFUNDS)).order_by(refunds.c.id).limit(limit)
    ).all()


def list_refunds(session: Session, order_id: int) -> Sequence[sa.Row[Any]]:
    """Of one order, oldest first."""
    return session.execute(
        sa.select(refunds).where(refunds.c.order_id == order_id).order_by(refunds.c.id)
    ).all()


def compute_returned(session: Session, charge_id: str) -> int:
    """What of a charge has gone back or may be going: refunds that did not fail, and disputes that were lost."""
    given = sa.select(sa.func.coalesce(sa.func.sum(refunds.c.amount_minor), 0)).where(
        refunds.c.charge_id == charge_id, refunds.c.status != "failed"
    )
    lost = sa.select(sa.func.coalesce(sa.func.sum(disputes.c.amount_minor), 0)).where(
        disputes.c.charge_id == charge_id, disputes.c.status == "lost"
    )
    return int(session.scalar(given) or 0) + int(session.scalar(lost) or 0)


def compute_refunded(session: Session, charge_id: str) -> int:
    """What of a charge was given back or may be under way, disputes aside."""
    given = sa.select(sa.func.coalesce(sa.func.sum(refunds.c.amount_minor), 0)).where(
        refunds.c.charge_id == charge_id, refunds.c.status != "failed"
    )
    return int(session.scalar(given) or 0)


def compute_withdrawn(session: Session, charge_ids: Sequence[str]) -> int:
    """What credit went with these charges when they went back, less what came back since."""
    names = sa.union_all(
        sa.select(refunds.c.uuid.label("name")).where(refunds.c.charge_id.in_(charge_ids)),
        sa.select(disputes.c.gateway_id).where(disputes.c.charge_id.in_(charge_ids)),
    )
    postings = [
        f"{what}:{name}"[:64] for name in session.scalars(names) for what in ("withdrawn", "returned")
    ]
    moved = sa.select(sa.func.sum(ledger.c.amount_minor)).where(
        ledger.c.posting.in_(postings), ledger.c.account == "credit"
    )
    return int(session.scalar(moved) or 0) if postings else 0


def compute_kept(session: Session, receivable_id: int) -> int:
    """What was really paid for a cycle and not given back: its gross, but nothing where it was waived or a coupon's."""
    paid = session.execute(
        sa.select(settlements.c.source, settlements.c.charge_id, receivables.c.gross_minor)
        .join(receivables, receivables.c.id == settlements.c.receivable_id)
        .where(settlements.c.receivable_id == receivable_id)
    ).first()
    if paid is None or paid.source in {"waived", "coupon"}:
        return 0
    returned = compute_returned(session, paid.charge_id) if paid.charge_id else 0
    return max(0, int(paid.gross_minor) - returned)


def is_disputed(session: Session, charge_id: str) -> bool:
    """Whether a dispute over this charge is open and the bank has taken the money; an inquiry takes none."""
    open_one = sa.and_(disputes.c.charge_id == charge_id, disputes.c.status == "open")
    return session.scalar(sa.select(disputes.c.id).where(open_one).limit(1)) is not None


def find_charge(session: Session, charge_id: str) -> sa.Row[Any, Any, Any, Any, Any] | None:
    """What we know of money that came: a settlement's or a surplus's (member_id, order_id, settlement_id, amount, currency)."""
    found = session.execute(
        sa.select(
            settlements.c.member_id, settlements.c.order_id, settlements.c.id.label("settlement_id"),
            settlements.c.amount_minor, settlements.c.currency,
        ).where(settlements.c.charge_id == charge_id)
    ).first()  # fmt: skip
    if found is not None:
        return found
    return session.execute(
        sa.select(
            surpluses.c.member_id, sa.null().label("order_id"), sa.null().label("settlement_id"),
            surpluses.c.amount_minor, surpluses.c.currency,
        ).where(surpluses.c.charge_id == charge_id)
    ).first()  # fmt: skip
