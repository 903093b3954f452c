"""Whom and what an owner means by a word on the command line."""

from __future__ import annotations

from sqlalchemy.orm import Session

from sidecar.errors import NotFound
from sidecar.i18n import _
from sidecar.wordpress.posts import Post, find_post
from sidecar.wordpress.tables import Tables
from sidecar.wordpress.terms import find_term_id
from sidecar.wordpress.users import User, find_user, find_user_by_email, find_user_by_login


def find_wordpress_user(reader: Session, tables: Tables, text: str) -> User:
    """By login, e-mail address or id, in this order; raises NotFound."""
    found = find_user_by_login(reader, tables, text) or find_user_by_email(reader, tables, text)
    if found is None and text.isdecimal() and len(text) < 19:
        found = find_user(reader, tables, int(text))
    if found is None:
        raise NotFound(_("WordPress has no user {name}.").format(name=text))
    return found


def get_term_id(reader: Session, tables: Tables, taxonomy: str, text: str) -> int:
    """By slug or name; raises NotFound."""
    found = find_term_id(reader, tables, taxonomy, text)
    if found is None:
        kinds = {
            "category": _("WordPress has no category {name}."),
            "post_tag": _("WordPress has no tag {name}."),
        }
        raise NotFound(kinds[taxonomy].format(name=text))
    return found


def get_post(reader: Session, tables: Tables, post_id: int) -> Post:
    """A post or page of any type; raises NotFound."""
    found = find_post(reader, tables, post_id)
    if found is None:
        raise NotFound(_("WordPress has no post or page {id}.").format(id=post_id))
    return found
