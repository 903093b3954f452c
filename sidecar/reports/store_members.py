"""The SQL of lists of members, the newest first. None of these commits.

Each way to narrow a list begins at an index that ends in the member's id, so a page of it costs the same at a hundred
members and at a hundred thousand.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sidecar.activity.models import events
from sidecar.billing.models import attempts, disputes, orders, receivables, webhooks
from sidecar.billing.rules import Order
from sidecar.billing.states import SubscriptionState
from sidecar.billing.store import ORDER, order_of
from sidecar.members.models import entitlements, member_faces, member_words, members
from sidecar.wordpress.tables import Tables


@dataclass(frozen=True)
class Wanted:
    """What a list is narrowed to; everything may be left out. `words`: beginnings of names or addresses. `status`: of the
    level, or, with `bundle_id`, of that bundle. `number`: a user's or a member's id."""

    words: tuple[str, ...] = ()
    number: int | None = None
    status: str = ""
    level_id: int | None = None
    bundle_id: int | None = None
    product_id: int | None = None


@dataclass(frozen=True)
class Found:
    """One line of the list. `level_id`, `status`: None where they hold no level."""

    member_id: int
    user_id: int
    joined_at: datetime
    name: str
    login: str
    email: str
    level_id: int | None
    status: str | None
    expires_at: datetime | None


@dataclass(frozen=True)
class Face:
    """What a member is called."""

    member_id: int
    user_id: int
    name: str
    login: str
    email: str


_Source = tuple[sa.ColumnElement[int], sa.ColumnElement[bool]]
"""A column of members' ids, and which rows count."""
_LEVEL = entitlements.alias("level")


def list_members(
    session: Session, wanted: Wanted, *, before: int | None = None, limit: int = 50
) -> list[Found]:
    """Up to `limit` members below the id `before`, the newest first."""
    ids = _find_ids(session, wanted, before, limit)
    rows = session.execute(
        sa.select(
            members.c.id, members.c.user_id, members.c.joined_at, member_faces.c.name, member_faces.c.login,
            member_faces.c.email, _LEVEL.c.level_id, _LEVEL.c.status, _LEVEL.c.expires_at,
        )
        .select_from(
            members.outerjoin(member_faces, member_faces.c.member_id == members.c.id)
            .outerjoin(_LEVEL, sa.and_(_LEVEL.c.member_id == members.c.id, _LEVEL.c.slot == "level"))
        )
        .where(members.c.id.in_(ids))
        .order_by(members.c.id.desc())
    )  # fmt: skip
    return [Found(*row[:3], row[3] or "", row[4] or "", row[5] or "", *row[6:]) for row in rows]


def _find_ids(session: Session, wanted: Wanted, before: int | None, limit: int) -> list[int]:
    """The ids of one page.

    A single condition is an index read from its end. With a word among several conditions its members are read whole from the
    words' own index, and the newest of them are looked at by the hundred: a database would look each of them up.
    """
    words = _by_words(wanted.words)
    rest = [*words[1:], *_by_holding(wanted), *_by_product(wanted), *_by_number(wanted)]
    if words and rest and (candidates := _having(session, *words[0])) is not None:
        return _among(session, candidates, rest, before, limit)
    query = _newest([*words[:1], *rest] or [(members.c.id, sa.true())], before, limit)
    return list(session.scalars(query))


def _newest(sources: list[_Source], before: int | None, limit: int) -> sa.Select[Any]:
    """The first condition leads, the others are looked up."""
    column, condition = sources[0]
    others = [column.in_(sa.select(other).where(more)) for other, more in sources[1:]]
    below = [] if before is None else [column < before]
    query = sa.select(column.label("id")).where(condition, *others, *below)
    return query.distinct().order_by(column.desc()).limit(limit)


_MOST_OF_A_WORD, _AT_ONCE = 20_000, 500


