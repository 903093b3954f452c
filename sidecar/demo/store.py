"""The SQL of the demo: the site's own rows, and what the preview reads of them. None of these commits."""

from __future__ import annotations

import secrets
import string
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sidecar.billing.models import ledger, orders
from sidecar.billing.rules import Order
from sidecar.billing.store import find_order
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
    session: Session, tables: Tables, text: Text, content: str, author_id: int, at: datetime, zone: tzinfo
) -> None:
    """A published post with its terms."""
    local = at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
    session.execute(
        sa.insert(tables.posts).values(
            id=text.id, post_author=author_id, post_date=local, post_date_gmt=at, post_modified=local,
            post_modified_gmt=at, post_content=content, post_title=text.title, post_excerpt=text.excerpt,
            post_status="publish", post_name=text.slug, post_parent=text.parent, post_type=text.type,
        )
    )  # fmt: skip
    for term in text.terms:
        link = {"object_id": text.id, "term_taxonomy_id": term.id + 100}
        session.execute(sa.insert(tables.term_relationships).values(link))


def find_next_wake(session: Session, now: datetime) -> datetime | None:
    """When billing will look at an order next, after `now`."""
    found: datetime | None = session.scalar(
        sa.select(sa.func.min(orders.c.wake_at)).where(orders.c.wake_at > now)
    )
    return found


def list_all_orders(session: Session) -> list[Order]:
    """Everybody's, by id; the demo has dozens."""
    ids = session.scalars(sa.select(orders.c.id).order_by(orders.c.id)).all()
    return [order for order in (find_order(session, order_id) for order_id in ids) if order is not None]


def list_ledger(session: Session, names: Collection[str]) -> Sequence[sa.Row[Any]]:
    """Entries of postings that are named after one of these UUIDs, newest posting first."""
    about = sa.func.substr(ledger.c.posting, sa.func.instr(ledger.c.posting, ":") + 1).in_(sorted(names))
    by_posting = sa.select(ledger).where(about).order_by(ledger.c.at.desc(), ledger.c.posting, ledger.c.id)
    return session.execute(by_posting).all()


def sum_ledger(session: Session) -> list[tuple[str, str, int]]:
    """(account, currency, balance in minor units, debit positive); all accounts of a currency sum to zero."""
    total = sa.func.sum(ledger.c.amount_minor)
    rows = session.execute(
        sa.select(ledger.c.account, ledger.c.currency, total).group_by(ledger.c.account, ledger.c.currency)
    )
    return [(account, currency, int(amount)) for account, currency, amount in rows]


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


def change_user(session: Session, tables: Tables, user_id: int, profile: dict[str, str]) -> None:
    """Another name or address."""
    his, meta = tables.users.c["ID"] == user_id, tables.usermeta.c
    for key, value in profile.items():
        if key == "email":
            session.execute(sa.update(tables.users).where(his).values(user_email=value))
        else:
            mine = (meta.user_id == user_id, meta.meta_key == key)
            session.execute(sa.update(tables.usermeta).where(*mine).values(meta_value=value))


def list_users(session: Session, tables: Tables) -> list[tuple[int, str, str, str, str]]:
    """(id, login, display name, e-mail address, serialized capabilities) of all users, by id."""
    users, meta = tables.users, tables.usermeta
    mine = sa.and_(meta.c.user_id == users.c.id, meta.c.meta_key == tables.capabilities_key)
    rows = session.execute(
        sa.select(users.c.id, users.c.user_login, users.c.display_name, users.c.user_email, meta.c.meta_value)
        .select_from(users.outerjoin(meta, mine))
        .order_by(users.c.id)
    )
    return [(*names, capabilities or "") for *names, capabilities in rows]


def list_term_names(session: Session, tables: Tables) -> dict[int, tuple[str, str]]:
    """Term id -> (taxonomy, name)."""
    terms, taxonomy = tables.terms.c, tables.term_taxonomy.c
    joined = tables.terms.join(tables.term_taxonomy, terms.term_id == taxonomy.term_id)
    rows = session.execute(sa.select(terms.term_id, taxonomy.taxonomy, terms.name).select_from(joined))
    return {term_id: (kind, name) for term_id, kind, name in rows}
