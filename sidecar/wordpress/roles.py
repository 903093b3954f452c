"""Roles: what a user has, what a role allows, and which roles may be given to members.

WordPress keeps a user's roles in the user meta `{prefix}capabilities`: a serialized array whose keys are role names, and
now and then single capabilities, which are not ours to touch. The roles themselves stand in the option
`{prefix}user_roles`.

**No member ever gets administrative power from us.** A role is given only if the owner's allow list names it, and that
list can never hold a role with one of the `ADMINISTRATIVE` capabilities, nor a role that the site does not know (nobody
could say what it allows, and a bare capability such as `manage_options` would work if it stood among the roles), nor one
that is called like such a capability (for WordPress reads a role's name as a capability, too).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import CursorResult, Result, Row, exists, insert, literal, select, update
from sqlalchemy.orm import Session

from sidecar.i18n import _
from sidecar.wordpress.errors import RolesNotAllowed, Unreadable
from sidecar.wordpress.options import get_option
from sidecar.wordpress.serialization import Key, Value, dumps, loads, loads_for_rewrite
from sidecar.wordpress.tables import Tables, exact_bytes

# Runs code, or puts it before people who can.
_OF_CODE = """activate_plugins delete_plugins delete_themes edit_files edit_plugins edit_themes install_languages
install_plugins install_themes resume_plugins resume_themes switch_themes unfiltered_html unfiltered_upload update_core
update_languages update_php update_plugins update_themes upload_plugins upload_themes"""
# Runs the site, or the network of sites.
_OF_SITES = """create_sites customize delete_site delete_sites edit_css edit_dashboard edit_theme_options export import
manage_network manage_network_options manage_network_plugins manage_network_themes manage_network_users manage_options
manage_privacy_options manage_sites setup_network update_https upgrade_network view_site_health_checks"""
# Becomes somebody else, or learns who everybody is.
_OF_PEOPLE = """add_users create_users delete_users edit_users erase_others_personal_data export_others_personal_data
list_users promote_users remove_users"""
# Changes or reads what others wrote, and so stands above every rule of access; terms carry such rules.
_OF_TEXTS = """delete_others_pages delete_others_posts edit_others_pages edit_others_posts edit_private_pages
edit_private_posts manage_categories read_private_pages read_private_posts"""
# Old plugins still ask for levels: 5 to 7 are WordPress's editors, 8 to 10 its administrators.
_LEVELS = "level_5 level_6 level_7 level_8 level_9 level_10"

ADMINISTRATIVE = frozenset(f"{_OF_CODE} {_OF_SITES} {_OF_PEOPLE} {_OF_TEXTS} {_LEVELS}".split())
_NEVER = frozenset({"administrator", "super_admin"})  # whatever their capabilities seem to be


@dataclass(frozen=True)
class Role:
    """`label`: what the owner calls it. `capabilities`: those that the role grants, not those it denies."""

    name: str
    label: str
    capabilities: frozenset[str]


class Outcome(StrEnum):
    """What became of a change of roles."""

    CHANGED = "changed"
    UNCHANGED = "unchanged"  # the user had them so already
    LOST = "lost"  # somebody else wrote first; read again and decide anew
    NO_USER = "no_user"


# --- pure ----------------------------------------------------------------------------------------------------------------


def check_allow_list(roles: Mapping[str, Role], allow: Collection[str]) -> None:
    """Raises `RolesNotAllowed` with every role of `allow` that members may never be given, and why."""
    reasons = {name: _objections(roles.get(name), name) for name in allow}
    refused = {name: why for name, why in reasons.items() if why is not None}
    if refused:
        raise RolesNotAllowed(refused)


def change_roles(
    current: Collection[str], add: Collection[str], remove: Collection[str], allow: Collection[str]
) -> frozenset[str]:
    """`current` with `add` and without `remove`, as far as `allow` goes. A role in both stays: something still grants it.

    >>> sorted(change_roles({"editor", "gold"}, add={"silver", "administrator"}, remove={"gold", "editor"}, allow={"gold", "silver"}))
    ['editor', 'silver']
    """
    given, taken = set(add) & set(allow), set(remove) & set(allow)
    return frozenset((set(current) - taken) | given)


def parse_roles(text: str) -> dict[str, Role]:
    """The roles in the text of the option `{prefix}user_roles`, in WordPress's order. Raises `Unreadable`."""
    value = loads(text)
    if not isinstance(value, dict):
        raise Unreadable(_("the site's roles are no array"))
    return {str(name): _role(str(name), definition) for name, definition in value.items()}


def parse_user_roles(text: str, known_roles: Collection[str]) -> frozenset[str]:
    """The roles in the text of a user's capabilities; other keys are single capabilities. Raises `Unreadable`."""
    return _roles_in(_array(loads(text)), known_roles)


def _role(name: str, definition: Value) -> Role:
    array = definition if isinstance(definition, dict) else {}
    capabilities = array.get("capabilities")
    granted = capabilities if isinstance(capabilities, dict) else {}
    return Role(name, str(array.get("name", name)), frozenset(str(key) for key, on in granted.items() if on))


def _objections(role: Role | None, name: str) -> tuple[str, ...] | None:
    """Why members may not have this role; None if they may."""
    if role is None:
        return ()
    found = ADMINISTRATIVE & (role.capabilities | {name}) | (_NEVER & {name})
    return tuple(sorted(found)) or None


