"""The SQL of declarations. None of these commits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sidecar.billing.declarations.models import declarations
from sidecar.db import count_changed, insert_row


def add_declaration(session: Session, values: dict[str, Any]) -> int:
    """Write one down; gives its id. The unique key of its token refuses a second one of the same page."""
    return insert_row(session, declarations, {"settled_by": "", **values})


def find_by_token(session: Session, token: str) -> sa.Row[Any] | None:
    """Of one page that was sent."""
    return session.execute(sa.select(declarations).where(declarations.c.token == token)).first()


def find_declaration(session: Session, declaration_id: int) -> sa.Row[Any] | None:
    """By its row id."""
    return session.execute(sa.select(declarations).where(declarations.c.id == declaration_id)).first()


def claim_waiting(session: Session, declaration_id: int, **values: Any) -> bool:
    """Change one that waits for a person, or for what follows of itself; False when somebody was first."""
    waiting = sa.and_(declarations.c.id == declaration_id, declarations.c.is_waiting.is_(True))
    return bool(count_changed(session, sa.update(declarations).where(waiting).values(**values)))


def list_newest(session: Session, *, before_id: int | None, limit: int) -> Sequence[sa.Row[Any]]:
    """The newest first, those before one."""
    asked = [] if before_id is None else [declarations.c.id < before_id]
    return session.execute(
        sa.select(declarations).where(*asked).order_by(declarations.c.id.desc()).limit(limit)
    ).all()


def list_waiting(session: Session, limit: int) -> Sequence[sa.Row[Any]]:
    """Those that a person must look at, oldest first."""
    waiting = sa.select(declarations).where(declarations.c.is_waiting.is_(True))
    return session.execute(waiting.order_by(declarations.c.id).limit(limit)).all()


def list_after(session: Session, *, after_id: int, limit: int) -> Sequence[sa.Row[Any]]:
    """All, in the order in which they came, after one."""
    later = sa.select(declarations).where(declarations.c.id > after_id)
    return session.execute(later.order_by(declarations.c.id).limit(limit)).all()


def list_of_member(session: Session, member_id: int) -> Sequence[sa.Row[Any]]:
    """Of one member, oldest first."""
    mine = sa.select(declarations).where(declarations.c.member_id == member_id)
    return session.execute(mine.order_by(declarations.c.id)).all()


def blank_of(session: Session, member_id: int | None, email: str) -> int:
    """Forget who sent what, but not that something was declared and what came of it; gives how many were changed.

    What waits for a person still stays as it is.
    """
    of_address = declarations.c.email == email
    mine = of_address if member_id is None else sa.or_(declarations.c.member_id == member_id, of_address)
    known = sa.and_(mine, declarations.c.is_waiting.is_(False), declarations.c.email != "")
    blank = {"name": "", "email": "", "contract": "", "reason": "", "ip": ""}
    return count_changed(session, sa.update(declarations).where(known).values(**blank))
