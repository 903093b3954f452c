"""The site's posts, of every type, read. The sidecar never changes one."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, select
from sqlalchemy.orm import Session

from sidecar.wordpress.tables import Tables


@dataclass(frozen=True)
class Post:
    """`published_at`: aware UTC; None for a draft that has no date yet. `has_password`: the post asks for one of its own."""

    id: int
    type: str
    status: str
    title: str
    name: str
    author_id: int
    published_at: datetime | None
    content: str
    has_password: bool


def find_post(session: Session, tables: Tables, post_id: int) -> Post | None:
    return next(iter(list_posts(session, tables, [post_id])), None)


def list_posts(session: Session, tables: Tables, post_ids: Collection[int]) -> list[Post]:
    """Those of the posts that exist, by id, in one statement."""
    posts = tables.posts.c
    query = select(*_columns(tables)).where(posts.id.in_(list(post_ids))).order_by(posts.id)
    return [Post(*row) for row in session.execute(query)]


def list_post_ids(
    session: Session,
    tables: Tables,
    types: Collection[str],
    statuses: Collection[str] = ("publish",),
    *,
    after: int = 0,
    limit: int = 1000,
) -> list[int]:
    """Up to `limit` ids above `after`, ascending: fewer than `limit` means the end."""
    posts = tables.posts.c
    query = (
        select(posts.id)
        .where(posts.id > after, posts.post_type.in_(list(types)), posts.post_status.in_(list(statuses)))
        .order_by(posts.id)
        .limit(limit)
    )
    return list(session.execute(query).scalars())


def get_content(session: Session, tables: Tables, post_id: int) -> str | None:
    """The source text of a post, whatever its status; None if there is no such post. One statement by primary key."""
    return session.execute(_content(tables), {"post_id": post_id}).scalar()


def list_term_ids(session: Session, tables: Tables, post_ids: Collection[int]) -> dict[int, frozenset[int]]:
    """The terms of these posts, of every taxonomy, with the terms above them: a post in a child category is in the parent's,
    too. Every id asked for is in the answer."""
    links, taxonomy = tables.term_relationships.c, tables.term_taxonomy.c
    query = (
        select(links.object_id, taxonomy.term_id)
        .join_from(
            tables.term_relationships,
            tables.term_taxonomy,
            links.term_taxonomy_id == taxonomy.term_taxonomy_id,
        )
        .where(links.object_id.in_(list(post_ids)))
    )
    found: dict[int, set[int]] = {post_id: set() for post_id in post_ids}
    for post_id, term_id in session.execute(query):
        found[post_id].add(term_id)
    above = _parents(session, tables, set().union(*found.values()))
    return {post_id: frozenset(_with_ancestors(term_ids, above)) for post_id, term_ids in found.items()}


def _parents(session: Session, tables: Tables, term_ids: set[int]) -> dict[int, set[int]]:
    """term -> the terms right above it, for these terms and all above them; one statement a storey."""
    taxonomy, above = tables.term_taxonomy.c, dict[int, set[int]]()
    while asked := [term_id for term_id in term_ids if term_id not in above]:
        above |= {term_id: set() for term_id in asked}
        query = select(taxonomy.term_id, taxonomy.parent).where(
            taxonomy.term_id.in_(asked), taxonomy.parent > 0
        )
        for term_id, parent in session.execute(query):
            above[term_id].add(parent)
        term_ids = set().union(*(above[term_id] for term_id in asked))
    return above


def _with_ancestors(term_ids: set[int], above: dict[int, set[int]]) -> set[int]:
    reached, waiting = set[int](), list(term_ids)
    while waiting:
        term_id = waiting.pop()
        if term_id not in reached:
            reached.add(term_id)
            waiting += above.get(term_id, ())
    return reached


@lru_cache(maxsize=64)
def _content(tables: Tables) -> Select[str]:
    return select(tables.posts.c.post_content).where(tables.posts.c.id == bindparam("post_id"))


def _columns(tables: Tables) -> tuple[ColumnElement[Any], ...]:
    """The columns of `Post`, in its order."""
    posts = tables.posts.c
    return (
        posts.id,
        posts.post_type,
        posts.post_status,
        posts.post_title,
        posts.post_name,
        posts.post_author,
        posts.post_date_gmt,
        posts.post_content,
        posts.post_password != "",
    )
