"""The SQL of e-mail addresses that bounce. None of these commits.

A mark belongs to the address and not to the member: who has another address in WordPress is written to again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sidecar.db import count_changed, insert_once
from sidecar.members.models import bad_addresses


@dataclass(frozen=True)
class BadAddress:
    """An address that nobody is written to at, why, and since when."""

    address: str
    reason: str
    found_at: datetime


def find_bad_address(session: Session, address: str) -> BadAddress | None:
    """Whether an address is marked."""
    row = session.execute(sa.select(bad_addresses).where(bad_addresses.c.digest == _digest(address))).first()
    return None if row is None else BadAddress(row.address, row.reason, row.found_at)


def list_bad_addresses(session: Session, limit: int = 100) -> Sequence[BadAddress]:
    """The newest first."""
    newest = sa.select(bad_addresses).order_by(bad_addresses.c.found_at.desc(), bad_addresses.c.digest)
    return [BadAddress(row.address, row.reason, row.found_at) for row in session.execute(newest.limit(limit))]


def mark_address(session: Session, address: str, reason: str, now: datetime) -> None:
    """Write nobody at this address any more; the first reason stays."""
    row = {"digest": _digest(address), "address": address[:320], "reason": reason[:500], "found_at": now}
    insert_once(session, bad_addresses, [row])


def unmark_address(session: Session, address: str) -> bool:
    """Write there again; False when it was not marked."""
    return bool(
        count_changed(session, sa.delete(bad_addresses).where(bad_addresses.c.digest == _digest(address)))
    )


def _digest(address: str) -> str:
    return hashlib.sha256(address.strip().lower().encode("utf-8", "surrogatepass")).hexdigest()
