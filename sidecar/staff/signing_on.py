"""Signing on to the dashboard, and who a session belongs to now. Sessions and links live by the database server's clock."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy.orm import Session

from sidecar.activity.rules import Event, EventType, event_id
from sidecar.activity.store import add_events
from sidecar.db import get_server_time, reading, session, use_case
from sidecar.errors import Refused
from sidecar.i18n import _
from sidecar.staff import store
from sidecar.staff.rules import LINK_SECONDS, Person, Role, digest_of, is_alive, mark_of
from sidecar.tries import claim_try, give_back_try
from sidecar.wordpress.errors import Unreadable
from sidecar.wordpress.options import get_option
from sidecar.wordpress.passwords import as_posted, check_password
from sidecar.wordpress.roles import get_user_roles, parse_roles
from sidecar.wordpress.tables import Tables
from sidecar.wordpress.users import find_user_by_email, find_user_by_login, find_user_with_profile

_NOTED_EVERY_SECONDS = 60.0
_WINDOW_SECONDS = 3600.0
_TRIES_OF_ADDRESS, _TRIES_OF_ACCOUNT = 20, 10
_ABSENT = "$2b$10$" + "." * 53
"""Compared where there is no such user: the time of an answer tells nobody who exists."""


class NotSignedOn(Refused):
    """Nobody, or nobody any more."""


@dataclass(frozen=True)
class Lasting:
    """How long a session lasts, in seconds: without being used, and at most."""

    idle_s: float
    longest_s: float


def find_staff(reader: Session, tables: Tables, user_id: int) -> Person | None:
    """The user as staff, by what the database says at this moment; None for everybody who is none, or exists no more."""
    found = find_user_with_profile(reader, tables, user_id)
    if found is None:
        return None
    user, profile = found
    role = Role.ADMINISTRATOR if _administers(reader, tables, user_id) else store.find_role(reader, user_id)
    if role is None:
        return None
    return Person(user.id, user.login, user.display_name or user.login, role, profile.locale)


def _administers(reader: Session, tables: Tables, user_id: int) -> bool:
    """Whether one of the user's roles may change the site's settings. What cannot be read allows nothing."""
    try:
        known, ruling = _roles_in(get_option(reader, tables, tables.roles_option) or "")
        return bool(get_user_roles(reader, tables, user_id, known) & ruling)
    except Unreadable:
        return False


@lru_cache(maxsize=8)
def _roles_in(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """(all roles, those that may manage options) of the text of the site's roles; it is parsed once."""
    roles = parse_roles(text)
    ruling = frozenset(name for name, role in roles.items() if "manage_options" in role.capabilities)
    return frozenset(roles), ruling


@use_case
def make_link(tables: Tables, user_id: int) -> str:
    """What a one-time link holds, for a user whom WordPress knows to be signed in. Raises Refused for who is no staff."""
    if find_staff(session(), tables, user_id) is None:
        raise Refused(_("You may not use the dashboard. Ask an administrator to let you in."))
    drawn = secrets.token_urlsafe(32)
    store.add_link(session(), digest_of(drawn), user_id, get_server_time(session()))
    return drawn


@use_case
def enter(tables: Tables, drawn_link: str, lasting: Lasting, *, ip: str, now: datetime) -> str:
    """Begin a session by a one-time link; gives what its cookie holds. Raises NotSignedOn: used, too old, or never made."""
    since_s = get_server_time(session()) - LINK_SECONDS
    user_id = store.claim_link(session(), digest_of(drawn_link), since_s)
    if user_id is None:
        raise NotSignedOn(
            _("This link was used already, or is too old. Please take the way from WordPress again.")
        )
    return _begin(tables, user_id, "wordpress", lasting, ip, now)


