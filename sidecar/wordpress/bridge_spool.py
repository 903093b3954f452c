"""The bridge's own table of events that could not be told us when they happened."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sidecar.wordpress.tables import Tables


def _spool(tables: Tables) -> sa.TableClause:
    return sa.table(f"{tables.prefix}gatepost_spool", sa.column("seq"), sa.column("id"), sa.column("body"))


def spool_exists(session: Session, tables: Tables) -> bool:
    """Whether the plugin has made its table."""
    return sa.inspect(session.connection()).has_table(f"{tables.prefix}gatepost_spool")


def count_spooled(session: Session, tables: Tables) -> int:
    """How many events wait in the bridge's table, which must exist."""
    return session.scalar(sa.select(sa.func.count()).select_from(_spool(tables))) or 0


class Spooled(NamedTuple):
    """One row. `event` is None where `body` holds none."""

    seq: int
    event: dict[str, Any] | None
    body: str


def list_spooled(session: Session, tables: Tables, limit: int = 1000) -> list[Spooled]:
    """Rows in order."""
    spool = _spool(tables)
    rows = session.execute(sa.select(spool.c.seq, spool.c.body).order_by(spool.c.seq).limit(limit))
    return [Spooled(seq, _event(body), body) for seq, body in rows]


def remove_spooled(session: Session, tables: Tables, seqs: list[int]) -> None:
    """Take rows away that are stored."""
    spool = _spool(tables)
    session.execute(sa.delete(spool).where(spool.c.seq.in_(seqs)))


def _event(body: str) -> dict[str, Any] | None:
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) else None
