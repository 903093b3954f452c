"""Every event needs a partition before it is written: this makes them, outside any transaction (DDL commits)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from sidecar.activity.rules import EventType
from sidecar.activity.store import list_partitions, partition_clause, partition_name
from sidecar.db import db, reading

MONTHS_AHEAD = 3
_SAME_NAME, _SAME_VALUES = 1517, 1495


def months_from(now: datetime, count: int = MONTHS_AHEAD) -> list[int]:
    """This month and those after it, as 202611.

    >>> months_from(datetime(2026, 11, 30), 3)
    [202611, 202612, 202701]
    """
    start = now.year * 12 + now.month - 1
    return [(start + n) // 12 * 100 + (start + n) % 12 + 1 for n in range(count)]


def sync_partitions(months: Iterable[int]) -> int:
    """Make the partitions of these months that are missing; gives how many were made. Safe at once and again."""
    if db.engine.dialect.name == "sqlite":
        return 0
    with reading() as session:
        there = list_partitions(session)
    wanted = [(kind, month) for month in sorted(set(months)) for kind in EventType]
    missing = [pair for pair in wanted if partition_name(*pair) not in there]
    if not missing:
        return 0
    clauses = ", ".join(partition_clause(kind, month) for kind, month in missing)
    try:
        with db.engine.connect() as connection:
            connection.execute(sa.text(f"ALTER TABLE gatepost_events ADD PARTITION ({clauses})"))
    except OperationalError as error:
        if error.orig is None or error.orig.args[0] not in {_SAME_NAME, _SAME_VALUES}:
            raise
        return sync_partitions(months)  # somebody else was making them: look again
    return len(missing)
