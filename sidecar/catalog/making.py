"""Making levels, bundles, products, coupons and custom fields, and archiving what is sold no more.

`by`: who does it, for the log; '' where a program furnishes a site.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from sqlalchemy.exc import IntegrityError

from sidecar.catalog import store
from sidecar.catalog.coupons import Coupon, check_coupon, fold_code
from sidecar.catalog.rules import (
    FieldKind,
    Grant,
    Product,
    Terms,
    check_description,
    check_name,
    check_terms,
)
from sidecar.catalog.store_fields import add_field, get_field
from sidecar.catalog.versions import record
from sidecar.db import is_duplicate, session, use_case
from sidecar.errors import NotFound, WrongValue
from sidecar.i18n import _

_REFERENCE_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
"""Without those that a reader takes for one another."""
_REFERENCE_LENGTH = 8


@use_case
def make_level(
    name: str,
    *,
    now: datetime,
    is_free: bool = False,
    role: str = "",
    assignable: Collection[str] = (),
    keeps_access_overdue: bool = False,
    is_default: bool = False,
    by: str = "",
) -> int:
    """A new level; gives its id. `role`: a WordPress role for its holders, which must be in `assignable`.

    `is_default`: buyers of a bundle who have no level get this one, and no longer another.
    """
    check_role(role, assignable)
    if is_default:
        check_default(is_free)
    name = check_name(name)
    with unless_taken("name", _("there is a level {name} already").format(name=name)):
        level_id = store.add_level(
            session(), name, is_free=is_free, role=role, keeps=keeps_access_overdue, now=now
        )
    if is_default:
        store.set_default_level(session(), level_id)
    store.bump_generation(session())
    _record_making(f"level:{level_id}", by, now, store.get_level(session(), level_id))
    return level_id


@use_case
def choose_default_level(level_id: int) -> None:
    """Buyers of a bundle who have no level get this one from now on, which must be free."""
    check_default(store.get_level(session(), level_id).is_free)
    store.set_default_level(session(), level_id)
    store.bump_generation(session())


@use_case
def make_bundle(
    name: str,
    *,
    now: datetime,
    role: str = "",
    assignable: Collection[str] = (),
    keeps_access_overdue: bool = False,
    by: str = "",
) -> int:
    """A new bundle; gives its id."""
    check_role(role, assignable)
    name = check_name(name)
    with unless_taken("name", _("there is a bundle {name} already").format(name=name)):
        bundle_id = store.add_bundle(session(), name, role=role, keeps=keeps_access_overdue, now=now)
    store.bump_generation(session())
    _record_making(f"bundle:{bundle_id}", by, now, store.get_bundle(session(), bundle_id))
    return bundle_id


@use_case
def make_product(
    name: str,
    terms: Terms,
    grant: Grant,
    grant_id: int,
    *,
    now: datetime,
    description: str = "",
    is_hidden: bool = False,
    alternate_product_id: int | None = None,
    by: str = "",
) -> int:
    """A new product: a price for one level or bundle; gives its id. Its reference is made here, by chance.

    `alternate_product_id`: what a buyer who has had a trial before gets in its place.
    """
    check_terms(terms)
    product = Product(
        0, check_name(name), grant, grant_id, terms, _new_reference(), check_description(description), is_hidden,
        alternate_product_id=alternate_product_id,
    )  # fmt: skip
    (store.get_level if grant is Grant.LEVEL else store.get_bundle)(session(), grant_id)
    check_alternate(product)
    with unless_taken("name", _("there is a product {name} already").format(name=product.name)):
        product_id = store.add_product(session(), product, now)
    _record_making(f"product:{product_id}", by, now, product)
    return product_id


def _record_making(subject: str, by: str, now: datetime, made: object) -> None:
    if by:
        record(session(), subject, "catalog_made", by, now, None, made)


def _new_reference() -> str:
    return "".join(secrets.choice(_REFERENCE_LETTERS) for _letter in range(_REFERENCE_LENGTH))


def check_alternate(product: Product) -> None:
    """Refuses an alternate product that has a trial or is archived, and one of a product without a trial."""
    if product.alternate_product_id is None:
        return
    if product.terms.trial_days is None:
        raise WrongValue("alternate_product_id", _("only a product with a trial has an alternate product"))
    alternate = store.get_product(session(), product.alternate_product_id)
    if not store.claim_alternate(session(), alternate.id):
        sentence = _("{product} cannot be an alternate product: it has a trial itself or is archived")
        raise WrongValue("alternate_product_id", sentence.format(product=alternate.name))


@use_case
def change_product_terms(product_id: int, terms: Terms, *, now: datetime) -> None:
    """Other terms for coming orders; those that were made keep theirs.

    A product that loses its trial loses its alternate product, too. What is an alternate product gets no trial.
    """
    check_terms(terms)
    product = store.get_product(session(), product_id)
    store.set_terms(session(), product_id, terms, now)  # first, so that it waits for a `claim_alternate`
    if terms.trial_days is not None:
        check_is_no_alternate(product)


@use_case
def archive_product(product_id: int, *, now: datetime, by: str = "") -> None:
    """It is no longer for sale; orders go on. A second time changes nothing. Raises Refused for an alternate."""
    product = store.get_product(session(), product_id)
    store.set_product_archived(session(), product_id, now)  # first, so that it waits for a `claim_alternate`
    check_is_no_alternate(product)
    if by and not product.is_archived:
        record(session(), f"product:{product_id}", "catalog_archived", by, now)


def check_is_no_alternate(product: Product) -> None:
    """Refuses what another product's second trial becomes."""
    for other in store.list_products_with_alternate(session(), product.id):
        sentence = _("{product} is the alternate product of {other}")
        raise WrongValue("trial_days", sentence.format(product=product.name, other=other.name))


