"""Use cases on members: each is one transaction that holds the change, its event and what must be sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, tzinfo
from typing import Any

from sidecar import outbox
from sidecar.activity.rules import EventType
from sidecar.activity.store import add_event
from sidecar.catalog.rules import Grant
from sidecar.catalog.store import get_bundle, get_level
from sidecar.db import session, use_case
from sidecar.errors import NotFound, Refused
from sidecar.i18n import _
from sidecar.members import store
from sidecar.members.rules import (
    Change,
    DaysMethod,
    Entitlement,
    State,
    Status,
    changed,
    days_between,
    refuse_change,
)
from sidecar.members.store import Member

SESSION_ENDING = (Status.LOCKED, Status.CANCELED, Status.EXPIRED)
SITE_CHANGE = "site_change"
_NOT_BEGUN = (Status.PENDING_ACTIVATION, Status.ERROR)
"""A checkout that was begun and not paid makes nobody a member: other plugins hear of it once it is active."""


@use_case
def make_member(
    user_id: int,
    level_id: int,
    *,
    now: datetime,
    by: str,
    status: Status = Status.ACTIVE,
    joined_at: datetime | None = None,
    expires_at: datetime | None = None,
    is_complimentary: bool = False,
    error: str | None = None,
) -> int:
    """Make a WordPress user a member with a level; gives the member's id. Refuses one who is a member already.

    `by`: who did it, such as `admin:1`, `enroll`, `order:…`. No mail is sent and nothing is charged here.
    """
    level = get_level(session(), level_id)
    member_id = store.add_member(session(), user_id, joined_at or now)
    if store.find_entitlement(session(), member_id, Grant.LEVEL, level_id):
        raise Refused(_("WordPress user {user} is a member already").format(user=user_id))
    store.add_entitlement(
        session(), member_id, Grant.LEVEL, level_id, status, now,
        started_at=joined_at or now, expires_at=expires_at, is_complimentary=is_complimentary, error=error,
    )  # fmt: skip
    member = Member(member_id, user_id, joined_at or now, ())
    _record(member, "created", f"level:{level_id}", by, now, {"level": level.name, "status": status})
    _queue_roles(member, now)
    if status not in _NOT_BEGUN:
        _tell_plugins(member, "mm_member_add", now, status=status)
    return member_id


@use_case
def give_bundle(
    user_id: int,
    bundle_id: int,
    *,
    now: datetime,
    by: str,
    status: Status = Status.ACTIVE,
    started_at: datetime | None = None,
    expires_at: datetime | None = None,
    is_complimentary: bool = False,
) -> None:
    """Give a member a bundle. One who lost it gets it back, with a new start; one who has it keeps it (refused)."""
    member, bundle = store.get_member(session(), user_id), get_bundle(session(), bundle_id)
    held = store.find_entitlement(session(), member.id, Grant.BUNDLE, bundle_id)
    body = {"bundle": bundle.name, "old": held.status if held else None, "status": status}
    if held is None:
        store.add_entitlement(
            session(), member.id, Grant.BUNDLE, bundle_id, status, now,
            started_at=started_at or now, expires_at=expires_at, is_complimentary=is_complimentary,
        )  # fmt: skip
    else:
        _move(held, Change.REACTIVATE, now, _fresh_start(now, expires_at))
    _record(member, "bundle_added", f"bundle:{bundle_id}", by, now, body)
    _queue_roles(member, now)
    if status not in _NOT_BEGUN:
        _tell_plugins(member, "mm_bundles_add", now, bundle=bundle_id, status=status)


@use_case
def change_status(
    user_id: int,
    change: Change,
    *,
    now: datetime,
    by: str,
    zone: tzinfo,
    bundle_id: int | None = None,
    expires_at: datetime | None = None,
) -> Status:
    """One step of the state machine for a member's level, or for one bundle; gives the new status.

    `expires_at`: with CANCEL_AT_END (until when access lasts) and REACTIVATE. `zone`: the site's, for the days that a pause
    takes. Refuses a change that the present status does not allow, also when somebody else was first.
    """
    member = store.get_member(session(), user_id)
    grant = Grant.LEVEL if bundle_id is None else Grant.BUNDLE
    held = store.find_entitlement(session(), member.id, grant, bundle_id or 0)
    if held is None:
        raise _not_held(user_id, bundle_id)
    new = _move(held, change, now, _effects(held, change, now, zone, expires_at))
    body = {"old": held.status, "new": new.status, "change": change}
    if new.under_lock is not None:
        body["under_lock"] = new.under_lock
    _record(member, "status_changed", f"{grant}:{held.grant_id}", by, now, body)
    _queue_roles(member, now)
    _tell_of_change(member, held, change, new, now)
    if grant is Grant.LEVEL and new.status in SESSION_ENDING:
        outbox.add(session(), SITE_CHANGE, {"kind": "sessions", "user": user_id}, now)
    return new.status


@use_case
def change_level(user_id: int, level_id: int, *, now: datetime, by: str) -> None:
    """Move a member to another level; status, dates and the count of days stay."""
    member, level = store.get_member(session(), user_id), get_level(session(), level_id)
    held = member.level
    if held is None:
        raise _not_held(user_id, None)
    if held.level_id == level_id:
        raise Refused(_("member {user} has the level {level} already").format(user=user_id, level=level.name))
    if not store.claim_level(session(), held, level_id):
        raise Refused(_("somebody else has just changed this member's level"))
    old = get_level(session(), held.grant_id)
    _record(member, "level_changed", f"level:{level_id}", by, now, {"old": old.name, "new": level.name})
    _queue_roles(member, now)
    _tell_plugins(member, "mm_member_membership_change", now)


@use_case
def change_days(
    user_id: int,
    method: DaysMethod,
    *,
    now: datetime,
    by: str,
    bundle_id: int | None = None,
    from_at: datetime | None = None,
    fixed: int | None = None,
) -> None:
    """Count a member's days from the join date, from a date of one's own, or hold them at a number."""
    if (method is DaysMethod.CUSTOM) != (from_at is not None) or (method is DaysMethod.FIXED) != (
        fixed is not None
    ):
        raise Refused(
            _("counting from a custom date needs the date, a fixed number of days needs the number")
        )
    member = store.get_member(session(), user_id)
    grant = Grant.LEVEL if bundle_id is None else Grant.BUNDLE
    held = store.find_entitlement(session(), member.id, grant, bundle_id or 0)
    if held is None:
        raise _not_held(user_id, bundle_id)
    store.set_days(session(), held, method, from_at, fixed)
    body = {
        "old": {"method": held.days_method, "from": _iso(held.days_from_at), "fixed": held.days_fixed},
        "method": method, "from": _iso(from_at), "fixed": fixed,
    }  # fmt: skip
    _record(member, "days_changed", f"{grant}:{held.grant_id}", by, now, body)


@use_case
def change_expiry(
    member: Member, held: Entitlement, expires_at: datetime | None, *, now: datetime, by: str
) -> None:
    """When access ends by itself, whatever the status says; None: not by itself."""
    store.set_expiry(session(), held, expires_at)
    body = {"old": _iso(held.expires_at), "new": _iso(expires_at)}
    _record(member, "expiry_changed", f"{held.grant}:{held.grant_id}", by, now, body)


@use_case
def end_entitlement(user_id: int, held: Entitlement, *, now: datetime, zone: tzinfo) -> bool:
    """Write down that an end date has passed; False when somebody was first. Called by the job, again and again."""
    change = Change.CANCEL if held.status is Status.PENDING_CANCEL else Change.EXPIRE
    bundle_id = held.bundle_id
    current = store.find_entitlement(session(), held.member_id, held.grant, held.grant_id)
    if current is None or replace(current, error=None) != replace(held, error=None):
        return False
    change_status(user_id, change, now=now, by="end_date", zone=zone, bundle_id=bundle_id)
    return True


def _not_held(user_id: int, bundle_id: int | None) -> NotFound:
    """The sentence for a level (None) or bundle that the member does not have."""
    if bundle_id is None:
        return NotFound(_("member {user} has no level").format(user=user_id))
    return NotFound(_("member {user} does not have bundle {bundle}").format(user=user_id, bundle=bundle_id))


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _move(held: Entitlement, change: Change, now: datetime, values: dict[str, Any]) -> State:
    new = changed(held.state, change)
    if new is None or not store.claim_change(session(), held, new, now, values):
        raise refuse_change(held.status, change)
    return new


def _effects(
    held: Entitlement, change: Change, now: datetime, zone: tzinfo, expires_at: datetime | None
) -> dict[str, Any]:
    """The columns that change with the status."""
    lost = days_between(held.paused_at, now, zone) if held.paused_at else 0
    effects: dict[Change, dict[str, Any]] = {
        Change.PAUSE: {"paused_at": now},
        Change.RESUME: {"paused_at": None, "paused_days": held.paused_days + lost},
        Change.CANCEL_AT_END: {"expires_at": expires_at or held.expires_at, "canceled_at": now},
        Change.KEEP: {"expires_at": None, "canceled_at": None},
        Change.CANCEL: {"canceled_at": held.canceled_at or now},
        Change.REACTIVATE: _fresh_start(now, expires_at),
    }
    return effects.get(change, {})


def _fresh_start(now: datetime, expires_at: datetime | None) -> dict[str, Any]:
    return {
        "started_at": now,
        "expires_at": expires_at,
        "canceled_at": None,
        "paused_at": None,
        "paused_days": 0,
    }


def _record(member: Member, name: str, subject: str, by: str, now: datetime, body: dict[str, Any]) -> None:
    add_event(
        session(), EventType.ACCESS, name, now,
        member_id=member.id, user_id=member.user_id, subject=subject, body={**body, "by": by},
    )  # fmt: skip


def _queue_roles(member: Member, now: datetime) -> None:
    """Have WordPress's roles follow. Which ones is looked up at delivery, so that a late parcel carries nothing old."""
    if store.list_assigned_roles(session()):
        outbox.add(session(), SITE_CHANGE, {"kind": "roles", "user": member.user_id}, now)


def _tell_of_change(member: Member, held: Entitlement, change: Change, new: State, now: datetime) -> None:
    """What begins to count is an addition; what ends before it began is no news."""
    begins = change is Change.ACTIVATE
    if not begins and (held.status_under_lock or held.status) in _NOT_BEGUN:
        return
    if held.grant is Grant.LEVEL:
        name = "mm_member_add" if begins else "mm_member_status_change"
        _tell_plugins(member, name, now, status=new.status)
    else:
        name = "mm_bundles_add" if begins else "mm_bundles_status_change"
        _tell_plugins(member, name, now, bundle=held.grant_id, status=new.status)


def _tell_plugins(member: Member, name: str, now: datetime, **change: Any) -> None:
    """Have the bridge fire an action that other plugins listen to. `change`: what only this moment knows; the rest is looked
    up at delivery. Whether anybody listens is not known here, so each single change is told; enrolling thousands is not.
    """
    payload = {"kind": "action", "name": name, "member": member.id, "order": None, **change}
    outbox.add(session(), SITE_CHANGE, payload, now)
