"""The catalog's SQL. None of these commits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sidecar.catalog.models import bundles, generation, levels, products
from sidecar.catalog.rules import Bundle, Level, Terms
from sidecar.db import count_changed, insert_once, insert_row
from sidecar.errors import NotFound
from sidecar.i18n import _

_LEVEL = (levels.c.id, levels.c.name, levels.c.is_free, levels.c.role, levels.c.keeps_access_overdue)
_BUNDLE = (bundles.c.id, bundles.c.name, bundles.c.role, bundles.c.keeps_access_overdue)


def list_levels(session: Session) -> list[Level]:
    """All levels by id; an owner has a handful."""
    return [Level(*row) for row in session.execute(sa.select(*_LEVEL).order_by(levels.c.id))]


def list_bundles(session: Session) -> list[Bundle]:
    """All bundles by id."""
    return [Bundle(*row) for row in session.execute(sa.select(*_BUNDLE).order_by(bundles.c.id))]


def get_level(session: Session, name_or_id: str | int) -> Level:
    """By name, or by id when given a number; raises NotFound."""
    where = levels.c.id == name_or_id if isinstance(name_or_id, int) else levels.c.name == name_or_id
    row = session.execute(sa.select(*_LEVEL).where(where)).first()
    if row is None:
        raise NotFound(_("there is no level {level}").format(level=name_or_id))
    return Level(*row)


def get_bundle(session: Session, name_or_id: str | int) -> Bundle:
    """By name, or by id when given a number; raises NotFound."""
    where = bundles.c.id == name_or_id if isinstance(name_or_id, int) else bundles.c.name == name_or_id
    row = session.execute(sa.select(*_BUNDLE).where(where)).first()
    if row is None:
        raise NotFound(_("there is no bundle {bundle}").format(bundle=name_or_id))
    return Bundle(*row)


def add_level(session: Session, name: str, *, is_free: bool, role: str, keeps: bool, now: datetime) -> int:
    """Insert a level; gives its id."""
    values = {
        "name": name,
        "is_free": is_free,
        "role": role,
        "keeps_access_overdue": keeps,
        "created_at": now,
    }
    return insert_row(session, levels, values)


def add_bundle(session: Session, name: str, *, role: str, keeps: bool, now: datetime) -> int:
    """Insert a bundle; gives its id."""
    values = {"name": name, "role": role, "keeps_access_overdue": keeps, "created_at": now}
    return insert_row(session, bundles, values)


def add_product(
    session: Session, name: str, terms: Terms, *, level_id: int | None, bundle_id: int | None, now: datetime
) -> int:
    """Insert a product for one level or one bundle; gives its id."""
    values = {
        "name": name, "level_id": level_id, "bundle_id": bundle_id, "kind": str(terms.kind),
        "price_minor": terms.price_minor, "currency": terms.currency, "every": terms.every, "unit": terms.unit,
        "payments": terms.payments, "created_at": now,
    }  # fmt: skip
    return insert_row(session, products, values)


def list_products(session: Session) -> Sequence[sa.Row[Any]]:
    """All products with what they give, by id: rows of the table with `grant_name`."""
    grant_name = sa.func.coalesce(levels.c.name, bundles.c.name).label("grant_name")
    with_level = products.outerjoin(levels, levels.c.id == products.c.level_id)
    with_both = with_level.outerjoin(bundles, bundles.c.id == products.c.bundle_id)
    return session.execute(
        sa.select(products, grant_name).select_from(with_both).order_by(products.c.id)
    ).all()


def start_generation(session: Session) -> None:
    """The row that counts changes of the rules; one that is there stays."""
    insert_once(session, generation, [{"id": 1, "number": 1}])


def get_generation(session: Session) -> int:
    """The number of the newest change of the catalog or the rules."""
    return session.scalar(sa.select(generation.c.number)) or 0


def bump_generation(session: Session) -> None:
    """Tell every process that remembers levels, bundles or rules to read them again."""
    changed = count_changed(session, sa.update(generation).values(number=generation.c.number + 1))
    if not changed:
        session.execute(sa.insert(generation).values(id=1, number=1))