@use_case
def make_coupon(coupon: Coupon, *, now: datetime, by: str = "") -> int:
    """A new coupon, whatever `id` and `used` say; gives its id."""
    coupon = replace(coupon, code=fold_code(coupon.code), used=0)
    check_coupon(coupon)
    for product_id in coupon.product_ids:
        store.get_product(session(), product_id)
    with unless_taken("code", _("there is a coupon {code} already").format(code=coupon.code)):
        coupon_id = store.add_coupon(session(), coupon, now)
    _record_making(f"coupon:{coupon_id}", by, now, coupon)
    return coupon_id


@use_case
def archive_coupon(code: str, *, now: datetime, by: str = "") -> None:
    """Nobody can use it any more; what it was used for keeps its discount. Its code stays taken."""
    coupon = store.find_coupon(session(), code)
    if coupon is None:
        raise NotFound(_("there is no coupon {coupon}").format(coupon=fold_code(code)))
    store.set_coupon_archived(session(), coupon.id)
    if by:
        record(session(), f"coupon:{coupon.id}", "catalog_archived", by, now)


@use_case
def make_field(name: str, *, now: datetime, kind: FieldKind = FieldKind.TEXT, by: str = "") -> int:
    """A new custom field; gives its id."""
    name = check_name(name)
    with unless_taken("name", _("there is a custom field {name} already").format(name=name)):
        field_id = add_field(session(), name, kind, now)
    _record_making(f"field:{field_id}", by, now, get_field(session(), field_id))
    return field_id


@contextmanager
def unless_taken(field: str, sentence: str) -> Iterator[None]:
    """Refuses a row whose name is another's. The unique key decides, so of two at once one is refused, too."""
    try:
        yield
    except IntegrityError as error:
        if not is_duplicate(error):
            raise
        raise WrongValue(field, sentence) from error


def check_role(role: str, assignable: Collection[str]) -> None:
    """Refuses a role that the owner has not allowed."""
    if role and role not in assignable:
        sentence = _("the role {role} is not among access.assignable_roles of the configuration")
        raise WrongValue("role", sentence.format(role=role))


def check_default(is_free: bool) -> None:
    """Refuses a default level that costs something."""
    if not is_free:
        raise WrongValue(
            "is_default", _("the default level is given to buyers of a bundle, so it must be free")
        )
