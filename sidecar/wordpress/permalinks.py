"""Addresses of posts and pages, as WordPress would print them where that can be known from its tables; else the plain
form `/?p=5`, which WordPress redirects to the right one."""

from __future__ import annotations

import re

from sqlalchemy import select
from sqlalchemy.orm import Session

from sidecar.wordpress.options import Site, get_option
from sidecar.wordpress.tables import Tables

_DEEPEST_PAGE = 20
_KNOWN = re.compile(r"%(postname|post_id|year|monthnum|day)%")


def get_permalink(session: Session, tables: Tables, site: Site, post_id: int) -> str:
    """The address of a post or page, whether it exists or not."""
    posts = tables.posts.c
    row = session.execute(
        select(posts.post_type, posts.post_name, posts.post_date, posts.post_parent, posts.post_status).where(
            posts.id == post_id
        )
    ).first()
    pretty = row is not None and row.post_status == "publish" and row.post_name and site.permalink_structure
    if row is None or not pretty or row.post_type not in {"post", "page"}:
        return f"{site.home}/?{'page_id' if row is not None and row.post_type == 'page' else 'p'}={post_id}"
    if row.post_type == "page":
        return _page_address(session, tables, site, post_id, row.post_name, row.post_parent)
    return site.home + _fill(site.permalink_structure, post_id, row.post_name, str(row.post_date))


def _page_address(session: Session, tables: Tables, site: Site, post_id: int, name: str, parent: int) -> str:
    if get_option(session, tables, "page_on_front") == str(post_id):
        return f"{site.home}/"
    posts, names = tables.posts.c, [name]
    while parent and len(names) < _DEEPEST_PAGE:
        above = session.execute(select(posts.post_name, posts.post_parent).where(posts.id == parent)).first()
        if above is None:
            break
        names.append(above.post_name)
        parent = above.post_parent
    slash = "/" if site.permalink_structure.endswith("/") else ""
    return f"{site.home}/{'/'.join(reversed(names))}{slash}"


def _fill(structure: str, post_id: int, name: str, local_date: str) -> str:
    """
    >>> _fill("/%year%/%postname%/", 5, "hello", "2026-11-22 10:00:00")
    '/2026/hello/'
    >>> _fill("/%category%/%postname%/", 5, "hello", "2026-11-22 10:00:00")
    '/?p=5'
    """
    year, month, day = local_date[:4], local_date[5:7], local_date[8:10]
    values = {"postname": name, "post_id": str(post_id), "year": year, "monthnum": month, "day": day}
    if "%" in _KNOWN.sub("", structure):
        return f"/?p={post_id}"
    return _KNOWN.sub(lambda match: values[match[1]], structure)
