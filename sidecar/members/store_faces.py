"""The SQL of what members are called, and of the words that they are found by. None of these commits."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sidecar.activity.models import events
from sidecar.db import insert_once
from sidecar.members.models import member_faces, member_words, members
from sidecar.wordpress.tables import Tables

_PROFILE_EVENTS = ("profile_changed", "user_deleted")


_LATE_IDS = 5000
"""A member whose transaction took longer becomes visible behind members with greater ids: so far back they are looked for."""


def list_without_face(session: Session, limit: int) -> dict[int, int]:
    """member → user of those that came last: members are counted upwards, and faces follow them."""
    newest = sa.select(sa.func.coalesce(sa.func.max(member_faces.c.member_id), 0)).scalar_subquery()
    faced = sa.select(member_faces.c.member_id).where(member_faces.c.member_id == members.c.id)
    rows = session.execute(
        sa.select(members.c.id, members.c.user_id)
        .where(members.c.id > newest - _LATE_IDS, ~faced.exists())
        .order_by(members.c.id)
        .limit(limit)
    )
    return {row[0]: row[1] for row in rows}


def list_longest_unchecked(session: Session, before: datetime, limit: int) -> dict[int, int]:
    """member → user of the faces that were compared with WordPress longest ago."""
    rows = session.execute(
        sa.select(member_faces.c.member_id, member_faces.c.user_id)
        .where(member_faces.c.checked_at < before)
        .order_by(member_faces.c.checked_at)
        .limit(limit)
    )
    return {row[0]: row[1] for row in rows}


def list_changed_lately(session: Session, since: datetime, limit: int) -> dict[int, int]:
    """member → user of those whose profile WordPress says was changed."""
    changed = sa.select(events.c.user_id).where(
        events.c.type == "access", events.c.at >= since, events.c.name.in_(_PROFILE_EVENTS)
    )
    rows = session.execute(
        sa.select(members.c.id, members.c.user_id).where(members.c.user_id.in_(changed)).limit(limit)
    )
    return {row[0]: row[1] for row in rows}


def list_users(
    session: Session, tables: Tables, user_ids: Collection[int]
) -> list[tuple[int, str, str, str]]:
    """(id, login, email, display name) of those of these users who are there."""
    users = tables.users.c
    named = sa.select(users.id, users.user_login, users.user_email, users.display_name)
    rows = session.execute(named.where(users.id.in_(list(user_ids))))
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def list_digests(session: Session, member_ids: Collection[int]) -> dict[int, str]:
    """What is written down of these members."""
    rows = session.execute(
        sa.select(member_faces.c.member_id, member_faces.c.digest).where(
            member_faces.c.member_id.in_(list(member_ids))
        )
    )
    return {row[0]: row[1] for row in rows}


def note_checked(session: Session, member_ids: Collection[int], now: datetime) -> None:
    """They are as they were."""
    if member_ids:
        mine = sa.update(member_faces).where(member_faces.c.member_id.in_(list(member_ids)))
        session.execute(mine.values(checked_at=now))


def replace_faces(
    session: Session, faces: Sequence[Mapping[str, Any]], words: Mapping[int, Collection[str]]
) -> None:
    """Write down what these members are called now, and by which words they are found."""
    ids = [face["member_id"] for face in faces]
    if not ids:
        return
    session.execute(sa.delete(member_faces).where(member_faces.c.member_id.in_(ids)))
    session.execute(sa.delete(member_words).where(member_words.c.member_id.in_(ids)))
    insert_once(session, member_faces, [dict(face) for face in faces])
    rows = [
        {"word": word.encode()[:240], "member_id": member} for member in ids for word in sorted(words[member])
    ]
    insert_once(session, member_words, rows)
