"""The catalog's SQL. None of these commits."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from sidecar.catalog.coupons import Coupon, CouponKind, CouponScope, fold_code, is_code
from sidecar.catalog.models import bundles, coupon_products, coupons, generation, levels, products
from sidecar.catalog.rules import TERM_NAMES, Bundle, Grant, Level, Product, Terms
from sidecar.db import count_changed, insert_once, insert_row
from sidecar.errors import NotFound
from sidecar.i18n import _

_LEVEL = (
    levels.c.id, levels.c.name, levels.c.is_free, levels.c.role, levels.c.keeps_access_overdue, levels.c.is_default,
)  # fmt: skip
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
        "is_default": False,
        "created_at": now,
    }
    return insert_row(session, levels, values)


def add_bundle(session: Session, name: str, *, role: str, keeps: bool, now: datetime) -> int:
    """Insert a bundle; gives its id."""
    values = {"name": name, "role": role, "keeps_access_overdue": keeps, "created_at": now}
    return insert_row(session, bundles, values)


def set_level(session: Session, level: Level) -> None:
    """Write all that can be changed of a level; whether it is the default is written by `set_default_level`."""
    values = {
        "name": level.name, "is_free": level.is_free, "role": level.role,
        "keeps_access_overdue": level.keeps_access_overdue,
    }  # fmt: skip
    session.execute(sa.update(levels).where(levels.c.id == level.id).values(values))


def set_bundle(session: Session, bundle: Bundle) -> None:
    """Write all that can be changed of a bundle."""
    values = {
        "name": bundle.name,
        "role": bundle.role,
        "keeps_access_overdue": bundle.keeps_access_overdue,
    }
    session.execute(sa.update(bundles).where(bundles.c.id == bundle.id).values(values))


def hold_row(session: Session, table: sa.Table, row_id: int) -> None:
    """Nobody else writes this row until the transaction ends.

    It changes nothing, and yet it is an UPDATE: FOR UPDATE holds nobody off on SQLite.
    """
    session.execute(sa.update(table).where(table.c.id == row_id).values(id=row_id))


def find_default_level(session: Session) -> Level | None:
    """The level that a buyer of a bundle gets who has none yet."""
    row = session.execute(sa.select(*_LEVEL).where(levels.c.is_default.is_(True))).first()
    return Level(*row) if row else None


def set_default_level(session: Session, level_id: int) -> None:
    """This level is the default, and no other is: one statement, so that of two at once the later one counts."""
    session.execute(sa.update(levels).values(is_default=levels.c.id == level_id))


# --- products -------------------------------------------------------------------------------------------------------


def get_product(session: Session, name_or_reference_or_id: str | int) -> Product:
    """By name or reference, or by id when given a number; archived ones, too. Raises NotFound."""
    found = find_product(session, name_or_reference_or_id)
    if found is None:
        raise NotFound(_("there is no product {product}").format(product=name_or_reference_or_id))
    return found


def find_product(session: Session, name_or_reference_or_id: str | int) -> Product | None:
    """By name or reference, or by id when given a number; archived ones, too. A name goes before a reference."""
    key = name_or_reference_or_id
    query = sa.select(products).where(_is_called(key)).order_by((products.c.name == str(key)).desc())
    row = session.execute(query).mappings().first()
    return _product(row) if row else None


def _is_called(key: str | int) -> sa.ColumnElement[bool]:
    if isinstance(key, int):
        return products.c.id == key
    is_named = products.c.name == key
    # MariaDB refuses to compare a column of ASCII with other letters.
    return sa.or_(is_named, products.c.reference == key) if key.isascii() else is_named


def list_products(session: Session) -> list[Product]:
    """All products by id, archived ones, too; an owner has dozens."""
    rows = session.execute(sa.select(products).order_by(products.c.id)).mappings()
    return [_product(row) for row in rows]


def list_products_with_alternate(session: Session, product_id: int) -> list[Product]:
    """Products whose second trial becomes this one, by id; no archived ones."""
    where = (products.c.alternate_product_id == product_id, products.c.is_archived.is_(False))
    rows = session.execute(sa.select(products).where(*where).order_by(products.c.id)).mappings()
    return [_product(row) for row in rows]


def _product(row: sa.RowMapping) -> Product:
    """The terms' fields have the names of their columns."""
    return Product(
        id=row["id"],
        name=row["name"],
        grant=Grant.BUNDLE if row["level_id"] is None else Grant.LEVEL,
        grant_id=row["bundle_id"] if row["level_id"] is None else row["level_id"],
        terms=msgspec.convert({name: row[name] for name in TERM_NAMES}, Terms),
        reference=row["reference"],
        description=row["description"],
        is_hidden=row["is_hidden"],
        is_archived=row["is_archived"],
        alternate_product_id=row["alternate_product_id"],
    )


def add_product(session: Session, product: Product, now: datetime) -> int:
    """Insert a product, whatever `id` says; gives its id."""
    is_level = product.grant is Grant.LEVEL
    values = {
        **msgspec.to_builtins(product.terms),
        "name": product.name,
        "reference": product.reference,
        "description": product.description,
        "level_id": product.grant_id if is_level else None,
        "bundle_id": None if is_level else product.grant_id,
        "alternate_product_id": product.alternate_product_id,
        "is_hidden": product.is_hidden,
        "is_archived": product.is_archived,
        "created_at": now,
        "changed_at": now,
    }
    return insert_row(session, products, values)


def set_terms(session: Session, product_id: int, terms: Terms, now: datetime) -> None:
    """Write a product's terms; without a trial it has no alternate either."""
    values = {**msgspec.to_builtins(terms), "changed_at": now}
    if terms.trial_days is None:
        values["alternate_product_id"] = None
    session.execute(sa.update(products).where(products.c.id == product_id).values(values))


