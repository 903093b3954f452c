"""The members' SQL. None of these commits."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sidecar.catalog.models import bundles, generation, levels
from sidecar.catalog.rules import Grant
from sidecar.db import count_changed, insert_once
from sidecar.errors import NotFound
from sidecar.i18n import _
from sidecar.members.models import entitlements, members
from sidecar.members.rules import DaysMethod, Entitlement, State, Status, slot_of

_ENTITLEMENT = (
    entitlements.c.id, entitlements.c.member_id, entitlements.c.level_id, entitlements.c.bundle_id,
    entitlements.c.status, entitlements.c.status_under_lock, entitlements.c.status_changed_at,
    entitlements.c.is_complimentary, entitlements.c.started_at, entitlements.c.expires_at, entitlements.c.canceled_at,
    entitlements.c.days_method, entitlements.c.days_from_at, entitlements.c.days_fixed, entitlements.c.paused_days,
    entitlements.c.paused_at, entitlements.c.error, entitlements.c.keeps_access_overdue,
)  # fmt: skip


@dataclass(frozen=True)
class Member:
    """A WordPress user with a row in our members table, and everything they hold: the level first."""

    id: int
    user_id: int
    joined_at: datetime
    entitlements: tuple[Entitlement, ...]

    @property
    def level(self) -> Entitlement | None:
        """The hold on the one level."""
        return next((held for held in self.entitlements if held.grant is Grant.LEVEL), None)

    @property
    def bundles(self) -> tuple[Entitlement, ...]:
        """The holds on bundles."""
        return tuple(held for held in self.entitlements if held.grant is Grant.BUNDLE)


_MEMBER = (members.c.id.label("the_member"), members.c.user_id, members.c.joined_at, *_ENTITLEMENT)
_HELD = entitlements.c.member_id == members.c.id
_LEVEL_FIRST = (
    entitlements.c.slot.desc(),
    entitlements.c.id,
)  # 'level' comes after 'bundle:…' in the alphabet
_MEMBER_OF_USER = (
    sa.select(*_MEMBER)
    .select_from(members.outerjoin(entitlements, _HELD))
    .where(members.c.user_id == sa.bindparam("user"))
    .order_by(*_LEVEL_FIRST)
)
_VIEWER = (
    sa.select(generation.c.number, *_MEMBER)
    .select_from(
        generation.outerjoin(members, members.c.user_id == sa.bindparam("user")).outerjoin(
            entitlements, _HELD
        )
    )
    .order_by(*_LEVEL_FIRST)
)


def find_member(session: Session, user_id: int) -> Member | None:
    """The member of a WordPress user, with all entitlements, in one statement."""
    return _member(session.execute(_MEMBER_OF_USER, {"user": user_id}).all())


def find_member_by_id(session: Session, member_id: int) -> Member | None:
    """By our own id, with all entitlements."""
    user_id = session.scalar(sa.select(members.c.user_id).where(members.c.id == member_id))
    return None if user_id is None else find_member(session, user_id)


def find_viewer(session: Session, user_id: int) -> tuple[int, Member | None]:
    """(the generation of the rules, the member of a WordPress user) in one statement: what every page view asks.

    `user_id` 0 is a visitor. Before the first rule or level there is no generation, and there are no members.
    """
    rows = session.execute(_VIEWER, {"user": user_id}).all()
    return (rows[0][0] if rows else 0), _member([row[1:] for row in rows if row[1] is not None])


def get_member(session: Session, user_id: int) -> Member:
    """The member of a WordPress user; raises NotFound."""
    member = find_member(session, user_id)
    if member is None:
        raise NotFound(_("WordPress user {user} is not a member").format(user=user_id))
    return member


def find_entitlement(session: Session, member_id: int, grant: Grant, grant_id: int) -> Entitlement | None:
    """One member's hold on their level (whatever `grant_id` says) or on one bundle."""
    row = session.execute(
        sa.select(*_ENTITLEMENT).where(
            entitlements.c.member_id == member_id, entitlements.c.slot == slot_of(grant, grant_id)
        )
    ).first()
    return None if row is None else _entitlement(row)


def add_member(session: Session, user_id: int, joined_at: datetime) -> int:
    """Make the member's row; a second call for the same user finds the first one's. Gives the member's id."""
    insert_once(session, members, [{"user_id": user_id, "joined_at": joined_at}])
    return int(session.execute(sa.select(members.c.id).where(members.c.user_id == user_id)).scalar_one())


def list_users_with_level(session: Session, user_ids: Collection[int]) -> set[int]:
    """Which of these WordPress users have a level, whatever its status."""
    query = (
        sa.select(members.c.user_id)
        .join(entitlements, _HELD)
        .where(members.c.user_id.in_(list(user_ids)), entitlements.c.slot == slot_of(Grant.LEVEL, 0))
    )
    return set(session.scalars(query))


