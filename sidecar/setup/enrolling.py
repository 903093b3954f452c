"""Existing WordPress users become members: in batches, resumable, without mail or charge."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
from sidecar.members.store import list_assigned_roles
from sidecar.setup.store import (
    Newcomer,
    NewMember,
    add_levels,
    add_members,
    list_newcomers,
    new_seed,
)
from sidecar.wordpress.tables import Tables
from sidecar.wordpress.users import list_user_ids

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
    newcomers = _newcomers(tables, wanted)
    enrolled = len(newcomers) if dry_run else enroll_batch(newcomers, level, now=now, by=by)
    return Enrolled(
        seen=counts.seen + len(ids),
        enrolled=counts.enrolled + enrolled,
        members_already=counts.members_already + len(wanted) - enrolled,
        administrators=counts.administrators + len(ids) - len(wanted),
    )


@use_case
def enroll_batch(newcomers: Sequence[Newcomer], level: Level, *, now: datetime, by: str) -> int:
    """Members, levels, events and the roles' parcels of one batch; gives how many are new."""
    if not newcomers:
        return 0
    new = add_members(session(), newcomers, now)
    if not new:
        return 0
    add_levels(session(), new, level.id, now)
    add_events(session(), [_created(member, level, now, by) for member in new])
    if list_assigned_roles(session()):
        for member in new:
            outbox.add(session(), SITE_CHANGE, {"kind": "roles", "user": member.user_id}, now)
    return len(new)


def _created(member: NewMember, level: Level, now: datetime, by: str) -> Event:
    """The same event as for a member who is made alone."""
    body = {"level": level.name, "status": Status.ACTIVE, "by": by}
    return Event(
        event_id(new_seed(), now),
        EventType.ACCESS,
        "created",
        now,
        member.id,
        member.user_id,
        f"level:{level.id}",
        body=body,
    )


def _newcomers(tables: Tables, ids: Sequence[int]) -> list[Newcomer]:
    with reading() as reader:
        return list_newcomers(reader, tables, ids) if ids else []


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
