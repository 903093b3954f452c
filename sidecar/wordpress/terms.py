"""The site's terms: categories, tags and whatever else plugins sort posts by."""

from __future__ import annotations

from urllib.parse import quote

from sqlalchemy import select
from sqlalchemy.orm import Session

from sidecar.wordpress.posts import Titled
from sidecar.wordpress.tables import Tables

_NOT_OF_POSTS = (
    "nav_menu",
    "wp_theme",
    "wp_template_part_area",
    "link_category",
    "post_format",
    "wp_pattern_category",
)


def find_term_id(session: Session, tables: Tables, taxonomy: str, name: str) -> int | None:
    """The term with this slug, else with this name. WordPress keeps slugs percent-encoded, in small letters."""
    terms, taxonomies = tables.terms.c, tables.term_taxonomy.c
    found = (
        select(terms.term_id)
        .join_from(tables.terms, tables.term_taxonomy, taxonomies.term_id == terms.term_id)
        .where(taxonomies.taxonomy == taxonomy)
        .order_by(terms.term_id)
        .limit(1)
    )
    by_slug = session.scalar(found.where(terms.slug == quote(name).lower()))
    return by_slug or session.scalar(found.where(terms.name == name))


def list_named(session: Session, tables: Tables, words: str, *, limit: int = 20) -> list[Titled]:
    """Terms of every taxonomy that sorts posts, whose name holds these words."""
    terms, taxonomies = tables.terms.c, tables.term_taxonomy.c
    query = (
        select(terms.term_id, terms.name, taxonomies.taxonomy)
        .join_from(tables.terms, tables.term_taxonomy, taxonomies.term_id == terms.term_id)
        .where(taxonomies.taxonomy.not_in(_NOT_OF_POSTS), terms.name.contains(words, autoescape=True))
        .order_by(terms.name, terms.term_id)
        .limit(limit)
    )
    return [Titled(*row) for row in session.execute(query)]