def add_members(session: Session, joined_at: Mapping[int, datetime]) -> list[Member]:
    """Rows for many WordPress users (user id -> when they joined); gives those that have no level, by user id.

    The insert locks the rows that are there already too, so nobody gives them a level before this transaction ends.
    """
    insert_once(session, members, [{"user_id": user, "joined_at": at} for user, at in joined_at.items()])
    no_level = sa.and_(_HELD, entitlements.c.slot == slot_of(Grant.LEVEL, 0))
    found = session.execute(
        sa.select(members.c.id, members.c.user_id, members.c.joined_at)
        .select_from(members.outerjoin(entitlements, no_level))
        .where(members.c.user_id.in_(list(joined_at)), entitlements.c.id.is_(None))
        .order_by(members.c.user_id)
    )
    return [Member(*row, ()) for row in found]


def add_levels(session: Session, new: Sequence[Member], level_id: int, now: datetime) -> None:
    """An active hold on the level for each, begun when they joined. Its unique key refuses a second one."""
    rows = [
        {
            "member_id": member.id, "slot": slot_of(Grant.LEVEL, level_id), "level_id": level_id,
            "status": Status.ACTIVE, "status_changed_at": now, "is_complimentary": False,
            "started_at": member.joined_at, "days_method": DaysMethod.JOINED, "paused_days": 0,
        }
        for member in new
    ]  # fmt: skip
    if rows:
        session.execute(sa.insert(entitlements), rows)


def add_entitlement(
    session: Session,
    member_id: int,
    grant: Grant,
    grant_id: int,
    status: Status,
    now: datetime,
    *,
    started_at: datetime,
    expires_at: datetime | None = None,
    is_complimentary: bool = False,
    error: str | None = None,
) -> None:
    """A new hold. Its unique key (member, slot) refuses a second one."""
    session.execute(
        sa.insert(entitlements).values(
            member_id=member_id,
            slot=slot_of(grant, grant_id),
            level_id=grant_id if grant is Grant.LEVEL else None,
            bundle_id=grant_id if grant is Grant.BUNDLE else None,
            status=status,
            status_changed_at=now,
            is_complimentary=is_complimentary,
            started_at=started_at,
            expires_at=expires_at,
            canceled_at=now if status is Status.CANCELED else None,
            days_method=DaysMethod.JOINED,
            paused_days=0,
            paused_at=now if status is Status.PAUSED else None,
            error=error,
        )
    )


def claim_change(
    session: Session, held: Entitlement, new: State, now: datetime, values: dict[str, Any]
) -> bool:
    """Move one entitlement from the state that was read to `new`; False when somebody was first."""
    same_lock = (
        entitlements.c.status_under_lock.is_(None)
        if held.status_under_lock is None
        else entitlements.c.status_under_lock == held.status_under_lock
    )
    claim = (
        sa.update(entitlements)
        .where(entitlements.c.id == held.id, entitlements.c.status == held.status, same_lock)
        .values(status=new.status, status_under_lock=new.under_lock, status_changed_at=now, **values)
    )
    return bool(count_changed(session, claim))


def claim_level(session: Session, held: Entitlement, level_id: int) -> bool:
    """Move a level's hold to another level, keeping dates and status; False when it is no longer what was read."""
    claim = (
        sa.update(entitlements)
        .where(entitlements.c.id == held.id, entitlements.c.level_id == held.level_id)
        .values(level_id=level_id)
    )
    return bool(count_changed(session, claim))


def set_days(
    session: Session, held: Entitlement, method: DaysMethod, from_at: datetime | None, fixed: int | None
) -> None:
    """Choose how the days of one entitlement are counted."""
    session.execute(
        sa.update(entitlements)
        .where(entitlements.c.id == held.id)
        .values(days_method=method, days_from_at=from_at, days_fixed=fixed)
    )


def set_expiry(session: Session, held: Entitlement, expires_at: datetime | None) -> None:
    """When access ends by itself, whatever the status says."""
    session.execute(sa.update(entitlements).where(entitlements.c.id == held.id).values(expires_at=expires_at))


def set_keeps_access(session: Session, held: Entitlement, keeps: bool | None) -> None:
    """Whether this holder keeps access while overdue; None: as the level or bundle says."""
    session.execute(
        sa.update(entitlements).where(entitlements.c.id == held.id).values(keeps_access_overdue=keeps)
    )


