"""Invariants: SELECTs that must come back empty, in production as after every test of the database.

A member who breaks one is parked, never the batch: his orders are not collected until the owner has looked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from sidecar.billing import store, store_checks
from sidecar.billing.desk import Desk
from sidecar.billing.following import expected_status
from sidecar.billing.locking import Busy, member_locked
from sidecar.billing.notices import raise_alarm
from sidecar.db import reading, session, use_case
from sidecar.i18n import _
from sidecar.members.rules import Entitlement, Status
from sidecar.members.store import find_member_by_id

ACCESS = "access follows the money"


@dataclass(frozen=True)
class Breach:
    """One row that must not be. `invariant` names the rule, `subject` what breaks it."""

    invariant: str
    subject: str
    member_id: int


def check(reader: Session, now: datetime) -> list[Breach]:
    """Every breach there is, at most some hundred of each invariant."""
    return [
        Breach(name, str(row.subject), int(row.member_id or 0))
        for name, statement in store_checks.invariants(now).items()
        for row in reader.execute(statement.limit(store_checks.MOST))
    ]


def check_access(reader: Session, member_ids: list[int], now: datetime) -> list[Breach]:
    """Members whose access is not what their orders give. For a batch of members, since it looks at each."""
    breaches = []
    for member_id in member_ids:
        member = find_member_by_id(reader, member_id)
        for held in member.entitlements if member else ():
            wanted = expected_status(reader, member_id, held)
            status = held.status_under_lock or held.status
            if wanted is not None and not _same(status, wanted) and not _ends_now(held, now):
                breaches.append(Breach(ACCESS, f"{held.grant}:{held.grant_id}", member_id))
    return breaches


def _ends_now(held: Entitlement, now: datetime) -> bool:
    """Its end has passed, and the jobs of access and of billing write that down one after the other."""
    return held.expires_at is not None and held.expires_at <= now


def _same(status: Status, wanted: Status) -> bool:
    ended = {Status.CANCELED, Status.EXPIRED}
    return status is wanted or {status, wanted} <= ended


def park_breaches(desk: Desk, limit: int = 1000) -> int:
    """Look for breaches, park the members who break something, tell the owner; gives how many breaches there are."""
    now = desk.now()
    with reading() as reader:
        breaches = check(reader, now)
        breaches += check_access(reader, store_checks.list_members_changed(reader, limit), now)
    return sum(_park_if_so(desk, breach) for breach in breaches)


def _park_if_so(desk: Desk, breach: Breach) -> bool:
    """Looked at again under the member's lock: what only seemed so between two reads is no breach."""
    try:
        with member_locked(breach.member_id):
            if not _is_so(breach, desk.now()):
                return False
            _park(desk, breach)
            return True
    except Busy:
        return False  # somebody is at work on him; tomorrow's check sees what came of it


@use_case
def _is_so(breach: Breach, now: datetime) -> bool:
    return breach.invariant != ACCESS or breach in check_access(session(), [breach.member_id], now)


@use_case
def _park(desk: Desk, breach: Breach) -> None:
    if breach.member_id:
        store_checks.park_orders(session(), breach.member_id)
    sentence = _("{invariant} does not hold for {subject}; the member's payments wait until you have looked")
    text = sentence.format(invariant=breach.invariant, subject=breach.subject)
    raise_alarm(session(), "invariant", f"{breach.invariant}:{breach.subject}", text, desk.now())


@use_case
def unpark(desk: Desk, order_uuid: str) -> None:
    """The owner has looked: the order is collected again."""
    order = store.get_order(session(), order_uuid)
    store.set_order(session(), order.id, held=None, wake_at=desk.now())
