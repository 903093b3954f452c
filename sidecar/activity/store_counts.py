"""The SQL of counts. None of these commits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.orm import Session

from sidecar.activity.models import counted_seals, event_counts, events
from sidecar.activity.rules import EventType
from sidecar.activity.store import through_index
from sidecar.db import count_changed, insert_once

SLOT_SECONDS = 900
"""Days begin on a quarter of an hour in every time zone, so a quarter belongs to one day."""

# --- how many events a day has ----------------------------------------------------------------------------------------


def start_counting(session: Session) -> None:
    """The row that says how far was counted; one that is there stays."""
    insert_once(session, counted_seals, [{"id": 1, "seal": 0}])


def find_counted_seal(session: Session) -> int:
    """The seal up to which everything is counted; 0 before the first."""
    return session.scalar(sa.select(counted_seals.c.seal)) or 0


def find_newest_seal(session: Session) -> int:
    """The newest seal that some event is under. A seal's events come into sight at once, as it is one transaction."""
    return session.scalar(sa.select(sa.func.max(events.c.seal))) or 0


def claim_seals(session: Session, after: int, to: int) -> bool:
    """Say that the seals in (after, to] are counted; False when somebody else was first."""
    mine = counted_seals.c.seal == after
    return bool(count_changed(session, sa.update(counted_seals).where(mine).values(seal=to)))


def count_sealed(session: Session, after: int, to: int) -> list[tuple[datetime, EventType, int]]:
    """(quarter of an hour, type, number) of the events under the seals in (after, to]."""
    return _by_slot(session, sa.and_(events.c.seal > after, events.c.seal <= to))


def count_beyond(
    session: Session, after: int, begin: datetime, end: datetime
) -> list[tuple[datetime, EventType, int]]:
    """The same of events with a later seal or none, that happened in [begin, end)."""
    beyond = sa.or_(events.c.seal.is_(None), events.c.seal > after)
    return _by_slot(session, sa.and_(beyond, events.c.at >= begin, events.c.at < end))


def _by_slot(session: Session, which: sa.ColumnElement[bool]) -> list[tuple[datetime, EventType, int]]:
    if session.get_bind().dialect.name == "sqlite":
        seconds: sa.ColumnElement[Any] = sa.cast(sa.func.strftime("%s", events.c.at), sa.Integer())
    else:
        # UNIX_TIMESTAMP would take the column for the time zone of the connection.
        seconds = sa.func.timestampdiff(sa.text("SECOND"), sa.literal("1970-01-01"), events.c.at)
    slot = (seconds // SLOT_SECONDS).label("slot")
    statement = sa.select(slot, events.c.type, sa.func.count()).where(which).group_by(slot, events.c.type)
    rows = session.execute(through_index(statement, events, "seal"))
    return [
        (datetime.fromtimestamp(int(quarter) * SLOT_SECONDS, UTC), EventType(kind), number)
        for quarter, kind, number in rows
    ]


def add_counts(session: Session, numbers: Mapping[tuple[date, EventType], int]) -> None:
    """Add to what the days have."""
    rows = [
        {"day": day, "type": str(kind), "number": number} for (day, kind), number in sorted(numbers.items())
    ]
    if not rows:
        return
    if session.get_bind().dialect.name == "sqlite":
        new = sqlite.insert(event_counts)
        number = event_counts.c.number + new.excluded.number
        session.execute(
            new.on_conflict_do_update(index_elements=["day", "type"], set_={"number": number}), rows
        )
        return
    added = mysql.insert(event_counts)
    session.execute(added.on_duplicate_key_update(number=event_counts.c.number + added.inserted.number), rows)


def list_counts(session: Session, first: date, last: date) -> Iterator[tuple[date, EventType, int]]:
    """What the days from `first` to `last` have."""
    days = event_counts.c.day.between(first, last)
    for row in session.execute(sa.select(event_counts).where(days)):
        yield row.day, EventType(row.type), row.number


# --- from how many addresses members come -----------------------------------------------------------------------------


def list_addresses(
    session: Session, types: Sequence[EventType], begin: datetime, end: datetime, at_least: int
) -> Iterator[sa.Row[Any]]:
    """(member_id, user_id, ip, number, first_at, last_at) of the events of these types in [begin, end), by member: of those
    members who came from `at_least` different addresses, /64 networks not yet taken together.
    """
    within = (
        events.c.type.in_([str(kind) for kind in types]), events.c.at >= begin, events.c.at < end, events.c.ip != "",
        events.c.member_id.is_not(None),
    )  # fmt: skip
    many = sa.func.count(events.c.ip.distinct()) >= at_least
    coming = sa.select(events.c.member_id).where(*within).group_by(events.c.member_id).having(many)
    found = through_index(coming, events, "at")
    ids = sorted(session.scalars(found))
    for start in range(0, len(ids), 500):
        theirs = events.c.member_id.in_(ids[start : start + 500])
        statement = (
            sa.select(
                events.c.member_id, sa.func.max(events.c.user_id).label("user_id"), events.c.ip,
                sa.func.count().label("number"), sa.func.min(events.c.at).label("first_at"),
                sa.func.max(events.c.at).label("last_at"),
            )
            .where(*within, theirs)
            .group_by(events.c.member_id, events.c.ip)
            .order_by(events.c.member_id, events.c.ip)
        )  # fmt: skip
        yield from session.execute(through_index(statement, events, "member"))
