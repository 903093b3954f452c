"""The site's posts, of every type, read. The sidecar never changes one."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, or_, select
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
    excerpt: str = ""


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


@dataclass(frozen=True)
class Source:
    """A post with all that its author wrote."""

    id: int
    type: str
    status: str
    title: str
    author_id: int
    content: str
    excerpt: str


WRITTEN = ("publish", "future", "private", "draft", "pending")
"""Statuses of posts that somebody reads or will read."""
_NOT_WRITTEN = ("revision", "nav_menu_item", "oembed_cache", "customize_changeset", "custom_css")


def list_sources(
    session: Session, tables: Tables, holding: str, *, after: int = 0, limit: int = 200
) -> list[Source]:
    """Up to `limit` posts of every type above `after` whose content or excerpt holds a text (in letters of any case), by id:
    fewer than `limit` means the end."""
    posts = tables.posts.c
    held = or_(
        *(column.contains(holding, autoescape=True) for column in (posts.post_content, posts.post_excerpt))
    )
    query = (
        select(
            posts.id, posts.post_type, posts.post_status, posts.post_title, posts.post_author, posts.post_content,
            posts.post_excerpt,
        )
        .where(posts.id > after, posts.post_status.in_(WRITTEN), posts.post_type.not_in(_NOT_WRITTEN), held)
        .order_by(posts.id)
        .limit(limit)
    )  # fmt: skip
    return [Source(*row) for row in session.execute(query)]


def list_known_posts(session: Session, tables: Tables, post_ids: Collection[int]) -> set[int]:
    """Those of the ids that are posts which somebody reads or will read."""
    posts = tables.posts.c
    query = select(posts.id).where(posts.id.in_(list(post_ids)), posts.post_status.in_(WRITTEN))
    return set(session.scalars(query))


@dataclass(frozen=True)
class Titled:
    """A post or a term as one looks for it. `kind`: its type or taxonomy."""

    id: int
    title: str
    kind: str
    status: str = ""


def list_titled(session: Session, tables: Tables, words: str, *, limit: int = 20) -> list[Titled]:
    """Posts that somebody reads or will read, whose title holds these words (or whose id it is), the newest first."""
    posts = tables.posts.c
    held = posts.post_title.contains(words, autoescape=True)
    if words.isdecimal() and len(words) < 19:
        held = or_(held, posts.id == int(words))
    query = (
        select(posts.id, posts.post_title, posts.post_type, posts.post_status)
        .where(posts.post_status.in_(WRITTEN), posts.post_type.not_in(_NOT_WRITTEN), held)
        .order_by(posts.id.desc())
        .limit(limit)
    )
    return [Titled(*row) for row in session.execute(query)]


def list_pages(session: Session, tables: Tables, *, limit: int = 500) -> list[Titled]:
    """The site's published pages, by title."""
    posts = tables.posts.c
    query = (
        select(posts.id, posts.post_title, posts.post_type, posts.post_status)
        .where(posts.post_type == "page", posts.post_status == "publish")
        .order_by(posts.post_title, posts.id)
        .limit(limit)
    )
    return [Titled(*row) for row in session.execute(query)]


def list_types(session: Session, tables: Tables, *, limit: int = 30) -> list[str]:
    """The types of which there are posts that somebody reads."""
    posts = tables.posts.c
    query = (
        select(posts.post_type)
        .where(posts.post_status.in_(WRITTEN), posts.post_type.not_in(_NOT_WRITTEN))
        .where(~posts.post_type.startswith("wp_"))
        .distinct()
        .order_by(posts.post_type)
        .limit(limit)
    )
    return list(session.scalars(query))


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
        posts.post_excerpt,
    )
