"""The SQL of seals. None of these commits."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sidecar.activity.models import events, seal_leaves, seals
from sidecar.activity.seals import Seal, SealKind, parse_parts, parts_text
from sidecar.db import count_changed, insert_once

_IDS_A_STATEMENT = 1000
_LEAVES_A_READ = 20
_SEALS_A_READ = 2000
_ROWS_A_READ = 2000

# --- sealing --------------------------------------------------------------------------------------------------------


def find_newest(session: Session) -> sa.Row[Any] | None:
    """(number, sealed_at, root) of the newest seal."""
    columns: list[sa.Column[Any]] = [seals.c.number, seals.c.sealed_at, seals.c.root]
    return session.execute(sa.select(*columns).order_by(seals.c.number.desc()).limit(1)).first()


def find_root(session: Session, number: int) -> bytes | None:
    """The root that a seal has in the table."""
    root = session.scalar(sa.select(seals.c.root).where(seals.c.number == number))
    return None if root is None else bytes(root)


def list_unsealed(session: Session, limit: int) -> dict[tuple[str, int], list[bytes]]:
    """Ids of committed events without a seal, by type and month. Nobody who is just writing is waited for."""
    rows = session.execute(
        sa.select(events.c.type, events.c.month, events.c.id).where(events.c.seal.is_(None)).limit(limit)
    )
    found: dict[tuple[str, int], list[bytes]] = {}
    for kind, month, event_id in rows:
        found.setdefault((kind, month), []).append(bytes(event_id))
    return dict(sorted(found.items()))


def count_unsealed(session: Session, place: tuple[str, int] | None = None) -> int:
    """How many events wait for their seal, in all or of one type and month."""
    where = [events.c.seal.is_(None), *(_is_at(place) if place else ())]
    return session.scalar(sa.select(sa.func.count()).select_from(events).where(*where)) or 0


def stamp(session: Session, number: int, place: tuple[str, int], ids: Sequence[bytes]) -> int:
    """Put events under a seal; those that have one already stay there. Gives how many were stamped."""
    stamped = 0
    for start in range(0, len(ids), _IDS_A_STATEMENT):
        some = ids[start : start + _IDS_A_STATEMENT]
        free = sa.and_(*_is_at(place), events.c.id.in_(some), events.c.seal.is_(None))
        stamped += count_changed(session, sa.update(events).where(free).values(seal=number))
    return stamped


def read_leaves(session: Session, number: int, place: tuple[str, int]) -> bytes:
    """The leaves of what is under a seal, as the rows have them."""
    rows = session.execute(
        sa.select(events.c.id, events.c.digest)
        .where(*_is_at(place), events.c.seal == number)
        .order_by(events.c.id)
    )
    return b"".join(bytes(row.id) + bytes(row.digest) for row in rows)


def add_seal(session: Session, seal: Seal) -> None:
    """The next entry of the chain; raises IntegrityError when somebody else has just written one."""
    values = {
        "number": seal.number, "kind": seal.kind, "sealed_at": seal.sealed_at, "count": seal.count,
        "parts": parts_text(seal.parts), "previous": seal.previous, "root": seal.root,
    }  # fmt: skip
    session.execute(sa.insert(seals).values(values))


def add_leaves(session: Session, number: int, place: tuple[str, int], leaves: bytes) -> None:
    """What a part of a seal speaks of."""
    insert_once(
        session, seal_leaves, [{"type": place[0], "month": place[1], "seal": number, "leaves": leaves}]
    )


def lock_chain(session: Session) -> None:
    """Hold what must not happen together apart until the transaction ends: dropping rows, and writing late ones into months
    that may be dropped. SQLite has one writer anyway."""
    session.execute(sa.select(seals.c.number).where(seals.c.number == 1).with_for_update())


def has_seal_between(session: Session, start: datetime, end: datetime) -> bool:
    """Whether events were sealed in this time. There are few seals after `start`, so the newest ones are looked at."""
    wanted = sa.select(seals.c.number).where(
        seals.c.kind == SealKind.ROWS, seals.c.sealed_at >= start, seals.c.sealed_at < end
    )
    return session.scalar(wanted.order_by(seals.c.number.desc()).limit(1)) is not None


# --- reading all of it ----------------------------------------------------------------------------------------------


def stream_seals(session: Session) -> Iterator[sa.Row[Any]]:
    """Every entry of the chain, in order."""
    last = -1
    while True:
        rows = session.execute(
            sa.select(seals).where(seals.c.number > last).order_by(seals.c.number).limit(_SEALS_A_READ)
        ).all()
        yield from rows
        if len(rows) < _SEALS_A_READ:
            return
        last = rows[-1].number


def find_parts(session: Session, number: int) -> str | None:
    """The parts of one seal, as its column has them."""
    return session.scalar(sa.select(seals.c.parts).where(seals.c.number == number))


def stream_leaves(session: Session, place: tuple[str, int]) -> Iterator[sa.Row[Any]]:
    """(seal, leaves, parts of that seal or None) of a type and month, in order of the seals."""
    last = -1
    columns: list[sa.Column[Any]] = [seal_leaves.c.seal, seal_leaves.c.leaves, seals.c.parts]
    here = (seal_leaves.c.type == place[0], seal_leaves.c.month == place[1])
    joined = seal_leaves.outerjoin(seals, seals.c.number == seal_leaves.c.seal)
    while True:
        rows = session.execute(
            sa.select(*columns)
            .select_from(joined)
            .where(*here, seal_leaves.c.seal > last)
            .order_by(seal_leaves.c.seal)
            .limit(_LEAVES_A_READ)
        ).all()
        yield from rows
        if len(rows) < _LEAVES_A_READ:
            return
        last = rows[-1].seal


def find_leaves(session: Session, place: tuple[str, int], seal: int) -> bytes | None:
    """The leaves of one part of a seal."""
    here = sa.and_(
        seal_leaves.c.type == place[0], seal_leaves.c.month == place[1], seal_leaves.c.seal == seal
    )
    leaves = session.scalar(sa.select(seal_leaves.c.leaves).where(here))
    return None if leaves is None else bytes(leaves)


def count_estimated(session: Session) -> int:
    """About how many sealed events there are, by what the seals say."""
    sign = sa.case((seals.c.kind == SealKind.ROWS, 1), (seals.c.kind == SealKind.DROP, -1), else_=0)
    return max(0, int(session.scalar(sa.select(sa.func.sum(seals.c.count * sign))) or 0))


def stream_sealed(session: Session, place: tuple[str, int]) -> Iterator[list[sa.Row[Any]]]:
    """The sealed events of a type and month in order of (seal, id), some thousand at a time.

    MariaDB sorts a range of seals by (seal, id) although its index has that order; so each range is one of some thousand
    rows, found in the index first, and what lies under one seal alone is paged by id.
    """
    last = -1
    while True:
        ahead = sa.select(events.c.seal).where(*_is_at(place), events.c.seal > last).order_by(events.c.seal)
        until = session.scalar(ahead.limit(1).offset(_ROWS_A_READ))
        between = events.c.seal > last if until is None else events.c.seal.between(last + 1, until - 1)
        rows = session.execute(
            sa.select(events).where(*_is_at(place), between).order_by(events.c.seal, events.c.id)
        ).all()
        if rows:
            yield list(rows)
        if until is None:
            return
        yield from _stream_of_seal(session, place, until)
        last = until


def _stream_of_seal(session: Session, place: tuple[str, int], seal: int) -> Iterator[list[sa.Row[Any]]]:
    last = b""
    while True:
        rows = session.execute(
            sa.select(events)
            .where(*_is_at(place), events.c.seal == seal, events.c.id > last)
            .order_by(events.c.id)
            .limit(_ROWS_A_READ)
        ).all()
        if rows:
            yield list(rows)
        if len(rows) < _ROWS_A_READ:
            return
        last = bytes(rows[-1].id)


def list_places_of_rows(session: Session) -> list[tuple[str, int]]:
    """The types and months that have events; on SQLite. Elsewhere the partitions say it."""
    rows = session.execute(sa.select(events.c.type, events.c.month).distinct())
    return sorted((kind, month) for kind, month in rows)


# --- dropping -------------------------------------------------------------------------------------------------------


def count_rows(session: Session, place: tuple[str, int]) -> int:
    """How many events a type and month has."""
    return session.scalar(sa.select(sa.func.count()).select_from(events).where(*_is_at(place))) or 0


def find_newest_at(session: Session, place: tuple[str, int]) -> datetime | None:
    """When the newest event of a type and month happened."""
    newest: datetime | None = session.scalar(sa.select(sa.func.max(events.c.at)).where(*_is_at(place)))
    return newest


def count_unannounced(session: Session, place: tuple[str, int], number: int) -> int:
    """How many events of a type and month the entry `number` does not speak of: they have no seal, or a later one."""
    later = sa.or_(events.c.seal.is_(None), events.c.seal > number)
    return session.scalar(sa.select(sa.func.count()).select_from(events).where(*_is_at(place), later)) or 0


def list_drops(session: Session, since: datetime | None = None) -> dict[tuple[str, int], int]:
    """The newest entry that dropped each type and month: its number."""
    rows = sa.select(seals.c.number, seals.c.parts).where(seals.c.kind == SealKind.DROP)
    if since is not None:
        rows = rows.where(seals.c.sealed_at >= since)
    found = session.execute(rows.order_by(seals.c.number))
    return {part.place: row.number for row in found for part in parse_parts(row.parts)}


def remove_rows(session: Session, place: tuple[str, int]) -> int:
    """Delete the events of a type and month, where there are no partitions to drop."""
    return count_changed(session, sa.delete(events).where(*_is_at(place)))


def remove_leaves(session: Session, place: tuple[str, int], before: int, but: Collection[int]) -> int:
    """Forget the leaves of seals before `before`, except those of the seals in `but`."""
    gone = sa.and_(
        seal_leaves.c.type == place[0],
        seal_leaves.c.month == place[1],
        seal_leaves.c.seal < before,
        seal_leaves.c.seal.not_in(sorted(but)),
    )
    return count_changed(session, sa.delete(seal_leaves).where(gone))


def _is_at(place: tuple[str, int]) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    """So that the server looks into one partition."""
    return events.c.type == place[0], events.c.month == place[1]
