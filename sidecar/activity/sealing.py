"""Sealing: what was recorded goes under a seal that says what was there, each chained to the one before.

There is one chain. Whoever comes second finds the number taken and takes all of his back, so two sealers can never both seal
a row; that they do not even try is the caller's lease.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError

from sidecar.activity import store_seals
from sidecar.activity.seals import FIRST_PREVIOUS, LEAF_BYTES, Part, Seal, SealKind
from sidecar.db import is_duplicate, session, use_case

ROWS_A_SEAL = 20_000
"""So that the leaves of one fit into memory and into one packet to the server."""


@dataclass(frozen=True)
class Sealed:
    """What a run has done. `newest`: the last seal that it made."""

    rows: int = 0
    newest: Seal | None = None


def seal_rows(now: datetime, seconds: float = 20.0) -> Sealed:
    """Seal everything that is committed and has no seal, for `seconds` of real time at most. Needs no transaction.

    Rows that come late (a spool that is drained later, a transaction that was under way) are sealed by a later seal.
    """
    ends, done = time.monotonic() + seconds, Sealed()
    while time.monotonic() < ends:
        try:
            seal = _seal_some(now)
        except IntegrityError as error:
            if not is_duplicate(error):
                raise
            return done  # somebody else is sealing
        if seal is None:
            return done
        done = Sealed(done.rows + seal.count, seal)
    return done


@use_case
def _seal_some(now: datetime) -> Seal | None:
    """One seal. The rows are stamped first and read then, so that it speaks of what is stamped and of nothing else."""
    found = store_seals.list_unsealed(session(), ROWS_A_SEAL)
    number, previous = next_link()
    parts = []
    for place, ids in found.items():
        if not store_seals.stamp(session(), number, place, ids):
            continue
        leaves = store_seals.read_leaves(session(), number, place)
        store_seals.add_leaves(session(), number, place, leaves)
        parts.append(Part(*place, len(leaves) // LEAF_BYTES, hashlib.sha256(leaves).digest()))
    if not parts:
        return None
    seal = Seal(number, SealKind.ROWS, now, tuple(parts), previous)
    store_seals.add_seal(session(), seal)
    return seal


def next_link() -> tuple[int, bytes]:
    """(number, previous) of the next seal, in the caller's transaction."""
    newest = store_seals.find_newest(session())
    return (1, FIRST_PREVIOUS) if newest is None else (newest.number + 1, bytes(newest.root))