def list_ended(session: Session, now: datetime, limit: int = 500) -> list[tuple[int, Entitlement]]:
    """(user id, entitlement) of those whose end date has passed and whose status does not say so yet."""
    open_statuses = (Status.ACTIVE, Status.PENDING_CANCEL, Status.OVERDUE, Status.PAUSED)
    rows = session.execute(
        sa.select(members.c.user_id, *_ENTITLEMENT)
        .select_from(entitlements.join(members, members.c.id == entitlements.c.member_id))
        .where(entitlements.c.status.in_(open_statuses), entitlements.c.expires_at <= now)
        .order_by(entitlements.c.expires_at, entitlements.c.id)
        .limit(limit)
    )
    return [(row[0], _entitlement(row[1:])) for row in rows]


def find_member_ids(session: Session, user_ids: Iterable[int]) -> dict[int, int]:
    """Which of these WordPress users are members: user id -> member id."""
    rows = session.execute(
        sa.select(members.c.user_id, members.c.id).where(members.c.user_id.in_(list(user_ids)))
    )
    return {row[0]: row[1] for row in rows}


def list_user_ids(session: Session, member_ids: Collection[int]) -> set[int]:
    """The WordPress users of these members."""
    rows = sa.select(members.c.user_id).where(members.c.id.in_(sorted(member_ids)))
    return set(session.scalars(rows)) if member_ids else set()


def list_assigned_roles(session: Session) -> set[str]:
    """Every WordPress role that some level or bundle gives."""
    roles = sa.union(sa.select(levels.c.role), sa.select(bundles.c.role))
    return {role for role in session.scalars(roles) if role}


def list_held_roles(session: Session, member_id: int) -> set[str]:
    """The WordPress roles that follow from what a member holds with full access."""
    keeps = sa.func.coalesce(
        entitlements.c.keeps_access_overdue, levels.c.keeps_access_overdue, bundles.c.keeps_access_overdue
    )
    full = sa.or_(
        entitlements.c.status.in_((Status.ACTIVE, Status.PENDING_CANCEL)),
        sa.and_(entitlements.c.status == Status.OVERDUE, keeps == sa.true()),
    )
    rows = session.execute(
        sa.select(levels.c.role, bundles.c.role)
        .select_from(
            entitlements.outerjoin(levels, levels.c.id == entitlements.c.level_id).outerjoin(
                bundles, bundles.c.id == entitlements.c.bundle_id
            )
        )
        .where(entitlements.c.member_id == member_id, full)
    )
    return {role for pair in rows for role in pair if role}


def list_holders(session: Session, grant: Grant, grant_id: int) -> list[int]:
    """The WordPress users who hold a level or bundle in whatever status, by member."""
    column = entitlements.c.level_id if grant is Grant.LEVEL else entitlements.c.bundle_id
    rows = (
        sa.select(members.c.user_id)
        .join_from(entitlements, members, members.c.id == entitlements.c.member_id)
        .where(column == grant_id)
        .order_by(entitlements.c.member_id)
    )
    return list(session.scalars(rows))


def list_holdings(
    session: Session, level_ids: Collection[int], bundle_ids: Collection[int], *, all_levels: bool = False
) -> dict[int, tuple[Entitlement, ...]]:
    """Member → what they hold of these, in whatever status. Reads them all: for a question that is asked now and then."""
    held = sa.or_(
        entitlements.c.slot == "level" if all_levels else entitlements.c.level_id.in_(list(level_ids)),
        entitlements.c.bundle_id.in_(list(bundle_ids)),
    )
    found: dict[int, tuple[Entitlement, ...]] = {}
    for row in session.execute(sa.select(*_ENTITLEMENT).where(held)):
        one = _entitlement(row)
        found[one.member_id] = (*found.get(one.member_id, ()), one)
    return found


def count_members(session: Session) -> int:
    """All of them."""
    return session.scalar(sa.select(sa.func.count()).select_from(members)) or 0


def count_by_status(session: Session) -> dict[str, int]:
    """How many members have a level in each status."""
    rows = session.execute(
        sa.select(entitlements.c.status, sa.func.count())
        .where(entitlements.c.level_id.is_not(None))
        .group_by(entitlements.c.status)
    )
    return {row[0]: row[1] for row in rows}


def _member(rows: Sequence[Any]) -> Member | None:
    if not rows:
        return None
    held = tuple(_entitlement(row[3:]) for row in rows if row[3] is not None)
    return Member(rows[0][0], rows[0][1], rows[0][2], held)


def _entitlement(row: Any) -> Entitlement:
    fields = list(row)
    fields[4] = Status(fields[4])
    fields[5] = None if fields[5] is None else Status(fields[5])
    fields[11] = DaysMethod(fields[11])
    return Entitlement(*fields)
