"""Whether whoever wrote a text may see what the site knows of others."""

from __future__ import annotations

from sqlalchemy.orm import Session

from sidecar.wordpress.errors import Unreadable
from sidecar.wordpress.roles import get_user_capabilities
from sidecar.wordpress.tables import Tables

_SEES_OTHERS = frozenset({"list_users", "edit_users", "manage_options"})
_WRITES_SCRIPTS = "unfiltered_html"


def may_see_others(reader: Session, tables: Tables, user_id: int) -> bool:
    """Administrators, and who may put scripts into a page anyway; nobody whose rights cannot be read.

    In a network WordPress leaves `unfiltered_html` to its own administrators, whatever a role says.
    """
    try:
        found = get_user_capabilities(reader, tables, user_id)
    except Unreadable:
        return False
    is_network = tables.users_prefix is not None and tables.users_prefix != tables.prefix
    return bool(found & _SEES_OTHERS) or (not is_network and _WRITES_SCRIPTS in found)
