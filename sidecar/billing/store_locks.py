"""The SQL of members' locks. None of these commits."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sidecar.billing.models import attempts, member_locks
from sidecar.billing.states import AttemptState
from sidecar.db import count_changed, insert_once, server_time


def sync_lock_rows(session: Session, member_ids: Collection[int]) -> None:
    """A lock row for each member."""
    theirs = sa.select(member_locks.c.member_id).where(member_locks.c.member_id.in_(sorted(member_ids)))
    missing = set(member_ids).difference(session.scalars(theirs))
    insert_once(session, member_locks, [{"member_id": one, "until_s": 0.0} for one in sorted(missing)])


def claim_members(
    session: Session, member_ids: Collection[int], holder: str, now_s: float, until_s: float
) -> set[int]:
    """The members that are mine now. `now_s`: the database's clock."""
    free = sa.and_(
        member_locks.c.member_id.in_(sorted(member_ids)),
        sa.or_(member_locks.c.holder.is_(None), member_locks.c.until_s < now_s),
    )
    if not count_changed(session, sa.update(member_locks).where(free).values(holder=holder, until_s=until_s)):
        return set()
    return set(session.scalars(sa.select(member_locks.c.member_id).where(member_locks.c.holder == holder)))


def release_members(session: Session, holder: str, member_ids: Collection[int] | None = None) -> None:
    """Give locks back; those that somebody else has taken over meanwhile are left alone."""
    mine = member_locks.c.holder == holder
    where = mine if member_ids is None else sa.and_(mine, member_locks.c.member_id.in_(sorted(member_ids)))
    session.execute(sa.update(member_locks).where(where).values(holder=None, until_s=0.0))


def has_lock(session: Session, member_id: int, holder: str) -> bool:
    """Whether the lock is his still, and its lease not over: from then on anybody may take it, at any moment."""
    is_over = member_locks.c.until_s <= server_time(session)
    mine = sa.and_(member_locks.c.member_id == member_id, member_locks.c.holder == holder, ~is_over)
    return session.scalar(sa.select(member_locks.c.member_id).where(mine)) is not None


def compute_lease_left(session: Session, member_id: int, holder: str, attempt_id: int) -> float | None:
    """Seconds that are left of the holder's lease; None when the lock is no longer his, or the attempt no longer claimed."""
    asked = {"member_id": member_id, "holder": holder, "attempt_id": attempt_id}
    left = session.scalar(_lease_left(server_time(session)), asked)
    return None if left is None else float(left)


@lru_cache(maxsize=2)
def _lease_left(now_s: sa.ColumnElement[Any]) -> sa.Select[Any]:
    claimed = sa.select(attempts.c.id).where(
        attempts.c.id == sa.bindparam("attempt_id"),
        attempts.c.holder == sa.bindparam("holder"),
        attempts.c.status == AttemptState.CLAIMED,
    )
    return sa.select(member_locks.c.until_s - now_s).where(
        member_locks.c.member_id == sa.bindparam("member_id"),
        member_locks.c.holder == sa.bindparam("holder"),
        claimed.exists(),
    )
