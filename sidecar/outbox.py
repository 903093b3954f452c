"""Things to be sent, written in the transaction that wants them sent and delivered later by a job.

A row is delivered at least once: whoever receives it must bear a repetition (changes to the site are idempotent).
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sidecar.db import TABLE_OPTIONS, LongText, UtcDateTime, count_changed, insert_once, metadata, token

outbox = sa.Table(
    "gatepost_outbox",
    metadata,
    sa.Column("id", token(32), primary_key=True),
    sa.Column("seq_at", UtcDateTime(), nullable=False, comment="when it was written: the order of delivery"),
    sa.Column("kind", token(20), nullable=False),
    sa.Column("payload", LongText, nullable=False, comment="canonical JSON"),
    sa.Column("due_at", UtcDateTime(), nullable=False),
    sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
    sa.Column("holder", token(32), nullable=True),
    sa.Column("held_until", UtcDateTime(), nullable=True),
    sa.Column("done_at", UtcDateTime(), nullable=True),
    sa.Column("error", sa.String(500), nullable=True),
    sa.Index("ix_gatepost_outbox_due", "done_at", "due_at"),
    **TABLE_OPTIONS,
)

LEASE = timedelta(seconds=60)
_LONGEST_PAUSE = timedelta(hours=1)


@dataclass(frozen=True)
class Parcel:
    """One row to deliver. `error`: why the last attempt failed."""

    id: str
    kind: str
    payload: dict[str, Any]
    attempts: int
    written_at: datetime
    error: str | None = None


@dataclass(frozen=True)
class Named:
    """A parcel to be written once for its key."""

    kind: str
    key: str
    payload: dict[str, Any]

    @property
    def id(self) -> str:
        """Made of the key."""
        return hashlib.sha256(f"{self.kind}:{self.key}".encode()).hexdigest()[:32]


def add(session: Session, kind: str, payload: dict[str, Any], now: datetime) -> str:
    """Put a parcel into the outbox, in the caller's transaction; gives its id."""
    return add_many(session, kind, [payload], now)[0]


def add_many(session: Session, kind: str, payloads: Iterable[dict[str, Any]], now: datetime) -> list[str]:
    """Put many parcels into the outbox in one statement; gives their ids. They are not delivered in an order of theirs."""
    rows = [_row(secrets.token_hex(16), kind, payload, now) for payload in payloads]
    if rows:
        session.execute(sa.insert(outbox), rows)
    return [str(row["id"]) for row in rows]


def add_once(session: Session, kind: str, key: str, payload: dict[str, Any], now: datetime) -> str:
    """Put a parcel into the outbox unless one with this key is there: its id is made of the key. Gives the id."""
    wanted = Named(kind, key, payload)
    add_all_once(session, [wanted], now)
    return wanted.id


def add_all_once(session: Session, wanted: Iterable[Named], now: datetime) -> None:
    """Put these into the outbox, each unless it is there already, in one statement."""
    insert_once(session, outbox, [_row(one.id, one.kind, one.payload, now) for one in wanted])


