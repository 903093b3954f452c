"""The SQL that reads the log. None of these commits.

The indexes end in (`at`, `id`), so what is wanted comes out of one in its order: the server merges the partitions' indexes and
stops after as many rows as were asked for. It looks into each partition that `type` leaves, whatever the range: once into
its index, which costs some 10 µs, and so nothing is assumed about how far an event's time may lie from its partition's month.

Where several conditions have an index (a member and a page), the one with the fewest events leads, each of its entries is
looked up in the others' indexes, and only what is in all of them is fetched: rows lie scattered, entries side by side.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from heapq import merge
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sidecar.activity.models import events
from sidecar.activity.querying import Cursor, EventQuery, Way, spellings
from sidecar.activity.rules import EventType, facts_of
from sidecar.activity.store import through_index
from sidecar.db import UtcDateTime

_FIRST, _LAST = datetime(1971, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
_COLUMNS = ("id", "type", "name", "at", "member_id", "user_id", "subject", "ip", "body")


@dataclass(frozen=True)
class LoggedEvent:
    """One event as it stands in the log. `body`: JSON. `is_erased`: what was personal in it has been blanked."""

    id: bytes
    type: EventType
    name: str
    at: datetime
    member_id: int | None
    user_id: int | None
    subject: str
    ip: str
    body: str
    is_erased: bool

    @property
    def facts(self) -> dict[str, Any]:
        """The body as a value."""
        return facts_of(self.body)


def list_matching(
    session: Session,
    query: EventQuery,
    way: Way,
    place: Cursor | None,
    limit: int,
    from_at: datetime | None,
    until_at: datetime | None,
) -> list[LoggedEvent]:
    """Up to `limit` events that match, beyond `place`, with `at` in [from_at, until_at), in the order of the way."""
    within = replace(query, from_at=from_at, until_at=until_at)
    # An index gives the order for one name only.
    queries = [replace(within, names=(name,)) for name in query.names] or [within]
    found = [
        [_logged(row) for row in session.execute(_selected(session, one, way, place).limit(limit))]
        for one in queries
    ]
    ordered: Iterator[LoggedEvent] = merge(*found, key=_order, reverse=way is Way.OLDER)
    return list(islice(ordered, limit))


def _selected(session: Session, query: EventQuery, way: Way, place: Cursor | None) -> sa.Select[Any]:
    """For one name at most."""
    indexes = list(_leading(query))
    if len(indexes) > 1 and session.get_bind().dialect.name != "sqlite":
        indexes.sort(key=lambda index: _estimate(session, query, index))
        return _joined(query, way, place, *indexes)
    statement = through_index(sa.select(*_columns_of(events)), events, indexes[0])
    return statement.where(*_alone(events, query), *_beyond(events, way, place)).order_by(
        *_order_of(events, way)
    )


def _joined(query: EventQuery, way: Way, place: Cursor | None, first: str, *others: str) -> sa.Select[Any]:
    """Entries of the first index that are in the others, too, and their rows."""
    said = _leading(query)
    leading, rows = events.alias(f"by_{first}"), events.alias("found")
    tables: sa.FromClause = leading
    statement = through_index(sa.select(*_columns_of(rows)), leading, first)
    for index in others:
        other = events.alias(f"by_{index}")
        tables = tables.join(other, sa.and_(_is_same(other, leading), *_equals(other, said[index])))
        statement = through_index(statement, other, index)
    conditions = [
        *_equals(leading, said[first]), *_of_type(leading, query), *_in_range(leading, query),
        *_beyond(leading, way, place), *_with_text(rows, query),
    ]  # fmt: skip
    statement = statement.select_from(tables.join(rows, _is_same(rows, leading)))
    statement = through_index(statement, rows, "")
    return statement.where(*conditions).order_by(*_order_of(leading, way)).prefix_with("STRAIGHT_JOIN")


def _is_same(one: sa.FromClause, other: sa.FromClause) -> sa.ColumnElement[bool]:
    """By all that ends an index, type and month included: so one partition is looked into, not all."""
    return sa.and_(*(one.c[name] == other.c[name] for name in ("at", "id", "type", "month")))


def _estimate(session: Session, query: EventQuery, index: str) -> int:
    """About how many entries an index has for what is said and the range, as the server estimates without reading them."""
    column, value = _leading(query)[index]
    statement = sa.text(
        f"EXPLAIN SELECT id FROM gatepost_events FORCE INDEX (ix_gatepost_events_{index})"  # noqa: S608  names of ours
        f" WHERE {column} = :value AND at >= :begin AND at < :end AND type IN :types"
    ).bindparams(
        sa.bindparam("types", expanding=True),
        sa.bindparam("begin", type_=UtcDateTime()),
        sa.bindparam("end", type_=UtcDateTime()),
    )
    values = {
        "value": value, "begin": query.from_at or _FIRST, "end": query.until_at or _LAST,
        "types": [str(one) for one in query.types or EventType],
    }  # fmt: skip
    plan = session.execute(statement, values).mappings().one()
    return int(plan["rows"] or 0)


# --- conditions -------------------------------------------------------------------------------------------------------


def _leading(query: EventQuery) -> dict[str, tuple[str, object]]:
    """The indexes that lead to what is said, with (column, value); that of the time, and nothing, where nothing of the kind is.

    >>> list(_leading(EventQuery(names=("denied",), ip="192.0.2.7"))), list(_leading(EventQuery(types=(EventType.PAGE,))))
    (['ip', 'name'], ['at'])
    """
    all_of_them: dict[str, tuple[str, object]] = {
        "member": ("member_id", query.member_id),
        "user": ("user_id", query.user_id),
        "ip": ("ip", query.ip or None),
        "subject": ("subject", query.subject or None),
        "name": ("name", query.names[0] if query.names else None),
    }
    said = {index: pair for index, pair in all_of_them.items() if pair[1] is not None}
    return said or {"at": ("", None)}


def _equals(table: sa.FromClause, *pairs: tuple[str, object]) -> Iterator[sa.ColumnElement[bool]]:
    yield from (table.c[column] == value for column, value in pairs if column)


def _alone(table: sa.FromClause, query: EventQuery) -> Iterator[sa.ColumnElement[bool]]:
    """Everything that is said, of one table."""
    yield from _equals(table, *_leading(query).values())
    yield from _of_type(table, query)
    yield from _in_range(table, query)
    yield from _with_text(table, query)


def _of_type(table: sa.FromClause, query: EventQuery) -> Iterator[sa.ColumnElement[bool]]:
    if query.types:
        yield table.c.type.in_([str(one) for one in query.types])


def _with_text(table: sa.FromClause, query: EventQuery) -> Iterator[sa.ColumnElement[bool]]:
    """What no index knows. Without regard to capitals in both databases: by MySQL's collation, and as SQLite's LIKE takes ASCII."""
    if query.text:
        yield sa.or_(
            table.c.subject.contains(query.text, autoescape=True, escape="!"),
            *(table.c.body.contains(text, autoescape=True, escape="!") for text in spellings(query.text)),
        )


def _in_range(table: sa.FromClause, query: EventQuery) -> Iterator[sa.ColumnElement[bool]]:
    if query.from_at is not None:
        yield table.c.at >= query.from_at
    if query.until_at is not None:
        yield table.c.at < query.until_at


def _beyond(table: sa.FromClause, way: Way, place: Cursor | None) -> Iterator[sa.ColumnElement[bool]]:
    """Beyond (at, id). Not as a comparison of rows, which no index serves."""
    if place is None:
        return
    at, id = table.c.at, table.c.id
    if way is Way.OLDER:
        yield at <= place.at
        yield sa.or_(at < place.at, id < place.id)
    else:
        yield at >= place.at
        yield sa.or_(at > place.at, id > place.id)


# --- columns, order, plan ---------------------------------------------------------------------------------------------


def _columns_of(table: sa.FromClause) -> Iterator[sa.ColumnElement[Any]]:
    yield from (table.c[name] for name in _COLUMNS)
    yield table.c.salt.is_(None).label("is_erased")


def _order_of(table: sa.FromClause, way: Way) -> tuple[sa.ColumnElement[Any], ...]:
    return (table.c.at, table.c.id) if way is Way.NEWER else (table.c.at.desc(), table.c.id.desc())


def _logged(row: sa.Row[Any]) -> LoggedEvent:
    return LoggedEvent(
        row.id, EventType(row.type), row.name, row.at, row.member_id, row.user_id, row.subject, row.ip, row.body,
        bool(row.is_erased),
    )  # fmt: skip


def _order(event: LoggedEvent) -> tuple[datetime, bytes]:
    return event.at, event.id
