"""The log's SQL. None of these commits."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sidecar.activity.models import events
from sidecar.activity.rules import Event, EventType, canonical_body, digest, event_id
from sidecar.db import insert_once


def add_events(session: Session, batch: Iterable[Event]) -> None:
    """Insert events; those that are there already (by id) stay as they are."""
    insert_once(session, events, [_row(event) for event in batch])


def add_event(
    session: Session,
    type: EventType,
    name: str,
    now: datetime,
    *,
    member_id: int | None = None,
    user_id: int | None = None,
    subject: str = "",
    ip: str = "",
    body: dict[str, Any] | None = None,
) -> None:
    """Record an event of a state change in its transaction."""
    event = Event(
        event_id(secrets.token_hex(16), now), type, name, now, member_id, user_id, subject, ip, body or {}
    )
    add_events(session, [event])


def through_index(statement: sa.Select[Any], table: sa.FromClause, index: str) -> sa.Select[Any]:
    """Says which index of the events is taken; '' is the primary key. `table`: the events, or an alias of them.

    Else the plan depends on estimates, and one day all that was found is sorted.
    """
    name = f"ix_gatepost_events_{index}" if index else "PRIMARY"
    for dialect in ("mysql", "mariadb"):
        statement = statement.with_hint(table, f"FORCE INDEX ({name})", dialect)
    return statement


def list_events(session: Session, *, member_id: int | None = None, limit: int = 100) -> Sequence[sa.Row[Any]]:
    """The newest events, of one member if given: rows of the table, newest first."""
    statement = sa.select(events).order_by(events.c.at.desc(), events.c.id.desc()).limit(limit)
    if member_id is not None:
        statement = statement.where(events.c.member_id == member_id)
    return session.execute(statement).all()


def list_erasures(session: Session, member_id: int | None) -> Sequence[str]:
    """The bodies of what the log says of erasures of a member's events."""
    mine = events.c.member_id.is_(None) if member_id is None else events.c.member_id == member_id
    erasures = sa.and_(events.c.type == EventType.ACCESS, events.c.name == "erased", mine)
    return session.scalars(sa.select(events.c.body).where(erasures)).all()


def _row(event: Event) -> dict[str, Any]:
    body, salt = canonical_body(event.body), secrets.token_bytes(16)
    return {
        "id": event.id, "type": str(event.type), "month": event.month, "name": event.name, "at": event.at,
        "member_id": event.member_id, "user_id": event.user_id, "subject": event.subject, "ip": event.ip,
        "body": body, "salt": salt, "digest": digest(event, body, salt), "seal": None,
    }  # fmt: skip


# --- partitions: MySQL and MariaDB only -------------------------------------------------------------------------


def partition_name(kind: str, month: int) -> str:
    """The name of a partition.

    >>> partition_name("page", 202611)
    'p_page_202611'
    """
    return f"p_{kind}_{month}"


def parse_partition_name(name: str) -> tuple[str, int] | None:
    """Its type and month.

    >>> parse_partition_name("p_page_202611"), parse_partition_name("p0")
    (('page', 202611), None)
    """
    _p, kind, month = [*name.split("_"), "", "", ""][:3]
    return (kind, int(month)) if kind in set(EventType) and month.isdecimal() else None


def partition_clause(kind: str, month: int) -> str:
    """One partition as DDL. Both values come from code, never from a request.

    >>> partition_clause("page", 202611)
    "PARTITION p_page_202611 VALUES IN (('page', 202611))"
    """
    return f"PARTITION {partition_name(EventType(kind), int(month))} VALUES IN (('{EventType(kind)}', {int(month)}))"


def list_partitions(session: Session) -> set[str]:
    """The names of the partitions that exist; empty on SQLite."""
    if session.get_bind().dialect.name == "sqlite":
        return set()
    rows = session.scalars(
        sa.text(
            "SELECT PARTITION_NAME FROM information_schema.PARTITIONS"
            " WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'gatepost_events' AND PARTITION_NAME IS NOT NULL"
        )
    )
    return set(rows)
