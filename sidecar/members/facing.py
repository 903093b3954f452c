"""Keeping what members are called: a copy of WordPress's names and addresses, and the words that they are found by.

New members are taken in at once, changed profiles as soon as the log tells of them, and everybody is compared again now
and then, for what no event told of (a plugin that writes by SQL). Every run may be repeated, and two at once do no harm.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sidecar.db import reading, session, use_case
from sidecar.members import store_faces as store
from sidecar.members.faces import digest_of, shown_name, words_of
from sidecar.wordpress.tables import Tables
from sidecar.wordpress.users import get_profile

_NEW_AT_ONCE, _CHANGED_AT_ONCE, _OLD_AT_ONCE = 1000, 500, 500
_MOST_BATCHES = 20
_TOLD_WITHIN = timedelta(minutes=3)
_COMPARED_EVERY = timedelta(hours=6)


def sync_faces(tables: Tables, now: datetime) -> int:
    """Bring what is written down up to WordPress; gives how many members had to be written anew."""
    written = 0
    for _batch in range(_MOST_BATCHES):
        with reading() as reader:
            new = store.list_without_face(reader, _NEW_AT_ONCE)
        written += _compare(tables, new, now)
        if len(new) < _NEW_AT_ONCE:
            break
    with reading() as reader:
        old = store.list_longest_unchecked(reader, now - _COMPARED_EVERY, _OLD_AT_ONCE)
        changed = store.list_changed_lately(reader, now - _TOLD_WITHIN, _CHANGED_AT_ONCE)
    return written + _compare(tables, {**old, **changed}, now)


def face_member(tables: Tables, member_id: int, user_id: int, now: datetime) -> None:
    """One member, at once."""
    _compare(tables, {member_id: user_id}, now)


def _compare(tables: Tables, wanted: dict[int, int], now: datetime) -> int:
    if not wanted:
        return 0
    with reading() as reader:
        users = {row[0]: row for row in store.list_users(reader, tables, wanted.values())}
        profiles = get_profile(reader, tables, list(users))
        known = store.list_digests(reader, wanted)
    faces, words = [], {}
    for member_id, user_id in wanted.items():
        _id, login, email, name = users.get(user_id, (user_id, "", "", ""))
        profile = profiles.get(user_id)
        first, last = (profile.first_name, profile.last_name) if profile else ("", "")
        digest = digest_of((login, email, name, first, last))
        if known.get(member_id) == digest:
            continue
        faces.append(
            {
                "member_id": member_id, "user_id": user_id, "name": shown_name(name, first, last, login),
                "login": login, "email": email, "digest": digest, "checked_at": now,
            }
        )  # fmt: skip
        words[member_id] = words_of(login, email, name, first, last)
    same = [member_id for member_id in wanted if member_id not in words]
    _write(faces, words, same, now)
    return len(faces)


@use_case
def _write(
    faces: list[dict[str, object]], words: dict[int, frozenset[str]], same: list[int], now: datetime
) -> None:
    store.replace_faces(session(), faces, words)
    store.note_checked(session(), same, now)