def _array(value: Value) -> dict[Key, Value]:
    if not isinstance(value, dict):
        raise Unreadable(_("a user's capabilities are no array"))
    return value


def _roles_in(capabilities: Mapping[Key, Value], known_roles: Collection[str]) -> frozenset[str]:
    return frozenset(str(key) for key in capabilities if str(key) in known_roles)


# --- the tables ----------------------------------------------------------------------------------------------------------


def get_roles(session: Session, tables: Tables) -> dict[str, Role]:
    """The site's roles. Raises `Unreadable`, also where the option is missing (a wrong prefix, most often)."""
    text = get_option(session, tables, tables.roles_option)
    if text is None:
        raise Unreadable(_("the site has no option {name}").format(name=tables.roles_option))
    return parse_roles(text)


def get_user_roles(
    session: Session, tables: Tables, user_id: int, known_roles: Collection[str]
) -> frozenset[str]:
    """The user's roles on this blog; none for somebody who does not exist. Raises `Unreadable`."""
    row = _find_capabilities(session, tables, user_id)
    return parse_user_roles(row.meta_value or "", known_roles) if row else frozenset()


def get_user_capabilities(session: Session, tables: Tables, user_id: int) -> frozenset[str]:
    """What a user may do on this blog: by his roles, and by what was granted or denied to him alone, which counts more.
    Nothing for somebody who does not exist. Raises `Unreadable`."""
    row = _find_capabilities(session, tables, user_id)
    if row is None:
        return frozenset()
    own, roles = _array(loads(row.meta_value or "")), get_roles(session, tables)
    by_roles = frozenset[str]().union(*(roles[name].capabilities for name in _roles_in(own, roles)))
    granted = {str(key) for key, on in own.items() if on}
    return (by_roles | granted) - {str(key) for key, on in own.items() if not on}


def sync_roles(
    session: Session,
    tables: Tables,
    user_id: int,
    *,
    add: Collection[str],
    remove: Collection[str],
    allow: Collection[str],
    known_roles: Mapping[str, Role],
) -> Outcome:
    """Changes a user's roles by SQL, for when the bridge cannot: afterwards the bridge must clean WordPress's user cache.

    Reads, changes, and updates only where the old bytes still stand (LOST: somebody was first). Roles outside `allow`,
    single capabilities and `wp_user_level` stay as they are. A second call answers UNCHANGED. Raises `Unreadable`, having
    written nothing, for a value that would not survive the rewrite, and `RolesNotAllowed` before a change of a role that
    members may not have, even if `allow` names it. Does not commit; needs READ COMMITTED.
    """
    row = _find_capabilities(session, tables, user_id)
    capabilities = _array(loads_for_rewrite(row.meta_value or "")) if row else {}
    current = _roles_in(capabilities, known_roles)
    wanted = change_roles(current, add, remove, allow)
    check_allow_list(known_roles, wanted ^ current)
    if wanted == current:
        return Outcome.UNCHANGED
    text = dumps(_rewritten(capabilities, current, wanted))
    if row is None:
        return _insert(session, tables, user_id, text)
    return _update(session, tables, row, text)


def _rewritten(
    capabilities: Mapping[Key, Value], current: frozenset[str], wanted: frozenset[str]
) -> dict[Key, Value]:
    kept = {key: value for key, value in capabilities.items() if str(key) not in current - wanted}
    return kept | dict.fromkeys(sorted(wanted - current), True)


def _find_capabilities(session: Session, tables: Tables, user_id: int) -> Row[int, str | None] | None:
    """The oldest row counts, as in WordPress. Other blogs' keys differ by more than case, so the collation is no danger."""
    meta = tables.usermeta.c
    return session.execute(
        select(meta.umeta_id, meta.meta_value)
        .where(meta.user_id == user_id, meta.meta_key == tables.capabilities_key)
        .order_by(meta.umeta_id)
        .limit(1)
    ).first()


def _update(session: Session, tables: Tables, row: Row[int, str | None], text: str) -> Outcome:
    """Bytes are compared, since the collation takes "Gold" for "gold" and would hide another's change."""
    meta = tables.usermeta.c
    same = exact_bytes(meta.meta_value) == (row.meta_value or "").encode()
    mine = update(tables.usermeta).where(meta.umeta_id == row.umeta_id, same)
    return _won(session.execute(mine.values(meta_value=text)))


def _insert(session: Session, tables: Tables, user_id: int, text: str) -> Outcome:
    """Nothing keeps a key unique in WordPress's table: the user's row is the lock that our own writers share."""
    users, meta = tables.users, tables.usermeta
    if session.execute(select(users.c.id).where(users.c.id == user_id).with_for_update()).first() is None:
        return Outcome.NO_USER
    key = tables.capabilities_key
    absent = ~exists().where(meta.c.user_id == user_id, meta.c.meta_key == key)
    one_row = select(users.c.id, literal(key), literal(text)).where(users.c.id == user_id, absent)
    return _won(session.execute(insert(meta).from_select(["user_id", "meta_key", "meta_value"], one_row)))


def _won(result: Result[Any]) -> Outcome:
    return Outcome.CHANGED if cast(CursorResult[Any], result).rowcount == 1 else Outcome.LOST
