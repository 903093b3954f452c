"""The SQL of holds, and of the events that they have kept. None of these commits."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sidecar.activity.models import events, held_events, holds, mail_copies
from sidecar.db import count_changed, insert_once, insert_row

_ROWS_A_READ = 1000
_COLUMNS = [column.name for column in held_events.columns]

Place = tuple[str, int]


@dataclass(frozen=True)
class Held:
    """Whose events are kept. Events of somebody who was no member yet have his WordPress user only."""

    member_ids: frozenset[int] = frozenset()
    user_ids: frozenset[int] = frozenset()


def add_hold(session: Session, member_id: int, order_uuid: str, reason: str, by: str, now: datetime) -> int:
    """Hold a member's events; gives the hold's id."""
    values = {
        "member_id": member_id, "order_uuid": order_uuid, "reason": reason[:300], "made_by": by[:100], "made_at": now,
    }  # fmt: skip
    return insert_row(session, holds, values)


def list_holds(session: Session) -> Sequence[sa.Row[Any]]:
    """Those that are not released, oldest first."""
    return session.execute(sa.select(holds).where(holds.c.released_at.is_(None)).order_by(holds.c.id)).all()


def list_held_members(session: Session) -> set[int]:
    """The members on whom there is a hold."""
    return set(session.scalars(sa.select(holds.c.member_id).where(holds.c.released_at.is_(None)).distinct()))


def find_hold(session: Session, hold_id: int) -> sa.Row[Any] | None:
    """One that is not released."""
    mine = sa.and_(holds.c.id == hold_id, holds.c.released_at.is_(None))
    return session.execute(sa.select(holds).where(mine)).first()


def claim_release(session: Session, hold_id: int, now: datetime) -> bool:
    """Release it; False when it was."""
    mine = sa.and_(holds.c.id == hold_id, holds.c.released_at.is_(None))
    return bool(count_changed(session, sa.update(holds).where(mine).values(released_at=now)))


def is_held(session: Session, member_id: int) -> bool:
    """Whether somebody has put a hold on a member."""
    mine = sa.and_(holds.c.member_id == member_id, holds.c.released_at.is_(None))
    return session.scalar(sa.select(holds.c.id).where(mine).limit(1)) is not None


# --- kept events ----------------------------------------------------------------------------------------------------


def copy_held(session: Session, place: Place, held: Held) -> None:
    """Copy the events of held members out of a type and month that is about to be dropped; again changes nothing."""
    if not held.member_ids and not held.user_ids:
        return
    last = b""
    while True:
        rows = session.execute(
            sa.select(*(events.c[name] for name in _COLUMNS))
            .where(
                events.c.type == place[0],
                events.c.month == place[1],
                events.c.id > last,
                _is_of(events, held),
            )
            .order_by(events.c.id)
            .limit(_ROWS_A_READ)
        ).all()
        insert_once(session, held_events, [dict(row._mapping) for row in rows])
        if len(rows) < _ROWS_A_READ:
            return
        last = bytes(rows[-1].id)


def stream_held(session: Session, place: Place) -> Iterator[list[sa.Row[Any]]]:
    """What is kept of a type and month, in order of (seal, id), some at a time."""
    seal, last = -1, b""
    here = (held_events.c.type == place[0], held_events.c.month == place[1])
    while True:
        rest = sa.and_(held_events.c.seal >= seal, sa.or_(held_events.c.seal > seal, held_events.c.id > last))
        rows = session.execute(
            sa.select(held_events)
            .where(*here, rest)
            .order_by(held_events.c.seal, held_events.c.id)
            .limit(_ROWS_A_READ)
        ).all()
        if rows:
            yield list(rows)
        if len(rows) < _ROWS_A_READ:
            return
        seal, last = rows[-1].seal, bytes(rows[-1].id)


def list_held_seals(session: Session, place: Place) -> set[int]:
    """The seals that have events among what is kept of a type and month."""
    here = sa.and_(held_events.c.type == place[0], held_events.c.month == place[1])
    return set(session.scalars(sa.select(held_events.c.seal).where(here).distinct()))


def count_loose(session: Session, held: Held) -> dict[Place, int]:
    """How many kept events nobody holds any more, by type and month."""
    places = sa.select(held_events.c.type, held_events.c.month, sa.func.count().label("number"))
    rows = session.execute(
        places.where(sa.not_(_is_of(held_events, held))).group_by(held_events.c.type, held_events.c.month)
    )
    return {(row.type, row.month): row.number for row in rows}


def remove_loose(session: Session, place: Place, held: Held) -> int:
    """Forget what nobody holds any more; gives how many."""
    loose = sa.and_(
        held_events.c.type == place[0], held_events.c.month == place[1], sa.not_(_is_of(held_events, held))
    )
    return count_changed(session, sa.delete(held_events).where(loose))


def remove_copies(session: Session, month: int) -> int:
    """Forget the texts of mails of a month whose events are gone, except of those that are kept."""
    kept = sa.select(held_events.c.id).where(held_events.c.month == month, held_events.c.type == "email")
    gone = sa.and_(mail_copies.c.month == month, mail_copies.c.id.not_in(kept))
    return count_changed(session, sa.delete(mail_copies).where(gone))


def _is_of(table: sa.Table, held: Held) -> sa.ColumnElement[bool]:
    """Whether a row is of somebody who is held. Never NULL, so that it can be negated."""
    return sa.or_(_is_among(table.c.member_id, held.member_ids), _is_among(table.c.user_id, held.user_ids))


def _is_among(column: sa.ColumnElement[int], ids: Collection[int]) -> sa.ColumnElement[bool]:
    return sa.and_(column.is_not(None), column.in_(sorted(ids)))
