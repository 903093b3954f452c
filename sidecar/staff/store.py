"""The staff's SQL. None of these commits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sidecar.db import count_changed, insert_once
from sidecar.staff.models import staff, staff_links, staff_sessions
from sidecar.staff.rules import Role
from sidecar.wordpress.tables import Tables

# --- who is employed ------------------------------------------------------------------------------------------------------


def find_role(session: Session, user_id: int) -> Role | None:
    """What an employee is; None for everybody else, and for a role that this version does not know."""
    found = session.scalar(sa.select(staff.c.role).where(staff.c.user_id == user_id))
    return Role(found) if found in set(Role) else None


def list_staff(session: Session, tables: Tables) -> Sequence[sa.Row[Any]]:
    """All of them (user_id, role, by, employed_at, login, name, email), by user id; without a login: the user is gone."""
    users = tables.users.c
    return session.execute(
        sa.select(
            staff,
            users.user_login.label("login"),
            users.display_name.label("name"),
            users.user_email.label("email"),
        )
        .select_from(staff.outerjoin(tables.users, users.id == staff.c.user_id))
        .order_by(staff.c.user_id)
    ).all()


def list_staff_ids(session: Session) -> list[int]:
    """Their WordPress users."""
    return list(session.scalars(sa.select(staff.c.user_id).order_by(staff.c.user_id)))


def sync_staff(session: Session, user_id: int, role: Role, by: str, now: datetime) -> None:
    """Employ somebody, or give an employee another role."""
    row = {"user_id": user_id, "role": str(role), "by": by[:100], "employed_at": now}
    insert_once(session, staff, [row])
    mine = sa.update(staff).where(staff.c.user_id == user_id)
    session.execute(mine.values(role=str(role), by=by[:100]))


def remove_staff(session: Session, user_id: int) -> bool:
    """False when they were none."""
    return bool(count_changed(session, sa.delete(staff).where(staff.c.user_id == user_id)))


# --- links and sessions ---------------------------------------------------------------------------------------------


def find_password_hash(session: Session, tables: Tables, user_id: int) -> str | None:
    """The user's stored hash, to compare with; None for nobody. It never leaves the process."""
    users = tables.users.c
    return session.scalar(sa.select(users.user_pass).where(users.id == user_id))


def add_link(session: Session, digest: str, user_id: int, now_s: float) -> None:
    """A one-time link."""
    session.execute(sa.insert(staff_links).values(digest=digest, user_id=user_id, made_s=now_s))


def claim_link(session: Session, digest: str, since_s: float) -> int | None:
    """Use a link up; gives whose it is, None when it was used, is too old, or never was. Of two at once one gets it."""
    fresh = sa.and_(staff_links.c.digest == digest, staff_links.c.made_s >= since_s)
    user_id = session.scalar(sa.select(staff_links.c.user_id).where(fresh))
    if user_id is None or not count_changed(session, sa.delete(staff_links).where(fresh)):
        return None
    return int(user_id)


def add_session(session: Session, values: dict[str, Any]) -> None:
    """Somebody has signed on."""
    session.execute(sa.insert(staff_sessions).values(**values))


def find_session(session: Session, digest: str) -> sa.Row[Any] | None:
    """By the digest of the cookie."""
    return session.execute(sa.select(staff_sessions).where(staff_sessions.c.digest == digest)).first()


def note_seen(session: Session, digest: str, now_s: float) -> None:
    """The session was used."""
    session.execute(sa.update(staff_sessions).where(staff_sessions.c.digest == digest).values(seen_s=now_s))


def remove_session(session: Session, digest: str) -> None:
    """It ends."""
    session.execute(sa.delete(staff_sessions).where(staff_sessions.c.digest == digest))


def remove_sessions_of(session: Session, user_id: int) -> int:
    """All of a user's; gives how many."""
    return count_changed(session, sa.delete(staff_sessions).where(staff_sessions.c.user_id == user_id))


def remove_old(session: Session, links_before_s: float, begun_before_s: float, seen_before_s: float) -> None:
    """What nobody can use any more."""
    session.execute(sa.delete(staff_links).where(staff_links.c.made_s < links_before_s))
    old = sa.or_(staff_sessions.c.begun_s < begun_before_s, staff_sessions.c.seen_s < seen_before_s)
    session.execute(sa.delete(staff_sessions).where(old))
