"""The SQL of rules and core pages. None of these commits."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sidecar.access.models import core_pages, level_pages, rule_grants, rules
from sidecar.access.rules import Audience, Denied, Rule, RuleBook, RuleGrant, TargetKind
from sidecar.catalog.rules import Grant
from sidecar.catalog.store import get_generation
from sidecar.db import count_changed, insert_row


def read_rule_book(session: Session) -> RuleBook:
    """All rules. The generation is read first: a change in between makes the book look old, never new."""
    number = get_generation(session)
    grants: dict[int, list[RuleGrant]] = defaultdict(list)
    for row in session.execute(sa.select(rule_grants).order_by(rule_grants.c.id)):
        grants[row.rule_id].append(_grant(row))
    found = [
        _rule(row, tuple(grants[row.id])) for row in session.execute(sa.select(rules).order_by(rules.c.id))
    ]
    return RuleBook(tuple(found), number, dict(list_core_pages(session)))


def find_rule(session: Session, rule_id: int) -> Rule | None:
    """By id."""
    row = session.execute(sa.select(rules).where(rules.c.id == rule_id)).first()
    if row is None:
        return None
    found = session.execute(
        sa.select(rule_grants).where(rule_grants.c.rule_id == rule_id).order_by(rule_grants.c.id)
    )
    return _rule(row, tuple(_grant(one) for one in found))


def add_rule(session: Session, rule: Rule, now: datetime) -> int:
    """Insert a rule with its grants; gives its id (that of `rule` is not looked at)."""
    rule_id = insert_row(session, rules, {**_values_of(rule), "created_at": now})
    _add_grants(session, rule_id, rule)
    return rule_id


def set_rule(session: Session, rule: Rule) -> None:
    """Write all of a rule, its grants anew."""
    session.execute(sa.update(rules).where(rules.c.id == rule.id).values(_values_of(rule)))
    session.execute(sa.delete(rule_grants).where(rule_grants.c.rule_id == rule.id))
    _add_grants(session, rule.id, rule)


def _values_of(rule: Rule) -> dict[str, Any]:
    return {
        "target_kind": rule.target_kind, "target": rule.target, "audience": rule.audience, "opens_on": rule.opens_on,
        "excerpt_is_public": rule.excerpt_is_public, "denied": rule.denied, "teaser": rule.teaser,
    }  # fmt: skip


def _add_grants(session: Session, rule_id: int, rule: Rule) -> None:
    for grant in rule.grants:
        session.execute(
            sa.insert(rule_grants).values(
                rule_id=rule_id,
                level_id=grant.grant_id if grant.grant is Grant.LEVEL else None,
                bundle_id=grant.grant_id if grant.grant is Grant.BUNDLE else None,
                from_day=grant.from_day,
            )
        )


def remove_rule(session: Session, rule_id: int) -> bool:
    """Delete a rule and its grants; False when there is none."""
    session.execute(sa.delete(rule_grants).where(rule_grants.c.rule_id == rule_id))
    return bool(count_changed(session, sa.delete(rules).where(rules.c.id == rule_id)))


def list_core_pages(session: Session) -> list[tuple[str, int]]:
    """(kind, WordPress page id)."""
    return [
        (row.kind, row.post_id) for row in session.execute(sa.select(core_pages).order_by(core_pages.c.kind))
    ]


def set_core_page(session: Session, kind: str, post_id: int) -> None:
    """Say which WordPress page is the login page, the error page and so on."""
    session.execute(sa.delete(core_pages).where(core_pages.c.kind == kind))
    session.execute(sa.insert(core_pages).values(kind=kind, post_id=post_id))


def find_core_page(session: Session, kind: str, level_id: int | None = None) -> int | None:
    """The WordPress page that plays this part, for everybody or for the holders of one level; None where none was chosen."""
    if level_id is None:
        return session.scalar(sa.select(core_pages.c.post_id).where(core_pages.c.kind == kind))
    mine = (level_pages.c.level_id == level_id, level_pages.c.kind == kind)
    return session.scalar(sa.select(level_pages.c.post_id).where(*mine))


def remove_core_page(session: Session, kind: str, level_id: int | None = None) -> None:
    """No page plays this part any more."""
    if level_id is None:
        session.execute(sa.delete(core_pages).where(core_pages.c.kind == kind))
    else:
        mine = (level_pages.c.level_id == level_id, level_pages.c.kind == kind)
        session.execute(sa.delete(level_pages).where(*mine))


def list_level_pages(session: Session) -> dict[tuple[int, str], int]:
    """(level id, kind) -> WordPress page id: a level's own core pages."""
    rows = session.execute(sa.select(level_pages).order_by(level_pages.c.level_id, level_pages.c.kind))
    return {(row.level_id, row.kind): row.post_id for row in rows}


def set_level_page(session: Session, level_id: int, kind: str, post_id: int) -> None:
    """Say which WordPress page plays the part `kind` for holders of a level."""
    mine = (level_pages.c.level_id == level_id, level_pages.c.kind == kind)
    session.execute(sa.delete(level_pages).where(*mine))
    session.execute(sa.insert(level_pages).values(level_id=level_id, kind=kind, post_id=post_id))


def _grant(row: Any) -> RuleGrant:
    kind = Grant.LEVEL if row.level_id is not None else Grant.BUNDLE
    return RuleGrant(kind, row.level_id or row.bundle_id, row.from_day)


def _rule(row: Any, grants: tuple[RuleGrant, ...]) -> Rule:
    return Rule(
        id=row.id,
        target_kind=TargetKind(row.target_kind),
        target=row.target,
        audience=Audience(row.audience),
        grants=grants,
        opens_on=row.opens_on,
        excerpt_is_public=bool(row.excerpt_is_public),
        denied=Denied(row.denied),
        teaser=row.teaser,
    )
