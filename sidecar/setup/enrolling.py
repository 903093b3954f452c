"""Existing WordPress users become members: in batches, resumable, without mail or charge."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sidecar import outbox
from sidecar.activity.partitions import months_from, sync_partitions
from sidecar.activity.rules import Event, EventType, event_id
from sidecar.activity.store import add_events
from sidecar.catalog.rules import Level
from sidecar.db import reading, session, use_case
from sidecar.errors import Refused
from sidecar.i18n import _
from sidecar.members.changing import SITE_CHANGE
from sidecar.members.rules import Status
from sidecar.members.store import Member, add_levels, add_members, list_assigned_roles, list_users_with_level
from sidecar.wordpress.tables import Tables
from sidecar.wordpress.users import list_registrations, list_user_ids

BATCH = 1000
ADMINISTRATOR = "administrator"


@dataclass(frozen=True)
class Enrolled:
    """Counts of users: `seen` = `enrolled` + `members_already` + `administrators`."""

    seen: int = 0
    enrolled: int = 0
    members_already: int = 0
    administrators: int = 0


def enroll(
    tables: Tables,
    level: Level,
    *,
    role: str | None,
    now: datetime,
    by: str,
    dry_run: bool = False,
    progress: Callable[[int], None] = lambda _seen: None,
) -> Enrolled:
    """Give `level` to every user (of `role`) who has none; each batch is a transaction, so a second run goes on.

    Administrators are left out unless `role` names them. `progress` is told how many users have been looked at.
    """
    if role is None and tables.users.name != f"{tables.prefix}users":
        raise Refused(_("This site shares its users with others: say which are meant with --role."))
    sync_partitions(months_from(now))
    skipped = set() if role == ADMINISTRATOR else _administrators(tables)
    counts, last = Enrolled(), 0
    while ids := _next_users(tables, role, last):
        counts = _with_batch(counts, tables, level, ids, skipped, now=now, by=by, dry_run=dry_run)
        last = ids[-1]
        progress(counts.seen)
    return counts


def _with_batch(
    counts: Enrolled,
    tables: Tables,
    level: Level,
    ids: list[int],
    skipped: set[int],
    *,
    now: datetime,
    by: str,
    dry_run: bool,
) -> Enrolled:
    """The counts after one more batch."""
    wanted = [user_id for user_id in ids if user_id not in skipped]
    newcomers = find_newcomers(tables, wanted)
    enrolled = len(newcomers) if dry_run else enroll_batch(newcomers, level, now=now, by=by)
    return Enrolled(
        seen=counts.seen + len(ids),
        enrolled=counts.enrolled + enrolled,
        members_already=counts.members_already + len(wanted) - enrolled,
        administrators=counts.administrators + len(ids) - len(wanted),
    )


@use_case
def enroll_batch(newcomers: Mapping[int, datetime | None], level: Level, *, now: datetime, by: str) -> int:
    """Members, levels, events and the roles' parcels of one batch; gives how many are new."""
    if not newcomers:
        return 0
    joined_at = {user_id: min(registered_at or now, now) for user_id, registered_at in newcomers.items()}
    new = add_members(session(), joined_at)
    add_levels(session(), new, level.id, now)
    add_events(session(), [_created(member, level, now, by) for member in new])
    if list_assigned_roles(session()):
        parcels = [{"kind": "roles", "user": member.user_id} for member in new]
        outbox.add_many(session(), SITE_CHANGE, parcels, now)
    return len(new)


def _created(member: Member, level: Level, now: datetime, by: str) -> Event:
    """The same event as for a member who is made alone."""
    body = {"level": level.name, "status": Status.ACTIVE, "by": by}
    return Event(
        event_id(secrets.token_hex(16), now), EventType.ACCESS, "created", now, member.id, member.user_id,
        f"level:{level.id}", body=body,
    )  # fmt: skip


def find_newcomers(tables: Tables, ids: Collection[int]) -> dict[int, datetime | None]:
    """Those of these users who have no level, and when they registered; None where WordPress does not know."""
    with reading() as reader:
        known = list_users_with_level(reader, ids)
        return list_registrations(reader, tables, [user_id for user_id in ids if user_id not in known])


def _next_users(tables: Tables, role: str | None, after: int) -> list[int]:
    with reading() as reader:
        return list_user_ids(reader, tables, role, after=after, limit=BATCH)


def _administrators(tables: Tables) -> set[int]:
    found: set[int] = set()
    last = 0
    while ids := _next_users(tables, ADMINISTRATOR, last):
        found.update(ids)
        last = ids[-1]
    return found