def set_product(session: Session, product: Product, now: datetime) -> None:
    """Write all that can be changed of a product: neither its reference nor what it gives."""
    values = {
        **msgspec.to_builtins(product.terms), "name": product.name, "description": product.description,
        "is_hidden": product.is_hidden, "alternate_product_id": product.alternate_product_id, "changed_at": now,
    }  # fmt: skip
    session.execute(sa.update(products).where(products.c.id == product.id).values(values))


def claim_alternate(session: Session, product_id: int) -> bool:
    """Whether a product can be what a second trial becomes: no trial of its own, not archived.

    It changes nothing, and yet it is an UPDATE: until this transaction ends nobody else can change that.
    """
    can_be = (products.c.id == product_id, products.c.trial_days.is_(None), products.c.is_archived.is_(False))
    return count_changed(session, sa.update(products).where(*can_be).values(is_archived=False)) == 1


def set_product_archived(session: Session, product_id: int, now: datetime) -> None:
    """It is no longer for sale; one that is archived stays as it is."""
    where = (products.c.id == product_id, products.c.is_archived.is_(False))
    session.execute(sa.update(products).where(*where).values(is_archived=True, changed_at=now))


# --- coupons --------------------------------------------------------------------------------------------------------


def find_coupon(session: Session, code: str) -> Coupon | None:
    """The coupon with this code, however it is typed; no archived one."""
    folded = fold_code(code)
    if not is_code(folded):
        return None
    found = _list_coupons(session, coupons.c.code == folded, coupons.c.is_archived.is_(False))
    return found[0] if found else None


def get_coupon(session: Session, coupon_id: int) -> Coupon:
    """By id, an archived one, too: orders keep theirs. Raises NotFound."""
    found = _list_coupons(session, coupons.c.id == coupon_id)
    if not found:
        raise NotFound(_("there is no coupon {coupon}").format(coupon=coupon_id))
    return found[0]


def list_coupons(session: Session) -> list[Coupon]:
    """All coupons by id, archived ones, too; an owner has dozens."""
    return _list_coupons(session)


def _list_coupons(session: Session, *where: sa.ColumnElement[bool]) -> list[Coupon]:
    rows = session.execute(sa.select(coupons).where(*where).order_by(coupons.c.id)).mappings().all()
    products_of = _list_coupon_products(session, [row["id"] for row in rows])
    return [_coupon(row, products_of[row["id"]]) for row in rows]


def _list_coupon_products(session: Session, coupon_ids: Collection[int]) -> dict[int, set[int]]:
    """Coupon id -> product ids, for each of these coupons."""
    found: dict[int, set[int]] = {coupon_id: set() for coupon_id in coupon_ids}
    query = sa.select(coupon_products.c.coupon_id, coupon_products.c.product_id)
    for coupon_id, product_id in session.execute(query.where(coupon_products.c.coupon_id.in_(coupon_ids))):
        found[coupon_id].add(product_id)
    return found


def _coupon(row: sa.RowMapping, product_ids: Collection[int]) -> Coupon:
    values = {name: value for name, value in row.items() if name != "created_at"}
    return Coupon(
        **{**values, "kind": CouponKind(row["kind"]), "scope": CouponScope(row["scope"])},
        product_ids=frozenset(product_ids),
    )


def add_coupon(session: Session, coupon: Coupon, now: datetime) -> int:
    """Insert a coupon that nobody has used, whatever `id` and `used` say, with its products; gives its id."""
    coupon_id = insert_row(session, coupons, {**_values_of(coupon), "used": 0, "created_at": now})
    _add_coupon_products(session, coupon_id, coupon.product_ids)
    return coupon_id


def set_coupon(session: Session, coupon: Coupon) -> None:
    """Write all that can be changed of a coupon, with its products; how often it was used stays."""
    session.execute(sa.update(coupons).where(coupons.c.id == coupon.id).values(_values_of(coupon)))
    session.execute(sa.delete(coupon_products).where(coupon_products.c.coupon_id == coupon.id))
    _add_coupon_products(session, coupon.id, coupon.product_ids)


def _values_of(coupon: Coupon) -> dict[str, Any]:
    values = asdict(coupon)
    del values["id"], values["product_ids"], values["used"]
    return {**values, "kind": str(coupon.kind), "scope": str(coupon.scope)}


def _add_coupon_products(session: Session, coupon_id: int, product_ids: Collection[int]) -> None:
    for product_id in sorted(product_ids):
        session.execute(sa.insert(coupon_products).values(coupon_id=coupon_id, product_id=product_id))


def claim_coupon_use(session: Session, coupon_id: int) -> bool:
    """Take one use of a coupon; False when the last was taken or it is archived. Its dates are not looked at."""
    is_left = sa.or_(coupons.c.quantity.is_(None), coupons.c.used < coupons.c.quantity)
    where = (coupons.c.id == coupon_id, coupons.c.is_archived.is_(False), is_left)
    return count_changed(session, sa.update(coupons).where(*where).values(used=coupons.c.used + 1)) == 1


def return_coupon_use(session: Session, coupon_id: int) -> None:
    """Give one use back; whoever calls it knows that this use was claimed and not given back before."""
    where = (coupons.c.id == coupon_id, coupons.c.used > 0)
    session.execute(sa.update(coupons).where(*where).values(used=coupons.c.used - 1))


def set_coupon_archived(session: Session, coupon_id: int) -> None:
    """Nobody can use it any more; its code stays taken."""
    session.execute(sa.update(coupons).where(coupons.c.id == coupon_id).values(is_archived=True))


# --- the generation -------------------------------------------------------------------------------------------------


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
