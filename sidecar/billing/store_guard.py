"""The SQL of what watches over billing: the lease, machines, alarms, heartbeats, rates, webhooks. None of these commits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sidecar.billing.gateways.gateway import Notice
from sidecar.billing.models import alarms, billing_lease, billing_machines, heartbeats, rates, webhooks
from sidecar.db import count_changed, get_server_time, insert_once

# --- the lease ------------------------------------------------------------------------------------------------------


def find_lease(session: Session) -> sa.Row[Any] | None:
    """Whose money this database may move; None before it was bound."""
    return session.execute(sa.select(billing_lease).where(billing_lease.c.id == 1)).first()


def is_paused_for(session: Session, reason: str) -> bool:
    """Whether billing is paused, and for this."""
    lease = find_lease(session)
    return lease is not None and lease.paused_for == reason


def add_lease(session: Session, values: dict[str, Any]) -> None:
    """Bind this database; the first one counts."""
    insert_once(session, billing_lease, [{"id": 1, **values}])


def set_lease(session: Session, **values: Any) -> None:
    """Change the one row."""
    session.execute(sa.update(billing_lease).where(billing_lease.c.id == 1).values(**values))


def count_run(session: Session, guarded_s: float) -> None:
    """One more run; intents of the gateway are known up to `guarded_s`."""
    newest = sa.case((billing_lease.c.guarded_s > guarded_s, billing_lease.c.guarded_s), else_=guarded_s)
    values = {"runs": billing_lease.c.runs + 1, "guarded_s": newest}
    session.execute(sa.update(billing_lease).where(billing_lease.c.id == 1).values(**values))


def claim_pause(session: Session, reason: str, sentence: str, now: datetime) -> bool:
    """Pause billing; the first reason counts. False when it was paused already."""
    running = sa.and_(billing_lease.c.id == 1, billing_lease.c.paused_for.is_(None))
    values = {"paused_for": reason, "paused_because": sentence[:500], "paused_at": now}
    return bool(count_changed(session, sa.update(billing_lease).where(running).values(**values)))


def claim_charges(session: Session, count: int, most: int) -> bool:
    """Count charges that are about to begin, if they stay below `most`; False when they would not."""
    below = sa.and_(billing_lease.c.id == 1, billing_lease.c.charged + count <= most)
    return bool(
        count_changed(
            session, sa.update(billing_lease).where(below).values(charged=billing_lease.c.charged + count)
        )
    )


def add_machine(session: Session, machine: str, name: str, now: datetime) -> None:
    """Let this machine charge."""
    insert_once(session, billing_machines, [{"id": machine, "name": name[:100], "enrolled_at": now}])


def has_machine(session: Session, machine: str) -> bool:
    """Whether this machine may charge."""
    return (
        session.scalar(sa.select(billing_machines.c.id).where(billing_machines.c.id == machine)) is not None
    )


def remove_machines(session: Session) -> None:
    """Nobody may charge any more."""
    session.execute(sa.delete(billing_machines))


def get_server_name(session: Session) -> str:
    """What tells this database server from another that holds the same rows."""
    dialect = session.get_bind().dialect.name
    if dialect == "sqlite":
        return f"sqlite:{session.get_bind().engine.url.database}"
    row = session.execute(sa.text("SELECT @@hostname, @@datadir, @@port, @@socket")).one()
    return ":".join(str(part) for part in row)


def get_unsafe_setting(session: Session) -> str:
    """The setting by which this database may lose what it has committed; '' when there is none."""
    if session.get_bind().dialect.name == "sqlite":
        level = int(session.scalar(sa.text("PRAGMA synchronous")) or 0)
        return "" if level >= 2 else f"synchronous={level}"
    flush = str(session.scalar(sa.text("SELECT @@innodb_flush_log_at_trx_commit")))
    return "" if flush == "1" else f"innodb_flush_log_at_trx_commit={flush}"


# --- alarms and heartbeats ------------------------------------------------------------------------------------------


def add_alarm(session: Session, kind: str, subject: str, sentence: str, now: datetime) -> bool:
    """Raise an alarm unless it is raised; False when it was. A closed one is raised again."""
    same = sa.and_(alarms.c.kind == kind, alarms.c.subject == subject)
    known = session.execute(sa.select(alarms.c.id, alarms.c.closed_at).where(same)).first()
    values = {"sentence": sentence, "raised_at": now, "closed_at": None}
    if known is None:
        insert_once(session, alarms, [{"kind": kind, "subject": subject, **values}])
        return True
    if known.closed_at is None:
        return False
    return bool(
        count_changed(
            session, sa.update(alarms).where(same, alarms.c.closed_at.is_not(None)).values(**values)
        )
    )


def has_alarm(session: Session, kind: str, subject: str) -> bool:
    """Whether this was ever raised, open or closed."""
    same = sa.and_(alarms.c.kind == kind, alarms.c.subject == subject)
    return session.scalar(sa.select(alarms.c.id).where(same)) is not None


def close_alarms(session: Session, kind: str, now: datetime, subject: str | None = None) -> int:
    """What an alarm spoke of is over; gives how many were open."""
    where = [alarms.c.kind == kind, alarms.c.closed_at.is_(None)]
    if subject is not None:
        where.append(alarms.c.subject == subject)
    return count_changed(session, sa.update(alarms).where(*where).values(closed_at=now))


def list_alarms(session: Session, limit: int = 100) -> Sequence[sa.Row[Any]]:
    """The open ones, newest first."""
    return session.execute(
        sa.select(alarms)
        .where(alarms.c.closed_at.is_(None))
        .order_by(alarms.c.raised_at.desc(), alarms.c.id.desc())
        .limit(limit)
    ).all()


def sync_heartbeat(session: Session, name: str) -> None:
    """Somebody is alive, by the database's clock."""
    now_s = get_server_time(session)
    beat = sa.update(heartbeats).where(heartbeats.c.name == name).values(at_s=now_s)
    if not count_changed(session, beat):
        insert_once(session, heartbeats, [{"name": name, "at_s": now_s}])


