"""The site's users, read. They are made and changed by WordPress's own functions in the bridge, never here."""

import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, bindparam, func, or_, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from sidecar.wordpress.tables import Tables, exact_bytes

_ILLEGAL_MIX_OF_COLLATIONS = 1267
_PROFILE_KEYS = ("first_name", "last_name", "locale")


@dataclass(frozen=True)
class User:
    """`registered_at`: aware UTC, None where WordPress holds the zero date. `user_pass` is deliberately not here."""

    id: int
    login: str
    email: str
    nicename: str
    url: str
    display_name: str
    registered_at: datetime | None


@dataclass(frozen=True)
class Profile:
    """What a user says of himself. `locale`: like `fr_FR`; empty means the site's own."""

    first_name: str = ""
    last_name: str = ""
    locale: str = ""


def find_user(session: Session, tables: Tables, user_id: int) -> User | None:
    row = session.execute(_users_by_id(tables), {"user_id": user_id}).first()
    return User(*row) if row else None


def find_user_with_profile(session: Session, tables: Tables, user_id: int) -> tuple[User, Profile] | None:
    """The hot path of a page view: user and profile in one statement (0.34 ms on a local MariaDB of 100,000 users)."""
    rows = session.execute(_user_with_profile(tables), {"user_id": user_id}).all()
    return (User(*rows[0][:7]), _profile(row[7:] for row in rows)) if rows else None


def find_user_by_login(session: Session, tables: Tables, login: str) -> User | None:
    return _find_by_name(session, tables, tables.users.c.user_login, login)


def find_user_by_email(session: Session, tables: Tables, email: str) -> User | None:
    return _find_by_name(session, tables, tables.users.c.user_email, email)


def get_profile(session: Session, tables: Tables, user_ids: Collection[int]) -> dict[int, Profile]:
    """The profiles of these users in one statement; every id asked for is in the answer, empty if nothing is known."""
    meta = tables.usermeta.c
    query = select(meta.user_id, meta.umeta_id, meta.meta_key, meta.meta_value).where(
        meta.user_id.in_(list(user_ids)), meta.meta_key.in_(_PROFILE_KEYS)
    )
    found: dict[int, list[Sequence[Any]]] = {user_id: [] for user_id in user_ids}
    for row in session.execute(query):
        found[row.user_id].append(row[1:])
    return {user_id: _profile(entries) for user_id, entries in found.items()}


def list_user_ids(
    session: Session, tables: Tables, role: str | None = None, *, after: int = 0, limit: int = 1000
) -> list[int]:
    """Up to `limit` ids above `after`, ascending: fewer than `limit` means the end. In a network without `role`, all of it.

    A user has a role if his capabilities name it, whatever value stands beside it: so WordPress reads them.
    """
    users = tables.users.c
    query = select(users.id).where(users.id > after).order_by(users.id).limit(limit)
    if role is not None:
        query = query.where(_has_role(tables, role))
    return list(session.execute(query).scalars())


def _has_role(tables: Tables, role: str) -> ColumnElement[bool]:
    """True for users whose capabilities, the oldest row of them, name the role.

    A scalar subquery with LIMIT on purpose: MariaDB turns EXISTS or a join into a sort of every user's capabilities for
    each page (100,000 users: minutes for all pages instead of seconds).
    """
    meta = tables.usermeta.c
    capabilities = (
        select(exact_bytes(meta.meta_value))
        .where(meta.user_id == tables.users.c.id, meta.meta_key == tables.capabilities_key)
        .order_by(meta.umeta_id)
        .limit(1)
        .scalar_subquery()
    )
    return func.instr(capabilities, f's:{len(role.encode())}:"{role}";'.encode()) > 0


def list_users_called(session: Session, tables: Tables, name: str, limit: int = 5) -> list[User]:
    """Users with this display name, the oldest first. It has no index: all users are read (100,000: some 50 ms)."""
    query = select(*_columns(tables)).where(tables.users.c.display_name == name).order_by(tables.users.c.id)
    try:
        return [User(*row) for row in session.execute(query.limit(limit))]
    except (OperationalError, UnicodeEncodeError) as error:
        if _fits_no_column(error):
            return []
        raise


def list_logins(session: Session, tables: Tables, user_ids: Collection[int]) -> dict[int, str]:
    """The logins of those of these users who exist, by id."""
    users = tables.users.c
    query = select(users.id, users.user_login).where(users.id.in_(list(user_ids)))
    return {row[0]: row[1] for row in session.execute(query)}


def list_registrations(
    session: Session, tables: Tables, user_ids: Collection[int]
) -> dict[int, datetime | None]:
    """When those of these users who exist registered, by id, ascending; None where WordPress holds the zero date."""
    users = tables.users.c
    query = select(users.id, users.user_registered).where(users.id.in_(list(user_ids))).order_by(users.id)
    return {row.ID: row.user_registered for row in session.execute(query)}


def _find_by_name(session: Session, tables: Tables, column: Column[str], name: str) -> User | None:
    """WordPress's collation also finds 'jose' for 'josé', who is somebody else; only case may differ."""
    query = select(*_columns(tables)).where(column == name).order_by(tables.users.c.id).limit(20)
    try:
        users = [User(*row) for row in session.execute(query)]
    except (OperationalError, UnicodeEncodeError) as error:
        if _fits_no_column(error):
            return None
        raise
    attribute = column.name.removeprefix("user_")
    return next((user for user in users if _folded(getattr(user, attribute)) == _folded(name)), None)


def _fits_no_column(error: OperationalError | UnicodeEncodeError) -> bool:
    """Half a surrogate pair (JSON can carry one), or a character beyond the charset of an old site's table: nobody's name."""
    return (
        isinstance(error, UnicodeEncodeError)
        or getattr(error.orig, "args", (0,))[0] == _ILLEGAL_MIX_OF_COLLATIONS
    )


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


@lru_cache(maxsize=64)
def _users_by_id(tables: Tables) -> Select[Any]:
    return select(*_columns(tables)).where(tables.users.c.id == bindparam("user_id"))


@lru_cache(maxsize=64)
def _user_with_profile(tables: Tables) -> Select[Any]:
    """Bytes are compared, one by one: so the server wastes no time on the index of keys, nor SQLAlchemy on the list."""
    users, meta = tables.users.c, tables.usermeta.c
    key = exact_bytes(meta.meta_key)
    mine = (meta.user_id == users.id) & or_(*(key == wanted.encode() for wanted in _PROFILE_KEYS))
    return (
        select(*_columns(tables), meta.umeta_id, meta.meta_key, meta.meta_value)
        .select_from(tables.users.outerjoin(tables.usermeta, mine))
        .where(users.id == bindparam("user_id"))
    )


def _columns(tables: Tables) -> tuple[Column[Any], ...]:
    """The columns of `User`, in its order."""
    users = tables.users.c
    return (
        users.id,
        users.user_login,
        users.user_email,
        users.user_nicename,
        users.user_url,
        users.display_name,
        users.user_registered,
    )


def _profile(entries: Iterable[Sequence[Any]]) -> Profile:
    """`entries`: umeta_id, meta_key, meta_value.

    Of several rows with one key WordPress takes the oldest; a key in other letters is another key to it.
    """
    oldest_last = sorted(
        (entry for entry in entries if entry[1] in _PROFILE_KEYS), key=itemgetter(0), reverse=True
    )
    return Profile(**{key: value or "" for _, key, value in oldest_last})