def _having(
    session: Session, column: sa.ColumnElement[int], condition: sa.ColumnElement[bool]
) -> list[int] | None:
    """Members who have a word, the newest first; None where it is so common that reading it is no gain."""
    ids = set(session.scalars(sa.select(column).where(condition).limit(_MOST_OF_A_WORD)))
    return None if len(ids) >= _MOST_OF_A_WORD else sorted(ids, reverse=True)


def _among(
    session: Session, candidates: list[int], rest: list[_Source], before: int | None, limit: int
) -> list[int]:
    """The newest of these who fulfil the rest, looked at by the hundred until there are enough."""
    left = [one for one in candidates if before is None or one < before]
    found: list[int] = []
    while left and len(found) < limit:
        some, left = left[:_AT_ONCE], left[_AT_ONCE:]
        if rest:
            own = [
                (members.c.id, members.c.id.in_(some)),
                *((col, sa.and_(col.in_(some), more)) for col, more in rest),
            ]
            some = list(session.scalars(_newest(own, None, limit)))
        found += some
    return found[:limit]


def _by_words(words: Collection[str]) -> list[_Source]:
    """The longest word leads: it has the fewest members."""
    found: list[_Source] = []
    for number, word in enumerate(sorted(words, key=len, reverse=True)):
        table, begin = member_words.alias(f"word{number}"), word.encode()
        found.append((table.c.member_id, sa.and_(table.c.word >= begin, table.c.word < begin + b"\xff")))
    return found


def _by_holding(wanted: Wanted) -> list[_Source]:
    found: list[_Source] = []
    if wanted.bundle_id is not None:
        held = entitlements.alias("bundle")
        is_held = held.c.bundle_id == wanted.bundle_id
        found.append(
            (held.c.member_id, sa.and_(is_held, held.c.status == wanted.status) if wanted.status else is_held)
        )
    if wanted.level_id is not None or (wanted.status and wanted.bundle_id is None):
        held = entitlements.alias("held_level")
        narrowed = [held.c.slot == "level"]
        if wanted.level_id is not None:
            narrowed.append(held.c.level_id == wanted.level_id)
        if wanted.status and wanted.bundle_id is None:
            narrowed.append(held.c.status == wanted.status)
        found.append((held.c.member_id, sa.and_(*narrowed)))
    return found


def _by_product(wanted: Wanted) -> list[_Source]:
    if wanted.product_id is None:
        return []
    bought = sa.and_(orders.c.product_id == wanted.product_id, orders.c.activated_at.is_not(None))
    return [(orders.c.member_id, bought)]


def _by_number(wanted: Wanted) -> list[_Source]:
    if wanted.number is None:
        return []
    return [(members.c.id, sa.or_(members.c.id == wanted.number, members.c.user_id == wanted.number))]


def list_faces(session: Session, member_ids: Collection[int]) -> dict[int, Face]:
    """What these members are called: member id → (member_id, user_id, name, login, email)."""
    columns = (
        member_faces.c.member_id, member_faces.c.user_id, member_faces.c.name, member_faces.c.login, member_faces.c.email,
    )  # fmt: skip
    rows = session.execute(sa.select(*columns).where(member_faces.c.member_id.in_(list(member_ids))))
    return {row[0]: Face(*row) for row in rows}


def list_bundle_ids(session: Session, member_ids: Collection[int]) -> dict[int, list[int]]:
    """The bundles that these members hold, whatever their status."""
    rows = session.execute(
        sa.select(entitlements.c.member_id, entitlements.c.bundle_id)
        .where(entitlements.c.member_id.in_(list(member_ids)), entitlements.c.bundle_id.is_not(None))
        .order_by(entitlements.c.id)
    )
    found: dict[int, list[int]] = {}
    for member_id, bundle_id in rows:
        found.setdefault(member_id, []).append(bundle_id)
    return found


# --- what is overdue --------------------------------------------------------------------------------------------------


