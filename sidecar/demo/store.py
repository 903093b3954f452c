"""The SQL of the demo: the site's own rows, and what the preview reads of them. None of these commits."""

from __future__ import annotations

import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sidecar.db import insert_row
from sidecar.demo.people import Person
from sidecar.demo.school import Term, Text
from sidecar.wordpress.posts import list_term_ids
from sidecar.wordpress.serialization import dumps
from sidecar.wordpress.tables import Tables

_BCRYPT = string.ascii_letters + string.digits + "./"
_READABLE = ("post", "page", "plan")


@dataclass(frozen=True)
class SitePost:
    """A published post, as the bridge would find it in its query."""

    id: int
    type: str
    title: str
    content: str
    excerpt: str
    term_ids: frozenset[int]


def site_exists(session: Session, tables: Tables) -> bool:
    """Whether the demo's site has been made; it is made in one transaction."""
    if not sa.inspect(session.connection()).has_table(tables.options.name):
        return False
    return session.scalar(sa.select(sa.func.count()).select_from(tables.options)) != 0


def add_options(session: Session, tables: Tables, values: Mapping[str, str]) -> None:
    """Rows of the options table."""
    rows = [{"option_name": name, "option_value": value, "autoload": "yes"} for name, value in values.items()]
    session.execute(sa.insert(tables.options), rows)


def set_address(session: Session, tables: Tables, address: str) -> None:
    """The site answers at `address` from now on."""
    names = tables.options.c.option_name.in_(("home", "siteurl"))
    session.execute(sa.update(tables.options).where(names).values(option_value=address))


def add_user(session: Session, tables: Tables, person: Person, registered_at: datetime) -> int:
    """A WordPress user whose password nobody knows: its hash is made of random characters. Gives the id."""
    unusable = "$wp$2y$10$" + "".join(secrets.choice(_BCRYPT) for _ in range(53))
    values = {
        "user_login": person.login, "user_pass": unusable, "user_nicename": person.login, "user_email": person.email,
        "user_registered": registered_at, "display_name": person.display_name,
    }  # fmt: skip
    user_id = insert_row(session, tables.users, values)
    meta = {
        "nickname": person.login, "first_name": person.first_name, "last_name": person.last_name,
        "locale": person.locale, tables.capabilities_key: dumps({person.role: True}),
    }  # fmt: skip
    rows = [{"user_id": user_id, "meta_key": name, "meta_value": value} for name, value in meta.items()]
    session.execute(sa.insert(tables.usermeta), rows)
    return user_id


def add_term(session: Session, tables: Tables, term: Term) -> None:
    """A category or tag; the id of its row in the taxonomy is another one, as on old sites."""
    session.execute(sa.insert(tables.terms).values(term_id=term.id, name=term.name, slug=term.slug))
    row = {"term_taxonomy_id": term.id + 100, "term_id": term.id, "taxonomy": term.taxonomy}
    session.execute(sa.insert(tables.term_taxonomy).values(row))


def add_post(
    session: Session, tables: Tables, text: Text, author_id: int, at: datetime, zone: tzinfo
) -> None:
    """A published post with its terms."""
    local = at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
    session.execute(
        sa.insert(tables.posts).values(
            id=text.id, post_author=author_id, post_date=local, post_date_gmt=at, post_modified=local,
            post_modified_gmt=at, post_content=text.content, post_title=text.title, post_excerpt=text.excerpt,
            post_status="publish", post_name=text.slug, post_parent=text.parent, post_type=text.type,
        )
    )  # fmt: skip
    for term in text.terms:
        link = {"object_id": text.id, "term_taxonomy_id": term.id + 100}
        session.execute(sa.insert(tables.term_relationships).values(link))


def list_site_posts(session: Session, tables: Tables) -> list[SitePost]:
    """Everything that is published, posts first, pages last, each kind by id."""
    posts = tables.posts.c
    rows = session.execute(
        sa.select(posts.id, posts.post_type, posts.post_title, posts.post_content, posts.post_excerpt)
        .where(posts.post_status == "publish", posts.post_type.in_(_READABLE))
        .order_by(posts.post_type != "post", posts.post_type == "page", posts.id)
    ).all()
    terms = list_term_ids(session, tables, [row[0] for row in rows])
    return [SitePost(*row, term_ids=terms[row[0]]) for row in rows]


def list_users(session: Session, tables: Tables) -> list[tuple[int, str, str, str]]:
    """(id, display name, e-mail address, serialized capabilities) of all users, by id."""
    users, meta = tables.users, tables.usermeta
    mine = sa.and_(meta.c.user_id == users.c.id, meta.c.meta_key == tables.capabilities_key)
    rows = session.execute(
        sa.select(users.c.id, users.c.display_name, users.c.user_email, meta.c.meta_value)
        .select_from(users.outerjoin(meta, mine))
        .order_by(users.c.id)
    )
    return [(user_id, name, email, capabilities or "") for user_id, name, email, capabilities in rows]


def list_term_names(session: Session, tables: Tables) -> dict[int, tuple[str, str]]:
    """Term id -> (taxonomy, name)."""
    terms, taxonomy = tables.terms.c, tables.term_taxonomy.c
    joined = tables.terms.join(tables.term_taxonomy, terms.term_id == taxonomy.term_id)
    rows = session.execute(sa.select(terms.term_id, taxonomy.taxonomy, terms.name).select_from(joined))
    return {term_id: (kind, name) for term_id, kind, name in rows}