def _row(parcel_id: str, kind: str, payload: dict[str, Any], now: datetime) -> dict[str, Any]:
    text = json.dumps(payload, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return {"id": parcel_id, "seq_at": now, "kind": kind, "due_at": now, "attempts": 0, "payload": text}


def claim_due(
    session: Session, kind: str, now: datetime, limit: int = 100, lease: timedelta = LEASE
) -> list[Parcel]:
    """Take up to `limit` due parcels of one kind for `lease`, oldest first; nobody else gets them meanwhile."""
    free = sa.and_(
        outbox.c.done_at.is_(None),
        outbox.c.due_at <= now,
        sa.or_(outbox.c.held_until.is_(None), outbox.c.held_until < now),
    )
    wanted = session.scalars(
        sa.select(outbox.c.id)
        .where(outbox.c.kind == kind, free)
        .order_by(outbox.c.seq_at, outbox.c.id)
        .limit(limit)
    ).all()
    if not wanted:
        return []
    holder = secrets.token_hex(16)
    session.execute(
        sa.update(outbox).where(outbox.c.id.in_(wanted), free).values(holder=holder, held_until=now + lease)
    )
    mine = session.execute(
        sa.select(outbox).where(outbox.c.holder == holder).order_by(outbox.c.seq_at, outbox.c.id)
    )
    return [_parcel(row) for row in mine]


def list_waiting(session: Session, kind: str, limit: int = 100) -> list[Parcel]:
    """What is not delivered yet, held or not, oldest first."""
    rows = session.execute(
        sa.select(outbox)
        .where(outbox.c.kind == kind, outbox.c.done_at.is_(None))
        .order_by(outbox.c.seq_at, outbox.c.id)
        .limit(limit)
    )
    return [_parcel(row) for row in rows]


def find(session: Session, kind: str, parcel_id: str) -> Parcel | None:
    """One parcel, delivered or not, while it is kept."""
    mine = sa.and_(outbox.c.id == parcel_id, outbox.c.kind == kind)
    row = session.execute(sa.select(outbox).where(mine)).first()
    return None if row is None else _parcel(row)


def list_undelivered(session: Session, limit: int = 100) -> list[Parcel]:
    """What is not delivered yet, of every kind, what has failed most often first."""
    rows = session.execute(
        sa.select(outbox)
        .where(outbox.c.done_at.is_(None))
        .order_by(outbox.c.attempts.desc(), outbox.c.seq_at, outbox.c.id)
        .limit(limit)
    )
    return [_parcel(row) for row in rows]


def count_undelivered(session: Session) -> dict[str, tuple[int, int]]:
    """By kind: how many wait, and how many of them have failed at least once."""
    failed = sa.func.sum(sa.case((outbox.c.attempts > 0, 1), else_=0))
    rows = session.execute(
        sa.select(outbox.c.kind, sa.func.count(), failed)
        .where(outbox.c.done_at.is_(None))
        .group_by(outbox.c.kind)
    )
    return {kind: (count, int(failures or 0)) for kind, count, failures in rows}


def hasten(session: Session, now: datetime, parcel_id: str = "") -> int:
    """Have what failed tried again with the next run, one parcel or all; gives how many. Who holds one at this moment goes on."""
    failed = sa.and_(
        outbox.c.done_at.is_(None),
        outbox.c.attempts > 0,
        sa.or_(outbox.c.held_until.is_(None), outbox.c.held_until < now),
    )
    mine = sa.and_(failed, outbox.c.id == parcel_id) if parcel_id else failed
    return count_changed(session, sa.update(outbox).where(mine).values(due_at=now))


def _parcel(row: sa.Row[Any]) -> Parcel:
    return Parcel(row.id, row.kind, json.loads(row.payload), row.attempts, row.seq_at, row.error)


def set_done(session: Session, parcel_ids: list[str], now: datetime) -> None:
    """Delivered; a repetition is harmless."""
    session.execute(
        sa.update(outbox)
        .where(outbox.c.id.in_(parcel_ids), outbox.c.done_at.is_(None))
        .values(done_at=now, holder=None, held_until=None, error=None)
    )


def park(session: Session, kinds: Collection[str], before: datetime, now: datetime) -> int:
    """Take out of delivery what was written before: a restored database has sent it already. Gives how many rows."""
    old = sa.and_(outbox.c.kind.in_(list(kinds)), outbox.c.seq_at <= before, outbox.c.done_at.is_(None))
    return count_changed(
        session, sa.update(outbox).where(old).values(done_at=now, error="parked: restored database")
    )


def set_failed(session: Session, parcel: Parcel, error: str, now: datetime) -> None:
    """Not delivered: try again later, each time after a longer pause, for ever."""
    session.execute(
        sa.update(outbox)
        .where(outbox.c.id == parcel.id, outbox.c.done_at.is_(None))
        .values(
            attempts=outbox.c.attempts + 1,
            holder=None,
            held_until=None,
            error=error[:500],
            due_at=now + next_pause(parcel.attempts),
        )
    )


def remove_done(session: Session, before: datetime, limit: int = 5000) -> int:
    """Delete parcels that were delivered before; gives how many. They are kept for a while for whoever looks for them."""
    old = sa.select(outbox.c.id).where(outbox.c.done_at < before).order_by(outbox.c.done_at).limit(limit)
    ids = list(session.scalars(old))
    return count_changed(session, sa.delete(outbox).where(outbox.c.id.in_(ids))) if ids else 0


def next_pause(attempts: int) -> timedelta:
    """How long to wait after the failure that follows `attempts` earlier ones.

    >>> [next_pause(n).total_seconds() for n in (0, 1, 5, 50)]
    [2.0, 4.0, 64.0, 3600.0]
    """
    return min(timedelta(seconds=2 ** min(attempts + 1, 20)), _LONGEST_PAUSE)