def list_overdue(
    session: Session, *, after: tuple[datetime, int] | None = None, limit: int = 50
) -> list[Order]:
    """Overdue orders, who has been so for longest first; `after`: (first_failed_at, id) of the last one shown."""
    failed_at = orders.c.first_failed_at
    query = (
        sa.select(*ORDER)
        .where(orders.c.status == SubscriptionState.OVERDUE)
        .order_by(failed_at, orders.c.id)
        .limit(limit)
    )
    if after is not None:
        at, order_id = after
        query = query.where(sa.or_(failed_at > at, sa.and_(failed_at == at, orders.c.id > order_id)))
    return [order_of(row) for row in session.execute(query)]


@dataclass(frozen=True)
class Owed:
    """What an overdue order owes. `failures`: tries that failed; `decline`: why the newest of them did, '' unknown."""

    minor: int
    tries: int = 0
    decline: str | None = None


def list_owed(session: Session, order_ids: Collection[int]) -> dict[int, Owed]:
    """Of these orders, by order: the open payment and its tries, in two statements."""
    due = session.execute(
        sa.select(
            receivables.c.order_id, receivables.c.id, receivables.c.gross_minor - receivables.c.credit_minor
        ).where(receivables.c.order_id.in_(list(order_ids)), receivables.c.status == "due")
    ).all()
    found = {row[1]: [row[0], row[2], 0, None] for row in due}
    tried = session.execute(
        sa.select(attempts.c.receivable_id, attempts.c.decline)
        .where(attempts.c.receivable_id.in_(list(found)))
        .order_by(attempts.c.id)
    )
    for receivable_id, decline in tried:
        found[receivable_id][2] += 1
        found[receivable_id][3] = decline or found[receivable_id][3]
    return {order_id: Owed(minor, tries, decline) for order_id, minor, tries, decline in found.values()}


_ENDS_OF_A_MAIL = ("sent", "failed", "dropped", "bounced")
Mailed = tuple[datetime, str, str]
"""When, what became of it, its subject."""


def list_mails(session: Session, member_ids: Collection[int], since: datetime) -> dict[int, list[Mailed]]:
    """The mails to these members since then, oldest first."""
    rows = session.execute(
        sa.select(events.c.member_id, events.c.at, events.c.name, events.c.body)
        .where(
            events.c.member_id.in_(list(member_ids)),
            events.c.at >= since,
            events.c.type == "email",
            events.c.name.in_(_ENDS_OF_A_MAIL),
        )
        .order_by(events.c.at)
    )
    found: dict[int, list[Mailed]] = {}
    for row in rows:
        found.setdefault(row.member_id, []).append((row.at, row.name, _subject_in(row.body)))
    return found


def _subject_in(body: str) -> str:
    try:
        facts = json.loads(body)
    except ValueError:
        return ""
    return str(facts.get("subject") or facts.get("kind") or "") if isinstance(facts, dict) else ""


# --- what else is listed ----------------------------------------------------------------------------------------------


def list_disputes(session: Session, limit: int) -> Sequence[sa.Row[Any]]:
    """Rows of the table: those that wait for an answer first, then the newest."""
    waits = sa.case((disputes.c.status.in_(("open", "inquiry")), 0), else_=1)
    return session.execute(
        sa.select(disputes).order_by(waits, disputes.c.opened_at.desc(), disputes.c.id.desc()).limit(limit)
    ).all()


def list_newest_webhooks(session: Session, limit: int) -> Sequence[sa.Row[Any]]:
    """Rows of the table, without what they hold, the newest first."""
    columns = [column for column in webhooks.c if column.name != "payload"]
    return session.execute(sa.select(*columns).order_by(webhooks.c.received_at.desc()).limit(limit)).all()


def list_titles(
    session: Session, tables: Tables, post_ids: Collection[int], term_ids: Collection[int]
) -> dict[tuple[str, int], str]:
    """What WordPress calls these posts and terms: ("post" or "term", id) → title."""
    posts, terms = tables.posts.c, tables.terms.c
    rows = session.execute(sa.select(posts.id, posts.post_title).where(posts.id.in_(list(post_ids))))
    found = {("post", row[0]): row[1] for row in rows}
    for row in session.execute(sa.select(terms.term_id, terms.name).where(terms.term_id.in_(list(term_ids)))):
        found["term", row[0]] = row[1]
    return found
