"""The SQL of a charge's common way: what one of its steps needs of several tables, in one way there and back. None commits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sidecar.billing import store
from sidecar.billing.models import attempts, member_locks, orders, receivables, settlements, surpluses
from sidecar.billing.rules import Attempt, Order, Receivable
from sidecar.db import server_time
from sidecar.members.models import members
from sidecar.wordpress.tables import Tables


@dataclass(frozen=True)
class Standing:
    """An order when it is looked at. `attempt`: the open one; `is_mine`: the lock is the asker's, and its lease not over;
    `has_user`: its member's WordPress user is there; `now_s`: the database server's clock, Unix seconds."""

    order: Order
    attempt: Attempt | None
    is_mine: bool
    has_user: bool
    now_s: float


def find_standing(session: Session, tables: Tables, order_id: int, holder: str) -> Standing | None:
    """How an order stands, seen by whoever claims to hold its member's lock."""
    statement = _standing(tables.users, server_time(session))
    row = session.execute(statement, {"order_id": order_id, "holder": holder}).first()
    if row is None:
        return None
    values, (is_mine, has_user, seconds) = row[:-3], row[-3:]
    order, attempt = _split(values, len(store.ORDER))
    return Standing(store.order_of(order), _attempt(attempt), bool(is_mine), bool(has_user), float(seconds))


def find_bookable(session: Session, receivable_id: int) -> tuple[Receivable, Order, Attempt | None] | None:
    """A receivable, its order and its open attempt."""
    row = session.execute(_BOOKABLE, {"receivable_id": receivable_id}).first()
    if row is None:
        return None
    receivable, rest = _split(row, len(store.RECEIVABLE))
    order, attempt = _split(rest, len(store.ORDER))
    return store.receivable_of(receivable), store.order_of(order), _attempt(attempt)


def is_booked(session: Session, charge_id: str) -> bool:
    """Whether a charge is written down already: as a settlement, or as surplus."""
    return bool(session.scalar(_BOOKED, {"charge_id": charge_id}))


# --- statements, made once: SQLAlchemy finds what it has compiled of them without walking through them again -------------


@lru_cache(maxsize=8)
def _standing(users: sa.Table, now_s: sa.ColumnElement[Any]) -> sa.Select[Any]:
    mine = sa.select(member_locks.c.member_id).where(
        member_locks.c.member_id == orders.c.member_id,
        member_locks.c.holder == sa.bindparam("holder"),
        member_locks.c.until_s > now_s,
    )
    user = (
        sa.select(members.c.id)
        .join(users, users.c.id == members.c.user_id)
        .where(members.c.id == orders.c.member_id)
    )
    return (
        sa.select(*store.ORDER, *store.ATTEMPT, mine.exists(), user.exists(), now_s)
        .select_from(orders.outerjoin(attempts, _is_open(attempts.c.order_id == orders.c.id)))
        .where(orders.c.id == sa.bindparam("order_id"))
    )


def _is_open(joined: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return sa.and_(joined, attempts.c.is_open == 1)


def _split(values: Any, count: int) -> tuple[Any, Any]:
    return values[:count], values[count:]


def _attempt(values: Any) -> Attempt | None:
    return None if values[0] is None else store.attempt_of(values)


_BOOKABLE = (
    sa.select(*store.RECEIVABLE, *store.ORDER, *store.ATTEMPT)
    .select_from(
        receivables.join(orders, orders.c.id == receivables.c.order_id).outerjoin(
            attempts, _is_open(attempts.c.receivable_id == receivables.c.id)
        )
    )
    .where(receivables.c.id == sa.bindparam("receivable_id"))
)
_BOOKED = sa.select(
    sa.or_(
        sa.select(settlements.c.id).where(settlements.c.charge_id == sa.bindparam("charge_id")).exists(),
        sa.select(surpluses.c.id).where(surpluses.c.charge_id == sa.bindparam("charge_id")).exists(),
    )
)