def sign_in(tables: Tables, name: str, password: str, lasting: Lasting, *, ip: str, now: datetime) -> str:
    """Begin a session by login or e-mail address and WordPress's password. Raises NotSignedOn, after too many tries, too.

    One sentence for every reason: nobody learns here who exists, or who is staff.
    """
    account = name.strip().casefold()[:100]
    if not claim_try("staff_ip", ip, _TRIES_OF_ADDRESS, _WINDOW_SECONDS) or not claim_try(
        "staff_name", account, _TRIES_OF_ACCOUNT, _WINDOW_SECONDS
    ):
        raise NotSignedOn(_("That was tried too often. Please wait an hour, or sign on through WordPress."))
    with reading() as reader:
        user = find_user_by_login(reader, tables, name) or find_user_by_email(reader, tables, name)
        stored = store.find_password_hash(reader, tables, user.id) if user is not None else None
        is_right = any(check_password(form, stored or _ABSENT) for form in {password, as_posted(password)})
        is_staff = user is not None and find_staff(reader, tables, user.id) is not None
    if user is None or stored is None or not is_right or not is_staff:
        raise NotSignedOn(_("This name and this password do not open the dashboard."))
    give_back_try("staff_ip", ip)
    give_back_try("staff_name", account)
    return _begin_by_password(tables, user.id, lasting, ip, now)


@use_case
def _begin_by_password(tables: Tables, user_id: int, lasting: Lasting, ip: str, now: datetime) -> str:
    return _begin(tables, user_id, "password", lasting, ip, now)


def _begin(tables: Tables, user_id: int, how: str, lasting: Lasting, ip: str, now: datetime) -> str:
    stored = store.find_password_hash(session(), tables, user_id)
    if stored is None or find_staff(session(), tables, user_id) is None:
        raise NotSignedOn(_("You may not use the dashboard. Ask an administrator to let you in."))
    drawn, now_s = secrets.token_urlsafe(32), get_server_time(session())
    store.remove_old(session(), now_s - LINK_SECONDS, now_s - lasting.longest_s, now_s - lasting.idle_s)
    store.add_session(
        session(),
        {
            "digest": digest_of(drawn), "user_id": user_id, "mark": mark_of(drawn, stored), "how": how, "ip": ip,
            "begun_s": now_s, "seen_s": now_s,
        },
    )  # fmt: skip
    _record(user_id, "signed_on", ip, now, {"how": how})
    return drawn


def find_person(tables: Tables, drawn: str, lasting: Lasting) -> Person | None:
    """Whose session this is, as they are now: with the role of this moment, and not after another password was set.

    A session that has ended stays no longer than this question.
    """
    digest = digest_of(drawn)
    with reading() as reader:
        found = store.find_session(reader, digest)
        if found is None:
            return None
        now_s = get_server_time(reader)
        stored = store.find_password_hash(reader, tables, found.user_id)
        person = find_staff(reader, tables, found.user_id)
    is_same = stored is not None and secrets.compare_digest(found.mark, mark_of(drawn, stored))
    lives = is_alive(found.begun_s, found.seen_s, now_s, lasting.idle_s, lasting.longest_s)
    if person is None or not is_same or not lives:
        _remove(digest)
        return None
    if now_s - found.seen_s >= _NOTED_EVERY_SECONDS:
        _note_seen(digest, now_s)
    return person


@use_case
def _remove(digest: str) -> None:
    store.remove_session(session(), digest)


@use_case
def _note_seen(digest: str, now_s: float) -> None:
    store.note_seen(session(), digest, now_s)


@use_case
def leave(drawn: str, *, ip: str, now: datetime) -> None:
    """End a session; one that has ended already is no error."""
    found = store.find_session(session(), digest_of(drawn))
    if found is not None:
        store.remove_session(session(), found.digest)
        _record(found.user_id, "signed_off", ip, now, {})


def _record(user_id: int, name: str, ip: str, now: datetime, body: dict[str, str]) -> None:
    event = Event(
        event_id(secrets.token_hex(16), now), EventType.LOGIN, name, now, None, user_id, "dashboard", ip, body
    )
    add_events(session(), [event])
