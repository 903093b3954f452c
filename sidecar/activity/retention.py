"""Dropping what is too old, by whole months of a type: as partitions on MySQL and MariaDB, by range on SQLite.

Nothing goes that is not sealed, and nothing of somebody who is held: that is copied first. The drop is an entry among the
seals, so that what is gone is known to have gone by age. Order: copy and announce in one transaction, then drop, then forget
the leaves and the texts of mails. Dead after any of these, the next run does the rest; doing a part again does no harm.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from sidecar.activity import store_holds, store_seals
from sidecar.activity.partitions import drop_partition, error_code, list_places, on_sqlite
from sidecar.activity.rules import UNPLACED, EventType, months_between
from sidecar.activity.sealing import next_link
from sidecar.activity.seals import Part, Seal, SealKind, leaf
from sidecar.activity.store_holds import Held, Place
from sidecar.db import is_duplicate, reading, session, use_case

log = logging.getLogger(__name__)
_STEADY_SINCE, _STEADY_UNTIL = timedelta(days=30), timedelta(days=7)
_LOCK_WAIT = 1205


class _CameLate(Exception):
    """An event came while its month was being dropped: it is sealed first, and the month goes another day."""


@dataclass(frozen=True)
class Dropped:
    """`count` events went, those that `kept` counts were copied first, or before."""

    place: Place
    count: int
    kept: int


def drop_old(now: datetime, months_kept: Callable[[str], int], held: Held) -> list[Dropped]:
    """Drop the oldest month of each type that is over; gives what went. `months_kept`: by type; 0: for ever.

    Only once a seal of a week ago shows that the clock is right: one that has jumped ahead would take the whole log along.
    """
    with reading() as reader:
        if not store_seals.has_seal_between(reader, now - _STEADY_SINCE, now - _STEADY_UNTIL):
            return []
        oldest: dict[str, Place] = {}
        for place in list_places(reader):
            if place[0] not in oldest and _is_due(reader, place, now, months_kept(place[0])):
                oldest[place[0]] = place
    _clean_up(now)
    dropped = [_drop(place, now, held) for place in oldest.values()]
    return [one for one in dropped if one is not None]


def is_over(month: int, now: datetime, months: int) -> bool:
    """Whether even a month's last event is older than so many months; 0 months: never.

    >>> now = datetime(2026, 8, 31)
    >>> is_over(202501, now, 18), is_over(202502, now, 18), is_over(202501, now, 0)
    (True, False, False)
    """
    return 0 < months < months_between(month, now)


def _is_due(reader: Session, place: Place, now: datetime, months: int) -> bool:
    if place[1] != UNPLACED:
        return is_over(place[1], now, months)
    newest_at = store_seals.find_newest_at(reader, place)
    return newest_at is not None and is_over(newest_at.year * 100 + newest_at.month, now, months)


def _drop(place: Place, now: datetime, held: Held) -> Dropped | None:
    """None where something is still to be sealed, or the table is too busy: another time."""
    with reading() as reader:
        if store_seals.count_unsealed(reader, place):
            return None
        is_empty = store_seals.count_rows(reader, place) == 0
    try:
        number, dropped = (0, None) if is_empty else _announce(place, now, held)
        if not _remove(place, number):
            return None
    except _CameLate:
        return None
    except DBAPIError as error:
        if not _is_busy(error):
            raise
        log.warning("the events of %s %s cannot be dropped now: %s", *place, error.orig)
        return None
    if dropped is not None:
        _forget(place, number)
        log.info("dropped %s events of %s %s, kept %s", dropped.count, *place, dropped.kept)
    return dropped


def _is_busy(error: DBAPIError) -> bool:
    """Somebody is sealing just now, or has the table."""
    return error_code(error) == _LOCK_WAIT or (isinstance(error, IntegrityError) and is_duplicate(error))


@use_case
def _announce(place: Place, now: datetime, held: Held) -> tuple[int, Dropped]:
    """Copy what is held and write the entry among the seals; on SQLite also delete the rows, as it has one writer."""
    store_seals.lock_chain(session())
    number, previous = next_link()
    store_holds.copy_held(session(), place, held)
    kept, root = _kept(place)
    dropped = Dropped(place, store_seals.count_rows(session(), place), kept)
    seal = Seal(number, SealKind.DROP, now, (Part(*place, dropped.count, root, kept),), previous)
    store_seals.add_seal(session(), seal)
    if on_sqlite():
        if store_seals.count_unannounced(session(), place, number):
            raise RuntimeError(
                "an event came while its month was being dropped"
            )  # the next run seals it first
        store_seals.remove_rows(session(), place)
    return number, dropped


@use_case
def _remove(place: Place, number: int) -> bool:
    """Drop the partition, while nobody can write late events; False when one has come since it was announced."""
    if on_sqlite():
        return True
    store_seals.lock_chain(session())
    with reading() as reader:
        if store_seals.count_unannounced(reader, place, number):
            return False
    drop_partition(place)
    return True


@use_case
def _forget(place: Place, number: int) -> None:
    """What only served the rows: their leaves, but those that kept events are in; the texts of mails."""
    kept = store_holds.list_held_seals(session(), place)
    store_seals.remove_leaves(session(), place, number, kept)
    if place[0] == EventType.EMAIL:
        store_holds.remove_copies(session(), place[1])


def _clean_up(now: datetime) -> None:
    """Forget once more what lately went: a run may have died before it did."""
    with reading() as reader:
        drops = store_seals.list_drops(reader, now - _STEADY_SINCE)
        there = set(list_places(reader))
    for place, number in drops.items():
        if place not in there:
            _forget(place, number)


def _kept(place: Place) -> tuple[int, bytes]:
    """(how many events are kept of a type and month, the root over them)."""
    count, sum_of = 0, hashlib.sha256()
    for rows in store_holds.stream_held(session(), place):
        for row in rows:
            count += 1
            sum_of.update(leaf(bytes(row.id), bytes(row.digest)))
    return count, sum_of.digest()


# --- the end of holds -----------------------------------------------------------------------------------------------


def release_loose(now: datetime, held: Held) -> int:
    """Forget kept events that nobody holds any more; gives how many."""
    with reading() as reader:
        places = sorted(store_holds.count_loose(reader, held))
    if not places:
        return 0
    count = _release(places, now, held)
    with reading() as reader:
        drops = store_seals.list_drops(reader)
    for place in places:
        _forget(place, drops.get(place, 0))
    return count


@use_case
def _release(places: Iterable[Place], now: datetime, held: Held) -> int:
    number, previous = next_link()
    parts = []
    for place in places:
        removed = store_holds.remove_loose(session(), place, held)
        kept, root = _kept(place)
        parts.append(Part(*place, removed, root, kept))
    seal = Seal(number, SealKind.RELEASE, now, tuple(parts), previous)
    store_seals.add_seal(session(), seal)
    return seal.count
