"""Employing people: who may use the dashboard beside the site's administrators. Each is one transaction with its event."""

from __future__ import annotations

from datetime import datetime

from sidecar import outbox
from sidecar.activity.rules import EventType
from sidecar.activity.store import add_event
from sidecar.db import session, use_case
from sidecar.errors import NotFound
from sidecar.i18n import _
from sidecar.staff import store
from sidecar.staff.rules import Role
from sidecar.wordpress.tables import Tables
from sidecar.wordpress.users import find_user

SITE_CHANGE = "site_change"


@use_case
def employ(tables: Tables, user_id: int, role: Role, *, by: str, now: datetime) -> None:
    """Let a WordPress user into the dashboard, or give an employee another role. It counts from their next click on."""
    if find_user(session(), tables, user_id) is None:
        raise NotFound(_("WordPress has no user {name}.").format(name=user_id))
    store.sync_staff(session(), user_id, role, by, now)
    _record(user_id, "employed", {"role": str(role), "by": by}, now)


@use_case
def dismiss(user_id: int, *, by: str, now: datetime) -> None:
    """End an employment and every session of theirs. An administrator of the site stays one."""
    if not store.remove_staff(session(), user_id):
        raise NotFound(_("User {user} is not on the staff.").format(user=user_id))
    store.remove_sessions_of(session(), user_id)
    _record(user_id, "dismissed", {"by": by}, now)


def _record(user_id: int, name: str, body: dict[str, str], now: datetime) -> None:
    """The event; and the site is told whom to show the menu entry."""
    add_event(session(), EventType.ACCESS, name, now, user_id=user_id, subject=f"user:{user_id}", body=body)
    outbox.add(session(), SITE_CHANGE, {"kind": "staff"}, now)
