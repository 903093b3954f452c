"""One lock per member round everything that moves money: a row, a holder, an end.

It is taken by a conditional UPDATE and committed, so it outlives connections and is seen by all machines; it ends by
itself on the database server's clock. Whoever takes over a lock that ended before it was given back finds what its holder
was about to do *unknown*: that worker may still wake up. The unique keys of the tables are the truth behind it.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from sidecar.billing import store, store_locks
from sidecar.db import get_server_time, reading, session, use_case
from sidecar.errors import Refused
from sidecar.i18n import _

LEASE_SECONDS = 120.0
"""Longer than the longest call to a gateway (25 s), what comes before it and what is written after it."""
LAST_LOOK_SECONDS = 60.0
"""What must be left of a lease for a confirmation to be sent."""
PATIENCE_SECONDS = 10.0
_PAUSE_SECONDS = 0.1


class Busy(Refused):
    """Somebody else moves this member's money right now."""


def new_holder() -> str:
    """A name for one holding, used once."""
    return secrets.token_hex(16)


@use_case
def claim_members(member_ids: Collection[int], holder: str) -> set[int]:
    """Which of these members are mine for `LEASE_SECONDS`. A transaction of its own.

    Whatever an earlier holder left claimed becomes unknown in the same transaction: he died, or he may still wake up.
    """
    if not member_ids:
        return set()
    now_s = get_server_time(session())
    mine = store_locks.claim_members(session(), member_ids, holder, now_s, now_s + LEASE_SECONDS)
    store.lose_claims(session(), mine)
    return mine


@use_case
def release_members(holder: str, member_ids: Collection[int] | None = None) -> None:
    """Give back what `holder` still holds. A second call, or one after the lease's end, changes nothing."""
    store_locks.release_members(session(), holder, member_ids)


def is_still_mine(member_id: int, holder: str, attempt_id: int) -> bool:
    """The last look: whether the attempt is still claimed by `holder`, and the lock his for long enough to send a
    confirmation and write down its answer."""
    with reading() as reader:
        left_s = store_locks.compute_lease_left(reader, member_id, holder, attempt_id)
        return left_s is not None and left_s > LAST_LOOK_SECONDS


def is_held(member_id: int, holder: str) -> bool:
    """Whether the lock is `holder`'s still. A worker that was stopped finds his order in the hands of another: its errors
    are no reason to put that order off."""
    with reading() as reader:
        return store_locks.has_lock(reader, member_id, holder)


@contextmanager
def member_locked(member_id: int, patience: float = PATIENCE_SECONDS) -> Iterator[str]:
    """Hold one member's lock; gives the holder's name. Raises Busy when it is not free within `patience` seconds.

    Never inside a transaction: the lock must be committed before anything is done under it.
    """
    holder, until = new_holder(), time.monotonic() + patience
    make_lock_rows([member_id])
    while not claim_members([member_id], holder):
        if time.monotonic() >= until:
            raise Busy(_("Another payment of this member is being worked on; try again in a minute."))
        time.sleep(_PAUSE_SECONDS)
    try:
        yield holder
    finally:
        release_members(holder)


@use_case
def make_lock_rows(member_ids: Collection[int]) -> None:
    """Every member whose money may move has a lock to take."""
    store_locks.sync_lock_rows(session(), member_ids)
