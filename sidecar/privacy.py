"""WordPress's personal-data tools: what we hold about a person, and forgetting it.

Erasure blanks what is personal in the log and keeps each event with its digest, so that the log stays whole; the membership
itself stays as long as the WordPress user does.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from sidecar.activity.rules import EventType
from sidecar.activity.store import add_event, erase_events_of, list_events
from sidecar.catalog.store import list_bundles, list_levels
from sidecar.db import session, use_case
from sidecar.i18n import _
from sidecar.members.store import Member, find_member
from sidecar.wordpress.tables import Tables
from sidecar.wordpress.users import find_user_by_email

EVENTS_A_PAGE = 500


def export_person(reader: Session, tables: Tables, email: str, page: int) -> dict[str, Any]:
    """One page of what we hold about the user with this address, in the bridge's shape."""
    user = find_user_by_email(reader, tables, email)
    member = find_member(reader, user.id) if user else None
    if member is None or page < 1:
        return {"done": True, "items": []}
    items = _membership(reader, member) if page == 1 else []
    events = list_events(reader, member_id=member.id, limit=EVENTS_A_PAGE, offset=(page - 1) * EVENTS_A_PAGE)
    items += [
        _item("activity", _("Activity"), f"event-{event.id.hex()}", _event_fields(event)) for event in events
    ]
    return {"done": len(events) < EVENTS_A_PAGE, "items": items}


def erase_person(tables: Tables, email: str, *, now: datetime) -> dict[str, Any]:
    """Blank what the log holds of a person; a second call finds nothing left."""
    removed = _erase(tables, email, now)
    return {"done": True, "removed": removed, "retained": 0, "messages": []}


@use_case
def _erase(tables: Tables, email: str, now: datetime) -> int:
    user = find_user_by_email(session(), tables, email)
    if user is None:
        return 0
    count = erase_events_of(session(), user.id)
    if count:
        member = find_member(session(), user.id)
        body = {"events": count, "by": "wordpress_eraser"}
        member_id = member.id if member else None
        add_event(session(), EventType.ACCESS, "erased", now, member_id=member_id, body=body)
    return count


def _membership(reader: Session, member: Member) -> list[dict[str, Any]]:
    levels = {level.id: level.name for level in list_levels(reader)}
    bundles = {bundle.id: bundle.name for bundle in list_bundles(reader)}
    items = []
    for held in member.entitlements:
        name = levels.get(held.level_id or 0) or bundles.get(held.bundle_id or 0) or ""
        fields = {_("Name"): name, _("Status"): str(held.status), _("Since"): held.started_at.isoformat()}
        if held.expires_at:
            fields[_("Until")] = held.expires_at.isoformat()
        items.append(_item("membership", _("Membership"), f"entitlement-{held.id}", fields))
    return items


def _event_fields(event: Any) -> dict[str, str]:
    fields = {
        _("Time"): event.at.isoformat(),
        _("What"): f"{event.type} {event.name}",
        _("Address"): event.ip,
    }
    return {
        name: value for name, value in {**fields, _("Details"): event.body}.items() if value not in {"", "{}"}
    }


def _item(group: str, label: str, item_id: str, fields: dict[str, str]) -> dict[str, Any]:
    return {
        "group": group,
        "label": label,
        "id": item_id,
        "data": [{"name": name, "value": value} for name, value in fields.items()],
    }
