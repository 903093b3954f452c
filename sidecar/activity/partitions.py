"""Every event needs a partition to be written into: these are made ahead, and where one is missing all the same, on demand.

Always outside any transaction (DDL commits).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from sidecar.activity.rules import UNPLACED, EventType
from sidecar.activity.store import (
    list_partitions,
    parse_partition_name,
    partition_clause,
    partition_name,
)
from sidecar.activity.store_seals import list_places_of_rows
from sidecar.db import db, reading, remedy_for

log = logging.getLogger(__name__)
MONTHS_AHEAD = 3
_SAME_NAME, _SAME_VALUES, _NO_SUCH_PARTITION = 1517, 1495, 1507
_TRIES = 5
_LOCK_SECONDS = 8


def months_from(now: datetime, count: int = MONTHS_AHEAD) -> list[int]:
    """This month and those after it, as 202611, and the place of what has none.

    >>> months_from(datetime(2026, 11, 30), 3)
    [0, 202611, 202612, 202701]
    """
    start = now.year * 12 + now.month - 1
    return [UNPLACED, *((start + n) // 12 * 100 + (start + n) % 12 + 1 for n in range(count))]


def sync_partitions(months: Iterable[int]) -> int:
    """Make the partitions of these months that are missing; gives how many were made. Safe at once and again."""
    if on_sqlite():
        return 0
    wanted = [(kind, month) for month in sorted(set(months)) for kind in EventType]
    for _try in range(_TRIES):
        with reading() as session:
            there = list_partitions(session)
        missing = [pair for pair in wanted if partition_name(*pair) not in there]
        if not missing:
            return 0
        try:
            _add(missing)
        except DBAPIError as error:
            if error_code(error) not in {_SAME_NAME, _SAME_VALUES}:
                raise
            continue  # somebody else was making them: look again
        return len(missing)
    return 0


def _add(missing: Sequence[tuple[EventType, int]]) -> None:
    clauses = ", ".join(partition_clause(kind, month) for kind, month in missing)
    run_ddl(f"ALTER TABLE gatepost_events ADD PARTITION ({clauses})")


def run_ddl(statement: str) -> None:
    """Change the table on a connection of its own. It waits shortly for who is writing, since all others wait behind it."""
    with db.engine.connect() as connection:
        before = connection.scalar(sa.text("SELECT @@lock_wait_timeout"))
        connection.execute(sa.text(f"SET SESSION lock_wait_timeout = {_LOCK_SECONDS}"))
        try:
            connection.execute(sa.text(statement))
        finally:
            connection.execute(sa.text(f"SET SESSION lock_wait_timeout = {int(before or 86400)}"))


@remedy_for(1526)
def make_missing_partitions(error: DBAPIError) -> bool:
    """An event's month has no partition (cron has been dead for months, a clock has jumped): make it, whoever was writing.

    A checkout, a webhook or the drain must not fail for it. The months are in what could not be inserted.
    """
    months = _months_in(error.params)
    if "gatepost_events" not in (error.statement or "") or not months:
        return False
    try:
        sync_partitions(months)
    except DBAPIError:
        log.exception("the partitions of %s cannot be made", sorted(months))
        return False
    return True


def _months_in(parameters: object) -> set[int]:
    """The months among a statement's parameters: one set of them, or many."""
    rows = parameters if isinstance(parameters, list | tuple) else [parameters]
    found = [row["month"] for row in rows if isinstance(row, Mapping) and "month" in row]
    return {month for month in found if isinstance(month, int)}


def error_code(error: DBAPIError) -> int | None:
    """The server's number for an error."""
    arguments = getattr(error.orig, "args", ())
    return arguments[0] if arguments and isinstance(arguments[0], int) else None


def list_places(reader: Session) -> list[tuple[str, int]]:
    """The types and months that may have events, in order."""
    if on_sqlite():
        return list_places_of_rows(reader)
    return sorted(
        place for name in list_partitions(reader) if (place := parse_partition_name(name)) is not None
    )


def on_sqlite() -> bool:
    """Whether the log has no partitions."""
    return db.engine.dialect.name == "sqlite"


def drop_partition(place: tuple[str, int]) -> None:
    """Drop the events of a type and month; nothing when that is done already."""
    try:
        run_ddl(f"ALTER TABLE gatepost_events DROP PARTITION {partition_name(*place)}")
    except DBAPIError as error:
        if error_code(error) != _NO_SUCH_PARTITION:
            raise
