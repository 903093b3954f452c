"""Changing products, coupons and custom fields, by somebody who has seen them as they were.

`seen`: the version (`versions.version_of`) of what the author of a change has read. Orders keep the terms that they were
made with, whatever becomes of a product. Levels and bundles, which members hold, are changed in `members.grants`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sidecar.catalog import store, store_fields
from sidecar.catalog.coupons import Coupon, check_coupon
from sidecar.catalog.making import check_alternate, check_is_no_alternate, unless_taken
from sidecar.catalog.models import coupons, custom_fields, products
from sidecar.catalog.rules import CustomField, Product, check_description, check_name, check_terms
from sidecar.catalog.versions import check_version, record
from sidecar.db import session, use_case
from sidecar.i18n import _


@use_case
def change_product(wanted: Product, *, seen: str, by: str, now: datetime) -> None:
    """Another name, description, price and so on, for who buys from now on. What it gives and its reference stay.

    Raises WrongValue, ChangedMeanwhile.
    """
    check_terms(wanted.terms)
    store.hold_row(session(), products, wanted.id)
    stored = store.get_product(session(), wanted.id)
    check_version(stored, seen)
    wanted = replace(
        stored, name=check_name(wanted.name), description=check_description(wanted.description), terms=wanted.terms,
        is_hidden=wanted.is_hidden, alternate_product_id=wanted.alternate_product_id,
    )  # fmt: skip
    check_alternate(wanted)
    with unless_taken("name", _("there is a product {name} already").format(name=wanted.name)):
        store.set_product(session(), wanted, now)
    if wanted.terms.trial_days is not None:
        check_is_no_alternate(wanted)
    record(session(), f"product:{wanted.id}", "catalog_changed", by, now, stored, wanted)


@use_case
def change_coupon(wanted: Coupon, *, seen: str, by: str, now: datetime) -> None:
    """Other conditions for who uses it from now on; its code stays. Raises WrongValue, ChangedMeanwhile."""
    store.hold_row(session(), coupons, wanted.id)
    stored = store.get_coupon(session(), wanted.id)
    check_version(unused(stored), seen)
    wanted = replace(wanted, code=stored.code, used=stored.used, is_archived=stored.is_archived)
    check_coupon(wanted)
    for product_id in wanted.product_ids:
        store.get_product(session(), product_id)
    store.set_coupon(session(), wanted)
    record(session(), f"coupon:{wanted.id}", "catalog_changed", by, now, stored, wanted)


def unused(coupon: Coupon) -> Coupon:
    """A coupon as its owner has made it: that somebody uses it is no change of his."""
    return replace(coupon, used=0)


@use_case
def rename_field(wanted: CustomField, *, seen: str, by: str, now: datetime) -> None:
    """Another name of a custom field; what members have answered stays. Raises WrongValue, ChangedMeanwhile."""
    store.hold_row(session(), custom_fields, wanted.id)
    stored = store_fields.get_field(session(), wanted.id)
    check_version(stored, seen)
    wanted = replace(stored, name=check_name(wanted.name))
    with unless_taken("name", _("there is a custom field {name} already").format(name=wanted.name)):
        store_fields.set_field(session(), wanted)
    record(session(), f"field:{wanted.id}", "catalog_changed", by, now, stored, wanted)