def list_heartbeats(session: Session) -> dict[str, float]:
    """name → seconds since, by the database's clock."""
    now_s = get_server_time(session)
    return {row.name: now_s - row.at_s for row in session.execute(sa.select(heartbeats))}


# --- rates ----------------------------------------------------------------------------------------------------------


def claim_turns(session: Session, name: str, count: int, per_second: float) -> tuple[float, float]:
    """(now, the first of `count` turns) in seconds of the database's clock; turns lie 1/`per_second` apart.

    One UPDATE moves the row, so turns are never given twice, whoever asks on whichever machine.
    """
    now_s, taken = get_server_time(session), count / per_second
    free = sa.case((rates.c.next_s > now_s, rates.c.next_s), else_=now_s)
    moved = sa.update(rates).where(rates.c.name == name).values(next_s=free + taken)
    if not count_changed(session, moved):
        insert_once(session, rates, [{"name": name, "next_s": now_s}])
        session.execute(moved)
    ends = session.scalar(sa.select(rates.c.next_s).where(rates.c.name == name)) or now_s
    return now_s, float(ends) - taken


# --- webhooks -------------------------------------------------------------------------------------------------------


def add_webhook(session: Session, gateway: str, notice: Notice, now: datetime) -> None:
    """Keep what came; a repetition is the same row."""
    row = {
        "id": notice.id, "gateway": gateway, "type": notice.type[:80], "payload": notice.payload, "received_at": now,
        "due_at": now, "tries": 0,
    }  # fmt: skip
    insert_once(session, webhooks, [row])


def find_webhook(session: Session, webhook_id: str) -> sa.Row[Any] | None:
    """By the gateway's name for the event."""
    return session.execute(sa.select(webhooks).where(webhooks.c.id == webhook_id)).first()


def list_due_webhooks(session: Session, now: datetime, limit: int = 100) -> Sequence[sa.Row[Any]]:
    """What waits to be understood, oldest first."""
    due = sa.and_(webhooks.c.done_at.is_(None), webhooks.c.due_at <= now)
    return session.execute(
        sa.select(webhooks).where(due).order_by(webhooks.c.due_at, webhooks.c.id).limit(limit)
    ).all()


def list_failed_webhooks(session: Session, limit: int = 100) -> Sequence[sa.Row[Any]]:
    """What could not be understood yet, oldest first."""
    failed = sa.and_(webhooks.c.done_at.is_(None), webhooks.c.tries > 0)
    return session.execute(
        sa.select(webhooks).where(failed).order_by(webhooks.c.received_at).limit(limit)
    ).all()


def set_webhook(session: Session, webhook_id: str, **values: Any) -> None:
    """Change one row."""
    session.execute(sa.update(webhooks).where(webhooks.c.id == webhook_id).values(**values))


def find_newest_webhook(session: Session) -> datetime | None:
    """When the gateway last reached us."""
    newest: datetime | None = session.scalar(sa.select(sa.func.max(webhooks.c.received_at)))
    return newest
